#include "config/config_check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/inet.h"

static void __attribute__((format(printf, 4, 5)))
report(struct fail_list *problems, const struct yaml_node *n, const char *code, const char *format, ...)
{
	struct fail why = {0};
	va_list args;
	va_start(args, format);
	vsnprintf(why.text, sizeof(why.text), format, args);
	va_end(args);
	fail_list_at(problems, n ? n->file : "", n ? n->line : 0, n ? n->column : 0, code, "%s", why.text);
}

const struct yaml_node *
config_place(const struct yaml_node *root, const char *path)
{
	struct str rest = str_of(path);
	while (root && rest.len > 0) {
		struct str name = str_split(&rest, '.');
		const struct yaml_node *child = root->kind == YAML_MAP ? root->first : NULL;
		while (child && !str_eq(child->key->text, name))
			child = child->next;
		root = child;
	}
	return root;
}

/* A value that is there but wrong was reported when it was read. */
static bool
is_missing(const struct yaml_node *n, const char *key)
{
	const struct yaml_node *value = yaml_get(n, key);
	return yaml_is_null(value) || (value->kind == YAML_SCALAR && value->text.len == 0);
}

static void
require(const struct yaml_node *n, const char *key, const char *what, struct fail_list *problems)
{
	if (is_missing(n, key))
		report(problems, n, "required", "%s needs %s", what, key);
}

static bool
has_only(const char *text, const char *characters)
{
	return text[strspn(text, characters)] == '\0';
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool
is_local(const char *address)
{
	struct inet inet;
	return inet_parse(str_of(address), &inet) && inet_is_loopback(&inet);
}

/* Neither listener encrypts: only loopback, or a person who says that he knows. What is behind fd: only the socket
 * unit knows. */
static void
check_listener(const char *what, const char *address, bool insecure, const struct yaml_node *n,
    struct fail_list *problems)
{
	if (!address || insecure || is_local(address))
		return;
	if (str_starts(str_of(address), STR("fd:")))
		report(problems, n, "insecure",
		    "%s: the socket unit decides who reaches %s, and connections are not encrypted; bind it to loopback or "
		    "guard it, then set insecure: true",
		    what, address);
	else
		report(problems, n, "insecure",
		    "%s: %s can be reached from other machines and connections are not encrypted; listen on 127.0.0.1 "
		    "behind a TLS proxy, or set insecure: true",
		    what, address);
}

static void
check_token(const struct yaml_node *n, const struct token_config *token, struct fail_list *problems)
{
	require(n, "id", "a token", problems);
	require(n, "secret", "a token", problems);
	if (token->id && !has_only(token->id, LOWER UPPER DIGITS "._-"))
		report(problems, yaml_get(n, "id"), "name", "a token's id has only letters, digits, . _ and -");
}

static void
check_syslog(const struct yaml_node *n, const struct syslog_config *syslog, struct fail_list *problems)
{
	require(n, "address", "a syslog listener", problems);
	check_listener("listeners.syslog", syslog->address, syslog->insecure, yaml_get(n, "address"), problems);
}

/* The URL may be a secret, so that no message has it. */
static void
check_url(const struct yaml_node *n, const struct target_config *target, struct fail_list *problems)
{
	struct str url = str_of(target->url);
	bool plain = str_starts(url, STR("http://"));
	if (!plain && !str_starts(url, STR("https://"))) {
		report(problems, n, "url", "url must begin with https:// (or http://, with allow_plain: true)");
		return;
	}
	size_t scheme = plain ? 7 : 8;
	struct str host = str_make(url.p + scheme, strcspn(url.p + scheme, "/?#"));
	if (host.len == 0 || host.p[0] == ':')
		report(problems, n, "url", "url has no host");
	else if (memchr(host.p, '@', host.len))
		report(problems, n, "url", "url must not hold a user or password; use auth.bearer");
	if (target->url[strcspn(target->url, " #\\\"<>")] != '\0')
		report(problems, n, "url", "url must not hold spaces, quotes, <, >, \\ or a fragment (#)");
	if (plain && !target->allow_plain)
		report(problems, n, "insecure", "alerts would be sent unencrypted: use https://, or set allow_plain: true");
}

static void
check_target(const struct yaml_node *n, const struct target_config *target, struct fail_list *problems)
{
	require(n, "name", "a target", problems);
	require(n, "url", "a target", problems);
	if (target->name && !has_only(target->name, LOWER DIGITS "-"))
		report(problems, yaml_get(n, "name"), "name",
		    "a target's name has 1 to 32 lower-case letters, digits and hyphens");
	if (target->url)
		check_url(yaml_get(n, "url"), target, problems);
	if (target->ca && access(target->ca, R_OK) < 0)
		report(problems, yaml_get(n, "ca"), "file", "ca: %s: %s", target->ca, strerror(errno));
	if (target->backoff_min_ms > target->backoff_max_ms) {
		const struct yaml_node *min = yaml_get(n, "backoff_min");
		report(problems, min ? min : yaml_get(n, "backoff_max"), "out-of-range",
		    "backoff_min must not be more than backoff_max");
	}
}

/* Names and fields are checked with the rules, which may define windows, too. */
static void
check_window(const struct yaml_node *n, struct fail_list *problems)
{
	require(n, "name", "a window", problems);
	require(n, "by", "a window", problems);
	require(n, "span", "a window", problems);
}

void
config_check_item(enum option_scope scope, const struct yaml_node *n, const void *item, struct fail_list *problems)
{
	if (scope == SCOPE_TOKEN)
		check_token(n, item, problems);
	else if (scope == SCOPE_SYSLOG)
		check_syslog(n, item, problems);
	else if (scope == SCOPE_WINDOW)
		check_window(n, problems);
	else if (scope == SCOPE_TARGET)
		check_target(n, item, problems);
}

/* The lists are short (config.def): each pair is compared. Text of one key, in every item of the list at path. */
static void
check_unique(const struct yaml_node *root, const char *path, const char *key, struct fail_list *problems)
{
	const struct yaml_node *list = config_place(root, path);
	for (const struct yaml_node *a = list ? list->first : NULL; a; a = a->next)
		for (const struct yaml_node *b = list->first; b != a; b = b->next) {
			const struct yaml_node *x = yaml_get(a, key), *y = yaml_get(b, key);
			if (!x || !y || x->kind != YAML_SCALAR || y->kind != YAML_SCALAR || yaml_is_null(x) ||
			    !str_eq(x->text, y->text))
				continue;
			report(problems, x, "duplicate", "the %s %.80s is taken at line %u", key, x->text.p, y->line);
			break;
		}
}

static bool
ends_with_port_zero(const char *address)
{
	return str_ends(str_of(address), STR(":0"));
}

/* Every listener needs an address of its own; port 0 gets one from the kernel. */
static void
check_addresses(const struct config *c, const struct yaml_node *root, struct fail_list *problems)
{
	const char *seen[20];
	const struct yaml_node *places[20], *list = config_place(root, "listeners.syslog");
	size_t len = 0;
	seen[len] = c->http.address;
	places[len++] = config_place(root, "listeners.http.address");
	seen[len] = c->admin.address;
	places[len++] = config_place(root, "listeners.admin.address");
	for (size_t i = 0; i < c->syslog_count && len < 20; i++) {
		seen[len] = c->syslog[i].address;
		places[len++] = yaml_get(yaml_at(list, i), "address");
	}
	for (size_t i = 0; i < len; i++)
		for (size_t j = 0; j < i; j++)
			if (seen[i] && seen[j] && strcmp(seen[i], seen[j]) == 0 && !ends_with_port_zero(seen[i]))
				report(problems, places[i] ? places[i] : places[j], "duplicate",
				    "two listeners have the address %s", seen[i]);
}

void
config_check(const struct config *c, const struct yaml_node *root, struct fail_list *problems)
{
	const struct yaml_node *admin = config_place(root, "listeners.admin.address");
	check_listener("listeners.http.address", c->http.address, c->http.insecure,
	    config_place(root, "listeners.http.address"), problems);
	if (c->admin.address && !is_local(c->admin.address) && !c->admin.token.value)
		report(problems, admin, "insecure",
		    "listeners.admin.address: %s can be reached from other machines; listen on 127.0.0.1, or set "
		    "listeners.admin.token",
		    c->admin.address);
	check_addresses(c, root, problems);
	check_unique(root, "listeners.http.auth.tokens", "id", problems);
	check_unique(root, "windows.contexts", "name", problems);
	check_unique(root, "targets", "name", problems);
	if (!c->input.result_codes)
		report(problems, config_place(root, "input.result_codes"), "required", "input.result_codes needs a file");
}

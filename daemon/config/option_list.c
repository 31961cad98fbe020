/* Values with parts: lists of text, of networks and of secrets, one secret, a log source, categories with durations, named lists, a detection. */
#include "base/inet.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/list.h"
#include "config/option_value.h"
#include "config/secret.h"
#include "config/unit.h"
#include "config/yaml_flow.h"

enum { ITEM_BYTES = 4096, NAME_BYTES = 128, DETECTION_BYTES = 65536 };

static void *
member(const struct option *o, void *base)
{
	return (char *)base + o->offset;
}

/* A list of at most o->high items; null is an empty one. */
static int
check_list(const struct option *o, const struct yaml_node *n, struct fail *why)
{
	int64_t max = 0;
	if (yaml_is_null(n))
		return 0;
	if (n->kind != YAML_LIST)
		return yaml_fail(why, n, "type", "%s must be a list", o->path);
	if (str_to_i64(str_of(o->high), &max) && n->len > (size_t)max)
		return yaml_fail(why, n, "out-of-range", "%s must have at most %s items", o->path, o->high);
	return 0;
}

static void
strings_fini(struct strings *s)
{
	for (size_t i = 0; i < s->len; i++)
		mem_free(s->items[i]);
	mem_free(s->items);
	*s = (struct strings){0};
}

static int
set_strings(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
{
	struct strings loaded = {0}, *at = member(o, base);
	if (check_list(o, n, why) < 0)
		return -1;
	loaded.items = mem_zero(n->len + 1, sizeof(char *));
	if (!loaded.items)
		return yaml_fail(why, n, "memory", "out of memory");
	for (const struct yaml_node *item = n->first; item; item = item->next) {
		char *text = NULL;
		if (option_text(o, item, ITEM_BYTES, &text, why) < 0)
			goto fail;
		if (!text) {
			yaml_fail(why, item, "type", "%s has an empty item", o->path);
			goto fail;
		}
		loaded.items[loaded.len++] = text;
	}
	strings_fini(at);
	*at = loaded;
	return 0;
fail:
	strings_fini(&loaded);
	return -1;
}

static int
set_nets(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
{
	struct inet_net *nets, **at = member(o, base);
	size_t len = 0;
	if (check_list(o, n, why) < 0)
		return -1;
	nets = mem_zero(n->len + 1, sizeof(*nets));
	if (!nets)
		return yaml_fail(why, n, "memory", "out of memory");
	for (const struct yaml_node *item = n->first; item; item = item->next)
		if (item->kind != YAML_SCALAR || !inet_net_parse(item->text, &nets[len++])) {
			mem_free(nets);
			return yaml_fail(why, item, "address",
			    "%s: a network is ADDRESS/PREFIX with no bit set behind the prefix, as in 10.0.0.0/8", o->path);
		}
	mem_free(*at);
	*at = nets;
	*option_count(o, base) = len;
	return 0;
}

static int
read_secret(const struct option *o, const struct yaml_node *n, struct secret *out, struct fail *why)
{
	struct fail reason = {0};
	if (n->kind != YAML_SCALAR)
		return yaml_fail(why, n, "type", "%s must be cred:NAME or file:/path", o->path);
	if (secret_read(out, n->text, &reason) < 0)
		return yaml_fail(why, n, reason.code, "%s: %s", o->path, reason.text);
	return 0;
}

static int
set_secret(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
{
	struct secret loaded = {0}, *at = member(o, base);
	if (!yaml_is_null(n) && read_secret(o, n, &loaded, why) < 0)
		return -1;
	secret_fini(at);
	*at = loaded;
	return 0;
}

/* Signing keys of a target: one, or two while the key is changed. */
static int
set_secrets(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
{
	struct secret loaded[2] = {0}, *at = member(o, base);
	size_t len = 0;
	if (check_list(o, n, why) < 0)
		return -1;
	for (const struct yaml_node *item = n->first; item && len < 2; item = item->next) {
		if (read_secret(o, item, &loaded[len], why) < 0)
			goto fail;
		if (!secret_is_signing_key(&loaded[len++])) {
			yaml_fail(why, item, "secret", "%s: %s does not hold whsec_ and the base64 of 24 to 64 bytes", o->path,
			    loaded[len - 1].reference);
			goto fail;
		}
	}
	for (size_t i = 0; i < 2; i++) {
		secret_fini(&at[i]);
		at[i] = loaded[i];
	}
	*option_count(o, base) = len;
	return 0;
fail:
	secret_fini(&loaded[0]);
	secret_fini(&loaded[1]);
	return -1;
}

static void
source_fini(struct source_config *s)
{
	mem_free(s->product);
	mem_free(s->service);
	mem_free(s->category);
	*s = (struct source_config){0};
}

static char **
source_part(struct source_config *s, struct str name)
{
	return str_eq(name, STR("product")) ? &s->product
	    : str_eq(name, STR("service"))  ? &s->service
	    : str_eq(name, STR("category")) ? &s->category
	                                    : NULL;
}

static int
set_source(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
{
	struct source_config loaded = {0}, *at = member(o, base);
	if (!yaml_is_null(n) && n->kind != YAML_MAP)
		return yaml_fail(why, n, "type", "%s must be {product: P, service: S, category: C} or null", o->path);
	for (const struct yaml_node *part = n->first; part; part = part->next) {
		char **text = source_part(&loaded, part->key->text);
		if (!text) {
			yaml_fail(why, part->key, "unknown-key", "%s has product, service and category, not %.60s", o->path,
			    part->key->text.p);
			goto fail;
		}
		if (option_text(o, part, NAME_BYTES, text, why) < 0)
			goto fail;
	}
	source_fini(at);
	*at = loaded;
	return 0;
fail:
	source_fini(&loaded);
	return -1;
}

static void
quiet_free(struct quiet_config *items, size_t len)
{
	for (size_t i = 0; i < len; i++)
		mem_free(items[i].category);
	mem_free(items);
}

static int
set_quiet(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
{
	struct quiet_config *loaded, **at = member(o, base);
	size_t len = 0;
	int64_t low = 0, high = 0;
	if ((!yaml_is_null(n) && n->kind != YAML_MAP) || n->len > 64)
		return yaml_fail(why, n, "type", "%s must be a map of at most 64 categories to durations", o->path);
	(void)unit_parse_duration(str_of(o->low), &low);
	(void)unit_parse_duration(str_of(o->high), &high);
	loaded = mem_zero(n->len + 1, sizeof(*loaded));
	if (!loaded)
		return yaml_fail(why, n, "memory", "out of memory");
	for (const struct yaml_node *item = n->first; item; item = item->next) {
		struct quiet_config *quiet = &loaded[len];
		if (option_text(o, item->key, NAME_BYTES, &quiet->category, why) < 0)
			goto fail;
		len++;
		if (!quiet->category) {
			yaml_fail(why, item->key, "type", "%s has an empty category", o->path);
			goto fail;
		}
		if (item->kind != YAML_SCALAR || !unit_parse_duration(item->text, &quiet->after_ms) ||
		    quiet->after_ms < low || quiet->after_ms > high) {
			yaml_fail(why, item, "out-of-range", "%s: %s must be a duration from %s to %s", o->path,
			    quiet->category, o->low, o->high);
			goto fail;
		}
	}
	quiet_free(*at, *option_count(o, base));
	*at = loaded;
	*option_count(o, base) = len;
	return 0;
fail:
	quiet_free(loaded, len);
	return -1;
}

static void
lists_free(struct list_config *items, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		mem_free(items[i].name);
		mem_free(items[i].file);
	}
	mem_free(items);
}

/* Names stand between percent signs in rules and are compared without case. */
static int
check_list_name(const struct option *o, const struct list_config *lists, size_t len, const struct yaml_node *key,
    struct fail *why)
{
	const char *name = lists[len].name;
	if (!name || name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")] != '\0')
		return yaml_fail(why, key, "name", "%s: the name of a list has only letters, digits, _ . and -", o->path);
	for (size_t i = 0; i < len; i++)
		if (str_eq_nocase(str_of(lists[i].name), str_of(name)))
			return yaml_fail(why, key, "duplicate", "%s: the list %s is here twice", o->path, name);
	return 0;
}

static int
set_lists(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
{
	struct list_config *loaded, **at = member(o, base);
	size_t len = 0;
	int64_t max = 0;
	(void)str_to_i64(str_of(o->high), &max);
	if (!yaml_is_null(n) && n->kind != YAML_MAP)
		return yaml_fail(why, n, "type", "%s must be a map of names to files", o->path);
	if (n->len > (size_t)max)
		return yaml_fail(why, n, "out-of-range", "%s must have at most %s lists", o->path, o->high);
	loaded = mem_zero(n->len + 1, sizeof(*loaded));
	if (!loaded)
		return yaml_fail(why, n, "memory", "out of memory");
	for (const struct yaml_node *item = n->first; item; item = item->next, len++) {
		struct list_config *list = &loaded[len];
		if (option_text(o, item->key, LIST_NAME_BYTES, &list->name, why) < 0 ||
		    check_list_name(o, loaded, len, item->key, why) < 0 ||
		    option_text(o, item, ITEM_BYTES, &list->file, why) < 0)
			goto fail;
		if (!list->file) {
			yaml_fail(why, item, "type", "%s: the list %s needs a file", o->path, list->name);
			goto fail;
		}
	}
	lists_free(*at, *option_count(o, base));
	*at = loaded;
	*option_count(o, base) = len;
	return 0;
fail:
	lists_free(loaded, len + 1);
	return -1;
}

/* Kept as text: what it means, the rules' loader knows. */
static int
set_detection(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
{
	char *text = NULL, **at = member(o, base);
	struct buf flow;
	if (!yaml_is_null(n) && n->kind != YAML_MAP)
		return yaml_fail(why, n, "type", "%s must be a map of selections and a condition", o->path);
	buf_init(&flow, DETECTION_BYTES);
	bool bad = !yaml_is_null(n) && (yaml_flow(n, &flow) < 0 || !(text = mem_copy_str(buf_str(&flow))));
	buf_fini(&flow);
	if (bad)
		return yaml_fail(why, n, "type", "%s is longer than %d bytes, or out of memory", o->path, DETECTION_BYTES);
	mem_free(*at);
	*at = text;
	return 0;
}

int
option_parse_list(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
{
	switch (o->type) {
	case OPTION_STRINGS:
		return set_strings(o, n, base, why);
	case OPTION_NETS:
		return set_nets(o, n, base, why);
	case OPTION_SECRET:
		return set_secret(o, n, base, why);
	case OPTION_SECRETS:
		return set_secrets(o, n, base, why);
	case OPTION_SOURCE:
		return set_source(o, n, base, why);
	case OPTION_QUIET:
		return set_quiet(o, n, base, why);
	case OPTION_LISTS:
		return set_lists(o, n, base, why);
	case OPTION_DETECTION:
		return set_detection(o, n, base, why);
	default:
		return check_list(o, n, why);
	}
}

static int
print_strings(const struct strings *s, struct buf *out)
{
	int bad = buf_add(out, "[", 1);
	for (size_t i = 0; i < s->len; i++)
		bad |= (i > 0 ? buf_add(out, ", ", 2) : 0) | option_quote(s->items[i], out);
	return bad | buf_add(out, "]", 1);
}

static int
print_nets(const struct inet_net *nets, size_t len, struct buf *out)
{
	int bad = buf_add(out, "[", 1);
	for (size_t i = 0; i < len; i++) {
		char text[INET_TEXT_SIZE];
		inet_text(&nets[i].base, text);
		bad |= buf_addf(out, "%s\"%s/%u\"", i > 0 ? ", " : "", text, nets[i].prefix);
	}
	return bad | buf_add(out, "]", 1);
}

static int
print_secrets(const struct secret *secrets, size_t len, struct buf *out)
{
	int bad = buf_add(out, "[", 1);
	for (size_t i = 0; i < len; i++)
		bad |= (i > 0 ? buf_add(out, ", ", 2) : 0) | option_quote_secret(&secrets[i], out);
	return bad | buf_add(out, "]", 1);
}

static int
print_source(const struct source_config *s, struct buf *out)
{
	if (!s->product && !s->service && !s->category)
		return buf_add_str(out, STR("null"));
	int bad = buf_add_str(out, STR("{product: ")) | option_quote(s->product, out);
	bad |= buf_add_str(out, STR(", service: ")) | option_quote(s->service, out);
	bad |= buf_add_str(out, STR(", category: ")) | option_quote(s->category, out);
	return bad | buf_add(out, "}", 1);
}

static int
print_quiet(const struct quiet_config *items, size_t len, struct buf *out)
{
	int bad = buf_add(out, "{", 1);
	for (size_t i = 0; i < len; i++) {
		char text[UNIT_TEXT_SIZE];
		unit_duration_text(items[i].after_ms, text);
		bad |= (i > 0 ? buf_add(out, ", ", 2) : 0) | option_quote(items[i].category, out);
		bad |= buf_addf(out, ": %s", text);
	}
	return bad | buf_add(out, "}", 1);
}

static int
print_lists(const struct list_config *items, size_t len, struct buf *out)
{
	int bad = buf_add(out, "{", 1);
	for (size_t i = 0; i < len; i++) {
		bad |= (i > 0 ? buf_add(out, ", ", 2) : 0) | option_quote(items[i].name, out);
		bad |= buf_add(out, ": ", 2) | option_quote(items[i].file, out);
	}
	return bad | buf_add(out, "}", 1);
}

int
option_print_list(const struct option *o, const void *base, struct buf *out)
{
	const void *at = (const char *)base + o->offset;
	switch (o->type) {
	case OPTION_STRINGS:
		return print_strings(at, out);
	case OPTION_NETS:
		return print_nets(*(struct inet_net *const *)at, ((const struct syslog_config *)base)->allow_count, out);
	case OPTION_SECRET:
		return option_quote_secret(at, out);
	case OPTION_SECRETS:
		return print_secrets(at, ((const struct target_config *)base)->secret_count, out);
	case OPTION_SOURCE:
		return print_source(at, out);
	case OPTION_QUIET:
		return print_quiet(*(struct quiet_config *const *)at, ((const struct config *)base)->input.quiet_count, out);
	case OPTION_DETECTION:
		return buf_add_str(out, *(char *const *)at ? str_of(*(char *const *)at) : STR("null"));
	case OPTION_LISTS:
		return print_lists(*(struct list_config *const *)at, ((const struct config *)base)->rules.list_count, out);
	default:
		return -1;
	}
}

void
option_fini_list(const struct option *o, void *base)
{
	void *at = member(o, base);
	switch (o->type) {
	case OPTION_STRINGS:
		strings_fini(at);
		break;
	case OPTION_NETS:
		mem_free(*(struct inet_net **)at);
		break;
	case OPTION_SECRETS:
		secret_fini((struct secret *)at + 1);
		secret_fini(at);
		break;
	case OPTION_SECRET:
		secret_fini(at);
		break;
	case OPTION_SOURCE:
		source_fini(at);
		break;
	case OPTION_QUIET:
		quiet_free(*(struct quiet_config **)at, *option_count(o, base));
		break;
	case OPTION_DETECTION:
		mem_free(*(char **)at);
		break;
	case OPTION_LISTS:
		lists_free(*(struct list_config **)at, *option_count(o, base));
		break;
	default:
		break;
	}
}

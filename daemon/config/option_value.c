#include "config/option_value.h"

#include <inttypes.h>

#include "base/inet.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/secret.h"
#include "config/unit.h"

static void *
member(const struct option *o, void *base)
{
	return (char *)base + o->offset;
}

static const void *
const_member(const struct option *o, const void *base)
{
	return (const char *)base + o->offset;
}

int
option_text(const struct option *o, const struct yaml_node *n, size_t max, char **out, struct fail *why)
{
	if (n->kind != YAML_SCALAR)
		return yaml_fail(why, n, "type", "%s must be text", o->path);
	if (yaml_is_null(n) || n->text.len == 0) {
		*out = NULL;
		return 0;
	}
	if (n->text.len > max)
		return yaml_fail(why, n, "out-of-range", "%s must have at most %zu bytes", o->path, max);
	for (size_t i = 0; i < n->text.len; i++)
		if ((unsigned char)n->text.p[i] < 0x20 || n->text.p[i] == 0x7f)
			return yaml_fail(why, n, "type", "%s must not hold control characters", o->path);
	char *copy = mem_copy_str(n->text);
	if (!copy)
		return yaml_fail(why, n, "memory", "out of memory");
	*out = copy;
	return 0;
}

static int
set_text(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
{
	int64_t max = 0;
	char *text = NULL, **at = member(o, base);
	if (!str_to_i64(str_of(o->high), &max))
		max = 256;
	if (option_text(o, n, (size_t)max, &text, why) < 0)
		return -1;
	mem_free(*at);
	*at = text;
	return 0;
}

/* "host:port" with an address as host, or "fd:NAME". */
static bool
is_address(struct str text)
{
	struct inet host;
	int64_t port;
	if (str_starts(text, STR("fd:")))
		return text.len > 3;
	size_t colon = text.len;
	while (colon > 0 && text.p[colon - 1] != ':')
		colon--;
	if (colon < 2 || !str_to_i64(str_make(text.p + colon, text.len - colon), &port) || port < 0 || port > 65535)
		return false;
	struct str name = str_make(text.p, colon - 1);
	bool bracketed = name.len > 2 && name.p[0] == '[' && name.p[name.len - 1] == ']';
	if (bracketed)
		name = str_make(name.p + 1, name.len - 2);
	bool has_colon = memchr(name.p, ':', name.len) != NULL;
	return bracketed == has_colon && inet_parse(name, &host);
}

static int
set_address(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
{
	if (n->kind == YAML_SCALAR && n->text.len > 0 && !yaml_is_null(n) && !is_address(n->text))
		return yaml_fail(why, n, "address",
		    "%s must be ADDRESS:PORT with an IP address (127.0.0.1:8443, [::1]:8443), fd:NAME or null", o->path);
	return set_text(o, n, base, why);
}

/* A URL, or where to read it: some webhook URLs are secrets themselves. */
static int
set_url(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
{
	struct target_config *target = base;
	struct secret secret = {0};
	struct fail reason = {0};
	if (n->kind != YAML_SCALAR || !secret_is_reference(n->text))
		return set_text(o, n, base, why);
	if (secret_read(&secret, n->text, &reason) < 0)
		return yaml_fail(why, n, reason.code, "%s: %s", o->path, reason.text);
	char *url = mem_copy_str(str_make(secret.value, secret.len));
	if (!url) {
		secret_fini(&secret);
		return yaml_fail(why, n, "memory", "out of memory");
	}
	option_fini(o, base);
	target->url = url;
	target->url_secret = secret;
	return 0;
}

static int
set_bool(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
{
	if (!yaml_as_bool(n, member(o, base)))
		return yaml_fail(why, n, "type", "%s must be true or false", o->path);
	return 0;
}

static bool
number_of(const struct option *o, const struct yaml_node *n, int64_t *out)
{
	if (n->kind != YAML_SCALAR)
		return false;
	switch (o->type) {
	case OPTION_BYTES:
		return unit_parse_bytes(n->text, out);
	case OPTION_DURATION:
		return unit_parse_duration(n->text, out);
	default:
		return yaml_as_int(n, out);
	}
}

static int64_t
bound(const struct option *o, const char *text)
{
	int64_t value = 0;
	struct yaml_node n = {.kind = YAML_SCALAR, .plain = true, .text = str_of(text)};
	(void)number_of(o, &n, &value);
	return value;
}

static int
set_number(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
{
	int64_t value;
	if (!number_of(o, n, &value)) {
		const char *form = o->type == OPTION_BYTES ? "a size such as 512, 64KiB, 16MiB or 1GiB"
		    : o->type == OPTION_DURATION           ? "a duration such as 250ms, 30s, 5m, 1h or 3d"
		                                           : "a whole number";
		return yaml_fail(why, n, "type", "%s must be %s, from %s to %s; it is %.40s",
		    o->path, form, o->low, o->high, n->kind == YAML_SCALAR ? n->text.p : "no single value");
	}
	if (value < bound(o, o->low) || value > bound(o, o->high))
		return yaml_fail(why, n, "out-of-range", "%s must be from %s to %s", o->path, o->low, o->high);
	switch (o->type) {
	case OPTION_U32:
		*(uint32_t *)member(o, base) = (uint32_t)value;
		break;
	case OPTION_INT:
		*(int *)member(o, base) = (int)value;
		break;
	case OPTION_BYTES:
		*(uint64_t *)member(o, base) = (uint64_t)value;
		break;
	default:
		*(int64_t *)member(o, base) = value;
		break;
	}
	return 0;
}

/* The table's word for another one of the same meaning. */
static struct str
canonical(const struct option *o, struct str word)
{
	struct str rest = str_of(o->high);
	while (rest.len > 0) {
		struct str pair = str_split(&rest, '|');
		if (str_eq(str_split(&pair, '='), word))
			return pair;
	}
	return word;
}

/* The words are in the order of the enum; a bool takes the first as false. */
static int
set_choice(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
{
	struct str rest = str_of(o->low);
	for (int i = 0; n->kind == YAML_SCALAR && rest.len > 0; i++) {
		if (!str_eq(str_split(&rest, '|'), canonical(o, n->text)))
			continue;
		if (o->size == sizeof(bool))
			*(bool *)member(o, base) = i != 0;
		else
			memcpy(member(o, base), &i, sizeof(i));
		return 0;
	}
	return yaml_fail(why, n, "type", "%s must be one of %s; it is %.40s", o->path, o->low,
	    n->kind == YAML_SCALAR ? n->text.p : "no single value");
}

int
option_parse(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
{
	switch (o->type) {
	case OPTION_STRING:
		return set_text(o, n, base, why);
	case OPTION_ADDRESS:
		return set_address(o, n, base, why);
	case OPTION_URL:
		return set_url(o, n, base, why);
	case OPTION_BOOL:
		return set_bool(o, n, base, why);
	case OPTION_U32:
	case OPTION_INT:
	case OPTION_BYTES:
	case OPTION_DURATION:
		return set_number(o, n, base, why);
	case OPTION_CHOICE:
		return set_choice(o, n, base, why);
	default:
		return option_parse_list(o, n, base, why);
	}
}

/* Length of the UTF-8 sequence that begins with c; the text was checked by libyaml. */
static size_t
sequence(unsigned char c, uint32_t *bits)
{
	size_t len = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
	*bits = len == 1 ? c : c & (0x7Fu >> len);
	return len;
}

int
option_quote(const char *text, struct buf *out)
{
	if (!text)
		return buf_add_str(out, STR("null"));
	int bad = buf_add(out, "\"", 1);
	while (*text && !bad) {
		uint32_t code;
		size_t len = sequence((unsigned char)*text, &code);
		for (size_t i = 1; i < len && text[i]; i++)
			code = code << 6 | ((unsigned char)text[i] & 0x3F);
		if (len > 1)
			bad = buf_addf(out, "\\U%08" PRIX32, code);
		else if (*text == '"' || *text == '\\')
			bad = buf_addf(out, "\\%c", *text);
		else
			bad = buf_add(out, text, 1);
		for (size_t i = 0; i < len && *text; i++)
			text++;
	}
	return bad ? -1 : buf_add(out, "\"", 1);
}

int
option_quote_secret(const struct secret *s, struct buf *out)
{
	struct buf text;
	if (!s->reference)
		return buf_add_str(out, STR("null"));
	buf_init(&text, 8192);
	int bad = buf_addf(&text, "<%s>", s->reference);
	if (!bad)
		bad = option_quote(text.data, out);
	buf_fini(&text);
	return bad;
}

static int
print_choice(const struct option *o, const void *base, struct buf *out)
{
	struct str rest = str_of(o->low), word = {0};
	int index = 0;
	if (o->size == sizeof(bool))
		index = *(const bool *)const_member(o, base);
	else
		memcpy(&index, const_member(o, base), sizeof(index));
	for (int i = 0; i <= index; i++)
		word = str_split(&rest, '|');
	return buf_add_str(out, word);
}

static int
print_url(const struct option *o, const struct target_config *target, struct buf *out)
{
	if (!target->url_secret.reference)
		return option_quote(*(char *const *)const_member(o, target), out);
	return option_quote_secret(&target->url_secret, out);
}

int
option_print(const struct option *o, const void *base, struct buf *out)
{
	const void *at = const_member(o, base);
	char text[UNIT_TEXT_SIZE];
	switch (o->type) {
	case OPTION_STRING:
	case OPTION_ADDRESS:
		return option_quote(*(char *const *)at, out);
	case OPTION_URL:
		return print_url(o, base, out);
	case OPTION_BOOL:
		return buf_add_str(out, *(const bool *)at ? STR("true") : STR("false"));
	case OPTION_U32:
		return buf_addf(out, "%" PRIu32, *(const uint32_t *)at);
	case OPTION_INT:
		return buf_addf(out, "%d", *(const int *)at);
	case OPTION_BYTES:
		unit_bytes_text(*(const uint64_t *)at, text);
		return buf_add_str(out, str_of(text));
	case OPTION_DURATION:
		unit_duration_text(*(const int64_t *)at, text);
		return buf_add_str(out, str_of(text));
	case OPTION_CHOICE:
		return print_choice(o, base, out);
	default:
		return option_print_list(o, base, out);
	}
}

void
option_fini(const struct option *o, void *base)
{
	char **at = member(o, base);
	switch (o->type) {
	case OPTION_URL:
		if (*at)
			explicit_bzero(*at, strlen(*at));
		secret_fini(&((struct target_config *)base)->url_secret);
		mem_free(*at);
		*at = NULL;
		break;
	case OPTION_STRING:
	case OPTION_ADDRESS:
		mem_free(*at);
		*at = NULL;
		break;
	default:
		option_fini_list(o, base);
		break;
	}
}

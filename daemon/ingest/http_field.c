#include "ingest/http_field.h"

/* What fields have shown so far; later lines are judged against it. */
struct seen {
	struct http_head *head;
	struct http_error *why;
	bool host, transfer_encoding;
};

static int
refuse(struct http_error *why, int status, const char *code, const char *detail)
{
	*why = (struct http_error){status, code, detail};
	return -1;
}

bool
http_is_token(char ch)
{
	if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9'))
		return true;
	return ch && strchr("!#$%&'*+-.^_`|~", ch) != NULL;
}

bool
http_is_text(char ch)
{
	unsigned char u = (unsigned char)ch;
	return u == '\t' || (u >= 0x20 && u != 0x7f);
}

static bool
all(struct str s, bool (*is)(char))
{
	for (size_t i = 0; i < s.len; i++) {
		if (!is(s.p[i]))
			return false;
	}
	return true;
}

static bool
is_visible(char ch)
{
	return ch > 0x20 && ch < 0x7f;
}

static struct str
trim_blank(struct str s)
{
	while (s.len && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = (struct str){s.p + 1, s.len - 1};
	while (s.len && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

static enum http_method
method_of(struct str text)
{
	static const struct {
		struct str name;
		enum http_method method;
	} methods[] = {
	    {STR("GET"), METHOD_GET},
	    {STR("HEAD"), METHOD_HEAD},
	    {STR("POST"), METHOD_POST},
	    {STR("OPTIONS"), METHOD_OPTIONS},
	};
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		if (str_eq(text, methods[i].name))
			return methods[i].method;
	}
	return METHOD_OTHER;
}

/* origin-form, asterisk-form, or absolute-form without its scheme and authority (RFC 9112 section 3.2). */
static int
read_target(struct str target, struct http_head *head, struct http_error *why)
{
	if (target.len > 7 && str_eq_nocase(str_make(target.p, 7), STR("http://"))) {
		target = str_make(target.p + 7, target.len - 7);
		const char *slash = memchr(target.p, '/', target.len);
		if (!slash)
			return refuse(why, 400, "bad_target", "The request target has no path.");
		target = str_make(slash, target.len - (size_t)(slash - target.p));
	}
	bool star = target.len == 1 && target.p[0] == '*';
	if (target.len == 0 || (target.p[0] != '/' && !star) || !all(target, is_visible))
		return refuse(why, 400, "bad_target", "The request target is not a path.");
	head->query = target;
	head->path = str_split(&head->query, '?');
	return 0;
}

int
http_request_line(struct str line, struct http_head *head, struct http_error *why)
{
	struct str rest = line;
	struct str method = str_split(&rest, ' ');
	struct str target = str_split(&rest, ' ');
	if (method.len == 0 || !all(method, http_is_token) || target.len == 0 || rest.len != 8 ||
	    !str_starts(rest, STR("HTTP/")) || rest.p[5] < '0' || rest.p[5] > '9' || rest.p[6] != '.' ||
	    rest.p[7] < '0' || rest.p[7] > '9')
		return refuse(why, 400, "malformed_request_line", "The request line is not method, target, version.");
	if (rest.p[5] != '1')
		return refuse(why, 505, "version", "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
	head->method = method_of(method);
	head->minor = rest.p[7] == '0' ? 0 : 1;
	head->keep_alive = head->minor == 1;
	return read_target(target, head, why);
}

static int
set_host(struct seen *seen, struct str value)
{
	for (size_t i = 0; i < value.len; i++) {
		char ch = value.p[i];
		if (!is_visible(ch) || strchr("/?#@,\\\"<>{}", ch))
			return refuse(seen->why, 400, "bad_host", "The Host field is malformed.");
	}
	if (seen->host)
		return refuse(seen->why, 400, "bad_host", "The Host field stands twice.");
	seen->host = true;
	return 0;
}

static int
set_length(struct seen *seen, struct str value)
{
	uint64_t length = 0;
	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return refuse(seen->why, 400, "bad_content_length", "Content-Length is not a number.");
		uint64_t digit = (uint64_t)(value.p[i] - '0');
		length = length > (UINT64_MAX - digit) / 10 ? UINT64_MAX : length * 10 + digit;
	}
	if (value.len == 0 || (seen->head->has_length && seen->head->length != length))
		return refuse(seen->why, 400, "bad_content_length", "Content-Length is empty or stands twice and differs.");
	seen->head->has_length = true;
	seen->head->length = length;
	return 0;
}

static int
set_transfer(struct seen *seen, struct str value)
{
	if (seen->transfer_encoding || seen->head->minor == 0)
		return refuse(seen->why, 400, "bad_transfer_encoding", "Transfer-Encoding stands twice or in HTTP/1.0.");
	seen->transfer_encoding = true;
	if (!str_eq_nocase(value, STR("chunked")))
		return refuse(seen->why, 501, "transfer_encoding", "The only transfer coding understood is chunked.");
	seen->head->chunked = true;
	return 0;
}

static int
set_connection(struct seen *seen, struct str value)
{
	while (value.len) {
		struct str option = trim_blank(str_split(&value, ','));
		if (str_eq_nocase(option, STR("close")))
			seen->head->keep_alive = false;
		else if (str_eq_nocase(option, STR("keep-alive")) && seen->head->minor == 0)
			seen->head->keep_alive = true;
	}
	return 0;
}

static int
set_expect(struct seen *seen, struct str value)
{
	if (!str_eq_nocase(value, STR("100-continue")))
		return refuse(seen->why, 417, "expectation", "The only expectation understood is 100-continue.");
	seen->head->expect_continue = seen->head->minor == 1; /* RFC 9110 section 10.1.1 */
	return 0;
}

static int
set_authorization(struct seen *seen, struct str value)
{
	if (seen->head->has_authorization)
		return refuse(seen->why, 400, "bad_authorization", "The Authorization field stands twice.");
	seen->head->has_authorization = true;
	seen->head->authorization = value;
	return 0;
}

static int
set_encoding(struct seen *seen, struct str value)
{
	struct str *have = &seen->head->content_encoding;
	/* A second line continues the list; spanning both lines gives a value that no coding equals. */
	if (have->len)
		*have = str_make(have->p, (size_t)(value.p + value.len - have->p));
	else
		*have = value;
	return 0;
}

static int
set_field(struct seen *seen, struct str name, struct str value)
{
	static const struct {
		struct str name;
		int (*set)(struct seen *seen, struct str value);
	} known[] = {
	    {STR("host"), set_host},
	    {STR("content-length"), set_length},
	    {STR("transfer-encoding"), set_transfer},
	    {STR("connection"), set_connection},
	    {STR("expect"), set_expect},
	    {STR("authorization"), set_authorization},
	    {STR("content-encoding"), set_encoding},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (str_eq_nocase(name, known[i].name))
			return known[i].set(seen, value);
	}
	return 0;
}

static int
read_field(struct seen *seen, struct str line)
{
	if (line.p[0] == ' ' || line.p[0] == '\t')
		return refuse(seen->why, 400, "obs_fold", "A header line is folded.");
	struct str value = line;
	struct str name = str_split(&value, ':');
	if (name.len == line.len || name.len == 0 || !all(name, http_is_token))
		return refuse(seen->why, 400, "malformed_header", "A header line has no colon or a malformed name.");
	if (!all(value, http_is_text))
		return refuse(seen->why, 400, "malformed_header", "A header value holds control characters.");
	return set_field(seen, name, trim_blank(value));
}

int
http_fields(struct str text, struct http_head *head, struct http_error *why)
{
	struct seen seen = {.head = head, .why = why};
	while (text.len) {
		struct str line = str_split(&text, '\n');
		line.len--; /* CR */
		if (read_field(&seen, line) != 0)
			return -1;
	}
	if (head->minor == 1 && !seen.host)
		return refuse(why, 400, "bad_host", "An HTTP/1.1 request needs a Host field.");
	if (head->chunked && head->has_length) /* RFC 9112 section 6.1: smuggling */
		return refuse(why, 400, "ambiguous_length", "Content-Length and Transfer-Encoding stand together.");
	return 0;
}

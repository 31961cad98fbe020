#include "ingest/http_conn.h"

#include "base/mem.h"
#include "ingest/http_field.h"

/* START -> HEADERS (lines) -> one of
 *   LENGTH (remaining bytes) -> DONE
 *   SIZE [-> EXTENSION] -> SIZE_LF -> DATA -> DATA_CR -> DATA_LF -> SIZE ...
 *     last chunk: SIZE_LF -> TRAILER -> NAME -> VALUE -> VALUE_LF -> TRAILER ... -> LAST_LF -> DONE
 *   DONE -> START. FAILED is final. */
enum state {
	START,
	HEADERS,
	LENGTH,
	SIZE,
	EXTENSION,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER,
	NAME,
	VALUE,
	VALUE_LF,
	LAST_LF,
	DONE,
	FAILED,
};

/* Chunk extensions carry nothing for us; a body made of them is an attack (CVE-2023-39326). */
enum { EXTENSION_MAX = 256, EXTENSIONS_MAX = 16384 };

struct http_conn {
	struct http_limits limits;
	enum state state;
	struct http_head head;
	struct http_error error;
	/* head: offsets into the unconsumed input */
	size_t skip;       /* one empty line before the request line */
	size_t line_start; /* of the line being read */
	size_t scanned;    /* no LF before this offset since line_start */
	size_t line_end;   /* first byte behind the request line */
	unsigned lines;    /* header lines so far */
	/* body */
	uint64_t remaining; /* of the body, or of the chunk */
	uint64_t received;  /* chunked: bytes promised so far */
	unsigned digits;
	size_t extension, extensions, trailer;
	unsigned trailers;
};

struct http_conn *
http_conn_new(const struct http_limits *limits)
{
	struct http_conn *c = mem_zero(1, sizeof *c);
	if (c)
		c->limits = *limits;
	return c;
}

void
http_conn_free(struct http_conn *c)
{
	mem_free(c);
}

const struct http_head *
http_conn_head(const struct http_conn *c)
{
	return &c->head;
}

const struct http_error *
http_conn_error(const struct http_conn *c)
{
	return &c->error;
}

bool
http_conn_idle(const struct http_conn *c)
{
	return c->state == START && c->scanned == c->skip;
}

static enum http_result
bad(struct http_conn *c, int status, const char *code, const char *detail)
{
	c->state = FAILED;
	c->error = (struct http_error){status, code, detail};
	return HTTP_BAD;
}

static void
begin_request(struct http_conn *c)
{
	struct http_limits limits = c->limits;
	*c = (struct http_conn){.limits = limits, .state = START};
}

/* All lines are here: fill the head and choose the framing of the body (RFC 9112 section 6.3). */
static enum http_result
finish_head(struct http_conn *c, struct str in, size_t end, size_t *used)
{
	struct str line = {in.p + c->skip, c->line_end - 2 - c->skip};
	struct str fields = {in.p + c->line_end, end - 2 - c->line_end};
	if (http_request_line(line, &c->head, &c->error) != 0 || http_fields(fields, &c->head, &c->error) != 0) {
		c->state = FAILED;
		return HTTP_BAD;
	}
	c->remaining = c->head.has_length ? c->head.length : 0;
	c->state = c->head.chunked ? SIZE : c->remaining ? LENGTH : DONE;
	*used = end;
	return HTTP_HEAD;
}

/* The limits of the line or section of which `bytes` are known; the same answer for a part and for the whole. */
static enum http_result
check_head_size(struct http_conn *c, size_t end)
{
	if (c->state == START && end - c->line_start > c->limits.max_line + 1)
		return bad(c, 414, "request_line_too_long", "The request line is too long.");
	if (c->state == HEADERS && (end - c->line_end > c->limits.max_head || c->lines > c->limits.max_count))
		return bad(c, 431, "headers_too_large", "The header section is too large or has too many lines.");
	return HTTP_MORE;
}

/* One complete line [line_start, lf]. HTTP_MORE: go on. */
static enum http_result
head_line(struct http_conn *c, struct str in, size_t lf, size_t *used)
{
	if (check_head_size(c, c->state == HEADERS ? lf + 1 : lf) == HTTP_BAD)
		return HTTP_BAD;
	if (lf == c->line_start || in.p[lf - 1] != '\r')
		return bad(c, 400, "bare_lf", "A line ends in LF without CR.");
	bool empty = lf - 1 == c->line_start;
	c->line_start = c->scanned = lf + 1;
	if (c->state == START && !empty) {
		c->state = HEADERS;
		c->line_end = lf + 1;
	} else if (c->state == START) {
		if (c->skip)
			return bad(c, 400, "malformed_request_line", "Empty lines stand before the request line.");
		c->skip = lf + 1; /* RFC 9112 section 2.2: one is tolerated */
	} else if (empty) {
		return finish_head(c, in, lf + 1, used);
	} else {
		c->lines++;
		return check_head_size(c, lf);
	}
	return HTTP_MORE;
}

static enum http_result
read_head(struct http_conn *c, struct str in, size_t *used)
{
	for (;;) {
		const char *lf = c->scanned < in.len ? memchr(in.p + c->scanned, '\n', in.len - c->scanned) : NULL;
		if (!lf) {
			c->scanned = in.len;
			return check_head_size(c, in.len);
		}
		enum http_result r = head_line(c, in, (size_t)(lf - in.p), used);
		if (r != HTTP_MORE)
			return r;
	}
}

static int
hex_value(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	if (ch >= 'a' && ch <= 'f')
		return ch - 'a' + 10;
	if (ch >= 'A' && ch <= 'F')
		return ch - 'A' + 10;
	return -1;
}

static enum http_result
size_byte(struct http_conn *c, char ch)
{
	int digit = hex_value(ch);
	if (digit >= 0 && c->digits < 15) {
		c->remaining = c->remaining * 16 + (unsigned)digit;
		c->digits++;
		return HTTP_MORE;
	}
	if (c->digits == 0 || digit >= 0 || (ch != '\r' && ch != ';' && ch != ' ' && ch != '\t'))
		return bad(c, 400, "bad_chunk", "A chunk size is not a hexadecimal number.");
	if (c->remaining > c->limits.max_body || c->received > c->limits.max_body - c->remaining)
		return bad(c, 413, "body_too_large", "The body is larger than the limit.");
	c->received += c->remaining;
	c->extension = 0;
	c->state = ch == '\r' ? SIZE_LF : EXTENSION;
	return HTTP_MORE;
}

static enum http_result
extension_byte(struct http_conn *c, char ch)
{
	if (ch == '\r')
		c->state = SIZE_LF;
	else if (!http_is_text(ch) || ++c->extension > EXTENSION_MAX || ++c->extensions > EXTENSIONS_MAX)
		return bad(c, 400, "bad_chunk", "A chunk extension is malformed or too long.");
	return HTTP_MORE;
}

/* Trailer fields are checked and dropped (RFC 9110 section 6.5). */
static enum http_result
trailer_byte(struct http_conn *c, char ch)
{
	bool ok = ++c->trailer <= c->limits.max_head;
	switch (c->state) {
	case TRAILER:
		ok = ok && (ch == '\r' || (http_is_token(ch) && ++c->trailers <= c->limits.max_count));
		c->state = ch == '\r' ? LAST_LF : NAME;
		break;
	case NAME:
		ok = ok && (ch == ':' || http_is_token(ch));
		c->state = ch == ':' ? VALUE : NAME;
		break;
	default: /* VALUE */
		ok = ok && (ch == '\r' || http_is_text(ch));
		c->state = ch == '\r' ? VALUE_LF : VALUE;
		break;
	}
	return ok ? HTTP_MORE : bad(c, 400, "bad_trailer", "The trailer section is malformed or too large.");
}

/* The byte that must stand here, and the state behind it. */
static enum http_result
expect_byte(struct http_conn *c, char ch, char expected, enum state next)
{
	if (ch != expected)
		return bad(c, 400, "bad_chunk", "A chunk does not end in CRLF.");
	if (next == SIZE) {
		c->remaining = 0;
		c->digits = 0;
	}
	c->state = next;
	return HTTP_MORE;
}

static enum http_result
framing_byte(struct http_conn *c, char ch)
{
	switch (c->state) {
	case SIZE:
		return size_byte(c, ch);
	case EXTENSION:
		return extension_byte(c, ch);
	case SIZE_LF:
		return expect_byte(c, ch, '\n', c->remaining ? DATA : TRAILER);
	case DATA_CR:
		return expect_byte(c, ch, '\r', DATA_LF);
	case DATA_LF:
		return expect_byte(c, ch, '\n', SIZE);
	case VALUE_LF:
		return expect_byte(c, ch, '\n', TRAILER);
	case LAST_LF:
		return expect_byte(c, ch, '\n', DONE);
	default:
		return trailer_byte(c, ch);
	}
}

static enum http_result
take_piece(struct http_conn *c, struct str in, size_t *used, struct str *piece)
{
	size_t n = in.len - *used;
	if (n == 0)
		return HTTP_MORE;
	if (n > c->remaining)
		n = (size_t)c->remaining;
	*piece = (struct str){in.p + *used, n};
	*used += n;
	c->remaining -= n;
	if (c->remaining == 0)
		c->state = c->head.chunked ? DATA_CR : DONE;
	return HTTP_PIECE;
}

enum http_result
http_conn_next(struct http_conn *c, struct str in, size_t *used, struct str *piece)
{
	*used = 0;
	*piece = (struct str){in.p, 0};
	if (c->state == FAILED)
		return HTTP_BAD;
	if (c->state == START || c->state == HEADERS)
		return read_head(c, in, used);
	for (;;) {
		if (c->state == LENGTH || c->state == DATA)
			return take_piece(c, in, used, piece);
		if (c->state == DONE) {
			begin_request(c);
			return HTTP_END;
		}
		if (*used == in.len)
			return HTTP_MORE;
		if (framing_byte(c, in.p[(*used)++]) == HTTP_BAD)
			return HTTP_BAD;
	}
}

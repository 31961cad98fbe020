#include "decode/envelope.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "decode/cut.h"
#include "decode/json_bytes.h"
#include "decode/json_string.h"

/*
 *   BETWEEN --{--> RECORD --matching bracket--> BETWEEN      an object: a record, unless it
 *      |             '--"records":[{ --> BETWEEN (one list deeper)        turns out a wrapper
 *      |--[--> BETWEEN (one list deeper)
 *      |--]--> BETWEEN, or of a wrapper TAIL --}--> BETWEEN
 *      |--"--> TEXT --"--> INNER (its own envelope) --> BETWEEN
 *      '--x--> WORD --> BETWEEN                             rubbish, left to the scanner to refuse
 */
enum state { BETWEEN, RECORD, TEXT, INNER, WORD, TAIL };

enum { LISTS_MAX = 16, INNER_MAX = 6, KEEP_BYTES = 64 * 1024, SPARE_TEXT = 64 };

struct envelope {
	struct envelope_limits limits;
	enum state state;
	struct buf buf;     /* the beginning of a value that did not end in its piece */
	bool emitted;       /* buf is the record that was given out last */
	bool too_large;     /* the value in hand passed its limit: skipped to its end */
	unsigned mark;      /* bytes of a byte order mark that were met at the front */
	bool started;
	uint64_t wrappers;  /* bit i: list i is a wrapper object's, which has a tail */
	unsigned lists;     /* open lists */
	struct cut cut;     /* RECORD */
	unsigned depth;     /* TAIL: open brackets */
	bool in_string;     /* TAIL */
	bool escaped;       /* TAIL, TEXT: behind a backslash */
	/* JSON in a string */
	unsigned level;
	struct envelope *inner;
	struct arena arena; /* its text */
	struct str text;    /* what the inner envelope has still to read */
};

static struct envelope *
envelope_new_at(const struct envelope_limits *limits, unsigned level)
{
	struct envelope *e = mem_zero(1, sizeof(*e));

	if (!e)
		return NULL;
	e->limits = *limits;
	e->level = level;
	size_t max = limits->max_record > limits->max_text ? limits->max_record : limits->max_text;
	buf_init(&e->buf, max + SPARE_TEXT);
	arena_init(&e->arena, 3 * (limits->max_text + SPARE_TEXT), KEEP_BYTES);
	return e;
}

struct envelope *
envelope_new(const struct envelope_limits *limits)
{
	return envelope_new_at(limits, 0);
}

void
envelope_free(struct envelope *e)
{
	while (e) {
		struct envelope *inner = e->inner;
		buf_fini(&e->buf);
		arena_fini(&e->arena);
		mem_free(e);
		e = inner;
	}
}

void
envelope_reset(struct envelope *e)
{
	if (e->buf.size > KEEP_BYTES) {
		size_t max = e->buf.max;
		buf_fini(&e->buf);
		buf_init(&e->buf, max);
	}
	buf_clear(&e->buf);
	arena_reset(&e->arena);
	e->state = BETWEEN;
	e->emitted = e->too_large = e->started = e->in_string = e->escaped = false;
	e->mark = e->lists = e->depth = 0;
	e->wrappers = 0;
	e->text = STR("");
}

static enum envelope_result
bad(const char **code, const char **detail, const char *why_code, const char *why)
{
	*code = why_code;
	*detail = why;
	return ENVELOPE_BAD;
}

static enum envelope_result
bad_too_large(const char **code, const char **detail)
{
	return bad(code, detail, "record_too_large", "a record is larger than allowed");
}

static size_t
limit_of(const struct envelope *e)
{
	return e->state == TEXT ? e->limits.max_text : e->limits.max_record;
}

/* Keeps the bytes of a value that goes on in the next piece. */
static void
keep(struct envelope *e, const char *from, const char *to)
{
	size_t len = (size_t)(to - from);

	if (e->too_large)
		return;
	if (e->buf.len + len > limit_of(e) || buf_add(&e->buf, from, len)) {
		e->too_large = true;
		buf_clear(&e->buf);
	}
}

/* The value from buf and [from, to) is complete. */
static enum envelope_result
emit(struct envelope *e, const char *from, const char *to, struct str *record, const char **code, const char **detail)
{
	if (!e->too_large && e->buf.len == 0 && (size_t)(to - from) <= limit_of(e)) {
		*record = str_make(from, (size_t)(to - from));
		return ENVELOPE_RECORD;
	}
	keep(e, from, to);
	bool large = e->too_large;
	e->too_large = false;
	if (large)
		return bad_too_large(code, detail);
	*record = buf_str(&e->buf);
	e->emitted = true;
	return ENVELOPE_RECORD;
}

/* --- an object: record or wrapper --- */

/* The record was a wrapper: what was read of it goes, its list opens. */
static void
open_wrapper(struct envelope *e)
{
	e->wrappers |= UINT64_C(1) << e->lists;
	e->lists++;
	e->state = BETWEEN;
	e->too_large = false;
	buf_clear(&e->buf);
}

static enum envelope_result
read_record(struct envelope *e, struct str *piece, struct str *record, const char **code, const char **detail)
{
	const char *from = piece->p, *p = from, *end = from + piece->len;
	enum cut_result result = cut_next(&e->cut, &p, end);

	while (result == CUT_WRAPPER && e->lists >= LISTS_MAX) { /* one more than anyone needs: a record like others */
		e->cut.name_state = NAME_NONE;
		result = cut_next(&e->cut, &p, end);
	}
	*piece = str_make(p, (size_t)(end - p));
	if (result == CUT_MORE) {
		keep(e, from, end);
		return ENVELOPE_MORE;
	}
	if (result == CUT_WRAPPER) {
		open_wrapper(e);
		return ENVELOPE_MORE;
	}
	if (result == CUT_END) {
		enum envelope_result record_result = emit(e, from, p, record, code, detail);
		e->state = BETWEEN;
		return record_result;
	}
	e->state = BETWEEN;
	e->too_large = false;
	buf_clear(&e->buf);
	return bad(code, detail, "truncated", "a line ends inside its record");
}

/* --- what stands between records, and what is none --- */

/* The other members of a wrapper, to its closing brace. */
static enum envelope_result
skip_tail(struct envelope *e, struct str *piece)
{
	const char *p = piece->p, *end = p + piece->len;

	while (p < end && e->depth > 0) {
		bool high = false;
		if (e->escaped) {
			e->escaped = false;
			p++;
			continue;
		}
		p = e->in_string ? json_bytes_special(p, end, &high) : json_bytes_bracket(p, end);
		if (p == end)
			break;
		char c = *p++;
		if (c == '"')
			e->in_string = !e->in_string;
		else if (e->in_string)
			e->escaped = c == '\\';
		else
			e->depth += c == '{' || c == '[' ? 1U : -1U;
	}
	if (e->depth == 0)
		e->state = BETWEEN;
	*piece = str_make(p, (size_t)(end - p));
	return ENVELOPE_MORE;
}

/* Between lines to the end of the line, in a list to the next element. */
static bool
ends_word(const struct envelope *e, char c)
{
	if (e->lists == 0)
		return c == '\n' || c == '\r';
	return json_is_space(c) || c == ',' || c == ']' || c == '{' || c == '[' || c == '"';
}

static enum envelope_result
read_word(struct envelope *e, struct str *piece, struct str *record, const char **code, const char **detail)
{
	const char *from = piece->p, *p = from, *end = from + piece->len;

	while (p < end && !ends_word(e, *p))
		p++;
	*piece = str_make(p, (size_t)(end - p));
	if (p == end) {
		keep(e, from, end);
		return ENVELOPE_MORE;
	}
	enum envelope_result result = emit(e, from, p, record, code, detail);
	e->state = BETWEEN;
	return result;
}

static void
close_list(struct envelope *e)
{
	e->lists--;
	if ((e->wrappers >> e->lists & 1) == 0)
		return;
	e->wrappers &= ~(UINT64_C(1) << e->lists);
	e->state = TAIL;
	e->depth = 1;
	e->in_string = e->escaped = false;
}

/* The next value begins, or a list ends, at the piece's first byte. */
static void
begin_value(struct envelope *e, struct str *piece)
{
	char c = *piece->p;
	bool eat = true;

	if (c == '[' && e->lists < LISTS_MAX) {
		e->lists++;
	} else if (c == ']' && e->lists > 0) {
		close_list(e);
	} else if (c == '"') {
		e->state = TEXT;
		e->escaped = false;
	} else {
		eat = false;
		e->state = c == '{' || c == '[' ? RECORD : WORD;
		cut_begin(&e->cut, e->lists == 0);
	}
	if (eat)
		*piece = str_make(piece->p + 1, piece->len - 1);
}

/* RFC 7464 puts 0x1E before each text; a comma between lines is tolerated, for nothing is gained by losing what
 * follows it. A byte order mark counts only at the very front. */
static bool
is_between(struct envelope *e, char c)
{
	static const char mark[] = "\xEF\xBB\xBF";

	if (!e->started && e->mark < 3 && c == mark[e->mark]) {
		e->mark++;
		return true;
	}
	return json_is_space(c) || c == ',' || c == '\x1E';
}

static void
skip_between(struct envelope *e, struct str *piece)
{
	while (piece->len > 0 && is_between(e, *piece->p))
		*piece = str_make(piece->p + 1, piece->len - 1);
	if (piece->len == 0)
		return;
	e->started = true;
	begin_value(e, piece);
}

/* --- a document in a string --- */

static enum envelope_result
open_text(struct envelope *e, struct str raw, const char **code, const char **detail)
{
	unsigned flags;
	bool replaced = false;
	const char *broken;

	e->state = BETWEEN;
	arena_reset(&e->arena);
	if (e->level + 1 >= INNER_MAX)
		return bad(code, detail, "depth", "texts within texts go deeper than allowed");
	if (!e->inner)
		e->inner = envelope_new_at(&e->limits, e->level + 1);
	/* raw ends with its quote, which the check of the escapes wants to see */
	if (!json_string_end(raw.p, raw.p + raw.len, &flags, &broken))
		return bad(code, detail, "json", "a text in quotes is not a JSON string");
	raw.len--;
	e->text = json_string_decode(&e->arena, raw, flags, &replaced);
	if (!e->inner || !e->text.p)
		return bad(code, detail, "memory", "a text in quotes needs more memory than it may have");
	envelope_reset(e->inner);
	e->state = INNER;
	return ENVELOPE_MORE;
}

/* The piece is behind the opening quote. */
static enum envelope_result
read_text(struct envelope *e, struct str *piece, const char **code, const char **detail)
{
	const char *from = piece->p, *p = from, *end = from + piece->len;
	bool high = false, closed = false;

	while (p < end && !closed) {
		if (e->escaped) {
			e->escaped = false;
			p++;
			continue;
		}
		p = json_bytes_special(p, end, &high);
		if (p == end)
			break;
		closed = *p == '"';
		e->escaped = *p == '\\';
		p++;
	}
	*piece = str_make(p, (size_t)(end - p));
	if (!closed) {
		keep(e, from, end);
		return ENVELOPE_MORE;
	}
	keep(e, from, p);
	bool large = e->too_large;
	e->too_large = false;
	if (large) {
		e->state = BETWEEN;
		return bad_too_large(code, detail);
	}
	enum envelope_result result = open_text(e, buf_str(&e->buf), code, detail);
	if (result == ENVELOPE_BAD)
		buf_clear(&e->buf);
	return result; /* else the buffer stays until the text in it was read */
}

static enum envelope_result
read_inner(struct envelope *e, struct str *record, const char **code, const char **detail)
{
	enum envelope_result result = ENVELOPE_MORE;

	while (e->text.len > 0) {
		result = envelope_next(e->inner, &e->text, record, code, detail);
		if (result != ENVELOPE_MORE)
			return result;
	}
	result = envelope_end(e->inner, record, code, detail);
	if (result != ENVELOPE_END)
		return result;
	e->state = BETWEEN;
	buf_clear(&e->buf);
	return ENVELOPE_MORE;
}

/* --- */

static enum envelope_result
take_step(struct envelope *e, struct str *piece, struct str *record, const char **code, const char **detail)
{
	switch (e->state) {
	case BETWEEN:
		skip_between(e, piece);
		return ENVELOPE_MORE;
	case RECORD:
		return read_record(e, piece, record, code, detail);
	case TEXT:
		return read_text(e, piece, code, detail);
	case INNER:
		return read_inner(e, record, code, detail);
	case WORD:
		return read_word(e, piece, record, code, detail);
	case TAIL:
		return skip_tail(e, piece);
	}
	return ENVELOPE_MORE;
}

enum envelope_result
envelope_next(struct envelope *e, struct str *piece, struct str *record, const char **code, const char **detail)
{
	if (e->emitted) {
		buf_clear(&e->buf);
		e->emitted = false;
	}
	while (piece->len > 0 || e->state == INNER) {
		enum envelope_result result = take_step(e, piece, record, code, detail);
		if (result != ENVELOPE_MORE)
			return result;
	}
	return ENVELOPE_MORE;
}

enum envelope_result
envelope_end(struct envelope *e, struct str *record, const char **code, const char **detail)
{
	struct str nothing = STR("");
	bool open = e->lists > 0 || (e->state != BETWEEN && e->state != WORD && e->state != INNER);

	if (e->state == INNER) {
		enum envelope_result result = envelope_next(e, &nothing, record, code, detail);
		if (result != ENVELOPE_MORE)
			return result;
		open = e->lists > 0;
	}
	if (e->emitted) {
		buf_clear(&e->buf);
		e->emitted = false;
	}
	if (e->state == WORD && e->lists == 0) {
		enum envelope_result result = emit(e, nothing.p, nothing.p, record, code, detail);
		e->state = BETWEEN;
		return result;
	}
	bool large = e->too_large;
	envelope_reset(e);
	if (!open)
		return ENVELOPE_END;
	return large ? bad_too_large(code, detail) : bad(code, detail, "truncated", "the text ends inside a record or list");
}

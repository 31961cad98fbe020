/* The envelope gives the same records and complaints for a body in one piece
 * as for the same body byte by byte and cut in the middle or in fives. Aborts
 * on a difference, on a record beyond the limit, and when it does not end. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "decode/envelope.h"
#include "fuzz/fuzz.h"

enum { RECORD_MAX = 200, TEXT_MAX = 400 };

static void
note(struct buf *log, const char *kind, struct str text)
{
	if (buf_addf(log, "%s %zu ", kind, text.len) || buf_add_str(log, text) || buf_add(log, "\n", 1))
		abort();
	if (text.len > TEXT_MAX)
		abort();
}

static void
split(struct envelope *e, struct str body, size_t step, struct buf *log)
{
	struct str record;
	const char *code = NULL, *detail = NULL;
	enum envelope_result result;
	size_t turns = 0, most = 8 * body.len + 64;

	while (body.len > 0) {
		size_t n = step < body.len ? step : body.len;
		char *copy = malloc(n); /* a piece of its own, gone when it is used up */
		if (!copy)
			abort();
		memcpy(copy, body.p, n);
		struct str piece = str_make(copy, n);
		while ((result = envelope_next(e, &piece, &record, &code, &detail)) != ENVELOPE_MORE) {
			if (++turns > most)
				abort();
			note(log, result == ENVELOPE_RECORD ? "record" : "bad", result == ENVELOPE_RECORD ? record : str_of(code));
		}
		if (piece.len != 0)
			abort();
		free(copy);
		body = str_make(body.p + n, body.len - n);
	}
	while ((result = envelope_end(e, &record, &code, &detail)) != ENVELOPE_END) {
		if (++turns > most)
			abort();
		note(log, result == ENVELOPE_RECORD ? "record" : "bad", result == ENVELOPE_RECORD ? record : str_of(code));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct envelope *e;
	const struct envelope_limits limits = {.max_record = RECORD_MAX, .max_text = TEXT_MAX, .max_depth = 64};
	const struct str body = {(const char *)data, size};
	const size_t steps[] = {1, size / 2 + 1, 5};
	struct buf whole, pieces;

	if (!e)
		e = envelope_new(&limits);
	if (!e || size > 1 << 14)
		return 0;
	buf_init(&whole, 1 << 24);
	buf_init(&pieces, 1 << 24);
	split(e, body, size, &whole);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		envelope_reset(e);
		buf_clear(&pieces);
		split(e, body, steps[i], &pieces);
		if (!str_eq(buf_str(&whole), buf_str(&pieces))) {
			fprintf(stderr, "fuzz_envelope: whole\n%.*sin pieces of %zu\n%.*s", (int)whole.len, whole.data, steps[i],
			    (int)pieces.len, pieces.data);
			abort();
		}
	}
	buf_fini(&whole);
	buf_fini(&pieces);
	return 0;
}

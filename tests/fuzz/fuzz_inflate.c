/* inflate over any bytes: within its caps, the same text and verdict however
 * the input is cut. */
#include <stdlib.h>

#include "base/buf.h"
#include "fuzz/fuzz.h"
#include "ingest/inflate.h"

static const struct inflate_limits limits = {.max_output = 1 << 16, .max_ratio = 100};

static enum inflate_result
run(struct str input, size_t step, struct buf *out, int *end)
{
	static char room[512];
	struct inflate *f = inflate_new();
	enum inflate_result r = INFLATE_MORE;
	buf_init(out, 1 << 17);
	if (!f)
		abort();
	inflate_begin(f, &limits);
	while (input.len && r == INFLATE_MORE) {
		size_t n = step < input.len ? step : input.len;
		struct str piece, in = {input.p, n};
		input = str_make(input.p + n, input.len - n);
		while ((r = inflate_next(f, &in, str_make(room, sizeof room), &piece)) == INFLATE_PIECE) {
			if (buf_add_str(out, piece) != 0 || out->len > limits.max_output)
				abort();
		}
	}
	*end = inflate_end(f);
	inflate_free(f);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = {(const char *)data, size};
	struct buf whole, bytes;
	int end[2];
	enum inflate_result a = run(input, size, &whole, &end[0]), b = run(input, 1, &bytes, &end[1]);
	/* A piece may be handed out just before an error is seen, and of damage and a limit close together either may
	 * be seen first; only good bodies must agree to the byte. */
	bool refused = a == INFLATE_BAD || a == INFLATE_LIMIT;
	if ((refused ? b != INFLATE_BAD && b != INFLATE_LIMIT : a != b) || end[0] != end[1] ||
	    (end[0] == 0 && !str_eq(buf_str(&whole), buf_str(&bytes))))
		abort();
	buf_fini(&whole);
	buf_fini(&bytes);
	return 0;
}

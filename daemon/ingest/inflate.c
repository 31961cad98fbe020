#include "ingest/inflate.h"

#include <stdbool.h>
#include <zlib.h>

#include "base/mem.h"

/* BETWEEN -> INSIDE -> BETWEEN ...; FAILED is final. */
struct inflate {
	z_stream z;
	struct inflate_limits limits;
	uint64_t in_bytes, out_bytes;
	enum { BETWEEN, INSIDE, FAILED } state;
	bool any; /* a member is complete */
	enum inflate_result failure;
};

struct inflate *
inflate_new(void)
{
	struct inflate *f = mem_zero(1, sizeof *f);
	if (f && inflateInit2(&f->z, 15 + 16) != Z_OK) { /* 15: window; 16: gzip only */
		mem_free(f);
		f = NULL;
	}
	return f;
}

void
inflate_free(struct inflate *f)
{
	if (!f)
		return;
	(void)inflateEnd(&f->z);
	mem_free(f);
}

void
inflate_begin(struct inflate *f, const struct inflate_limits *limits)
{
	f->limits = *limits;
	f->in_bytes = f->out_bytes = 0;
	f->any = false;
	f->state = inflateReset(&f->z) == Z_OK ? BETWEEN : FAILED;
	f->failure = INFLATE_BAD;
}

static enum inflate_result
fail(struct inflate *f, enum inflate_result why)
{
	f->state = FAILED;
	f->failure = why;
	return why;
}

static bool
is_over(const struct inflate *f)
{
	if (f->out_bytes > f->limits.max_output)
		return true;
	return f->out_bytes > INFLATE_FREE_BYTES && f->out_bytes / f->limits.max_ratio >= f->in_bytes + 1;
}

/* One call of zlib; counts what it took and made. */
static int
step(struct inflate *f, struct str *input, struct str out, size_t *made)
{
	size_t n = input->len < (1u << 30) ? input->len : (1u << 30);
	f->z.next_in = (z_const Bytef *)(uintptr_t)input->p;
	f->z.avail_in = (uInt)n;
	f->z.next_out = (Bytef *)(uintptr_t)out.p;
	f->z.avail_out = (uInt)out.len;
	int r = inflate(&f->z, Z_NO_FLUSH);
	size_t took = n - f->z.avail_in;
	*made = out.len - f->z.avail_out;
	*input = str_make(input->p + took, input->len - took);
	f->in_bytes += took;
	f->out_bytes += *made;
	return r;
}

enum inflate_result
inflate_next(struct inflate *f, struct str *input, struct str out, struct str *piece)
{
	*piece = str_make(out.p, 0);
	while (f->state != FAILED) {
		if (f->state == BETWEEN && input->len == 0)
			return INFLATE_MORE;
		f->state = INSIDE;
		size_t made = 0;
		int r = step(f, input, out, &made);
		if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
			return fail(f, INFLATE_BAD);
		if (is_over(f))
			return fail(f, INFLATE_LIMIT);
		if (r == Z_STREAM_END) {
			f->any = true;
			f->state = inflateReset(&f->z) == Z_OK ? BETWEEN : FAILED;
		}
		*piece = str_make(out.p, made);
		if (made)
			return INFLATE_PIECE;
		if (input->len == 0) /* full output was handed out above, so zlib holds nothing back */
			return INFLATE_MORE;
	}
	return f->failure;
}

int
inflate_end(const struct inflate *f)
{
	return f->state == BETWEEN && f->any ? 0 : -1;
}

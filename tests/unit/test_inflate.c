#include "unit/unit.h"

#include <zlib.h>

#include "base/buf.h"
#include "ingest/inflate.h"

static char room[4096];
static struct inflate_limits limits;

static void
setup(uint64_t max_output, uint32_t max_ratio)
{
	limits = (struct inflate_limits){.max_output = max_output, .max_ratio = max_ratio};
}

/* One gzip member of text, appended; by zlib's own deflate. */
static void
add_member(struct buf *b, struct str text)
{
	z_stream z = {0};
	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(buf_reserve(b, deflateBound(&z, text.len)), 0);
	z.next_in = (Bytef *)(uintptr_t)text.p;
	z.avail_in = (uInt)text.len;
	z.next_out = (Bytef *)b->data + b->len;
	z.avail_out = (uInt)deflateBound(&z, text.len);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	b->len += z.total_out;
	deflateEnd(&z);
}

/* Decodes gz in pieces of `step`; the last result, and the text in out. */
static enum inflate_result
decode(struct inflate *f, struct str gz, size_t step, struct buf *out, int *end)
{
	buf_clear(out);
	inflate_begin(f, &limits);
	enum inflate_result r = INFLATE_MORE;
	while (gz.len && r == INFLATE_MORE) {
		size_t n = gz.len < step ? gz.len : step;
		struct str piece, in = {gz.p, n};
		gz = str_make(gz.p + n, gz.len - n);
		while ((r = inflate_next(f, &in, str_make(room, sizeof room), &piece)) == INFLATE_PIECE)
			ck_assert_int_eq(buf_add_str(out, piece), 0);
		ck_assert(r != INFLATE_MORE || in.len == 0);
	}
	*end = inflate_end(f);
	return r;
}

static struct buf
sample(size_t n)
{
	struct buf b;
	buf_init(&b, n + 100);
	for (unsigned i = 0; b.len < n; i++)
		ck_assert_int_eq(buf_addf(&b, "{\"id\":%u}\n", i * 2654435761u), 0);
	b.len = n;
	return b;
}

START_TEST(members_decode_to_their_text_however_they_are_cut)
{
	struct inflate *f = inflate_new();
	struct buf text = sample(20000), gz, out;
	buf_init(&gz, 1 << 20);
	buf_init(&out, 1 << 20);
	add_member(&gz, str_make(text.data, 12000));
	add_member(&gz, STR(""));
	add_member(&gz, str_make(text.data + 12000, 8000));
	setup(1 << 20, 100);
	static const size_t steps[] = {1, 2, 7, 100, 1 << 20};
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		int end = -1;
		ck_assert_int_eq(decode(f, buf_str(&gz), steps[i], &out, &end), INFLATE_MORE);
		ck_assert_int_eq(end, 0);
		ck_assert(str_eq(buf_str(&out), buf_str(&text)));
	}
	buf_fini(&text);
	buf_fini(&gz);
	buf_fini(&out);
	inflate_free(f);
}
END_TEST

START_TEST(a_body_that_breaks_off_is_no_body)
{
	struct inflate *f = inflate_new();
	struct buf text = sample(500), gz, out;
	buf_init(&gz, 1 << 20);
	buf_init(&out, 1 << 20);
	add_member(&gz, buf_str(&text));
	setup(1 << 20, 100);
	for (size_t n = 0; n < gz.len; n++) {
		int end = 0;
		ck_assert_int_eq(decode(f, str_make(gz.data, n), 64, &out, &end), INFLATE_MORE);
		ck_assert_int_eq(end, -1);
	}
	buf_fini(&text);
	buf_fini(&gz);
	buf_fini(&out);
	inflate_free(f);
}
END_TEST

START_TEST(damage_and_trailing_bytes_are_errors)
{
	struct inflate *f = inflate_new();
	struct buf text = sample(500), gz, out;
	buf_init(&gz, 1 << 20);
	buf_init(&out, 1 << 20);
	add_member(&gz, buf_str(&text));
	setup(1 << 20, 100);
	int end = 0;
	gz.data[gz.len - 6] ^= 1; /* CRC */
	ck_assert_int_eq(decode(f, buf_str(&gz), 64, &out, &end), INFLATE_BAD);
	gz.data[gz.len - 6] ^= 1;
	ck_assert_int_eq(buf_add(&gz, "garbage", 7), 0);
	ck_assert_int_eq(decode(f, buf_str(&gz), 64, &out, &end), INFLATE_BAD);
	ck_assert_int_eq(end, -1);
	ck_assert_int_eq(decode(f, STR("{\"not\": \"gzip\"}"), 64, &out, &end), INFLATE_BAD);
	struct str in = STR("more"), piece;
	ck_assert_int_eq(inflate_next(f, &in, str_make(room, sizeof room), &piece), INFLATE_BAD);
	buf_fini(&text);
	buf_fini(&gz);
	buf_fini(&out);
	inflate_free(f);
}
END_TEST

START_TEST(the_output_cap_is_exact)
{
	struct inflate *f = inflate_new();
	struct buf text = sample(10000), gz, out;
	buf_init(&gz, 1 << 20);
	buf_init(&out, 1 << 20);
	add_member(&gz, buf_str(&text));
	int end = 0;
	setup(10000, 100);
	ck_assert_int_eq(decode(f, buf_str(&gz), 64, &out, &end), INFLATE_MORE);
	ck_assert_int_eq(end, 0);
	setup(9999, 100);
	ck_assert_int_eq(decode(f, buf_str(&gz), 64, &out, &end), INFLATE_LIMIT);
	ck_assert_int_eq(end, -1);
	buf_fini(&text);
	buf_fini(&gz);
	buf_fini(&out);
	inflate_free(f);
}
END_TEST

START_TEST(the_ratio_is_judged_behind_the_first_mebibyte)
{
	struct inflate *f = inflate_new();
	struct buf zeros, gz, out;
	buf_init(&zeros, 8 << 20);
	buf_init(&gz, 32 << 20);
	buf_init(&out, 32 << 20);
	ck_assert_int_eq(buf_reserve(&zeros, 4 << 20), 0);
	memset(zeros.data, 0, 4 << 20);
	setup(64 << 20, 100);
	int end = 0;
	add_member(&gz, str_make(zeros.data, 1 << 20)); /* about 1000:1, but small */
	ck_assert_int_eq(decode(f, buf_str(&gz), 64, &out, &end), INFLATE_MORE);
	ck_assert_int_eq(end, 0);
	buf_clear(&gz);
	add_member(&gz, str_make(zeros.data, 4 << 20));
	ck_assert_int_eq(decode(f, buf_str(&gz), 64, &out, &end), INFLATE_LIMIT);
	ck_assert_uint_le(out.len, (1 << 20) + sizeof room);
	buf_clear(&gz);
	for (int i = 0; i < 200; i++) /* many small bombs are one bomb */
		add_member(&gz, str_make(zeros.data, 100000));
	ck_assert_int_eq(decode(f, buf_str(&gz), 64, &out, &end), INFLATE_LIMIT);
	setup(64 << 20, 2000);
	ck_assert_int_eq(decode(f, buf_str(&gz), 1 << 20, &out, &end) == INFLATE_LIMIT, 0);
	buf_fini(&zeros);
	buf_fini(&gz);
	buf_fini(&out);
	inflate_free(f);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {members_decode_to_their_text_however_they_are_cut,
	    a_body_that_breaks_off_is_no_body, damage_and_trailing_bytes_are_errors, the_output_cap_is_exact,
	    the_ratio_is_judged_behind_the_first_mebibyte, NULL};
	return unit_run("inflate", tests);
}

#include "unit/unit.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/codec.h"

static void
fill(uint8_t *p, size_t n)
{
	uint32_t x = (uint32_t)n * 2654435761U + 1;
	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		p[i] = (uint8_t)x;
	}
}

START_TEST(codec_sha256_and_hmac_agree_with_openssl)
{
	uint8_t data[300], key[300], ours[SHA256_SIZE], theirs[EVP_MAX_MD_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	codec_sha256(STR("abc"), ours);
	codec_hex(ours, sizeof ours, hex);
	ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	for (size_t n = 0; n < sizeof data; n++) {
		struct str d = str_make((const char *)data, n), k = str_make((const char *)key, n);
		fill(data, n);
		fill(key, n);
		key[0] ^= 0x55;
		codec_sha256(d, ours);
		ck_assert_int_eq(EVP_Digest(data, n, theirs, NULL, EVP_sha256(), NULL), 1);
		ck_assert_mem_eq(ours, theirs, SHA256_SIZE);
		codec_sha256_pieces((struct str[]){str_make(d.p, n / 3), str_make(d.p + n / 3, n - n / 3)}, 2, ours);
		ck_assert_mem_eq(ours, theirs, SHA256_SIZE);
		codec_hmac_sha256(k, d, ours);
		ck_assert_ptr_nonnull(HMAC(EVP_sha256(), key, (int)n, data, n, theirs, NULL));
		ck_assert_mem_eq(ours, theirs, SHA256_SIZE);
	}
}
END_TEST

START_TEST(codec_base64_agrees_with_openssl_and_returns)
{
	uint8_t data[100], back[100], theirs[200];
	char text[200];
	for (size_t n = 0; n <= sizeof data; n++) {
		fill(data, n);
		codec_base64(data, n, text);
		ck_assert_int_eq(EVP_EncodeBlock(theirs, data, (int)n), (int)strlen(text));
		ck_assert_mem_eq(text, theirs, strlen(text));
		ck_assert_int_eq(codec_base64_decode(str_of(text), back, n), (ptrdiff_t)n);
		if (n > 0) {
			ck_assert_mem_eq(back, data, n);
			ck_assert_int_eq(codec_base64_decode(str_of(text), back, n - 1), -1);
		}
	}
}
END_TEST

START_TEST(codec_base64_refuses_what_is_not_strict)
{
	uint8_t out[16];
	static const char *const bad[] = {"A", "AA", "AAA", "AAAAA", "====", "A===", "AA=A", "=AAA", "AB==", "AAB=",
	    "AAA-", "AAA_", "AA A", "AAAA\n", "AA==AAAA"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(codec_base64_decode(str_of(bad[i]), out, sizeof out) == -1, "%s", bad[i]);
	ck_assert_int_eq(codec_base64_decode(STR("AA=="), out, sizeof out), 1);
	ck_assert_int_eq(codec_base64_decode(STR(""), out, 0), 0);
}
END_TEST

/* An oracle that decodes to a code point and judges that, not the bytes. */
static bool
oracle_valid(const uint8_t *p, size_t n)
{
	while (n > 0) {
		size_t len = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : *p >> 3 == 30 ? 4 : 0;
		if (len == 0 || len > n)
			return false;
		uint32_t c = len == 1 ? *p : *p & (0xFFU >> (len + 1));
		for (size_t i = 1; i < len; i++) {
			if (p[i] >> 6 != 2)
				return false;
			c = c << 6 | (p[i] & 63U);
		}
		static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
		if (c < least[len] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
			return false;
		p += len;
		n -= len;
	}
	return true;
}

START_TEST(codec_utf8_valid_agrees_with_decoding)
{
	uint8_t s[16];
	memset(s, 'a', sizeof s);
	for (uint32_t x = 0; x < 1U << 16; x++) {
		s[7] = (uint8_t)(x >> 8);
		s[8] = (uint8_t)x;
		for (int third = 0x7F; third <= 0xC1; third += 0x21) {
			s[9] = (uint8_t)third;
			s[10] = 0xBF;
			for (size_t n = 8; n <= 12; n++)
				ck_assert_int_eq(codec_utf8_valid(str_make((char *)s, n)), oracle_valid(s, n));
		}
	}
}
END_TEST

START_TEST(codec_utf8_repair_replaces_each_maximal_subpart)
{
	/* The example of Unicode 15, table 3-11, and a cut tail. */
	struct buf b;
	buf_init(&b, 100);
	ck_assert_int_eq(codec_utf8_repair(STR("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), &b), 0);
	ck_assert_str_eq(b.data, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\x41");
	buf_clear(&b);
	ck_assert_int_eq(codec_utf8_repair(STR("\xC0\xAF\xED\xA0\x80z\xE2\x82"), &b), 0);
	ck_assert_str_eq(b.data,
	    "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD");
	buf_fini(&b);
	buf_init(&b, 4);
	ck_assert_int_eq(buf_add(&b, "k", 1), 0);
	ck_assert_int_eq(codec_utf8_repair(STR("a\xFF"), &b), -1);
	ck_assert_str_eq(b.data, "k");
	buf_fini(&b);
}
END_TEST

START_TEST(codec_control_len_knows_what_is_not_to_be_printed)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {{"", 0}, {"a", 0}, {"\x1b[2J", 1}, {"\n", 1}, {"\x7f", 1}, {"\xc2\x9b", 2}, {"\xc2\xa0", 0}, {"\xc2", 0},
	    {"\xc2\x7f", 0}, {"\xe2\x80\xae", 3}, {"\xe2\x80\xa8", 3}, {"\xe2\x81\xa6", 3}, {"\xe2\x80\xb0", 0},
	    {"\xe2\x80", 0}, {"\xc3\xa9", 0}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_msg(codec_control_len(str_of(rows[i].text)) == rows[i].len, "row %zu", i);
}
END_TEST

START_TEST(codec_netstring_frames_or_leaves_the_buffer)
{
	struct buf b;
	buf_init(&b, 10);
	ck_assert_int_eq(codec_netstring(&b, STR("hello")), 0);
	ck_assert_str_eq(b.data, "5:hello,");
	ck_assert_int_eq(codec_netstring(&b, STR("")), -1);
	ck_assert_str_eq(b.data, "5:hello,");
	buf_fini(&b);
}
END_TEST

START_TEST(codec_crc32c_gives_the_published_values_and_continues)
{
	/* RFC 3720 appendix B.4 and the usual check value. */
	uint8_t p[32] = {0};
	ck_assert_uint_eq(codec_crc32c(0, "123456789", 9), 0xE3069283);
	ck_assert_uint_eq(codec_crc32c(0, p, 32), 0x8A9136AA);
	memset(p, 0xFF, sizeof p);
	ck_assert_uint_eq(codec_crc32c(0, p, 32), 0x62A8AB43);
	for (uint8_t i = 0; i < 32; i++)
		p[i] = i;
	ck_assert_uint_eq(codec_crc32c(0, p, 32), 0x46DD794E);
	for (size_t cut = 0; cut <= 32; cut++)
		ck_assert_uint_eq(codec_crc32c(codec_crc32c(0, p, cut), p + cut, 32 - cut), 0x46DD794E);
}
END_TEST

START_TEST(codec_equal_const_compares_all_bytes)
{
	ck_assert(codec_equal_const("abc", "abc", 3));
	ck_assert(!codec_equal_const("abc", "abd", 3));
	ck_assert(codec_equal_const(NULL, NULL, 0));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {codec_sha256_and_hmac_agree_with_openssl,
	    codec_base64_agrees_with_openssl_and_returns, codec_base64_refuses_what_is_not_strict,
	    codec_utf8_valid_agrees_with_decoding, codec_utf8_repair_replaces_each_maximal_subpart,
	    codec_control_len_knows_what_is_not_to_be_printed,
	    codec_netstring_frames_or_leaves_the_buffer, codec_crc32c_gives_the_published_values_and_continues,
	    codec_equal_const_compares_all_bytes, NULL};
	return unit_run("codec", tests);
}

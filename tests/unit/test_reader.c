#include "command/reader.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "unit/unit.h"

/* {"a":1} and a newline, as gzip -n writes it */
static const char packed[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xab\x56\x4a\x54"
			     "\xb2\x32\xac\xe5\x02\x00\x46\xa3\xe8\x74\x08\x00\x00\x00";
enum { PACKED_LEN = sizeof packed - 1 };

/* All that reader gives of a file with these bytes; -1 when it fails. */
static int
read_all(const void *bytes, size_t len, struct buf *out, struct fail *why)
{
	char path[] = "/tmp/picketd-reader-XXXXXX";
	struct str piece = STR("");
	int fd = mkstemp(path), failed;
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	close(fd);
	struct reader *r = reader_open(path, why);
	ck_assert_ptr_nonnull(r);
	while (!(failed = reader_next(r, &piece, why)) && piece.len)
		ck_assert_int_eq(buf_add_str(out, piece), 0);
	reader_close(r);
	unlink(path);
	return failed;
}

static void
check_read(const void *bytes, size_t len, struct str wanted)
{
	struct fail why = {0};
	struct buf out;
	buf_init(&out, 1 << 20);
	ck_assert_msg(read_all(bytes, len, &out, &why) == 0, "%s", why.text);
	ck_assert(str_eq(buf_str(&out), wanted));
	buf_fini(&out);
}

static void
check_fails(const void *bytes, size_t len, const char *words)
{
	struct fail why = {0};
	struct buf out;
	buf_init(&out, 1 << 20);
	ck_assert_int_eq(read_all(bytes, len, &out, &why), -1);
	ck_assert_msg(strstr(why.text, words) != NULL, "%s", why.text);
	buf_fini(&out);
}

START_TEST(reader_gives_a_plain_file_as_it_is)
{
	check_read("", 0, STR(""));
	check_read("x", 1, STR("x"));
	check_read("\x1f", 1, STR("\x1f"));
	check_read("\x1fno gzip\n", 9, STR("\x1fno gzip\n"));
}
END_TEST

START_TEST(reader_decodes_gzip_and_members_behind_it)
{
	char twice[2 * PACKED_LEN];
	memcpy(twice, packed, PACKED_LEN);
	memcpy(twice + PACKED_LEN, packed, PACKED_LEN);
	check_read(packed, PACKED_LEN, STR("{\"a\":1}\n"));
	check_read(twice, sizeof twice, STR("{\"a\":1}\n{\"a\":1}\n"));
}
END_TEST

START_TEST(reader_refuses_damaged_gzip)
{
	char bytes[PACKED_LEN + 4];
	for (size_t len = 2; len < PACKED_LEN; len++)
		check_fails(packed, len, "breaks off");
	memcpy(bytes, packed, PACKED_LEN);
	memcpy(bytes + PACKED_LEN, "junk", 4);
	check_fails(bytes, sizeof bytes, "damaged");
	bytes[PACKED_LEN - 7] ^= 1; /* of the checksum */
	check_fails(bytes, PACKED_LEN, "damaged");
}
END_TEST

START_TEST(reader_says_why_a_file_cannot_be_read)
{
	struct fail why = {0};
	struct str piece;
	ck_assert_ptr_null(reader_open("/tmp/picketd-reader-is-not-there", &why));
	ck_assert_ptr_nonnull(strstr(why.text, "No such file"));
	struct reader *r = reader_open("/tmp", &why);
	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(reader_next(r, &piece, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.text, "directory"));
	reader_close(r);
}
END_TEST

START_TEST(reader_takes_standard_input_in_small_pieces)
{
	int ends[2], kept = dup(STDIN_FILENO);
	struct fail why = {0};
	struct str piece;
	struct buf out;
	buf_init(&out, 1024);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	struct reader *r = reader_open("-", &why);
	ck_assert_int_eq(write(ends[1], packed, PACKED_LEN), PACKED_LEN);
	close(ends[1]);
	while (reader_next(r, &piece, &why) == 0 && piece.len)
		ck_assert_int_eq(buf_add_str(&out, piece), 0);
	ck_assert(str_eq(buf_str(&out), STR("{\"a\":1}\n")));
	reader_close(r);
	buf_fini(&out);
	dup2(kept, STDIN_FILENO);
	close(kept);
	close(ends[0]);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {reader_gives_a_plain_file_as_it_is, reader_decodes_gzip_and_members_behind_it,
	    reader_refuses_damaged_gzip, reader_says_why_a_file_cannot_be_read,
	    reader_takes_standard_input_in_small_pieces, NULL};
	return unit_run("reader", tests);
}

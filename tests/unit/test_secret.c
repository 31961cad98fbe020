#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/secret.h"
#include "unit.h"

static char directory[64];

/* A file in a directory of this process, 0600. */
static const char *
put(const char *name, const char *data, size_t len)
{
	static char path[128];
	snprintf(directory, sizeof(directory), "/tmp/test-secret-%d", (int)getpid());
	(void)mkdir(directory, 0700);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(path, 0600), 0);
	return path;
}

static void
clean(const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	unlink(path);
	rmdir(directory);
}

static int
read_file_secret(const char *path, struct secret *s, struct fail *why)
{
	char reference[160];
	snprintf(reference, sizeof(reference), "file:%s", path);
	return secret_read(s, str_of(reference), why);
}

START_TEST(secret_strips_one_newline_and_keeps_the_reference)
{
	struct secret s = {0};
	struct fail why = {0};
	const char *path = put("key", "abc123\n", 7);
	ck_assert_msg(read_file_secret(path, &s, &why) == 0, "%s", why.text);
	ck_assert_str_eq(s.value, "abc123");
	ck_assert_uint_eq(s.len, 6);
	ck_assert_ptr_nonnull(strstr(s.reference, path));
	secret_fini(&s);
	ck_assert_ptr_null(s.value);
	char printed[160];
	snprintf(printed, sizeof(printed), "<file:%s>", path);
	ck_assert(secret_is_reference(str_of(printed)));
	ck_assert_int_eq(secret_read(&s, str_of(printed), &why), 0);
	ck_assert_int_eq(strncmp(s.reference, "file:/", 6), 0);
	secret_fini(&s);
	clean("key");
}
END_TEST

START_TEST(secret_files_must_be_closed_to_others)
{
	static const mode_t refused[] = {0644, 0640, 0604, 0660, 0700, 0500, 0000, 04600};
	struct secret s = {0};
	struct fail why = {0};
	const char *path = put("key", "abc", 3);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		ck_assert_int_eq(chmod(path, refused[i]), 0);
		ck_assert_msg(read_file_secret(path, &s, &why) < 0, "%o", refused[i]);
	}
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_lt(read_file_secret(path, &s, &why), 0);
	ck_assert_ptr_nonnull(strstr(why.text, "has mode 0644; others can read it: chmod 0600"));
	ck_assert_int_eq(chmod(path, 0400), 0);
	ck_assert_int_eq(read_file_secret(path, &s, &why), 0);
	secret_fini(&s);
	clean("key");
}
END_TEST

START_TEST(secret_is_at_most_4_KiB_of_printable_text)
{
	struct secret s = {0};
	struct fail why = {0};
	char *data = mem_zero(SECRET_MAX + 2, 1);
	memset(data, 'x', SECRET_MAX + 2);
	data[SECRET_MAX] = '\n';
	ck_assert_int_eq(read_file_secret(put("key", data, SECRET_MAX + 1), &s, &why), 0);
	ck_assert_uint_eq(s.len, SECRET_MAX);
	secret_fini(&s);
	data[SECRET_MAX] = 'x';
	ck_assert_int_lt(read_file_secret(put("key", data, SECRET_MAX + 1), &s, &why), 0);
	ck_assert_ptr_nonnull(strstr(why.text, "larger than 4096 bytes"));
	ck_assert_int_lt(read_file_secret(put("key", data, SECRET_MAX + 2), &s, &why), 0);
	mem_free(data);
	static const struct {
		const char *data;
		size_t len;
		const char *part;
	} bad[] = {{"", 0, "is empty"}, {"\n", 1, "is empty"}, {"a b", 3, "byte 2 is a space"},
	    {"ab\n\n", 4, "byte 3"}, {"ab\r\n", 4, "byte 3"}, {"a\0b", 3, "byte 2"}, {"\xc3\xa9", 2, "byte 1"}};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ck_assert_int_lt(read_file_secret(put("key", bad[i].data, bad[i].len), &s, &why), 0);
		ck_assert_msg(strstr(why.text, bad[i].part) != NULL, "%s", why.text);
	}
	clean("key");
}
END_TEST

START_TEST(secret_refuses_inline_values_without_repeating_them)
{
	static const char *const bad[] = {"hunter2", "whsec_hunter2", "file:hunter2", "file:", "file:./hunter2", "cred:",
	    "cred:../hunter2", "cred:a/b", "cred:.hidden", "env:HUNTER2", "<hunter2>"};
	struct secret s = {0};
	setenv("CREDENTIALS_DIRECTORY", "/tmp", 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct fail why = {0};
		ck_assert_msg(secret_read(&s, str_of(bad[i]), &why) < 0, "%s", bad[i]);
		ck_assert_str_eq(why.code, "secret");
		ck_assert_msg(strstr(why.text, "unter2") == NULL, "%s", why.text);
	}
	ck_assert(!secret_is_reference(STR("hunter2")));
}
END_TEST

START_TEST(secret_reads_credentials_of_the_service_manager)
{
	struct secret s = {0};
	struct fail why = {0};
	const char *path = put("soc-key", "abc\n", 4);
	ck_assert_int_eq(chmod(path, 0440), 0);
	unsetenv("CREDENTIALS_DIRECTORY");
	ck_assert_int_lt(secret_read(&s, STR("cred:soc-key"), &why), 0);
	ck_assert_ptr_nonnull(strstr(why.text, "LoadCredential=soc-key:PATH"));
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	ck_assert_msg(secret_read(&s, STR("cred:soc-key"), &why) == 0, "%s", why.text);
	ck_assert_str_eq(s.value, "abc");
	ck_assert_str_eq(s.reference, "cred:soc-key");
	secret_fini(&s);
	ck_assert_int_lt(secret_read(&s, STR("cred:other"), &why), 0);
	ck_assert_ptr_nonnull(strstr(why.text, "No such file"));
	clean("soc-key");
}
END_TEST

START_TEST(secret_signing_keys_are_24_to_64_bytes_in_base64)
{
	static const struct {
		const char *text;
		bool good;
	} keys[] = {
	    {"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", true}, /* 24 bytes */
	    {"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=", false}, /* 23 */
	    {"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", false},
	    {"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI*", false},
	    {"whsec_", false},
	    /* 64 and 65 bytes of '0' */
	    {"whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA==", true},
	    {"whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=", false},
	};
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		char text[128];
		snprintf(text, sizeof(text), "%s", keys[i].text);
		struct secret s = {.value = text, .len = strlen(text)};
		ck_assert_msg(secret_is_signing_key(&s) == keys[i].good, "%s", text);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {secret_strips_one_newline_and_keeps_the_reference,
	    secret_files_must_be_closed_to_others, secret_is_at_most_4_KiB_of_printable_text,
	    secret_refuses_inline_values_without_repeating_them, secret_reads_credentials_of_the_service_manager,
	    secret_signing_keys_are_24_to_64_bytes_in_base64, NULL};
	return unit_run("secret", tests);
}

#include "config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/mem.h"

enum { KEY_MIN = 24, KEY_MAX = 64 };

static struct str
without_brackets(struct str text)
{
	if (text.len > 2 && text.p[0] == '<' && text.p[text.len - 1] == '>')
		return str_make(text.p + 1, text.len - 2);
	return text;
}

bool
secret_is_reference(struct str text)
{
	text = without_brackets(text);
	return str_starts(text, STR("cred:")) || str_starts(text, STR("file:"));
}

static bool
is_credential_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		        c == '.'))
			return false;
	}
	return name.len > 0 && name.len <= 255 && name.p[0] != '.';
}

/* cred:NAME to a path. */
static int
credential_path(struct str name, char path[PATH_MAX], struct fail *why)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	if (!is_credential_name(name))
		return fail_set(why, "secret", "a credential's name has only letters, digits, - _ and .");
	if (!directory || directory[0] != '/')
		return fail_set(why, "secret",
		    "credential %.*s: $CREDENTIALS_DIRECTORY is not set; add LoadCredential=%.*s:PATH to the unit, or use file:/path",
		    (int)name.len, name.p, (int)name.len, name.p);
	int len = snprintf(path, PATH_MAX, "%s/%.*s", directory, (int)name.len, name.p);
	return len < PATH_MAX ? 0 : fail_set(why, "secret", "the path of the credential is too long");
}

static int
file_path(struct str name, char path[PATH_MAX], struct fail *why)
{
	if (name.len == 0 || name.p[0] != '/')
		return fail_set(why, "secret", "the path behind file: must begin with /");
	if (name.len >= PATH_MAX || memchr(name.p, '\0', name.len))
		return fail_set(why, "secret", "the path behind file: is too long or holds a NUL");
	memcpy(path, name.p, name.len);
	path[name.len] = '\0';
	return 0;
}

/* Credentials have the modes that systemd gave them. */
static int
check_file(int fd, const char *path, bool check_mode, struct fail *why)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return fail_set(why, "secret", "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail_set(why, "secret", "%s is not a regular file", path);
	unsigned mode = st.st_mode & 07777;
	if (check_mode && mode != 0600 && mode != 0400)
		return fail_set(why, "secret", "%s has mode %04o; others can read it: chmod 0600", path, mode);
	return 0;
}

/* At most size bytes. */
static ptrdiff_t
read_up_to(int fd, char *out, size_t size)
{
	size_t len = 0;
	while (len < size) {
		ssize_t n = read(fd, out + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ptrdiff_t)len;
}

static int
check_value(const char *value, size_t len, const char *path, struct fail *why)
{
	if (len == 0)
		return fail_set(why, "secret", "%s is empty", path);
	for (size_t i = 0; i < len; i++)
		if (value[i] < 0x21 || value[i] > 0x7e)
			return fail_set(why, "secret", "%s: byte %zu is a space, a control byte or not ASCII", path, i + 1);
	return 0;
}

static int
read_value(struct secret *s, const char *path, bool check_mode, struct fail *why)
{
	char *value = NULL;
	int result = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fail_set(why, "secret", "%s: %s", path, strerror(errno));
	if (check_file(fd, path, check_mode, why) < 0)
		goto out;
	/* One byte more than allowed shows a file that is too large; a newline may be one of them. */
	value = mem_zero(SECRET_MAX + 3, 1);
	if (!value) {
		fail_set(why, "memory", "out of memory");
		goto out;
	}
	/* Best effort: RLIMIT_MEMLOCK may be 0. Never unlocked, as other secrets may share the page. */
	(void)mlock(value, SECRET_MAX + 3);
	ptrdiff_t len = read_up_to(fd, value, SECRET_MAX + 2);
	if (len < 0) {
		fail_set(why, "secret", "%s: %s", path, strerror(errno));
		goto out;
	}
	if (len > 0 && value[len - 1] == '\n')
		value[--len] = '\0';
	if (len > SECRET_MAX) {
		fail_set(why, "secret", "%s is larger than %d bytes", path, SECRET_MAX);
		goto out;
	}
	if (check_value(value, (size_t)len, path, why) < 0)
		goto out;
	s->value = value;
	s->len = (size_t)len;
	value = NULL;
	result = 0;
out:
	if (value)
		explicit_bzero(value, SECRET_MAX + 3);
	mem_free(value);
	close(fd);
	return result;
}

int
secret_read(struct secret *s, struct str reference, struct fail *why)
{
	char path[PATH_MAX];
	struct str text = without_brackets(reference);
	bool is_credential = str_starts(text, STR("cred:"));
	if (!is_credential && !str_starts(text, STR("file:")))
		return fail_set(why, "secret", "a secret is given as cred:NAME or file:/path, never in the file itself");
	struct str name = str_make(text.p + 5, text.len - 5);
	if ((is_credential ? credential_path(name, path, why) : file_path(name, path, why)) < 0)
		return -1;
	struct secret loaded = {.reference = mem_copy_str(text)};
	if (!loaded.reference)
		return fail_set(why, "memory", "out of memory");
	if (read_value(&loaded, path, !is_credential, why) < 0) {
		secret_fini(&loaded);
		return -1;
	}
	*s = loaded;
	return 0;
}

bool
secret_is_signing_key(const struct secret *s)
{
	uint8_t key[KEY_MAX];
	struct str text = str_make(s->value, s->len);
	if (!s->value || !str_starts(text, STR("whsec_")))
		return false;
	ptrdiff_t len = codec_base64_decode(str_make(text.p + 6, text.len - 6), key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	return len >= KEY_MIN;
}

void
secret_fini(struct secret *s)
{
	if (s->value)
		explicit_bzero(s->value, s->len);
	mem_free(s->value);
	mem_free(s->reference);
	*s = (struct secret){0};
}

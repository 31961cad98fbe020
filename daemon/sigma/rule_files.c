#include "sigma/rule_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { FILES_MAX = 20000, DEPTH_MAX = 8, PATH_SIZE = 4096 };

void
rule_files_fini(struct rule_files *files)
{
	for (size_t i = 0; i < files->len; i++)
		mem_free(files->paths[i]);
	mem_free(files->paths);
	*files = (struct rule_files){0};
}

static int
add_file(struct rule_files *files, const char *path, struct fail_list *problems)
{
	if (files->len == FILES_MAX)
		return fail_list_at(problems, path, 0, 0, "too-many-files", "more than %d rule files", FILES_MAX);
	if (files->len == files->size) {
		size_t size = files->size ? files->size * 2 : 64;
		char **grown = mem_resize(files->paths, size, sizeof(*grown));
		if (!grown)
			return fail_list_at(problems, path, 0, 0, "memory", "out of memory");
		files->paths = grown;
		files->size = size;
	}
	char *copy = mem_copy_str(str_of(path));
	if (!copy)
		return fail_list_at(problems, path, 0, 0, "memory", "out of memory");
	files->paths[files->len++] = copy;
	return 0;
}

static bool
is_rule_name(const char *name)
{
	struct str text = str_of(name);
	for (size_t len = 4; len <= 5 && text.len > len; len++) {
		struct str end = str_make(text.p + text.len - len, len);
		if (str_eq_nocase(end, STR(".yml")) || str_eq_nocase(end, STR(".yaml")))
			return true;
	}
	return false;
}

static int list_directory(struct rule_files *files, const char *path, unsigned depth, struct fail_list *problems);

static int
list_entry(struct rule_files *files, const char *path, const char *name, unsigned depth, struct fail_list *problems)
{
	char full[PATH_SIZE];
	struct stat st;
	int len = snprintf(full, sizeof(full), "%s/%s", path, name);
	if (name[0] == '.')
		return 0;
	if (len < 0 || (size_t)len >= sizeof(full))
		return fail_list_at(problems, path, 0, 0, "io", "a path is longer than %d bytes", PATH_SIZE);
	if (stat(full, &st))
		return fail_list_at(problems, full, 0, 0, "io", "cannot read: %s", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return list_directory(files, full, depth + 1, problems);
	return S_ISREG(st.st_mode) && is_rule_name(name) ? add_file(files, full, problems) : 0;
}

static int
list_directory(struct rule_files *files, const char *path, unsigned depth, struct fail_list *problems)
{
	if (depth > DEPTH_MAX)
		return fail_list_at(problems, path, 0, 0, "io", "directories are nested deeper than %d", DEPTH_MAX);
	DIR *dir = opendir(path);
	if (!dir)
		return fail_list_at(problems, path, 0, 0, "io", "cannot read the directory: %s", strerror(errno));
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		(void)list_entry(files, path, entry->d_name, depth, problems); /* one bad entry hides no other */
	closedir(dir);
	return 0;
}

static int
compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
rule_files_list(struct rule_files *files, const char *path, struct fail_list *problems)
{
	struct stat st;
	if (stat(path, &st))
		return fail_list_at(problems, path, 0, 0, "io", "cannot read: %s", strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return add_file(files, path, problems);
	size_t first = files->len;
	if (list_directory(files, path, 0, problems))
		return -1;
	if (files->len > first)
		qsort(files->paths + first, files->len - first, sizeof(*files->paths), compare_paths);
	return 0;
}

int
rule_file_read(const char *path, struct buf *out, struct fail *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = -1;
	if (fd >= 0 && !buf_reserve(out, RULE_FILE_MAX + 1)) {
		while (out->len <= RULE_FILE_MAX &&
		    (n = read(fd, out->data + out->len, RULE_FILE_MAX + 1 - out->len)) > 0)
			out->len += (size_t)n;
	}
	int error = errno;
	if (fd >= 0)
		close(fd);
	if (fd < 0 || n < 0)
		return fail_at(why, path, 0, 0, "io", "cannot read: %s", strerror(error));
	return 0;
}

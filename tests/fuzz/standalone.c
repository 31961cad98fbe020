/* Runs a fuzz target over files, and over their longest truncations, where
 * there is no libFuzzer. Directories are walked. Without arguments fuzz_X
 * takes tests/corpus/X, which must not be empty. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

enum { FILE_MAX_BYTES = 1 << 20, TRUNCATE_MAX_BYTES = 1 << 10 };

static size_t runs;

static void
run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *data = malloc(FILE_MAX_BYTES);

	if (!file || !data) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	size_t size = fread(data, 1, FILE_MAX_BYTES, file);
	size_t from = size > TRUNCATE_MAX_BYTES ? size - TRUNCATE_MAX_BYTES : 0;
	for (size_t n = from; n <= size; n++, runs++) {
		char *exact = malloc(n ? n : 1); /* so that a sanitizer sees a read behind the end */
		if (!exact)
			exit(1);
		memcpy(exact, data, n);
		LLVMFuzzerTestOneInput((const uint8_t *)exact, n);
		free(exact);
	}
	free(data);
	fclose(file);
}

static void
run_path(const char *path)
{
	char name[4096];
	DIR *dir = opendir(path);

	if (!dir) {
		run_file(path);
		return;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		int n = snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (n > 0 && (size_t)n < sizeof(name))
			run_path(name);
	}
	closedir(dir);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run_path(argv[i]);
	if (argc == 1) {
		const char *name = strstr(argv[0], "fuzz_");
		char path[4096];
		int n = snprintf(path, sizeof(path), "%s/tests/corpus/%s", SRCDIR, name ? name + strlen("fuzz_") : "");
		if (n > 0 && (size_t)n < sizeof(path))
			run_path(path);
	}
	printf("%zu runs\n", runs);
	return runs == 0;
}

/* The rule files of a directory: *.yml and *.yaml in it and below, by name;
 * hidden ones are left out. Owned by the caller. At most 20,000 files, eight
 * directories deep, each file at most 1 MiB. */
#ifndef SIGMA_RULE_FILES_H
#define SIGMA_RULE_FILES_H

#include <stddef.h>

#include "base/buf.h"
#include "base/fail.h"

enum { RULE_FILE_MAX = 1 << 20 };

struct rule_files {
	char **paths;
	size_t len, size;
};

/* path: a directory, or one file of any name. What cannot be read goes to *problems; -1 when path itself cannot. */
int rule_files_list(struct rule_files *files, const char *path, struct fail_list *problems)
    __attribute__((warn_unused_result));
void rule_files_fini(struct rule_files *files);
/* One more byte than RULE_FILE_MAX when the file is longer. */
int rule_file_read(const char *path, struct buf *out, struct fail *why) __attribute__((warn_unused_result));

#endif

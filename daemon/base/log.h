/* Structured log lines: a constant message and typed tags, to the journal, as
 * logfmt or JSON lines on stderr. Process-wide, any thread, never blocks on
 * more than one write(2). Each call site may write `rate` lines a second; the
 * rest become one "suppressed" line. Control bytes are escaped; values are cut
 * at 1 KiB. Secrets have a type of their own and print as ***. Floors 0 to 6
 * never log above debug. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum log_level { LOG_LEVEL_CRIT, LOG_LEVEL_ERR, LOG_LEVEL_WARN, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_AUTO, LOG_JOURNAL, LOG_LOGFMT, LOG_JSON };

struct log_tag {
	const char *key; /* snake_case; NULL ends the list */
	enum { LOG_TAG_STR, LOG_TAG_INT, LOG_TAG_FAIL, LOG_TAG_SECRET } type;
	struct str text;
	int64_t number;
	const void *fail; /* struct fail * */
};
#define LOG_STR(k, s) ((struct log_tag){.key = (k), .type = LOG_TAG_STR, .text = (s)})
#define LOG_TEXT(k, z) ((struct log_tag){.key = (k), .type = LOG_TAG_STR, .text = str_of(z)})
#define LOG_INT(k, i) ((struct log_tag){.key = (k), .type = LOG_TAG_INT, .number = (i)})
#define LOG_WHY(f) ((struct log_tag){.key = "error", .type = LOG_TAG_FAIL, .fail = (f)})
#define LOG_SECRET(k) ((struct log_tag){.key = (k), .type = LOG_TAG_SECRET}) /* says that there is one */
#define LOG_END ((struct log_tag){.key = NULL})

/* Before: info, auto, 50 lines a second. A rate of 0 is no limit. Any thread may log meanwhile. */
void log_setup(enum log_level level, enum log_format format, unsigned lines_per_second);
bool log_level_parse(struct str text, enum log_level *out);
bool log_format_parse(struct str text, enum log_format *out);

/* file and line name the call site, whose rate is counted. */
void log_write(enum log_level level, const char *file, int line, const char *message, const struct log_tag *tags);
#define log_at(level, message, ...) \
	log_write((level), __FILE__, __LINE__, (message), (const struct log_tag[]){__VA_ARGS__})
#define log_crit(...) log_at(LOG_LEVEL_CRIT, __VA_ARGS__)
#define log_err(...) log_at(LOG_LEVEL_ERR, __VA_ARGS__)
#define log_warn(...) log_at(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_notice(...) log_at(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif

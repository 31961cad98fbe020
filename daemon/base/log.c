#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_line.h"
#include "base/log_rate.h"

enum { DEFAULT_RATE = 50 };

static atomic_uint max_level = LOG_LEVEL_INFO;
static atomic_uint chosen = LOG_AUTO; /* LOG_AUTO until the first line or log_setup decides */
static atomic_uint lines_per_second = DEFAULT_RATE;
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static struct log_rate rates; /* guarded by mu */

/* sd_journal_stream(3): stderr is the journal if $JOURNAL_STREAM names its device and inode. */
static bool
is_journal(int fd)
{
	const char *text = getenv("JOURNAL_STREAM");
	struct stat st;
	int64_t device, inode;
	struct str rest = str_of(text);
	if (!text || fstat(fd, &st) != 0)
		return false;
	struct str first = str_split(&rest, ':');
	return str_to_i64(first, &device) && str_to_i64(rest, &inode) && (dev_t)device == st.st_dev &&
	    (ino_t)inode == st.st_ino;
}

static enum log_format
decide(enum log_format format)
{
	if (format != LOG_AUTO)
		return format;
	if (is_journal(STDERR_FILENO))
		return LOG_JOURNAL;
	return isatty(STDERR_FILENO) ? LOG_LOGFMT : LOG_JSON;
}

void
log_setup(enum log_level level, enum log_format format, unsigned rate)
{
	atomic_store(&max_level, level);
	atomic_store(&chosen, decide(format));
	atomic_store(&lines_per_second, rate);
}

bool
log_level_parse(struct str text, enum log_level *out)
{
	static const struct {
		const char *name;
		enum log_level level;
	} names[] = {{"crit", LOG_LEVEL_CRIT}, {"err", LOG_LEVEL_ERR}, {"error", LOG_LEVEL_ERR},
	    {"warn", LOG_LEVEL_WARN}, {"warning", LOG_LEVEL_WARN}, {"notice", LOG_LEVEL_NOTICE},
	    {"info", LOG_LEVEL_INFO}, {"debug", LOG_LEVEL_DEBUG}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_eq(text, str_of(names[i].name))) {
			*out = names[i].level;
			return true;
		}
	}
	return false;
}

bool
log_format_parse(struct str text, enum log_format *out)
{
	static const char *const names[] = {
	    [LOG_AUTO] = "auto", [LOG_JOURNAL] = "journal", [LOG_LOGFMT] = "logfmt", [LOG_JSON] = "json"};
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_eq(text, str_of(names[i]))) {
			*out = (enum log_format)i;
			return true;
		}
	}
	return false;
}

static void
emit(const struct log_line *line)
{
	struct buf out;
	unsigned format = atomic_load(&chosen);
	if (format == LOG_AUTO) {
		format = decide(LOG_AUTO);
		atomic_store(&chosen, format);
	}
	buf_init(&out, LOG_LINE_MAX);
	if (format == LOG_JOURNAL) {
		struct iovec fields[LOG_FIELDS_MAX];
		int n = log_line_journal(line, &out, fields);
		if (n > 0 && sd_journal_sendv(fields, n) >= 0)
			goto out;
		buf_clear(&out); /* the journal is away: stderr is still better than silence */
	}
	if (format == LOG_JSON)
		log_line_json(line, &out);
	else
		log_line_logfmt(line, &out);
	out.max = LOG_LINE_MAX + 1;
	if (buf_add(&out, "\n", 1) == 0) {
		ssize_t written = write(STDERR_FILENO, out.data, out.len);
		(void)written; /* nobody is left to tell */
	}
out:
	buf_fini(&out);
}

static void
emit_suppressed(const struct log_site *site, int64_t wall_ms)
{
	struct log_tag tags[] = {LOG_TEXT("line", site->message), LOG_INT("count", (int64_t)site->suppressed), LOG_END};
	emit(&(struct log_line){LOG_LEVEL_WARN, site->file, site->line, "suppressed", tags, wall_ms});
}

void
log_write(enum log_level level, const char *file, int line, const char *message, const struct log_tag *tags)
{
	struct log_site owed[4];
	unsigned owed_count = 0;
	if ((unsigned)level > atomic_load_explicit(&max_level, memory_order_relaxed))
		return;
	int64_t now_ms = clock_mono_ms(), wall_ms = clock_wall_ms();
	pthread_mutex_lock(&mu);
	while (owed_count < sizeof owed / sizeof *owed && log_rate_settle(&rates, now_ms, &owed[owed_count]))
		owed_count++;
	bool may = log_rate_take(&rates, file, line, message, now_ms, atomic_load(&lines_per_second));
	pthread_mutex_unlock(&mu);
	for (unsigned i = 0; i < owed_count; i++)
		emit_suppressed(&owed[i], wall_ms);
	if (may)
		emit(&(struct log_line){level, file, line, message, tags, wall_ms});
}

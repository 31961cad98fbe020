/* syslog_frame over any bytes: the same frames whole and byte by byte, none
 * longer than the limit. The first byte chooses the framing. */
#include <stdlib.h>

#include "base/buf.h"
#include "fuzz/fuzz.h"
#include "ingest/syslog_frame.h"

enum { MAX_FRAME = 40 };

static void
add(struct buf *log, char kind, struct str text)
{
	if (buf_add(log, &kind, 1) != 0 || buf_add_str(log, text) != 0 || buf_add(log, "|", 1) != 0)
		abort();
}

/* Everything that is in input[from..to); false when the connection is to be closed. */
static bool
drain(struct syslog_frame *f, struct str input, size_t *from, size_t to, struct buf *log)
{
	for (;;) {
		size_t used = 0, n = to - *from;
		struct str frame;
		const char *reason;
		char *copy = malloc(n ? n : 1); /* exact, for AddressSanitizer */
		if (!copy)
			abort();
		memcpy(copy, input.p + *from, n);
		enum frame_result r = syslog_frame_next(f, str_make(copy, n), &used, &frame, &reason);
		if (used > n || frame.len > MAX_FRAME || (r == FRAME_MORE && n - used > MAX_FRAME + 16))
			abort();
		if (r != FRAME_MORE)
			add(log, r == FRAME_TEXT ? '=' : '!', r == FRAME_TEXT ? frame : str_of(reason));
		free(copy);
		*from += used;
		if (r == FRAME_MORE || (r == FRAME_ERROR && strcmp(reason, "bad_count") == 0))
			return r == FRAME_MORE;
	}
}

static struct buf
run(struct str input, enum framing_config framing, size_t step)
{
	struct syslog_frame f;
	struct buf log;
	syslog_frame_init(&f, framing, MAX_FRAME);
	buf_init(&log, 1 << 20);
	size_t from = 0, to = 0;
	bool open = true;
	while (open && to < input.len) {
		to = step < input.len - to ? to + step : input.len;
		open = drain(&f, input, &from, to, &log);
	}
	struct str frame;
	const char *reason;
	if (open) {
		enum frame_result r = syslog_frame_end(&f, str_make(input.p + from, input.len - from), &frame, &reason);
		if (r != FRAME_MORE)
			add(&log, r == FRAME_TEXT ? '=' : '!', r == FRAME_TEXT ? frame : str_of(reason));
	}
	return log;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	enum framing_config framing = (enum framing_config)(data[0] % 3);
	struct str input = {(const char *)data + 1, size - 1 < 4096 ? size - 1 : 4096};
	struct buf whole = run(input, framing, input.len), bytes = run(input, framing, 1), some = run(input, framing, 7);
	if (!str_eq(buf_str(&whole), buf_str(&bytes)) || !str_eq(buf_str(&whole), buf_str(&some)))
		abort();
	buf_fini(&whole);
	buf_fini(&bytes);
	buf_fini(&some);
	return 0;
}

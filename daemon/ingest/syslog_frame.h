/* RFC 6587 framing of syslog over TCP as a state machine over bytes: octet
 * counting and LF. No socket, no allocation: frames are slices of the caller's
 * input. With FRAMING_AUTO the first bytes of a connection decide for all of
 * it: a count and a space is octet counting, anything else LF.
 *   LF: a frame ends at LF.
 *   octet: LF, CR and NUL between frames are skipped (senders that do both).
 *   both: LF, CR and NUL at the end of a frame are dropped, empty frames skipped.
 *   too_long: a frame beyond max_frame is skipped to its end, reported once.
 *   bad_count: there is no way to find the next frame (a message may hold LF):
 *     final; the caller closes, and the sender starts anew at a frame.
 * Owned by the connection, its thread only. */
#ifndef INGEST_SYSLOG_FRAME_H
#define INGEST_SYSLOG_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "config/config.h"

/* Plain value; syslog_frame_init makes it. */
struct syslog_frame {
	enum framing_config framing; /* AUTO until known */
	size_t max_frame;
	enum { FRAME_START, FRAME_BODY, FRAME_SKIP, FRAME_BROKEN } state;
	size_t remaining; /* octet: bytes of the frame or of the skip */
	size_t scanned;   /* LF: no LF in this much of the input */
};

enum frame_result {
	FRAME_MORE,  /* give more input (what was not used, and further bytes) */
	FRAME_TEXT,  /* *frame: one message, until the used bytes are consumed */
	FRAME_ERROR, /* *reason: "too_long" (go on), "bad_count" (close), "truncated" (only at the end) */
};

/* The longest unused input it can ask the caller to hold is max_frame + 16. */
void syslog_frame_init(struct syslog_frame *f, enum framing_config framing, size_t max_frame);
enum frame_result syslog_frame_next(struct syslog_frame *f, struct str in, size_t *used, struct str *frame,
    const char **reason);
/* The peer closed with `in` unused: a last LF frame without its LF, "truncated", or FRAME_MORE for nothing left. */
enum frame_result syslog_frame_end(struct syslog_frame *f, struct str in, struct str *frame, const char **reason);

#endif

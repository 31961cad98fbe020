#include "command/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "ingest/inflate.h"

enum { PIECE_SIZE = 256 * 1024 };

struct reader {
	const char *name;
	int fd;
	struct inflate *inflate; /* NULL: the file is no gzip */
	struct str input;        /* of raw: read and not yet decoded */
	bool begun;
	char raw[PIECE_SIZE], decoded[PIECE_SIZE];
};

struct reader *
reader_open(const char *name, struct fail *why)
{
	struct reader *r = mem_zero(1, sizeof *r);
	if (!r) {
		fail_at(why, name, 0, 0, "memory", "no memory");
		return NULL;
	}
	r->name = name;
	r->fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	if (r->fd >= 0)
		return r;
	fail_at(why, name, 0, 0, "file", "%s", strerror(errno));
	reader_close(r);
	return NULL;
}

void
reader_close(struct reader *r)
{
	if (!r)
		return;
	if (r->fd > STDIN_FILENO)
		close(r->fd);
	inflate_free(r->inflate);
	mem_free(r);
}

/* More bytes behind those in raw, at least one but at the end. */
static int
fill(struct reader *r, struct fail *why)
{
	ssize_t n;
	if (r->input.len && r->input.p != r->raw)
		memmove(r->raw, r->input.p, r->input.len);
	r->input.p = r->raw;
	do
		n = read(r->fd, r->raw + r->input.len, sizeof r->raw - r->input.len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail_at(why, r->name, 0, 0, "file", "%s", strerror(errno));
	r->input.len += (size_t)n;
	return 0;
}

/* The first two bytes tell what the file is. */
static int
begin(struct reader *r, struct fail *why)
{
	static const struct str magic = {"\x1f\x8b", 2};
	static const struct inflate_limits unbounded = {UINT64_MAX, UINT32_MAX}; /* it is streamed, and its owner's */
	for (size_t before = SIZE_MAX; r->input.len < magic.len && before != r->input.len;) {
		before = r->input.len;
		if (fill(r, why) < 0)
			return -1;
	}
	r->begun = true;
	if (!str_starts(r->input, magic))
		return 0;
	r->inflate = inflate_new();
	if (!r->inflate)
		return fail_at(why, r->name, 0, 0, "memory", "no memory");
	inflate_begin(r->inflate, &unbounded);
	return 0;
}

static int
next_decoded(struct reader *r, struct str *piece, struct fail *why)
{
	struct str room = str_make(r->decoded, sizeof r->decoded);
	for (;;) {
		switch (inflate_next(r->inflate, &r->input, room, piece)) {
		case INFLATE_PIECE:
			return 0;
		case INFLATE_MORE:
			break;
		case INFLATE_BAD:
		case INFLATE_LIMIT:
			return fail_at(why, r->name, 0, 0, "gzip", "the gzip data is damaged, or something stands behind it");
		}
		if (fill(r, why) < 0)
			return -1;
		if (r->input.len)
			continue;
		*piece = STR("");
		return inflate_end(r->inflate) == 0 ? 0 : fail_at(why, r->name, 0, 0, "gzip", "the gzip data breaks off");
	}
}

int
reader_next(struct reader *r, struct str *piece, struct fail *why)
{
	if (!r->begun && begin(r, why) < 0)
		return -1;
	if (r->inflate)
		return next_decoded(r, piece, why);
	if (!r->input.len && fill(r, why) < 0)
		return -1;
	*piece = r->input;
	r->input = STR("");
	return 0;
}

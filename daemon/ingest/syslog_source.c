#include "ingest/syslog_source.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "decode/syslog_msg.h"
#include "event/batch.h"
#include "ingest/admission.h"
#include "ingest/connections.h"
#include "ingest/syslog_frame.h"
#include "loop/stream.h"
#include "pipeline.h"

enum {
	BATCHES_MAX = 8, /* of one connection with the store; then it is not read */
	READ_MIN = 256 * 1024,
	LOOK_AGAIN_MS = 100, /* while admission is shut */
	STOP_QUIET_MS = 100,
	STOP_MS = 2000,
};

/* READING -full-> WAITING -a batch settled, admission open-> READING; CLOSING: the stream ends by itself. */
struct sender {
	struct sender *next, *previous; /* of the source's list */
	struct syslog_source *source;
	struct stream *stream; /* NULL: the peer is gone, batches are still with the store */
	struct syslog_frame frame;
	struct inet peer;
	struct deferral free_later;
	enum { READING, WAITING, CLOSING } state;
	bool eof;
	unsigned batches; /* with the store */
};

/* A batch with its own life: its sender may have sent more, or be gone. */
struct parcel {
	struct batch batch;
	struct sender *sender;
	struct parcel *next; /* of the spares */
};

struct syslog_source {
	struct loop *loop;
	const struct syslog_config *config;
	struct pipeline *pipeline;
	struct admission *admission;
	struct connections *limits; /* shared by the workers */
	struct sender *senders;
	unsigned count;
	struct parcel *spares;
	struct timer *look_again;
	int64_t stop_ms; /* clock_mono_ms of the stop; 0 = runs */
	metrics_series wire, decoded;
};

static void
sender_free(void *ctx)
{
	struct sender *c = ctx;
	if (c->next)
		c->next->previous = c->previous;
	if (c->previous)
		c->previous->next = c->next;
	else
		c->source->senders = c->next;
	c->source->count--;
	mem_free(c);
}

static void
close_sender(struct sender *c)
{
	c->state = CLOSING;
	stream_close(c->stream);
}

/* --- batches --- */

static void work(struct sender *c);
static void wait_for_room(struct sender *c);

static bool
is_full(const struct sender *c)
{
	return c->batches >= BATCHES_MAX || (!c->source->stop_ms && !admission_is_open(c->source->admission));
}

/* On the loop, perhaps inside pipeline_finish. The result is the pipeline's to judge: it insists. */
static void
on_done(struct batch *b, enum batch_result result, void *ctx)
{
	struct parcel *parcel = ctx;
	struct sender *c = parcel->sender;
	(void)result;
	batch_fini(b);
	parcel->next = c->source->spares;
	c->source->spares = parcel;
	c->batches--;
	if (!c->stream && c->batches == 0)
		loop_defer_in(c->source->loop, &c->free_later, sender_free, c);
	else if (c->stream && c->state == WAITING && is_full(c))
		wait_for_room(c);
	else if (c->stream && c->state == WAITING)
		work(c);
}

static struct parcel *
parcel_begin(struct sender *c)
{
	struct syslog_source *s = c->source;
	struct parcel *parcel = s->spares;
	if (parcel)
		s->spares = parcel->next;
	else
		parcel = mem_zero(1, sizeof *parcel);
	if (!parcel)
		return NULL;
	batch_init(&parcel->batch);
	parcel->sender = c;
	parcel->batch.listener = "syslog";
	parcel->batch.source = &s->config->source;
	parcel->batch.tenant = s->config->tenant ? str_of(s->config->tenant) : STR("");
	parcel->batch.received_ms = clock_wall_ms();
	parcel->batch.max_records = UINT32_MAX; /* a turn's bytes are the bound */
	parcel->batch.insist = true;
	parcel->batch.on_done = on_done;
	parcel->batch.on_done_ctx = parcel;
	if (pipeline_begin(s->pipeline, &parcel->batch) == 0)
		return parcel;
	parcel->next = s->spares;
	s->spares = parcel;
	return NULL;
}

/* --- frames --- */

static void
count_message(struct syslog_source *s, struct batch *b, struct str text)
{
	struct syslog_msg message;
	const char *why = syslog_msg_parse(text, b->received_ms, &message);
	metrics_add(s->decoded, text.len);
	if (why)
		metrics_count(METRIC_EVENTS_REJECTED, "syslog", "no_json", 1);
	else
		(void)pipeline_message(s->pipeline, b, message.json); /* max_records is never met */
}

static void
frame_error(struct sender *c, const char *reason)
{
	char peer[INET_TEXT_SIZE];
	inet_text(&c->peer, peer);
	metrics_count(METRIC_SYSLOG_FRAME_ERRORS, reason, NULL, 1);
	log_warn("broken syslog frame", LOG_TEXT("reason", reason), LOG_TEXT("peer", peer), LOG_END);
}

/* Takes the frames that are complete into the batch. false: the framing is lost. */
static bool
read_frames(struct sender *c, struct batch *b)
{
	struct str in = stream_input(c->stream);
	size_t done = 0;
	bool whole = true;
	for (;;) {
		size_t used;
		struct str text;
		const char *reason;
		struct str rest = str_make(in.p + done, in.len - done);
		enum frame_result r = syslog_frame_next(&c->frame, rest, &used, &text, &reason);
		done += used;
		if (r == FRAME_MORE)
			break;
		if (r == FRAME_TEXT) {
			count_message(c->source, b, text);
			continue;
		}
		frame_error(c, reason);
		if (str_eq(str_of(reason), STR("bad_count"))) {
			whole = false;
			break;
		}
	}
	metrics_add(c->source->wire, done);
	stream_consume(c->stream, done);
	return whole;
}

/* The peer has closed: what is left may be a last line. */
static void
read_last(struct sender *c, struct batch *b)
{
	struct str text, in = stream_input(c->stream);
	const char *reason;
	switch (syslog_frame_end(&c->frame, in, &text, &reason)) {
	case FRAME_TEXT:
		count_message(c->source, b, text);
		break;
	case FRAME_ERROR:
		frame_error(c, reason);
		break;
	case FRAME_MORE:
		break;
	}
	metrics_add(c->source->wire, in.len);
	stream_consume(c->stream, in.len);
}

static void
wait_for_room(struct sender *c)
{
	c->state = WAITING;
	stream_pause(c->stream);
	if (c->batches < BATCHES_MAX && !timer_is_set(c->source->look_again))
		timer_set(c->source->look_again, LOOK_AGAIN_MS);
}

static void
set_deadline(struct sender *c)
{
	const struct syslog_source *s = c->source;
	int64_t left = s->stop_ms + STOP_MS - clock_mono_ms();
	if (s->stop_ms)
		stream_deadline(c->stream, left <= 0 ? 1 : left < STOP_QUIET_MS ? left : STOP_QUIET_MS);
	else
		stream_deadline(c->stream, s->config->idle_timeout_ms);
}

/* The frames that are there as one batch; then reads on or closes. */
static void
read_batch(struct sender *c, struct parcel *parcel)
{
	bool whole = read_frames(c, &parcel->batch);
	if (whole && c->eof)
		read_last(c, &parcel->batch);
	if (!whole || c->eof)
		close_sender(c);
	else
		set_deadline(c);
	c->batches++;
	pipeline_finish(c->source->pipeline, &parcel->batch);
}

/* Takes what is there, if there is room for it. */
static void
work(struct sender *c)
{
	bool full = is_full(c), any = stream_input(c->stream).len > 0 || c->eof;
	struct parcel *parcel = full || !any ? NULL : parcel_begin(c);
	if (full || (any && !parcel)) {
		wait_for_room(c);
		return;
	}
	if (c->state == WAITING)
		stream_resume(c->stream);
	c->state = READING;
	if (parcel)
		read_batch(c, parcel);
	if (c->state == READING && is_full(c))
		wait_for_room(c);
}

/* --- stream --- */

static void
on_read(struct stream *stream, void *ctx)
{
	(void)stream;
	work(ctx);
}

static void
on_eof(struct stream *stream, void *ctx)
{
	struct sender *c = ctx;
	c->eof = true;
	if (c->state == READING && stream_input(stream).len == 0 && c->frame.state == FRAME_START)
		close_sender(c);
	else if (c->state == READING)
		work(c);
}

static void
on_timeout(struct stream *stream, void *ctx)
{
	struct sender *c = ctx;
	int64_t stop_ms = c->source->stop_ms;
	(void)stream;
	if (c->state == WAITING && (!stop_ms || clock_mono_ms() < stop_ms + STOP_MS))
		set_deadline(c); /* it is us who keep it waiting */
	else if (c->state != CLOSING)
		close_sender(c);
}

static void
on_close(struct stream *stream, enum stream_end end, void *ctx)
{
	struct sender *c = ctx;
	(void)stream;
	(void)end;
	c->stream = NULL;
	c->state = CLOSING;
	connections_leave(c->source->limits, &c->peer);
	if (c->batches == 0)
		loop_defer_in(c->source->loop, &c->free_later, sender_free, c);
}

static const struct stream_handlers handlers = {
    .on_read = on_read,
    .on_eof = on_eof,
    .on_timeout = on_timeout,
    .on_close = on_close,
};

static void
on_look_again(void *ctx)
{
	struct syslog_source *s = ctx;
	for (struct sender *c = s->senders; c; c = c->next) {
		if (c->stream && c->state == WAITING)
			work(c);
	}
}

/* --- the source --- */

struct syslog_source *
syslog_source_new(struct loop *loop, const struct syslog_config *config, struct pipeline *pipeline,
    struct admission *admission)
{
	struct syslog_source *s = mem_zero(1, sizeof *s);
	if (!s)
		return NULL;
	s->loop = loop;
	s->config = config;
	s->pipeline = pipeline;
	s->admission = admission;
	s->limits = admission_listener(admission, config, "syslog", config->max_connections, 0);
	s->look_again = timer_new(loop, on_look_again, s);
	s->wire = metrics_get(METRIC_RECEIVED_BYTES, "syslog", "wire");
	s->decoded = metrics_get(METRIC_RECEIVED_BYTES, "syslog", "decoded");
	if (s->limits && s->look_again)
		return s;
	syslog_source_free(s);
	return NULL;
}

void
syslog_source_free(struct syslog_source *s)
{
	if (!s)
		return;
	bool any = s->count > 0;
	for (struct sender *c = s->senders; c; c = c->next) {
		c->state = CLOSING;
		if (c->stream)
			stream_abort(c->stream);
	}
	for (int turn = 0; any && turn < 4; turn++)
		loop_turn(s->loop);
	/* They wait for batches that will not come back. */
	while (s->senders)
		sender_free(s->senders); /* NOLINT(clang-analyzer-unix.Malloc): the first leaves the list before it is freed */
	while (s->spares) {
		struct parcel *parcel = s->spares;
		s->spares = parcel->next;
		mem_free(parcel);
	}
	timer_free(s->look_again);
	mem_free(s);
}

static bool
is_allowed(const struct syslog_config *config, const struct inet *peer)
{
	for (size_t i = 0; i < config->allow_count; i++) {
		if (inet_net_has(&config->allow[i], peer))
			return true;
	}
	return config->allow_count == 0;
}

static struct sender *
sender_new(struct syslog_source *s, const struct inet *peer)
{
	struct sender *c = mem_zero(1, sizeof *c);
	if (!c)
		return NULL;
	c->source = s;
	c->peer = *peer;
	c->next = s->senders;
	syslog_frame_init(&c->frame, s->config->framing, s->config->max_frame_bytes);
	if (c->next)
		c->next->previous = c;
	s->senders = c;
	s->count++;
	return c;
}

void
syslog_source_accept(struct syslog_source *s, int fd, const struct inet *peer)
{
	size_t most = s->config->max_frame_bytes + 64;
	const struct stream_limits limits = {.read_max = most > READ_MIN ? most : READ_MIN, .write_max = 0};
	bool allowed = is_allowed(s->config, peer);
	if (!allowed)
		metrics_count(METRIC_CONNECTIONS_REFUSED, "syslog", "not_allowed", 1);
	if (!allowed || s->stop_ms || connections_enter(s->limits, peer) != 0) {
		close(fd);
		return;
	}
	struct sender *c = sender_new(s, peer);
	if (c)
		c->stream = stream_new(s->loop, fd, limits, &handlers, c);
	else
		close(fd);
	if (!c || !c->stream) {
		metrics_count(METRIC_CONNECTIONS_REFUSED, "syslog", "memory", 1);
		connections_leave(s->limits, peer);
		if (c)
			sender_free(c);
		return;
	}
	set_deadline(c);
}

void
syslog_source_stop(struct syslog_source *s)
{
	s->stop_ms = clock_mono_ms();
	if (s->stop_ms == 0)
		s->stop_ms = 1;
	for (struct sender *c = s->senders; c; c = c->next) {
		if (!c->stream || c->state == CLOSING)
			continue;
		set_deadline(c);
		if (c->state == WAITING && !is_full(c))
			work(c);
	}
}

unsigned
syslog_source_connections(const struct syslog_source *s)
{
	return s->count;
}

#include "ingest/http_request.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "config/config.h"
#include "ingest/inflate.h"
#include "pipeline.h"

enum {
	ROOM_BYTES = 64 * 1024,
	/* What a request may hold unevaluated: an unfinished record and the read buffer. */
	HOLD_MAX = (1 << 20) + (256 << 10),
	HOLD_UNKNOWN = 256 << 10, /* its length is not known yet */
	GZIP_FACTOR = 16,
};

int
http_worker_init(struct http_worker *w, struct pipeline *pipeline, struct admission *admission,
    const struct http_config *config)
{
	*w = (struct http_worker){.pipeline = pipeline, .admission = admission, .config = config};
	w->room = mem_zero(1, ROOM_BYTES);
	w->wire = metrics_get(METRIC_RECEIVED_BYTES, "http", "wire");
	w->decoded = metrics_get(METRIC_RECEIVED_BYTES, "http", "decoded");
	return w->room ? 0 : -1;
}

void
http_worker_fini(struct http_worker *w)
{
	while (w->spare_count)
		inflate_free(w->spares[--w->spare_count]);
	mem_free(w->room);
	w->room = NULL;
}

static struct inflate *
take_inflate(struct http_worker *w)
{
	struct inflate_limits limits = {w->config->max_decompressed_bytes, w->config->max_ratio};
	struct inflate *f = w->spare_count ? w->spares[--w->spare_count] : inflate_new();
	if (f)
		inflate_begin(f, &limits);
	return f;
}

static void
give_inflate(struct http_worker *w, struct inflate *f)
{
	if (f && w->spare_count < REQUEST_SPARES)
		w->spares[w->spare_count++] = f;
	else
		inflate_free(f);
}

static uint64_t
charge_of(const struct http_head *head, bool gzip)
{
	if (head->chunked)
		return HOLD_UNKNOWN;
	uint64_t factor = gzip ? GZIP_FACTOR : 1;
	return head->length > HOLD_MAX / factor ? HOLD_MAX : head->length * factor;
}

static bool
names_source(const struct source_config *s)
{
	return s->product || s->service || s->category;
}

static void
set_origin(struct http_request *r, const struct token_config *who)
{
	const struct http_config *config = r->worker->config;
	struct batch *b = &r->batch;
	b->listener = "http";
	b->source = who && names_source(&who->source) ? &who->source : &config->source;
	const char *tenant = who && who->tenant && *who->tenant ? who->tenant : config->tenant;
	b->tenant = tenant ? str_of(tenant) : STR("");
	b->received_ms = clock_wall_ms();
	b->max_records = config->max_records;
}

static enum request_begin
refuse(struct http_request *r, const char *code, const char *detail)
{
	r->error = (struct http_error){503, code, detail};
	return REQUEST_REFUSED;
}

static const struct http_error refusals[] = {
    [ADMISSION_BYTES] = {503, "busy", "Too many bytes are in flight; send the same request again later."},
    [ADMISSION_STORE] = {503, "store_behind", "Alerts cannot be stored fast enough; send the same request again later."},
    [ADMISSION_STOPPED] = {503, "stopping", "The service is starting or stopping; send the same request again later."},
};

enum request_begin
http_request_begin(struct http_request *r, struct http_worker *w, const struct http_head *head,
    const struct token_config *who, http_request_done_f *on_done, void *ctx)
{
	struct str coding = head->content_encoding;
	bool gzip = str_eq_nocase(coding, STR("gzip")) || str_eq_nocase(coding, STR("x-gzip"));
	r->error = (struct http_error){0};
	r->limit = 0;
	if (!gzip && coding.len && !str_eq_nocase(coding, STR("identity")))
		return REQUEST_CODING;
	uint64_t charge = charge_of(head, gzip);
	enum admission_refusal refusal = admission_enter(w->admission, charge);
	if (refusal != ADMISSION_TAKE)
		return refuse(r, refusals[refusal].code, refusals[refusal].detail);
	struct inflate *f = gzip ? take_inflate(w) : NULL;
	r->worker = w;
	r->first = 0;
	batch_init(&r->batch);
	r->batch.on_done = on_done;
	r->batch.on_done_ctx = ctx;
	set_origin(r, who);
	if ((gzip && !f) || pipeline_begin(w->pipeline, &r->batch) != 0) {
		give_inflate(w, f);
		admission_leave(w->admission, charge);
		r->worker = NULL;
		return refuse(r, "memory", "Out of memory; send the same request again later.");
	}
	r->inflate = f;
	r->charge = charge;
	return REQUEST_TAKEN;
}

static char
first_byte(struct str s)
{
	s = str_trim(s);
	return s.len ? s.p[0] : 0;
}

static bool
fail(struct http_request *r, struct http_error error, uint64_t limit)
{
	r->error = error;
	r->limit = limit;
	return false;
}

static bool
feed_decoded(struct http_request *r, struct str piece)
{
	metrics_add(r->worker->decoded, piece.len);
	if (!r->first)
		r->first = first_byte(piece);
	switch (pipeline_feed(r->worker->pipeline, &r->batch, piece)) {
	case FEED_OK:
		return true;
	case FEED_TOO_MANY:
		return fail(r, (struct http_error){413, "too_many_records", "The request has too many records; split it."},
		    r->batch.max_records);
	case FEED_TOO_MANY_ALERTS:
		return fail(r, (struct http_error){413, "too_many_alerts", "The request raises too many alerts; split it."}, 0);
	case FEED_BUSY:
		break;
	}
	return fail(r, refusals[ADMISSION_STORE], 0);
}

bool
http_request_feed(struct http_request *r, struct str piece)
{
	struct http_worker *w = r->worker;
	metrics_add(w->wire, piece.len);
	if (!r->inflate)
		return feed_decoded(r, piece);
	for (;;) {
		struct str text;
		switch (inflate_next(r->inflate, &piece, str_make(w->room, ROOM_BYTES), &text)) {
		case INFLATE_PIECE:
			if (!feed_decoded(r, text))
				return false;
			break;
		case INFLATE_MORE:
			return true;
		case INFLATE_LIMIT:
			return fail(r, (struct http_error){413, "decompression", "The decompressed body is too large; split it."},
			    w->config->max_decompressed_bytes);
		case INFLATE_BAD:
			return fail(r, (struct http_error){400, "bad_gzip", "The body is not well-formed gzip."}, 0);
		}
	}
}

void
http_request_finish(struct http_request *r, const struct http_error *why)
{
	if (why && r->error.status == 0)
		r->error = *why;
	if (r->error.status == 0 && r->inflate && r->first && inflate_end(r->inflate) != 0)
		r->error = (struct http_error){400, "bad_gzip", "The gzip body breaks off."};
	give_inflate(r->worker, r->inflate);
	r->inflate = NULL;
	pipeline_finish(r->worker->pipeline, &r->batch);
}

/* No document starts here at all, or the only one is no JSON. */
static bool
nothing_parsed(const struct http_request *r)
{
	const struct batch *b = &r->batch;
	if (!strchr("{[\"\xEF", r->first))
		return true;
	if (b->rejected != 1 || b->error_count != 1)
		return false;
	struct str code = str_of(b->errors[0].code);
	return str_eq(code, STR("json")) || str_eq(code, STR("truncated"));
}

struct http_error
http_request_verdict(const struct http_request *r, enum batch_result result)
{
	const struct batch *b = &r->batch;
	if (result == BATCH_FAILED)
		return (struct http_error){503, "not_stored", "The alerts could not be stored; send the same request again."};
	if (r->error.status)
		return r->error;
	if (!r->first)
		return (struct http_error){400, "empty_body", "The body is empty."};
	if (b->accepted || b->rejected == 0)
		return (struct http_error){200, NULL, NULL};
	if (nothing_parsed(r))
		return (struct http_error){400, "malformed_json", "Nothing in the body is JSON."};
	return (struct http_error){422, "nothing_usable", "No record of the body is usable; see errors."};
}

void
http_request_leave(struct http_request *r)
{
	admission_leave(r->worker->admission, r->charge);
	r->charge = 0;
}

void
http_request_fini(struct http_request *r)
{
	http_request_leave(r);
	batch_fini(&r->batch);
	r->worker = NULL;
}

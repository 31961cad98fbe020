#include "api/routes.h"

/* {"status":"ok"}, or {"status":WORD,"reasons":[...]} with 503. */
static void
answer(struct api_reply *reply, const char *bad_word, const char *const *reasons, size_t count)
{
	int r = 0;
	reply->status = count ? 503 : 200;
	reply->type = "application/json";
	r |= buf_addf(&reply->body, "{\"status\":\"%s\"", count ? bad_word : "ok");
	for (size_t i = 0; i < count; i++)
		r |= buf_addf(&reply->body, "%s\"%s\"", i ? "," : ",\"reasons\":[", reasons[i]);
	r |= buf_add_str(&reply->body, count ? STR("]}\n") : STR("}\n"));
	if (r != 0)
		reply->status = 500;
}

void
api_health(const struct api_request *request, struct api_reply *reply)
{
	const char *reasons[API_REASONS_MAX];
	size_t count = request->hooks->health(request->hooks->ctx, reasons);
	answer(reply, "unhealthy", reasons, count);
}

void
api_ready(const struct api_request *request, struct api_reply *reply)
{
	const char *reasons[API_REASONS_MAX];
	size_t count = request->hooks->readiness(request->hooks->ctx, reasons);
	answer(reply, "not_ready", reasons, count);
}

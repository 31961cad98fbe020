#include "ingest/http_reply.h"

#include <time.h>

#include "base/codec.h"

static const struct {
	int status;
	const char *title;
} titles[] = {
    {200, "OK"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

static const char *
title_of(int status)
{
	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
		if (titles[i].status == status)
			return titles[i].title;
	}
	return "Error";
}

/* A JSON string; what the text came from is hostile and may be cut inside a character. */
static int
add_string(struct buf *out, struct str text)
{
	struct buf clean;
	int r = buf_add_str(out, STR("\""));
	buf_init(&clean, text.len * 3 + 1);
	r |= codec_utf8_repair(text, &clean);
	for (size_t i = 0; i < clean.len && r == 0; i++) {
		char ch = clean.data[i];
		if (ch == '"' || ch == '\\')
			r = buf_addf(out, "\\%c", ch);
		else if ((unsigned char)ch < 0x20)
			r = buf_addf(out, "\\u%04x", (unsigned)ch);
		else
			r = buf_add(out, &ch, 1);
	}
	buf_fini(&clean);
	return r | buf_add_str(out, STR("\""));
}

static int
add_error(struct buf *out, const struct batch_error *e)
{
	int r = buf_addf(out, "{\"index\":%u,\"code\":", e->index);
	r |= add_string(out, str_of(e->code));
	if (e->pointer[0]) {
		r |= buf_add_str(out, STR(",\"pointer\":"));
		r |= add_string(out, str_of(e->pointer));
	}
	r |= buf_add_str(out, STR(",\"detail\":"));
	r |= add_string(out, str_of(e->detail));
	return r | buf_add_str(out, STR("}"));
}

static int
add_batch(struct buf *out, const struct http_reply *reply)
{
	const struct batch *b = reply->batch;
	int r = buf_addf(out, "\"accepted\":%u,\"rejected\":%u,\"duplicates\":%u,\"batch\":\"%s\",\"errors\":[", b->accepted,
	    b->rejected, b->duplicates, reply->request_id);
	for (uint32_t i = 0; i < b->error_count; i++) {
		r |= buf_add_str(out, i ? STR(",") : STR(""));
		r |= add_error(out, &b->errors[i]);
	}
	return r | buf_add_str(out, STR("]"));
}

static int
add_problem(struct buf *out, const struct http_reply *reply)
{
	int r = buf_addf(out,
	    "\"type\":\"urn:picketd:problem:%s\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\","
	    "\"instance\":\"urn:picketd:req:%s\",\"code\":\"%s\"",
	    reply->code, title_of(reply->status), reply->status, reply->detail, reply->request_id, reply->code);
	if (reply->limit)
		r |= buf_addf(out, ",\"limit\":%llu", (unsigned long long)reply->limit);
	if (reply->retry_after)
		r |= buf_addf(out, ",\"retry_after\":%u", reply->retry_after);
	return r;
}

static int
add_body(struct buf *out, const struct http_reply *reply)
{
	int r = buf_add_str(out, STR("{"));
	if (reply->code)
		r |= add_problem(out, reply);
	if (reply->code && reply->batch)
		r |= buf_add_str(out, STR(","));
	if (reply->batch)
		r |= add_batch(out, reply);
	return r | buf_add_str(out, STR("}\n"));
}

/* IMF-fixdate, RFC 9110 section 5.6.7; not strftime, whose names follow the locale. */
static int
add_date(struct buf *out, int64_t now_ms)
{
	static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(now_ms / 1000);
	struct tm t;
	if (!gmtime_r(&seconds, &t))
		return 0;
	return buf_addf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[t.tm_wday], t.tm_mday,
	    months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

static int
add_fields(struct buf *out, const struct http_reply *reply, size_t length)
{
	int r = buf_addf(out, "HTTP/1.1 %d %s\r\n", reply->status, title_of(reply->status));
	r |= add_date(out, reply->now_ms);
	r |= buf_addf(out, "Content-Type: application/%sjson\r\nContent-Length: %zu\r\nx-request-id: %s\r\n",
	    reply->code ? "problem+" : "", length, reply->request_id);
	if (reply->status == 401)
		r |= buf_add_str(out, STR("WWW-Authenticate: Bearer\r\n"));
	if (reply->status == 405)
		r |= buf_add_str(out, STR("Allow: POST\r\n"));
	if (reply->status == 415)
		r |= buf_add_str(out, STR("Accept-Encoding: gzip, identity\r\n"));
	if (reply->retry_after)
		r |= buf_addf(out, "Retry-After: %u\r\n", reply->retry_after);
	if (reply->close)
		r |= buf_add_str(out, STR("Connection: close\r\n"));
	else if (reply->keep_alive_10)
		r |= buf_add_str(out, STR("Connection: keep-alive\r\n"));
	return r | buf_add_str(out, STR("\r\n"));
}

int
http_reply_write(const struct http_reply *reply, struct buf *out)
{
	struct buf body;
	buf_init(&body, REPLY_MAX);
	int r = add_body(&body, reply);
	if (r == 0)
		r = add_fields(out, reply, body.len);
	if (r == 0 && !reply->without_body)
		r = buf_add_str(out, buf_str(&body));
	buf_fini(&body);
	return r;
}

#include "deliver/request.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/inet.h"
#include "base/mem.h"
#include "deliver/backoff.h"
#include "deliver/signature.h"

enum { SECRETS_MAX = 2, HEADER_MAX = 16 * 1024 };

struct request {
	const struct target_config *target;
	struct signature_key keys[SECRETS_MAX];
	size_t key_count;
	CURL *easy;
	struct curl_slist *headers; /* of this attempt */
	char error[CURL_ERROR_SIZE];
	/* what came back so far */
	char body[REQUEST_KEPT_MAX + 1];
	size_t kept, read;
	char retry_after[128];
	bool refused_address;
};

static size_t
on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct request *r = ctx;
	size_t len = size * n, room = REQUEST_KEPT_MAX - r->kept;
	size_t keep = len < room ? len : room;
	memcpy(r->body + r->kept, p, keep);
	r->kept += keep;
	r->read += len;
	return r->read <= REQUEST_READ_MAX ? len : 0; /* a longer answer ends the exchange */
}

static size_t
on_header(char *p, size_t size, size_t n, void *ctx)
{
	struct request *r = ctx;
	size_t len = size * n;
	struct str line = str_make(p, len), name = str_split(&line, ':');
	if (str_starts(str_make(p, len), STR("HTTP/")))
		r->retry_after[0] = '\0'; /* of an interim answer */
	if (!str_eq_nocase(name, STR("retry-after")))
		return len;
	struct str value = str_trim(line);
	if (value.len < sizeof(r->retry_after))
		snprintf(r->retry_after, sizeof(r->retry_after), "%.*s", (int)value.len, value.p);
	return len;
}

/* Link-local and metadata addresses are never sent to, whatever a name resolves to. */
static bool
is_refused(const struct sockaddr *address)
{
	char text[INET6_ADDRSTRLEN];
	const void *bytes;
	struct inet ip;
	struct inet_net aws;
	if (address->sa_family == AF_INET)
		bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
	else if (address->sa_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
	else
		return true;
	if (!inet_ntop(address->sa_family, bytes, text, sizeof(text)) || !inet_parse(str_of(text), &ip))
		return true;
	return inet_is_link_local(&ip) || (inet_net_parse(STR("fd00:ec2::/32"), &aws) && inet_net_has(&aws, &ip));
}

static curl_socket_t
on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct request *r = ctx;
	(void)purpose;
	if (is_refused(&address->addr)) {
		r->refused_address = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int
load_secrets(struct request *r, struct fail *why)
{
	const struct target_config *t = r->target;
	for (size_t i = 0; i < t->secret_count && i < SECRETS_MAX; i++) {
		if (signature_key_parse(str_make(t->secrets[i].value, t->secrets[i].len), &r->keys[i], why) < 0)
			return -1;
		r->key_count++;
	}
	for (size_t i = 0; i < t->bearer.len; i++) {
		unsigned char c = (unsigned char)t->bearer.value[i];
		if (c <= 0x20 || c >= 0x7F)
			return fail_set(why, "secret", "a bearer token has only printable ASCII characters and no space");
	}
	return t->bearer.len < HEADER_MAX / 2 ? 0 : fail_set(why, "secret", "a bearer token has at most %d bytes", HEADER_MAX / 2);
}

/* Options that hold for every attempt. The environment's proxies do not count: configuration does. */
static int
set_options(struct request *r)
{
	const struct target_config *t = r->target;
	CURL *e = r->easy;
	unsigned bad = 0;
	bad |= curl_easy_setopt(e, CURLOPT_URL, t->url);
	bad |= curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, t->allow_plain ? "http,https" : "https");
	bad |= curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	bad |= curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	bad |= curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	bad |= curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	if (t->ca)
		bad |= curl_easy_setopt(e, CURLOPT_CAINFO, t->ca);
	bad |= curl_easy_setopt(e, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	bad |= curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)t->connect_timeout_ms);
	bad |= curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)t->timeout_ms);
	bad |= curl_easy_setopt(e, CURLOPT_USERAGENT, "picketd/" PACKAGE_VERSION);
	bad |= curl_easy_setopt(e, CURLOPT_ERRORBUFFER, r->error);
	bad |= curl_easy_setopt(e, CURLOPT_PRIVATE, r);
	bad |= curl_easy_setopt(e, CURLOPT_POST, 1L);
	bad |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	bad |= curl_easy_setopt(e, CURLOPT_WRITEDATA, r);
	bad |= curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	bad |= curl_easy_setopt(e, CURLOPT_HEADERDATA, r);
	bad |= curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	bad |= curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, r);
	return bad ? -1 : 0;
}

struct request *
request_new(const struct target_config *target, struct fail *why)
{
	struct request *r = mem_zero(1, sizeof(*r));
	if (!r) {
		fail_set(why, "memory", "no memory for a target");
		return NULL;
	}
	r->target = target;
	if (load_secrets(r, why) < 0)
		goto fail;
	r->easy = curl_easy_init();
	if (r->easy && set_options(r) == 0)
		return r;
	fail_set(why, "target", "curl does not take the target %s", target->name);
fail:
	request_free(r);
	return NULL;
}

void
request_free(struct request *r)
{
	if (!r)
		return;
	if (r->easy)
		curl_easy_cleanup(r->easy);
	curl_slist_free_all(r->headers);
	explicit_bzero(r->keys, sizeof(r->keys));
	mem_free(r);
}

static int
add_header(struct request *r, const char *line)
{
	struct curl_slist *grown = curl_slist_append(r->headers, line);
	if (!grown)
		return -1;
	r->headers = grown;
	return 0;
}

static int
add_headers(struct request *r, const struct request_message *m, struct buf *line)
{
	int64_t now_s = clock_wall_ms() / 1000;
	buf_clear(line);
	if (buf_addf(line, "webhook-id: %s", m->webhook_id) < 0 || add_header(r, line->data) < 0)
		return -1;
	buf_clear(line);
	if (buf_addf(line, "webhook-timestamp: %" PRId64, now_s) < 0 || add_header(r, line->data) < 0)
		return -1;
	buf_clear(line);
	if (buf_addf(line, "idempotency-key: \"%s\"", m->webhook_id) < 0 || add_header(r, line->data) < 0)
		return -1;
	buf_clear(line);
	if (buf_addf(line, "x-picketd-attempt: %u", m->attempt) < 0 || add_header(r, line->data) < 0)
		return -1;
	buf_clear(line);
	if (r->key_count > 0 && (buf_addf(line, "webhook-signature: ") < 0 ||
	    signature_make(r->keys, r->key_count, str_of(m->webhook_id), now_s, m->body, line) < 0 ||
	    add_header(r, line->data) < 0))
		return -1;
	buf_clear(line);
	if (r->target->bearer.len > 0 &&
	    (buf_addf(line, "authorization: Bearer %s", r->target->bearer.value) < 0 || add_header(r, line->data) < 0))
		return -1;
	return add_header(r, "content-type: application/json") < 0 || add_header(r, "Expect:") < 0 ? -1 : 0;
}

CURL *
request_begin(struct request *r, const struct request_message *message)
{
	struct buf line;
	r->kept = r->read = 0;
	r->retry_after[0] = r->error[0] = '\0';
	r->refused_address = false;
	curl_slist_free_all(r->headers);
	r->headers = NULL;
	buf_init(&line, HEADER_MAX);
	int result = add_headers(r, message, &line);
	if (line.data)
		explicit_bzero(line.data, line.len);
	buf_fini(&line);
	if (result < 0 || curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers) != CURLE_OK ||
	    curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)message->body.len) != CURLE_OK ||
	    curl_easy_setopt(r->easy, CURLOPT_POSTFIELDS, message->body.p) != CURLE_OK)
		return NULL;
	return r->easy;
}

void
request_end(struct request *r, CURLcode code, struct answer *answer)
{
	long status = 0;
	double seconds = 0;
	memset(answer, 0, sizeof(*answer));
	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(r->easy, CURLINFO_TOTAL_TIME, &seconds);
	answer->status = (int)status;
	answer->seconds = seconds;
	answer->outcome = r->refused_address ? ANSWER_ENDPOINT : outcome_judge(code, (int)status);
	if (r->refused_address)
		snprintf(answer->error, sizeof(answer->error), "link-local and metadata addresses are not allowed");
	else if (code != CURLE_OK && code != CURLE_WRITE_ERROR)
		snprintf(answer->error, sizeof(answer->error), "%s", r->error[0] ? r->error : curl_easy_strerror(code));
	if (status >= 300)
		(void)backoff_retry_after(str_of(r->retry_after), clock_wall_ms(), &answer->retry_after_ms);
	memcpy(answer->body, r->body, r->kept);
	answer->body[r->kept] = '\0';
}

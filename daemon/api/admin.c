#include "api/admin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/codec.h"
#include "base/mem.h"

enum {
	HEAD_MAX = 8192,
	BODY_MAX = 1024,
	REPLY_MAX = 8 << 20, /* 4,096 series */
	TIMEOUT_S = 10,
	TOKEN_FIELD_MAX = 4096,
};

struct admin {
	struct evhttp *http;
	struct evhttp_bound_socket *socket;
	const struct admin_config *config;
	const struct api_hooks *hooks;
};

/* "host:port" or "[v6]:port" into a host and its port. */
static int
split_address(const char *address, char *host, size_t size, uint16_t *port)
{
	const char *colon = strrchr(address, ':');
	int64_t number = 0;
	if (!colon || !str_to_i64(str_of(colon + 1), &number) || number < 0 || number > UINT16_MAX)
		return -1;
	struct str name = {address, (size_t)(colon - address)};
	if (name.len >= 2 && name.p[0] == '[' && name.p[name.len - 1] == ']')
		name = str_make(name.p + 1, name.len - 2);
	if (name.len == 0 || name.len >= size)
		return -1;
	memcpy(host, name.p, name.len);
	host[name.len] = '\0';
	*port = (uint16_t)number;
	return 0;
}

static struct str
header(struct evhttp_request *r, const char *name)
{
	return str_of(evhttp_find_header(evhttp_request_get_input_headers(r), name));
}

/* Digests are compared, so that neither content nor length shows in the time. */
static bool
has_token(const struct admin *a, struct evhttp_request *r)
{
	uint8_t want[SHA256_SIZE], have[SHA256_SIZE];
	struct str field = header(r, "Authorization");
	if (!a->config->token.reference)
		return true;
	if (field.len == 0 || field.len > TOKEN_FIELD_MAX || a->config->token.len == 0)
		return false;
	struct str token = field;
	struct str scheme = str_split(&token, ' ');
	codec_sha256(str_make(a->config->token.value, a->config->token.len), want);
	codec_sha256(str_trim(token), have);
	return codec_equal_const(want, have, SHA256_SIZE) && str_eq_nocase(scheme, STR("Bearer"));
}

static void
set_header(struct evhttp_request *r, const char *name, const char *value)
{
	/* Fails only without memory; the answer then goes without it. */
	(void)evhttp_add_header(evhttp_request_get_output_headers(r), name, value);
}

static void
send_reply(struct evhttp_request *r, const struct api_reply *reply)
{
	struct evbuffer *out = evbuffer_new();
	char length[24];
	set_header(r, "Content-Type", reply->type);
	set_header(r, "Cache-Control", "no-store");
	set_header(r, "X-Content-Type-Options", "nosniff");
	if (evhttp_request_get_command(r) == EVHTTP_REQ_HEAD) {
		snprintf(length, sizeof length, "%zu", reply->body.len);
		set_header(r, "Content-Length", length);
	} else if (out && reply->body.len) {
		(void)evbuffer_add(out, reply->body.data, reply->body.len);
	}
	evhttp_send_reply(r, reply->status, NULL, out);
	if (out)
		evbuffer_free(out);
}

/* A refusal with a problem document (RFC 9457). */
static void
refuse(struct api_reply *reply, int status, const char *code, const char *title)
{
	reply->status = status;
	reply->type = "application/problem+json";
	if (buf_addf(&reply->body, "{\"type\":\"urn:picketd:problem:%s\",\"title\":\"%s\",\"status\":%d,\"code\":\"%s\"}\n",
	        code, title, status, code) != 0)
		buf_clear(&reply->body);
}

static void
answer(const struct admin *a, struct evhttp_request *r, struct api_reply *reply)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(r);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	const struct route *route = path ? route_find(str_of(path)) : NULL;
	enum evhttp_cmd_type command = evhttp_request_get_command(r);
	if (!route) {
		refuse(reply, 404, "not_found", "No such path");
	} else if (command != EVHTTP_REQ_GET && command != EVHTTP_REQ_HEAD) {
		set_header(r, "Allow", "GET, HEAD");
		refuse(reply, 405, "method_not_allowed", "Method not allowed");
	} else if (route->role == ROLE_TOKEN && !has_token(a, r)) {
		set_header(r, "WWW-Authenticate", "Bearer");
		refuse(reply, 401, "unauthorized", "The admin token is needed");
	} else {
		struct api_request request = {.hooks = a->hooks, .accept = header(r, "Accept")};
		route->handle(&request, reply);
		if (reply->status == 500) {
			buf_clear(&reply->body);
			refuse(reply, 500, "internal", "Out of memory");
		}
	}
}

static void
on_request(struct evhttp_request *r, void *ctx)
{
	struct api_reply reply = {0};
	buf_init(&reply.body, REPLY_MAX);
	answer(ctx, r, &reply);
	send_reply(r, &reply);
	buf_fini(&reply.body);
}

struct admin *
admin_open(struct event_base *base, const struct admin_config *config, const struct api_hooks *hooks, struct fail *why)
{
	char host[256];
	uint16_t port = 0;
	if (split_address(config->address, host, sizeof host, &port) != 0) {
		fail_set(why, "address", "admin address %s is not host:port", config->address);
		return NULL;
	}
	struct admin *a = mem_zero(1, sizeof *a);
	struct evhttp *http = evhttp_new(base);
	if (!a || !http) {
		fail_set(why, "memory", "out of memory");
		goto out;
	}
	*a = (struct admin){.http = http, .config = config, .hooks = hooks};
	evhttp_set_max_headers_size(http, HEAD_MAX);
	evhttp_set_max_body_size(http, BODY_MAX);
	evhttp_set_timeout(http, TIMEOUT_S);
	evhttp_set_gencb(http, on_request, a);
	errno = 0;
	a->socket = evhttp_bind_socket_with_handle(http, host, port);
	if (a->socket)
		return a;
	fail_set(why, "bind", "cannot listen on %s: %s", config->address,
	    errno ? strerror(errno) : "the name does not resolve");
out:
	if (http)
		evhttp_free(http);
	mem_free(a);
	return NULL;
}

void
admin_close(struct admin *a)
{
	if (!a)
		return;
	evhttp_free(a->http);
	mem_free(a);
}

uint16_t
admin_port(const struct admin *a)
{
	struct sockaddr_storage address = {0};
	socklen_t size = sizeof address;
	if (getsockname(evhttp_bound_socket_get_fd(a->socket), (struct sockaddr *)&address, &size) != 0)
		return 0;
	if (address.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&address)->sin6_port);
	/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): getsockname filled it */
	return ntohs(((const struct sockaddr_in *)&address)->sin_port);
}

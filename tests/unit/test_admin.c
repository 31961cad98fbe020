#include "unit/unit.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/admin.h"
#include "base/metrics.h"

static struct event_base *base;
static struct admin_config config;
static struct api_hooks hooks;
static struct admin *admin;
static size_t bad;
static char address[] = "127.0.0.1:0", token[] = "s3cret", reference[] = "file:/x";
static char reply[1 << 20];

static size_t
health(void *ctx, const char **reasons)
{
	(void)ctx;
	reasons[0] = "worker_stalled";
	reasons[1] = "control_stalled";
	return bad;
}

static size_t
readiness(void *ctx, const char **reasons)
{
	(void)ctx;
	reasons[0] = "disk_reserve";
	return bad ? 1 : 0;
}

static void
setup(bool with_token)
{
	struct fail why = {0};
	base = event_base_new();
	config.address = address;
	if (with_token)
		config.token = (struct secret){.reference = reference, .value = token, .len = strlen(token)};
	hooks = (struct api_hooks){.health = health, .readiness = readiness};
	admin = admin_open(base, &config, &hooks, &why);
	ck_assert_msg(admin != NULL, "%s", why.text);
}

static void
teardown(void)
{
	admin_close(admin);
	event_base_free(base);
}

/* Sends text on a connection of its own and reads until the server closes. */
static const char *
ask(const char *text)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(admin_port(admin))};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	ck_assert_int_eq(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
	size_t len = 0;
	for (;;) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		ssize_t n = recv(fd, reply + len, sizeof reply - 1 - len, MSG_DONTWAIT);
		if (n == 0)
			break;
		if (n > 0)
			len += (size_t)n;
	}
	reply[len] = '\0';
	close(fd);
	return reply;
}

#define ASK(method, path, fields) ask(method " " path " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" fields "\r\n")

static void
expect(const char *answer, const char *start, const char *part)
{
	ck_assert_msg(str_starts(str_of(answer), str_of(start)), "%s", answer);
	ck_assert_msg(strstr(answer, part) != NULL, "%s", answer);
}

START_TEST(probes_tell_what_is_wrong)
{
	setup(true);
	expect(ASK("GET", "/healthz", ""), "HTTP/1.1 200 ", "{\"status\":\"ok\"}");
	expect(ASK("GET", "/readyz?x=y", ""), "HTTP/1.1 200 ", "{\"status\":\"ok\"}");
	bad = 2;
	expect(ASK("GET", "/healthz", ""), "HTTP/1.1 503 ",
	    "{\"status\":\"unhealthy\",\"reasons\":[\"worker_stalled\",\"control_stalled\"]}");
	expect(ASK("GET", "/readyz", ""), "HTTP/1.1 503 ", "{\"status\":\"not_ready\",\"reasons\":[\"disk_reserve\"]}");
	teardown();
}
END_TEST

START_TEST(metrics_come_in_the_format_asked_for)
{
	setup(false);
	metrics_count(METRIC_LOST, "test", NULL, 1);
	expect(ASK("GET", "/metrics", ""), "HTTP/1.1 200 ", "text/plain; version=0.0.4");
	ck_assert_ptr_nonnull(strstr(reply, "picketd_lost_total{what=\"test\"} 1"));
	expect(ASK("GET", "/metrics", "Accept: application/openmetrics-text\r\n"), "HTTP/1.1 200 ", "# EOF\n");
	teardown();
}
END_TEST

START_TEST(metrics_need_the_token_when_there_is_one)
{
	setup(true);
	expect(ASK("GET", "/metrics", ""), "HTTP/1.1 401 ", "WWW-Authenticate: Bearer\r\n");
	expect(ASK("GET", "/metrics", "Authorization: Bearer s3cre\r\n"), "HTTP/1.1 401 ", "application/problem+json");
	expect(ASK("GET", "/metrics", "Authorization: Basic s3cret\r\n"), "HTTP/1.1 401 ", "unauthorized");
	expect(ASK("GET", "/metrics", "Authorization: Bearer s3cret\r\n"), "HTTP/1.1 200 ", "picketd_");
	teardown();
}
END_TEST

START_TEST(head_has_the_length_and_no_body)
{
	setup(false);
	expect(ASK("HEAD", "/healthz", ""), "HTTP/1.1 200 ", "Content-Length: 16\r\n");
	ck_assert_ptr_null(strstr(reply, "status"));
	teardown();
}
END_TEST

START_TEST(other_paths_and_methods_are_refused)
{
	setup(false);
	expect(ASK("GET", "/", ""), "HTTP/1.1 404 ", "not_found");
	expect(ASK("GET", "/healthz/", ""), "HTTP/1.1 404 ", "not_found");
	expect(ASK("POST", "/metrics", "Content-Length: 0\r\n"), "HTTP/1.1 405 ", "Allow: GET, HEAD\r\n");
	teardown();
}
END_TEST

START_TEST(an_address_in_use_is_an_error_with_its_reason)
{
	setup(false);
	struct fail why = {0};
	char taken[32], nonsense[] = "nowhere";
	snprintf(taken, sizeof taken, "127.0.0.1:%u", (unsigned)admin_port(admin));
	struct admin_config other = {.address = taken};
	ck_assert_ptr_null(admin_open(base, &other, &hooks, &why));
	ck_assert_str_eq(why.code, "bind");
	ck_assert_msg(strstr(why.text, "in use") != NULL, "%s", why.text);
	other.address = nonsense;
	ck_assert_ptr_null(admin_open(base, &other, &hooks, &why));
	ck_assert_str_eq(why.code, "address");
	teardown();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {probes_tell_what_is_wrong, metrics_come_in_the_format_asked_for,
	    metrics_need_the_token_when_there_is_one, head_has_the_length_and_no_body,
	    other_paths_and_methods_are_refused, an_address_in_use_is_an_error_with_its_reason, NULL};
	return unit_run("admin", tests);
}

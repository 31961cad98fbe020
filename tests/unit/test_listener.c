#include "unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/inet.h"
#include "base/metrics.h"
#include "loop/listener.h"

static int accepted, last_fd;
static struct inet last_peer;
static struct listener *close_it;

static void
on_accept(int fd, const struct inet *peer, void *ctx)
{
	(void)ctx;
	accepted++;
	last_fd = fd;
	last_peer = *peer;
	if (close_it)
		listener_close(close_it);
}

/* Connects over IPv4 loopback to the port of s; -1 on failure. */
static int
try_dial(const struct listener *s)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const char *colon = strrchr(listener_address(s), ':');
	to.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? fd : -1;
}

static int
dial(const struct listener *s)
{
	int fd = try_dial(s);
	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(listener_hands_out_non_blocking_descriptors_with_their_peer)
{
	struct fail why = {0};
	char text[INET_TEXT_SIZE];
	struct loop *l = loop_new("test");
	struct listener *s = listener_open(l, "http", STR("127.0.0.1:0"), on_accept, NULL, &why);
	ck_assert_msg(s != NULL, "%s", why.text);
	ck_assert_int_eq(strncmp(listener_address(s), "127.0.0.1:", 10), 0);
	ck_assert_str_ne(listener_address(s), "127.0.0.1:0");
	int fd = dial(s);
	loop_turn(l);
	ck_assert_int_eq(accepted, 1);
	ck_assert(fcntl(last_fd, F_GETFL) & O_NONBLOCK);
	ck_assert(fcntl(last_fd, F_GETFD) & FD_CLOEXEC);
	inet_text(&last_peer, text);
	ck_assert_str_eq(text, "127.0.0.1");
	close(fd);
	close(last_fd);
	listener_close(s);
	listener_close(NULL);
	loop_free(l);
}
END_TEST

START_TEST(listener_on_all_addresses_takes_ipv4_too)
{
	struct fail why = {0};
	struct loop *l = loop_new("test");
	static const char *const all[] = {":0", "*:0"};
	for (size_t i = 0; i < 2; i++) {
		struct listener *s = listener_open(l, "http", str_of(all[i]), on_accept, NULL, &why);
		ck_assert_msg(s != NULL, "%s", why.text);
		int fd = dial(s);
		loop_turn(l);
		ck_assert_int_eq(accepted, (int)i + 1);
		ck_assert_int_eq(last_peer.family, 4);
		close(fd);
		close(last_fd);
		listener_close(s);
	}
	loop_free(l);
}
END_TEST

START_TEST(listener_paused_leaves_connections_waiting)
{
	struct fail why = {0};
	struct loop *l = loop_new("test");
	struct listener *s = listener_open(l, "http", STR("127.0.0.1:0"), on_accept, NULL, &why);
	listener_pause(s);
	int fd = dial(s);
	loop_turn(l);
	ck_assert_int_eq(accepted, 0);
	listener_resume(s);
	loop_turn(l);
	ck_assert_int_eq(accepted, 1);
	close(fd);
	close(last_fd);
	listener_close(s);
	loop_free(l);
}
END_TEST

START_TEST(listener_rests_when_descriptors_are_used_up)
{
	struct fail why = {0};
	struct rlimit old, few;
	clock_set(1000000);
	struct loop *l = loop_new("test");
	struct listener *s = listener_open(l, "http", STR("127.0.0.1:0"), on_accept, NULL, &why);
	int fd = dial(s), next = dup(0);
	close(next);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = (rlim_t)next;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	loop_turn(l);
	loop_turn(l);
	ck_assert_int_eq(accepted, 0);
	ck_assert(metrics_value(METRIC_CONNECTIONS_REFUSED, "http", "fds") > 0.5);
	ck_assert(metrics_value(METRIC_CONNECTIONS_REFUSED, "http", "fds") < 1.5);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	loop_turn(l);
	ck_assert_int_eq(accepted, 0);
	clock_set(1000100);
	loop_turn(l);
	ck_assert_int_eq(accepted, 1);
	close(fd);
	close(last_fd);
	listener_close(s);
	loop_free(l);
}
END_TEST

START_TEST(listener_may_be_closed_while_it_accepts)
{
	struct fail why = {0};
	struct loop *l = loop_new("test");
	struct listener *s = listener_open(l, "http", STR("127.0.0.1:0"), on_accept, NULL, &why);
	int one = dial(s), two = dial(s);
	close_it = s;
	loop_turn(l);
	ck_assert_int_eq(accepted, 1);
	close(one);
	close(two);
	close(last_fd);
	loop_free(l);
}
END_TEST

START_TEST(listener_says_why_it_cannot_listen)
{
	static const char *const bad[] = {"", "localhost", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
	    "::1:80", "127.0.0.1:http", "fd:nothing", "[::1]80", "203.0.113.1:0"};
	struct loop *l = loop_new("test");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct fail why = {0};
		ck_assert_msg(!listener_open(l, "http", str_of(bad[i]), on_accept, NULL, &why), "%s", bad[i]);
		ck_assert_msg(why.text[0] != '\0', "%s", bad[i]);
	}
	struct fail why = {0};
	struct listener *s = listener_open(l, "http", STR("127.0.0.1:0"), on_accept, NULL, &why);
	ck_assert_ptr_null(listener_open(l, "http", str_of(listener_address(s)), on_accept, NULL, &why));
	ck_assert_ptr_nonnull(strstr(why.text, strerror(EADDRINUSE)));
	listener_close(s);
	loop_free(l);
}
END_TEST

/* In a process whose descriptors 3 to 5 are passed as by the service manager; they replace those of the test's own
 * reports, so nothing is asserted here. */
static int
use_inherited(void)
{
	struct fail why = {0};
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char pid[32];
	for (int fd = 3; fd <= 5; fd++) {
		int made = socket(AF_INET, SOCK_STREAM, 0);
		if (made != fd) {
			dup2(made, fd);
			close(made);
		}
		if (bind(fd, (struct sockaddr *)&any, sizeof any) != 0 || (fd < 5 && listen(fd, 8) != 0))
			return 1;
	}
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "3", 1);
	setenv("LISTEN_FDNAMES", "syslog:http:http", 1);
	struct loop *l = loop_new("test");
	struct listener *s = listener_open(l, "http", STR("fd:http"), on_accept, NULL, &why);
	if (!s || strchr(listener_address(s), ':') == NULL || listener_open(l, "http", STR("fd:other"), on_accept, NULL, &why))
		return 2;
	int fd = try_dial(s);
	loop_turn(l);
	close(fd);
	listener_close(s);
	loop_free(l);
	return accepted == 1 ? 0 : 3;
}

START_TEST(listener_takes_inherited_sockets_by_name)
{
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		_exit(use_inherited());
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {listener_hands_out_non_blocking_descriptors_with_their_peer,
	    listener_on_all_addresses_takes_ipv4_too, listener_paused_leaves_connections_waiting,
	    listener_rests_when_descriptors_are_used_up, listener_may_be_closed_while_it_accepts,
	    listener_says_why_it_cannot_listen, listener_takes_inherited_sockets_by_name, NULL};
	return unit_run("listener", tests);
}

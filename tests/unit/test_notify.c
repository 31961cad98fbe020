#include "unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/notify.h"

static int manager = -1;
static char text[1000];

/* Stands where the service manager listens: an abstract socket of the kernel's choice. */
static void
listen_as_manager(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t size = sizeof(sa_family_t);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(manager, 0);
	ck_assert_int_eq(bind(manager, (struct sockaddr *)&address, size), 0);
	size = sizeof address;
	ck_assert_int_eq(getsockname(manager, (struct sockaddr *)&address, &size), 0);
	char name[sizeof address.sun_path + 2] = "@";
	memcpy(name + 1, address.sun_path + 1, size - sizeof(sa_family_t) - 1);
	setenv("NOTIFY_SOCKET", name, 1);
	clock_set(1000000);
}

static const char *
heard(void)
{
	ssize_t n = recv(manager, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

START_TEST(notify_tells_the_states_in_the_manager_s_words)
{
	char expect[100];
	listen_as_manager();
	struct loop *l = loop_new("control");
	struct notify *n = notify_new(l);
	ck_assert_ptr_nonnull(n);
	notify_ready(n);
	ck_assert_str_eq(heard(), "READY=1");
	notify_reloading(n);
	snprintf(expect, sizeof expect, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono_us());
	ck_assert_str_eq(heard(), expect);
	notify_status(n, "5 rules");
	ck_assert_str_eq(heard(), "STATUS=5 rules");
	notify_stopping(n);
	ck_assert_str_eq(heard(), "STOPPING=1");
	clock_set(9000000);
	loop_turn(l);
	ck_assert_str_eq(heard(), "");
	notify_free(n);
	notify_free(NULL);
	loop_free(l);
}
END_TEST

START_TEST(notify_feeds_the_watchdog_only_while_every_loop_moves)
{
	char pid[32];
	listen_as_manager();
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	setenv("WATCHDOG_USEC", "8000000", 1);
	struct loop *l = loop_new("control"), *worker = loop_new("worker-1");
	struct notify *n = notify_new(l);
	ck_assert_int_eq(notify_watch(n, l), 0);
	ck_assert_int_eq(notify_watch(n, worker), 0);
	loop_turn(l);
	ck_assert_str_eq(heard(), "");
	clock_set(1004000);
	loop_turn(l);
	ck_assert_str_eq(heard(), "WATCHDOG=1");
	clock_set(1010001);
	loop_turn(l);
	ck_assert_ptr_eq(notify_stuck(n), worker);
	ck_assert_str_eq(heard(), "STATUS=loop worker-1 stands still");
	loop_turn(worker);
	clock_set(1014001);
	loop_turn(l);
	ck_assert_str_eq(heard(), "WATCHDOG=1");
	clock_set(1030000);
	notify_forget(n, worker);
	loop_turn(l);
	ck_assert_str_eq(heard(), "WATCHDOG=1");
	notify_free(n);
	loop_free(worker);
	loop_free(l);
}
END_TEST

START_TEST(notify_refuses_more_than_32_loops)
{
	struct loop *l = loop_new("control");
	struct notify *n = notify_new(l);
	for (int i = 0; i < 32; i++)
		ck_assert_int_eq(notify_watch(n, l), 0);
	ck_assert_int_eq(notify_watch(n, l), -1);
	notify_free(n);
	loop_free(l);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {notify_tells_the_states_in_the_manager_s_words,
	    notify_feeds_the_watchdog_only_while_every_loop_moves, notify_refuses_more_than_32_loops, NULL};
	return unit_run("notify", tests);
}

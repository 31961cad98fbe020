#include "unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"

#ifdef ENABLE_FAULTS

START_TEST(fault_points_without_a_name_in_the_environment_do_nothing)
{
	unsetenv("PICKETD_FAULTS");
	ck_assert(!fault_hit("store.commit"));
}
END_TEST

START_TEST(fault_fail_answers_always_and_counted_ones_so_often)
{
	setenv("PICKETD_FAULTS", "a=fail, b=fail:2", 1);
	for (int i = 0; i < 5; i++) {
		ck_assert(fault_hit("a"));
		ck_assert_int_eq(fault_hit("b"), i < 2);
		ck_assert(!fault_hit("c"));
	}
}
END_TEST

START_TEST(fault_kill_ends_the_process)
{
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		setenv("PICKETD_FAULTS", "here=kill", 1);
		_exit(fault_hit("here"));
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
END_TEST

START_TEST(fault_hold_waits_until_its_file_exists)
{
	char path[] = "/tmp/picketd-fault-XXXXXX", text[100];
	int pipes[2], fd = mkstemp(path);
	char byte;
	ck_assert_int_ge(fd, 0);
	close(fd);
	unlink(path);
	ck_assert_int_eq(pipe(pipes), 0);
	snprintf(text, sizeof text, "here=hold:%s", path);
	setenv("PICKETD_FAULTS", text, 1);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		ssize_t n = write(pipes[1], "1", 1);
		bool failed = fault_hit("here") || access(path, F_OK) != 0;
		_exit(n != 1 || failed);
	}
	ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
	fclose(fopen(path, "w"));
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	unlink(path);
}
END_TEST

START_TEST(fault_that_is_misspelt_ends_the_process)
{
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		close(STDERR_FILENO);
		setenv("PICKETD_FAULTS", "here=fial", 1);
		_exit(fault_hit("elsewhere"));
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(status != 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {fault_points_without_a_name_in_the_environment_do_nothing,
	    fault_fail_answers_always_and_counted_ones_so_often, fault_kill_ends_the_process,
	    fault_hold_waits_until_its_file_exists, fault_that_is_misspelt_ends_the_process, NULL};
	return unit_run("fault", tests);
}

#else

START_TEST(fault_points_are_empty_in_an_ordinary_build)
{
	setenv("PICKETD_FAULTS", "a=fail", 1);
	ck_assert(!fault_hit("a"));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {fault_points_are_empty_in_an_ordinary_build, NULL};
	return unit_run("fault", tests);
}

#endif

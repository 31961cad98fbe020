#include "base/fault.h"

#ifdef ENABLE_FAULTS

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

enum { POINTS_MAX = 32, HOLD_STEP_MS = 5, HOLD_MAX_MS = 30000 };

struct point {
	struct str name;
	enum { FAULT_FAIL, FAULT_KILL, FAULT_HOLD } action;
	atomic_llong left; /* times to fail; below 0 = always */
	const char *path;  /* hold until it exists */
};

static struct point points[POINTS_MAX];
static size_t point_count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

_Noreturn static void
refuse(struct str item)
{
	static char newline[] = "\n", text[] = "PICKETD_FAULTS: not understood: ";
	struct iovec parts[] = {{.iov_base = text, .iov_len = sizeof text - 1},
	    {.iov_base = (void *)(uintptr_t)item.p, .iov_len = item.len}, {.iov_base = newline, .iov_len = 1}};
	if (writev(STDERR_FILENO, parts, 3) < 0)
		abort();
	_exit(2); /* a fault test must not pass because its fault was misspelt */
}

static void
add_point(struct str item)
{
	struct str action = item, name = str_split(&action, '=');
	struct str argument = action, verb = str_split(&argument, ':');
	int64_t times = -1;
	if (point_count == POINTS_MAX || name.len == 0)
		refuse(item);
	struct point *point = &points[point_count];
	point->name = name;
	if (str_eq(verb, STR("kill"))) {
		point->action = FAULT_KILL;
	} else if (str_eq(verb, STR("hold")) && argument.len > 0) {
		point->action = FAULT_HOLD;
		point->path = mem_copy_str(argument);
	} else if (str_eq(verb, STR("fail")) && (argument.len == 0 || str_to_i64(argument, &times))) {
		point->action = FAULT_FAIL;
	} else {
		refuse(item);
	}
	atomic_store(&point->left, times);
	point_count++;
}

/* What the environment says is read once, and its copy kept for the life of the process. */
static void
read_environment(void)
{
	const char *text = getenv("PICKETD_FAULTS");
	struct str rest = str_of(text ? mem_copy_str(str_of(text)) : NULL);
	while (rest.len > 0) {
		struct str item = str_trim(str_split(&rest, ','));
		if (item.len > 0)
			add_point(item);
	}
}

static void
hold(const char *path)
{
	for (int waited = 0; path && waited < HOLD_MAX_MS && access(path, F_OK) != 0; waited += HOLD_STEP_MS)
		poll(NULL, 0, HOLD_STEP_MS);
}

/* True while some are left; never goes below zero, which means without end. */
static bool
take_one(atomic_llong *left)
{
	long long now = atomic_load(left);
	while (now > 0)
		if (atomic_compare_exchange_weak(left, &now, now - 1))
			return true;
	return now < 0;
}

bool
fault_hit(const char *name)
{
	pthread_once(&once, read_environment);
	for (size_t i = 0; i < point_count; i++) {
		struct point *point = &points[i];
		if (!str_eq(point->name, str_of(name)))
			continue;
		if (point->action == FAULT_KILL)
			raise(SIGKILL);
		if (point->action == FAULT_HOLD)
			hold(point->path);
		else if (take_one(&point->left))
			return true;
	}
	return false;
}

#endif

#include "unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/fail.h"
#include "loop/mailbox.h"

enum { POSTERS = 4, EACH = 5000 };

static int numbers[POSTERS][EACH];
static int received, next_of[POSTERS];
static struct mailbox *box;

static void
count(void *message, void *ctx)
{
	(void)message;
	(void)ctx;
	received++;
}

START_TEST(mailbox_says_when_it_is_full_and_keeps_the_order)
{
	struct loop *l = loop_new("test");
	struct mailbox *m = mailbox_new(l, 2, count, NULL);
	ck_assert_ptr_nonnull(m);
	for (int turn = 0; turn < 3; turn++) {
		ck_assert_int_eq(mailbox_post(m, &numbers[0][0]), 0);
		ck_assert_int_eq(mailbox_post(m, &numbers[0][1]), 0);
		ck_assert_int_eq(mailbox_post(m, &numbers[0][2]), -1);
		ck_assert_uint_eq(mailbox_len(m), 2);
		ck_assert_ptr_eq(mailbox_take(m), &numbers[0][0]);
		loop_turn(l);
		ck_assert_int_eq(received, turn + 1);
	}
	ck_assert_ptr_null(mailbox_take(m));
	mailbox_free(m);
	mailbox_free(NULL);
	loop_free(l);
}
END_TEST

START_TEST(mailbox_delivers_a_bounded_number_a_turn)
{
	struct loop *l = loop_new("test");
	struct mailbox *m = mailbox_new(l, 1000, count, NULL);
	for (int i = 0; i < 150; i++)
		ck_assert_int_eq(mailbox_post(m, &numbers[0][i]), 0);
	loop_turn(l);
	ck_assert_int_eq(received, 64);
	loop_turn(l);
	loop_turn(l);
	ck_assert_int_eq(received, 150);
	mailbox_free(m);
	loop_free(l);
}
END_TEST

static void
count_then_free(void *message, void *ctx)
{
	(void)message;
	(void)ctx;
	received++;
	mailbox_free(box);
}

START_TEST(mailbox_may_be_freed_by_its_own_message)
{
	struct loop *l = loop_new("test");
	box = mailbox_new(l, 10, count_then_free, NULL);
	ck_assert_int_eq(mailbox_post(box, &numbers[0][0]), 0);
	ck_assert_int_eq(mailbox_post(box, &numbers[0][1]), 0);
	loop_turn(l);
	loop_turn(l);
	ck_assert_int_eq(received, 1);
	loop_free(l);
}
END_TEST

static void
check_order(void *message, void *ctx)
{
	ptrdiff_t at = (int *)message - &numbers[0][0];
	ck_assert_int_eq(next_of[at / EACH], (int)(at % EACH));
	next_of[at / EACH]++;
	if (++received == POSTERS * EACH)
		loop_break(ctx);
}

static void *
post_all(void *ctx)
{
	int *mine = ctx;
	for (int i = 0; i < EACH; i++)
		while (mailbox_post(box, &mine[i]) != 0)
			sched_yield();
	return NULL;
}

START_TEST(mailbox_loses_nothing_between_threads)
{
	pthread_t threads[POSTERS];
	struct loop *l = loop_new("test");
	box = mailbox_new(l, 100, check_order, l);
	for (int i = 0; i < POSTERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, post_all, numbers[i]), 0);
	loop_run(l);
	for (int i = 0; i < POSTERS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(received, POSTERS * EACH);
	mailbox_free(box);
	loop_free(l);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {mailbox_says_when_it_is_full_and_keeps_the_order,
	    mailbox_delivers_a_bounded_number_a_turn, mailbox_may_be_freed_by_its_own_message,
	    mailbox_loses_nothing_between_threads, NULL};
	return unit_run("mailbox", tests);
}

/*
 * walltime_test.c - clocks that can be right, and those that can't.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dnssec/walltime.h"

#define BUILD 1700000000u
#define DAY   86400u

static struct wall_time wall;
static bool told;

static int fresh(void **state)
{
	(void)state;
	wall = (struct wall_time){.build_s = BUILD};
	told = false;
	return 0;
}

static enum wall_change watch(uint32_t now_s)
{
	return wall_time_watch(&wall, now_s, &told);
}

static void before_2001_is_unset(void **state)
{
	(void)state;
	assert_int_equal(watch(5), WALL_UNSET);
	assert_int_equal(watch(6), WALL_SAME);
	assert_true(wall_time_is_unset(&wall, 6));
	assert_int_equal(watch(BUILD + 1), WALL_SET);
	assert_int_equal(watch(BUILD + 2), WALL_SAME);
	assert_false(wall_time_is_unset(&wall, BUILD + 2));
}

static void a_clock_before_the_build_is_believed_until_an_anchor_says_otherwise(void **state)
{
	(void)state;
	assert_int_equal(watch(BUILD - 300 * DAY), WALL_SAME);
	assert_false(wall_time_is_unset(&wall, BUILD - 300 * DAY));
	wall_time_prove(&wall, BUILD - 300 * DAY);
	assert_true(wall_time_doubt(&wall, BUILD - 300 * DAY));
	assert_true(wall_time_is_unset(&wall, BUILD - 300 * DAY));
	assert_int_equal(watch(BUILD - 300 * DAY), WALL_UNSET);
	assert_int_equal(watch(BUILD), WALL_SET);
}

static void after_the_build_an_anchor_of_the_future_is_just_wrong(void **state)
{
	(void)state;
	assert_false(wall_time_doubt(&wall, BUILD));
	assert_int_equal(watch(BUILD), WALL_SAME);
}

static void time_does_not_go_back_behind_what_was_proven(void **state)
{
	(void)state;
	wall_time_prove(&wall, BUILD + 100 * DAY);
	assert_int_equal(watch(BUILD + 99 * DAY), WALL_SAME);
	assert_int_equal(watch(BUILD + 99 * DAY - 1), WALL_UNSET);
	/* Nothing is proven by a clock that is unset. */
	wall_time_prove(&wall, BUILD + 50 * DAY);
	assert_int_equal(wall.proven_s, BUILD + 100 * DAY);
	assert_int_equal(watch(BUILD + 101 * DAY), WALL_SET);
	/* A jump ahead proves nothing by itself, so going back is fine. */
	assert_int_equal(watch(BUILD + 1000 * DAY), WALL_SAME);
	assert_int_equal(watch(BUILD + 101 * DAY), WALL_SAME);
}

static void without_a_watch_all_is_believed(void **state)
{
	(void)state;
	assert_false(wall_time_is_unset(NULL, 0));
	assert_false(wall_time_doubt(NULL, 0));
	wall_time_prove(NULL, BUILD);
}

#define WALL_TEST(f) cmocka_unit_test_setup(f, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WALL_TEST(before_2001_is_unset),
		WALL_TEST(a_clock_before_the_build_is_believed_until_an_anchor_says_otherwise),
		WALL_TEST(after_the_build_an_anchor_of_the_future_is_just_wrong),
		WALL_TEST(time_does_not_go_back_behind_what_was_proven),
		WALL_TEST(without_a_watch_all_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

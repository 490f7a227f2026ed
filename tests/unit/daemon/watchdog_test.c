/*
 * watchdog_test.c - who hangs is told from who was given no CPU.
 */
#include "../test.h"

#include "daemon/watchdog.h"

static struct turn_watch turn;

static int fresh(void **state)
{
	(void)state;
	turn = (struct turn_watch){0};
	assert_int_equal(turn_judge(&turn, 1, 0, false), TURN_FINE);
	return 0;
}

static void without_cpu_it_is_late_for_as_long_as_it_takes(void **state)
{
	(void)state;
	for (unsigned tick = 0; tick < 100000; tick++)
		assert_int_equal(turn_judge(&turn, 1, tick / 200, false), TURN_FINE);
}

static void with_cpu_it_is_slow_and_then_hangs(void **state)
{
	(void)state;
	assert_int_equal(turn_judge(&turn, 1, WATCHDOG_SLOW_MS - 1, false), TURN_FINE);
	assert_int_equal(turn_judge(&turn, 1, WATCHDOG_SLOW_MS, false), TURN_SLOW);
	assert_int_equal(turn_judge(&turn, 1, WATCHDOG_SLOW_MS + 1, false), TURN_FINE); /* told */
	assert_int_equal(turn_judge(&turn, 1, WATCHDOG_HANG_MS - 1, false), TURN_FINE);
	assert_int_equal(turn_judge(&turn, 1, WATCHDOG_HANG_MS, false), TURN_HANGS);
}

static void every_turn_begins_anew(void **state)
{
	(void)state;
	for (uint64_t beat = 2; beat < 100; beat++) {
		uint64_t begin_ms = beat * WATCHDOG_HANG_MS;

		assert_int_equal(turn_judge(&turn, beat, begin_ms, false), TURN_FINE);
		assert_int_equal(turn_judge(&turn, beat, begin_ms + WATCHDOG_SLOW_MS, false),
				 TURN_SLOW);
	}
}

static void asleep_for_ever_it_hangs(void **state)
{
	(void)state;
	for (unsigned tick = 1; tick < WATCHDOG_ASLEEP_MAX; tick++)
		assert_int_equal(turn_judge(&turn, 1, 0, true), TURN_FINE);
	assert_int_equal(turn_judge(&turn, 1, 0, false), TURN_FINE); /* it woke up */
	for (unsigned tick = 1; tick < WATCHDOG_ASLEEP_MAX; tick++)
		assert_int_equal(turn_judge(&turn, 1, 0, true), TURN_FINE);
	assert_int_equal(turn_judge(&turn, 1, 0, true), TURN_HANGS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_cpu_it_is_late_for_as_long_as_it_takes, fresh),
		cmocka_unit_test_setup(with_cpu_it_is_slow_and_then_hangs, fresh),
		cmocka_unit_test_setup(every_turn_begins_anew, fresh),
		cmocka_unit_test_setup(asleep_for_ever_it_hangs, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

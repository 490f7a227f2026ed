/* complaint_test.c - which complaints are told, and which are only counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "worker/complaint.h"

static struct complaints c;

static int begin(void **state)
{
	(void)state;
	memset(&c, 0, sizeof c);
	return 0;
}

static bool told(uint64_t zone, uint64_t now_s)
{
	return complaints_admit(&c, COMPLAINT_FAILED, zone, now_s);
}

static void test_one_of_a_zone(void **state)
{
	(void)state;
	assert_true(told(7, 1));
	for (unsigned i = 0; i < 9; i++)
		assert_false(told(7, 1 + i));
	assert_false(told(7, COMPLAINT_PAUSE_S));
	assert_true(told(8, 2));
	assert_true(told(7, 1 + COMPLAINT_PAUSE_S));
	assert_int_equal(c.left_out[COMPLAINT_FAILED], 10);
}

static void test_a_window_has_so_many_lines(void **state)
{
	(void)state;
	for (uint64_t zone = 1; zone <= COMPLAINTS_MAX; zone++)
		assert_true(told(zone, 100));
	assert_false(told(COMPLAINTS_MAX + 1, 100));
	assert_false(complaints_admit(&c, COMPLAINT_DENIED, COMPLAINTS_MAX + 2, 100));
	assert_true(told(COMPLAINTS_MAX + 1, 100 + COMPLAINT_WINDOW_S));
	assert_int_equal(c.left_out[COMPLAINT_FAILED], 1);
	assert_int_equal(c.left_out[COMPLAINT_DENIED], 1);
}

static void test_strangers_get_half_of_the_lines(void **state)
{
	unsigned denied = 0;

	(void)state;
	for (uint64_t net = 1; net <= 2 * COMPLAINTS_MAX; net++)
		denied += complaints_admit(&c, COMPLAINT_DENIED, net, 100);
	assert_int_equal(denied, COMPLAINTS_MAX / 2);
	for (uint64_t zone = 1; zone <= COMPLAINTS_MAX / 2; zone++)
		assert_true(told(1000 + zone, 100));
	assert_false(told(2000, 100));
	assert_true(complaints_admit(&c, COMPLAINT_DENIED, 1, 100 + COMPLAINT_PAUSE_S));
}

static void test_what_the_cache_knows_is_only_counted(void **state)
{
	(void)state;
	assert_false(complaints_admit(&c, COMPLAINT_KNOWN, 7, 1));
	assert_int_equal(c.left_out[COMPLAINT_KNOWN], 1);
	assert_true(told(7, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_one_of_a_zone, begin),
		cmocka_unit_test_setup(test_a_window_has_so_many_lines, begin),
		cmocka_unit_test_setup(test_strangers_get_half_of_the_lines, begin),
		cmocka_unit_test_setup(test_what_the_cache_knows_is_only_counted, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

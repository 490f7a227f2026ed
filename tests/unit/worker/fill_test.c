/*
 * fill_test.c - what the clients of one network fill of the cache in a minute.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "worker/fill.h"

static struct fill f;

static int set_up(void **state)
{
	(void)state;
	memset(&f, 0, sizeof f);
	return 0;
}

#define CACHE ((uint64_t)1 << 20)

static void a_quarter_is_enough(void **state)
{
	(void)state;
	fill_note(&f, 7, CACHE / 4 - 1024, 6000);
	assert_false(fill_is_over(&f, 7, CACHE, 6000));
	fill_note(&f, 7, 1, 6059);
	assert_true(fill_is_over(&f, 7, CACHE, 6059));
	assert_false(fill_is_over(&f, 7, 2 * CACHE, 6059));
	/* Nobody else pays for it. */
	assert_false(fill_is_over(&f, 8, CACHE, 6059));
}

static void a_minute_later_all_is_well(void **state)
{
	(void)state;
	fill_note(&f, 7, CACHE, 6000);
	assert_true(fill_is_over(&f, 7, CACHE, 6059));
	assert_false(fill_is_over(&f, 7, CACHE, 6060));
	fill_note(&f, 8, 1, 6060);
	assert_false(fill_is_over(&f, 7, CACHE, 6060));
}

static void nobody_is_nobody(void **state)
{
	(void)state;
	fill_note(&f, PARTY_OURSELF, UINT32_MAX, 6000);
	assert_false(fill_is_over(&f, PARTY_OURSELF, CACHE, 6000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_quarter_is_enough, set_up),
		cmocka_unit_test_setup(a_minute_later_all_is_well, set_up),
		cmocka_unit_test_setup(nobody_is_nobody, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

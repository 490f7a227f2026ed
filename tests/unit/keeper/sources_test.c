/*
 * sources_test.c - when a list is fetched again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keeper/sources.h"

static void after_success(void **state)
{
	(void)state;
	/* Up to a tenth sooner, never later. */
	for (uint32_t any = 0; any < 20000; any += 7) {
		assert_in_range(sources_pause_s(86400, 0, any), 86400 - 8640, 86400);
		assert_in_range(sources_pause_s(60, 0, any), 54, 60);
	}
	assert_int_equal(sources_pause_s(60, 0, 6), 54);
	assert_int_equal(sources_pause_s(60, 0, 7), 60);
	assert_in_range(sources_pause_s(LIST_REFRESH_MAX_S, 0, UINT32_MAX), 28382400, 31536000);
}

static void after_failures(void **state)
{
	static const uint32_t least_s[] = {0, 60, 120, 240, 480, 960, 1920, 3600, 3600};

	(void)state;
	for (unsigned n = 1; n < sizeof least_s / sizeof *least_s; n++) {
		for (uint32_t any = 0; any < 3000; any += 7)
			assert_in_range(sources_pause_s(86400, n, any), least_s[n],
					least_s[n] + least_s[n] / 4);
	}
	assert_int_equal(sources_pause_s(60, UINT32_MAX, 0), 3600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_success),
		cmocka_unit_test(after_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

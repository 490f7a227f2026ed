/* quantity_test.c - numbers with units: what counts, what doesn't, and what overflows. */
#include "../test.h"

#include "base/quantity.h"

static void sizes(void **state)
{
	uint64_t n = 0;
	char text[32];

	(void)state;
	assert_true(quantity_octets("0", &n) && n == 0);
	assert_true(quantity_octets("1KiB", &n) && n == 1024);
	assert_true(quantity_octets("3MiB", &n) && n == 3u << 20);
	assert_true(quantity_octets("17179869183GiB", &n));
	assert_false(quantity_octets("17179869184GiB", &n));
	assert_string_equal(quantity_octets_to_text(3u << 20, text), "3MiB");
	assert_string_equal(quantity_octets_to_text((3u << 20) + 1, text), "3145729");
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} good[] = {{"0ms", 0}, {"1s", 1000}, {"2m", 120000}, {"1h", 3600000}, {"7d", 604800000}};
	uint64_t ms;

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		assert_true(quantity_ms(good[i].text, &ms) && ms == good[i].ms);
}

static void nonsense(void **state)
{
	static const char *const texts[] = {
		"",
		"s",
		"-1s",
		"+1s",
		" 1s",
		"1 s",
		"1s ",
		"1S",
		"1kib",
		"1.5s",
		"0x1s",
		"1",
		"99999999999999999999s",
	};
	uint64_t n;

	(void)state;
	for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(quantity_ms(texts[i], &n));
	assert_false(quantity_number("12s", &n));
	assert_true(quantity_number("12", &n) && n == 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(durations),
		cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

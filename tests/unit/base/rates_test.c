/* rates_test.c - so many a second and no more, for each party by itself, also when the table is
 * full. */
#include "../test.h"

#include "base/clock.h"
#include "base/rates.h"

static struct rates *rates;

static int open_rates(void **state)
{
	(void)state;
	rates = rates_create();
	return rates ? 0 : -1;
}

static int close_rates(void **state)
{
	(void)state;
	rates_destroy(rates);
	return 0;
}

/* Scattered over the table, as keyed hashes are. */
static uint64_t party(uint64_t i)
{
	i = (i + 1) * 0x9e3779b97f4a7c15ull;
	i ^= i >> 31;
	return i * 0xbf58476d1ce4e5b9ull;
}

/* @per_s tries a second for @seconds: how many were let through? */
static unsigned let_through(uint64_t hash, uint32_t rate, unsigned per_s, unsigned seconds,
			    uint64_t from_ns)
{
	unsigned n = 0;

	for (uint64_t i = 0; i < (uint64_t)per_s * seconds; i++)
		n += rates_allow(rates, hash, rate, from_ns + i * NS_PER_S / per_s);
	return n;
}

static void as_many_as_are_allowed(void **state)
{
	static const uint32_t some[] = {1, 2, 10, 100, 1000, 5000};
	uint64_t now_ns = 1000 * NS_PER_S;

	(void)state;
	for (unsigned i = 0; i < sizeof some / sizeof *some; i++) {
		/* One second's worth at once, then the rate. */
		unsigned n = let_through(party(i), some[i], 20000, 10, now_ns);

		assert_in_range(n, some[i] * 10, some[i] * 11 + some[i] / 4 + 1);
	}
	/* Below the rate all go through. */
	assert_int_equal(let_through(party(100), 1000, 900, 10, now_ns), 9000);
}

static void a_seconds_worth_at_once(void **state)
{
	static const uint32_t some[] = {1, 2, 3, 4, 7, 100, 999, 1000, 40000, RATES_MAX};

	(void)state;
	for (unsigned i = 0; i < sizeof some / sizeof *some; i++) {
		for (unsigned k = 0; k < some[i]; k++)
			assert_true(rates_allow(rates, party(i), some[i], 7 * NS_PER_S));
		assert_false(rates_allow(rates, party(i), some[i], 7 * NS_PER_S));
	}
}

static void quiet_ones_may_begin_anew(void **state)
{
	(void)state;
	assert_int_equal(let_through(party(1), 10, 1000, 1, 5 * NS_PER_S), 19);
	assert_int_equal(let_through(party(1), 10, 1000000, 1, 60 * NS_PER_S), 19);
}

static void each_by_itself(void **state)
{
	(void)state;
	(void)let_through(party(1), 10, 100000, 1, NS_PER_S);
	assert_false(rates_allow(rates, party(1), 10, 2 * NS_PER_S));
	assert_true(rates_allow(rates, party(2), 10, 2 * NS_PER_S));
}

static void more_parties_than_places(void **state)
{
	unsigned innocent = 0;

	(void)state;
	for (uint64_t i = 0; i < 4 * RATES_SLOTS; i++) {
		for (unsigned k = 0; k < 3; k++)
			(void)rates_allow(rates, party(i + 10), 2, 9 * NS_PER_S);
	}
	/* Nobody who is new pays for those who fill the table. */
	for (uint64_t i = 0; i < 1000; i++)
		innocent += rates_allow(rates, party(i + 100000000), 2, 9 * NS_PER_S);
	assert_int_equal(innocent, 1000);
	/* A second later there is room again. */
	assert_int_equal(let_through(party(5), 10, 1000, 1, 20 * NS_PER_S), 19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(as_many_as_are_allowed, open_rates, close_rates),
		cmocka_unit_test_setup_teardown(a_seconds_worth_at_once, open_rates, close_rates),
		cmocka_unit_test_setup_teardown(quiet_ones_may_begin_anew, open_rates, close_rates),
		cmocka_unit_test_setup_teardown(each_by_itself, open_rates, close_rates),
		cmocka_unit_test_setup_teardown(more_parties_than_places, open_rates, close_rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

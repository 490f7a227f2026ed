/*
 * claim_test.c - what is to be done once: who may, and for how long nobody else.
 */
#include "helpers.h"

static struct cache *cache;

static int open_cache(void **state)
{
	(void)state;
	cache = new_cache(16 << 20, 100);
	return 0;
}

static int close_cache(void **state)
{
	(void)state;
	end_cache(cache);
	return 0;
}

/* Work that began at @p since_ms asks at @p now_ms. */
static bool claims(const char *name, uint64_t since_ms, uint64_t now_ms)
{
	return cache_claim(cache, NAME(name), 10, since_ms, now_ms, (uint32_t)(now_ms / 1000));
}

static void one_in_ten_seconds(void **state)
{
	(void)state;
	assert_true(claims("once.", 50000, 50100));
	assert_false(claims("once.", 50101, 50200));
	assert_false(claims("once.", 59000, 59900));
	assert_true(claims("once.", 60100, 60200));
	assert_false(claims("once.", 60300, 60400));
}

static void work_under_way_may_too(void **state)
{
	(void)state;
	assert_true(claims("way.", 50000, 50100));
	assert_true(claims("way.", 50050, 50150));
	assert_true(claims("way.", 50100, 50150));
	/* The others' asking does not make the time longer. */
	assert_false(claims("way.", 50101, 50300));
	assert_true(claims("way.", 60101, 60300));
}

static void names_are_apart(void **state)
{
	struct cache_hit hit;

	(void)state;
	assert_true(claims("a.", 50000, 50100));
	assert_true(claims("b.a.", 50200, 50300));
	assert_int_equal(cache_get(cache, NAME("a."), TERN_TYPE_DNSKEY, 50, true, &hit),
			 CACHE_MISS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_in_ten_seconds),
		cmocka_unit_test(work_under_way_may_too),
		cmocka_unit_test(names_are_apart),
	};

	return cmocka_run_group_tests(tests, open_cache, close_cache);
}

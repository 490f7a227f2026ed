/*
 * ranges_test.c - the index of denials: the owner at or before a name, for any
 * names in any order, and what happens when there are too many.
 */
#include "helpers.h"

#include "cache/ranges.h"

static struct cache *cache;

static const uint8_t *numbered(unsigned i)
{
	static uint8_t name[TERN_NAME_MAX];
	char text[32];

	snprintf(text, sizeof text, "n%03u.test.", i);
	return wire_name(name, text);
}

static const uint8_t *zone(void)
{
	static uint8_t name[TERN_NAME_MAX];

	return wire_name(name, "test.");
}

static void put(unsigned i, uint32_t ttl_s, uint32_t now_s)
{
	struct one_set s;

	cache_put_range(cache, zone(), make_set(&s, numbered(i), TERN_TYPE_NSEC, ttl_s, i, 4),
			now_s);
}

static void assert_found(unsigned at, unsigned owner, uint32_t now_s)
{
	uint8_t wanted[TERN_NAME_MAX];

	tern_name_copy(wanted, numbered(owner));
	const uint8_t *found = cache_find_range(cache, zone(), numbered(at), now_s);

	assert_non_null(found);
	assert_true(tern_name_equal(found, wanted));
}

static void the_last_owner_at_or_before(void **state)
{
	(void)state;
	cache = new_cache(1 << 20, 0);
	assert_null(cache_find_range(cache, zone(), numbered(1), 1));
	assert_int_equal(cache_ranges_type(cache, zone(), 1), 0);
	for (unsigned i = 0; i < 50; i++)
		put(i * 37 % 50 * 10, 60, 1); /* in no order */
	assert_int_equal(cache_ranges_type(cache, zone(), 1), TERN_TYPE_NSEC);
	for (unsigned i = 0; i < 500; i++)
		assert_found(i, i / 10 * 10, 1);
	put(5, 60, 1);
	assert_found(4, 0, 1);
	assert_found(5, 5, 1);
	assert_found(9, 5, 1);
	end_cache(cache);
}

static void before_the_first_it_reaches_around(void **state)
{
	(void)state;
	cache = new_cache(1 << 20, 0);
	put(5, 60, 1);
	put(7, 60, 1);
	assert_found(4, 7, 1);
	end_cache(cache);
}

static void each_owner_stays_as_long_as_the_longest(void **state)
{
	(void)state;
	cache = new_cache(1 << 20, 0);
	put(1, 10, 1);
	put(1, 100, 2);
	put(2, 10, 3);
	assert_found(1, 1, 90);
	assert_found(2, 2, 90);
	assert_null(cache_find_range(cache, zone(), numbered(1), 103));
	end_cache(cache);
}

static void a_full_list_takes_each_new_one(void **state)
{
	(void)state;
	cache = new_cache(1 << 20, 0);
	for (unsigned i = 0; i < 3 * RANGES_MAX; i++) {
		unsigned owner = i * 61 % (3 * RANGES_MAX);

		put(owner, 60, 1);
		assert_found(owner, owner, 1);
	}
	put(999, 60, 1); /* behind all others */
	assert_found(999, 999, 1);
	end_cache(cache);
}

/* At a zone cut the parent and the child have an NSEC each, and a client asks for the child's. */
static void two_zones_have_a_set_at_one_name(void **state)
{
	struct cache_hit hit;
	struct one_set s;
	uint8_t apex[TERN_NAME_MAX], top[TERN_NAME_MAX];

	(void)state;
	cache = new_cache(1 << 20, 0);
	wire_name(apex, "cut.test.");
	wire_name(top, "test.");
	cache_put_range(cache, top, make_set(&s, apex, TERN_TYPE_NSEC, 60, 1, 4), 1);
	cache_put_range(cache, apex, make_set(&s, apex, TERN_TYPE_NSEC, 60, 2, 4), 1);
	assert_true(cache_get_range_set(cache, top, apex, TERN_TYPE_NSEC, 2, &hit));
	assert_int_equal(get_u32(hit.set.rdata + 2), 1);
	assert_true(cache_get_range_set(cache, apex, apex, TERN_TYPE_NSEC, 2, &hit));
	assert_int_equal(get_u32(hit.set.rdata + 2), 2);
	assert_false(cache_get_set(cache, apex, TERN_TYPE_NSEC, CACHE_ANY, 2, &hit));
	end_cache(cache);
}

static void another_kind_of_chain_replaces_the_list(void **state)
{
	(void)state;
	cache = new_cache(1 << 20, 0);
	put(1, 60, 1);
	struct one_set s;

	cache_put_range(cache, zone(), make_set(&s, numbered(8), TERN_TYPE_NSEC3, 60, 8, 4), 1);
	assert_int_equal(cache_ranges_type(cache, zone(), 1), TERN_TYPE_NSEC3);
	assert_found(1, 8, 1);
	end_cache(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_owner_at_or_before),
		cmocka_unit_test(before_the_first_it_reaches_around),
		cmocka_unit_test(each_owner_stays_as_long_as_the_longest),
		cmocka_unit_test(a_full_list_takes_each_new_one),
		cmocka_unit_test(two_zones_have_a_set_at_one_name),
		cmocka_unit_test(another_kind_of_chain_replaces_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

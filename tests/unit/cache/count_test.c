/*
 * count_test.c - what a cache says of itself, whatever its size, and that removing one
 * entry removes no other.
 */
#include "base/readers.h"
#include "helpers.h"

static const uint8_t *numbered(unsigned i)
{
	static uint8_t name[TERN_NAME_MAX];
	char text[20];

	snprintf(text, sizeof text, "n%05u.test.", i);
	return wire_name(name, text);
}

static struct cache_counts counts_of(struct cache *c)
{
	struct cache_counts counts;

	cache_count(c, &counts);
	return counts;
}

static void each_put_is_counted_as_what_it_did(void **state)
{
	struct cache *c = new_cache(1 << 20, 100);
	struct cache_counts counts = counts_of(c);
	uint64_t empty = counts.octets;
	struct one_set s;

	(void)state;
	assert_int_equal(counts.entries, 0);
	put_a(c, numbered(1), 1, 60, 10);
	put_a(c, numbered(2), 1, 60, 10);
	put_a(c, numbered(2), 2, 60, 10);
	/* A forwarder knows less: it is refused. */
	cache_put(c, make_set(&s, numbered(2), TERN_TYPE_A, 60, 3, 4), CACHE_RANK_ANSWER,
		  CACHE_UNCHECKED, 10);
	counts = counts_of(c);
	assert_int_equal(counts.inserted, 2);
	assert_int_equal(counts.replaced, 1);
	assert_int_equal(counts.refused, 1);
	assert_int_equal(counts.evicted, 0);
	assert_int_equal(counts.entries, 2);
	assert_in_range(counts.octets - empty, 2 * 32, 2 * 256);
	assert_true(has_a(c, numbered(2), 2, 10));
	assert_int_equal(cache_flush_name(c, numbered(1)), 1);
	assert_int_equal(cache_flush_name(c, numbered(1)), 0);
	counts = counts_of(c);
	assert_int_equal(counts.entries, 1);
	assert_int_equal(cache_flush_zone(c, tern_name_root), 1);
	counts = counts_of(c);
	assert_int_equal(counts.entries, 0);
	assert_int_equal(counts.octets, empty);
	end_cache(c);
}

/* Inserted, and neither evicted nor removed: still there. */
static void who_was_evicted_is_counted(void **state)
{
	struct cache *c = new_cache(1 << 20, 100);
	struct cache_counts counts;
	unsigned n = 0, there = 0;

	(void)state;
	for (; n < 40000; n++) {
		put_a(c, numbered(n), n, 60, 10);
		readers_rest();
		if (n % 2000 == 0)
			wait_for_reclaim();
	}
	counts = counts_of(c);
	assert_int_equal(counts.inserted + counts.refused, n);
	assert_true(counts.evicted > n / 4);
	assert_int_equal(counts.inserted - counts.evicted, counts.entries);
	assert_true(counts.octets <= counts.limit);
	assert_true(counts.octets > counts.limit / 2);
	for (unsigned i = 0; i < n; i++)
		there += has_a(c, numbered(i), i, 10);
	assert_int_equal(there, counts.entries);
	end_cache(c);
}

/* From the smallest on: buckets and entries are within what was given, and most of it is used. */
static void any_size_is_kept_to(void **state)
{
	(void)state;
	for (uint64_t size = 4096; size <= (uint64_t)1 << 32; size *= 2) {
		for (int more = -1; more <= 1; more++) {
			struct cache *c = new_cache(size + (uint64_t)(int64_t)more, 100);
			struct cache_counts counts = counts_of(c);

			assert_int_equal(counts.entries, 0);
			if (size > 65536) {
				assert_in_range(counts.limit, size / 4 * 3, size + 1);
				assert_in_range(counts.octets, 1, size / 8);
			}
			put_a(c, numbered(1), 1, 60, 10);
			assert_true(size <= 65536 || has_a(c, numbered(1), 1, 10));
			end_cache(c);
		}
	}
}

static void removing_one_leaves_the_others(void **state)
{
	struct cache *c = new_cache(1 << 20, 100);
	const unsigned n = 2000; /* many in each bucket, all names of one length */

	(void)state;
	for (unsigned i = 0; i < n; i++)
		put_a(c, numbered(i), i, 60, 10);
	for (unsigned i = 0; i < n; i += 2)
		cache_drop(c, numbered(i), TERN_TYPE_A);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(has_a(c, numbered(i), i, 10), i % 2);
	assert_int_equal(counts_of(c).entries, n / 2);
	/* Of another type, or of a name that is not there, nothing goes. */
	cache_drop(c, numbered(1), TERN_TYPE_AAAA);
	cache_drop(c, numbered(n), TERN_TYPE_A);
	assert_int_equal(counts_of(c).entries, n / 2);
	end_cache(c);
}

static unsigned seen[16]; /* by kind */
static unsigned secure;

static void see(void *context, const struct cache_item *item)
{
	(void)context;
	seen[item->kind]++;
	secure += item->security == CACHE_SECURE;
	if (item->kind == CACHE_ITEM_FAILURE)
		assert_int_equal(item->failure.ede, 22);
}

/* All that is kept is met on a walk, as what it is. */
static void a_walk_tells_kinds_apart(void **state)
{
	struct cache *c = new_cache(1 << 20, 100);
	struct cache_failure failure = {.ede = 22, .text = "why", .text_len = 3, .ttl_s = 60};
	struct cache_negative denied = {.name = NAME("no.test."), .ttl_s = 60};
	struct cache_delegation d = {.zone = NAME("zone.test."),
				     .body = (const uint8_t *)"body",
				     .body_len = 4,
				     .ttl_s = 60};
	struct one_set s;
	size_t position = 0;

	(void)state;
	put_a(c, numbered(1), 1, 60, 10);
	cache_put_failure(c, numbered(2), TERN_TYPE_A, &failure, 10);
	cache_put_failure(c, numbered(2), CACHE_FAILURE_CUT, &failure, 10);
	cache_put_failure(c, numbered(2), CACHE_FAILURE_LINK(TERN_TYPE_DS), &failure, 10);
	denied.type = TERN_TYPE_MX;
	cache_put_negative(c, &denied, 10);
	cache_put_delegation(c, &d, 10);
	cache_put(c, make_set(&s, numbered(3), TERN_TYPE_A, 60, 3, 4), CACHE_RANK_AUTH_ANSWER,
		  CACHE_SECURE, 10);
	while (cache_walk(c, &position, 100, 10, see, NULL))
		;
	assert_int_equal(seen[CACHE_ITEM_RRSET], 2);
	assert_int_equal(secure, 1);
	assert_int_equal(seen[CACHE_ITEM_FAILURE], 3);
	assert_int_equal(seen[CACHE_ITEM_NODATA], 1);
	assert_int_equal(seen[CACHE_ITEM_DELEGATION], 1);
	assert_int_equal(seen[CACHE_ITEM_ANSWER], 0);
	assert_int_equal(seen[CACHE_ITEM_NXDOMAIN], 0);
	end_cache(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_put_is_counted_as_what_it_did),
		cmocka_unit_test(who_was_evicted_is_counted),
		cmocka_unit_test(any_size_is_kept_to),
		cmocka_unit_test(removing_one_leaves_the_others),
		cmocka_unit_test(a_walk_tells_kinds_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

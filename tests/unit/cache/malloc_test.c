/*
 * malloc_test.c - memory runs out at every single allocation, one after the
 * other: nothing crashes or leaks, and later everything works.
 */
#include "helpers.h"

#include "../base/allocations.h"
#include "base/readers.h"

#define NAMES 300

static struct cache *cache;

static const uint8_t *name_of(unsigned i)
{
	static uint8_t name[TERN_NAME_MAX];
	char text[32];

	snprintf(text, sizeof text, "n%u.test.", i);
	return wire_name(name, text);
}

static void put_answer(const uint8_t *name, uint32_t now_s)
{
	static const uint16_t ttl_at[] = {0};
	uint8_t message[4] = {0, 0, 0, 9};
	struct answer a = {.key = {.name = name,
				   .name_len = (uint16_t)tern_name_len(name),
				   .type = TERN_TYPE_A},
			   .message = message,
			   .message_len = 4,
			   .ttl_at = ttl_at,
			   .ttl_n = 1,
			   .ttl_s = 9,
			   .life_s = 9};

	cache_put_answer(cache, &a, now_s);
}

static void put_kinds(const uint8_t *name, uint32_t value, uint32_t now_s)
{
	struct cache_negative negative = {.name = name, .type = TERN_TYPE_MX, .ttl_s = 9};
	struct cache_delegation d = {.zone = name, .body = name, .body_len = 4, .ttl_s = 9};
	struct cache_failure failed = {.ede = 1, .text = "text", .text_len = 4, .ttl_s = 100};

	put_a(cache, name, value, 9, now_s);
	put_a(cache, name, value, 9, now_s); /* replaced: the old one has to be retired */
	cache_put_negative(cache, &negative, now_s);
	cache_put_failure(cache, name, TERN_TYPE_A, &failed, now_s);
	cache_put_delegation(cache, &d, now_s);
	put_answer(name, now_s);
}

/* What is there must be right; what is not may be missing. */
static void look(uint32_t value, uint32_t now_s, bool all)
{
	struct cache_hit hit;

	for (unsigned i = 0; i < NAMES; i++) {
		bool found = cache_get(cache, name_of(i), TERN_TYPE_A, now_s, false, &hit) ==
			     CACHE_POSITIVE;

		if (found)
			assert_int_equal(value_of(&hit.set), value + i);
		else
			assert_false(all);
	}
}

static void play(uint32_t value, uint32_t now_s, bool all)
{
	for (unsigned i = 0; i < NAMES; i++)
		put_kinds(name_of(i), value + i, now_s);
	look(value, now_s, all);
	cache_flush_name(cache, name_of(3));
	cache_drop_delegation(cache, name_of(4));
	wait_for_reclaim();
}

/* Replaying everything with the nth allocation failing, for every n. */
static void every_allocation_may_fail(void **state)
{
	uint64_t all = UINT64_MAX;

	(void)state;
	cache = new_cache(4 << 20, 0);
	for (uint64_t n = 1; n <= all; n += n < 100 ? 1 : 53) {
		uint32_t now_s = (uint32_t)(100 * n); /* what was before has expired */

		allocations_watch(n);
		play((uint32_t)n, now_s, false);
		uint64_t seen = allocations_seen();

		all = MIN(all, seen);
		assert_true(seen >= n);
	}
	assert_true(all > 5 * NAMES);
	/* All is well again: old leftovers went, new data comes in. */
	cache_flush_zone(cache, tern_name_root);
	wait_for_reclaim();
	play(7, 1, true);
	end_cache(cache);
}

static void eviction_without_memory(void **state)
{
	struct cache_counts counts;

	(void)state;
	cache = new_cache(1 << 20, 0);
	for (uint32_t i = 0; i < 40000; i++) {
		/* Every third allocation fails from where the cache is full. */
		if (i > 10000 && i % 2)
			allocations_watch(1 + i % 3);
		put_a(cache, name_of(i), i, 1000, 1);
		allocations_seen();
		if (i % 64 == 0)
			readers_rest();
		cache_count(cache, &counts);
		assert_true(counts.octets <= counts.limit + 1000);
	}
	assert_true(counts.evicted > 0);
	put_a(cache, name_of(0), 4711, 1000, 1);
	assert_true(has_a(cache, name_of(0), 4711, 1));
	end_cache(cache);
}

static void creation_fails_cleanly(void **state)
{
	struct cache_options options = {.size = 64 << 20};
	unsigned failed = 0;

	(void)state;
	for (uint64_t n = 1; n < 10; n++) {
		allocations_watch(n);
		struct cache *c = cache_create(&options, &test_key);
		struct infra *i = infra_create(&test_key);

		allocations_seen();
		failed += !c || !i;
		if (c)
			cache_destroy(c);
		infra_destroy(i);
	}
	assert_true(failed >= 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(eviction_without_memory),
		cmocka_unit_test(creation_fails_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

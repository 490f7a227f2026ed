/*
 * evict_test.c - what leaves a full cache and what stays (limits.md row 50).
 */
#include "helpers.h"

#define CACHE_OCTETS (8u << 20)
#define HOT_NAMES    50
#define TLDS         40

static uint8_t *numbered_name(uint8_t out[TERN_NAME_MAX], const char *prefix, uint32_t i,
			      const char *suffix)
{
	char text[80];

	snprintf(text, sizeof text, "%s%u.%s", prefix, i, suffix);
	wire_name(out, text);
	return out;
}

static struct cache_counts counts_of(struct cache *c)
{
	struct cache_counts counts;

	cache_count(c, &counts);
	assert_true(counts.octets <= counts.limit);
	assert_true(counts.limit <= CACHE_OCTETS);
	return counts;
}

/* Reclaiming is another thread's work; a flood must not be faster than it for ever. */
static void let_reclaim(struct cache *c)
{
	uint64_t refused = counts_of(c).refused;

	cache_quiescent();
	if (refused > 0)
		cache_sleep(), sched_yield(), cache_wake();
}

static void put_delegation(struct cache *c, const uint8_t *zone)
{
	static const uint8_t body[120];
	struct cache_delegation d = {.zone = zone, .body = body, .body_len = sizeof body,
				     .ttl_s = 100000};

	cache_put_delegation(c, &d, 1);
}

static uint8_t hot[HOT_NAMES][TERN_NAME_MAX];

static void put_hot(struct cache *c)
{
	static const uint8_t message[60];

	for (unsigned i = 0; i < HOT_NAMES; i++) {
		numbered_name(hot[i], "hot", i, "example.");
		put_a(c, hot[i], i, 100000, 1);
		struct answer a = {.key = {.name = hot[i], .name_len = (uint16_t)tern_name_len(hot[i]),
					   .type = TERN_TYPE_A},
				   .message = message, .message_len = sizeof message,
				   .ttl_s = 100000, .life_s = 100000};

		cache_put_answer(c, &a, 1);
	}
}

/* Half of them is asked for as rendered answers, half as sets. */
static bool hit_hot(struct cache *c, unsigned i)
{
	struct answer_key key = {.name = hot[i], .name_len = (uint16_t)tern_name_len(hot[i]),
				 .type = TERN_TYPE_A};
	struct answer_hit hit;
	uint8_t out[60];

	if (i % 2)
		return has_a(c, hot[i], i, 2);
	return cache_get_answer(c, &key, answer_hash(c, &key), 2, out, sizeof out, &hit);
}

static void hot_names_survive_a_flood_of_ten_caches(void **state)
{
	struct cache *c = new_cache(CACHE_OCTETS, 0);
	uint8_t name[TERN_NAME_MAX];
	uint64_t asked = 0, hits = 0, full = 0;

	(void)state;
	put_hot(c);
	for (uint32_t i = 0; full == 0 || counts_of(c).inserted < 10 * full; i++) {
		put_a(c, numbered_name(name, "cold", i, "example."), i, 100000, 1);
		/* A name in 20 is a hot one: each comes up once in a thousand. */
		if (i % 20 == 0) {
			hits += hit_hot(c, i / 20 % HOT_NAMES);
			asked++;
		}
		let_reclaim(c);
		if (full == 0 && counts_of(c).evicted > 0)
			full = counts_of(c).inserted;
	}
	assert_true(asked > 1000);
	assert_int_equal(hits, asked);
	assert_true(counts_of(c).evicted > 8 * full);
	end_cache(c);
}

/* A random flood below some TLDs asks for their delegations all the time, for others rarely. */
static void delegations_of_tlds_survive_a_flood(void **state)
{
	struct cache *c = new_cache(CACHE_OCTETS, 0);
	uint8_t name[TERN_NAME_MAX], tld[TLDS][TERN_NAME_MAX];
	struct cache_delegation d;
	uint64_t full = 0;

	(void)state;
	put_delegation(c, tern_name_root);
	for (unsigned i = 0; i < TLDS; i++)
		put_delegation(c, numbered_name(tld[i], "tld", i, ""));
	for (uint32_t i = 0; full == 0 || counts_of(c).inserted < 10 * full; i++) {
		unsigned busy = i % (TLDS / 2);
		unsigned quiet = TLDS / 2 + i / 4000 % (TLDS / 2); /* twice in a fill or so */

		assert_true(cache_get_delegation(c, tld[busy], 2, &d));
		if (i % 4000 == 0)
			assert_true(cache_get_delegation(c, tld[quiet], 2, &d));
		put_a(c, numbered_name(name, "random", i, "tld1."), i, 100000, 1);
		/* Delegations below are one-shot names like any other. */
		put_delegation(c, numbered_name(name, "zone", i, "tld1."));
		let_reclaim(c);
		if (full == 0 && counts_of(c).evicted > 0)
			full = counts_of(c).inserted;
	}
	for (unsigned i = 0; i < TLDS; i++)
		assert_true(cache_get_delegation(c, tld[i], 2, &d));
	end_cache(c);
}

/* Asked by nobody, they still outlive everything of their age. */
static void infrastructure_outlives_a_whole_fill(void **state)
{
	struct cache *c = new_cache(CACHE_OCTETS, 0);
	uint8_t name[TERN_NAME_MAX];
	struct cache_delegation d;
	struct cache_hit hit;
	struct one_set s;

	(void)state;
	put_delegation(c, NAME("com."));
	cache_put(c, make_set(&s, NAME("com."), TERN_TYPE_DNSKEY, 1000, 1, 300),
		  CACHE_RANK_AUTH_ANSWER, CACHE_SECURE, 1);
	put_a(c, NAME("com."), 7, 1000, 1);
	for (uint32_t i = 0; counts_of(c).evicted < counts_of(c).entries + 1000; i++) {
		put_a(c, numbered_name(name, "n", i, "com."), i, 1000, 1);
		let_reclaim(c);
	}
	assert_true(cache_get_delegation(c, NAME("com."), 2, &d));
	assert_int_equal(cache_get(c, NAME("com."), TERN_TYPE_DNSKEY, 2, false, &hit),
			 CACHE_POSITIVE);
	assert_false(has_a(c, NAME("com."), 7, 2));
	end_cache(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hot_names_survive_a_flood_of_ten_caches),
		cmocka_unit_test(delegations_of_tlds_survive_a_flood),
		cmocka_unit_test(infrastructure_outlives_a_whole_fill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * evict_test.c - what leaves a full cache and what stays (limits.md row 50).
 */
#include "base/readers.h"
#include "helpers.h"

#define CACHE_OCTETS (4u << 20)
#define COLD_LEN     200 /* octets of rdata of the names in a flood */
#define HOT_NAMES    50
#define TLDS         40

static struct cache *c;

static int open_cache(void **state)
{
	(void)state;
	c = new_cache(CACHE_OCTETS, 0);
	return 0;
}

static int close_cache(void **state)
{
	(void)state;
	end_cache(c);
	return 0;
}

static uint8_t *numbered_name(uint8_t out[TERN_NAME_MAX], const char *prefix, uint32_t i,
			      const char *suffix)
{
	char text[80];

	snprintf(text, sizeof text, "%s%u.%s", prefix, i, suffix);
	wire_name(out, text);
	return out;
}

static struct cache_counts counts_of(void)
{
	struct cache_counts counts;

	cache_count(c, &counts);
	assert_true(counts.octets <= counts.limit);
	assert_true(counts.limit <= CACHE_OCTETS);
	return counts;
}

struct flood {
	struct cache_counts counts;
	uint64_t full;    /* entries put in before the first was evicted; 0 not yet */
	uint64_t refused; /* so far */
};

/* Between the steps of a flood. True when it was @p times as large as the cache. */
static bool is_over(struct flood *f, uint32_t step, unsigned times)
{
	if (step % 64)
		return false;
	readers_rest();
	f->counts = counts_of();
	if (f->full == 0 && f->counts.evicted > 0)
		f->full = f->counts.inserted;
	/* Reclaiming is another thread's work, which a flood must not outrun. */
	if (f->counts.refused > f->refused)
		wait_for_reclaim();
	f->refused = f->counts.refused;
	return f->full > 0 && f->counts.inserted > times * f->full;
}

static void put_delegation(const uint8_t *zone)
{
	static const uint8_t body[120];
	struct cache_delegation d = {
		.zone = zone, .body = body, .body_len = sizeof body, .ttl_s = 100000};

	cache_put_delegation(c, &d, 1);
}

static void put_cold(const uint8_t *name)
{
	struct one_set s;

	cache_put(c, make_set(&s, name, TERN_TYPE_TXT, 100000, 1, COLD_LEN), CACHE_RANK_AUTH_ANSWER,
		  CACHE_UNCHECKED, 1);
}

static uint8_t hot[HOT_NAMES][TERN_NAME_MAX];

static void put_hot(void)
{
	static const uint8_t message[60];
	static const uint16_t ttl_at[] = {0};

	for (unsigned i = 0; i < HOT_NAMES; i++) {
		numbered_name(hot[i], "hot", i, "example.");
		put_a(c, hot[i], i, 100000, 1);
		struct answer a = {.key = {.name = hot[i],
					   .name_len = (uint16_t)tern_name_len(hot[i]),
					   .type = TERN_TYPE_A},
				   .message = message,
				   .message_len = sizeof message,
				   .ttl_at = ttl_at,
				   .ttl_s = 100000,
				   .life_s = 100000};

		cache_put_answer(c, &a, 1);
	}
}

/* Half of them is asked for as rendered answers, half as sets. */
static bool hit_hot(unsigned i)
{
	struct answer_key key = {
		.name = hot[i], .name_len = (uint16_t)tern_name_len(hot[i]), .type = TERN_TYPE_A};
	struct answer_hit hit;
	uint8_t out[60];

	if (i % 2)
		return has_a(c, hot[i], i, 2);
	return cache_get_answer(c, &key, answer_hash(c, &key), 0, 2, out, sizeof out, &hit);
}

static void hot_names_survive_a_flood_of_ten_caches(void **state)
{
	uint8_t name[TERN_NAME_MAX];
	uint64_t asked = 0, hits = 0;
	struct flood f = {.full = 0};

	(void)state;
	put_hot();
	for (uint32_t i = 0; !is_over(&f, i, 10); i++) {
		put_cold(numbered_name(name, "cold", i, "example."));
		/* A name in 20 is a hot one: each comes up once in a thousand. */
		if (i % 20 == 0) {
			hits += hit_hot(i / 20 % HOT_NAMES);
			asked++;
		}
	}
	assert_true(asked > 1000);
	assert_int_equal(hits, asked);
	assert_true(f.counts.evicted > 8 * f.full);
}

/* A random flood below some TLDs asks for their delegations all the time, for others rarely. */
static void delegations_of_tlds_survive_a_flood(void **state)
{
	uint8_t name[TERN_NAME_MAX], tld[TLDS][TERN_NAME_MAX];
	struct cache_delegation d;
	struct flood f = {.full = 0};

	(void)state;
	put_delegation(tern_name_root);
	for (unsigned i = 0; i < TLDS; i++)
		put_delegation(numbered_name(tld[i], "tld", i, ""));
	for (uint32_t i = 0; !is_over(&f, i, 10); i++) {
		unsigned busy = i % (TLDS / 2);
		unsigned quiet = TLDS / 2 + i / 200 % (TLDS / 2); /* once in a fill or so */

		assert_true(cache_get_delegation(c, tld[busy], 2, &d));
		if (i % 200 == 0)
			assert_true(cache_get_delegation(c, tld[quiet], 2, &d));
		put_cold(numbered_name(name, "random", i, "tld1."));
		/* Delegations below are one-shot names like any other. */
		put_delegation(numbered_name(name, "zone", i, "tld1."));
	}
	for (unsigned i = 0; i < TLDS; i++)
		assert_true(cache_get_delegation(c, tld[i], 2, &d));
}

/* Asked by nobody, they still outlive everything of their age. */
static void infrastructure_outlives_a_whole_fill(void **state)
{
	uint8_t name[TERN_NAME_MAX];
	struct cache_delegation d;
	struct cache_hit hit;
	struct one_set s;
	struct flood f = {.full = 0};

	(void)state;
	put_delegation(NAME("com."));
	cache_put(c, make_set(&s, NAME("com."), TERN_TYPE_DNSKEY, 1000, 1, 300),
		  CACHE_RANK_AUTH_ANSWER, CACHE_SECURE, 1);
	put_a(c, NAME("com."), 7, 1000, 1);
	for (uint32_t i = 0; !is_over(&f, i, 3); i++)
		put_cold(numbered_name(name, "n", i, "com."));
	assert_true(cache_get_delegation(c, NAME("com."), 2, &d));
	assert_int_equal(cache_get(c, NAME("com."), TERN_TYPE_DNSKEY, 2, false, &hit),
			 CACHE_POSITIVE);
	assert_false(has_a(c, NAME("com."), 7, 2));
}

/* Of who has filled enough, what leads to his zones leaves before what leads to others'. */
static void what_is_brief_leaves_first(void **state)
{
	static const uint8_t body[120];
	uint8_t brief[TLDS][TERN_NAME_MAX], other[TLDS][TERN_NAME_MAX], name[TERN_NAME_MAX];
	unsigned brief_n = 0, other_n = 0;
	struct cache_delegation d = {.body = body, .body_len = sizeof body, .ttl_s = 1000};
	struct cache_hit hit;
	struct one_set s;
	struct flood f = {.full = 0};

	(void)state;
	for (unsigned i = 0; i < TLDS; i++) {
		struct cache_positive p = {.security = CACHE_UNCHECKED,
					   .rank = CACHE_RANK_ANSWER,
					   .ede = TERN_EDE_NONE,
					   .brief = true};

		d.zone = numbered_name(brief[i], "brief", i, "com.");
		d.brief = true;
		cache_put_delegation(c, &d, 1);
		p.set = make_set(&s, brief[i], TERN_TYPE_DS, 1000, 1, 36);
		cache_put_positive(c, &p, 1);
		d.zone = numbered_name(other[i], "other", i, "com.");
		d.brief = false;
		cache_put_delegation(c, &d, 1);
		p.set = make_set(&s, other[i], TERN_TYPE_DS, 1000, 1, 36);
		p.brief = false;
		cache_put_positive(c, &p, 1);
	}
	/* One sweep: what has a life is still there. */
	for (uint32_t i = 0; f.counts.evicted < f.full || f.full == 0; i++) {
		put_cold(numbered_name(name, "n", i, "com."));
		(void)is_over(&f, i, 100);
	}
	for (unsigned i = 0; i < TLDS; i++) {
		brief_n += cache_get_delegation(c, brief[i], 2, &d);
		brief_n += cache_get_set(c, brief[i], TERN_TYPE_DS, CACHE_ANY, 2, &hit);
		other_n += cache_get_delegation(c, other[i], 2, &d);
		other_n += cache_get_set(c, other[i], TERN_TYPE_DS, CACHE_ANY, 2, &hit);
	}
	assert_true(brief_n < other_n / 2);
	assert_true(other_n > TLDS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_cache, close_cache)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hot_names_survive_a_flood_of_ten_caches),
		TEST(delegations_of_tlds_survive_a_flood),
		TEST(infrastructure_outlives_a_whole_fill),
		TEST(what_is_brief_leaves_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

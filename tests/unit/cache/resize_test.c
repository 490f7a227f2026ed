/* resize_test.c - a cache of another size takes over what one knows, as far as there is room. */
#include "helpers.h"

#define NAMES 2000

static const uint8_t *name_of(unsigned i)
{
	static uint8_t name[TERN_NAME_MAX];
	char text[32];

	snprintf(text, sizeof text, "n%u.test.", i);
	memcpy(name, NAME(text), tern_name_len(NAME(text)));
	return name;
}

static struct cache *make(uint64_t size, uint32_t stale_s)
{
	struct cache_options options = {.size = size, .stale_s = stale_s};
	struct cache *c = cache_create(&options, &test_key);

	assert_non_null(c);
	return c;
}

static void fill(struct cache *c)
{
	struct one_set s;

	for (unsigned i = 0; i < NAMES; i++)
		cache_put(c, make_set(&s, name_of(i), TERN_TYPE_A, 10 + i, i, 4),
			  CACHE_RANK_AUTH_ANSWER, CACHE_SECURE, 100);
}

static unsigned count_found(struct cache *c, uint32_t now_s, bool stale)
{
	unsigned found = 0;

	for (unsigned i = 0; i < NAMES; i++) {
		struct cache_hit hit;

		if (cache_get(c, name_of(i), TERN_TYPE_A, now_s, stale, &hit) != CACHE_POSITIVE)
			continue;
		found++;
		assert_int_equal(value_of(&hit.set), i);
		assert_int_equal(hit.security, CACHE_SECURE);
		assert_int_equal(hit.rank, CACHE_RANK_AUTH_ANSWER);
		if (!hit.stale)
			assert_int_equal(hit.ttl_s, 10 + i - (now_s - 100));
	}
	return found;
}

static void all_of_it_when_there_is_room(void **state)
{
	struct cache *from = new_cache(4 << 20, 3600), *to = make(64 << 20, 3600);

	(void)state;
	fill(from);
	cache_take_from(to, from, 100);
	assert_int_equal(count_found(to, 100, false), NAMES);
	assert_int_equal(count_found(from, 100, false), NAMES);
	cache_destroy(to);
	end_cache(from);
}

static void what_has_expired_only_as_stale_data(void **state)
{
	struct cache *from = new_cache(4 << 20, 3600);

	(void)state;
	fill(from);
	/* 110 + i is when it expires: by 610 the first 500 have. */
	for (uint32_t stale_s = 0; stale_s <= 100; stale_s += 50) {
		struct cache *to = make(4 << 20, stale_s);

		cache_take_from(to, from, 610);
		assert_int_equal(count_found(to, 610, false), NAMES - 501);
		assert_int_equal(count_found(to, 610, true), NAMES - 501 + stale_s);
		cache_destroy(to);
	}
	end_cache(from);
}

static void no_more_than_there_is_room_for(void **state)
{
	struct cache *from = new_cache(4 << 20, 0), *to = make(1 << 16, 0);
	struct cache_counts counts;

	(void)state;
	fill(from);
	cache_take_from(to, from, 100);
	cache_count(to, &counts);
	assert_true(counts.octets <= counts.limit);
	assert_true(counts.entries > 50 && counts.entries < NAMES);
	assert_int_equal(count_found(to, 100, false), counts.entries);
	cache_destroy(to);
	end_cache(from);
}

static void denials_failures_and_delegations_too(void **state)
{
	struct cache *from = new_cache(4 << 20, 0), *to = make(8 << 20, 0);
	struct cache_negative no = {.name = NAME("no.test."),
				    .nxdomain = true,
				    .ttl_s = 50,
				    .security = CACHE_INSECURE,
				    .rank = CACHE_RANK_AUTH_ANSWER,
				    .by_proof = true,
				    .ede = TERN_EDE_NONE};
	struct cache_failure failure = {.ede = 22, .ttl_s = 60, .text = "why", .text_len = 3};
	struct cache_delegation cut = {.zone = NAME("deep.er.test."),
				       .body = (const uint8_t *)"abc",
				       .body_len = 3,
				       .ttl_s = 70};
	struct cache_hit hit;

	(void)state;
	cache_put_negative(from, &no, 100);
	cache_put_failure(from, NAME("bad.test."), TERN_TYPE_A, &failure, 100);
	cache_put_delegation(from, &cut, 100);
	cache_take_from(to, from, 101);
	assert_int_equal(cache_get(to, NAME("no.test."), TERN_TYPE_A, 101, false, &hit),
			 CACHE_NXDOMAIN);
	assert_true(hit.by_proof);
	assert_true(cache_get_failure(to, NAME("bad.test."), TERN_TYPE_A, 101, &failure));
	assert_true(cache_get_delegation(to, NAME("deep.er.test."), 101, &cut));
	assert_int_equal(cut.ttl_s, 69);
	assert_int_equal(cache_cut_depth(to), cache_cut_depth(from));
	cache_destroy(to);
	end_cache(from);
}

/* They are of a rule set: they are made again. */
static void rendered_answers_are_left_behind(void **state)
{
	struct cache *from = new_cache(4 << 20, 0), *to = make(4 << 20, 0);
	const uint16_t ttl_at = 8;
	struct answer a = {.key = {.name = NAME("a.test."), .name_len = 8, .type = TERN_TYPE_A},
			   .message = (const uint8_t *)"0123456789abcdef",
			   .message_len = 16,
			   .ttl_at = &ttl_at,
			   .ttl_n = 1,
			   .ttl_s = 60,
			   .life_s = 60};
	struct answer_hit hit;
	uint8_t out[64];

	(void)state;
	cache_put_answer(from, &a, 100);
	assert_true(cache_get_answer(from, &a.key, answer_hash(from, &a.key), 0, 100, out,
				     sizeof out, &hit));
	a.key.rules++;
	assert_false(cache_get_answer(from, &a.key, answer_hash(from, &a.key), 0, 100, out,
				      sizeof out, &hit));
	a.key.rules--;
	cache_take_from(to, from, 100);
	assert_false(cache_get_answer(to, &a.key, answer_hash(to, &a.key), 0, 100, out, sizeof out,
				      &hit));
	cache_destroy(to);
	end_cache(from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_it_when_there_is_room),
		cmocka_unit_test(what_has_expired_only_as_stale_data),
		cmocka_unit_test(no_more_than_there_is_room_for),
		cmocka_unit_test(denials_failures_and_delegations_too),
		cmocka_unit_test(rendered_answers_are_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

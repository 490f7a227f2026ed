/*
 * answers_test.c - answers kept rendered: aged as they are copied, each address first in its
 * turn, variants apart.
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

static bool get_answer(const struct answer_key *key, uint32_t now_s, uint8_t *out, size_t out_max,
		       struct answer_hit *hit)
{
	return cache_get_answer(cache, key, answer_hash(cache, key), 0, now_s, out, out_max, hit);
}

/* Address number @p i of the answer with this turn; an alias comes before all of them. */
static unsigned address_in_turn(const struct answer *a, unsigned turn, unsigned i)
{
	uint8_t out[256];
	struct answer_hit hit;

	assert_true(cache_get_answer(cache, &a->key, answer_hash(cache, &a->key), turn, 1, out,
				     sizeof out, &hit));
	assert_int_equal(hit.len, a->message_len);
	assert_memory_equal(out, a->message, a->ttl_at[1]);
	/* The address moves as a whole, and nothing beside it does. */
	const uint8_t *at = out + a->ttl_at[1 + i] + 6;
	size_t len = get_u16(at - 2);

	for (size_t k = 1; k < len; k++)
		assert_int_equal(at[k], at[0]);
	assert_memory_equal(at - 10, a->message + a->ttl_at[1 + i] - 4, 10);
	return at[0];
}

/* Three addresses behind an alias, and one in another section. */
static void check_turns(const uint8_t *name, uint16_t type, uint16_t len)
{
	uint8_t message[256] = {0};
	uint16_t ttl_at[5];
	struct answer a = {.key = {.name = name, .name_len = 6, .type = type},
			   .message = message,
			   .ttl_at = ttl_at,
			   .ttl_n = 5,
			   .ttl_s = 50,
			   .life_s = 50};
	size_t at = 12;

	put_u16(message + 6, 4);
	for (unsigned i = 0; i < 5; i++) {
		put_u16(message + at + 2, i == 0 ? TERN_TYPE_CNAME : type);
		ttl_at[i] = (uint16_t)(at + 6);
		put_u32(message + at + 6, 50);
		put_u16(message + at + 10, len);
		memset(message + at + 12, (int)(10 + i), len);
		at += 12u + len;
	}
	a.message_len = (uint16_t)at;
	cache_put_answer(cache, &a, 1);
	for (unsigned turn = 0; turn < 9; turn++) {
		unsigned seen = 0;

		for (unsigned i = 0; i < 3; i++)
			seen |= 1u << (address_in_turn(&a, turn, i) - 11);
		assert_int_equal(seen, 7); /* all of them, wherever */
		assert_int_equal(address_in_turn(&a, turn, 0), 11 + turn % 3);
		assert_int_equal(address_in_turn(&a, turn, 3), 14); /* not an answer: stays */
	}
}

static void each_address_has_its_turn(void **state)
{
	(void)state;
	check_turns(NAME("turn."), TERN_TYPE_A, 4);
	check_turns(NAME("turn."), TERN_TYPE_AAAA, 16);
}

static void variants_are_apart(void **state)
{
	static const uint16_t ttl_at[] = {0};
	uint8_t message[4], out[4];
	struct answer_hit hit;
	struct answer a = {.key = {.name = NAME("variant."), .name_len = 9, .type = TERN_TYPE_A},
			   .message = message,
			   .message_len = 4,
			   .ttl_at = ttl_at,
			   .ttl_s = 10,
			   .life_s = 10};

	(void)state;
	for (uint8_t v = 0; v < 8; v++) {
		a.key.variant = v;
		assert_false(get_answer(&a.key, 1, out, sizeof out, &hit));
		put_u32(message, v);
		cache_put_answer(cache, &a, 1);
	}
	for (uint8_t v = 0; v < 8; v++) {
		a.key.variant = v;
		assert_true(get_answer(&a.key, 1, out, sizeof out, &hit));
		assert_int_equal(get_u32(out), v);
	}
	a.key.type = TERN_TYPE_AAAA;
	assert_false(get_answer(&a.key, 1, out, sizeof out, &hit));
	a.key.type = TERN_TYPE_A;
	cache_drop_answers(cache, NAME("variant."), TERN_TYPE_A);
	for (a.key.variant = 0; a.key.variant < 8; a.key.variant++)
		assert_false(get_answer(&a.key, 1, out, sizeof out, &hit));
}

/* Each class of views has its own, until newer data are there for all of them. */
static void views_are_apart_and_end_together(void **state)
{
	static const uint16_t ttl_at[] = {0};
	static const uint8_t classes[] = {0, 3, ANSWER_VIEWS_MAX - 1};
	uint8_t message[4], out[4];
	struct answer_hit hit;
	struct answer a = {.key = {.name = NAME("views."), .name_len = 7, .type = TERN_TYPE_A},
			   .message = message,
			   .message_len = 4,
			   .ttl_at = ttl_at,
			   .ttl_s = 10,
			   .life_s = 10};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(classes); i++) {
		a.key.view = classes[i];
		assert_false(get_answer(&a.key, 1, out, sizeof out, &hit));
		put_u32(message, i);
		cache_put_answer(cache, &a, 1);
	}
	for (unsigned i = 0; i < ARRAY_LEN(classes); i++) {
		a.key.view = classes[i];
		assert_true(get_answer(&a.key, 1, out, sizeof out, &hit));
		assert_int_equal(get_u32(out), i);
	}
	cache_drop_answers(cache, NAME("views."), TERN_TYPE_A);
	for (unsigned i = 0; i < ARRAY_LEN(classes); i++) {
		a.key.view = classes[i];
		assert_false(get_answer(&a.key, 1, out, sizeof out, &hit));
	}
}

static void ttls_of_an_answer_age(void **state)
{
	uint16_t ttl_at[ANSWER_TTLS_MAX];
	uint8_t message[4 * ANSWER_TTLS_MAX], out[sizeof message];
	struct answer_hit hit;
	struct answer a = {.key = {.name = NAME("age."), .name_len = 5, .type = TERN_TYPE_A},
			   .message = message,
			   .message_len = sizeof message,
			   .ttl_at = ttl_at,
			   .ttl_n = ANSWER_TTLS_MAX,
			   .ttl_s = 50,
			   .life_s = 200};

	(void)state;
	for (unsigned i = 0; i < ANSWER_TTLS_MAX; i++) {
		ttl_at[i] = (uint16_t)(4 * i);
		put_u32(message + 4 * i, 10 * i);
	}
	cache_put_answer(cache, &a, 100);
	for (uint32_t age = 0; age < 50; age += 7) {
		assert_true(get_answer(&a.key, 100 + age, out, sizeof out, &hit));
		assert_int_equal(hit.len, sizeof message);
		/* Told as old in the last tenth of the sets' own life, not of the answer's. */
		assert_int_equal(hit.old, 50 - age <= 20);
		for (unsigned i = 0; i < ANSWER_TTLS_MAX; i++)
			assert_int_equal(get_u32(out + 4 * i), 10 * i > age ? 10 * i - age : 0);
	}
	assert_false(get_answer(&a.key, 150, out, sizeof out, &hit));
}

static void what_is_too_large_is_no_answer(void **state)
{
	static uint8_t message[ANSWER_OCTETS_MAX + 1], out[ANSWER_OCTETS_MAX + 1];
	static uint16_t ttl_at[ANSWER_TTLS_MAX + 1];
	struct answer_hit hit;
	struct answer a = {.key = {.name = NAME("large."), .name_len = 7, .type = TERN_TYPE_A},
			   .message = message,
			   .message_len = ANSWER_OCTETS_MAX + 1,
			   .ttl_at = ttl_at,
			   .ttl_s = 50,
			   .life_s = 50};

	(void)state;
	cache_put_answer(cache, &a, 1);
	assert_false(get_answer(&a.key, 1, out, sizeof out, &hit));
	a.message_len = ANSWER_OCTETS_MAX;
	a.ttl_n = ANSWER_TTLS_MAX + 1;
	cache_put_answer(cache, &a, 1);
	assert_false(get_answer(&a.key, 1, out, sizeof out, &hit));
	a.ttl_n = ANSWER_TTLS_MAX;
	a.ttl_s = 0;
	cache_put_answer(cache, &a, 1);
	assert_false(get_answer(&a.key, 1, out, sizeof out, &hit));
	a.ttl_s = 1;
	cache_put_answer(cache, &a, 1);
	assert_true(get_answer(&a.key, 1, out, sizeof out, &hit));
	assert_int_equal(hit.len, ANSWER_OCTETS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variants_are_apart),
		cmocka_unit_test(views_are_apart_and_end_together),
		cmocka_unit_test(ttls_of_an_answer_age),
		cmocka_unit_test(each_address_has_its_turn),
		cmocka_unit_test(what_is_too_large_is_no_answer),
	};

	return cmocka_run_group_tests(tests, open_cache, close_cache);
}

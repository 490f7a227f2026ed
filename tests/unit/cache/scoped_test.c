/*
 * scoped_test.c - what is kept for one network of clients: apart from others, found when it is to
 * be forgotten.
 */
#include "helpers.h"

static struct prefix network(const char *text)
{
	struct prefix p;

	assert_true(prefix_from_text(text, &p));
	return p;
}

static void put(struct cache *c, const struct prefix *p, const uint8_t *name, uint32_t value)
{
	uint8_t key[TERN_NAME_MAX];
	struct one_set s;

	assert_true(cache_scoped_name(c, p, name, key));
	cache_put(c, make_set(&s, key, TERN_TYPE_A, 300, value, 4), CACHE_RANK_AUTH_ANSWER,
		  CACHE_UNCHECKED, 1000);
}

/* 0 when it is not there. */
static uint32_t get(struct cache *c, const struct prefix *p, const uint8_t *name)
{
	uint8_t key[TERN_NAME_MAX];
	struct cache_hit hit;

	assert_true(cache_scoped_name(c, p, name, key));
	return cache_get_set(c, key, TERN_TYPE_A, CACHE_ANY, 1000, &hit)
		       ? get_u32(hit.set.rdata + 2)
		       : 0;
}

static void networks_are_apart(void **state)
{
	struct cache *c = new_cache(1 << 20, 0);
	struct prefix one = network("192.0.2.0/24"), wider = network("192.0.0.0/16"),
		      six = network("2001:db8::/32"), all = {0};
	uint8_t name[TERN_NAME_MAX];
	struct cache_hit hit;

	(void)state;
	tern_name_copy(name, NAME("www.test."));
	put(c, &one, name, 1);
	put(c, &wider, name, 2);
	put(c, &six, name, 3);
	put(c, &all, name, 4);
	assert_int_equal(get(c, &one, name), 1);
	assert_int_equal(get(c, &wider, name), 2);
	assert_int_equal(get(c, &six, name), 3);
	assert_int_equal(get(c, &all, name), 4);
	assert_false(cache_get_set(c, name, TERN_TYPE_A, CACHE_ANY, 1000, &hit));
	tern_name_copy(name, NAME("WWW.Test."));
	assert_int_equal(get(c, &one, name), 1);
	end_cache(c);
}

static void they_are_forgotten_with_the_name(void **state)
{
	struct cache *c = new_cache(1 << 20, 0);
	struct prefix one = network("192.0.2.0/24");
	uint8_t name[TERN_NAME_MAX], other[TERN_NAME_MAX];

	(void)state;
	tern_name_copy(name, NAME("www.test."));
	tern_name_copy(other, NAME("test."));
	put(c, &one, name, 1);
	put(c, &one, other, 2);
	assert_int_equal(cache_flush_name(c, other), 1);
	assert_int_equal(get(c, &one, other), 0);
	assert_int_equal(get(c, &one, name), 1);
	cache_flush_zone(c, other);
	assert_int_equal(get(c, &one, name), 0);
	end_cache(c);
}

static void long_names_have_no_room(void **state)
{
	struct cache *c = new_cache(1 << 20, 0);
	struct prefix one = network("192.0.2.0/24");
	uint8_t name[TERN_NAME_MAX], key[TERN_NAME_MAX];

	(void)state;
	for (size_t len = 3; len <= TERN_NAME_MAX; len += 2) {
		for (size_t i = 0; i + 1 < len; i += 2) {
			name[i] = 1;
			name[i + 1] = 'a';
		}
		name[len - 1] = 0;
		bool fits = len + CACHE_SCOPE_OCTETS <= TERN_NAME_MAX;

		assert_int_equal(cache_scoped_name(c, &one, name, key), fits);
		if (fits)
			assert_int_equal(tern_name_len(key), len + CACHE_SCOPE_OCTETS);
	}
	end_cache(c);
}

/* Whatever the label of a network is made of, what is put is found, and every octet is in lower
 * case, as keys are. */
static void labels_are_in_lower_case(void **state)
{
	struct cache *c = new_cache(1 << 20, 0);
	uint8_t name[TERN_NAME_MAX], key[TERN_NAME_MAX], lower[TERN_NAME_MAX];

	(void)state;
	tern_name_copy(name, NAME("www.test."));
	for (unsigned i = 0; i < 200; i++) {
		struct prefix p = network("10.0.0.0/24");

		p.base.octets[1] = (uint8_t)i;
		assert_true(cache_scoped_name(c, &p, name, key));
		tern_name_lower(lower, key);
		assert_memory_equal(key, lower, tern_name_len(key));
		put(c, &p, name, i + 1);
		assert_int_equal(get(c, &p, name), i + 1);
	}
	end_cache(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_in_lower_case),
		cmocka_unit_test(networks_are_apart),
		cmocka_unit_test(they_are_forgotten_with_the_name),
		cmocka_unit_test(long_names_have_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* name_index_test.c - the longest name at or above a name is found, whatever else there is. */
#include "../names.h"

#include <stdio.h>

#include "wire/name_index.h"
#include "wire/suffix.h"

#define MANY 20000

static uint8_t names[MANY][32];

static void name_of(unsigned i, uint8_t out[32])
{
	char text[32];

	snprintf(text, sizeof text, "n%u.z%u.example.", i, i % 97);
	memcpy(out, NAME(text), tern_name_len(NAME(text)));
}

static void many_names(void **state)
{
	struct name_index *x = name_index_create();
	uint8_t below[TERN_NAME_MAX];

	(void)state;
	assert_int_equal(name_index_deepest(x, NAME("a.example.")), NAME_INDEX_NONE);
	assert_int_equal(name_index_get(x, NAME(".")), NAME_INDEX_NONE);
	for (unsigned i = 0; i < MANY; i++) {
		name_of(i, names[i]);
		assert_true(name_index_add(x, names[i], i));
		/* The first value counts. */
		assert_true(name_index_add(x, names[i], i + 1));
	}
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(name_index_get(x, names[i]), i);
		memcpy(below, "\3WWW", 4);
		tern_name_copy(below + 4, names[i]);
		assert_int_equal(name_index_deepest(x, below), i);
		assert_int_equal(name_index_get(x, below), NAME_INDEX_NONE);
		assert_int_equal(name_index_deepest(x, tern_name_parent(names[i])),
				 NAME_INDEX_NONE);
	}
	assert_true(name_index_add(x, NAME("."), 77));
	assert_int_equal(name_index_deepest(x, NAME("z1.example.")), 77);
	assert_int_equal(name_index_deepest(x, NAME(".")), 77);
	name_index_destroy(x);
}

static void names_of_all_lengths(void **state)
{
	static uint8_t deep[TERN_LABELS_MAX][TERN_NAME_MAX];
	struct name_index *x = name_index_create();

	(void)state;
	for (unsigned i = 0; i < TERN_LABELS_MAX; i++) {
		memcpy(deep[i], "\1a", 2);
		deep[i][2] = 0;
		if (i > 0)
			tern_name_copy(deep[i] + 2, deep[i - 1]);
		if (i % 2)
			assert_true(name_index_add(x, deep[i], i));
	}
	for (unsigned i = 1; i < TERN_LABELS_MAX; i++)
		assert_int_equal(name_index_deepest(x, deep[i]), i - (i + 1) % 2);
	assert_int_equal(name_index_deepest(x, deep[0]), NAME_INDEX_NONE);
	name_index_destroy(x);
	name_index_destroy(NULL);
}

static void hashes_depend_on_all_octets(void **state)
{
	const struct hash_key key = {0x0123456789abcdef, 0xfedcba9876543210};
	uint64_t a[TERN_LABELS_MAX + 1], b[TERN_LABELS_MAX + 1];
	static const char *const other[] = {"wwx.example.org.", "www.exampld.org.",
					    "www.example.orf.", "www2.example.org.",
					    "ww.wexample.org."};

	(void)state;
	assert_int_equal(suffix_hashes(&key, NAME("www.example.org."), a), 3);
	assert_int_equal(suffix_hashes(&key, NAME("WWW.Example.ORG."), b), 3);
	assert_memory_equal(a, b, 4 * sizeof *a);
	for (unsigned i = 0; i < sizeof other / sizeof *other; i++) {
		assert_int_equal(suffix_hashes(&key, NAME(other[i]), b), 3);
		assert_int_not_equal(a[3], b[3]);
	}
	assert_int_equal(suffix_hashes(&key, NAME("."), b), 0);
	assert_int_equal(a[0], b[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_names),
		cmocka_unit_test(names_of_all_lengths),
		cmocka_unit_test(hashes_depend_on_all_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * arena_test.c - what was taken stays what it was, until the reset; the limit holds.
 */
#include "../test.h"

#include <string.h>

#include "base/arena.h"

#define LIMIT  (256 * 1024)
#define PIECES 2000

static struct arena a;

static bool is_inside(const void *p, size_t len)
{
	return (const uint8_t *)p >= a.first && (const uint8_t *)p + len <= a.first + ARENA_FIRST;
}

struct piece {
	uint8_t *at;
	size_t len;
	uint8_t fill;
};

static void check_all(const struct piece *pieces, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		for (size_t j = 0; j < pieces[i].len; j++)
			assert_int_equal(pieces[i].at[j], pieces[i].fill);
	}
}

static unsigned fill_arena(uint64_t *seed, struct piece *pieces)
{
	unsigned n = 0;

	while (n < PIECES) {
		size_t len = random_under(seed, random_under(seed, 20) ? 200 : 30000);
		uint8_t *at = arena_take(&a, len);

		if (!at)
			break;
		assert_int_equal((uintptr_t)at % 8, 0);
		pieces[n] = (struct piece){at, len, (uint8_t)next_random(seed)};
		memset(at, pieces[n].fill, len);
		n++;
	}
	return n;
}

static void random_pieces(void **state)
{
	static struct piece pieces[PIECES];
	uint64_t seed = 7;

	(void)state;
	arena_init(&a, LIMIT);
	for (unsigned round = 0; round < 50; round++) {
		unsigned n = fill_arena(&seed, pieces);

		assert_true(n > 100);
		assert_true(a.taken <= LIMIT);
		check_all(pieces, n);
		arena_reset(&a);
		assert_int_equal(a.taken, 0);
		assert_null(a.blocks);
	}
}

static void small_needs_stay_inside(void **state)
{
	(void)state;
	arena_init(&a, 0); /* not a single octet from malloc */
	for (unsigned i = 0; i < ARENA_FIRST / 16; i++)
		assert_true(is_inside(arena_take(&a, 16), 16));
	assert_null(arena_take(&a, 1));
	assert_non_null(arena_take(&a, 0));
	arena_reset(&a);
	assert_true(is_inside(arena_take(&a, ARENA_FIRST), ARENA_FIRST));
	arena_reset(&a);
}

static void limits(void **state)
{
	(void)state;
	arena_init(&a, LIMIT);
	assert_null(arena_take(&a, LIMIT));
	assert_null(arena_take(&a, SIZE_MAX));
	assert_null(arena_take(&a, SIZE_MAX - 7));
	assert_null(arena_take(&a, SIZE_MAX - 64));
	assert_int_equal(a.taken, 0);
	uint8_t *large = arena_take(&a, LIMIT - 64);

	assert_non_null(large);
	memset(large, 1, LIMIT - 64);
	assert_null(arena_take(&a, ARENA_BLOCK));
	arena_reset(&a);
}

static void copies(void **state)
{
	uint8_t text[] = "a text";

	(void)state;
	arena_init(&a, 0);
	uint8_t *copy = arena_copy(&a, text, sizeof text);

	assert_non_null(copy);
	memset(text, 0, sizeof text);
	assert_string_equal((char *)copy, "a text");
	assert_null(arena_copy(&a, a.first, ARENA_FIRST));
	arena_reset(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_pieces),
		cmocka_unit_test(small_needs_stay_inside),
		cmocka_unit_test(limits),
		cmocka_unit_test(copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * random_test.c - even, without repeats, and nothing left behind.
 *
 * The bounds are six standard deviations: a good generator fails once in some
 * hundred million runs.
 */
#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"

#define DRAWS 1000000

#define TAIL 36

static struct random r;

/*
 * For k buckets chi-square has mean k - 1 and variance 2 (k - 1). Six deviations and,
 * above, twice 18 for its long tail (Laurent and Massart): chance gets there once in
 * e^18 runs.
 */
static void check_chi_square(const uint32_t *counts, unsigned buckets, double draws)
{
	double expected = draws / buckets, sum = 0, freedom = buckets - 1;

	for (unsigned i = 0; i < buckets; i++)
		sum += (counts[i] - expected) * (counts[i] - expected) / expected;
	double gap = sum - freedom;

	double far = gap > TAIL ? gap - TAIL : gap < 0 ? gap : 0;

	assert_true(far * far < 36 * 2 * freedom);
}

static void octets_are_even(void **state)
{
	uint32_t counts[256] = {0};
	uint8_t octet;

	(void)state;
	random_init(&r);
	for (unsigned i = 0; i < DRAWS; i++) {
		random_bytes(&r, &octet, 1);
		counts[octet]++;
	}
	check_chi_square(counts, 256, DRAWS);
}

static void ids_are_even(void **state)
{
	static uint32_t counts[2][256];

	(void)state;
	random_init(&r);
	for (unsigned i = 0; i < DRAWS; i++) {
		uint16_t id = random_u16(&r);

		counts[0][id >> 8]++;
		counts[1][id & 0xff]++;
	}
	check_chi_square(counts[0], 256, DRAWS);
	check_chi_square(counts[1], 256, DRAWS);
}

static void below_is_even(void **state)
{
	static const uint32_t bounds[] = {2, 3, 10, 48, 255, 1000};
	static uint32_t counts[1000];

	(void)state;
	random_init(&r);
	for (unsigned b = 0; b < 6; b++) {
		memset(counts, 0, sizeof counts);
		for (unsigned i = 0; i < DRAWS / 4; i++) {
			uint32_t v = random_below(&r, bounds[b]);

			assert_true(v < bounds[b]);
			counts[v]++;
		}
		check_chi_square(counts, bounds[b], DRAWS / 4);
	}
	assert_int_equal(random_below(&r, 1), 0);
}

/* With n above 2^31 half of all draws would be biased by a bare remainder. */
static void large_bounds_have_no_bias(void **state)
{
	uint32_t counts[3] = {0};

	(void)state;
	for (unsigned i = 0; i < DRAWS / 4; i++)
		counts[random_below(&r, 0xc0000000u) >> 30]++;
	check_chi_square(counts, 3, DRAWS / 4);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void nothing_repeats(void **state)
{
	static uint64_t seen[200000];
	struct random other;

	(void)state;
	random_init(&r);
	random_init(&other);
	for (unsigned i = 0; i < 200000; i += 2) {
		seen[i] = random_u64(&r);
		seen[i + 1] = random_u64(&other);
	}
	qsort(seen, 200000, sizeof seen[0], by_value);
	for (unsigned i = 1; i < 200000; i++)
		assert_true(seen[i] != seen[i - 1]);
}

static void nothing_is_left_behind(void **state)
{
	static const uint8_t zeros[RANDOM_BLOCK];
	uint8_t out[3 * RANDOM_BLOCK + 5] = {0};
	struct random fresh = {0};

	(void)state;
	random_init(&fresh);
	for (unsigned i = 0; i < 1000; i++) {
		random_bytes(&fresh, out, i);
		assert_memory_equal(fresh.block, zeros, fresh.at);
	}
	random_bytes(&fresh, out, sizeof out);
	assert_memory_equal(fresh.block, zeros, fresh.at);
	/* Every part of a long draw was written. */
	for (unsigned i = 0; i + 16 <= sizeof out; i += 16)
		assert_memory_not_equal(out + i, zeros, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_are_even), cmocka_unit_test(ids_are_even),
		cmocka_unit_test(below_is_even),   cmocka_unit_test(large_bounds_have_no_bias),
		cmocka_unit_test(nothing_repeats), cmocka_unit_test(nothing_is_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * inflight_test.c - who resolves which question: one worker at a time.
 */
#include "helpers.h"

#include <pthread.h>

#include "worker/inflight.h"

static struct inflight *table;

static int open_table(void **state)
{
	(void)state;
	table = inflight_create();
	assert_non_null(table);
	return 0;
}

static int close_table(void **state)
{
	(void)state;
	inflight_destroy(table);
	return 0;
}

#define HASH UINT64_C(0x123456789abcdef0)

static void the_first_one_owns_it(void **state)
{
	(void)state;
	assert_int_equal(inflight_claim(table, HASH, 3), 3);
	assert_int_equal(inflight_claim(table, HASH, 0), 3);
	assert_int_equal(inflight_claim(table, HASH, 255), 3);
	assert_int_equal(inflight_claim(table, HASH, 3), 3);
	inflight_release(table, HASH, 3);
	assert_int_equal(inflight_claim(table, HASH, 255), 255);
	assert_int_equal(inflight_claim(table, HASH, 0), 255);
	inflight_release(table, HASH, 255);
	assert_int_equal(inflight_claim(table, HASH, 0), 0);
	assert_int_equal(inflight_claim(table, HASH, 1), 0);
	inflight_release(table, HASH, 0);
}

static void only_the_owner_releases(void **state)
{
	(void)state;
	assert_int_equal(inflight_claim(table, HASH, 3), 3);
	inflight_release(table, HASH, 4);
	assert_int_equal(inflight_claim(table, HASH, 4), 3);
	inflight_release(table, HASH + (1ull << 40), 3); /* another question */
	assert_int_equal(inflight_claim(table, HASH, 4), 3);
	inflight_release(table, HASH, 3);
	inflight_release(table, HASH, 3); /* harmless */
	assert_int_equal(inflight_claim(table, HASH, 4), 4);
}

/* Hashes of one row: nothing but their upper bits differs. */
static uint64_t of_one_row(unsigned i)
{
	return HASH ^ (uint64_t)i << 40;
}

static void questions_of_one_row_are_all_known(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(inflight_claim(table, of_one_row(i), i), i);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(inflight_claim(table, of_one_row(i), 100), i);
	inflight_release(table, of_one_row(3), 3);
	assert_int_equal(inflight_claim(table, of_one_row(3), 100), 100);
	for (unsigned i = 4; i < 8; i++)
		assert_int_equal(inflight_claim(table, of_one_row(i), 101), i);
}

/* Of thousands in flight hardly one is without a slot. */
static void thousands_are_known(void **state)
{
	uint64_t seed = 5;
	unsigned unknown = 0;

	(void)state;
	for (unsigned i = 0; i < 8000; i++) {
		uint64_t hash = next_random(&seed);

		inflight_claim(table, hash, 1);
		unknown += inflight_claim(table, hash, 2) != 1;
	}
	assert_true(unknown < 8);
}

/* Without a slot whoever has it resolves it, unannounced. */
static void a_full_row_announces_no_more(void **state)
{
	uint64_t ninth = of_one_row(8);

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(inflight_claim(table, of_one_row(i), i), i);
	assert_int_equal(inflight_claim(table, ninth, 20), 20);
	assert_int_equal(inflight_claim(table, ninth, 21), 21);
	inflight_release(table, ninth, 20); /* takes nothing away from the others */
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(inflight_claim(table, of_one_row(i), 100), i);
}

static void zero_is_a_question_too(void **state)
{
	(void)state;
	assert_int_equal(inflight_claim(table, 0, 0), 0);
	assert_int_equal(inflight_claim(table, 0, 7), 0);
	inflight_release(table, 0, 0);
	assert_int_equal(inflight_claim(table, 0, 7), 7);
}

/* --- threads --------------------------------------------------------------------------- */

#define THREADS   4
#define QUESTIONS 16
#define ROUNDS    300000

static _Atomic unsigned owners[QUESTIONS]; /* who believes to own it, plus one */
static _Atomic unsigned joined;

static uint64_t hash_of(unsigned i)
{
	return (uint64_t)i << 9 | UINT64_C(0xabc) << 40;
}

static void *claim_and_release(void *argument)
{
	unsigned me = (unsigned)(uintptr_t)argument;
	uint64_t seed = me;
	unsigned rounds = is_sanitized() ? ROUNDS / 10 : ROUNDS;

	for (unsigned n = 0; n < rounds; n++) {
		unsigned i = (unsigned)(next_random(&seed) % QUESTIONS), nobody = 0, mine = me + 1;

		if (inflight_claim(table, hash_of(i), me) != me) {
			atomic_fetch_add(&joined, 1);
			continue;
		}
		assert_true(atomic_compare_exchange_strong(&owners[i], &nobody, me + 1));
		assert_true(atomic_compare_exchange_strong(&owners[i], &mine, 0));
		inflight_release(table, hash_of(i), me);
	}
	return NULL;
}

static void never_two_owners(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, claim_and_release, (void *)i),
				 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < QUESTIONS; i++)
		assert_int_equal(inflight_claim(table, hash_of(i), 200), 200); /* all given back */
}

#define TABLE_TEST(f) cmocka_unit_test_setup_teardown(f, open_table, close_table)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_TEST(the_first_one_owns_it),
		TABLE_TEST(only_the_owner_releases),
		TABLE_TEST(questions_of_one_row_are_all_known),
		TABLE_TEST(thousands_are_known),
		TABLE_TEST(a_full_row_announces_no_more),
		TABLE_TEST(zero_is_a_question_too),
		TABLE_TEST(never_two_owners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

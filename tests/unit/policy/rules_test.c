/*
 * rules_test.c - rule sets: parts are shared and end with the last of them, old ones stay as
 * long as somebody goes by them, readers see one of them whole.
 */
#include "../test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/readers.h"
#include "policy/rules.h"

static unsigned ended_n;

static void note_end(void *what)
{
	(void)what;
	ended_n++;
}

static struct rules *make(struct rulebook *book)
{
	struct rules *r =
		rulebook_current(book) ? rules_derive(rulebook_current(book)) : rules_create();

	assert_non_null(r);
	return r;
}

static int open_readers(void **state)
{
	(void)state;
	ended_n = 0;
	readers_enter();
	return 0;
}

static int close_readers(void **state)
{
	(void)state;
	readers_leave();
	return 0;
}

static void what_stays_is_shared(void **state)
{
	struct rulebook book = {NULL};
	static int config, hints;
	struct rules *r = make(&book);

	(void)state;
	assert_true(rules_set_part(r, RULES_CONFIG, &config, note_end));
	assert_true(rules_set_part(r, RULES_HINTS, &hints, note_end));
	rulebook_publish(&book, r, RULES_CHANGE_ANSWERS);
	assert_int_equal(rulebook_current(&book)->generation, 1);
	for (unsigned i = 0; i < 10; i++) {
		r = make(&book);
		assert_true(rules_set_part(r, RULES_CONFIG, &config, note_end));
		rulebook_publish(&book, r, RULES_CHANGE_SERVING);
		/* Nobody went by the one before: its configuration is gone, the hints are not. */
		assert_int_equal(ended_n, i + 1);
	}
	assert_int_equal(rulebook_current(&book)->generation, 11);
	assert_int_equal(rulebook_current(&book)->answers, 1);
	assert_int_equal(rulebook_current(&book)->fetched, 1);
	rulebook_publish(&book, make(&book), RULES_CHANGE_ANSWERS);
	assert_int_equal(rulebook_current(&book)->answers, 2);
	assert_int_equal(rulebook_current(&book)->fetched, 2);
	/* What was fetched for the cache has nothing to do with names of our own. */
	rulebook_publish(&book, make(&book), RULES_CHANGE_NAMES);
	assert_int_equal(rulebook_current(&book)->answers, 3);
	assert_int_equal(rulebook_current(&book)->fetched, 2);
	assert_int_equal(rulebook_current(&book)->generation, 13);
	rulebook_end(&book);
	assert_int_equal(ended_n, 12);
}

static void a_job_keeps_what_it_goes_by(void **state)
{
	struct rulebook book = {NULL};
	static int config;
	struct rules *first = make(&book);

	(void)state;
	first->resolver.max_ttl_s = 7;
	assert_true(rules_set_part(first, RULES_CONFIG, &config, note_end));
	rulebook_publish(&book, first, RULES_CHANGE_ANSWERS);
	rules_hold(first);
	for (unsigned i = 0; i < 3; i++) {
		struct rules *r = make(&book);

		assert_true(rules_set_part(r, RULES_CONFIG, &config, note_end));
		rulebook_publish(&book, r, RULES_CHANGE_ANSWERS);
	}
	assert_int_equal(ended_n, 2); /* those between */
	assert_int_equal(rulebook_tidy(&book), 1);
	assert_int_equal(first->resolver.max_ttl_s, 7);
	rules_release(first);
	assert_int_equal(rulebook_tidy(&book), 0);
	assert_int_equal(ended_n, 3);
	rulebook_end(&book);
	assert_int_equal(ended_n, 4);
}

static void the_same_again_is_no_new_generation(void **state)
{
	struct rulebook book = {NULL};

	(void)state;
	rulebook_publish(&book, make(&book), RULES_CHANGE_ANSWERS);
	assert_true(rulebook_publish_again(&book));
	assert_int_equal(rulebook_current(&book)->generation, 1);
	assert_int_equal(rulebook_current(&book)->answers, 2);
	assert_int_equal(rulebook_current(&book)->fetched, 2);
	rulebook_end(&book);
}

/* With its size changed again and again there would be a cache for each. */
static void assert_let_go(enum rules_part part)
{
	struct rulebook book = {NULL};
	static int caches[3];
	struct rules *first = make(&book);

	ended_n = 0;
	assert_true(rules_set_part(first, part, &caches[0], note_end));
	rulebook_publish(&book, first, RULES_CHANGE_ANSWERS);
	rules_hold(first);
	rulebook_publish(&book, make(&book), RULES_CHANGE_SERVING);
	assert_int_equal(ended_n, 0); /* it is the one in force still */
	for (unsigned i = 1; i < 3; i++) {
		struct rules *r = make(&book);

		assert_true(rules_set_part(r, part, &caches[i], note_end));
		rulebook_publish(&book, r, RULES_CHANGE_SERVING);
		assert_int_equal(ended_n, i);
	}
	assert_int_equal(rulebook_tidy(&book), 1);
	rules_release(first);
	rulebook_end(&book);
	assert_int_equal(ended_n, 3);
}

static void but_not_its_cache_nor_leases(void **state)
{
	(void)state;
	assert_let_go(RULES_CACHE);
	assert_let_go(RULES_LEASES);
}

static void a_copy_holds_its_original(void **state)
{
	struct rulebook book = {NULL};
	struct rules copy;

	(void)state;
	rulebook_publish(&book, make(&book), RULES_CHANGE_ANSWERS);
	copy = *rulebook_current(&book);
	rules_hold(&copy);
	rulebook_publish(&book, make(&book), RULES_CHANGE_ANSWERS);
	assert_int_equal(rulebook_tidy(&book), 1);
	rules_release(&copy);
	assert_int_equal(rulebook_tidy(&book), 0);
	rulebook_end(&book);
}

static void one_that_was_never_published_is_let_go(void **state)
{
	static int config;
	struct rules *r = rules_create();

	(void)state;
	assert_true(rules_set_part(r, RULES_CONFIG, &config, note_end));
	assert_true(rules_set_part(r, RULES_CONFIG, &config, note_end));
	assert_int_equal(ended_n, 1);
	rules_destroy(r);
	assert_int_equal(ended_n, 2);
	rules_destroy(NULL);
}

/* --- readers beside ------------------------------------------------------------------ */

#define PUBLISHED 2000

static struct rulebook shared;
static atomic_bool over;

static void *read_on(void *argument)
{
	uint64_t last = 0;

	(void)argument;
	readers_enter();
	while (!atomic_load(&over)) {
		const struct rules *r = rulebook_current(&shared);

		/* Both halves are of one set, and it is never an older one than before. */
		assert_int_equal(r->resolver.min_ttl_s, r->resolver.max_ttl_s);
		assert_true(r->generation >= last);
		last = r->generation;
		rules_hold(r);
		readers_rest();
		assert_int_equal(r->resolver.min_ttl_s, r->resolver.max_ttl_s);
		assert_int_equal(r->generation, last);
		rules_release(r);
		readers_rest();
	}
	readers_leave();
	return NULL;
}

static void readers_see_one_whole(void **state)
{
	pthread_t threads[2];

	(void)state;
	atomic_store(&over, false);
	rulebook_publish(&shared, make(&shared), RULES_CHANGE_ANSWERS);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, NULL), 0);
	for (uint32_t i = 1; i <= PUBLISHED; i++) {
		struct rules *r = make(&shared);

		r->resolver.min_ttl_s = r->resolver.max_ttl_s = i;
		rulebook_publish(&shared, r, RULES_CHANGE_SERVING);
	}
	atomic_store(&over, true);
	readers_sleep();
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	readers_wake();
	assert_int_equal(rulebook_tidy(&shared), 0);
	rulebook_end(&shared);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_readers, close_readers)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_stays_is_shared),
		TEST(a_job_keeps_what_it_goes_by),
		TEST(but_not_its_cache_nor_leases),
		TEST(a_copy_holds_its_original),
		TEST(one_that_was_never_published_is_let_go),
		TEST(readers_see_one_whole),
		TEST(the_same_again_is_no_new_generation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

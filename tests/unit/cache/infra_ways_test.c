/*
 * infra_ways_test.c - whether servers answer encrypted (RFC 9539 4): who tries it, how long a
 * failure and a success count, what doubt does, and what outlives the table.
 */
#include "helpers.h"

#define HOUR_MS UINT64_C(3600000)
#define REST_MS 10000u
#define DAY_MS  (24 * HOUR_MS)
#define ZONE    NAME("zone.")

static struct infra *infra;
static const struct address server = {.family = 4, .octets = {192, 0, 2, 1}, .port = 53};
static const struct address other = {.family = 4, .octets = {192, 0, 2, 2}, .port = 53};

static int open_infra(void **state)
{
	(void)state;
	infra = infra_create(&test_key);
	assert_non_null(infra);
	return 0;
}

static int close_infra(void **state)
{
	(void)state;
	infra_destroy(infra);
	return 0;
}

static bool is_encrypted(const struct address *a, uint64_t now_ms)
{
	struct infra_server s;

	infra_get(infra, a, ZONE, now_ms, &s);
	return s.ways & INFRA_BIT(INFRA_TLS);
}

static bool claim(const struct address *a, uint64_t now_ms)
{
	return infra_claim_way(infra, a, INFRA_TLS, now_ms);
}

static void one_tries_and_the_others_wait(void **state)
{
	(void)state;
	assert_false(is_encrypted(&server, 1));
	assert_true(claim(&server, 1));
	assert_false(claim(&server, 2));
	assert_true(claim(&other, 2));
	assert_false(is_encrypted(&server, 2));
	infra_release_way(infra, &server, INFRA_TLS);
	assert_true(claim(&server, 3));
	/* Whoever had it has got lost. */
	assert_false(claim(&server, 3 + 2 * INFRA_WAY_TIMEOUT_MS - 1));
	assert_true(claim(&server, 3 + 2 * INFRA_WAY_TIMEOUT_MS));
}

static void a_failure_is_damped_for_a_day(void **state)
{
	(void)state;
	assert_true(claim(&server, 5));
	infra_way_failed(infra, &server, INFRA_TLS, 5);
	assert_false(claim(&server, 5 + DAY_MS - 1));
	assert_false(is_encrypted(&server, 6));
	assert_true(claim(&server, 5 + DAY_MS));
	/* Releasing is of a try only. */
	infra_way_failed(infra, &server, INFRA_TLS, 5);
	infra_release_way(infra, &server, INFRA_TLS);
	assert_false(claim(&server, 6));
}

static void a_success_lasts_three_days_after_the_last_answer(void **state)
{
	(void)state;
	infra_way_works(infra, &server, INFRA_TLS, 10);
	assert_true(is_encrypted(&server, 10 + 3 * DAY_MS - 1));
	assert_false(claim(&server, 10 + 3 * DAY_MS - 1));
	infra_way_works(infra, &server, INFRA_TLS, 2 * DAY_MS);
	assert_true(is_encrypted(&server, 4 * DAY_MS));
	assert_false(is_encrypted(&server, 5 * DAY_MS));
	assert_true(claim(&server, 5 * DAY_MS));
	assert_false(is_encrypted(&other, 10));
}

static void doubt_ends_by_an_answer_or_as_a_failure(void **state)
{
	(void)state;
	infra_way_works(infra, &server, INFRA_TLS, 10);
	infra_way_outdone(infra, &server, INFRA_TLS, true, 100);
	assert_false(is_encrypted(&server, 101));
	assert_false(claim(&server, 101));
	infra_way_works(infra, &server, INFRA_TLS, 200);
	assert_true(is_encrypted(&server, 201));
	/* A second question in doubt does not begin it anew. */
	infra_way_outdone(infra, &server, INFRA_TLS, true, 1000);
	infra_way_outdone(infra, &server, INFRA_TLS, true, 4000);
	assert_false(is_encrypted(&server, 1000 + INFRA_WAY_TIMEOUT_MS));
	/* It has worked: its rest is short. */
	assert_false(claim(&server, 1000 + REST_MS - 1));
	assert_true(claim(&server, 1000 + REST_MS));
	/* Who is not known to answer by it can't be in doubt. */
	infra_way_outdone(infra, &other, INFRA_TLS, true, 10);
	assert_true(claim(&other, 20));
}

/* From @at_ms on, the rest that it is given. */
static uint64_t rest_after_ms(uint64_t at_ms)
{
	uint64_t ms = REST_MS;

	while (ms < DAY_MS && !claim(&server, at_ms + ms))
		ms += REST_MS;
	return ms;
}

static void rests_grow_up_to_a_day(void **state)
{
	uint64_t at_ms = 10, last_ms = 0;

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		uint64_t ms;

		infra_way_works(infra, &server, INFRA_TLS, at_ms);
		at_ms += 1000;
		infra_way_failed(infra, &server, INFRA_TLS, at_ms);
		ms = rest_after_ms(at_ms);
		assert_int_equal(ms, i == 0 ? REST_MS : MIN(4 * last_ms, DAY_MS));
		last_ms = ms;
		at_ms += ms;
	}
	assert_int_equal(last_ms, DAY_MS);
	/* Tries in vain are no way back. */
	infra_way_failed(infra, &server, INFRA_TLS, at_ms);
	assert_int_equal(rest_after_ms(at_ms), DAY_MS);
	at_ms += DAY_MS;
	/* A day of work is. */
	infra_way_works(infra, &server, INFRA_TLS, at_ms);
	infra_way_works(infra, &server, INFRA_TLS, at_ms + DAY_MS);
	infra_way_failed(infra, &server, INFRA_TLS, at_ms + DAY_MS);
	assert_int_equal(rest_after_ms(at_ms + DAY_MS), REST_MS);
}

static void who_is_always_late_is_given_up(void **state)
{
	uint64_t at_ms = 10;
	unsigned n = 0;

	(void)state;
	infra_way_works(infra, &server, INFRA_TLS, at_ms);
	for (; is_encrypted(&server, at_ms) && n < 100; n++) {
		infra_way_outdone(infra, &server, INFRA_TLS, false, at_ms);
		infra_way_heard(infra, &server, INFRA_TLS, ++at_ms);
	}
	assert_in_range(n, 2, 8);
	at_ms += REST_MS;
	assert_true(claim(&server, at_ms));
	/* Not so where there was no session, or an answer in between. */
	infra_way_works(infra, &server, INFRA_TLS, at_ms);
	for (n = 0; n < 20; n++) {
		infra_way_outdone(infra, &server, INFRA_TLS, n % 2, at_ms);
		infra_way_heard(infra, &server, INFRA_TLS, ++at_ms);
		if (n % 4 == 0)
			infra_way_works(infra, &server, INFRA_TLS, ++at_ms);
	}
	assert_true(is_encrypted(&server, at_ms));
}

struct kept {
	struct infra_way_record records[8];
	unsigned n;
};

static void keep(void *context, const struct infra_way_record *record)
{
	struct kept *kept = context;

	assert_true(kept->n < 8);
	kept->records[kept->n++] = *record;
}

static void a_brief_rest_is_told_apart(void **state)
{
	struct kept kept = {.n = 0};

	(void)state;
	infra_way_works(infra, &server, INFRA_TLS, 10);
	infra_way_failed(infra, &server, INFRA_TLS, 20);
	infra_way_failed(infra, &other, INFRA_TLS, 20);
	infra_each_way(infra, 30, keep, &kept);
	assert_int_equal(kept.n, 2);
	for (unsigned i = 0; i < kept.n; i++)
		assert_int_equal(kept.records[i].brief,
				 address_equal(&kept.records[i].server, &server));
}

static void what_is_kept_counts_as_if_nothing_had_ended(void **state)
{
	static const struct address third = {.family = 6, .octets = {0x20, 1}, .port = 53};
	struct kept kept = {.n = 0};

	(void)state;
	infra_way_works(infra, &server, INFRA_TLS, DAY_MS);
	infra_way_failed(infra, &other, INFRA_TLS, 2 * DAY_MS - HOUR_MS);
	assert_true(claim(&third, 2 * DAY_MS));
	infra_each_way(infra, 2 * DAY_MS, keep, &kept);
	assert_int_equal(kept.n, 2);
	infra_destroy(infra);
	infra = infra_create(&test_key);
	assert_non_null(infra);
	/* The machine was started a second ago: all that is older than its clock. */
	for (unsigned i = 0; i < kept.n; i++)
		infra_restore_way(infra, &kept.records[i], 1000);
	assert_true(is_encrypted(&server, 1000));
	assert_true(is_encrypted(&server, 1000 + 2 * DAY_MS - 1));
	assert_false(is_encrypted(&server, 1000 + 2 * DAY_MS));
	assert_false(claim(&other, 1000 + 23 * HOUR_MS - 1));
	assert_true(claim(&other, 1000 + 23 * HOUR_MS));
	assert_true(claim(&third, 1000));
}

static void what_is_too_old_or_known_better_is_not_restored(void **state)
{
	struct infra_way_record old = {.server = server, .works = true, .age_ms = 3 * DAY_MS};
	struct infra_way_record damped = {.server = server, .works = false, .age_ms = DAY_MS};
	struct infra_way_record fresh = {.server = other, .works = false, .age_ms = 0};

	(void)state;
	infra_restore_way(infra, &old, 10 * DAY_MS);
	infra_restore_way(infra, &damped, 10 * DAY_MS);
	assert_true(claim(&server, 10 * DAY_MS));
	infra_way_works(infra, &other, INFRA_TLS, 10 * DAY_MS);
	infra_restore_way(infra, &fresh, 10 * DAY_MS);
	assert_true(is_encrypted(&other, 10 * DAY_MS));
}

static void forgiveness_is_for_failures(void **state)
{
	(void)state;
	infra_way_failed(infra, &server, INFRA_TLS, 1);
	infra_way_works(infra, &other, INFRA_TLS, 1);
	infra_forgive_ways(infra);
	assert_true(claim(&server, 2));
	assert_true(is_encrypted(&other, 2));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_infra, close_infra)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_tries_and_the_others_wait),
		TEST(a_failure_is_damped_for_a_day),
		TEST(a_success_lasts_three_days_after_the_last_answer),
		TEST(doubt_ends_by_an_answer_or_as_a_failure),
		TEST(what_is_kept_counts_as_if_nothing_had_ended),
		TEST(what_is_too_old_or_known_better_is_not_restored),
		TEST(forgiveness_is_for_failures),
		TEST(rests_grow_up_to_a_day),
		TEST(who_is_always_late_is_given_up),
		TEST(a_brief_rest_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

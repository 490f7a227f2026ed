/*
 * machine_stale_test.c - what ends expired data, and how long they are said to live.
 */
#include "helpers.h"

#define A     TERN_TYPE_A
#define NOERR TERN_RCODE_NOERROR

static bool is_stale_there(void)
{
	struct result stale;

	ask("www.test.", A);
	assert_false(world.done);
	return job_stale_result(&world.job, &world.now, &stale);
}

static void no_ttl_above_its_own(void **state)
{
	struct result stale;

	(void)state;
	know_test();
	ask("www.test.", A);
	reply(AA, NOERR, "an www.test. 5 A 192.0.2.9", NULL);
	pass_ms(100000);
	ask("www.test.", A);
	assert_true(job_stale_result(&world.job, &world.now, &stale));
	assert_int_equal(stale.answer.first->set.ttl_s, 5);
}

static void an_answer_with_ttl_0_ends_it(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", A);
	reply(AA, NOERR, "an www.test. 5 A 192.0.2.9", NULL);
	pass_ms(100000);
	assert_true(is_stale_there());
	reply(AA, NOERR, "an www.test. 0 A 192.0.2.10", NULL);
	assert_true(has_answer_a("www.test.", "192.0.2.10"));
	assert_false(is_stale_there());
}

static void a_denial_with_ttl_0_ends_it(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", A);
	reply(AA, NOERR, "an www.test. 5 A 192.0.2.9", NULL);
	pass_ms(100000);
	assert_true(is_stale_there());
	reply(AA, NOERR, "ns test. 60 SOA ns. host. 1 2 3 4 0", NULL);
	assert_result(NOERR, 0);
	assert_false(is_stale_there());
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_ttl_above_its_own),
		TEST(an_answer_with_ttl_0_ends_it),
		TEST(a_denial_with_ttl_0_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

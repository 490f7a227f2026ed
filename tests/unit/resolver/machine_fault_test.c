/*
 * machine_fault_test.c - whose fault a failure is, and under which name it is
 * remembered; servers that need another form of the question.
 */
#include "helpers.h"

#define A     TERN_TYPE_A
#define NOERR TERN_RCODE_NOERROR
#define NXD   TERN_RCODE_NXDOMAIN
#define FAIL  TERN_RCODE_SERVFAIL
#define SERV  TEST_SERVER
#define OTHER "192.0.2.60"
#define SOA   "ns test. 300 SOA ns.test. host.test. 1 2 3 4 300"

static bool is_failed(const char *name, uint32_t what)
{
	struct cache_failure failure;

	return cache_get_failure(world.resolver.cache, NAME(name), what, world.now.boot_s,
				 &failure);
}

/* --- what is remembered, and of whom ----------------------------------------------------- */

static void what_its_own_servers_did_is_the_target_s(void **state)
{
	(void)state;
	know_test();
	know("other.", "ns.other.", OTHER, NULL);
	ask("www.test.", A);
	reply(AA, NOERR, "an www.test. 60 CNAME web.other.", NULL);
	assert_asked(OTHER, "web.other.", A);
	reply(QR, TERN_RCODE_REFUSED, NULL);
	assert_result(FAIL, 0);
	assert_true(is_failed("web.other.", A));
	assert_false(is_failed("www.test.", A));
}

static void our_own_shortage_is_told_and_forgotten(void **state)
{
	static const enum upstream_event shortages[] = {UPSTREAM_NO_RESOURCE, UPSTREAM_CROWDED};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(shortages); i++) {
		know_test();
		ask("www.test.", A);
		event(shortages[i]);
		assert_result(FAIL, 0);
		assert_false(is_failed("www.test.", A));
		assert_false(is_failed("test.", CACHE_FAILURE_CUT));
		ask("www.test.", A);
		assert_asked(SERV, "www.test.", A);
	}
}

/* The alias is somebody's; the target's servers never had a chance. */
static void a_limit_is_of_the_question_as_asked(void **state)
{
	(void)state;
	know_test();
	know("other.", "ns.other.", OTHER, NULL);
	ask("a0.test.", A);
	for (unsigned i = 1; i <= BUDGET_ALIAS_MAX; i++) {
		char record[64];

		snprintf(record, sizeof record, "an a%u.test. 60 CNAME a%u.test.", i - 1, i);
		reply(AA, NOERR, record, NULL);
	}
	reply(AA, NOERR, "an a12.test. 60 CNAME innocent.other.", NULL);
	assert_result(FAIL, 0);
	assert_true(is_failed("a0.test.", A));
	assert_false(is_failed("a12.test.", A));
	assert_false(is_failed("innocent.other.", A));
}

static void time_used_up_elsewhere_is_not_the_target_s(void **state)
{
	(void)state;
	know_test();
	know("other.", "ns.other.", OTHER, NULL);
	ask("www.test.", A);
	pass_ms(JOB_DEADLINE_MS - 100);
	reply(AA, NOERR, "an www.test. 60 CNAME innocent.other.", NULL);
	assert_asked(OTHER, "innocent.other.", A);
	pass_ms(90);
	job_expire(&world.job, &world.now);
	world.done = true;
	assert_result(FAIL, 0);
	assert_false(is_failed("innocent.other.", A));
	assert_false(is_failed("other.", CACHE_FAILURE_CUT));
}

static void type_0_is_not_the_zone(void **state)
{
	(void)state;
	know_test();
	ask("test.", 0);
	reply(QR, TERN_RCODE_REFUSED, NULL);
	assert_result(FAIL, 0);
	assert_true(is_failed("test.", 0));
	assert_false(is_failed("test.", CACHE_FAILURE_CUT));
	ask("www.test.", A);
	assert_asked(SERV, "www.test.", A);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);
}

static void of_a_dead_zone_one_server_is_asked(void **state)
{
	const struct cache_failure dead = {.ede = TERN_EDE_NO_REACHABLE_AUTHORITY,
					   .text = "dead",
					   .text_len = 4,
					   .ttl_s = CACHE_FAILURE_MAX_S};

	(void)state;
	know("test.", "ns.test.", SERV, "ns2.test.", OTHER, NULL);
	cache_put_failure(world.resolver.cache, NAME("test."), CACHE_FAILURE_CUT, &dead,
			  world.now.boot_s);
	ask("www.test.", A);
	assert_false(world.done);
	reply(QR, TERN_RCODE_REFUSED, NULL);
	assert_result(FAIL, 0);
}

/* --- RD=0 ---------------------------------------------------------------------------------- */

static void without_recursion_nobody_is_asked(void **state)
{
	(void)state;
	know_test();
	ask_with("www.test.", A, JOB_NO_RECURSION);
	assert_result(TERN_RCODE_REFUSED, 0);
	assert_int_equal(world.job.result.ede, TERN_EDE_NOT_AUTHORITATIVE);
	assert_true(world.job.result.uncacheable);
	assert_false(is_failed("www.test.", A));
	ask("www.test.", A);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	ask_with("www.test.", A, JOB_NO_RECURSION);
	assert_result(NOERR, 1);
}

/* --- letter case ------------------------------------------------------------------------------ */

static void a_denial_of_mixed_case_is_confirmed(void **state)
{
	(void)state;
	world.mixed = true;
	know_test();
	ask("www.test.", A);
	assert_true(world.job.outbox.random_case);
	reply(AA, NXD, SOA, NULL);
	assert_asked(SERV, "www.test.", A);
	assert_false(world.job.outbox.random_case);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);
	ask("ftp.test.", A);
	assert_false(world.job.outbox.random_case); /* it compares letters exactly: learned */
}

static void who_folds_letters_is_asked_once(void **state)
{
	(void)state;
	world.mixed = true;
	know_test();
	ask("www.test.", A);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	ask("no.test.", A);
	assert_true(world.job.outbox.random_case);
	reply(AA, NXD, SOA, NULL);
	assert_result(NXD, 0);
}

static void a_confirmed_denial_shows_that_letters_fold(void **state)
{
	(void)state;
	world.mixed = true;
	know_test();
	ask("no.test.", A);
	reply(AA, NXD, SOA, NULL);
	reply(AA, NXD, SOA, NULL);
	assert_result(NXD, 0);
	ask("none.test.", A);
	assert_true(world.job.outbox.random_case);
	reply(AA, NXD, SOA, NULL);
	assert_result(NXD, 0);
}

/* --- server names ------------------------------------------------------------------------------
 */

/* One dead address hides nobody. */
static void names_are_looked_up_beside_a_silent_server(void **state)
{
	(void)state;
	world.rules.resolver.ipv6 = false;
	know_test();
	know("other.", "ns.other.", OTHER, NULL);
	know("two.test.", "ns.two.test.", "192.0.2.70", "dns.other.", "", NULL);
	ask("www.two.test.", A);
	assert_asked("192.0.2.70", "www.two.test.", A);
	event(UPSTREAM_TIMED_OUT);
	assert_asked(OTHER, "dns.other.", A);
	reply(AA, NOERR, "an dns.other. 60 A 192.0.2.71", NULL);
	assert_asked("192.0.2.71", "www.two.test.", A);
	reply(AA, NOERR, "an www.two.test. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);
}

/* With glue nobody asks the cache where the server was once. */
static void glue_comes_before_what_is_cached(void **state)
{
	(void)state;
	world.rules.resolver.ipv6 = false;
	know_test();
	ask("ns.sub.test.", A);
	reply(AA, NOERR, "an ns.sub.test. 600 A 192.0.2.99", NULL);
	for (unsigned glue = 0; glue < 2; glue++) {
		ask("www.sub.test.", A);
		reply(QR, NOERR, "ns sub.test. 60 NS ns.sub.test.",
		      glue ? "ad ns.sub.test. 60 A 192.0.2.54" : NULL, NULL);
		assert_asked(glue ? "192.0.2.54" : "192.0.2.99", "www.sub.test.", A);
		assert_int_equal(world.job.frames[0].at.cut->servers_n, 1);
		cache_drop_delegation(world.resolver.cache, NAME("sub.test."));
	}
}

/* The glue of another zone's server may be out of date. */
static void a_silent_server_s_name_is_looked_up(void **state)
{
	(void)state;
	world.rules.resolver.ipv6 = false;
	know("other.", "ns.other.", OTHER, NULL);
	know("moved.test.", "dns.other.", "192.0.2.70", NULL);
	ask("www.moved.test.", A);
	assert_asked("192.0.2.70", "www.moved.test.", A);
	event(UPSTREAM_TIMED_OUT);
	assert_asked(OTHER, "dns.other.", A);
	reply(AA, NOERR, "an dns.other. 60 A 192.0.2.71", NULL);
	assert_asked("192.0.2.71", "www.moved.test.", A);
}

/* Of many server names those beside one that led nowhere come last. */
static void names_elsewhere_come_first(void **state)
{
	(void)state;
	world.rules.resolver.ipv6 = false;
	for (unsigned round = 0; round < 10; round++) {
		unsigned in_vain = 0;

		know("void.", "ns.void.", OTHER, NULL);
		know("good.", "ns.good.", "192.0.2.61", NULL);
		know("many.test.", "g1.void.", "", "g2.void.", "", "g3.void.", "", "g4.void.", "",
		     "g5.void.", "", "g6.void.", "", "dns.good.", "", NULL);
		ask("www.many.test.", A);
		while (!asks("192.0.2.61", "dns.good.", A) && in_vain < 10) {
			reply(AA, NXD, "ns void. 0 SOA ns. h. 1 2 3 4 0", NULL);
			in_vain++;
		}
		assert_in_range(in_vain, 0, 1);
		cache_flush_zone(world.resolver.cache, NAME("."));
	}
}

/* --- EDNS
 * ------------------------------------------------------------------------------------------ */

/* Without DO there are no signatures: a server in a signed zone can't do without. */
static void below_a_ds_there_is_edns(void **state)
{
	(void)state;
	trust_test();
	know_test();
	ask("www.test.", A);
	reply(QR, TERN_RCODE_FORMERR, NULL);
	assert_true(world.job.outbox.edns);
	assert_int_equal(world.job.outbox.cookie_len, 0);
	reply(QR, TERN_RCODE_FORMERR, NULL);
	assert_result(FAIL, 0);
}

/* What one zone's server can't do says nothing of another's at the same address. */
static void what_is_learned_is_the_zone_s(void **state)
{
	(void)state;
	know_test();
	know("well.", "ns.well.", SERV, NULL);
	ask("www.test.", A);
	reply(QR, TERN_RCODE_FORMERR, NULL);
	reply(QR, TERN_RCODE_FORMERR, NULL);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);
	ask("ftp.test.", A);
	assert_false(world.job.outbox.edns);
	ask("www.well.", A);
	assert_true(world.job.outbox.edns);
}

/* --- somebody on the way ------------------------------------------------------------------ */

/* One root server may be broken; as many as that are nobody's own words. */
static void root_servers_that_answer_as_caches_are_counted(void **state)
{
	struct address one = address("192.0.2.1@53"), two = address("192.0.2.2@53");

	(void)state;
	ask("www.test.", A);
	for (unsigned i = 0; i < 8 && !world.done; i++)
		reply(QR | TERN_FLAG_RA, NOERR, "an www.test. 60 A 192.0.2.99", NULL);
	assert_true(world.resolver.impostors_n > 0);
	world.resolver.impostors_n = 0;
	link_suspect(&world.resolver, &one);
	link_suspect(&world.resolver, &one);
	assert_int_equal(world.resolver.impostors_n, 1);
	link_suspect(&world.resolver, &two);
	for (unsigned i = 3; i < 9; i++) {
		two.octets[3] = (uint8_t)i;
		link_suspect(&world.resolver, &two);
	}
	assert_int_equal(world.resolver.impostors_n, IMPOSTORS_MAX);
}

/* Who may be asked for recursion by others refers us all the same. */
static void root_servers_are_no_impostors(void **state)
{
	(void)state;
	ask("www.test.", A);
	reply(QR | TERN_FLAG_RA, NOERR, "ns test. 300 NS ns.test.", "ad ns.test. 300 A " SERV,
	      NULL);
	assert_int_equal(world.resolver.impostors_n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(root_servers_that_answer_as_caches_are_counted),
		TEST(root_servers_are_no_impostors),
		TEST(what_its_own_servers_did_is_the_target_s),
		TEST(our_own_shortage_is_told_and_forgotten),
		TEST(a_limit_is_of_the_question_as_asked),
		TEST(time_used_up_elsewhere_is_not_the_target_s),
		TEST(type_0_is_not_the_zone),
		TEST(of_a_dead_zone_one_server_is_asked),
		TEST(without_recursion_nobody_is_asked),
		TEST(a_denial_of_mixed_case_is_confirmed),
		TEST(who_folds_letters_is_asked_once),
		TEST(a_confirmed_denial_shows_that_letters_fold),
		TEST(names_are_looked_up_beside_a_silent_server),
		TEST(glue_comes_before_what_is_cached),
		TEST(a_silent_server_s_name_is_looked_up),
		TEST(names_elsewhere_come_first),
		TEST(below_a_ds_there_is_edns),
		TEST(what_is_learned_is_the_zone_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

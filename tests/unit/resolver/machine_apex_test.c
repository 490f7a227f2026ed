/*
 * machine_apex_test.c - forward and stub zones beside the public tree: what is above them has
 * no say about them.
 */
#include "helpers.h"

#define A     TERN_TYPE_A
#define DS    TERN_TYPE_DS
#define NOERR TERN_RCODE_NOERROR
#define NXD   TERN_RCODE_NXDOMAIN
#define SERV  TEST_SERVER
#define OWN   "192.0.2.88"
#define SOA   "ns test. 300 SOA ns.test. host.test. 1 2 3 4 300"

static const enum route_kind kinds[] = {ROUTE_FORWARD, ROUTE_STUB};

/* corp.test. has servers of its own, which its parent does not know of. */
static void know_corp(enum route_kind kind)
{
	know("test.", "ns.test.", SERV, NULL);
	use_route("corp.test.", OWN, kind, false);
}

static void assert_own_answer(const char *name, enum route_kind kind)
{
	char record[64];

	snprintf(record, sizeof record, "an %s 60 A 192.0.2.9", name);
	ask(name, A);
	assert_asked(OWN, name, A);
	reply(kind == ROUTE_FORWARD ? QR | TERN_FLAG_RA : AA, NOERR, record, NULL);
	assert_result(NOERR, 1);
	assert_true(has_answer_a(name, "192.0.2.9"));
}

static void ask_for_ds(const char *reply_with, unsigned rcode)
{
	ask("corp.test.", DS);
	assert_asked(SERV, "corp.test.", DS);
	reply(AA, rcode, reply_with, NULL);
}

/* RFC 4035 3.1.4.1: the DS is the parent's, all else at that name is not. */
static void the_parent_denies_the_ds_only(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
		know_corp(kinds[i]);
		ask_for_ds(SOA, NXD);
		assert_result(NXD, 0);
		ask("corp.test.", DS);
		assert_result(NXD, 0);
		assert_true(world.job.result.cached);
		assert_int_equal(world.job.result.authority.n, 1);
		assert_own_answer("corp.test.", kinds[i]);
		assert_own_answer("www.corp.test.", kinds[i]);
		ask("corp.test.", DS);
		assert_result(NXD, 0);
		cache_flush_zone(world.resolver.cache, NAME("test."));
	}
}

/* What its own servers deny stays denied, but for the DS. */
static void its_own_servers_deny_the_name(void **state)
{
	(void)state;
	know_corp(ROUTE_STUB);
	ask("no.corp.test.", A);
	reply(AA, NXD, "ns corp.test. 300 SOA ns. host. 1 2 3 4 300", NULL);
	assert_result(NXD, 0);
	ask("no.corp.test.", DS);
	assert_result(NXD, 0);
	assert_true(world.job.result.cached);
}

/* A wildcard alias in the parent answers for its DS as well. */
static void an_alias_of_the_parent_is_none_here(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
		know_corp(kinds[i]);
		ask_for_ds("an corp.test. 60 CNAME www.test.", NOERR);
		assert_asked(SERV, "www.test.", DS);
		reply(AA, NOERR, SOA, NULL);
		assert_result(NOERR, 1);
		assert_own_answer("corp.test.", kinds[i]);
		cache_flush_zone(world.resolver.cache, NAME("test."));
	}
}

static void a_dname_above_leads_nobody_away(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
		know_corp(kinds[i]);
		ask("www.test.", A);
		reply(AA, NOERR, "an test. 60 DNAME else.test2.", NULL);
		job_over();
		ask("ftp.test.", TERN_TYPE_CNAME);
		assert_result(NOERR, 2);
		assert_own_answer("corp.test.", kinds[i]);
		assert_own_answer("www.corp.test.", kinds[i]);
		cache_flush_zone(world.resolver.cache, NAME("test."));
	}
}

/* Parent and child on one server: no referral shows that the alias stands at the child's apex. */
static void an_unproven_alias_is_no_ds(void **state)
{
	(void)state;
	know("test.", "ns.test.", SERV, NULL);
	ask("odd.test.", TERN_TYPE_CNAME);
	assert_asked(SERV, "odd.test.", TERN_TYPE_CNAME);
	reply(AA, NOERR, "an odd.test. 60 CNAME www.test.", NULL);
	assert_result(NOERR, 1);
	ask("odd.test.", DS);
	assert_asked(SERV, "odd.test.", DS);
	reply(AA, NOERR, SOA, NULL);
	assert_result(NOERR, 0);
	cache_flush_zone(world.resolver.cache, NAME("test."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_parent_denies_the_ds_only),       TEST(its_own_servers_deny_the_name),
		TEST(an_alias_of_the_parent_is_none_here), TEST(a_dname_above_leads_nobody_away),
		TEST(an_unproven_alias_is_no_ds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

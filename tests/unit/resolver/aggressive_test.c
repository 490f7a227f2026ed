/*
 * aggressive_test.c - names denied, and made out of wildcards, by proofs that are in the
 * cache already (RFC 8198), and where that must not be.
 */
#include "signed.h"

#define SOA  "ns test. 60 SOA ns.test. host.test. 1 2 3 4 60"
#define APEX "ns test. 60 NSEC a.test. NS SOA RRSIG NSEC DNSKEY"

static int open_aggressive(void **state)
{
	open_signed(state);
	world.rules.resolver.aggressive = true;
	return 0;
}

/** @p name is denied by these two records, or one twice, and its denial is secure. */
static void learn_nxdomain(const char *name, const char *one, const char *two)
{
	ask_signed(name, A);
	if (!world.done)
		reply_signed(AA, NXD, SOA, one, two, NULL);
	assert_result(NXD, 0);
	assert_security(CACHE_SECURE);
}

static void learn_nodata(const char *name, uint16_t type, const char *nsec)
{
	ask_signed(name, type);
	if (!world.done)
		reply_signed(AA, NOERR, SOA, nsec, NULL);
	assert_result(NOERR, 0);
	assert_security(CACHE_SECURE);
}

static void assert_made(const char *name, uint16_t type, unsigned rcode, unsigned answers)
{
	ask_signed(name, type);
	assert_result(rcode, answers);
	assert_security(CACHE_SECURE);
	assert_true(world.job.result.made);
	assert_true(world.job.result.cached);
}

static void assert_sent(const char *name, uint16_t type)
{
	ask_signed(name, type);
	assert_asked(SERV, name, type);
}

#define GAP "ns m.test. 60 NSEC p.test. A MX RRSIG NSEC"

/* "m.test." and "p.test." exist and nothing in between, nor a wildcard. */
static void learn_a_gap(void)
{
	learn_nxdomain("n.test.", GAP, APEX);
}

static void names_in_a_gap_do_not_exist(void **state)
{
	(void)state;
	learn_a_gap();
	assert_made("o.test.", A, NXD, 0);
	assert_int_equal(world.job.result.authority.n, 3);
	assert_int_equal(world.job.result.ttl_s, 60);
	assert_made("a.b.o.test.", TERN_TYPE_AAAA, NXD, 0);
	assert_made("x.m.test.", TERN_TYPE_MX, NXD, 0);
	assert_sent("q.test.", A);
	assert_sent("l.test.", A);
	assert_sent("p.test.", A);
	/* No longer than the proof lives. */
	pass_ms(61000);
	assert_sent("o.test.", A);
}

static void types_that_a_name_has_not(void **state)
{
	(void)state;
	learn_nodata("m.test.", TERN_TYPE_TXT, GAP);
	assert_made("m.test.", TERN_TYPE_AAAA, NOERR, 0);
	assert_int_equal(world.job.result.authority.n, 2);
	assert_sent("m.test.", A);
	assert_sent("m.test.", TERN_TYPE_MX);
}

static void switched_off_everything_is_asked(void **state)
{
	(void)state;
	learn_a_gap();
	world.rules.resolver.aggressive = false;
	assert_sent("o.test.", A);
	world.rules.resolver.aggressive = true;
	world.rules.resolver.validation = VALIDATION_OFF;
	assert_sent("o.test.", A);
	world.rules.resolver.validation = VALIDATION_ON;
	ask_with("o.test.", A, JOB_REFRESH);
	assert_asked(SERV, "o.test.", A);
	assert_made("o.test.", A, NXD, 0);
}

/* What such a range says of these is not to be relied on. */
static void some_types_are_always_asked_for(void **state)
{
	static const uint16_t types[] = {TERN_TYPE_DNSKEY, TERN_TYPE_ANY, TERN_TYPE_RRSIG,
					 TERN_TYPE_NSEC};

	(void)state;
	learn_nodata("m.test.", TERN_TYPE_TXT, GAP);
	for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
		ask("m.test.", types[i]);
		assert_asked(SERV, "m.test.", types[i]);
	}
}

static void elsewhere_routed_names_are_not_denied(void **state)
{
	const char *error;

	(void)state;
	learn_a_gap();
	use_route("o.test.", "192.0.2.99", ROUTE_STUB, false);
	ask_signed("www.o.test.", A);
	assert_asked("192.0.2.99", "www.o.test.", A);
	use_route("test.", SERV, ROUTE_STUB, false); /* the zone itself: it's its own proof */
	assert_made("nn.test.", A, NXD, 0);
	world.rules.routes.n = 0;
	assert_true(trust_anchors_add_negative(&world.anchors, "o.test.", &error));
	ask_signed("o.test.", A);
	assert_false(world.done);
}

/* RFC 4592 2.2.2: a name with something below it exists. */
static void an_empty_non_terminal(void **state)
{
	(void)state;
	learn_nxdomain("n.test.", "ns m.test. 60 NSEC a.b.p.test. A RRSIG NSEC", APEX);
	assert_made("p.test.", A, NOERR, 0);
	assert_made("b.p.test.", A, NOERR, 0);
	assert_made("a.p.test.", A, NXD, 0);
	assert_made("oo.test.", A, NXD, 0);
}

/* Without the SOA there is no denial to give. */
static void a_denial_needs_the_soa(void **state)
{
	(void)state;
	learn_a_gap();
	cache_drop(world.resolver.cache, NAME("test."), TERN_TYPE_SOA);
	assert_sent("o.test.", A);
}

/* The least of all that it is made of: here the SOA's minimum. */
static void a_denial_lives_as_its_parts(void **state)
{
	(void)state;
	ask_signed("n.test.", A);
	reply_signed(AA, NXD, "ns test. 600 SOA ns.test. host.test. 1 2 3 4 20",
		     "ns m.test. 600 NSEC p.test. A RRSIG NSEC",
		     "ns test. 600 NSEC a.test. NS SOA RRSIG NSEC DNSKEY", NULL);
	assert_made("o.test.", A, NXD, 0);
	assert_in_range(world.job.result.ttl_s, 1, 20);
}

/* --- wildcards -------------------------------------------------------------------------------- */

static void learn_a_wildcard(void)
{
	ask_signed("n.test.", A);
	reply_signed(AA, NOERR, "*an n.test. 60 A 192.0.2.8", GAP, NULL);
	assert_result(NOERR, 1);
	assert_security(CACHE_SECURE);
}

static void a_known_wildcard_answers(void **state)
{
	(void)state;
	learn_a_wildcard();
	assert_made("o.test.", A, NOERR, 1);
	assert_true(has_answer_a("o.test.", "192.0.2.8"));
	assert_int_equal(world.job.result.authority.n, 1);
	assert_made("a.o.test.", A, NOERR, 1);
	/* Not for names that exist, or that may have one closer. */
	assert_sent("p.test.", A);
	assert_sent("q.test.", A);
	assert_sent("x.m.test.", A); /* whose closest encloser is m.test. */
	assert_sent("o.test.", TERN_TYPE_AAAA);
	pass_ms(61000);
	assert_sent("o.test.", A);
}

static void a_wildcard_s_alias_answers_other_types(void **state)
{
	(void)state;
	ask_signed("n.test.", A);
	reply_signed(AA, NOERR, "*an n.test. 60 CNAME m.test.", GAP, NULL);
	reply_signed(AA, NOERR, "an m.test. 60 A 192.0.2.8", NULL);
	assert_result(NOERR, 2);
	ask_signed("o.test.", A);
	assert_result(NOERR, 2);
	assert_security(CACHE_SECURE);
	assert_true(world.job.result.made);
	/* A DS is never made: it would be the parent's. */
	ask_signed("o.test.", TERN_TYPE_DS);
	assert_false(world.done);
}

/* --- NSEC3 ------------------------------------------------------------------------------------ */

#define IN_APEX nsec3_of("test.", false, 0, 1, "NS SOA RRSIG DNSKEY NSEC3PARAM")

static void by_hashes(void **state)
{
	(void)state;
	learn_nodata("m.test.", TERN_TYPE_TXT, nsec3_of("m.test.", false, 0, 1, "A RRSIG"));
	assert_made("m.test.", TERN_TYPE_MX, NOERR, 0);
	assert_sent("m.test.", A);
	/* Nothing is known of others. */
	assert_sent("n.test.", A);
	ask_signed("a.n.test.", A);
	reply_signed(AA, NXD, SOA, IN_APEX, nsec3_of("n.test.", true, 0, 1, "A RRSIG"),
		     nsec3_of("*.test.", true, 0, 1, "A RRSIG"), NULL);
	assert_result(NXD, 0);
	assert_made("b.n.test.", A, NXD, 0);
	assert_int_equal(world.job.result.authority.n, 4);
	assert_made("n.test.", TERN_TYPE_AAAA, NXD, 0);
	assert_made("*.test.", TERN_TYPE_AAAA, NXD, 0);
	assert_sent("q.test.", A);
	pass_ms(61000);
	assert_sent("b.n.test.", A);
}

/* Opt-out leaves room for unsigned delegations, and what costs much isn't hashed again. */
static void ranges_that_say_too_little_are_not_kept(void **state)
{
	(void)state;
	ask_signed("a.n.test.", A);
	reply_signed(AA, NXD, SOA, IN_APEX, nsec3_of("n.test.", true, 1, 1, "A RRSIG"),
		     nsec3_of("*.test.", true, 1, 1, "A RRSIG"), NULL);
	assert_result(NXD, 0);
	assert_sent("b.n.test.", A);
	/* A range of one name only is made for it, and denies nothing else. */
	cache_flush_zone(world.resolver.cache, NAME("test."));
	know_test();
	learn_nodata("m.test.", TERN_TYPE_TXT, "ns m.test. 60 NSEC \\000.m.test. A RRSIG NSEC");
	assert_sent("m.test.", TERN_TYPE_MX);
}

/* Hashing has an account of its own, and it has an end. */
static void hashing_has_an_account(void **state)
{
	(void)state;
	learn_nodata("m.test.", TERN_TYPE_TXT,
		     nsec3_of("m.test.", false, 0, NSEC3_ITERATIONS_MAX, "A RRSIG"));
	assert_made("m.test.", TERN_TYPE_MX, NOERR, 0);
	uint32_t before = *budget_account(&world.job.budget, BUDGET_MAKE);

	assert_true(before > 0);
	assert_sent("a.b.c.d.e.f.g.h.i.j.k.l.n.test.", A);
}

int main(void)
{
#define AGGRESSIVE(f) cmocka_unit_test_setup_teardown(f, open_aggressive, close_signed)
	const struct CMUnitTest tests[] = {
		AGGRESSIVE(names_in_a_gap_do_not_exist),
		AGGRESSIVE(types_that_a_name_has_not),
		AGGRESSIVE(switched_off_everything_is_asked),
		AGGRESSIVE(some_types_are_always_asked_for),
		AGGRESSIVE(elsewhere_routed_names_are_not_denied),
		AGGRESSIVE(an_empty_non_terminal),
		AGGRESSIVE(a_denial_needs_the_soa),
		AGGRESSIVE(a_denial_lives_as_its_parts),
		AGGRESSIVE(a_known_wildcard_answers),
		AGGRESSIVE(a_wildcard_s_alias_answers_other_types),
		AGGRESSIVE(by_hashes),
		AGGRESSIVE(ranges_that_say_too_little_are_not_kept),
		AGGRESSIVE(hashing_has_an_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

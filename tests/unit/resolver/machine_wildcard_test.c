/*
 * machine_wildcard_test.c - what a wildcard made goes with the proof that nothing closer exists
 * (RFC 4035 3.1.3.3), out of the cache too: whoever validates behind us needs it.
 */
#include "helpers.h"

#include "resolver/kept.h"

#define A     TERN_TYPE_A
#define CNAME TERN_TYPE_CNAME
#define NSEC  TERN_TYPE_NSEC
#define NOERR TERN_RCODE_NOERROR
#define SERV  TEST_SERVER
#define SIG   " 20300101000000 20200101000000 1 test. AAAA"

/* *.w.test. answers; the range that covers the names below w.test. is one of two. */
#define MADE(name)     "an " name " 60 A 192.0.2.1"
#define MADE_SIG(name) "an " name " 60 RRSIG A 13 2 60" SIG
#define RANGE          "ns w.test. 30 NSEC z.test. A RRSIG NSEC"
#define RANGE_SIG      "ns w.test. 30 RRSIG NSEC 13 2 30" SIG
#define OTHER          "ns sub.test. 30 NSEC sub2.test. A RRSIG NSEC"
#define OTHER_SIG                                                                                  \
	"ns sub.test. 30 RRSIG NSEC 13 2 30 20300101000000 20200101000000 1 sub.test. AAAA"

static unsigned proofs(void)
{
	return world.job.result.authority.n;
}

static bool has_range(void)
{
	const struct kept *k = kept_find(&world.job.result.authority, NAME("w.test."), NSEC);

	return k && k->set.rr_n == 1 && k->set.sig_n == 1;
}

static void assert_made(bool cached)
{
	assert_result(NOERR, 1);
	assert_int_equal(world.job.result.cached, cached);
	assert_int_equal(answer_set("x.w.test.", A)->rr_n, 1);
	assert_int_equal(answer_set("x.w.test.", A)->sig_n, 1);
	assert_true(has_range());
	assert_int_equal(proofs(), 1);
}

static void ask_made(void)
{
	know_test();
	ask("x.w.test.", A);
	reply(AA, NOERR, MADE("x.w.test."), MADE_SIG("x.w.test."), RANGE, RANGE_SIG, NULL);
	assert_made(false);
}

static void out_of_the_cache_as_from_the_network(void **state)
{
	(void)state;
	ask_made();
	for (unsigned i = 0; i < 2; i++) {
		ask("x.w.test.", A);
		assert_made(true);
	}
	assert_int_equal(world.job.result.authority.first->set.ttl_s, world.job.result.ttl_s);
}

static void it_lives_no_longer_than_its_proof(void **state)
{
	(void)state;
	ask_made();
	pass_ms(29000);
	ask("x.w.test.", A);
	assert_made(true);
	pass_ms(2000);
	ask("x.w.test.", A);
	assert_asked(SERV, "x.w.test.", A);
}

static void expired_both_are_given(void **state)
{
	(void)state;
	ask_made();
	pass_ms(100000);
	ask("x.w.test.", A);
	event_always(UPSTREAM_UNREACHABLE);
	assert_result(NOERR, 1);
	assert_true(world.job.result.stale && has_range());
}

/* Records of another zone are no part of it. */
static void only_what_its_signer_says(void **state)
{
	(void)state;
	know_test();
	ask("x.w.test.", A);
	reply(AA, NOERR, MADE("x.w.test."), MADE_SIG("x.w.test."), OTHER, OTHER_SIG, RANGE,
	      RANGE_SIG, NULL);
	ask("x.w.test.", A);
	assert_made(true);
}

static void aliases_share_a_proof(void **state)
{
	(void)state;
	know_test();
	ask("a.w.test.", A);
	reply(AA, NOERR, "an a.w.test. 60 CNAME x.w.test.",
	      "an a.w.test. 60 RRSIG CNAME 13 2 60" SIG, RANGE, RANGE_SIG, NULL);
	assert_asked(SERV, "x.w.test.", A);
	reply(AA, NOERR, MADE("x.w.test."), MADE_SIG("x.w.test."), RANGE, RANGE_SIG, NULL);
	for (unsigned i = 0; i < 2; i++) {
		assert_result(NOERR, 2);
		assert_true(has_range());
		assert_int_equal(proofs(), 1);
		ask("a.w.test.", A);
	}
}

/* The asterisk itself is a name like any other; and servers that send no proof have none. */
static void without_a_proof_as_ever(void **state)
{
	static const char *const sigs[] = {"an *.w.test. 60 RRSIG A 13 2 60" SIG, NULL};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(sigs); i++) {
		know_test();
		ask("*.w.test.", A);
		reply(AA, NOERR, MADE("*.w.test."), sigs[i], NULL);
		ask("*.w.test.", A);
		assert_result(NOERR, 1);
		assert_int_equal(proofs(), 0);
		cache_flush_name(world.resolver.cache, NAME("*.w.test."));
	}
}

/* What proves the A that a AAAA is made of proves nothing of that; an alias's proof stays. */
static void nat64_takes_no_proof_along(void **state)
{
	(void)state;
	assert_true(prefix_from_text("2001:db8:64::/96", &world.rules.changes.dns64.prefix));
	for (unsigned made = 0; made < 2; made++) {
		cache_flush_zone(world.resolver.cache, NAME("."));
		know_test();
		ask("a.w.test.", TERN_TYPE_AAAA);
		if (made)
			reply(AA, NOERR, "an a.w.test. 60 CNAME x.v.test.",
			      "an a.w.test. 60 RRSIG CNAME 13 2 60" SIG, RANGE, RANGE_SIG, NULL);
		else
			reply(AA, NOERR, "an a.w.test. 60 CNAME x.v.test.", NULL);
		assert_asked(SERV, "x.v.test.", TERN_TYPE_AAAA);
		reply(AA, NOERR, "ns test. 300 SOA ns. host. 1 2 3 4 300", NULL);
		assert_asked(SERV, "x.v.test.", A);
		reply(AA, NOERR, "an x.v.test. 60 A 192.0.2.1",
		      "an x.v.test. 60 RRSIG A 13 2 60" SIG,
		      "ns v.test. 30 NSEC z.test. A RRSIG NSEC",
		      "ns v.test. 30 RRSIG NSEC 13 2 30" SIG, NULL);
		assert_result(NOERR, 2);
		assert_non_null(answer_set("x.v.test.", TERN_TYPE_AAAA));
		assert_int_equal(proofs(), made);
		assert_int_equal(has_range(), made);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(out_of_the_cache_as_from_the_network),
		TEST(it_lives_no_longer_than_its_proof),
		TEST(expired_both_are_given),
		TEST(only_what_its_signer_says),
		TEST(aliases_share_a_proof),
		TEST(without_a_proof_as_ever),
		TEST(nat64_takes_no_proof_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

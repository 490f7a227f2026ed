/*
 * machine_trust_test.c - whom to ask how much (minimisation, glueless
 * delegations) and what to believe of what comes back.
 */
#include "helpers.h"

#include "resolver/qmin.h"

#define A     TERN_TYPE_A
#define NS    TERN_TYPE_NS
#define NOERR TERN_RCODE_NOERROR
#define NXD   TERN_RCODE_NXDOMAIN
#define SERV  TEST_SERVER
#define SOA   "ns test. 300 SOA ns.test. host.test. 1 2 3 4 300"

static enum cache_found in_cache(const char *name, uint16_t type)
{
	struct cache_hit hit;

	return cache_get(world.resolver.cache, NAME(name), type, world.now.boot_s, false, &hit);
}

static bool delegation_of(const char *zone, uint32_t *ttl_s)
{
	struct cache_delegation d;
	bool found = cache_get_delegation(world.resolver.cache, NAME(zone), world.now.boot_s, &d);

	if (found)
		*ttl_s = d.ttl_s;
	return found;
}

/* --- minimisation, RFC 9156 ------------------------------------------------------------- */

static void no_more_of_the_name_than_needed(void **state)
{
	(void)state;
	world.rules.resolver.qmin = QMIN_STRICT;
	know_test();
	ask("www.a.b.test.", A);
	assert_asked(SERV, "b.test.", QMIN_TYPE);
	reply(AA, NOERR, SOA, NULL); /* an empty non-terminal */
	assert_asked(SERV, "a.b.test.", QMIN_TYPE);
	reply(QR, NOERR, "ns a.b.test. 60 NS ns.a.b.test.", "ad ns.a.b.test. 60 A 192.0.2.60",
	      NULL);
	assert_asked("192.0.2.60", "www.a.b.test.", A);
	reply(AA, NOERR, "an www.a.b.test. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);
}

static void an_answer_on_the_way_is_not_the_answer(void **state)
{
	(void)state;
	world.rules.resolver.qmin = QMIN_STRICT;
	know_test();
	ask("www.b.test.", A);
	assert_asked(SERV, "b.test.", QMIN_TYPE);
	reply(AA, NOERR, "an b.test. 60 CNAME elsewhere.test.", NULL);
	assert_asked(SERV, "www.b.test.", A);
}

static void strict_takes_a_denial_for_the_whole(void **state)
{
	(void)state;
	world.rules.resolver.qmin = QMIN_STRICT;
	know_test();
	ask("www.b.test.", A);
	reply(AA, NXD, SOA, NULL);
	assert_result(NXD, 0);
}

static void relaxed_asks_for_the_whole_name_when_denied(void **state)
{
	static const uint16_t rcodes[] = {NXD, TERN_RCODE_REFUSED, TERN_RCODE_SERVFAIL};

	(void)state;
	world.rules.resolver.qmin = QMIN_RELAXED;
	for (unsigned i = 0; i < ARRAY_LEN(rcodes); i++) {
		know_test();
		ask("www.b.test.", A);
		assert_asked(SERV, "b.test.", QMIN_TYPE);
		reply(AA, rcodes[i], rcodes[i] == NXD ? SOA : NULL, NULL);
		assert_asked(SERV, "www.b.test.", A);
	}
	reply(AA, NOERR, "an www.b.test. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);
}

static void a_long_name_takes_no_more_than_ten_steps(void **state)
{
	char name[300];
	unsigned at = 0, sends = 0;

	(void)state;
	world.rules.resolver.qmin = QMIN_STRICT;
	for (unsigned i = 0; i < 100; i++)
		at += (unsigned)snprintf(name + at, sizeof name - at, "a.");
	snprintf(name + at, sizeof name - at, "test.");
	know_test();
	ask(name, A);
	for (; !tern_name_equal(world.job.outbox.name, NAME(name)); sends++)
		reply(AA, NOERR, SOA, NULL);
	assert_in_range(sends, 5, QMIN_STEPS_MAX);
}

/* --- servers by name ------------------------------------------------------------------------- */

static void a_glueless_delegation(void **state)
{
	(void)state;
	world.rules.resolver.ipv6 = false;
	know_test();
	know("other.", "ns.other.", "192.0.2.60", NULL);
	ask("www.sub.test.", A);
	reply(QR, NOERR, "ns sub.test. 60 NS dns.other.", NULL);
	assert_asked("192.0.2.60", "dns.other.", A);
	reply(AA, NOERR, "an dns.other. 60 A 192.0.2.61", NULL);
	assert_asked("192.0.2.61", "www.sub.test.", A);
	reply(AA, NOERR, "an www.sub.test. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);
	assert_true(answer_set("dns.other.", A) == NULL); /* nobody asked for that */
}

static void a_server_name_that_leads_nowhere(void **state)
{
	(void)state;
	know_test();
	know("other.", "ns.other.", "192.0.2.60", NULL);
	ask("www.sub.test.", A);
	reply(QR, NOERR, "ns sub.test. 60 NS dns.other.", NULL);
	while (!world.done)
		reply(AA, NXD, "ns other. 60 SOA ns. host. 1 2 3 4 5", NULL);
	assert_result(TERN_RCODE_SERVFAIL, 0);
}

static void ns_of_the_root_says_no_server(void **state)
{
	(void)state;
	know_test();
	ask("www.sub.test.", A);
	reply(QR, NOERR, "ns sub.test. 60 NS .", NULL);
	for (unsigned i = 0; i < 20 && !world.done; i++)
		reply(QR, TERN_RCODE_REFUSED, NULL);
	assert_result(TERN_RCODE_SERVFAIL, 0);
}

/* --- what is believed ---------------------------------------------------------------------------
 */

static void only_glue_of_ones_own_zone(void **state)
{
	(void)state;
	world.rules.resolver.ipv6 = false;
	know_test();
	know("other.", "ns.other.", "192.0.2.60", NULL);
	ask("www.sub.test.", A);
	/* The second server's address is none of test.'s business. */
	reply(QR, NOERR, "ns sub.test. 60 NS ns.sub.test.", "ns sub.test. 60 NS dns.other.",
	      "ad ns.sub.test. 60 A 192.0.2.62", "ad dns.other. 60 A 192.0.2.66",
	      "ad www.bank. 60 A 192.0.2.66", NULL);
	assert_asked("192.0.2.62", "www.sub.test.", A);
	event(UPSTREAM_UNREACHABLE);
	assert_asked("192.0.2.60", "dns.other.", A);
	assert_int_equal(in_cache("www.bank.", A), CACHE_MISS);
	/* Glue serves to ask, never as an answer. */
	ask("ns.sub.test.", A);
	assert_asked("192.0.2.62", "ns.sub.test.", A);
}

static void nothing_but_the_answer_is_kept(void **state)
{
	uint32_t ttl_s;

	(void)state;
	know_test();
	ask("www.test.", A);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.9", "an mail.test. 60 A 192.0.2.66",
	      "ns test. 99999 NS evil.test.", "ns other. 60 NS evil.", "ns bank. 60 NS evil.",
	      "ad evil.test. 60 A 192.0.2.66", "ad ns.test. 60 A 192.0.2.66", NULL);
	assert_result(NOERR, 1);
	assert_int_equal(in_cache("www.test.", A), CACHE_POSITIVE);
	assert_int_equal(in_cache("mail.test.", A), CACHE_MISS);
	assert_int_equal(in_cache("evil.test.", A), CACHE_MISS);
	assert_int_equal(in_cache("ns.test.", A), CACHE_MISS);
	assert_int_equal(in_cache("test.", NS), CACHE_MISS);
	assert_false(delegation_of("other.", &ttl_s));
	assert_false(delegation_of("bank.", &ttl_s));
	ask("ftp.test.", A);
	assert_asked(SERV, "ftp.test.", A); /* the delegation is what the parent said */
}

static void records_of_other_names_in_an_answer(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", A);
	/* A chain that leaves the zone: its end is asked for there. */
	reply(AA, NOERR, "an www.test. 60 CNAME www.bank.", "an www.bank. 60 A 192.0.2.66", NULL);
	assert_int_equal(in_cache("www.bank.", A), CACHE_MISS);
	assert_false(world.done);
}

/* Ghost domains, row 14: a child can't lengthen its own life. */
static void a_delegation_lives_as_long_as_its_parents(void **state)
{
	uint32_t ttl_s = 0;

	(void)state;
	know_test(); /* 3600 s */
	ask("www.a.test.", A);
	reply(QR, NOERR, "ns a.test. 999999 NS ns.a.test.", "ad ns.a.test. 60 A 192.0.2.60", NULL);
	assert_true(delegation_of("a.test.", &ttl_s));
	assert_int_equal(ttl_s, 3600);
	assert_asked("192.0.2.60", "www.a.test.", A);
	reply(AA, NOERR, "an www.a.test. 60 A 192.0.2.9", "ns a.test. 999999 NS ns.a.test.", NULL);
	job_over();
	pass_ms(1000000);
	ask("a.test.", NS); /* its own word for it is data like any other */
	reply(AA, NOERR, "an a.test. 999999 NS ns.a.test.", NULL);
	assert_true(delegation_of("a.test.", &ttl_s));
	assert_in_range(ttl_s, 2590, 2600);
}

static void the_parent_answers_for_ds(void **state)
{
	(void)state;
	know_test();
	know("a.test.", "ns.a.test.", "192.0.2.60", NULL);
	ask("a.test.", TERN_TYPE_DS);
	assert_asked(SERV, "a.test.", TERN_TYPE_DS);
	reply(AA, NOERR, SOA, NULL);
	assert_result(NOERR, 0);
	ask("b.test.", TERN_TYPE_DS);
	reply(QR, NOERR, "ns b.test. 60 NS ns.b.test.", "ad ns.b.test. 60 A 192.0.2.61", NULL);
	assert_result(NOERR, 0); /* a referral instead of a denial */
}

static void any_takes_what_comes(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", TERN_TYPE_ANY);
	assert_asked(SERV, "www.test.", TERN_TYPE_ANY);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.9", "an www.test. 60 TXT x",
	      "an www.test. 60 A 192.0.2.10", "an other.test. 60 MX 1 x.", NULL);
	assert_true(world.done);
	assert_non_null(answer_set("www.test.", A));
	assert_int_equal(answer_set("www.test.", A)->rr_n, 2);
	assert_non_null(answer_set("www.test.", TERN_TYPE_TXT));
	assert_null(answer_set("other.test.", TERN_TYPE_MX));
	assert_true(world.job.result.uncacheable);
}

static void doubles_and_mixed_ttls(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", A);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.9", "an WWW.test. 30 A 192.0.2.9",
	      "an www.test. 90 A 192.0.2.10", NULL);
	assert_result(NOERR, 1);
	assert_int_equal(answer_set("www.test.", A)->rr_n, 2);
	assert_int_equal(answer_set("www.test.", A)->ttl_s, 30); /* RFC 2181 5.2 */
}

static void localhost_is_not_asked(void **state)
{
	(void)state;
	world.rules.resolver.ipv6 = false;
	know_test();
	ask("www.sub.test.", A);
	reply(QR, NOERR, "ns sub.test. 60 NS ns.sub.test.", "ad ns.sub.test. 60 A 127.0.0.1", NULL);
	for (unsigned i = 0; i < 20 && !world.done; i++) {
		assert_false(address_is_loopback(&world.job.outbox.to.address));
		reply(QR, TERN_RCODE_REFUSED, NULL);
	}
	assert_result(TERN_RCODE_SERVFAIL, 0);
}

/* --- what nobody here can check ------------------------------------------------------------- */

static void know_secure(const char *record)
{
	uint8_t rdata[2 + 600];
	const char *error;

	assert_int_equal(tern_rr_from_text(record, 60, &world.rr, &error), TERN_OK);
	assert_true(world.rr.rdata_len <= 600);
	put_u16(rdata, world.rr.rdata_len);
	memcpy(rdata + 2, world.rr.rdata, world.rr.rdata_len);
	struct tern_rrset set = {.owner = world.rr.owner,
				 .rdata = rdata,
				 .rdata_len = world.rr.rdata_len + 2u,
				 .ttl_s = world.rr.ttl_s,
				 .type = world.rr.type,
				 .rclass = TERN_CLASS_IN,
				 .rr_n = 1};

	cache_put(world.resolver.cache, &set, CACHE_RANK_AUTH_ANSWER, CACHE_SECURE,
		  world.now.boot_s);
}

#define DIGEST "0011223344556677889900112233445566778899001122334455667788990011"

/* Anchored at the root; the DS of test. is as the test says. */
static void know_ds(const char *ds)
{
	const char *error;

	world.rules.resolver.validation = VALIDATION_ON;
	assert_true(trust_anchors_add(&world.anchors, ". DS 1 13 2 " DIGEST, &error));
	know_secure(". 3600 DNSKEY 257 3 13 AAAA");
	know_secure(ds);
	know_test();
}

static void assert_insecure(uint16_t ede)
{
	assert_int_equal(world.job.result.security, CACHE_INSECURE);
	assert_int_equal(world.job.result.ede, ede);
	assert_int_equal(world.job.result.uncacheable, ede != TERN_EDE_NONE);
}

/* RFC 8914 4.2, 4.3: whoever asks later is told the reason too. */
static void the_reason_comes_out_of_the_cache(void **state)
{
	(void)state;
	know_ds("test. 3600 DS 1 200 2 " DIGEST);
	ask("www.test.", A);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.1", NULL);
	assert_insecure(TERN_EDE_UNSUPPORTED_DNSKEY_ALG);
	ask("www.test.", A);
	assert_result(NOERR, 1);
	assert_true(world.job.result.cached);
	assert_insecure(TERN_EDE_UNSUPPORTED_DNSKEY_ALG);
	ask("none.test.", A);
	reply(AA, NXD, SOA, NULL);
	assert_insecure(TERN_EDE_UNSUPPORTED_DNSKEY_ALG);
	ask("none.test.", A);
	assert_result(NXD, 0);
	assert_insecure(TERN_EDE_UNSUPPORTED_DNSKEY_ALG);
}

static void an_unknown_digest(void **state)
{
	(void)state;
	know_ds("test. 3600 DS 1 13 200 " DIGEST);
	ask("www.test.", A);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.1", NULL);
	for (unsigned i = 0; i < 2; i++) {
		assert_insecure(TERN_EDE_UNSUPPORTED_DS_DIGEST);
		ask("www.test.", A);
	}
}

/* Of an alias into such a zone; the alias itself is of a zone that is simply unsigned. */
static void only_of_what_it_is_about(void **state)
{
	const char *error;

	(void)state;
	know_ds("test. 3600 DS 1 200 2 " DIGEST);
	assert_true(trust_anchors_add_negative(&world.anchors, "plain.", &error));
	know("plain.", "ns.plain.", "192.0.2.54", NULL);
	ask("www.plain.", A);
	reply(AA, NOERR, "an www.plain. 60 CNAME www.test.", NULL);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.1", NULL);
	for (unsigned i = 0; i < 2; i++) {
		assert_insecure(TERN_EDE_UNSUPPORTED_DNSKEY_ALG);
		ask("www.plain.", A);
	}
	ask("www.plain.", TERN_TYPE_CNAME);
	assert_result(NOERR, 1);
	assert_insecure(TERN_EDE_NTA);
}

/* Each type once, of the name itself, and nothing about other data. */
static void of_any_each_type_is_taken_once(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", TERN_TYPE_ANY);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.1", "an www.test. 50 AAAA 2001:db8::1",
	      "an www.test. 60 A 192.0.2.2", "an ww2.test. 60 TXT \"no\"",
	      "an www.test. 50 AAAA 2001:db8::2",
	      "an www.test. 60 RRSIG A 8 2 60 20300101000000 20200101000000 1 test. AAAA",
	      "an www.test. 60 TXT \"yes\"", NULL);
	assert_result(NOERR, 3);
	assert_int_equal(answer_set("www.test.", TERN_TYPE_A)->rr_n, 2);
	assert_non_null(answer_set("www.test.", TERN_TYPE_AAAA));
	assert_non_null(answer_set("www.test.", TERN_TYPE_TXT));
	assert_true(world.job.result.uncacheable);
	assert_int_equal(world.job.result.ttl_s, 50);
	/* What it brought is known one by one. */
	ask("www.test.", TERN_TYPE_A);
	assert_result(NOERR, 1);
}

/* What is left of ANY when some types are filtered; when nothing is, that is said. */
static void filtered_types_are_left_out_of_any(void **state)
{
	uint16_t types[] = {TERN_TYPE_A, TERN_TYPE_AAAA};

	(void)state;
	know_test();
	world.rules.changes.filter_types = types;
	world.rules.changes.filter_types_n = 2;
	ask("www.test.", TERN_TYPE_ANY);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.1", "an www.test. 60 TXT \"yes\"",
	      "an www.test. 60 AAAA 2001:db8::1", NULL);
	assert_result(NOERR, 1);
	assert_non_null(answer_set("www.test.", TERN_TYPE_TXT));
	assert_int_equal(world.job.result.ede, TERN_EDE_NONE);
	ask("ww2.test.", TERN_TYPE_ANY);
	reply(AA, NOERR, "an ww2.test. 60 A 192.0.2.1", NULL);
	assert_result(NOERR, 0);
	assert_int_equal(world.job.result.ede, TERN_EDE_FILTERED);
}

/* RFC 2181 10.1: a name has one alias; the first counts, and is alone in the answer. */
static void of_two_aliases_the_first_counts(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", TERN_TYPE_A);
	reply(AA, NOERR, "an www.test. 60 CNAME one.test.", "an www.test. 60 CNAME two.test.",
	      "an two.test. 60 A 192.0.2.2", NULL);
	assert_asked(SERV, "one.test.", TERN_TYPE_A);
	reply(AA, NOERR, "an one.test. 60 A 192.0.2.1", NULL);
	assert_result(NOERR, 2);
	assert_int_equal(answer_set("www.test.", TERN_TYPE_CNAME)->rr_n, 1);
	assert_true(has_answer_a("one.test.", "192.0.2.1"));
	assert_null(answer_set("two.test.", TERN_TYPE_A));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(filtered_types_are_left_out_of_any),
		TEST(of_any_each_type_is_taken_once),
		TEST(of_two_aliases_the_first_counts),
		TEST(no_more_of_the_name_than_needed),
		TEST(an_answer_on_the_way_is_not_the_answer),
		TEST(strict_takes_a_denial_for_the_whole),
		TEST(relaxed_asks_for_the_whole_name_when_denied),
		TEST(a_long_name_takes_no_more_than_ten_steps),
		TEST(a_glueless_delegation),
		TEST(a_server_name_that_leads_nowhere),
		TEST(ns_of_the_root_says_no_server),
		TEST(only_glue_of_ones_own_zone),
		TEST(nothing_but_the_answer_is_kept),
		TEST(records_of_other_names_in_an_answer),
		TEST(a_delegation_lives_as_long_as_its_parents),
		TEST(the_parent_answers_for_ds),
		TEST(any_takes_what_comes),
		TEST(doubles_and_mixed_ttls),
		TEST(localhost_is_not_asked),
		TEST(the_reason_comes_out_of_the_cache),
		TEST(an_unknown_digest),
		TEST(only_of_what_it_is_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * machine_test.c - jobs fed with replies: from a referral to an answer, across
 * zones, denials, and what makes it ask another server or another way.
 *
 * Limits, time and stale data are in machine_limits_test.c.
 */
#include "helpers.h"

#define A      TERN_TYPE_A
#define NS     TERN_TYPE_NS
#define NOERR  TERN_RCODE_NOERROR
#define NXD    TERN_RCODE_NXDOMAIN
#define SERV   TEST_SERVER /* the only server of test. */
#define SERV_2 "192.0.2.54"
#define SOA    "ns test. 300 SOA ns.test. host.test. 1 2 3 4 300"

/* Two servers; the first one asked. */
static const char *ask_one_of_two(const char *name)
{
	know("test.", "ns1.test.", SERV, "ns2.test.", SERV_2, NULL);
	ask(name, A);
	return asks(SERV, name, A) ? SERV : SERV_2;
}

static const char *other_of_two(const char *server)
{
	return strcmp(server, SERV) == 0 ? SERV_2 : SERV;
}

/* --- the straight way -------------------------------------------------------------- */

static void from_the_root_down(void **state)
{
	(void)state;
	ask("www.example.test.", A);
	assert_true(world.resolver.prime_wanted); /* beside, RFC 9609 */
	assert_false(world.job.outbox.recurse);
	assert_asked("192.0.2.1", "www.example.test.", A);
	reply(QR, NOERR, "ns test. 3600 NS ns.test.", "ad ns.test. 3600 A " SERV, NULL);
	assert_asked(SERV, "www.example.test.", A);
	assert_true(tern_name_equal(world.job.outbox.zone, NAME("test.")));
	reply(QR, NOERR, "ns example.test. 3600 NS ns.example.test.",
	      "ad ns.example.test. 3600 A 192.0.2.55", NULL);
	assert_asked("192.0.2.55", "www.example.test.", A);
	reply(AA, NOERR, "an www.example.test. 60 A 192.0.2.99", NULL);
	assert_result(NOERR, 1);
	assert_true(has_answer_a("www.example.test.", "192.0.2.99"));
	assert_false(world.job.result.cached);
	assert_int_equal(world.job.result.ttl_s, 60);
	/* All of it is known now. */
	ask("www.example.test.", A);
	assert_result(NOERR, 1);
	assert_true(world.job.result.cached);
	ask("ftp.example.test.", A);
	assert_asked("192.0.2.55", "ftp.example.test.", A);
}

static void priming_is_no_precondition(void **state)
{
	(void)state;
	ask("www.test.", A);
	assert_asked("192.0.2.1", "www.test.", A);
	assert_true(world.resolver.prime_wanted);
	world.resolver.prime_wanted = false;
	ask("ftp.test.", A);
	assert_false(world.resolver.prime_wanted); /* tried just now */
	ask_with(".", NS, JOB_PRIME);
	assert_asked("192.0.2.1", ".", NS);
	reply(AA, NOERR, "an . 3600 NS ns.root.", "ad ns.root. 3600 A 192.0.2.2", NULL);
	ask("www.test.", A);
	assert_asked("192.0.2.2", "www.test.", A);
	assert_false(world.resolver.prime_wanted);
	ask_with(".", NS, JOB_NO_RECURSION); /* what priming brought is an answer, too */
	assert_result(NOERR, 1);
}

static void ttls_are_bounded(void **state)
{
	(void)state;
	world.rules.resolver.min_ttl_s = 30;
	world.rules.resolver.max_ttl_s = 1000;
	know_test();
	ask("short.test.", A);
	reply(AA, NOERR, "an short.test. 1 A 192.0.2.9", NULL);
	assert_int_equal(answer_set("short.test.", A)->ttl_s, 30);
	ask("long.test.", A);
	reply(AA, NOERR, "an long.test. 100000 A 192.0.2.9", NULL);
	assert_int_equal(answer_set("long.test.", A)->ttl_s, 1000);
}

/* The place of a job is used again and again: what servers told another one is not told to it. */
static void a_job_begins_with_nothing_of_the_last_one(void **state)
{
	(void)state;
	world.job.report.agent = world.job.report.zone = (const uint8_t *)"\4test";
	know_test();
	ask("www.test.", A);
	assert_null(world.job.report.agent);
	assert_false(world.job.result.by_network);
}

static void the_longest_zone_s_bounds_count(void **state)
{
	struct ttl_rule rules[3];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rules); i++)
		rules[i] = (struct ttl_rule){
			.zone = without_const((const uint8_t *[]){(const uint8_t *)"\4test",
								  (const uint8_t *)"\1b\4test",
								  (const uint8_t *)"\5other"}[i]),
			.min_s = 50 + i,
			.max_s = 60 + i,
		};
	world.rules.resolver.ttl_rules = rules;
	world.rules.resolver.ttl_rules_n = ARRAY_LEN(rules);
	know_test();
	ask("a.test.", A);
	reply(AA, NOERR, "an a.test. 1 A 192.0.2.9", NULL);
	assert_int_equal(answer_set("a.test.", A)->ttl_s, 50);
	ask("b.test.", A);
	reply(AA, NOERR, "an b.test. 1000 A 192.0.2.9", NULL);
	assert_int_equal(answer_set("b.test.", A)->ttl_s, 61);
	ask("none.test.", A);
	reply(AA, NXD, "au test. 9 SOA . . 1 2 3 4 5", NULL);
	assert_int_equal(world.job.result.ttl_s, 50);
	world.rules.resolver.ttl_rules_n = 0;
}

static void ttl_0_is_answered_and_not_kept(void **state)
{
	(void)state;
	know_test();
	ask("zero.test.", A);
	reply(AA, NOERR, "an zero.test. 0 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);
	assert_true(world.job.result.uncacheable);
	ask("zero.test.", A);
	assert_asked(SERV, "zero.test.", A);
}

/* --- denials -------------------------------------------------------------------------- */

static void nodata(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", TERN_TYPE_MX);
	reply(AA, NOERR, SOA, NULL);
	assert_result(NOERR, 0);
	assert_int_equal(world.job.result.authority.n, 1);
	assert_int_equal(world.job.result.authority.first->set.type, TERN_TYPE_SOA);
	ask("www.test.", TERN_TYPE_MX);
	assert_result(NOERR, 0);
	assert_true(world.job.result.cached);
	ask("www.test.", A); /* of this type only */
	assert_asked(SERV, "www.test.", A);
}

static void nxdomain(void **state)
{
	(void)state;
	know_test();
	ask("no.test.", A);
	reply(AA, NXD, SOA, NULL);
	assert_result(NXD, 0);
	assert_int_equal(world.job.result.authority.n, 1);
	ask("no.test.", TERN_TYPE_TXT); /* of every type */
	assert_result(NXD, 0);
	assert_true(world.job.result.cached);
}

/* RFC 2308 5: the lesser of the SOA's TTL and MINIMUM; without a SOA hardly at all. */
static void how_long_denials_live(void **state)
{
	static const struct {
		const char *soa;
		uint32_t ttl_s;
	} cases[] = {
		{"ns test. 100 SOA ns. host. 1 2 3 4 200", 100},
		{"ns test. 200 SOA ns. host. 1 2 3 4 100", 100},
		{"ns test. 99999 SOA ns. host. 1 2 3 4 99999", 3600},
		{NULL, 5},
	};
	char name[32];

	(void)state;
	know_test();
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(name, sizeof name, "no%u.test.", i);
		ask(name, A);
		reply(AA, NXD, cases[i].soa, NULL);
		assert_int_equal(world.job.result.ttl_s, cases[i].ttl_s);
		pass_ms(1000 * (cases[i].ttl_s - 1));
		ask(name, A);
		assert_result(NXD, 0);
		pass_ms(1000);
		know_test(); /* the delegation has expired with the time */
		ask(name, A);
		assert_asked(SERV, name, A);
		job_over();
	}
}

/* --- aliases ---------------------------------------------------------------------------- */

static void a_cname_across_zones(void **state)
{
	(void)state;
	know_test();
	know("other.", "ns.other.", "192.0.2.60", NULL);
	ask("www.test.", A);
	/* What the server says about the other zone is not its business. */
	reply(AA, NOERR, "an www.test. 60 CNAME web.other.", "an web.other. 60 A 192.0.2.66", NULL);
	assert_asked("192.0.2.60", "web.other.", A);
	reply(AA, NOERR, "an web.other. 30 A 192.0.2.77", NULL);
	assert_result(NOERR, 2);
	assert_int_equal(world.job.result.answer.first->set.type, TERN_TYPE_CNAME);
	assert_true(has_answer_a("web.other.", "192.0.2.77"));
	assert_int_equal(world.job.result.ttl_s, 30);
	ask("www.test.", A);
	assert_result(NOERR, 2);
	assert_true(world.job.result.cached);
}

static void a_chain_ends_in_a_denial(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", A);
	reply(AA, NXD, "an www.test. 60 CNAME no.test.", SOA, NULL);
	/* RFC 6604: the rcode is about the end, which is asked for by itself. */
	assert_asked(SERV, "no.test.", A);
	reply(AA, NXD, SOA, NULL);
	assert_result(NXD, 1);
	assert_int_equal(world.job.result.authority.n, 1);
}

static void a_dname_makes_a_cname(void **state)
{
	const struct tern_rrset *cname;

	(void)state;
	know_test();
	know("other.", "ns.other.", "192.0.2.60", NULL);
	ask("www.old.test.", A);
	/* The CNAME that comes along is not needed, and not believed. */
	reply(AA, NOERR, "an old.test. 60 DNAME other.", "an www.old.test. 60 CNAME evil.other.",
	      NULL);
	assert_asked("192.0.2.60", "www.other.", A);
	reply(AA, NOERR, "an www.other. 60 A 192.0.2.70", NULL);
	assert_result(NOERR, 3);
	assert_non_null(answer_set("old.test.", TERN_TYPE_DNAME));
	cname = answer_set("www.old.test.", TERN_TYPE_CNAME);
	assert_true(cname && tern_name_equal(cname->rdata + 2, NAME("www.other.")));
	/* The next name below comes out of the cached DNAME. */
	ask("ftp.old.test.", A);
	assert_asked("192.0.2.60", "ftp.other.", A);
}

static void a_dname_that_makes_too_long_a_name(void **state)
{
	char name[300], target[300], record[700];
	int at = 0;

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		at += snprintf(name + at, sizeof name - (size_t)at, "ab.");
	snprintf(name + at, sizeof name - (size_t)at, "old.test.");
	at = 0;
	for (unsigned i = 0; i < 50; i++)
		at += snprintf(target + at, sizeof target - (size_t)at, "cd.");
	snprintf(record, sizeof record, "an old.test. 60 DNAME %s", target);
	know_test();
	ask(name, A);
	reply(AA, TERN_RCODE_YXDOMAIN, record, NULL);
	assert_result(TERN_RCODE_YXDOMAIN, 1);
	assert_non_null(answer_set("old.test.", TERN_TYPE_DNAME));
}

/* --- other servers ------------------------------------------------------------------------ */

static void a_lame_server_then_the_next(void **state)
{
	const char *first = ask_one_of_two("www.test."), *second = other_of_two(first);

	(void)state;
	reply(QR, NOERR, "ns . 3600 NS ns.root.", NULL);
	assert_asked(second, "www.test.", A);
	assert_true((measured(first, "test.").facts & INFRA_BIT(INFRA_LAME)));
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);
	ask("ftp.test.", A); /* remembered */
	assert_asked(second, "ftp.test.", A);
}

static void timeout_then_the_next(void **state)
{
	const char *first = ask_one_of_two("www.test."), *second = other_of_two(first);

	(void)state;
	assert_int_equal(world.job.outbox.timeout_ms, INFRA_RTO_FIRST_MS);
	event(UPSTREAM_TIMED_OUT);
	assert_asked(second, "www.test.", A);
	assert_int_equal(measured(first, "test.").timeouts, 1);
	event(UPSTREAM_TIMED_OUT);
	assert_true(asks(first, "www.test.", A) || asks(second, "www.test.", A));
	assert_int_equal(world.job.outbox.timeout_ms, 2 * INFRA_RTO_FIRST_MS); /* more patience */
	if (asks(second, "www.test.", A))
		event(UPSTREAM_TIMED_OUT);
	assert_asked(first, "www.test.", A);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);
	assert_int_equal(measured(first, "test.").timeouts, 0);
	assert_int_equal(measured(first, "test.").srtt_ms, 10);
}

static void errors_then_the_next(void **state)
{
	static const uint16_t rcodes[] = {TERN_RCODE_SERVFAIL, TERN_RCODE_REFUSED,
					  TERN_RCODE_NOTAUTH, 11};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rcodes); i++) {
		char name[32];

		snprintf(name, sizeof name, "www%u.test.", i);
		const char *first = ask_one_of_two(name);

		reply(QR, rcodes[i], NULL);
		assert_asked(other_of_two(first), name, A);
		reply_always(QR, rcodes[i]);
		assert_result(TERN_RCODE_SERVFAIL, 0);
		assert_true(world.job.result.ede != TERN_EDE_NONE);
	}
}

static void garbage_then_the_next(void **state)
{
	const char *first = ask_one_of_two("www.test.");

	(void)state;
	send_octets((const uint8_t *)"\0\0\x84\0\0\1\0\7\0\0\0\0garbage", 19);
	assert_asked(other_of_two(first), "www.test.", A);
	for (unsigned i = 0; i < 200 && !world.done; i++)
		send_octets((const uint8_t *)"\0\0\x84\0\0\1\0\7\0\0\0\0garbage", 19);
	assert_result(TERN_RCODE_SERVFAIL, 0);
}

static void unreachable_then_the_next(void **state)
{
	const char *first = ask_one_of_two("www.test.");

	(void)state;
	event(UPSTREAM_UNREACHABLE);
	assert_asked(other_of_two(first), "www.test.", A);
	event_always(UPSTREAM_UNREACHABLE);
	assert_result(TERN_RCODE_SERVFAIL, 0);
}

static void a_cache_is_believed_last(void **state)
{
	const char *first = ask_one_of_two("www.test.");

	(void)state;
	reply(QR | TERN_FLAG_RA, NOERR, "an www.test. 60 A 192.0.2.66", NULL);
	assert_asked(other_of_two(first), "www.test.", A);
	for (unsigned i = 0; i < 200 && !asks(first, "www.test.", A); i++)
		reply(QR, TERN_RCODE_REFUSED, NULL);
	assert_asked(first, "www.test.", A);
	reply(QR | TERN_FLAG_RA, NOERR, "an www.test. 60 A 192.0.2.66", NULL);
	assert_result(NOERR, 1);
}

static void an_empty_answer_is_believed_last(void **state)
{
	const char *first = ask_one_of_two("www.test.");

	(void)state;
	reply(AA, NOERR, NULL);
	assert_asked(other_of_two(first), "www.test.", A);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);

	first = ask_one_of_two("ftp.test.");
	reply(AA, NOERR, NULL);
	assert_asked(other_of_two(first), "ftp.test.", A);
	reply(AA, NOERR, NULL); /* there is no third to ask */
	assert_result(NOERR, 0);
}

static void an_empty_answer_is_better_than_silence(void **state)
{
	const char *first = ask_one_of_two("www.test.");

	(void)state;
	reply(AA, NOERR, NULL);
	assert_asked(other_of_two(first), "www.test.", A);
	event(UPSTREAM_TIMED_OUT);
	assert_asked(first, "www.test.", A);
	reply(AA, NOERR, NULL);
	assert_result(NOERR, 0);
}

/* The SOA of the parent or of nobody asked about: the name is denied, the SOA is not told. */
static void a_denial_with_the_wrong_soa(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", A);
	reply(AA, NXD, "ns . 60 SOA ns. host. 1 2 3 4 60", NULL);
	assert_result(NXD, 0);
	assert_null(world.job.result.authority.first);
	ask("ftp.test.", A);
	reply(AA, NXD, "ns sub.test. 60 SOA ns. host. 1 2 3 4 60", NULL);
	assert_result(NXD, 0);
	assert_null(world.job.result.authority.first);
}

static void our_own_troubles_are_nobody_elses(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", A);
	event(UPSTREAM_NO_RESOURCE);
	assert_result(TERN_RCODE_SERVFAIL, 0);
	assert_int_equal(measured(SERV, "test.").timeouts, 0);
	ask("ftp.test.", A);
	event(UPSTREAM_CROWDED);
	assert_result(TERN_RCODE_SERVFAIL, 0);
	assert_int_equal(measured(SERV, "test.").timeouts, 0);
}

/* --- other ways of asking -------------------------------------------------------------------- */

static void truncated_then_tcp(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", A);
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_UDP);
	reply(AA | TERN_FLAG_TC, NOERR, NULL);
	assert_asked(SERV, "www.test.", A);
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_TCP);
	assert_int_equal(world.job.outbox.timeout_ms, UPSTREAM_TCP_MS);
	assert_false(world.job.outbox.random_case);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);
}

static void cut_in_the_middle_then_tcp(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", A);
	struct tern_builder b = begin_reply(AA | TERN_FLAG_TC, NOERR);

	add_record(&b, "an www.test. 60 A 192.0.2.9");
	size_t len = tern_builder_finish(&b);

	send_octets(world.packet, len - 3);
	assert_asked(SERV, "www.test.", A);
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_TCP);
}

static void tcp_that_fails_twice(void **state)
{
	const char *first = ask_one_of_two("www.test.");

	(void)state;
	reply(AA | TERN_FLAG_TC, NOERR, NULL);
	event(UPSTREAM_UNREACHABLE); /* maybe an idle connection that was just closed */
	assert_asked(first, "www.test.", A);
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_TCP);
	event(UPSTREAM_UNREACHABLE);
	assert_asked(other_of_two(first), "www.test.", A);
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_UDP);
}

static void formerr_then_without_edns(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", A);
	assert_true(world.job.outbox.edns);
	assert_true(world.job.outbox.cookie_len >= 8);
	reply(QR, TERN_RCODE_FORMERR, NULL);
	assert_asked(SERV, "www.test.", A); /* the option may be what it dislikes */
	assert_true(world.job.outbox.edns);
	assert_int_equal(world.job.outbox.cookie_len, 0);
	reply(QR, TERN_RCODE_FORMERR, NULL);
	assert_asked(SERV, "www.test.", A);
	assert_false(world.job.outbox.edns);
	assert_false((measured(SERV, "test.").facts &
		      INFRA_BIT(INFRA_NO_EDNS))); /* not before it worked */
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);
	assert_true((measured(SERV, "test.").facts & INFRA_BIT(INFRA_NO_EDNS)));
	ask("ftp.test.", A);
	assert_false(world.job.outbox.edns);
	job_over();
	pass_ms(INFRA_LEARNED_MS); /* it may have learned, too */
	know_test();
	ask("ftp.test.", A);
	assert_true(world.job.outbox.edns);
}

static void formerr_in_any_case(void **state)
{
	const char *first = ask_one_of_two("www.test.");

	(void)state;
	reply(QR, TERN_RCODE_FORMERR, NULL);
	assert_asked(first, "www.test.", A);
	reply(QR, TERN_RCODE_FORMERR, NULL);
	assert_asked(first, "www.test.", A);
	reply(QR, TERN_RCODE_FORMERR, NULL);
	assert_asked(other_of_two(first), "www.test.", A);
	assert_true(world.job.outbox.edns);
	assert_false((measured(first, "test.").facts & INFRA_BIT(INFRA_NO_EDNS)));
}

static void reply_with_cookie(uint16_t rcode, const char *record)
{
	struct tern_builder b = begin_reply(AA, rcode);
	uint8_t cookie[16];

	memcpy(cookie, world.job.outbox.cookie, 8);
	memset(cookie + 8, 0x5c, 8);
	if (record)
		add_record(&b, record);
	assert_int_equal(tern_builder_opt(&b, 1232, rcode, 0, 0), TERN_OK);
	assert_int_equal(tern_builder_option(&b, TERN_EDNS_COOKIE, cookie, 16), TERN_OK);
	send_reply(&b);
}

static void badcookie_then_with_the_new_one(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", A);
	assert_int_equal(world.job.outbox.cookie_len, 8);
	reply_with_cookie(TERN_RCODE_BADCOOKIE, NULL);
	assert_asked(SERV, "www.test.", A);
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_UDP);
	assert_int_equal(world.job.outbox.cookie_len, 16);
	assert_memory_equal(world.job.outbox.cookie + 8, "\x5c\x5c\x5c\x5c\x5c\x5c\x5c\x5c", 8);
	reply_with_cookie(TERN_RCODE_BADCOOKIE, NULL); /* RFC 7873 5.3: then TCP */
	assert_asked(SERV, "www.test.", A);
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_TCP);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);
}

static void forgers_at_work_then_tcp(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", A);
	event(UPSTREAM_SUSPECT);
	assert_asked(SERV, "www.test.", A);
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_TCP);
	assert_int_equal(measured(SERV, "test.").timeouts, 0);
}

static void another_case_then_tcp_and_learned(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", A);
	assert_true(world.job.outbox.random_case);
	event(UPSTREAM_CASE);
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_TCP);
	assert_false((measured(SERV, "test.").facts &
		      INFRA_BIT(INFRA_NO_CASE))); /* that could have been forged */
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	assert_true((measured(SERV, "test.").facts & INFRA_BIT(INFRA_NO_CASE)));
	ask("ftp.test.", A);
	assert_false(world.job.outbox.random_case);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(from_the_root_down),
		TEST(priming_is_no_precondition),
		TEST(ttls_are_bounded),
		TEST(a_job_begins_with_nothing_of_the_last_one),
		TEST(the_longest_zone_s_bounds_count),
		TEST(the_longest_zone_s_bounds_count),
		TEST(ttl_0_is_answered_and_not_kept),
		TEST(nodata),
		TEST(nxdomain),
		TEST(how_long_denials_live),
		TEST(a_cname_across_zones),
		TEST(a_chain_ends_in_a_denial),
		TEST(a_dname_makes_a_cname),
		TEST(a_dname_that_makes_too_long_a_name),
		TEST(a_lame_server_then_the_next),
		TEST(timeout_then_the_next),
		TEST(errors_then_the_next),
		TEST(garbage_then_the_next),
		TEST(unreachable_then_the_next),
		TEST(a_cache_is_believed_last),
		TEST(an_empty_answer_is_believed_last),
		TEST(an_empty_answer_is_better_than_silence),
		TEST(a_denial_with_the_wrong_soa),
		TEST(our_own_troubles_are_nobody_elses),
		TEST(truncated_then_tcp),
		TEST(cut_in_the_middle_then_tcp),
		TEST(tcp_that_fails_twice),
		TEST(formerr_then_without_edns),
		TEST(formerr_in_any_case),
		TEST(badcookie_then_with_the_new_one),
		TEST(forgers_at_work_then_tcp),
		TEST(another_case_then_tcp_and_learned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * machine_encryption_test.c - authorities asked encrypted: who is tried, who is asked so, what is
 * done when nothing comes of it, and what of that is kept of whom (RFC 9539).
 */
#include "helpers.h"

#include "resolver/encryption.h"
#include "resolver/qmin.h"

#define A       TERN_TYPE_A
#define NOERR   TERN_RCODE_NOERROR
#define SERV    TEST_SERVER
#define SERV_BY TEST_SERVER "@853"
#define OTHER   "192.0.2.54"

/* Only looked at. */
static struct tls_peer *const anybody = (struct tls_peer *)&world;

static void be_opportunistic(void)
{
	world.rules.resolver.encryption.opportunistic = true;
	world.rules.resolver.encryption.peer = anybody;
	know_test();
}

static void be_strict(void)
{
	static uint8_t test[] = "\4test";
	static uint8_t *zones[] = {test};

	world.rules.resolver.encryption.zones = zones;
	world.rules.resolver.encryption.zones_n = 1;
	world.rules.resolver.encryption.peer = anybody;
	know_test();
}

static struct address serv(void)
{
	return address(SERV);
}

static bool is_encrypted(void)
{
	struct address a = serv();
	struct infra_server s;

	infra_get(world.resolver.infra, &a, NAME("x."), world_ms(), &s);
	return s.ways & INFRA_BIT(INFRA_TLS);
}

static bool may_be_tried(void)
{
	struct address a = serv();

	return infra_claim_way(world.resolver.infra, &a, INFRA_TLS, world_ms());
}

static void let_work(void)
{
	struct address a = serv();

	infra_way_works(world.resolver.infra, &a, INFRA_TLS, world_ms());
}

static void answer(void)
{
	char text[64];
	char name[TERN_NAME_TEXT_MAX];

	snprintf(text, sizeof text, "an %s 60 A 192.0.2.9",
		 tern_name_to_text(world.job.outbox.name, name));
	reply(AA, NOERR, text, NULL);
}

static void assert_plain(const char *name)
{
	assert_asked(SERV, name, A);
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_UDP);
	assert_null(world.job.outbox.to.peer);
	assert_false(world.job.outbox.opportunistic);
}

static void assert_encrypted(const char *name, bool opportunistic)
{
	assert_asked(SERV_BY, name, A);
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_TLS);
	assert_ptr_equal(world.job.outbox.to.peer, anybody);
	assert_int_equal(world.job.outbox.opportunistic, opportunistic);
	assert_false(world.job.outbox.random_case);
	struct address a = serv();

	assert_true(address_equal(&world.job.outbox.server, &a));
}

static void off_is_as_if_it_were_not_there(void **state)
{
	(void)state;
	know_test();
	let_work();
	ask("www.test.", A);
	assert_plain("www.test.");
	answer();
	assert_result(NOERR, 1);
	assert_false(world.resolver.probe.wanted);
}

static void who_answers_is_tried(void **state)
{
	struct address by = address(SERV_BY), a = serv();

	(void)state;
	be_opportunistic();
	ask("www.test.", A);
	assert_plain("www.test.");
	assert_false(world.resolver.probe.wanted);
	answer();
	assert_result(NOERR, 1);
	assert_true(world.resolver.probe.wanted);
	assert_true(address_equal(&world.resolver.probe.to.address, &by));
	assert_true(address_equal(&world.resolver.probe.server, &a));
	assert_int_equal(world.resolver.probe.to.transport, TRANSPORT_TLS);
	assert_true(tern_name_equal(world.resolver.probe.name, NAME("www.test.")));
	assert_true(world.resolver.probe.has_answer);
	/* Somebody is at it. */
	world.resolver.probe.wanted = false;
	ask("one.test.", A);
	assert_plain("one.test.");
	answer();
	assert_false(world.resolver.probe.wanted);
}

static void who_refuses_is_not_tried(void **state)
{
	(void)state;
	be_opportunistic();
	ask("www.test.", A);
	reply(QR, TERN_RCODE_REFUSED, NULL);
	assert_false(world.resolver.probe.wanted);
	assert_true(may_be_tried());
}

static void neither_forwarders_nor_other_ports_are_tried(void **state)
{
	(void)state;
	be_opportunistic();
	use_route("corp.", SERV, ROUTE_FORWARD, false);
	ask("www.corp.", A);
	reply(QR | TERN_FLAG_RA, NOERR, "an www.corp. 60 A 192.0.2.9", NULL);
	assert_false(world.resolver.probe.wanted);
	use_route("stub.", SERV "@5300", ROUTE_STUB, false);
	ask("www.stub.", A);
	answer();
	assert_false(world.resolver.probe.wanted);
	/* Not even where it is known that they would. */
	let_work();
	use_route("corp.", SERV, ROUTE_FORWARD, false);
	ask("one.corp.", A);
	assert_plain("one.corp.");
}

/* A stranger's name may lead to many servers: not all are tried for one question. */
static void one_question_has_a_few_tried(void **state)
{
	unsigned tried = 0;

	(void)state;
	be_opportunistic();
	ask("a.b.c.d.e.f.g.test.", A);
	for (unsigned i = 0; i < 8; i++) {
		static const char *const zones[] = {"g.test.", "f.g.test.", "e.f.g.test.",
						    "d.e.f.g.test.", "c.d.e.f.g.test."};
		char ns[64], glue[64];

		if (i == ARRAY_LEN(zones))
			break;
		snprintf(ns, sizeof ns, "ns %s 60 NS ns.%s", zones[i], zones[i]);
		snprintf(glue, sizeof glue, "ad ns.%s 60 A 192.0.2.%u", zones[i], 100 + i);
		reply(QR, NOERR, ns, glue, NULL);
		tried += world.resolver.probe.wanted;
		world.resolver.probe.wanted = false;
	}
	answer();
	tried += world.resolver.probe.wanted;
	assert_result(NOERR, 1);
	assert_int_equal(tried, JOB_PROBES_MAX);
}

static void who_works_is_asked_encrypted(void **state)
{
	(void)state;
	be_opportunistic();
	let_work();
	pass_ms(INFRA_WAY_KEPT_MS - 1000);
	know_test();
	ask("www.test.", A);
	assert_encrypted("www.test.", true);
	answer();
	assert_result(NOERR, 1);
	assert_false(world.resolver.probe.wanted);
	/* It lasts from the last answer on. */
	pass_ms(INFRA_WAY_KEPT_MS - 1000);
	know_test();
	ask("one.test.", A);
	assert_encrypted("one.test.", true);
	answer();
}

static uint8_t timeouts(void)
{
	struct address a = serv();
	struct infra_server s;

	infra_get(world.resolver.infra, &a, NAME("test."), world_ms(), &s);
	return s.timeouts;
}

static void silence_leads_to_plain_dns_and_to_doubt(void **state)
{
	(void)state;
	be_opportunistic();
	let_work();
	ask("www.test.", A);
	assert_encrypted("www.test.", true);
	assert_true(world.job.outbox.timeout_ms <= INFRA_RTO_FIRST_MS);
	event(UPSTREAM_TIMED_OUT);
	assert_plain("www.test.");
	assert_int_equal(timeouts(), 0);
	answer();
	assert_result(NOERR, 1);
	/* For a while by plain DNS, */
	ask("one.test.", A);
	assert_plain("one.test.");
	answer();
	assert_false(world.resolver.probe.wanted);
	/* and then for a day. */
	pass_ms(INFRA_WAY_TIMEOUT_MS);
	assert_false(is_encrypted());
	assert_false(may_be_tried());
	pass_ms(INFRA_WAY_DAMPED_MS);
	assert_true(may_be_tried());
}

static void silence_by_both_ways_says_nothing_of_one(void **state)
{
	(void)state;
	be_opportunistic();
	let_work();
	ask("www.test.", A);
	event(UPSTREAM_TIMED_OUT);
	(void)be_silent();
	pass_ms(INFRA_WAY_TIMEOUT_MS);
	assert_true(is_encrypted());
}

static void a_late_answer_counts(void **state)
{
	(void)state;
	be_opportunistic();
	let_work();
	ask("www.test.", A);
	struct upstream_query encrypted = world.job.outbox;
	uint8_t name[TERN_NAME_MAX];

	tern_name_copy(name, encrypted.name);
	event(UPSTREAM_TIMED_OUT);
	assert_plain("www.test.");
	assert_true(job_awaits(&world.job, &encrypted));
	struct tern_builder b = begin_reply(AA, NOERR);

	add_record(&b, "an www.test. 60 A 192.0.2.9");
	world.packet_len = tern_builder_finish(&b);
	struct upstream_reply r = {.event = UPSTREAM_ANSWERED,
				   .transport = TRANSPORT_TLS,
				   .octets = world.packet,
				   .len = world.packet_len,
				   .rtt_ms = 300};

	world.done = job_resume_late(&world.job, &encrypted, &r, &world.now);
	assert_result(NOERR, 1);
	assert_true(is_encrypted());
	ask("one.test.", A);
	assert_encrypted("one.test.", true);
}

static uint32_t srtt_ms(void)
{
	return measured(SERV, "test.").srtt_ms;
}

static void answer_encrypted(uint32_t rtt_ms, bool opening)
{
	char text[64], name[TERN_NAME_TEXT_MAX];
	struct tern_builder b = begin_reply(AA, NOERR);

	snprintf(text, sizeof text, "an %s 60 A 192.0.2.9",
		 tern_name_to_text(world.job.outbox.name, name));
	add_record(&b, text);
	world.packet_len = tern_builder_finish(&b);
	struct upstream_reply r = {.event = UPSTREAM_ANSWERED,
				   .transport = TRANSPORT_TLS,
				   .octets = world.packet,
				   .len = world.packet_len,
				   .rtt_ms = rtt_ms,
				   .opening = opening};

	world.done = job_resume(&world.job, &r, &world.now);
	assert_result(NOERR, 1);
}

/* It would make all questions to the server wait longer than need be. */
static void a_handshake_is_no_measure(void **state)
{
	(void)state;
	be_opportunistic();
	let_work();
	ask("one.test.", A);
	answer_encrypted(40, false);
	assert_int_equal(srtt_ms(), 40);
	ask("two.test.", A);
	answer_encrypted(900, true);
	assert_int_equal(srtt_ms(), 40);
	ask("three.test.", A);
	answer_encrypted(80, false);
	assert_in_range(srtt_ms(), 41, 79);
}

/* What was asked encrypted was not counted as a question that is open. */
static void a_late_refusal_leaves_the_count(void **state)
{
	(void)state;
	be_opportunistic();
	let_work();
	ask("www.test.", A);
	struct upstream_query encrypted = world.job.outbox;

	event(UPSTREAM_TIMED_OUT);
	event(UPSTREAM_TIMED_OUT);
	assert_plain("www.test.");
	assert_int_equal(world.job.frames[0].at.silent_n, 1);
	struct tern_builder b = begin_reply(QR, TERN_RCODE_REFUSED);

	world.packet_len = tern_builder_finish(&b);
	struct upstream_reply r = {.event = UPSTREAM_ANSWERED,
				   .transport = TRANSPORT_TLS,
				   .octets = world.packet,
				   .len = world.packet_len};

	world.done = job_resume_late(&world.job, &encrypted, &r, &world.now);
	assert_plain("www.test.");
	assert_int_equal(world.job.frames[0].at.silent_n, 1);
	answer();
	assert_result(NOERR, 1);
}

/* Whoever is on the way may have changed what came by TLS: then it is asked as everybody asks. */
static void after_bogus_data_by_plain_dns(void **state)
{
	(void)state;
	be_opportunistic();
	let_work();
	world.rules.resolver.qmin = QMIN_RELAXED;
	ask("www.a.test.", A);
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_TLS);
	world.job.lower_case = true;
	reply(AA, NOERR, "ns test. 60 SOA ns. host. 1 2 3 4 5", NULL);
	assert_plain("www.a.test.");
	/* The next question has seen none. */
	ask("www.b.test.", A);
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_TLS);
}

static void nobody_there_is_damped_once_plain_dns_works(void **state)
{
	(void)state;
	be_opportunistic();
	let_work();
	ask("www.test.", A);
	event(UPSTREAM_UNREACHABLE);
	assert_plain("www.test.");
	assert_true(is_encrypted());
	answer();
	assert_result(NOERR, 1);
	assert_false(is_encrypted());
	assert_false(may_be_tried());
}

static void a_shortage_of_ours_is_nobodys_fault(void **state)
{
	(void)state;
	be_opportunistic();
	let_work();
	ask("www.test.", A);
	event(UPSTREAM_NO_RESOURCE);
	assert_plain("www.test.");
	answer();
	assert_result(NOERR, 1);
	assert_true(is_encrypted());
}

/* Another server is behind that port: a resolver, or one that has not the zone. */
static void wrong_answers_are_not_believed(void **state)
{
	(void)state;
	be_opportunistic();
	let_work();
	ask("www.test.", A);
	reply(QR, TERN_RCODE_REFUSED, NULL);
	assert_plain("www.test.");
	answer();
	assert_result(NOERR, 1);
	ask("one.test.", A);
	assert_plain("one.test.");
	answer();
	/* One zone alone, which may be a stranger's, says nothing of others. */
	know("corp.", "ns.corp.", SERV, NULL);
	ask("www.corp.", A);
	assert_encrypted("www.corp.", true);
	reply(QR | TERN_FLAG_RA, NOERR, "an www.corp. 60 A 192.0.2.66", NULL);
	assert_plain("www.corp.");
	answer();
	assert_true(has_answer_a("www.corp.", "192.0.2.9"));
	know("third.", "ns.third.", SERV, NULL);
	ask("www.third.", A);
	assert_plain("www.third.");
}

static void a_dead_way_does_not_use_up_tries(void **state)
{
	(void)state;
	be_opportunistic();
	know("test.", "ns.test.", SERV, NULL);
	let_work();
	ask("www.test.", A);
	event(UPSTREAM_UNREACHABLE);
	assert_int_equal(world.job.frames[0].sends, 1);
	assert_int_equal(world.job.frames[0].at.silent_n, 0);
	assert_int_equal(world.job.link_sends, 1);
	event(UPSTREAM_TIMED_OUT);
	assert_plain("www.test.");
	assert_int_equal(timeouts(), 1);
}

/* --- strict ------------------------------------------------------------------------------ */

static void strict_zones_are_never_asked_in_plain_text(void **state)
{
	(void)state;
	be_strict();
	ask("www.test.", A);
	for (unsigned n = 0; !world.done; n++) {
		assert_true(n < 100);
		if (world.job.outbox.listen) {
			event(UPSTREAM_TIMED_OUT);
			continue;
		}
		assert_encrypted("www.test.", false);
		event(n % 2 ? UPSTREAM_TIMED_OUT : UPSTREAM_UNREACHABLE);
	}
	assert_result(TERN_RCODE_SERVFAIL, 0);
	assert_true(world.job.result.ede == TERN_EDE_NO_REACHABLE_AUTHORITY ||
		    world.job.result.ede == TERN_EDE_NETWORK_ERROR);
	assert_non_null(strstr(world.job.result.text, "TLS"));
}

static void strict_zones_by_all_that_leads_to_tcp(void **state)
{
	static const enum upstream_event events[] = {UPSTREAM_SUSPECT, UPSTREAM_CASE,
						     UPSTREAM_TIMED_OUT, UPSTREAM_UNREACHABLE};

	(void)state;
	be_strict();
	for (unsigned i = 0; i < ARRAY_LEN(events); i++) {
		char name[32];

		snprintf(name, sizeof name, "n%u.test.", i);
		ask(name, A);
		for (unsigned n = 0; !world.done; n++) {
			assert_true(n < 100);
			assert_true(world.job.outbox.listen ||
				    world.job.outbox.to.transport == TRANSPORT_TLS);
			event(world.job.outbox.listen ? UPSTREAM_TIMED_OUT : events[i]);
		}
	}
}

static void strict_zones_include_what_is_below(void **state)
{
	(void)state;
	be_strict();
	ask("www.sub.test.", A);
	assert_encrypted("www.sub.test.", false);
	reply(QR, NOERR, "ns sub.test. 60 NS ns.sub.test.", "ad ns.sub.test. 60 A " SERV, NULL);
	assert_encrypted("www.sub.test.", false);
	answer();
	assert_result(NOERR, 1);
	/* What others answer for is asked as always, even of the same server. */
	know("corp.", "ns.corp.", SERV, NULL);
	ask("www.corp.", A);
	assert_plain("www.corp.");
}

/* They may be the same servers, and would answer at once. */
static void the_servers_above_see_where_it_is_and_no_more(void **state)
{
	static uint8_t corp[] = "\4corp\4test";
	static uint8_t *zones[] = {corp};

	(void)state;
	for (unsigned qmin = QMIN_RELAXED; qmin <= QMIN_OFF; qmin++) {
		char name[32];

		be_strict();
		world.rules.resolver.encryption.zones = zones;
		world.rules.resolver.qmin = (enum qmin_mode)qmin;
		snprintf(name, sizeof name, "www.a%u.corp.test.", qmin);
		ask(name, A);
		assert_asked(SERV, "corp.test.", QMIN_TYPE);
		reply(AA, NOERR, "ns test. 60 SOA ns. host. 1 2 3 4 5", NULL);
		/* There is no zone: whoever has the name has to be asked encrypted. */
		assert_true(world.job.outbox.to.transport == TRANSPORT_TLS);
		event_always(UPSTREAM_UNREACHABLE);
		assert_int_equal(world.asked.to.transport, TRANSPORT_TLS);
		/* With a delegation its own servers are. */
		snprintf(name, sizeof name, "www.b%u.corp.test.", qmin);
		ask(name, A);
		assert_asked(SERV, "corp.test.", QMIN_TYPE);
		reply(QR, NOERR, "ns corp.test. 1 NS ns.corp.test.",
		      "ad ns.corp.test. 60 A 192.0.2.77", NULL);
		assert_true(world.job.outbox.to.transport == TRANSPORT_TLS);
		pass_ms(5000);
	}
}

/* A server that refuses what it is shown is not shown more, nor asked for ever. */
static void a_refusal_shows_no_more(void **state)
{
	static uint8_t corp[] = "\4corp\4test";
	static uint8_t *zones[] = {corp};
	unsigned n = 0;

	(void)state;
	be_strict();
	world.rules.resolver.encryption.zones = zones;
	world.rules.resolver.qmin = QMIN_RELAXED;
	ask("www.a.corp.test.", A);
	for (; !world.done; n++) {
		assert_true(n < 20);
		assert_asked(SERV, "corp.test.", QMIN_TYPE);
		reply(QR, TERN_RCODE_REFUSED, NULL);
	}
	assert_result(TERN_RCODE_SERVFAIL, 0);
}

/* As of what is below, so of its own name: they see that it is meant, and not what is wanted. */
static void the_servers_above_answer_nothing_of_its_own_name(void **state)
{
	static uint8_t corp[] = "\4corp\4test";
	static uint8_t *zones[] = {corp};

	(void)state;
	for (unsigned qmin = QMIN_RELAXED; qmin <= QMIN_OFF; qmin++) {
		be_strict();
		world.rules.resolver.encryption.zones = zones;
		world.rules.resolver.qmin = (enum qmin_mode)qmin;
		ask("corp.test.", qmin == QMIN_OFF ? TERN_TYPE_MX : A);
		assert_asked(SERV, "corp.test.", QMIN_TYPE);
		reply(AA, NOERR, "an corp.test. 1 NS ns.corp.test.", NULL);
		assert_int_equal(world.job.outbox.to.transport, TRANSPORT_TLS);
		assert_int_equal(world.job.outbox.type, qmin == QMIN_OFF ? TERN_TYPE_MX : A);
		event_always(UPSTREAM_UNREACHABLE);
		assert_int_equal(world.asked.to.transport, TRANSPORT_TLS);
		pass_ms(5000);
	}
	/* What those above say of it is theirs. */
	ask("corp.test.", TERN_TYPE_DS);
	assert_asked(SERV, "corp.test.", TERN_TYPE_DS);
}

/* Its servers are those of the zone above: nobody's name in that pays for what they don't answer by
 * TLS. */
static void strict_failures_are_told_of_the_strict_zone(void **state)
{
	static uint8_t corp[] = "\4corp\4test";
	static uint8_t *zones[] = {corp};

	(void)state;
	be_strict();
	world.rules.resolver.encryption.zones = zones;
	ask("www.corp.test.", A);
	reply(AA, NOERR, "ns test. 60 SOA ns. host. 1 2 3 4 5", NULL);
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_TLS);
	assert_true(tern_name_equal(world.job.outbox.zone, corp));
	event(UPSTREAM_TIMED_OUT);
	assert_int_equal(timeouts(), 0);
	assert_int_equal(measured(SERV, "corp.test.").timeouts, 1);
	assert_int_equal(world.resolver.health[0].timeouts_n, 0);
}

/* A resolver that a stranger's zone is delegated to. */
static void who_is_no_authority_is_not_tried(void **state)
{
	(void)state;
	be_opportunistic();
	ask("www.test.", A);
	reply(QR | TERN_FLAG_RA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	assert_false(world.resolver.probe.wanted);
	assert_true(may_be_tried());
}

static void a_malformed_answer_is_asked_by_plain_dns(void **state)
{
	static const uint8_t one[] = {0, 1};

	(void)state;
	be_opportunistic();
	let_work();
	ask("www.test.", A);
	struct tern_builder b = begin_reply(AA, NOERR);

	world.packet_len = tern_builder_finish(&b);
	memcpy(world.packet + 6, one, sizeof one);
	struct upstream_reply r = {.event = UPSTREAM_ANSWERED,
				   .transport = TRANSPORT_TLS,
				   .octets = world.packet,
				   .len = world.packet_len};

	world.done = job_resume(&world.job, &r, &world.now);
	assert_plain("www.test.");
	assert_true(world.job.outbox.counted);
	answer();
	assert_result(NOERR, 1);
}

/* Three ways there and back, where plain DNS is asked after one and some slack. */
static void who_is_far_away_is_said_to_be(void **state)
{
	(void)state;
	be_opportunistic();
	let_work();
	ask("one.test.", A);
	assert_false(world.job.outbox.far);
	answer_encrypted(25, false);
	ask("two.test.", A);
	assert_false(world.job.outbox.far);
	for (unsigned i = 0; i < 30; i++) {
		char name[32];

		snprintf(name, sizeof name, "f%u.test.", i);
		ask(name, A);
		answer_encrypted(60, false);
	}
	ask("three.test.", A);
	assert_true(world.job.outbox.far);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(off_is_as_if_it_were_not_there),
		TEST(who_answers_is_tried),
		TEST(who_refuses_is_not_tried),
		TEST(neither_forwarders_nor_other_ports_are_tried),
		TEST(one_question_has_a_few_tried),
		TEST(who_works_is_asked_encrypted),
		TEST(silence_leads_to_plain_dns_and_to_doubt),
		TEST(silence_by_both_ways_says_nothing_of_one),
		TEST(a_late_answer_counts),
		TEST(a_handshake_is_no_measure),
		TEST(a_late_refusal_leaves_the_count),
		TEST(after_bogus_data_by_plain_dns),
		TEST(nobody_there_is_damped_once_plain_dns_works),
		TEST(a_shortage_of_ours_is_nobodys_fault),
		TEST(wrong_answers_are_not_believed),
		TEST(a_dead_way_does_not_use_up_tries),
		TEST(strict_zones_are_never_asked_in_plain_text),
		TEST(strict_zones_by_all_that_leads_to_tcp),
		TEST(strict_zones_include_what_is_below),
		TEST(the_servers_above_see_where_it_is_and_no_more),
		TEST(a_refusal_shows_no_more),
		TEST(the_servers_above_answer_nothing_of_its_own_name),
		TEST(strict_failures_are_told_of_the_strict_zone),
		TEST(who_is_no_authority_is_not_tried),
		TEST(a_malformed_answer_is_asked_by_plain_dns),
		TEST(who_is_far_away_is_said_to_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

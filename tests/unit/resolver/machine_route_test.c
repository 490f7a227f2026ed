/*
 * machine_route_test.c - zones that the configuration names servers for.
 */
#include "helpers.h"

#include "resolver/machine.h"
#include "resolver/select.h"

#define A     TERN_TYPE_A
#define QR    TERN_FLAG_QR
#define NOERR TERN_RCODE_NOERROR
#define NXD   TERN_RCODE_NXDOMAIN
#define SERV  TEST_SERVER

static void a_forwarder(void **state)
{
	(void)state;
	use_route("corp.", "192.0.2.88@5300", ROUTE_FORWARD, false);
	world.rules.resolver.qmin = QMIN_STRICT;
	ask("www.a.corp.", A);
	assert_asked("192.0.2.88@5300", "www.a.corp.", A); /* the whole name at once */
	assert_true(world.job.outbox.recurse);
	reply(QR | TERN_FLAG_RA, NOERR, "an www.a.corp. 60 CNAME web.corp.",
	      "an web.corp. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 2); /* its whole chain is taken */
	ask("no.corp.", A);
	reply(QR | TERN_FLAG_RA, NXD, "ns corp. 60 SOA ns. host. 1 2 3 4 5", NULL);
	assert_result(NXD, 0);
}

static void a_forwarder_fails(void **state)
{
	(void)state;
	know("corp.", "ns.corp.", SERV, NULL);
	use_route("corp.", "192.0.2.88@5300", ROUTE_FORWARD, false);
	ask("www.corp.", A);
	reply(QR | TERN_FLAG_RA, TERN_RCODE_SERVFAIL, NULL);
	assert_result(TERN_RCODE_SERVFAIL, 0); /* nobody else may see the name */
}

static void first_the_forwarder_then_iterating(void **state)
{
	(void)state;
	know("corp.", "ns.corp.", SERV, NULL);
	use_route("corp.", "192.0.2.88@5300", ROUTE_FORWARD, true);
	ask("www.corp.", A);
	assert_asked("192.0.2.88@5300", "www.corp.", A);
	reply(QR | TERN_FLAG_RA, TERN_RCODE_SERVFAIL, NULL);
	assert_asked(SERV, "www.corp.", A);
	assert_false(world.job.outbox.recurse);
}

static void a_stub_zone(void **state)
{
	(void)state;
	use_route("corp.", "192.0.2.88@5300", ROUTE_STUB, false);
	ask("www.a.corp.", A);
	assert_asked("192.0.2.88@5300", "www.a.corp.", A);
	assert_false(world.job.outbox.recurse);
	reply(QR, NOERR, "ns a.corp. 60 NS ns.a.corp.", "ad ns.a.corp. 60 A 192.0.2.60", NULL);
	assert_asked("192.0.2.60", "www.a.corp.", A); /* it is where iteration starts */
}

/* --- besides answers --------------------------------------------------------------------- */

/* RFC 6840 5.9: the forwarder's verdict is not wanted by who has his own. */
static void the_checking_disabled_bit(void **state)
{
	(void)state;
	use_route("corp.", "192.0.2.88", ROUTE_FORWARD, false);
	ask("one.corp.", A);
	assert_false(world.job.outbox.checking_disabled);
	ask_with("two.corp.", A, JOB_CHECKING_DISABLED);
	assert_true(world.job.outbox.checking_disabled);
	world.rules.resolver.validation = VALIDATION_ON;
	ask("three.corp.", A);
	assert_true(world.job.outbox.checking_disabled);
	use_route("corp.", "192.0.2.88", ROUTE_STUB, false);
	ask("four.corp.", A);
	assert_false(world.job.outbox.checking_disabled); /* to an authority it says nothing */
}

static void a_stub_server_that_is_a_forwarder(void **state)
{
	(void)state;
	use_route("corp.", "192.0.2.88", ROUTE_STUB, false);
	ask("www.corp.", TERN_TYPE_AAAA);
	reply(QR | TERN_FLAG_RA, NOERR, NULL);
	assert_result(NOERR, 0);
}

/* --- one way after the other ----------------------------------------------------------------- */

static struct route_server many[12];
static struct route routes[2];

static void use_many(unsigned n, const uint8_t *zone)
{
	for (unsigned i = 0; i < n; i++) {
		char text[32];

		snprintf(text, sizeof text, "192.0.2.%u", 100 + i);
		many[i] = (struct route_server){.address = address(text)};
	}
	routes[0] = (struct route){.zone = zone,
				   .servers = many,
				   .servers_n = n,
				   .kind = ROUTE_FORWARD,
				   .first = true};
	world.rules.routes = (struct routes){.routes = routes, .n = 1};
}

static void many_forwarders_refuse_first(void **state)
{
	(void)state;
	know("corp.", "ns.corp.", SERV, NULL);
	use_many(ARRAY_LEN(many), (const uint8_t *)"\4corp");
	ask("www.corp.", A);
	for (unsigned i = 0; i < ARRAY_LEN(many) && world.job.outbox.recurse; i++)
		reply(QR | TERN_FLAG_RA, TERN_RCODE_REFUSED, NULL);
	assert_asked(SERV, "www.corp.", A);
}

static void silent_forwarders_leave_time(void **state)
{
	(void)state;
	know("corp.", "ns.corp.", SERV, NULL);
	use_many(3, (const uint8_t *)"\4corp");
	ask("www.corp.", A);
	for (unsigned i = 0; i < 20 && world.job.outbox.recurse; i++)
		event(UPSTREAM_TIMED_OUT);
	assert_asked(SERV, "www.corp.", A);
	assert_true(world_ms() + 2000 < world.job.deadline_ms);
}

/* The alias leads where it leads, however its own name was found. */
static void an_alias_has_a_route_of_its_own(void **state)
{
	static struct route_server inside;

	(void)state;
	know("test.", "ns.test.", SERV, NULL);
	use_many(1, (const uint8_t *)"\4test");
	inside = (struct route_server){.address = address("192.0.2.88")};
	routes[1] = (struct route){.zone = (const uint8_t *)"\4corp",
				   .servers = &inside,
				   .servers_n = 1,
				   .kind = ROUTE_FORWARD,
				   .first = true};
	world.rules.routes.n = 2;
	ask("www.test.", A);
	reply(QR, TERN_RCODE_REFUSED, NULL);
	assert_asked(SERV, "www.test.", A);
	reply(QR | TERN_FLAG_AA, NOERR, "an www.test. 60 CNAME www.corp.", NULL);
	assert_asked("192.0.2.88", "www.corp.", A);
}

/* Each name of a chain has its own account of tries. */
static void an_alias_begins_anew(void **state)
{
	char from[64], to[64], record[160];

	(void)state;
	know("test.", "ns1.test.", "192.0.2.61", "ns2.test.", "192.0.2.62", "ns3.test.",
	     "192.0.2.63", "ns4.test.", "192.0.2.64", NULL);
	ask("n0.test.", A);
	for (unsigned i = 0; i < 5; i++) {
		snprintf(from, sizeof from, "n%u.test.", i);
		snprintf(to, sizeof to, "n%u.test.", i + 1);
		snprintf(record, sizeof record, "an %s 60 CNAME %s", from, to);
		for (unsigned refused = 0; refused < 3; refused++)
			reply(QR, TERN_RCODE_REFUSED, NULL);
		assert_false(world.done);
		reply(QR | TERN_FLAG_AA, NOERR, record, NULL);
	}
	assert_false(world.done);
}

/* What iteration failed at says nothing about the forwarder. */
static void a_failed_zone_has_a_route_now(void **state)
{
	struct cache_failure failure = {.ede = TERN_EDE_NO_REACHABLE_AUTHORITY,
					.text = "silent",
					.text_len = 6,
					.ttl_s = 60};

	(void)state;
	cache_put_failure(world.resolver.cache, NAME("corp."), 0, &failure, world.now.boot_s);
	ask("one.corp.", A);
	use_route("corp.", "192.0.2.88", ROUTE_FORWARD, false);
	ask("two.corp.", A);
	assert_asked("192.0.2.88", "two.corp.", A);
}

/* --- servers of little skill ------------------------------------------------------------------ */

static void another_case_and_no_tcp(void **state)
{
	(void)state;
	know("test.", "ns.test.", SERV, NULL);
	ask("www.test.", A);
	event(UPSTREAM_CASE);
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_TCP);
	event(UPSTREAM_UNREACHABLE);
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_UDP);
	assert_false(world.job.outbox.random_case);
	reply(QR | TERN_FLAG_AA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);
	ask("ftp.test.", A);
	assert_false(world.job.outbox.random_case); /* learned */
}

static void formerr_with_an_opt(void **state)
{
	(void)state;
	know("test.", "ns.test.", SERV, NULL);
	ask("www.test.", A);
	struct tern_builder b = begin_reply(QR, TERN_RCODE_FORMERR);

	assert_int_equal(tern_builder_opt(&b, 1232, 0, 0, 0), TERN_OK);
	send_reply(&b);
	assert_asked(SERV, "www.test.", A);
	assert_true(world.job.outbox.edns); /* without the cookie */
	b = begin_reply(QR, TERN_RCODE_FORMERR);
	assert_int_equal(tern_builder_opt(&b, 1232, 0, 0, 0), TERN_OK);
	send_reply(&b);
	assert_asked(SERV, "www.test.", A);
	assert_false(world.job.outbox.edns);
	reply(QR | TERN_FLAG_AA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);
	ask("ftp.test.", A);
	assert_true(world.job.outbox.edns); /* it knows EDNS: not for good */
}

/* From a host without IPv4: the way leads through NAT64, what is known stays that of the server. */
static void through_nat64(void **state)
{
	(void)state;
	world.rules.resolver.ipv4 = false;
	assert_true(prefix_from_text("64:ff9b::/96", &world.rules.resolver.nat64));
	know("test.", "ns.test.", "198.41.0.4", NULL);
	ask("www.test.", A);
	assert_asked("64:ff9b::c629:4", "www.test.", A);
	reply(QR | TERN_FLAG_AA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	assert_int_equal(world.job.result.answer.n, 1);
	/* What no translator takes is not asked there. */
	know("inside.", "ns.inside.", "10.0.0.1", NULL);
	ask("www.inside.", A);
	assert_true(world.done);
	assert_int_equal(world.job.result.rcode, TERN_RCODE_SERVFAIL);
	world.rules.resolver.nat64.base.family = 0;
	know("four.", "ns.four.", "198.41.0.5", NULL);
	ask("www.four.", A);
	assert_true(world.done);
}

/* All of them are asked at once, a few at a time; who answers first counts. */
static void servers_asked_at_once(void **state)
{
	static struct route_server servers[6];
	static struct route route = {.servers = servers,
				     .servers_n = 6,
				     .kind = ROUTE_FORWARD,
				     .policy = ROUTE_PARALLEL};
	struct upstream_reply late = {.event = UPSTREAM_ANSWERED};
	unsigned asked = 0;

	(void)state;
	route.zone = (const uint8_t *)"";
	for (unsigned i = 0; i < 6; i++) {
		servers[i] = (struct route_server){.address = address("192.0.2.88")};
		servers[i].address.octets[3] = (uint8_t)(80 + i);
	}
	world.rules.routes = (struct routes){.routes = &route, .n = 1};
	ask("www.corp.", A);
	struct upstream_query first = world.job.outbox;

	for (unsigned i = 0; i < 4; i++) {
		const struct upstream_query *q = &world.job.outbox;

		assert_false(asked >> q->to.address.octets[3] % 32 & 1);
		asked |= 1u << q->to.address.octets[3] % 32;
		/* The last one of a go is waited for. */
		if (i == 3)
			assert_true(q->timeout_ms > 50);
		else
			assert_true(q->timeout_ms < 10);
		if (i < 3)
			event(UPSTREAM_TIMED_OUT);
	}
	struct tern_builder b = begin_reply(QR | TERN_FLAG_RA, NOERR);

	add_record(&b, "an www.corp. 60 A 192.0.2.9");
	late.len = tern_builder_finish(&b);
	late.octets = world.packet;
	assert_true(job_awaits(&world.job, &first));
	world.done = job_resume_late(&world.job, &first, &late, &world.now);
	assert_result(NOERR, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(servers_asked_at_once),
		TEST(a_forwarder),
		TEST(a_forwarder_fails),
		TEST(first_the_forwarder_then_iterating),
		TEST(a_stub_zone),
		TEST(the_checking_disabled_bit),
		TEST(a_stub_server_that_is_a_forwarder),
		TEST(many_forwarders_refuse_first),
		TEST(silent_forwarders_leave_time),
		TEST(an_alias_has_a_route_of_its_own),
		TEST(an_alias_begins_anew),
		TEST(a_failed_zone_has_a_route_now),
		TEST(another_case_and_no_tcp),
		TEST(formerr_with_an_opt),
		TEST(through_nat64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * machine_late_test.c - answers that come after their time, while the job asks
 * somebody else or only listens.
 */
#include "helpers.h"

#include "base/readers.h"
#include "resolver/select.h"

#define A     TERN_TYPE_A
#define SERV  TEST_SERVER
#define OTHER "192.0.2.54"

static void know_two(void)
{
	know("test.", "ns1.test.", SERV, "ns2.test.", OTHER, NULL);
}

static struct upstream_query time_out(void)
{
	struct upstream_query query = world.job.outbox;

	event(UPSTREAM_TIMED_OUT);
	return query;
}

/* The reply to @p query instead of what is in the outbox. */
static void reply_late(const struct upstream_query *query, uint16_t flags, unsigned rcode,
		       const char *record)
{
	struct upstream_query outbox = world.job.outbox;

	assert_true(job_awaits(&world.job, query));
	world.job.outbox = *query; /* for the question section */
	struct tern_builder b = begin_reply(flags, rcode);

	world.job.outbox = outbox;
	if (record)
		add_record(&b, record);
	struct upstream_reply r = {.event = UPSTREAM_ANSWERED,
				   .transport = TRANSPORT_UDP,
				   .octets = world.packet,
				   .len = tern_builder_finish(&b),
				   .rtt_ms = 500};

	world.done = job_resume_late(&world.job, query, &r, &world.now);
	readers_rest();
}

static void while_another_is_asked(void **state)
{
	(void)state;
	know_two();
	ask("www.test.", A);
	struct upstream_query first = time_out();

	assert_false(address_equal(&first.to.address, &world.job.outbox.to.address));
	reply_late(&first, QR | AA, 0, "an www.test. 60 IN A 192.0.2.1");
	assert_result(0, 1);
	assert_true(has_answer_a("www.test.", "192.0.2.1"));
}

/* The one asked meanwhile may still answer, and nobody needs to be asked again. */
static void useless_while_another_is_asked(void **state)
{
	(void)state;
	know_two();
	ask("www.test.", A);
	struct upstream_query first = time_out();
	struct upstream_query second = world.job.outbox;

	reply_late(&first, QR, TERN_RCODE_REFUSED, NULL);
	assert_false(world.done);
	assert_true(address_equal(&second.to.address, &world.job.outbox.to.address));
	reply_late(&second, QR | AA, 0, "an www.test. 60 IN A 192.0.2.1");
	assert_result(0, 1);
}

static void a_referral(void **state)
{
	(void)state;
	know_two();
	ask("www.sub.test.", A);
	struct upstream_query first = time_out(), second = world.job.outbox;

	reply_late(&first, QR, 0, "ns sub.test. 60 IN NS ns.sub.test.");
	assert_false(world.done);
	/* One step down, what was asked above is of no interest any more. */
	assert_false(job_awaits(&world.job, &first));
	assert_false(job_awaits(&world.job, &second));
}

/* The address of a second server is looked up when the first one answers. */
static void during_a_sub_question(void **state)
{
	(void)state;
	know("test.", "ns1.test.", SERV, NULL);
	know("other.", "ns1.other.", OTHER, NULL);
	know("sub.test.", "ns.sub.test.", SERV, "ns.other.", "", NULL);
	ask("www.sub.test.", A);
	struct upstream_query first = world.job.outbox;

	for (unsigned i = 0; i < SERVER_TRIES_MAX; i++)
		event(UPSTREAM_TIMED_OUT);
	assert_asked(OTHER, "ns.other.", A);
	reply_late(&first, QR | AA, 0, "an www.sub.test. 60 IN A 192.0.2.1");
	assert_result(0, 1);
}

/* One server, which has answered fast until now. */
static void know_fast(void)
{
	struct address server = address(SERV);

	know("test.", "ns1.test.", SERV, NULL);
	infra_answered(world.resolver.infra, &server, NAME("test."), 1, world_ms());
}

static void when_nobody_is_left(void **state)
{
	(void)state;
	know_fast();
	ask("www.test.", A);
	struct upstream_query first = world.job.outbox;

	for (unsigned i = 0; i < SERVER_TCP_TRY; i++) {
		assert_asked(SERV, "www.test.", A);
		assert_int_equal(world.job.outbox.fresh, i == SERVER_FRESH_TRY);
		/* Each time in another form. */
		assert_int_equal(world.job.outbox.udp_size,
				 i > 0 ? UPSTREAM_UDP_SMALL : UPSTREAM_UDP_SIZE);
		assert_int_equal(world.job.outbox.cookie_len > 0, i == 0);
		assert_int_equal(world.job.outbox.random_case, i < SERVER_FRESH_TRY);
		event(UPSTREAM_TIMED_OUT);
	}
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_TCP);
	be_silent();
	assert_true(world.job.outbox.listen);
	assert_in_range(world.job.outbox.timeout_ms, 500, UPSTREAM_LISTEN_MS);
	reply_late(&first, QR | AA, 0, "an www.test. 60 IN A 192.0.2.1");
	assert_result(0, 1);
}

static void nobody_answers_at_all(void **state)
{
	(void)state;
	know_fast();
	ask("www.test.", A);
	uint64_t began_ms = world_ms();

	be_silent();
	assert_true(world.job.outbox.listen);
	event(UPSTREAM_TIMED_OUT);
	assert_result(TERN_RCODE_SERVFAIL, 0);
	assert_int_equal(world.job.result.ede, TERN_EDE_NO_REACHABLE_AUTHORITY);
	assert_true(world_ms() - began_ms < JOB_DEADLINE_MS);
}

/* What was asked twice is no measure of the way. */
static void a_question_sent_twice(void **state)
{
	struct address server = address(SERV);
	struct infra_server infra;

	(void)state;
	know("test.", "ns1.test.", SERV, NULL);
	ask("www.test.", A);
	event(UPSTREAM_TIMED_OUT);
	struct tern_builder b = begin_reply(QR | AA, 0);

	add_record(&b, "an www.test. 60 IN A 192.0.2.1");
	struct upstream_reply r = {.event = UPSTREAM_ANSWERED,
				   .transport = TRANSPORT_UDP,
				   .octets = world.packet,
				   .len = tern_builder_finish(&b),
				   .rtt_ms = 1,
				   .resent = true};

	world.done = job_resume(&world.job, &r, &world.now);
	assert_result(0, 1);
	infra_get(world.resolver.infra, &server, NAME("test."), world_ms(), &infra);
	assert_int_equal(infra.timeouts, 0);
	assert_int_equal(infra.srtt_ms, 0);
	assert_int_equal(infra.rto_ms, 2 * INFRA_RTO_FIRST_MS);
}

/* A forwarder resolves what it is asked: its distance says little about the time it takes. */
static void a_forwarder_has_time(void **state)
{
	struct address server = address(SERV);

	(void)state;
	infra_answered(world.resolver.infra, &server, NAME("test."), 1, world_ms());
	use_route("test.", SERV, ROUTE_FORWARD, false);
	ask("www.test.", A);
	assert_int_equal(world.job.outbox.timeout_ms, 400);
	event(UPSTREAM_TIMED_OUT);
	assert_int_equal(world.job.outbox.timeout_ms, 800);
	event(UPSTREAM_TIMED_OUT);
	assert_int_equal(world.job.outbox.timeout_ms, INFRA_RTO_MAX_MS);
	/* Unless there is another way. */
	use_route("test.", SERV, ROUTE_FORWARD, true);
	ask("ftp.test.", A);
	for (unsigned i = 0; i < SERVER_TRIES_MAX && world.job.outbox.recurse; i++)
		event(UPSTREAM_TIMED_OUT);
	assert_false(world.job.outbox.listen);
}

/* However long it has been silent: as soon as it is back, it is asked. */
static void a_dead_forwarder_is_asked_if_there_is_no_other(void **state)
{
	struct address server = address(SERV);

	(void)state;
	use_route("test.", SERV, ROUTE_FORWARD, false);
	for (unsigned i = 0; i < 5; i++)
		let_die(&server);
	ask("one.test.", A); /* the last probe was just now, but there is nobody else */
	assert_asked(SERV, "one.test.", A);
	reply(QR, 0, "an one.test. 60 A 192.0.2.1", NULL);
	assert_result(0, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(while_another_is_asked),
		TEST(useless_while_another_is_asked),
		TEST(a_referral),
		TEST(during_a_sub_question),
		TEST(when_nobody_is_left),
		TEST(nobody_answers_at_all),
		TEST(a_question_sent_twice),
		TEST(a_forwarder_has_time),
		TEST(a_dead_forwarder_is_asked_if_there_is_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

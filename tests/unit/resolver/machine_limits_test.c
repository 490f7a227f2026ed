/*
 * machine_limits_test.c - what a query may cost, whatever the authorities do
 * (limits.md rows 23 to 34), and what the client gets in the end.
 */
#include "helpers.h"

#define A     TERN_TYPE_A
#define NS    TERN_TYPE_NS
#define NOERR TERN_RCODE_NOERROR
#define NXD   TERN_RCODE_NXDOMAIN
#define FAIL  TERN_RCODE_SERVFAIL
#define SERV  TEST_SERVER

#define SENDS_DEAD 12 /* row 32: for one query to a zone whose servers don't work */

static unsigned refuse_always(unsigned rcode)
{
	unsigned n = 0;

	for (; n < 200 && !world.done; n++)
		reply(QR, rcode, NULL);
	assert_true(world.done);
	return n;
}

/* --- servers that don't work ------------------------------------------------------------ */

static void a_zone_that_refuses_costs_little(void **state)
{
	(void)state;
	know("test.", "ns1.test.", "192.0.2.53", "ns2.test.", "192.0.2.54", NULL);
	ask("www.test.", A);
	assert_in_range(refuse_always(TERN_RCODE_REFUSED), 2, SENDS_DEAD);
	assert_result(FAIL, 0);
}

static void the_reason_is_told(void **state)
{
	(void)state;
	know("test.", "ns1.test.", "192.0.2.53", "ns2.test.", "192.0.2.54", NULL);
	ask("www.test.", A);
	refuse_always(TERN_RCODE_REFUSED);
	assert_int_equal(world.job.result.ede, TERN_EDE_NO_REACHABLE_AUTHORITY);
	assert_non_null(strstr(world.job.result.text, "REFUSED"));
	assert_non_null(strstr(world.job.result.text, "test."));
	know("down.", "ns1.down.", "192.0.2.55", NULL);
	ask("www.down.", A);
	event_always(UPSTREAM_UNREACHABLE);
	assert_int_equal(world.job.result.ede, TERN_EDE_NETWORK_ERROR);
	assert_non_null(strstr(world.job.result.text, "unreachable"));
}

/* Of a zone that is silent while others answer; returns how many questions it cost. */
static unsigned ask_in_vain(const char *name, uint16_t type)
{
	unsigned sends = 0;

	ask(name, type);
	link_answered(&world.resolver, 4, world_ms());
	while (!world.done && world_ms() < world.job.deadline_ms) {
		sends += !world.job.outbox.listen;
		event(UPSTREAM_TIMED_OUT);
		link_answered(&world.resolver, 4, world_ms());
	}
	if (!world.done)
		job_expire(&world.job, &world.now);
	world.done = true;
	assert_result(FAIL, 0);
	return sends;
}

static void a_silent_zone_costs_little_and_is_remembered(void **state)
{
	(void)state;
	know("test.", "ns1.test.", "192.0.2.53", "ns2.test.", "192.0.2.54", "ns3.test.",
	     "192.0.2.55", NULL);
	assert_in_range(ask_in_vain("www.test.", A), 3, SENDS_DEAD);
	ask("www.test.", A);
	assert_result(FAIL, 0);
	assert_int_equal(world.job.result.ede, TERN_EDE_CACHED_ERROR);
	assert_in_range(ask_in_vain("ftp.test.", A), 3, SENDS_DEAD);
	assert_in_range(ask_in_vain("web.test.", A), 2, SENDS_DEAD);
	/* All silent to two names: the whole zone is known as dead, RFC 9520 3.2. One is asked. */
	assert_in_range(ask_in_vain("mail.test.", A), 1, 2); /* and the parent, whether it moved */
	ask("back.test.", A);
	reply(AA, NOERR, "an back.test. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);
}

/* Names that its servers don't answer to, or types, are not the end of a zone. */
static void a_zone_with_a_black_hole_lives(void **state)
{
	(void)state;
	know("test.", "ns1.test.", "192.0.2.53", "ns2.test.", "192.0.2.54", NULL);
	ask_in_vain("hole.test.", A);
	ask_in_vain("hole.test.", TERN_TYPE_AAAA);
	ask_in_vain("www.test.", TERN_TYPE_HTTPS);
	ask_in_vain("ftp.test.", TERN_TYPE_HTTPS);
	ask("www.test.", A);
	reply(QR | AA, 0, "an www.test. 60 IN A 192.0.2.1", NULL);
	assert_result(0, 1);
}

static void servers_without_addresses(void **state)
{
	unsigned sends = 0;

	(void)state;
	know("victim.", "ns.victim.", "192.0.2.60", NULL);
	know("test.", "ns.test.", SERV, NULL);
	ask("www.sub.test.", A);
	struct tern_builder b = begin_reply(QR, NOERR);

	for (unsigned i = 0; i < 30; i++) { /* NXNSAttack, row 23 */
		char record[64];

		snprintf(record, sizeof record, "ns sub.test. 60 NS n%u.victim.", i);
		add_record(&b, record);
	}
	send_reply(&b);
	for (; !world.done && sends < 200; sends++)
		reply(AA, NXD, "ns victim. 60 SOA ns. host. 1 2 3 4 60", NULL);
	assert_result(FAIL, 0);
	assert_in_range(sends, 1, 10);
	ask("ftp.sub.test.", A); /* and no more for the next name */
	assert_result(FAIL, 0);
}

static void cyclic_server_names(void **state)
{
	unsigned sends = 0;

	(void)state;
	know("test.", "ns.test.", SERV, NULL);
	for (unsigned i = 0; i < 20; i++) { /* TsuNAME, row 27 */
		char name[32];

		snprintf(name, sizeof name, "w%u.a.test.", i);
		ask(name, A);
		for (; !world.done && sends < 200; sends++) {
			bool a =
				tern_name_is_below_or_equal(world.job.outbox.name, NAME("a.test."));

			reply(QR, NOERR,
			      a ? "ns a.test. 60 NS ns.b.test." : "ns b.test. 60 NS ns.a.test.",
			      NULL);
		}
		assert_result(FAIL, 0);
		assert_true(world.job.turns_left > JOB_TURNS_MAX / 2); /* it ends at once */
	}
	assert_in_range(sends, 2, 10);
}

static void server_names_nested_too_deep(void **state)
{
	unsigned sends = 0;

	(void)state;
	know("test.", "ns.test.", SERV, NULL);
	ask("www.z0.test.", A);
	/* zN.test. is served by ns.z(N+1).test., and so on. */
	for (; !world.done && sends < 200; sends++) {
		char record[80];

		snprintf(record, sizeof record, "ns z%u.test. 60 NS ns.z%u.test.", sends,
			 sends + 1);
		const uint8_t *name = world.job.outbox.name;
		char zone[32];

		snprintf(zone, sizeof zone, "z%u.test.", sends);
		if (!tern_name_is_below_or_equal(name, NAME(zone)))
			reply(QR, TERN_RCODE_REFUSED, NULL);
		else
			reply(QR, NOERR, record, NULL);
	}
	assert_result(FAIL, 0);
	assert_in_range(sends, 4, 30);
}

/* --- answers without end ------------------------------------------------------------------ */

static void referrals_without_end(void **state)
{
	char name[300], record[600], glue[80];
	unsigned at = 0, sends = 0;

	(void)state;
	for (unsigned i = 0; i < 120; i++)
		at += (unsigned)snprintf(name + at, sizeof name - at, "a.");
	know("a.", "ns.a.", SERV, NULL);
	ask(name, A);
	for (; !world.done && sends < 200; sends++) { /* one label at a time, row 30 */
		const uint8_t *zone = tern_name_suffix(NAME(name), 2 + sends);
		char text[TERN_NAME_TEXT_MAX];

		snprintf(record, sizeof record, "ns %s 60 NS ns.a.", tern_name_to_text(zone, text));
		snprintf(glue, sizeof glue, "ad ns.a. 60 A %s", SERV);
		reply(QR, NOERR, record, glue, NULL);
	}
	assert_result(FAIL, 0);
	assert_in_range(sends, 60, BUDGET_SEND_MAX);
	ask(name, A); /* remembered as a whole */
	assert_result(FAIL, 0);
	assert_true(world.job.result.cached);
}

static void aliases_without_end(void **state)
{
	unsigned sends = 0;

	(void)state;
	know("test.", "ns.test.", SERV, NULL);
	ask("c0.test.", A);
	for (; !world.done && sends < 200; sends++) {
		char record[80];

		snprintf(record, sizeof record, "an c%u.test. 60 CNAME c%u.test.", sends,
			 sends + 1);
		reply(AA, NOERR, record, NULL);
	}
	assert_result(FAIL, 0);
	assert_in_range(sends, BUDGET_ALIAS_MAX, 13); /* row 28 */
	assert_string_equal(world.job.result.text, "too many aliases");
}

static void aliases_in_a_circle(void **state)
{
	unsigned sends = 0;

	(void)state;
	know("test.", "ns.test.", SERV, NULL);
	ask("x.test.", A);
	for (; !world.done && sends < 20; sends++) {
		bool x = tern_name_equal(world.job.outbox.name, NAME("x.test."));

		reply(AA, NOERR, x ? "an x.test. 60 CNAME y.test." : "an y.test. 60 CNAME x.test.",
		      NULL);
	}
	assert_result(FAIL, 0);
	assert_in_range(sends, 1, 4); /* row 29 */
	assert_non_null(strstr(world.job.result.text, "loop"));
}

static void a_dname_that_grows(void **state)
{
	unsigned sends = 0;

	(void)state;
	know("test.", "ns.test.", SERV, NULL);
	ask("www.d.test.", A);
	for (; !world.done && sends < 50; sends++)
		reply(AA, NOERR, "an d.test. 60 DNAME longer.d.test.", NULL);
	assert_true(world.done);
	assert_in_range(sends, 1, 13);
	assert_int_not_equal(world.job.result.rcode, NOERR);
}

static void octets_without_end(void **state)
{
	unsigned sends = 0;

	(void)state;
	know("test.", "ns.test.", SERV, NULL);
	ask("c0.test.", A);
	for (; !world.done && sends < 200; sends++) {
		struct tern_builder b = begin_reply(AA, NOERR);
		char record[400];

		snprintf(record, sizeof record, "an c%u.test. 60 CNAME c%u.test.", sends,
			 sends + 1);
		add_record(&b, record);
		for (unsigned i = 0; i < 250; i++) {
			memset(record, 'x', sizeof record);
			snprintf(record, sizeof record, "ad p%u.test. 60 TXT %0200u", i, i);
			add_record(&b, record);
		}
		send_reply(&b);
	}
	assert_result(FAIL, 0);
	assert_in_range(sends, 3, 12);
}

static void truncated_for_ever(void **state)
{
	unsigned sends = 0;

	(void)state;
	know("test.", "ns.test.", SERV, NULL);
	ask("www.test.", A);
	for (; !world.done && sends < 50; sends++)
		reply(AA | TERN_FLAG_TC, NOERR, NULL);
	assert_result(FAIL, 0);
	assert_in_range(sends, 2, 6); /* row 34 */
}

static void badcookie_for_ever(void **state)
{
	unsigned sends = 0;

	(void)state;
	know("test.", "ns.test.", SERV, NULL);
	ask("www.test.", A);
	for (; !world.done && sends < 50; sends++) {
		struct tern_builder b = begin_reply(QR, TERN_RCODE_BADCOOKIE);

		assert_int_equal(tern_builder_opt(&b, 1232, TERN_RCODE_BADCOOKIE, 0, 0), TERN_OK);
		send_reply(&b);
	}
	assert_result(FAIL, 0);
	assert_in_range(sends, 2, SENDS_DEAD);
}

/* --- time -------------------------------------------------------------------------------- */

static void the_deadline(void **state)
{
	(void)state;
	know("test.", "ns.test.", SERV, NULL);
	ask("www.test.", A);
	pass_ms(JOB_DEADLINE_MS);
	job_expire(&world.job, &world.now);
	world.done = true;
	assert_result(FAIL, 0);
	assert_int_equal(world.job.result.ede, TERN_EDE_NO_REACHABLE_AUTHORITY);
	assert_string_equal(world.job.result.text, "no answer in time");
	ask("www.test.", A);
	assert_result(FAIL, 0);
	assert_int_equal(world.job.result.ede, TERN_EDE_CACHED_ERROR);
	job_over();
	pass_ms(6000);
	ask("www.test.", A);
	assert_asked(SERV, "www.test.", A);
}

static void learn_and_expire(const char *name)
{
	char record[64];

	know("test.", "ns.test.", SERV, NULL);
	snprintf(record, sizeof record, "an %s 60 A 192.0.2.9", name);
	ask(name, A);
	reply(AA, NOERR, record, NULL);
	assert_result(NOERR, 1);
	job_over();
	pass_ms(100000);
}

static void stale_data_while_it_waits(void **state)
{
	struct result stale;

	(void)state;
	learn_and_expire("www.test.");
	ask("www.test.", A);
	assert_asked(SERV, "www.test.", A);
	pass_ms(1800);
	assert_true(job_stale_result(&world.job, &world.now, &stale));
	assert_true(stale.stale);
	assert_int_equal(stale.rcode, NOERR);
	assert_int_equal(stale.ede, TERN_EDE_STALE_ANSWER);
	assert_int_equal(stale.answer.n, 1);
	assert_int_equal(stale.answer.first->set.ttl_s, 30); /* RFC 8767 4 */
	assert_true(stale.uncacheable);
	/* The job goes on, and what it finds is fresh. */
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.10", NULL);
	assert_result(NOERR, 1);
	assert_false(world.job.result.stale);
	assert_true(has_answer_a("www.test.", "192.0.2.10"));
}

static void stale_data_instead_of_servfail(void **state)
{
	(void)state;
	learn_and_expire("www.test.");
	ask("www.test.", A);
	refuse_always(TERN_RCODE_REFUSED);
	assert_result(NOERR, 1);
	assert_true(world.job.result.stale);
	assert_int_equal(world.job.result.ede, TERN_EDE_STALE_ANSWER);
	ask("www.test.", A); /* RFC 8767 5: nobody is asked again at once, */
	assert_result(NOERR, 1);
	assert_true(world.job.result.stale);
	pass_ms(31000);
	ask("www.test.", A); /* but soon */
	assert_false(world.done);
	refuse_always(TERN_RCODE_REFUSED);
	ask_with("www.test.", A, JOB_NO_SERVE); /* nobody waits for it */
	refuse_always(TERN_RCODE_REFUSED);
	assert_result(FAIL, 0);
}

static void a_stale_denial_instead_of_servfail(void **state)
{
	struct result stale;

	(void)state;
	know_test();
	ask("no.test.", A);
	reply(AA, TERN_RCODE_NXDOMAIN, "ns test. 60 SOA ns. host. 1 2 3 4 60", NULL);
	assert_result(TERN_RCODE_NXDOMAIN, 0);
	pass_ms(100000);
	ask("no.test.", A);
	assert_false(world.done);
	assert_true(job_stale_result(&world.job, &world.now, &stale));
	assert_int_equal(stale.rcode, TERN_RCODE_NXDOMAIN);
	assert_int_equal(stale.ede, TERN_EDE_STALE_NXDOMAIN);
	assert_int_equal(stale.authority.n, 1);
	refuse_always(TERN_RCODE_REFUSED);
	assert_result(TERN_RCODE_NXDOMAIN, 0);
	assert_int_equal(world.job.result.ede, TERN_EDE_STALE_NXDOMAIN);
}

/* What was never validated does not slip through because it is old, but to who validates. */
static void stale_data_that_was_never_checked(void **state)
{
	struct result stale;

	(void)state;
	learn_and_expire("www.test.");
	world.rules.resolver.validation = VALIDATION_ON;
	ask("www.test.", A);
	assert_false(job_stale_result(&world.job, &world.now, &stale));
	ask_with("www.test.", A, JOB_CHECKING_DISABLED);
	assert_true(job_stale_result(&world.job, &world.now, &stale));
	world.rules.resolver.validation = VALIDATION_OFF;
	ask("www.test.", A);
	assert_true(job_stale_result(&world.job, &world.now, &stale));
}

static void stale_data_has_an_end(void **state)
{
	(void)state;
	learn_and_expire("www.test.");
	pass_ms(86400ull * 1000);
	know("test.", "ns.test.", SERV, NULL);
	ask("www.test.", A);
	refuse_always(TERN_RCODE_REFUSED);
	assert_result(FAIL, 0);
	world.rules.resolver.serve_stale = false;
	learn_and_expire("ftp.test.");
	know("test.", "ns.test.", SERV, NULL);
	ask("ftp.test.", A);
	refuse_always(TERN_RCODE_REFUSED);
	assert_result(FAIL, 0);
}

static void a_refresh_asks_again(void **state)
{
	(void)state;
	know("test.", "ns.test.", SERV, NULL);
	ask("www.test.", A);
	reply(AA, NOERR, "an www.test. 100 A 192.0.2.9", NULL);
	job_over();
	pass_ms(80000);
	ask_with("www.test.", A, JOB_REFRESH);
	assert_result(NOERR, 1); /* still young */
	job_over();
	pass_ms(15000);
	ask("www.test.", A);
	assert_result(NOERR, 1);
	ask_with("www.test.", A, JOB_REFRESH);
	assert_asked(SERV, "www.test.", A);
}

/* Renewed data would outlive a delegation near its end: the parent is asked whether it holds. */
static void a_refresh_asks_the_parent_of_an_old_delegation(void **state)
{
	(void)state;
	know("test.", "ns.test.", SERV, NULL);
	ask("www.test.", A);
	reply(AA, NOERR, "an www.test. 3600 A 192.0.2.9", NULL);
	job_over();
	pass_ms(3300 * 1000);
	know(".", "ns.root.", "192.0.2.1", NULL);
	ask_with("www.test.", A, JOB_REFRESH);
	assert_asked("192.0.2.1", "www.test.", A);
	reply(QR, NOERR, "ns test. 3600 NS ns.test.", "ad ns.test. 3600 A 192.0.2.77", NULL);
	assert_asked("192.0.2.77", "www.test.", A);
}

/* Our own connection is down: nobody is blamed, and it is over when the link is back. */
static void the_link_is_down(void **state)
{
	(void)state;
	know("one.", "ns.one.", "192.0.2.61", NULL);
	know("two.", "ns.two.", "192.0.2.62", NULL);
	know("three.", "ns.three.", "192.0.2.63", NULL);
	link_answered(&world.resolver, 4, world_ms());
	for (unsigned i = 0; i < 3; i++) {
		static const char *const names[] = {"www.one.", "www.two.", "www.three."};

		ask(names[i], A);
		for (unsigned n = 0; n < 50 && !world.done; n++)
			event(UPSTREAM_TIMED_OUT);
	}
	assert_true(link_is_down(&world.resolver, world_ms()));
	ask("ftp.three.", A);
	if (!world.done)
		event_always(UPSTREAM_TIMED_OUT);
	job_over();
	pass_ms(2000);
	know("four.", "ns.four.", "192.0.2.64", NULL);
	ask("www.four.", A);
	assert_asked("192.0.2.64", "www.four.", A);
	reply(AA, NOERR, "an www.four. 60 A 192.0.2.9", NULL);
	assert_result(NOERR, 1);
	assert_false(link_is_down(&world.resolver, world_ms()));
	assert_false(measured("192.0.2.61", "one.").dead); /* forgiven */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_zone_that_refuses_costs_little),
		TEST(the_reason_is_told),
		TEST(a_silent_zone_costs_little_and_is_remembered),
		TEST(a_zone_with_a_black_hole_lives),
		TEST(servers_without_addresses),
		TEST(cyclic_server_names),
		TEST(server_names_nested_too_deep),
		TEST(referrals_without_end),
		TEST(aliases_without_end),
		TEST(aliases_in_a_circle),
		TEST(a_dname_that_grows),
		TEST(octets_without_end),
		TEST(truncated_for_ever),
		TEST(badcookie_for_ever),
		TEST(the_deadline),
		TEST(stale_data_while_it_waits),
		TEST(stale_data_instead_of_servfail),
		TEST(a_stale_denial_instead_of_servfail),
		TEST(stale_data_that_was_never_checked),
		TEST(stale_data_has_an_end),
		TEST(a_refresh_asks_again),
		TEST(a_refresh_asks_the_parent_of_an_old_delegation),
		TEST(the_link_is_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

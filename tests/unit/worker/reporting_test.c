/*
 * reporting_test.c - a failure is told to whom the zone's servers name (RFC 9567): which ones,
 * how often, and that the question for it really goes out.
 */
#include "talk.h"

#include "resolver/failure.h"

static struct worker *w;
static struct task task;
static struct question out;

/* A task that has failed by what its servers did, and they want to hear of that. */
static int open_failed(void **state)
{
	open_one(state);
	w = workers[0];
	rules.resolver.error_reporting = true;
	memset(&task, 0, sizeof task);
	task.job.rules = &rules;
	task.job.frames[0].question =
		(struct question){.name = "\3www\4test", .type = TERN_TYPE_AAAA};
	task.job.report.agent = (const uint8_t *)"\2ag\7example";
	task.job.report.zone = (const uint8_t *)"\4test";
	task.job.result = (struct result){.rcode = TERN_RCODE_SERVFAIL, .ede = 22};
	out = (struct question){0};
	return 0;
}

static void a_failure_is_asked_for_as_a_name(void **state)
{
	char text[TERN_NAME_TEXT_MAX];

	(void)state;
	assert_true(reporting_of(w, &task, &out));
	assert_int_equal(out.type, TERN_TYPE_TXT);
	assert_string_equal(tern_name_to_text(out.name, text),
			    "_er.28.www.test.22._er.ag.example.");
}

static void what_is_not_reported(void **state)
{
	(void)state;
	task.alone = true;
	assert_false(reporting_of(w, &task, &out));
	task.alone = false;
	/* A report of a report could go round, and what nobody waited for nobody misses. */
	task.job.flags = JOB_NO_SERVE;
	assert_false(reporting_of(w, &task, &out));
	task.job.flags = JOB_CHECKING_DISABLED;
	assert_true(reporting_of(w, &task, &out));
	task.job.report.agent = NULL;
	assert_false(reporting_of(w, &task, &out));
	task.job.report.agent = (const uint8_t *)"\2ag\7example";
	rules.resolver.error_reporting = false;
	assert_false(reporting_of(w, &task, &out));
}

static void so_many_a_second(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REPORTS_PER_SECOND; i++) {
		assert_true(reporting_of(w, &task, &out));
		reporting_send(w, &out, 0);
	}
	assert_false(reporting_of(w, &task, &out));
	assert_int_equal(counted(&tally()->reports), REPORTS_PER_SECOND);
	w->loop.now.boot_s++;
	assert_true(reporting_of(w, &task, &out));
	assert_int_equal(w->reports.n, 0);
}

/* --- from a client's question on ------------------------------------------------------------- */

/* Refuse what is asked for it, and name an agent. */
static void refuse_naming_an_agent(const struct asked *a)
{
	static const char agent[] = "\2ag\7example";
	uint8_t octets[MESSAGE_MAX];
	struct tern_builder b;

	tern_builder_init(&b, octets, sizeof octets, sizeof octets);
	tern_builder_header(&b, a->m.id, TERN_FLAG_QR, TERN_RCODE_REFUSED);
	assert_int_equal(tern_builder_question(&b, a->m.qname, a->m.qtype, TERN_CLASS_IN), TERN_OK);
	assert_int_equal(tern_builder_opt(&b, 1232, TERN_RCODE_REFUSED, 0, 0), TERN_OK);
	assert_int_equal(tern_builder_option(&b, TERN_EDNS_REPORT_CHANNEL, agent, sizeof agent),
			 TERN_OK);
	send_back(a, octets, tern_builder_finish(&b));
}

static bool is_report(const struct asked *a)
{
	return a->m.qtype == TERN_TYPE_TXT;
}

/* The next question that asks for an address of www.test, or is a report. */
static struct asked take_one(void)
{
	for (;;) {
		struct asked a = take();

		if (is_report(&a) || a.m.qtype == TERN_TYPE_A)
			return a;
	}
}

static void whoever_runs_the_zone_is_told(void **state)
{
	char text[TERN_NAME_TEXT_MAX];
	uint8_t lower[TERN_NAME_MAX];
	struct asked a;

	(void)state;
	/* Not by the forwarder, but by the root servers, of which there is one. */
	rules.routes.n = 0;
	rules.resolver.qmin = QMIN_OFF;
	hints = (struct root_hints){.servers_n = 1};
	memcpy(hints.servers[0].name, NAME("ns.root."), 9);
	hints.servers[0].addresses[0] = forwarder_at;
	hints.servers[0].addresses_n = 1;
	ask(c, 1, "www.test.");
	while (a = take_one(), !is_report(&a))
		refuse_naming_an_agent(&a);
	expect(c, 1, TERN_RCODE_SERVFAIL, 0);
	assert_int_equal(counted(&tally()->reports), 1);
	tern_name_lower(lower, a.m.qname);
	tern_name_to_text(lower, text);
	assert_memory_equal(text, "_er.1.www.test.", 15);
	assert_non_null(strstr(text, "._er.ag.example."));
	/* What becomes of that is nobody's business: no report of it, and nobody hears. */
	refuse_naming_an_agent(&a);
	for (unsigned i = 0; i < 20 && await_fd(forwarder_udp, 20); i++) {
		a = take();
		refuse_naming_an_agent(&a);
	}
	assert_int_equal(counted(&tally()->reports), 1);
	expect_silence(c, 5);
}

int main(void)
{
#define FAILED(f) cmocka_unit_test_setup_teardown(f, open_failed, close_checked)
	const struct CMUnitTest tests[] = {
		FAILED(a_failure_is_asked_for_as_a_name),
		FAILED(what_is_not_reported),
		FAILED(so_many_a_second),
		FAILED(whoever_runs_the_zone_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

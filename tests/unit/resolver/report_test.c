/*
 * report_test.c - which name tells whom of a failure, and when none does (RFC 9567).
 */
#include "../names.h"

#include <string.h>

#include <tern/builder.h>
#include <tern/edns.h>
#include <tern/rr.h>

#include "resolver/machine.h"
#include "resolver/report.h"

static struct job job;
static struct rules rules;
static struct zone_cut cut;
static uint8_t octets[1024], name[TERN_NAME_MAX];
static char text[TERN_NAME_TEXT_MAX];
static unsigned from;              /* the frame that the next reply is for */
static const uint8_t *referred_to; /* where it refers to */

static int set_up(void **state)
{
	(void)state;
	memset(&job, 0, sizeof job);
	memset(&rules, 0, sizeof rules);
	rules.resolver.error_reporting = true;
	job.rules = &rules;
	arena_init(&job.arena, 65536);
	cut = (struct zone_cut){.zone = (const uint8_t *)"\4test", .source = CUT_DELEGATION};
	job.frames[0].at.cut = &cut;
	memcpy(job.frames[0].question.name, "\3www\4test", 10);
	job.frames[0].question.type = TERN_TYPE_AAAA;
	job.depth = 1;
	job.result.rcode = TERN_RCODE_SERVFAIL;
	job.result.ede = 7;
	from = 0;
	referred_to = NULL;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_reset(&job.arena);
	return 0;
}

/* A reply whose OPT names @agent, as it stands; NULL: none. */
static void reply(const void *agent, size_t len)
{
	struct tern_builder b;
	struct tern_message m;

	tern_builder_init(&b, octets, sizeof octets, sizeof octets);
	tern_builder_header(&b, 1, 0x8400, 0);
	assert_int_equal(tern_builder_question(&b, job.frames[0].question.name, 28, 1), TERN_OK);
	assert_int_equal(tern_builder_opt(&b, 1232, 0, 0, 0), TERN_OK);
	if (agent)
		assert_int_equal(tern_builder_option(&b, TERN_EDNS_REPORT_CHANNEL, agent, len),
				 TERN_OK);
	assert_int_equal(tern_message_parse(octets, tern_builder_finish(&b), NULL, 0, &m), TERN_OK);
	report_note_agent(&job, &job.frames[from], &m, referred_to);
}

static bool is_told(void)
{
	return report_name(&job, name);
}

static void it_says_what_failed(void **state)
{
	(void)state;
	reply("\2ag\7example", 12);
	assert_true(is_told());
	assert_string_equal(tern_name_to_text(name, text), "_er.28.www.test.7._er.ag.example.");
}

static void some_failures_are_not_told(void **state)
{
	(void)state;
	assert_false(is_told());
	reply("\2ag\7example", 12);
	job.result.ede = TERN_EDE_NONE;
	assert_false(is_told());
	job.result.ede = 7;
	job.known_failure = true;
	assert_false(is_told());
	job.known_failure = false;
	job.fault = FAULT_LIMIT;
	assert_false(is_told());
	job.fault = FAULT_SERVERS;
	assert_true(is_told());
	/* The server of another zone has named him. */
	memcpy(job.frames[0].question.name, "\3www\5other", 11);
	assert_false(is_told());
}

static void the_last_server_s_word_counts(void **state)
{
	(void)state;
	reply("\2ag\7example", 12);
	reply(NULL, 0);
	assert_false(is_told());
	reply("\2ag\7example", 12);
	cut.source = CUT_FORWARD;
	reply("\2xx\7example", 12);
	assert_true(is_told());
	assert_int_equal(name[tern_name_len(name) - 12], 2);
	cut.source = CUT_DELEGATION;
	rules.resolver.error_reporting = false;
	reply("\2xx\7example", 12);
	assert_true(is_told());
	assert_string_equal(tern_name_to_text(name, text), "_er.28.www.test.7._er.ag.example.");
}

/* Those on the way say nothing of the zone, and zones above hear of no names below their cuts. */
static void only_servers_of_the_zone_are_heard(void **state)
{
	struct zone_cut above = {.zone = (const uint8_t *)"", .source = CUT_DELEGATION};
	struct zone_cut beside = {.zone = (const uint8_t *)"\2ns", .source = CUT_DELEGATION};

	(void)state;
	/* The root refers to the zone, which is silent. */
	job.frames[0].at.cut = &above;
	referred_to = cut.zone;
	reply("\2ag\7example", 12);
	assert_false(is_told());
	/* It is asked for keys in between, and another zone for an address. */
	referred_to = NULL;
	from = 1;
	job.frames[1].at.cut = &above;
	reply("\2ag\7example", 12);
	assert_false(is_told());
	job.frames[1].at.cut = &beside;
	reply("\2ag\7example", 12);
	assert_false(is_told());
	from = 0;
	job.frames[0].at.cut = &cut;
	reply("\2ag\7example", 12);
	assert_true(is_told());
	/* And then once more. */
	from = 1;
	reply(NULL, 0);
	job.frames[1].at.cut = &above;
	reply(NULL, 0);
	assert_true(is_told());
	/* Keys of the zone itself are the zone's. */
	job.frames[1].at.cut = &cut;
	reply(NULL, 0);
	assert_false(is_told());
}

static void strictly_minimised_names_stay_so(void **state)
{
	(void)state;
	rules.resolver.qmin = QMIN_STRICT;
	job.frames[0].try.sent_labels = 1;
	reply("\2ag\7example", 12);
	assert_false(is_told());
	job.frames[0].try.sent_labels = 2;
	reply("\2ag\7example", 12);
	assert_true(is_told());
}

static void reports_of_others_are_not_reported(void **state)
{
	(void)state;
	memcpy(job.frames[0].question.name, "\3_er\4test", 10);
	reply("\2ag\7example", 12);
	assert_true(is_told());
	job.frames[0].question.type = TERN_TYPE_TXT;
	assert_false(is_told());
}

static void servers_inside_are_no_agents(void **state)
{
	const struct route routes[] = {{.zone = (const uint8_t *)"\7example"},
				       {.zone = (const uint8_t *)""}};

	(void)state;
	reply("\2ag\7example", 12);
	assert_true(is_told());
	rules.routes = (struct routes){.routes = routes, .n = ARRAY_LEN(routes)};
	assert_false(is_told());
	reply("\2ag\5other", 10);
	assert_true(is_told());
}

static void what_is_no_name_is_no_agent(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
	} bad[] = {{"", 0}, {"", 1}, {"\2a", 2}, {"\2ag", 3}, {"\xc0\x0c", 2}, {"\2ag\0\0", 5}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		reply(bad[i].octets, bad[i].len);
		assert_false(is_told());
	}
}

static void it_has_to_fit(void **state)
{
	uint8_t agent[TERN_NAME_MAX];
	size_t rest =
		strlen("_er") + 1 + strlen("28") + 1 + 9 + strlen("7") + 1 + strlen("_er") + 1;

	(void)state;
	/* Labels of one octet: @len octets with the root. */
	for (size_t len = 3; len <= TERN_NAME_MAX; len += 2) {
		for (size_t i = 0; i + 1 < len; i += 2) {
			agent[i] = 1;
			agent[i + 1] = 'a';
		}
		agent[len - 1] = 0;
		reply(agent, len);
		assert_int_equal(is_told(), rest + len <= TERN_NAME_MAX);
		if (is_told())
			assert_int_equal(tern_name_len(name), rest + len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_says_what_failed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(some_failures_are_not_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_last_server_s_word_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_servers_of_the_zone_are_heard, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(strictly_minimised_names_stay_so, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(reports_of_others_are_not_reported, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(servers_inside_are_no_agents, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_name_is_no_agent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_has_to_fit, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

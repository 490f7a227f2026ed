/*
 * told_test.c - what the operator reads of clients' failures: the first of a zone in a line with
 * all that helps, the others as counts.
 */
#include "talk.h"

#include <tern/edns.h>

static struct worker *w;
static struct log log_here;
static int log_end;

static int open_logged(void **state)
{
	int ends[2];

	open_one(state);
	w = workers[0];
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	log_end = ends[0];
	log_here = (struct log){.fd = ends[1], .level = LOG_LEVEL_NOTICE};
	shared.log = &log_here;
	return 0;
}

static int close_logged(void **state)
{
	close_all(state);
	close(log_here.fd);
	close(log_end);
	assert_nothing_left();
	return 0;
}

/** What was logged since; "" for nothing. */
static const char *told(void)
{
	static char text[8192];
	ssize_t n = read(log_end, text, sizeof text - 1);

	text[MAX(n, 0)] = '\0';
	return text;
}

static void assert_told_of(const char *const *words, unsigned n)
{
	const char *text = told();

	for (unsigned i = 0; i < n; i++) {
		if (!strstr(text, words[i]))
			fail_msg("\"%s\" is not in \"%s\"", words[i], text);
	}
	/* One line. */
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

#define ASSERT_TOLD(...)                                                                           \
	assert_told_of((const char *const[]){__VA_ARGS__},                                         \
		       ARRAY_LEN(((const char *const[]){__VA_ARGS__})))

static uint32_t left_out(enum complaint kind)
{
	return w->complaints.left_out[kind];
}

/* --- a failure ----------------------------------------------------------------------------------
 */

/* Refuse whatever is asked until nothing is resolved any more. */
static void refuse_all(void)
{
	pass(5);
	for (unsigned i = 0; i < PATIENCE_MS && w->tasks.taken_n > 0; i++) {
		pass(1);
		while (is_readable(forwarder_udp, 0)) {
			struct asked a = take();

			reply_rcode(&a, TERN_RCODE_REFUSED);
		}
	}
}

static void fail_for_client(uint16_t id, const char *name)
{
	ask(c, id, name);
	refuse_all();
	expect(c, id, TERN_RCODE_SERVFAIL, 0);
}

static void a_failure_is_told_once_for_its_zone(void **state)
{
	(void)state;
	fail_for_client(1, "www.test.");
	ASSERT_TOLD("SERVFAIL to 127.0.0.1@", " for www.test. A: EDE 22 (", "REFUSED");
	assert_false(timer_is_set(&w->complaints.summary));
	/* The next one of the forwarder's, who is asked about everything. */
	fail_for_client(2, "ww2.test.");
	assert_string_equal(told(), "");
	assert_int_equal(left_out(COMPLAINT_FAILED), 1);
	assert_true(timer_is_set(&w->complaints.summary));
	/* What the cache knows of is no news. */
	ask(c, 3, "ww2.test.");
	expect(c, 3, TERN_RCODE_SERVFAIL, 0);
	assert_string_equal(told(), "");
	assert_int_equal(left_out(COMPLAINT_KNOWN), 1);
	/* In the end the counts, and then they begin anew. */
	leap_ms(COMPLAINT_PAUSE_S * 1000 / 2);
	pass(5);
	assert_string_equal(told(), "");
	leap_ms(COMPLAINT_PAUSE_S * 1000 / 2 + 10);
	pass(5);
	ASSERT_TOLD("1 SERVFAIL, 1 SERVFAIL out of the cache, 0 answers");
	assert_int_equal(left_out(COMPLAINT_FAILED), 0);
	assert_int_equal(left_out(COMPLAINT_KNOWN), 0);
	assert_false(timer_is_set(&w->complaints.summary));
	fail_for_client(4, "ww3.test.");
	ASSERT_TOLD(" for ww3.test. A");
}

static void all_who_wait_are_counted(void **state)
{
	int other = client_of(listeners[0].udp);

	(void)state;
	ask(other, 1, "www.test.");
	pass(5);
	ask(c, 2, "www.test.");
	ask(c, 3, "www.test.");
	pass(5);
	refuse_all();
	ASSERT_TOLD("SERVFAIL to 127.0.0.1@", " and 2 more for www.test. A");
	close(other);
}

static void what_nobody_waits_for_is_no_complaint(void **state)
{
	struct question q = {.name = "\3www\4test", .type = TERN_TYPE_A};

	(void)state;
	client_prefetch(w, &q, 0, 0);
	refuse_all();
	assert_int_equal(w->tasks.taken_n, 0);
	assert_string_equal(told(), "");
	assert_int_equal(left_out(COMPLAINT_FAILED), 0);
	log_set_level(&log_here, LOG_LEVEL_INFO);
	w->task_shares.max = TASKS_MAX;
	client_resolve_alone(w, &q, 0, JOB_NO_SERVE | JOB_UNFILTERED);
	refuse_all();
	assert_non_null(strstr(told(), "SERVFAIL for www.test. A"));
}

/* --- of a result
 * ---------------------------------------------------------------------------------- */

/* A task with one client that has come to this result. */
static struct task *task_with(const struct result *result)
{
	static struct task t;
	static struct waiter waiter;
	static struct zone_cut cut;

	memset(&t, 0, sizeof t);
	memset(&waiter, 0, sizeof waiter);
	cut = (struct zone_cut){.zone = (const uint8_t *)"\4test"};
	waiter.back.client = address("192.0.2.7@4444");
	CDS_INIT_LIST_HEAD(&t.waiters);
	cds_list_add(&waiter.node, &t.waiters);
	t.job.question = (struct question){.name = "\3www\4test", .type = TERN_TYPE_AAAA};
	t.job.result = *result;
	t.job.frames[0].at.cut = &cut;
	t.job.why_ede = TERN_EDE_NONE;
	return &t;
}

static void what_is_let_through_is_told(void **state)
{
	struct result r = {.let_through = true, .ede = TERN_EDE_NONE};
	struct task *t = task_with(&r);

	(void)state;
	t->job.why_ede = TERN_EDE_BOGUS;
	strcpy(t->job.why, "the signature is wrong");
	complaint_of_task(w, t);
	ASSERT_TOLD("does not validate (permissive) to 192.0.2.7@4444 for www.test. AAAA: EDE 6 (",
		    "the signature is wrong");
	assert_int_equal(counted(&tally()->let_through), 1);
	/* Another one of the zone is counted, also when nobody waits for it. */
	complaint_of_task(w, t);
	assert_int_equal(left_out(COMPLAINT_LET_THROUGH), 1);
	CDS_INIT_LIST_HEAD(&t->waiters);
	complaint_of_task(w, t);
	assert_int_equal(left_out(COMPLAINT_LET_THROUGH), 1);
	assert_int_equal(counted(&tally()->let_through), 3);
	assert_string_equal(told(), "");
}

/* Of bogus data the server that gave it last is told, of other failures the text says it. */
static void who_gave_bogus_data_is_told(void **state)
{
	struct result r = {
		.rcode = TERN_RCODE_SERVFAIL, .ede = 7, .text = "expired", .bogus = true};
	struct task *t = task_with(&r);

	(void)state;
	t->job.avoid[0] = address("198.51.100.1@53");
	t->job.avoid[1] = address("198.51.100.2@53");
	t->job.avoid_n = 2;
	complaint_of_task(w, t);
	ASSERT_TOLD("SERVFAIL to 192.0.2.7", "EDE 7 (", "expired, from 198.51.100.2");
	r.bogus = false;
	t = task_with(&r);
	t->job.avoid_n = 1;
	t->job.frames[0].at.cut = NULL; /* it came to no zone: counted by its name */
	complaint_of_task(w, t);
	assert_null(strstr(told(), ", from"));
	r.ede = TERN_EDE_NONE;
	r.bogus = true;
	t = task_with(&r);
	t->job.question.type = TERN_TYPE_A;
	((struct zone_cut *)t->job.frames[0].at.cut)->zone = (const uint8_t *)"\5other";
	complaint_of_task(w, t);
	ASSERT_TOLD("SERVFAIL to 192.0.2.7@4444 for www.test. A: EDE 0 (Other Error)");
}

static void addresses_inside_are_told_once_for_their_zone(void **state)
{
	struct result r = {.rebound = true, .text = "10.0.0.1 is inside"};
	struct task *t = task_with(&r);

	(void)state;
	complaint_of_task(w, t);
	ASSERT_TOLD("held back from 192.0.2.7@4444: www.test. AAAA: 10.0.0.1 is inside");
	complaint_of_task(w, t);
	assert_string_equal(told(), "");
	assert_int_equal(left_out(COMPLAINT_REBOUND), 1);
	assert_int_equal(counted(&tally()->let_through), 0);
	/* It is another matter than a failure of that zone. */
	r = (struct result){.rcode = TERN_RCODE_SERVFAIL, .ede = 22, .text = "silence"};
	complaint_of_task(w, task_with(&r));
	ASSERT_TOLD("SERVFAIL to 192.0.2.7");
}

/* --- of others
 * -------------------------------------------------------------------------------------- */

static void strangers_are_told_once_for_their_network(void **state)
{
	struct address a = address("192.0.2.1@1"), neighbour = address("192.0.2.99@2"),
		       other = address("198.51.100.1@1");

	(void)state;
	complaint_of_client(w, &a);
	ASSERT_TOLD("query from 192.0.2.1@1 denied");
	complaint_of_client(w, &a);
	complaint_of_client(w, &neighbour);
	assert_string_equal(told(), "");
	assert_int_equal(left_out(COMPLAINT_DENIED), 2);
	complaint_of_client(w, &other);
	ASSERT_TOLD("query from 198.51.100.1@1 denied");
}

static void an_interception_is_told_once(void **state)
{
	static const char *const texts[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3"};

	(void)state;
	for (unsigned i = 0; i < IMPOSTORS_MAX; i++) {
		w->resolver.impostors[i] = address(texts[i]);
		w->resolver.impostors_n = i + 1;
		turn();
		if (i + 1 < IMPOSTORS_MAX)
			assert_string_equal(told(), "");
	}
	ASSERT_TOLD("port 53 is intercepted", "192.0.2.1@53, 192.0.2.2@53 and 192.0.2.3@53");
	turn();
	assert_string_equal(told(), "");
}

int main(void)
{
#define LOGGED(f) cmocka_unit_test_setup_teardown(f, open_logged, close_logged)
	const struct CMUnitTest tests[] = {
		LOGGED(a_failure_is_told_once_for_its_zone),
		LOGGED(all_who_wait_are_counted),
		LOGGED(what_nobody_waits_for_is_no_complaint),
		LOGGED(what_is_let_through_is_told),
		LOGGED(who_gave_bogus_data_is_told),
		LOGGED(addresses_inside_are_told_once_for_their_zone),
		LOGGED(strangers_are_told_once_for_their_network),
		LOGGED(an_interception_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

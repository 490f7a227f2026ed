/*
 * trace_test.c - what a watched resolution is told at its end: every record, and the
 * verdict in words.
 */
#include "worker/worker_private.h"

#include "helpers.h"

#include <fcntl.h>

static struct task task;
static struct result *const result = &task.job.result;
static struct kept sets[2];
static uint8_t rdata[4000];
static int pipe_end;

static int set_up(void **state)
{
	int ends[2];

	(void)state;
	memset(&task, 0, sizeof task);
	task.job.question = (struct question){.name = "\3www\4test", .type = TERN_TYPE_A};
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	pipe_end = ends[0];
	trace_begin(&task, ends[1]);
	assert_int_equal(task.trace_fd, ends[1]);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(pipe_end);
	return 0;
}

/** What was written since; "" when nothing. */
static const char *told(void)
{
	static char text[10000];
	ssize_t n = read(pipe_end, text, sizeof text - 1);

	text[MAX(n, 0)] = '\0';
	return text;
}

/** The end, which also closes what was written to. */
static const char *told_at_the_end(void)
{
	char octet;
	int fd = task.trace_fd;

	trace_end(&task);
	assert_int_equal(task.trace_fd, -1);
	const char *text = told();

	assert_int_equal(read(pipe_end, &octet, 1), 0);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	close(pipe_end);
	assert_int_equal(set_up(NULL), 0); /* for the next one */
	return text;
}

static void each_step_is_a_line(void **state)
{
	char line[2001];

	(void)state;
	task.trace.step(&task.trace, "asking 192.0.2.1");
	assert_string_equal(told(), "asking 192.0.2.1\n");
	task.trace.step(&task.trace, "");
	assert_string_equal(told(), "\n");
	/* One that is too long is cut, and still one line. */
	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	for (unsigned len = 1490; len < 1510; len++) {
		line[len] = '\0';
		task.trace.step(&task.trace, line);
		const char *text = told();

		assert_int_equal(strlen(text), MIN(len + 1, 1499u));
		assert_int_equal(strspn(text, "x"), strlen(text) - 1);
		assert_int_equal(text[strlen(text) - 1], '\n');
		line[len] = 'x';
	}
}

static void answer_with(uint16_t type, uint16_t len, unsigned n)
{
	struct kept_list *list = &result->answer;
	uint8_t *at = rdata;

	for (unsigned i = 0; i < n; i++) {
		put_u16(at, len);
		memset(at + 2, (int)(i + 1), len);
		at += 2 + len;
	}
	sets[0] = (struct kept){.set = {.owner = (const uint8_t *)"\3www\4test",
					.rdata = rdata,
					.rdata_len = (uint32_t)(at - rdata),
					.ttl_s = 300,
					.type = type,
					.rclass = TERN_CLASS_IN,
					.rr_n = (uint16_t)n}};
	list->first = list->last = &sets[0];
	list->n = 1;
}

static void answers_with_their_security(void **state)
{
	static const struct {
		enum cache_security security;
		bool stale;
		const char *text;
	} cases[] = {
		{CACHE_SECURE, false, "secure"},       {CACHE_INSECURE, false, "insecure"},
		{CACHE_BOGUS, false, "bogus"},         {CACHE_UNCHECKED, false, "not validated"},
		{CACHE_SECURE, true, "secure, stale"},
	};
	char expected[200];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		answer_with(TERN_TYPE_A, 4, 2);
		result->security = cases[i].security;
		result->stale = cases[i].stale;
		snprintf(
			expected, sizeof expected,
			"= www.test. 300 A 1.1.1.1\n= www.test. 300 A 2.2.2.2\n= www.test. A: %s\n",
			cases[i].text);
		assert_string_equal(told_at_the_end(), expected);
	}
}

static void aliases_in_their_order(void **state)
{
	(void)state;
	answer_with(TERN_TYPE_A, 4, 1);
	sets[1] = sets[0];
	sets[1].next = &sets[0];
	sets[1].set.owner = (const uint8_t *)"\1x\4test";
	result->answer.first = &sets[1];
	result->security = CACHE_INSECURE;
	assert_string_equal(told_at_the_end(), "= x.test. 300 A 1.1.1.1\n"
					       "= www.test. 300 A 1.1.1.1\n"
					       "= www.test. A: insecure\n");
}

/* What has no text form of reasonable length is told by its size. */
static void large_data_by_its_size(void **state)
{
	(void)state;
	answer_with(65280, 2000, 1);
	assert_string_equal(told_at_the_end(), "= www.test. 300 TYPE65280 (2000 octets)\n"
					       "= www.test. A: not validated\n");
}

static void denials_and_failures(void **state)
{
	(void)state;
	result->security = CACHE_SECURE;
	assert_string_equal(told_at_the_end(), "= www.test. A: NODATA, secure\n");
	result->rcode = TERN_RCODE_NXDOMAIN;
	result->security = CACHE_INSECURE;
	assert_string_equal(told_at_the_end(), "= www.test. A: NXDOMAIN, insecure\n");
	/* The alias is there, what it leads to is not. */
	answer_with(TERN_TYPE_A, 4, 1);
	result->rcode = TERN_RCODE_NXDOMAIN;
	result->security = CACHE_INSECURE;
	assert_string_equal(told_at_the_end(), "= www.test. 300 A 1.1.1.1\n"
					       "= www.test. A: NXDOMAIN, insecure\n");
	result->rcode = TERN_RCODE_SERVFAIL;
	strcpy(result->text, "no server answered");
	assert_string_equal(told_at_the_end(), "= www.test. A: SERVFAIL no server answered\n");
	result->rcode = TERN_RCODE_YXDOMAIN;
	strcpy(result->text, "too long");
	assert_string_equal(told_at_the_end(), "= www.test. A: YXDOMAIN too long\n");
}

/* What a job does is told at level debug, and what went wrong at level info, too. */
static void steps_are_told_to_the_log(void **state)
{
	static const struct {
		enum log_level level;
		bool listens;
		const char *fault, *step;
	} cases[] = {
		{LOG_LEVEL_NOTICE, false, "", ""},
		{LOG_LEVEL_INFO, true, "info: www.test. A: 192.0.2.1 is silent\n", ""},
		{LOG_LEVEL_DEBUG, true, "info: www.test. A: 192.0.2.1 is silent\n",
		 "debug: www.test. A: > 192.0.2.1\n"},
	};
	static struct worker w;
	struct worker_shared s = {0};
	struct log log = {.fd = task.trace_fd};

	(void)state;
	s.log = &log;
	w.shared = &s;
	task.worker = &w;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		log.level = cases[i].level;
		struct job_trace *trace = trace_to_log(&task);

		assert_int_equal(trace != NULL, cases[i].listens);
		if (!trace)
			continue;
		trace->step(trace, "! 192.0.2.1 is silent");
		const char *text = told();

		assert_non_null(strstr(text, cases[i].fault));
		trace->step(trace, "> 192.0.2.1");
		text = told();
		assert_non_null(strstr(text, cases[i].step));
		assert_int_equal(*text == '\0', cases[i].step[0] == '\0');
	}
}

int main(void)
{
#define TRACE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TRACE(each_step_is_a_line),    TRACE(answers_with_their_security),
		TRACE(aliases_in_their_order), TRACE(large_data_by_its_size),
		TRACE(denials_and_failures),   TRACE(steps_are_told_to_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

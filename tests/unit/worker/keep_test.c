/*
 * keep_test.c - which answers are kept rendered, for whom, and for how long.
 */
#include "base/readers.h"
#include "worker/worker_private.h"

#include "helpers.h"

static struct worker *w;
static struct task task;
static struct result *const result = &task.job.result;
static struct request request;
static struct kept set;

#define NAME_LEN 10

/* A cached answer with one address. */
static int set_up(void **state)
{
	static const uint8_t rdata[6] = {0, 4, 192, 0, 2, 1};

	(void)state;
	shared_open(1 << 20, 1);
	w = workers[0] = worker_create(&shared, 0, NULL, 0);
	assert_non_null(w);
	memset(&task, 0, sizeof task);
	task.hash = UINT64_C(0x1234567800000007);
	task.job.rules = &rules;
	task.job.question = (struct question){.name = "\3www\4test", .type = TERN_TYPE_A};
	set = (struct kept){.set = {.owner = task.job.question.name,
				    .rdata = rdata,
				    .rdata_len = sizeof rdata,
				    .ttl_s = 50,
				    .type = TERN_TYPE_A,
				    .rclass = TERN_CLASS_IN,
				    .rr_n = 1}};
	*result = (struct result){
		.answer = {&set, &set, 1}, .cached = true, .ttl_s = 50, .life_s = 100};
	request = (struct request){.name_len = NAME_LEN, .flags = TERN_FLAG_RD};
	readers_enter();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	readers_leave();
	workers_end();
	shared_close();
	return 0;
}

static struct answer_hit hit;

static bool find(uint8_t variant, uint32_t after_s)
{
	const struct question *q = &task.job.question;
	struct answer_key key = {.name = q->name,
				 .name_len = NAME_LEN,
				 .type = q->type,
				 .variant = variant,
				 .rules = rules.answers};
	uint8_t out[ANSWER_OCTETS_MAX];

	return cache_get_answer(rules.cache, &key, answer_hash(rules.cache, &key), 0,
				w->loop.now.boot_s + after_s, out, sizeof out, &hit);
}

static bool is_kept(void)
{
	keep_rendered(w, &task, &request);
	bool kept = find(request_variant(&request), 0);

	cache_drop_answers(rules.cache, task.job.question.name, task.job.question.type);
	return kept;
}

static void it_lives_as_long_as_its_data(void **state)
{
	(void)state;
	keep_rendered(w, &task, &request);
	assert_true(find(0, 0));
	assert_false(hit.old);
	assert_int_equal(hit.len, TERN_HEADER_LEN + NAME_LEN + 4 + 2 + 10 + 4);
	assert_true(find(0, 49));
	assert_true(hit.old); /* the last tenth of a hundred seconds */
	assert_false(find(0, 51));
}

static void for_those_who_want_the_same(void **state)
{
	(void)state;
	request.dnssec_ok = true;
	request.flags |= TERN_FLAG_CD;
	keep_rendered(w, &task, &request);
	assert_true(find(ANSWER_DO | ANSWER_CD, 0));
	assert_false(find(0, 0));
	assert_false(find(ANSWER_DO, 0));
	assert_false(find(ANSWER_CD, 0));
}

static void not_everything_is_kept(void **state)
{
	(void)state;
	assert_true(is_kept());
	result->cached = false;
	assert_false(is_kept());
	result->cached = true;
	result->stale = true;
	assert_false(is_kept());
	result->stale = false;
	result->uncacheable = true;
	assert_false(is_kept());
	result->uncacheable = false;
	result->rcode = TERN_RCODE_SERVFAIL;
	assert_false(is_kept());
	result->rcode = TERN_RCODE_YXDOMAIN;
	assert_false(is_kept());
	result->rcode = TERN_RCODE_NXDOMAIN;
	assert_true(is_kept());
	result->rcode = TERN_RCODE_NOERROR;
	task.job.question.type = TERN_TYPE_ANY;
	assert_false(is_kept());
	task.job.question.type = TERN_TYPE_A;
	/* More than fits. */
	static struct kept many[ANSWER_TTLS_MAX + 1];

	for (unsigned i = 0; i < ARRAY_LEN(many); i++) {
		many[i] = set;
		many[i].next = i ? &many[i - 1] : NULL;
	}
	result->answer.first = &many[ANSWER_TTLS_MAX];
	assert_false(is_kept());
	result->answer.first = &many[ANSWER_TTLS_MAX - 1];
	assert_true(is_kept());
}

/* Names out of a wildcard are without number: one is worth it when it is asked twice. */
static void what_was_made_is_kept_the_second_time(void **state)
{
	(void)state;
	result->made = true;
	assert_false(is_kept());
	assert_true(is_kept());
	assert_true(is_kept());
	task.hash += UINT64_C(1) << 32; /* another name, in the same place */
	assert_false(is_kept());
	assert_true(is_kept());
	task.hash++; /* in another place */
	assert_false(is_kept());
	task.hash--;
	assert_true(is_kept());
}

int main(void)
{
#define KEEP(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		KEEP(it_lives_as_long_as_its_data),
		KEEP(for_those_who_want_the_same),
		KEEP(not_everything_is_kept),
		KEEP(what_was_made_is_kept_the_second_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

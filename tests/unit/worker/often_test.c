/*
 * often_test.c - limits by the second: of clients that ask by UDP, and of what the servers of one
 * zone are asked.
 */
#include "worker/serve.c"

#include "asking.h"

static struct rate_options *const rates = &rules.rates;

static int open_often(void **state)
{
	open_asking(state);
	shared.rates = rates_create();
	put_answer(1);
	return shared.rates ? 0 : -1;
}

static int close_often(void **state)
{
	close_asking(state);
	rates_destroy(shared.rates);
	assert_nothing_left();
	return 0;
}

/* --- clients ---------------------------------------------------------------------------------- */

/* No turn is taken: time stands still until it is let go on. */
static void let_pass_s(uint64_t s)
{
	workers[0]->loop.now.mono_ns += s * NS_PER_S;
}

/** A question from the loopback: what becomes of it, and is its answer truncated and empty? */
static enum verdict ask_once(bool tcp, bool *truncated)
{
	static uint8_t query[QUERY_MAX], out[UDP_ANSWER_MAX];
	struct tern_builder builder = begin_query(query, 7, "name1.example.");
	struct served s = {.client = address("127.0.0.1@4444")};

	read_query(workers[0], query, tern_builder_finish(&builder), tcp, false, &s);
	enum verdict verdict = serve(workers[0], &s, out, sizeof out);

	*truncated = verdict == VERDICT_ANSWERED && (out[2] & TERN_FLAG_TC >> 8) != 0;
	if (verdict == VERDICT_ANSWERED)
		assert_int_equal(get_u16(out + 6), *truncated ? 0 : 1);
	return verdict;
}

/** Ask @p n times: how many were answered, and of these how many truncated? */
static unsigned answered_of(unsigned n, unsigned *truncated)
{
	unsigned answered = 0;

	*truncated = 0;
	for (unsigned i = 0; i < n; i++) {
		bool is_truncated;

		answered += ask_once(false, &is_truncated) == VERDICT_ANSWERED;
		*truncated += is_truncated;
	}
	return answered;
}

static void a_client_asks_so_often_a_second(void **state)
{
	unsigned truncated;

	(void)state;
	assert_int_equal(answered_of(20, &truncated), 20); /* nobody is counted */
	rates->client_rate = 8;
	assert_int_equal(answered_of(12, &truncated), 8);
	assert_int_equal(truncated, 0);
	assert_int_equal(counted(&tally()->rate_limited), 4);
	let_pass_s(1);
	assert_int_equal(answered_of(8, &truncated), 8);
	assert_int_equal(counted(&tally()->rate_limited), 4);
	assert_int_equal(counted(&tally()->queries_udp), 40);
}

/* A client whose address is its own finds the way to TCP, where it may ask as it likes. */
static void now_and_then_the_way_to_tcp_is_shown(void **state)
{
	unsigned truncated;
	bool is_truncated;

	(void)state;
	rates->client_rate = 4;
	rates->client_slip = 3;
	assert_int_equal(answered_of(4 + 7, &truncated), 4 + 2);
	assert_int_equal(truncated, 2);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(ask_once(true, &is_truncated), VERDICT_ANSWERED);
		assert_false(is_truncated);
	}
	rates->client_slip = 1;
	assert_int_equal(answered_of(3, &truncated), 3);
	assert_int_equal(truncated, 3);
}

/** Has the client at @p text asked too often, now that it asks once more? */
static bool is_too_much(const char *text, bool tcp, bool cookie)
{
	struct served s = {.client = address(text),
			   .request = {.tcp = tcp, .cookie_valid = cookie}};

	return asks_too_often(workers[0], &s, rates);
}

static void each_client_is_counted_by_itself(void **state)
{
	(void)state;
	rates->client_rate = 1;
	assert_false(is_too_much("192.0.2.1", false, false));
	assert_true(is_too_much("192.0.2.1", false, false));
	assert_false(is_too_much("192.0.2.2", false, false));
	/* One host has all of a /64. */
	assert_false(is_too_much("2001:db8:0:1::1", false, false));
	assert_true(is_too_much("2001:db8:0:1:ffff::2", false, false));
	assert_false(is_too_much("2001:db8:0:2::1", false, false));
	/* Who has a connection, or a cookie of ours, is nobody's victim. */
	assert_false(is_too_much("192.0.2.1", true, false));
	assert_false(is_too_much("192.0.2.1", false, true));
	assert_true(is_too_much("192.0.2.1", false, false));
}

static void some_are_not_counted(void **state)
{
	struct prefix exempt[2];

	(void)state;
	assert_true(prefix_from_text("198.51.100.0/24", &exempt[0]));
	assert_true(prefix_from_text("2001:db8::/32", &exempt[1]));
	rates->client_rate = 1;
	rates->exempt = exempt;
	rates->exempt_n = 2;
	for (unsigned i = 0; i < 3; i++) {
		assert_false(is_too_much("198.51.100.7", false, false));
		assert_false(is_too_much("2001:db8::1", false, false));
		assert_int_equal(is_too_much("192.0.2.1", false, false), i > 0);
	}
}

/* --- zones -------------------------------------------------------------------------------------
 */

/** Are the servers of @p zone asked for one more name? */
static bool is_asked(const char *zone)
{
	static unsigned n;
	enum upstream_event event = UPSTREAM_ANSWERED;

	q.zone = (const uint8_t *)zone;
	q.name = numbered(n);
	bool asked = upstream_ask(&wanting[n++].asker, &q, &event);

	assert_int_equal(event == UPSTREAM_CROWDED, !asked);
	return asked;
}

#define BUSY "\4busy\4test"

static void a_zone_is_asked_so_often_a_second(void **state)
{
	(void)state;
	rates->zone_rate = 2;
	assert_true(is_asked(BUSY));
	assert_true(is_asked(BUSY));
	assert_false(is_asked(BUSY));
	assert_int_equal(counted(&tally()->zone_limited), 1);
	assert_true(is_asked("\5other\4test"));
	let_pass_s(2);
	assert_true(is_asked(BUSY));
	/* Forwarders and the uppermost zones serve everybody's names. */
	for (unsigned i = 0; i < 4; i++)
		assert_true(is_asked("\4test"));
	q.recurse = true;
	for (unsigned i = 0; i < 4; i++)
		assert_true(is_asked(BUSY));
	q.recurse = false;
	assert_true(is_asked(BUSY));
	assert_false(is_asked(BUSY));
	/* If the operator wants it so, and with all that is below. */
	uint8_t *exempt[] = {(uint8_t *)(uintptr_t) "\5other\4test", (uint8_t *)(uintptr_t)BUSY};

	rates->zone_exempt = exempt;
	rates->zone_exempt_n = 2;
	for (unsigned i = 0; i < 4; i++) {
		assert_true(is_asked(BUSY));
		assert_true(is_asked("\1a" BUSY));
	}
	rates->zone_exempt_n = 1;
	assert_false(is_asked(BUSY));
	rates->zone_rate = 0;
	assert_true(is_asked(BUSY));
}

int main(void)
{
#define OFTEN(f) cmocka_unit_test_setup_teardown(f, open_often, close_often)
	const struct CMUnitTest tests[] = {
		OFTEN(a_client_asks_so_often_a_second),
		OFTEN(now_and_then_the_way_to_tcp_is_shown),
		OFTEN(each_client_is_counted_by_itself),
		OFTEN(some_are_not_counted),
		OFTEN(a_zone_is_asked_so_often_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

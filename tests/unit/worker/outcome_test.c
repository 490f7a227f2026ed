/*
 * outcome_test.c - what one client is told of a result: by its way of asking, its address, and
 * what policy has said; and what is counted of that.
 */
#include "worker/client_answer.c"

#include "talk.h"

static struct worker *w;
static struct waiter waiter;
static struct result result;
static struct kept set;
static uint8_t octets[MESSAGE_MAX];

/* An answer of two addresses, for a client at UDP. */
static int open_outcome(void **state)
{
	static const uint8_t rdata[] = {0, 4, 192, 0, 2, 1, 0, 4, 198, 51, 100, 2};

	open_one(state);
	w = workers[0];
	ask(c, 1, "www.test.");
	(void)take();
	/* What waits for it is taken as it came in. */
	struct task *t = NULL;

	for (unsigned i = 0; i < TASK_BUCKETS && !t; i++) {
		if (w->task_buckets[i].next)
			t = cds_hlist_entry(w->task_buckets[i].next, struct task, same_hash);
	}
	assert_non_null(t);
	waiter = *cds_list_first_entry(&t->waiters, struct waiter, node);
	set = (struct kept){.set = {.owner = (const uint8_t *)"\3www\4test",
				    .rdata = rdata,
				    .rdata_len = sizeof rdata,
				    .ttl_s = 50,
				    .type = TERN_TYPE_A,
				    .rclass = TERN_CLASS_IN,
				    .rr_n = 2}};
	result = (struct result){
		.answer = {&set, &set, 1}, .ede = TERN_EDE_NONE, .security = CACHE_INSECURE};
	return 0;
}

/** Tell it; the answer's octets are in octets. */
static void tell(void)
{
	answer_waiter(w, &result, &waiter);
	listen_flush_all(w);
	assert_true(is_readable(c, PATIENCE_MS));
	assert_true(recv(c, octets, sizeof octets, 0) >= TERN_HEADER_LEN);
}

static bool is_truncated(void)
{
	return octets[2] & TERN_FLAG_TC >> 8;
}

static void by_udp_it_may_be_that_tcp_would_do(void **state)
{
	(void)state;
	result.tcp_only = true;
	tell();
	assert_true(is_truncated());
	assert_int_equal(get_u16(octets + 6), 0);
	assert_int_equal(octets[3] & 15, TERN_RCODE_NOERROR);
	assert_int_equal(counted(&tally()->insecure), 0);
	waiter.request.tcp = true;
	tell();
	assert_false(is_truncated());
	assert_int_equal(get_u16(octets + 6), 2);
}

static void what_is_dropped_is_not_answered(void **state)
{
	(void)state;
	result.dropped = true;
	answer_waiter(w, &result, &waiter);
	listen_flush_all(w);
	assert_false(is_readable(c, 5));
	assert_int_equal(counted(&tally()->dropped), 1);
	assert_int_equal(counted(&tally()->rcodes[TERN_RCODE_NOERROR]), 0);
}

static void what_is_near_the_client_comes_first(void **state)
{
	static struct prefix clients, prefer;
	static struct sort_rule rule = {&clients, 1, &prefer, 1};
	static const uint8_t first[] = {0, 4, 198, 51, 100, 2};

	(void)state;
	assert_true(prefix_from_text("127.0.0.0/8", &clients));
	assert_true(prefix_from_text("198.51.100.0/24", &prefer));
	size_t at = TERN_HEADER_LEN + 10 + 4 + 10;

	tell();
	assert_memory_not_equal(octets + at, first, sizeof first);
	rules.serve.sortlist = &rule;
	rules.serve.sortlist_n = 1;
	tell();
	assert_memory_equal(octets + at, first, sizeof first);
	/* Others get them as they are. */
	waiter.back.client = address("192.0.2.1@1");
	tell();
	assert_memory_not_equal(octets + at, first, sizeof first);
}

static void whoever_asks_may_be_told_to_the_operator(void **state)
{
	struct log here;
	char text[400] = "";
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	here = (struct log){.fd = ends[1], .level = LOG_LEVEL_NOTICE};
	shared.log = &here;
	tell();
	assert_int_equal(read(ends[0], text, sizeof text - 1), -1);
	result.informs = true;
	tell();
	assert_true(read(ends[0], text, sizeof text - 1) > 0);
	assert_non_null(strstr(text, " asks for www.test. A"));
	assert_int_equal(get_u16(octets + 6), 2);
	close(ends[0]);
	close(ends[1]);
}

/* --- counts ------------------------------------------------------------------------------------
 */

static struct counts {
	uint64_t resolved, unresolved, stale, insecure, bogus;
} before;

static void assert_counted(struct counts more)
{
	const struct tally *t = tally();

	before.resolved += more.resolved;
	before.unresolved += more.unresolved;
	before.stale += more.stale;
	before.insecure += more.insecure;
	before.bogus += more.bogus;
	assert_int_equal(counted(&t->resolved), before.resolved);
	assert_int_equal(counted(&t->unresolved), before.unresolved);
	assert_int_equal(counted(&t->stale), before.stale);
	assert_int_equal(counted(&t->insecure), before.insecure);
	assert_int_equal(counted(&t->bogus[TERN_EDE_BOGUS]), before.bogus);
}

static void outcomes_are_counted_by_kind(void **state)
{
	(void)state;
	before = (struct counts){0};
	tell();
	assert_counted((struct counts){.resolved = 1, .insecure = 1});
	/* Who checks by himself is counted, but not by security. */
	waiter.request.flags |= TERN_FLAG_CD;
	tell();
	assert_counted((struct counts){.resolved = 1});
	waiter.request.flags &= (uint16_t)~TERN_FLAG_CD;
	/* Stale data says nothing of what asking would have come to. */
	result.stale = true;
	tell();
	assert_counted((struct counts){.stale = 1, .insecure = 1});
	result.stale = false;
	/* Nor does what nobody was asked for. */
	result.cached = true;
	tell();
	assert_counted((struct counts){.insecure = 1});
	result = (struct result){.rcode = TERN_RCODE_SERVFAIL, .ede = TERN_EDE_NETWORK_ERROR};
	tell();
	assert_counted((struct counts){.unresolved = 1});
	/* What is bogus was answered by somebody. */
	result.ede = TERN_EDE_BOGUS;
	tell();
	assert_counted((struct counts){.resolved = 1, .bogus = 1});
	assert_int_equal(counted(&tally()->rcodes[TERN_RCODE_NOERROR]), 4);
	assert_int_equal(counted(&tally()->rcodes[TERN_RCODE_SERVFAIL]), 2);
}

/* --- whose network servers may be told
 * ------------------------------------------------------------ */

static struct resolver_options options;

static const char *subnet_of(const char *client, bool no_subnet)
{
	static char text[ADDRESS_TEXT_MAX + 4];
	struct address a = address(client);
	/* RFC 7871 7.1.2: a prefix of no bits. */
	struct request r = {.subnet_len = no_subnet ? 4 : 0, .subnet = {0, 1, 0, 0}};
	struct prefix p = client_subnet(&options, &r, &a);
	char base[ADDRESS_TEXT_MAX];

	if (p.base.family == 0) {
		/* Nobody can be told apart by it. */
		assert_memory_equal(&p, &(struct prefix){0}, sizeof p);
		return "";
	}
	snprintf(text, sizeof text, "%s/%u", address_to_text(&p.base, base), p.bits);
	return text;
}

static void networks_of_clients_are_as_long_as_configured(void **state)
{
	(void)state;
	options = (struct resolver_options){.subnet = {.ipv4_bits = 24, .ipv6_bits = 48}};
	assert_string_equal(subnet_of("203.0.113.7", false), ""); /* no zone is told */
	options.subnet.zones_n = 1;
	assert_string_equal(subnet_of("203.0.113.7", false), "203.0.113.0@0/24");
	assert_string_equal(subnet_of("2a00:1:2:3::4", false), "2a00:1:2::@0/48");
	assert_string_equal(subnet_of("203.0.113.7", true), ""); /* the client wants it so */
	assert_string_equal(subnet_of("10.0.0.7", false), "");   /* says nothing to anybody */
	assert_string_equal(subnet_of("127.0.0.1", false), "");
	options.subnet.ipv4_bits = 0;
	assert_string_equal(subnet_of("203.0.113.7", false), "");
	assert_string_equal(subnet_of("2a00:1:2:3::4", false), "2a00:1:2::@0/48");
}

int main(void)
{
#define OUTCOME(f) cmocka_unit_test_setup_teardown(f, open_outcome, close_checked)
	const struct CMUnitTest tests[] = {
		OUTCOME(by_udp_it_may_be_that_tcp_would_do),
		OUTCOME(what_is_dropped_is_not_answered),
		OUTCOME(what_is_near_the_client_comes_first),
		OUTCOME(whoever_asks_may_be_told_to_the_operator),
		OUTCOME(outcomes_are_counted_by_kind),
		cmocka_unit_test(networks_of_clients_are_as_long_as_configured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * renew_test.c - data asked for again in the last tenth of its life is fetched anew
 * beside, and what a worker asks of its own accord; what it counts of jobs.
 */
#include "worker/client.c"
#include "worker/client_answer.c"

#include "talk.h"

#define TTL_S 100

static struct worker *w;

static int open_renewing(void **state)
{
	open_one(state);
	w = workers[0];
	return 0;
}

/** Ask for www.test., which the forwarder has to be asked about, and says @p last for. */
static void learn(uint8_t last)
{
	ask(c, 1, "www.test.");
	struct asked a = take();

	reply_ttl(&a, last, TTL_S);
	expect(c, 1, TERN_RCODE_NOERROR, last);
}

static void ask_known(uint16_t id, uint8_t last)
{
	ask(c, id, "www.test.");
	expect(c, id, TERN_RCODE_NOERROR, last);
}

static bool is_claimed(void)
{
	struct question question = {.name = "\3www\4test", .type = TERN_TYPE_A};
	uint64_t hash = hash_question(w, &question, 0, 0);
	unsigned owner = inflight_claim(shared.inflight, hash, 200);

	if (owner == 200)
		inflight_release(shared.inflight, hash, 200);
	return owner != 200;
}

/* --- prefetch --------------------------------------------------------------------------- */

static void what_is_asked_again_at_its_end_is_renewed(void **state)
{
	(void)state;
	learn(1);
	leap_ms(80000);
	ask_known(2, 1);
	expect_no_question(5);
	leap_ms(11000);
	ask_known(3, 1); /* out of the sets, or rendered just now */
	struct asked a = take();

	assert_int_equal(counted(&tally()->prefetches), 1);
	assert_true(is_claimed());
	/* Who asks meanwhile has the old one at once, and it is asked for once. */
	ask_known(4, 1);
	ask_known(5, 1);
	expect_no_question(5);
	assert_int_equal(counted(&tally()->prefetches), 1);
	reply_ttl(&a, 2, TTL_S);
	pass(5);
	assert_false(is_claimed());
	/* The rendered one is gone with it. */
	ask_known(6, 2);
	ask_known(7, 2);
	ask_known(8, 2);
	expect_no_question(5);
	assert_int_equal(counted(&tally()->expired), 0);
}

/* So are the sets in the cache of which nothing was rendered yet. */
static void sets_are_renewed(void **state)
{
	(void)state;
	learn(1);
	leap_ms(91000);
	ask_known(2, 1);
	assert_int_equal(counted(&tally()->hits_rrset), 1);
	struct asked a = take();

	assert_int_equal(counted(&tally()->prefetches), 1);
	reply_ttl(&a, 2, TTL_S);
	pass(5);
	ask_known(3, 2);
	/* For who checks by himself, as he wants it asked. */
	cache_flush_name(rules.cache, (const uint8_t *)"\3www\4test");
	for (unsigned i = 0; i < 3; i++) {
		ask_with(c, 4, "www.test.", TERN_FLAG_RD | TERN_FLAG_CD, false);
		if (i != 1) {
			a = take();
			assert_true(a.m.flags & TERN_FLAG_CD);
			if (i == 0)
				reply_ttl(&a, 3, TTL_S);
		}
		expect(c, 4, TERN_RCODE_NOERROR, 3);
		leap_ms(i == 0 ? 80000 : 11000);
	}
}

/* Rendered answers know their age, too. */
static void rendered_answers_are_renewed(void **state)
{
	(void)state;
	learn(1);
	ask_known(2, 1);
	ask_known(3, 1);
	uint64_t hits = counted(&tally()->hits);

	leap_ms(91000);
	ask_known(4, 1);
	assert_int_equal(counted(&tally()->hits), hits + 1);
	struct asked a = take();

	reply_ttl(&a, 2, TTL_S);
	pass(5);
	ask_known(5, 2);
	assert_int_equal(counted(&tally()->prefetches), 1);
	/* By TCP it is the same. */
	int t = tcp_client_of(0);

	ask_known(6, 2);
	leap_ms(91000);
	ask_tcp(t, 7, "www.test.");
	expect_tcp(t, 7, TERN_RCODE_NOERROR, 2);
	(void)take();
	assert_int_equal(counted(&tally()->prefetches), 2);
	close(t);
}

static void a_renewal_that_fails_takes_nothing_away(void **state)
{
	(void)state;
	learn(1);
	ask_known(2, 1);
	leap_ms(91000);
	ask_known(3, 1);
	for (unsigned i = 0; i < 20 && is_claimed(); i++) {
		if (!await_fd(forwarder_udp, 20))
			leap_ms(200);
		else {
			struct asked a = take();

			reply_rcode(&a, TERN_RCODE_REFUSED);
		}
	}
	assert_false(is_claimed());
	ask_known(4, 1);
	assert_int_equal(counted(&tally()->rcodes[TERN_RCODE_SERVFAIL]), 0);
}

static void nothing_is_renewed_unless_so_configured(void **state)
{
	(void)state;
	rules.serve.prefetch = false;
	learn(1);
	for (uint16_t i = 0; i < 3; i++) {
		leap_ms(i == 1 ? 91000 : 0);
		ask_known((uint16_t)(i + 2), 1);
	}
	expect_no_question(5);
	assert_int_equal(counted(&tally()->prefetches), 0);
}

/* Without a place it is left, and nobody is kept from asking. */
static void a_renewal_without_a_place(void **state)
{
	struct question question = {.name = "\3www\4test", .type = TERN_TYPE_A};

	(void)state;
	w->task_shares.max = 0;
	client_prefetch(w, &question, 0, 0);
	assert_int_equal(counted(&tally()->prefetches), 0);
	assert_false(is_claimed());
	w->task_shares.max = TASKS_MAX;
	/* Nor is what another worker is on. */
	uint64_t hash = hash_question(w, &question, 0, 0);

	assert_int_equal(inflight_claim(shared.inflight, hash, 7), 7);
	client_prefetch(w, &question, 0, 0);
	assert_int_equal(counted(&tally()->prefetches), 0);
	assert_int_equal(w->tasks.taken_n, 0);
	inflight_release(shared.inflight, hash, 7);
	client_prefetch(w, &question, JOB_CHECKING_DISABLED, 0);
	struct asked a = take();

	assert_true(a.m.flags & TERN_FLAG_CD);
	assert_int_equal(counted(&tally()->prefetches), 1);
	assert_false(is_claimed()); /* with CD it is another question */
}

/* --- of its own accord ----------------------------------------------------------------------- */

static void it_asks_for_the_roots_servers(void **state)
{
	(void)state;
	rules.routes.n = 0;
	rules.resolver.do_not_query_localhost = false;
	hints = (struct root_hints){.servers_n = 1};
	memcpy(hints.servers[0].name, NAME("ns.root."), 9);
	hints.servers[0].addresses[0] = forwarder_at;
	hints.servers[0].addresses_n = 1;
	w->resolver.prime_wanted = true;
	struct asked a = take();

	assert_int_equal(a.m.qtype, TERN_TYPE_NS);
	assert_int_equal(a.m.qname_len, 1);
	assert_false(w->resolver.prime_wanted);
	/* Nobody joins it: a client's question is answered by itself. */
	assert_null(find_task(w, &(struct question){.type = TERN_TYPE_NS},
			      hash_question(w, &(struct question){.type = TERN_TYPE_NS}, 0, 0),
			      false, 0));
	assert_int_equal(w->tasks.taken_n, 1);
}

/* A place that a lone task had is an ordinary one afterwards. */
static void after_one_that_was_alone_others_join(void **state)
{
	(void)state;
	ask_with(c, 1, "www.test.", 0, false);
	expect(c, 1, TERN_RCODE_REFUSED, 0);
	ask(c, 2, "www.test.");
	struct asked a = take();

	assert_true(is_claimed());
	ask(c, 3, "www.test.");
	expect_no_question(5);
	assert_int_equal(counted(&tally()->joined), 1);
	reply(&a, 4);
	expect(c, 3, TERN_RCODE_NOERROR, 4);
	expect(c, 2, TERN_RCODE_NOERROR, 4);
	/* And one that was announced gives back nothing that is another's. */
	struct question question = {.name = "\3www\4test", .type = TERN_TYPE_A};
	uint64_t hash = hash_question(w, &question, 0, 0);

	assert_int_equal(inflight_claim(shared.inflight, hash, 0), 0);
	ask_with(c, 5, "www.test.", 0, false);
	expect(c, 5, TERN_RCODE_NOERROR, 4);
	assert_true(is_claimed());
	inflight_release(shared.inflight, hash, 0);
	/* Nor does one that found no place; but one that had announced itself does. */
	struct question other = {.name = "\3new\4test", .type = TERN_TYPE_A};

	hash = hash_question(w, &other, 0, 0);
	assert_int_equal(inflight_claim(shared.inflight, hash, 0), 0);
	w->task_shares.max = 0;
	ask_with(c, 6, "new.test.", 0, false);
	expect(c, 6, TERN_RCODE_SERVFAIL, 0);
	assert_int_equal(inflight_claim(shared.inflight, hash, 9), 0);
	ask(c, 7, "new.test.");
	expect(c, 7, TERN_RCODE_SERVFAIL, 0);
	assert_int_equal(inflight_claim(shared.inflight, hash, 9), 9);
	w->task_shares.max = TASKS_MAX;
}

/* Without a place a watched resolution ends at once, and who reads it knows. */
static void a_trace_without_a_place(void **state)
{
	struct question question = {.name = "\3www\4test", .type = TERN_TYPE_A};
	int ends[2];
	char octet;

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	w->task_shares.max = 0;
	client_trace(w, &question, ends[1]);
	assert_int_equal(read(ends[0], &octet, 1), 0);
	w->task_shares.max = TASKS_MAX;
	close(ends[0]);
}

/* What the daemon asks for itself is validated, and there when it looks. */
static void an_errand_has_rules_of_its_own(void **state)
{
	static struct trust_anchors none;
	struct errand e = {.cache = (struct cache *)&e, .anchors = &none};
	static const enum validation_mode modes[] = {VALIDATION_OFF, VALIDATION_ON,
						     VALIDATION_PERMISSIVE};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(modes); i++) {
		rules.resolver.validation = modes[i];
		rules.resolver.min_ttl_s = 7 * i * i * i * i;
		struct resolver *own = resolver_for(w, &e);

		assert_non_null(own);
		assert_int_equal(own->rules->resolver.validation,
				 i == 0 ? VALIDATION_OFF : VALIDATION_ON);
		assert_int_equal(own->rules->resolver.min_ttl_s, i < 2 ? 60 : 112);
		assert_ptr_equal(own->cache, e.cache);
		assert_ptr_equal(own->rules->anchors, e.anchors);
		assert_ptr_equal(own->infra, shared.infra);
		free(own);
	}
}

/* Our question comes back to us: we are our own server. */
static void a_loop_of_ours_ends(void **state)
{
	(void)state;
	forwarder_at = local_address(listeners[0].udp);
	forwarder.address = forwarder_at;
	ask(c, 1, "www.test.");
	expect(c, 1, TERN_RCODE_SERVFAIL, 0);
	assert_true(counted(&tally()->rcodes[TERN_RCODE_REFUSED]) >= 1);
	assert_true(counted(&tally()->queries_udp) < 20);
}

/* --- what is counted ----------------------------------------------------------------------------
 */

static void waiting_is_counted_by_its_length(void **state)
{
	static const struct {
		uint64_t us;
		unsigned bucket;
	} cases[] = {{0, 0},   {63, 0},  {64, 1},       {127, 1},       {128, 2},
		     {255, 2}, {256, 3}, {1000000, 14}, {60000000, 19}, {(uint64_t)1 << 40, 19}};
	struct waiter waiter = {0};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		tally_count *count = &tally()->latency[cases[i].bucket];
		uint64_t before = counted(count);

		waiter.since_ns = 12345;
		w->loop.now.mono_ns = 12345 + cases[i].us * 1000;
		count_latency(w, &waiter);
		assert_int_equal(counted(count), before + 1);
	}
}

/* Only who had to wait for the network is counted so. */
static void hits_did_not_wait(void **state)
{
	uint64_t sum = 0;

	(void)state;
	learn(1);
	ask_known(2, 1);
	ask_known(3, 1);
	for (unsigned i = 0; i < TALLY_LATENCIES; i++)
		sum += counted(&tally()->latency[i]);
	assert_int_equal(sum, 1);
}

static void security_is_counted_by_kind(void **state)
{
	struct result r = {.security = CACHE_SECURE, .ede = TERN_EDE_NONE};
	struct tally *t = tally();

	(void)state;
	count_security(w, &r);
	assert_int_equal(counted(&t->secure), 1);
	r.security = CACHE_INSECURE;
	count_security(w, &r);
	assert_int_equal(counted(&t->insecure), 1);
	r.security = CACHE_UNCHECKED;
	count_security(w, &r);
	r = (struct result){.rcode = TERN_RCODE_SERVFAIL, .ede = TERN_EDE_BOGUS};
	count_security(w, &r);
	assert_int_equal(counted(&t->bogus[TERN_EDE_BOGUS]), 1);
	/* A failure of another kind, and what is bogus but given all the same. */
	r = (struct result){.rcode = TERN_RCODE_SERVFAIL, .ede = TERN_EDE_NETWORK_ERROR};
	count_security(w, &r);
	r = (struct result){
		.rcode = TERN_RCODE_NOERROR, .ede = TERN_EDE_BOGUS, .security = CACHE_INSECURE};
	count_security(w, &r);
	assert_int_equal(counted(&t->bogus[TERN_EDE_BOGUS]), 1);
	assert_int_equal(counted(&t->secure), 1);
	assert_int_equal(counted(&t->insecure), 2);
}

int main(void)
{
#define RENEW(f) cmocka_unit_test_setup_teardown(f, open_renewing, close_checked)
	const struct CMUnitTest tests[] = {
		RENEW(what_is_asked_again_at_its_end_is_renewed),
		RENEW(sets_are_renewed),
		RENEW(rendered_answers_are_renewed),
		RENEW(a_renewal_that_fails_takes_nothing_away),
		RENEW(nothing_is_renewed_unless_so_configured),
		RENEW(a_renewal_without_a_place),
		RENEW(it_asks_for_the_roots_servers),
		RENEW(after_one_that_was_alone_others_join),
		RENEW(a_trace_without_a_place),
		RENEW(an_errand_has_rules_of_its_own),
		RENEW(a_loop_of_ours_ends),
		RENEW(waiting_is_counted_by_its_length),
		RENEW(hits_did_not_wait),
		RENEW(security_is_counted_by_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * client_test.c - questions joined, handed to the worker that is on them, answered
 * stale, refused, kept rendered, and counted.
 */
#include "talk.h"

static void a_miss_is_asked_and_then_known(void **state)
{
	(void)state;
	ask(c, 1, "www.test.");
	struct asked a = take();

	assert_true(a.m.flags & TERN_FLAG_RD);
	assert_true(a.m.edns.present && a.m.edns.dnssec_ok);
	assert_int_equal(a.m.qtype, TERN_TYPE_A);
	reply(&a, 1);
	expect(c, 1, TERN_RCODE_NOERROR, 1);
	assert_int_equal(counted(&tally()->misses), 1);
	assert_int_equal(counted(&tally()->upstream_udp), 1);
	assert_int_equal(counted(&tally()->budget_exhausted), 0);
	assert_int_equal(counted(&tally()->signatures), 0);
	/* Out of the RRsets, which keeps it rendered; then rendered. */
	ask(c, 2, "WWW.test.");
	expect(c, 2, TERN_RCODE_NOERROR, 1);
	assert_int_equal(counted(&tally()->hits_rrset), 1);
	assert_int_equal(counted(&tally()->hits), 0);
	ask(c, 3, "www.TEST.");
	expect(c, 3, TERN_RCODE_NOERROR, 1);
	assert_int_equal(counted(&tally()->hits_rrset), 1);
	assert_int_equal(counted(&tally()->hits), 1);
	assert_int_equal(counted(&tally()->insecure), 0); /* nothing is validated here */
	assert_int_equal(counted(&tally()->queries_udp), 3);
	assert_int_equal(counted(&tally()->rcodes[TERN_RCODE_NOERROR]), 3);
	expect_no_question(20);
}

static void hits_are_counted_by_their_security(void **state)
{
	(void)state;
	rules.resolver.validation = VALIDATION_ON;
	put_answer(1); /* without AD */
	ask(c, 1, "name1.example.");
	expect(c, 1, TERN_RCODE_NOERROR, 1);
	assert_int_equal(counted(&tally()->insecure), 1);
	assert_int_equal(counted(&tally()->secure), 0);
	rules.resolver.validation = VALIDATION_OFF;
	ask(c, 2, "name1.example.");
	expect(c, 2, TERN_RCODE_NOERROR, 1);
	assert_int_equal(counted(&tally()->insecure), 1);
}

static void equal_questions_are_asked_once(void **state)
{
	int others[5];

	(void)state;
	ask(c, 1, "www.test.");
	struct asked a = take();

	for (unsigned i = 0; i < 5; i++) {
		others[i] = client_of(listeners[0].udp);
		ask(others[i], (uint16_t)(10 + i), "wWw.test.");
	}
	ask(c, 1, "www.test."); /* a retransmission */
	ask(c, 2, "www.test.");
	expect_no_question(20);
	assert_int_equal(counted(&tally()->joined), 7);
	reply(&a, 7);
	for (unsigned i = 0; i < 5; i++) {
		expect(others[i], (uint16_t)(10 + i), TERN_RCODE_NOERROR, 7);
		close(others[i]);
	}
	/* Newest first. The retransmission had its answer with the first. */
	expect(c, 2, TERN_RCODE_NOERROR, 7);
	expect(c, 1, TERN_RCODE_NOERROR, 7);
	expect_silence(c, 20);
	assert_int_equal(counted(&tally()->upstream_udp), 1);
}

static void other_questions_are_not_joined(void **state)
{
	(void)state;
	ask(c, 1, "www.test.");
	struct asked first = take();

	ask_with(c, 2, "www.test.", TERN_FLAG_RD | TERN_FLAG_CD, false);
	struct asked checking = take();

	ask(c, 3, "www2.test.");
	struct asked other = take();

	assert_int_equal(counted(&tally()->joined), 0);
	reply(&other, 3);
	expect(c, 3, TERN_RCODE_NOERROR, 3);
	reply(&checking, 2);
	expect(c, 2, TERN_RCODE_NOERROR, 2);
	reply(&first, 1);
	expect(c, 1, TERN_RCODE_NOERROR, 1);
}

static void without_recursion_nobody_is_asked(void **state)
{
	(void)state;
	ask_with(c, 1, "www.test.", 0, false);
	expect(c, 1, TERN_RCODE_REFUSED, 0);
	ask(c, 2, "www.test.");
	struct asked a = take();

	/* It does not wait for the one that asks. */
	ask_with(c, 3, "www.test.", 0, false);
	expect(c, 3, TERN_RCODE_REFUSED, 0);
	reply(&a, 1);
	expect(c, 2, TERN_RCODE_NOERROR, 1);
	ask_with(c, 4, "www.test.", 0, false);
	expect(c, 4, TERN_RCODE_NOERROR, 1);
}

static void another_worker_waits_at_the_one_that_is_on_it(void **state)
{
	int d = client_of(listeners[1].udp);

	(void)state;
	ask(c, 1, "www.test.");
	struct asked a = take();

	ask(d, 2, "www.test.");
	expect_no_question(20);
	assert_int_equal(counted(&workers[1]->tally.mailed), 1);
	assert_int_equal(counted(&tally()->joined), 1);
	reply(&a, 9);
	expect(c, 1, TERN_RCODE_NOERROR, 9);
	/* From the first worker's socket, which would be the same port with SO_REUSEPORT. */
	expect_silence(d, 20);
	/* When it is done nothing is left of it in the table. */
	ask(d, 3, "www.test.");
	expect(d, 3, TERN_RCODE_NOERROR, 9);
	ask(d, 4, "new.test.");
	a = take();
	reply(&a, 8);
	expect(d, 4, TERN_RCODE_NOERROR, 8);
	assert_int_equal(counted(&workers[1]->tally.mailed), 1);
	close(d);
}

static void by_tcp_the_answer_comes_back(void **state)
{
	int t = tcp_client_of(1);

	(void)state;
	ask(c, 1, "www.test.");
	struct asked a = take();

	ask_tcp(t, 2, "www.test.");
	expect_no_question(20);
	assert_int_equal(counted(&workers[1]->tally.mailed), 1);
	reply(&a, 9);
	expect(c, 1, TERN_RCODE_NOERROR, 9);
	expect_tcp(t, 2, TERN_RCODE_NOERROR, 9);
	close(t);
}

/* Nor does a failure come back when there is to be no answer: it would be believed. */
static void by_tcp_silence_comes_back_too(void **state)
{
	int t = tcp_client_of(1);

	(void)state;
	ask(c, 1, "www.test.");
	(void)take();
	ask_tcp(t, 2, "www.test.");
	expect_no_question(20);
	assert_int_equal(counted(&workers[1]->tally.mailed), 1);
	assert_false(cds_list_empty(&workers[1]->clients_owed));
	client_abandon_all(workers[0]);
	expect_silence(t, 20);
	assert_true(cds_list_empty(&workers[1]->clients_owed));
	/* It is served on. */
	put_answer(1);
	ask_tcp(t, 3, "name1.example.");
	expect_tcp(t, 3, TERN_RCODE_NOERROR, 1);
	close(t);
}

static void a_question_that_came_by_mail_is_not_mailed_on(void **state)
{
	struct question q = {.name = "\3www\4test", .type = TERN_TYPE_A};
	uint64_t what = (uint64_t)rules.answers << 32 | (uint64_t)q.type << 8;
	uint64_t hash = hash_bytes(&shared.hash_key, what, q.name, 10);
	int d = client_of(listeners[1].udp);

	(void)state;
	/* Worker 0 is said to be on it, and is not. */
	assert_int_equal(inflight_claim(shared.inflight, hash, 0), 0);
	ask(d, 2, "www.test.");
	struct asked a = take();

	assert_int_equal(counted(&workers[1]->tally.mailed), 1);
	assert_int_equal(counted(&tally()->mailed), 0);
	assert_int_equal(counted(&tally()->misses), 1);
	reply(&a, 9);
	pass(20);
	assert_int_equal(inflight_claim(shared.inflight, hash, 5), 5); /* given back */
	close(d);
}

static void stale_data_is_the_answer_while_nobody_answers(void **state)
{
	(void)state;
	rules.serve.stale_wait_ms = 100;
	ask(c, 1, "www.test.");
	struct asked a = take();

	reply_ttl(&a, 4, 1);
	expect(c, 1, TERN_RCODE_NOERROR, 4);
	leap_ms(2000);
	ask(c, 2, "www.test.");
	a = take();
	expect_silence(c, 60);
	expect(c, 2, TERN_RCODE_NOERROR, 4);
	assert_int_equal(counted(&tally()->stale), 1);
	/* What comes later refreshes it all the same. */
	reply_ttl(&a, 5, 3600);
	pass(20);
	ask(c, 3, "www.test.");
	expect(c, 3, TERN_RCODE_NOERROR, 5);
	assert_int_equal(counted(&tally()->stale), 1);
}

static void stale_data_at_once_if_so_configured(void **state)
{
	(void)state;
	rules.serve.stale_wait_ms = 0;
	ask(c, 1, "www.test.");
	struct asked a = take();

	reply_ttl(&a, 4, 30);
	expect(c, 1, TERN_RCODE_NOERROR, 4);
	leap_ms(31000);
	ask(c, 2, "www.test.");
	expect(c, 2, TERN_RCODE_NOERROR, 4);
	a = take();
	reply_ttl(&a, 5, 30);
	pass(20);
	ask(c, 3, "www.test.");
	expect(c, 3, TERN_RCODE_NOERROR, 5);
	leap_ms(31000);
	/* Without recursion as well, and then somebody is asked. */
	ask_with(c, 4, "www.test.", 0, false);
	expect(c, 4, TERN_RCODE_NOERROR, 5);
	a = take();
	reply(&a, 6);
	pass(20);
	assert_int_equal(counted(&tally()->prefetches), 1);
}

static void nobody_waits_longer_than_the_deadline(void **state)
{
	(void)state;
	ask(c, 1, "silent.test.");
	(void)take();
	leap_ms(rules.serve.stale_wait_ms); /* when stale data would do, if there were some */
	expect_silence(c, 20);
	leap_ms(JOB_DEADLINE_MS - rules.serve.stale_wait_ms - 1000);
	expect_silence(c, 20);
	assert_int_equal(counted(&tally()->expired), 0);
	leap_ms(1000);
	expect(c, 1, TERN_RCODE_SERVFAIL, 0);
	assert_int_equal(counted(&tally()->expired), 1);
	assert_int_equal(workers[0]->exchanges.taken_n, 0); /* nobody listens any more */
	assert_int_equal(workers[0]->tasks.taken_n, 0);
	assert_true(counted(&tally()->upstream_timeouts) >= 1);
	assert_true(counted(&tally()->rcodes[TERN_RCODE_SERVFAIL]) == 1);
}

/* Another server is asked meanwhile; whoever answers first is taken. */
static void a_late_answer_counts(void **state)
{
	struct route_server both[2] = {forwarder, forwarder};
	bool wildcard;
	int other;

	(void)state;
	both[1].address.octets[3] = 2;
	other = udp_listen(&both[1].address, &wildcard);
	assert_true(other >= 0);
	forward_all.servers = both;
	forward_all.servers_n = 2;
	ask(c, 1, "www.test.");
	for (unsigned i = 0; i < PATIENCE_MS && workers[0]->exchanges.taken_n < 2; i++) {
		pass(1);
		leap_ms(i % 10 == 9 ? 100 : 0);
	}
	assert_int_equal(workers[0]->exchanges.taken_n, 2);
	/* This one's time is over. */
	int first = cds_list_empty(&workers[0]->idle) ? -1
		    : cds_list_first_entry(&workers[0]->idle, struct exchange, idle)
					    ->to.address.octets[3] == 2
			    ? other
			    : forwarder_udp;
	assert_true(first >= 0);
	int before = forwarder_udp;

	forwarder_udp = first;
	struct asked a = take();

	reply(&a, 5);
	forwarder_udp = before;
	expect(c, 1, TERN_RCODE_NOERROR, 5);
	assert_int_equal(counted(&tally()->upstream_late), 1);
	assert_int_equal(workers[0]->exchanges.taken_n, 0); /* the other one is of no use */
	close(other);
}

/* An alias of an alias, and so on: the question's account ends it, which is counted. */
static void what_leads_nowhere_ends_and_is_counted(void **state)
{
	(void)state;
	ask(c, 1, "a0.test.");
	for (unsigned i = 1; i < 100 && !is_readable(c, 0); i++) {
		uint8_t octets[MESSAGE_MAX];
		struct tern_builder b;
		char text[16];

		if (!await_fd(forwarder_udp, 20))
			continue;
		struct asked a = take();

		snprintf(text, sizeof text, "a%u.test.", i);
		const uint8_t *target = NAME(text);

		tern_builder_init(&b, octets, sizeof octets, sizeof octets);
		tern_builder_header(&b, a.m.id, REPLY_FLAGS, 0);
		assert_int_equal(tern_builder_question(&b, a.m.qname, a.m.qtype, TERN_CLASS_IN),
				 TERN_OK);
		assert_int_equal(tern_builder_rr(&b, TERN_ANSWER, a.m.qname, TERN_TYPE_CNAME,
						 TERN_CLASS_IN, 60, target, tern_name_len(target)),
				 TERN_OK);
		send_back(&a, octets, tern_builder_finish(&b));
	}
	assert_true(await_fd(c, PATIENCE_MS));
	assert_int_equal(counted(&tally()->budget_exhausted), 1);
	assert_int_equal(counted(&tally()->rcodes[TERN_RCODE_SERVFAIL]), 1);
}

/* The only task that there is. */
static struct task *the_task(void)
{
	for (unsigned i = 0; i < TASK_BUCKETS; i++) {
		if (workers[0]->task_buckets[i].next)
			return cds_hlist_entry(workers[0]->task_buckets[i].next, struct task,
					       same_hash);
	}
	return NULL;
}

static void what_a_job_used_is_counted(void **state)
{
	struct address at = local_address(c);
	uint16_t party = party_of(&shared.hash_key, &at);

	(void)state;
	ask(c, 1, "www.test.");
	struct asked a = take();

	the_task()->job.budget.left[BUDGET_VERIFY] -= 3;
	the_task()->job.budget.left[BUDGET_OCTETS] -= 5000;
	reply(&a, 1);
	expect(c, 1, TERN_RCODE_NOERROR, 1);
	assert_int_equal(counted(&tally()->signatures), 3);
	assert_int_equal(atomic_load(&shared.fill->kib[party]), 5); /* of the client's network */
	assert_int_equal(counted(&tally()->budget_exhausted), 0);
}

static void without_a_place_the_client_is_told(void **state)
{
	(void)state;
	workers[0]->task_shares.max = 0;
	ask(c, 1, "www.test.");
	expect(c, 1, TERN_RCODE_SERVFAIL, 0);
	assert_int_equal(counted(&tally()->pool_empty), 1);
	workers[0]->task_shares.max = TASKS_MAX;
	workers[0]->waiter_shares.max = 0;
	ask(c, 2, "www.test.");
	expect(c, 2, TERN_RCODE_SERVFAIL, 0);
	assert_int_equal(counted(&tally()->client_limited), 1);
	workers[0]->waiter_shares.max = WAITERS_MAX;
	workers[0]->waiters.max = workers[0]->waiters.fresh; /* none is left at all */
	while (pool_take(&workers[0]->waiters))
		;
	ask(c, 2, "www.test.");
	expect(c, 2, TERN_RCODE_SERVFAIL, 0);
	assert_int_equal(counted(&tally()->pool_empty), 2);
	workers[0]->waiters.max = WAITERS_MAX;
	/* Nothing of that is remembered. */
	ask(c, 3, "www.test.");
	struct asked a = take();

	workers[0]->waiter_shares.max = 1;
	ask(c, 4, "www.test.");
	expect(c, 4, TERN_RCODE_SERVFAIL, 0);
	workers[0]->waiter_shares.max = WAITERS_MAX;
	reply(&a, 1);
	expect(c, 3, TERN_RCODE_NOERROR, 1);
}

static void a_connection_without_a_place_is_owed_nothing(void **state)
{
	int t = tcp_client_of(0);

	(void)state;
	workers[0]->task_shares.max = 0;
	ask_tcp(t, 1, "www.test.");
	expect_tcp(t, 1, TERN_RCODE_SERVFAIL, 0);
	pass(5);
	assert_false(cds_list_empty(&workers[0]->clients_idle));
	assert_true(cds_list_empty(&workers[0]->clients_owed));
	workers[0]->task_shares.max = TASKS_MAX;
	ask_tcp(t, 2, "www.test.");
	struct asked a = take();

	assert_true(cds_list_empty(&workers[0]->clients_idle));
	assert_false(cds_list_empty(&workers[0]->clients_owed));
	workers[0]->waiter_shares.max = 1;
	ask_tcp(t, 3, "www.test.");
	expect_tcp(t, 3, TERN_RCODE_SERVFAIL, 0);
	workers[0]->waiter_shares.max = WAITERS_MAX;
	reply(&a, 1);
	expect_tcp(t, 2, TERN_RCODE_NOERROR, 1);
	pass(5);
	assert_true(cds_list_empty(&workers[0]->clients_owed));
	close(t);
}

/* An errand ends by its letter, whatever came of it, and sees nothing of what clients see. */
static void an_errand_ends_by_a_letter(void **state)
{
	struct cache_options options = {.size = 1 << 20};
	struct hash_key key = {5, 6};
	static struct trust_anchors none;
	struct mailbox inbox;
	struct cache_hit hit;
	struct moment now;
	struct errand e = {.question = {.name = "\3www\4test", .type = TERN_TYPE_A},
			   .cache = cache_create(&options, &key),
			   .anchors = &none,
			   .back = &inbox};

	(void)state;
	assert_non_null(e.cache);
	assert_true(mailbox_init(&inbox));
	ask(c, 1, "www.test.");
	struct asked clients = take();

	assert_true(worker_run_errand(workers[0], &e));
	struct asked a = clients;

	/* The same question to the same server: one exchange, and an answer each. */
	pass(10);
	assert_null(mailbox_take(&inbox));
	reply(&a, 1);
	expect(c, 1, TERN_RCODE_NOERROR, 1);
	pass(10);
	struct letter *l = mailbox_take(&inbox);

	assert_non_null(l);
	free(l);
	clock_read(&now);
	assert_int_equal(cache_get(e.cache, e.question.name, TERN_TYPE_A, now.boot_s, false, &hit),
			 CACHE_POSITIVE);
	/* Without a place, and unread at the end: it comes back all the same. */
	workers[0]->task_shares.max = 0;
	assert_true(worker_run_errand(workers[0], &e));
	pass(5);
	l = mailbox_take(&inbox);
	assert_non_null(l);
	free(l);
	workers[0]->task_shares.max = TASKS_MAX;
	assert_true(worker_run_errand(workers[0], &e));
	mail_finish_all(workers[0]);
	l = mailbox_take(&inbox);
	assert_non_null(l);
	free(l);
	mailbox_fini(&inbox);
	cache_destroy(e.cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_miss_is_asked_and_then_known),
		TEST(hits_are_counted_by_their_security),
		TEST(equal_questions_are_asked_once),
		TEST(other_questions_are_not_joined),
		TEST(without_recursion_nobody_is_asked),
		TEST_OF_TWO(another_worker_waits_at_the_one_that_is_on_it),
		TEST_OF_TWO(by_tcp_the_answer_comes_back),
		TEST_OF_TWO(by_tcp_silence_comes_back_too),
		TEST_OF_TWO(a_question_that_came_by_mail_is_not_mailed_on),
		TEST(stale_data_is_the_answer_while_nobody_answers),
		TEST(stale_data_at_once_if_so_configured),
		TEST(nobody_waits_longer_than_the_deadline),
		TEST(a_late_answer_counts),
		TEST(what_leads_nowhere_ends_and_is_counted),
		TEST(what_a_job_used_is_counted),
		TEST(without_a_place_the_client_is_told),
		TEST(a_connection_without_a_place_is_owed_nothing),
		TEST(an_errand_ends_by_a_letter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

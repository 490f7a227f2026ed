/*
 * malloc_test.c - memory runs out where a worker wants some: what was handed over is closed or
 * given back, whoever waits is told, and later everything works.
 */
#include "worker/mail.c"

#include "talk.h"

#include "policy/nft_sets.h"
#include "worker/gate.h"

static const struct question www = {.name = "\3www\4test", .type = TERN_TYPE_A};

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* --- letters ---------------------------------------------------------------------------------- */

static void sockets_that_do_not_arrive_are_closed(void **state)
{
	struct listener_fds fds = listen_somewhere(), udp_only = listen_somewhere();

	(void)state;
	close(udp_only.tcp);
	udp_only.tcp = -1;
	allocations_watch(1);
	bool sent = worker_listen(workers[0], 5, &fds);

	allocations_watch(1);
	sent |= worker_listen(workers[0], 5, &udp_only);
	allocations_watch(1);
	sent |= worker_start_listening(workers[0], 5);
	(void)allocations_seen();
	assert_false(sent);
	assert_false(is_open(fds.udp));
	assert_false(is_open(fds.tcp));
	assert_false(is_open(udp_only.udp));
}

/* Nor are those kept that a worker has no memory to serve. */
static void sockets_that_can_not_be_served_are_closed(void **state)
{
	struct listener_fds fds = listen_somewhere();

	(void)state;
	allocations_watch(1);
	bool opened = listen_open(workers[0], 5, &fds);

	(void)allocations_seen();
	assert_false(opened);
	assert_false(is_open(fds.udp));
	assert_false(is_open(fds.tcp));
	assert_false(worker_listens(workers[0], 5));
	assert_false(listen_start(workers[0], 5));
	/* What the loop does not take is not started: there is no descriptor, say. */
	fds = listen_somewhere();
	assert_true(listen_open(workers[0], 5, &fds));
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(dup2(null, fds.tcp) >= 0);
	assert_false(listen_start(workers[0], 5));
	close(null);
}

static void a_trace_or_an_errand_that_is_not_sent(void **state)
{
	struct errand e = {.question = www};
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	allocations_watch(1);
	bool sent = worker_trace(workers[0], &www, ends[1]);

	allocations_watch(1);
	sent |= worker_run_errand(workers[0], &e);
	(void)allocations_seen();
	assert_false(sent);
	assert_true(is_open(ends[1])); /* the sender's still */
	close(ends[0]);
	close(ends[1]);
}

/* Without memory for its rules an errand is over at once, and its sender knows. */
static void an_errand_without_memory_goes_back(void **state)
{
	struct mailbox inbox;
	struct errand e = {.question = www, .back = &inbox};

	(void)state;
	mailbox_init_silent(&inbox);
	assert_true(worker_run_errand(workers[0], &e));
	allocations_watch(1);
	mail_ready(&workers[0]->mail_watch, 0);
	(void)allocations_seen();
	struct letter *l = mailbox_take(&inbox);

	assert_non_null(l);
	free(l);
	assert_int_equal(workers[0]->tasks.taken_n, 0);
	mailbox_fini(&inbox);
}

/* --- clients ------------------------------------------------------------------------------------
 */

/* What another worker is on is asked once more if it can't be told. */
static void a_query_that_is_not_handed_over_is_resolved_here(void **state)
{
	int d = client_of(listeners[1].udp);

	(void)state;
	ask(c, 1, "www.test.");
	struct asked a = take();

	ask(d, 2, "www.test.");
	allocations_watch(1);
	loop_wait(&workers[1]->loop, PATIENCE_MS);
	take_turn(workers[1]);
	(void)allocations_seen();
	assert_int_equal(counted(&workers[1]->tally.mailed), 0);
	struct asked b = take();

	reply(&b, 2);
	expect(d, 2, TERN_RCODE_NOERROR, 2);
	reply(&a, 1);
	expect(c, 1, TERN_RCODE_NOERROR, 1);
	close(d);
}

/* By TCP an answer is owed: the connection hears that there was trouble. */
static void an_answer_that_can_not_be_sent_back_is_a_failure(void **state)
{
	uint64_t what = (uint64_t)rules.answers << 32 | (uint64_t)www.type << 8;
	uint64_t hash = hash_bytes(&shared.hash_key, what, www.name, 10);
	int t = tcp_client_of(1);
	struct letter *l = NULL;

	(void)state;
	/* The first worker is said to be on it, and gets the query. */
	assert_int_equal(inflight_claim(shared.inflight, hash, 0), 0);
	ask_tcp(t, 2, "www.test.");
	for (unsigned i = 0; i < 10 && !l; i++) {
		loop_wait(&workers[1]->loop, PATIENCE_MS);
		take_turn(workers[1]);
		l = mailbox_take(&workers[0]->mailbox);
	}
	assert_non_null(l);
	struct query_letter *q = CONTAINER_OF(l, struct query_letter, letter);

	allocations_watch(1);
	mail_answer(workers[0], &q->back, (const uint8_t *)"no memory for this", 18);
	(void)allocations_seen();
	expect_tcp(t, 2, TERN_RCODE_SERVFAIL, 0);
	assert_true(cds_list_empty(&workers[1]->clients_owed));
	inflight_release(shared.inflight, hash, 0);
	close(t);
}

/* --- the packet filter ---------------------------------------------------------------------------
 */

static void without_memory_nobody_waits_for_the_filter(void **state)
{
	static uint8_t test[] = "\4test";
	static uint8_t *names[] = {test};
	static char table[] = "inet t", four[] = "four", none[] = "";
	static const struct nft_set set = {names, 1, table, four, none, 0};
	struct mailbox firewall;

	(void)state;
	mailbox_init_silent(&firewall);
	assert_true(nft_sets_make(&rules.nft, &set, 1));
	shared.firewall = &firewall;
	ask(c, 1, "www.test.");
	(void)take();
	struct task *task = NULL;

	for (unsigned i = 0; i < TASK_BUCKETS && !task; i++) {
		if (workers[0]->task_buckets[i].next)
			task = cds_hlist_entry(workers[0]->task_buckets[i].next, struct task,
					       same_hash);
	}
	assert_non_null(task);
	allocations_watch(1);
	bool held = gate_hold(workers[0], task);

	(void)allocations_seen();
	assert_false(held);
	assert_false(task->gated);
	assert_null(mailbox_take(&firewall));
	shared.firewall = NULL;
	nft_sets_end(&rules.nft);
}

/* --- a worker
 * ------------------------------------------------------------------------------------- */

/* At every single allocation: all or nothing, and its sockets are closed with it. */
static void a_worker_is_made_or_not(void **state)
{
	struct worker *w = NULL;
	unsigned n = 0;

	(void)state;
	while (!w && ++n < 100) {
		struct listener_fds fds = listen_somewhere();

		allocations_watch(n);
		w = worker_create(&shared, 1, &fds, 1);
		(void)allocations_seen();
		assert_int_equal(is_open(fds.udp), w != NULL);
		assert_int_equal(is_open(fds.tcp), w != NULL);
	}
	assert_in_range(n, 3, 99);
	worker_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sockets_that_do_not_arrive_are_closed),
		TEST(sockets_that_can_not_be_served_are_closed),
		TEST(a_trace_or_an_errand_that_is_not_sent),
		TEST(an_errand_without_memory_goes_back),
		TEST_OF_TWO(a_query_that_is_not_handed_over_is_resolved_here),
		TEST_OF_TWO(an_answer_that_can_not_be_sent_back_is_a_failure),
		TEST(without_memory_nobody_waits_for_the_filter),
		TEST(a_worker_is_made_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

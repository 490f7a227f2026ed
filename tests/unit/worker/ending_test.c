/*
 * ending_test.c - what a worker does when it is to end: who asked before is answered, sockets
 * that go on without it are left alone, and in the end everybody is.
 */
#include "talk.h"

static struct worker *w;

static int open_ending(void **state)
{
	open_one(state);
	w = workers[0];
	return 0;
}

/* What the thread does in a turn, once it was told to finish. */
static void ending_turn(void)
{
	turn();
	ending_take_turn(w);
}

static bool is_drained(void)
{
	return atomic_load(&w->drained);
}

static void wait_for_tasks(unsigned n)
{
	for (unsigned i = 0; i < PATIENCE_MS && w->tasks.taken_n < n; i++)
		turn();
	assert_int_equal(w->tasks.taken_n, n);
}

/* --- who is waited for ---------------------------------------------------------------------- */

static void with_nobody_waiting_it_is_over_at_once(void **state)
{
	(void)state;
	assert_false(is_drained());
	ending_turn();
	assert_true(is_drained());
}

static void who_asked_before_is_waited_for(void **state)
{
	(void)state;
	ask(c, 1, "www.test.");
	wait_for_tasks(1);
	ending_take_turn(w); /* in this very turn */
	assert_false(is_drained());
	struct asked a = take();

	leap_ms(5);
	ask(c, 2, "www.test."); /* waits for the same, and came later */
	pass(5);
	ending_turn();
	assert_false(is_drained());
	ask(c, 3, "later.test.");
	struct asked later = take();

	reply(&a, 1);
	expect(c, 2, TERN_RCODE_NOERROR, 1);
	expect(c, 1, TERN_RCODE_NOERROR, 1);
	assert_false(is_drained());
	/* On a busy day somebody always waits: those who came later keep nobody. */
	ending_turn();
	assert_true(is_drained());
	reply(&later, 3);
	expect(c, 3, TERN_RCODE_NOERROR, 3);
}

static void what_nobody_waits_for_is_not(void **state)
{
	struct question q = {.name = "\3www\4test", .type = TERN_TYPE_A};

	(void)state;
	client_prefetch(w, &q, 0, 0);
	assert_int_equal(w->tasks.taken_n, 1);
	ending_turn();
	assert_true(is_drained());
}

/* --- sockets --------------------------------------------------------------------------------- */

/* Listeners, of which others have all but the second as well. */
static struct listener_fds kept[3];

static int open_passed(void **state)
{
	open_ending(state);
	shared.workers_n = 2;
	for (unsigned i = 0; i < 3; i++)
		kept[i] = listen_somewhere();
	struct listener_fds ours[] = {
		{kept[0].at, dup(kept[0].udp), dup(kept[0].tcp), kept[0].wildcard, true},
		{.udp = -1, .tcp = -1},
		kept[1],
		{kept[2].at, dup(kept[2].udp), dup(kept[2].tcp), kept[2].wildcard, true},
	};

	w = workers[1] = worker_create(&shared, 1, ours, ARRAY_LEN(ours));
	return w ? 0 : -1;
}

static int close_passed(void **state)
{
	for (unsigned i = 0; i < 3; i += 2) {
		close(kept[i].udp);
		close(kept[i].tcp);
	}
	return close_checked(state);
}

static void sockets_that_go_on_are_left_to_others(void **state)
{
	struct address at = local_address(kept[0].tcp);
	int udp = client_of(kept[0].udp), own = client_of(kept[1].udp);
	int before = connected(SOCK_STREAM, &at), last = client_of(kept[2].udp);

	(void)state;
	put_answer(1);
	ask(udp, 1, "name1.example.");
	expect(udp, 1, TERN_RCODE_NOERROR, 1);
	ask(udp, 2, "www.test.");
	struct asked a = take();

	ending_turn();
	int after = connected(SOCK_STREAM, &at);

	ask(udp, 3, "name1.example.");
	ask(last, 3, "name1.example.");
	ask_tcp(after, 4, "name1.example.");
	pass(10);
	ending_turn();
	/* They wait for whoever comes next, */
	assert_true(is_readable(kept[0].udp, 0));
	assert_true(is_readable(kept[0].tcp, 0));
	assert_true(is_readable(kept[2].udp, 0));
	/* what was taken before is answered, */
	reply(&a, 7);
	expect(udp, 2, TERN_RCODE_NOERROR, 7);
	expect_silence(udp, 5);
	ask_tcp(before, 5, "name1.example.");
	expect_tcp(before, 5, TERN_RCODE_NOERROR, 1);
	/* and a socket that nobody else has is read till the end. */
	ask(own, 6, "name1.example.");
	expect(own, 6, TERN_RCODE_NOERROR, 1);
	close(before);
	close(after);
	close(udp);
	close(own);
	close(last);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* A failure would be believed: nobody is told one. */
static void who_still_waits_hears_nothing(void **state)
{
	int t = tcp_client_of(0);
	uint8_t octet;

	(void)state;
	ask(c, 1, "a.test.");
	(void)take();
	ask_tcp(t, 2, "b.test.");
	(void)take();
	ending_finish(w);
	assert_int_equal(recv(t, &octet, 1, 0), 0);
	expect_silence(c, 5);
	assert_int_equal(counted(&tally()->dropped), 2);
	assert_int_equal(counted(&tally()->rcodes[TERN_RCODE_SERVFAIL]), 0);
	assert_int_equal(w->exchanges.taken_n, 0);
	assert_int_equal(w->tasks.taken_n, 0);
	close(t);
}

static void who_still_waits_gets_what_is_stale(void **state)
{
	(void)state;
	ask(c, 1, "www.test.");
	struct asked a = take();

	reply_ttl(&a, 4, 30);
	expect(c, 1, TERN_RCODE_NOERROR, 4);
	leap_ms(31000);
	ask(c, 2, "www.test.");
	(void)take();
	ending_finish(w);
	expect(c, 2, TERN_RCODE_NOERROR, 4);
	assert_int_equal(counted(&tally()->stale), 1);
	assert_int_equal(counted(&tally()->dropped), 0);
}

/* Whoever watches a resolution, or sent an errand, hears how it ended. */
static void watched_ones_end_by_a_word(void **state)
{
	static struct trust_anchors none;
	struct cache_options options = {.size = 1 << 20};
	struct hash_key key = {5, 6};
	struct question q = {.name = "\3www\4test", .type = TERN_TYPE_A};
	struct errand_found found = {0};
	struct mailbox inbox;
	struct errand e = {.question = q,
			   .cache = cache_create(&options, &key),
			   .anchors = &none,
			   .back = &inbox,
			   .found = &found};
	char text[4096] = "";
	int ends[2];

	(void)state;
	mailbox_init_silent(&inbox);
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	assert_true(worker_trace(w, &q, ends[1]));
	assert_true(worker_run_errand(w, &e));
	wait_for_tasks(2);
	ending_finish(w);
	assert_true(read(ends[0], text, sizeof text - 1) > 0);
	assert_non_null(strstr(text, "= www.test. A: SERVFAIL"));
	assert_int_equal(read(ends[0], text, 1), 0);
	struct letter *l = mailbox_take(&inbox);

	assert_non_null(l);
	free(l);
	assert_int_equal(found.rcode, TERN_RCODE_SERVFAIL);
	assert_int_equal(found.n, 0);
	assert_true(found.why[0] != '\0');
	mailbox_fini(&inbox);
	cache_destroy(e.cache);
	close(ends[0]);
}

/* --- by its thread -----------------------------------------------------------------------------
 */

static bool becomes_drained(unsigned ms)
{
	for (uint64_t end_ms = clock_ms() + ms; !worker_is_drained(w) && clock_ms() < end_ms;)
		usleep(1000);
	return worker_is_drained(w);
}

static void the_thread_finishes_what_was_asked(void **state)
{
	(void)state;
	assert_true(worker_is_drained(w)); /* it never ran */
	assert_true(worker_start(w, -1));
	assert_false(worker_is_drained(w));
	int t = tcp_client_of(0), other = client_of(listeners[0].udp);

	put_answer(1);
	ask(other, 1, "name1.example.");
	assert_true(is_readable(other, PATIENCE_MS));
	ask(c, 1, "www.test.");
	assert_true(is_readable(forwarder_udp, PATIENCE_MS));
	struct asked a = read_question();

	assert_false(worker_is_drained(w)); /* nobody said that it should */
	/* Its connections are told as of the last turn. */
	for (unsigned i = 0; i < PATIENCE_MS && worker_tcp_clients(w) == 0; i++)
		usleep(1000);
	assert_int_equal(worker_tcp_clients(w), 1);
	worker_drain(w);
	assert_false(becomes_drained(20));
	reply(&a, 7);
	assert_true(becomes_drained(PATIENCE_MS));
	assert_true(is_readable(c, PATIENCE_MS));
	ask(c, 2, "ww2.test."); /* who asks now is served as long as it goes */
	assert_true(is_readable(forwarder_udp, PATIENCE_MS));
	worker_stop(w);
	worker_join(w);
	assert_true(worker_is_drained(w));
	assert_int_equal(w->tasks.taken_n, 0);
	close(other);
	close(t);
}

/* It does not sleep on when there is an order. */
static void orders_wake_it(void **state)
{
	(void)state;
	mailbox_open(&w->mailbox);
	assert_false(is_readable(w->mailbox.event_fd, 0));
	worker_drain(w);
	assert_true(is_readable(w->mailbox.event_fd, 0));
	mailbox_open(&w->mailbox);
	worker_stop(w);
	assert_true(is_readable(w->mailbox.event_fd, 0));
	/* What others have written before the order is read in the last turn. */
	struct question q = {.name = "\3www\4test", .type = TERN_TYPE_A};
	int ends[2];
	char octet;

	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	assert_true(worker_trace(w, &q, ends[1]));
	assert_true(worker_start(w, -1));
	worker_join(w);
	assert_int_equal(worker_beat(w), 1);
	assert_true(read(ends[0], &octet, 1) == 1);
	close(ends[0]);
}

int main(void)
{
#define ENDING(f) cmocka_unit_test_setup_teardown(f, open_ending, close_checked)
	const struct CMUnitTest tests[] = {
		ENDING(with_nobody_waiting_it_is_over_at_once),
		ENDING(who_asked_before_is_waited_for),
		ENDING(what_nobody_waits_for_is_not),
		cmocka_unit_test_setup_teardown(sockets_that_go_on_are_left_to_others, open_passed,
						close_passed),
		ENDING(who_still_waits_hears_nothing),
		ENDING(who_still_waits_gets_what_is_stale),
		ENDING(watched_ones_end_by_a_word),
		ENDING(the_thread_finishes_what_was_asked),
		ENDING(orders_wake_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

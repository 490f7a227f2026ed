/*
 * servers_test.c - how servers are asked: over UDP with what only the asked one can
 * know, over TCP with several questions on a connection, and what is done about
 * silence, forgeries, refusals and too little room.
 */
#include "talk.h"

/* --- over UDP -------------------------------------------------------------------------- */

static void every_question_has_a_port_of_its_own(void **state)
{
	struct asked asked[8];
	unsigned equal = 0;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		char name[] = "a.test.";

		name[0] = (char)('a' + i);
		ask(c, (uint16_t)i, name);
		asked[i] = take();
		for (unsigned j = 0; j < i; j++) {
			struct address a, b;

			assert_true(address_from_sockaddr((struct sockaddr *)&asked[i].from, &a));
			assert_true(address_from_sockaddr((struct sockaddr *)&asked[j].from, &b));
			assert_int_not_equal(a.port, b.port);
			equal += asked[i].m.id == asked[j].m.id;
		}
	}
	assert_true(equal <= 1);
	for (unsigned i = 8; i-- > 0;) {
		reply(&asked[i], (uint8_t)(i + 1));
		expect(c, (uint16_t)i, TERN_RCODE_NOERROR, (uint8_t)(i + 1));
	}
}

static void what_does_not_match_changes_nothing(void **state)
{
	uint8_t octets[MESSAGE_MAX];

	(void)state;
	ask(c, 1, "www.test.");
	struct asked a = take();
	size_t len = build_reply(&a, REPLY_FLAGS, 66, 3600, octets);

	/* No reply, too short, another opcode: nobody's guess at ours. */
	send_back(&a, octets, 5);
	octets[2] ^= 0x80;
	send_back(&a, octets, len);
	octets[2] ^= 0x80 | 0x08;
	send_back(&a, octets, len);
	octets[2] ^= 0x08;
	pass(10);
	assert_int_equal(counted(&tally()->upstream_mismatched), 3);
	/* Another id, another name: two are borne. */
	octets[1] ^= 1;
	send_back(&a, octets, len);
	octets[1] ^= 1;
	octets[TERN_HEADER_LEN + 1] = 'x';
	send_back(&a, octets, len);
	expect_silence(c, 20);
	assert_int_equal(counted(&tally()->upstream_mismatched), 5);
	reply(&a, 1);
	expect(c, 1, TERN_RCODE_NOERROR, 1);
}

/* The third guess at an answer: over TCP nobody can guess. */
static void a_forger_makes_it_change_to_tcp(void **state)
{
	uint8_t octets[MESSAGE_MAX];

	(void)state;
	ask(c, 1, "www.test.");
	struct asked a = take();
	size_t len = build_reply(&a, REPLY_FLAGS, 66, 3600, octets);

	for (unsigned i = 1; i <= MISMATCHES_MAX; i++) {
		octets[1] = (uint8_t)(a.octets[1] + i);
		send_back(&a, octets, len);
		pass(3);
	}
	int t = take_connection();

	a = take_on(t);
	reply(&a, 1);
	expect(c, 1, TERN_RCODE_NOERROR, 1);
	close(t);
}

static void a_truncated_reply_is_asked_for_by_tcp(void **state)
{
	(void)state;
	ask(c, 1, "www.test.");
	struct asked a = take();

	reply_truncated(&a);
	int t = take_connection();

	a = take_on(t);
	reply(&a, 1);
	expect(c, 1, TERN_RCODE_NOERROR, 1);
	assert_int_equal(counted(&tally()->upstream_tcp), 1);
	assert_int_equal(counted(&tally()->upstream_udp), 1);
	close(t);
}

/* Time is up, the question is sent again; whichever answer comes counts. */
static void a_late_answer_is_taken(void **state)
{
	(void)state;
	ask(c, 1, "slow.test.");
	struct asked first = take();
	struct asked again = take();

	assert_true(counted(&tally()->upstream_timeouts) >= 1);
	(void)again;
	reply(&first, 3);
	expect(c, 1, TERN_RCODE_NOERROR, 3);
	/* The other one's answer is nobody's any more. */
	reply(&again, 4);
	pass(20);
	ask(c, 2, "slow.test.");
	expect(c, 2, TERN_RCODE_NOERROR, 3);
	assert_true(cds_list_empty(&workers[0]->idle));
}

/* Nothing listens there: the network says so at once. */
static void an_unreachable_server_fails_at_once(void **state)
{
	uint64_t start_ms = clock_ms();
	int fd = client_of(listeners[0].udp);

	(void)state;
	close(forwarder_udp);
	close(forwarder_tcp);
	ask(fd, 1, "www.test.");
	expect(fd, 1, TERN_RCODE_SERVFAIL, 0);
	assert_in_range(clock_ms() - start_ms, 0, 3500);
	close(fd);
	forwarder_udp = forwarder_tcp = open("/dev/null", O_RDONLY | O_CLOEXEC);
	forwarder_tcp = dup(forwarder_tcp);
}

static void a_refusal_is_not_an_answer(void **state)
{
	(void)state;
	ask(c, 1, "www.test.");
	for (;;) {
		struct asked a = take();

		reply_rcode(&a, TERN_RCODE_REFUSED);
		if (await_fd(c, 100))
			break;
	}
	expect(c, 1, TERN_RCODE_SERVFAIL, 0);
}

static void without_exchanges_the_idle_give_way(void **state)
{
	(void)state;
	ask(c, 1, "slow.test.");
	(void)take();
	struct asked again = take();

	(void)again;
	assert_true(counted(&tally()->upstream_timeouts) >= 1);
	upstream_finish_all(workers[0]); /* and whoever waited waits for the deadline only */
	assert_true(cds_list_empty(&workers[0]->idle));
}

/* --- over TCP --------------------------------------------------------------------------- */

/* The first question by TCP, for "<name>" of client id @p id, on a new connection. */
static struct asked take_by_tcp(uint16_t id, const char *name, int *connection)
{
	ask(c, id, name);
	struct asked a = take();

	reply_truncated(&a);
	if (*connection == NOBODY)
		*connection = take_connection();
	return take_on(*connection);
}

static void questions_share_a_connection(void **state)
{
	int t = NOBODY;
	struct asked a = take_by_tcp(1, "a.test.", &t);
	struct asked b = take_by_tcp(2, "b.test.", &t);
	struct asked d = take_by_tcp(3, "d.test.", &t);

	(void)state;
	assert_int_not_equal(a.m.id, b.m.id);
	assert_int_equal(workers[0]->connection_shares.taken_n, 1);
	/* In any order. */
	reply(&d, 3);
	expect(c, 3, TERN_RCODE_NOERROR, 3);
	reply(&a, 1);
	expect(c, 1, TERN_RCODE_NOERROR, 1);
	assert_true(cds_list_empty(&workers[0]->idle_connections));
	reply(&b, 2);
	expect(c, 2, TERN_RCODE_NOERROR, 2);
	assert_false(cds_list_empty(&workers[0]->idle_connections));
	/* Kept for the next one. */
	a = take_by_tcp(4, "e.test.", &t);
	reply(&a, 4);
	expect(c, 4, TERN_RCODE_NOERROR, 4);
	assert_int_equal(counted(&tally()->upstream_tcp), 4);
	close(t);
}

static void what_a_server_never_was_asked_is_ignored(void **state)
{
	int t = NOBODY;
	struct asked a = take_by_tcp(1, "a.test.", &t), wrong = a;

	(void)state;
	wrong.m.id ^= 1;
	reply(&wrong, 66);
	expect_silence(c, 20);
	assert_int_equal(counted(&tally()->upstream_mismatched), 1);
	reply(&a, 1);
	expect(c, 1, TERN_RCODE_NOERROR, 1);
	close(t);
}

/* It answers one question and closes: more is not asked on one connection then. */
static void a_server_that_closes_is_asked_anew(void **state)
{
	int t = NOBODY, next;
	struct asked a = take_by_tcp(1, "a.test.", &t);

	(void)state;
	reply(&a, 1);
	expect(c, 1, TERN_RCODE_NOERROR, 1);
	a = take_by_tcp(2, "b.test.", &t);
	close(t);
	next = take_connection();
	a = take_on(next);
	reply(&a, 2);
	expect(c, 2, TERN_RCODE_NOERROR, 2);
	/* Used up: closed by us, and the next name has a connection of its own at once. */
	assert_true(await_fd(next, 1000));
	assert_int_equal(recv(next, a.octets, 1, 0), 0);
	close(next);
	pass(20);
	assert_int_equal(workers[0]->connection_shares.taken_n, 0);
	for (uint16_t i = 3; i < 6; i++) {
		char name[] = "?.test.";

		name[0] = (char)('a' + i);
		t = NOBODY;
		a = take_by_tcp(i, name, &t);
		reply(&a, (uint8_t)i);
		expect(c, i, TERN_RCODE_NOERROR, (uint8_t)i);
		assert_true(await_fd(t, 1000));
		assert_int_equal(recv(t, a.octets, 1, 0), 0);
		close(t);
	}
}

/* The time of what is asked by TCP goes by, now. */
static void let_time_pass_on_tcp(void)
{
	struct worker *w = workers[0];

	for (unsigned i = 0; i < EXCHANGE_BUCKETS; i++) {
		struct exchange *x = w->exchange_buckets[i].next
					     ? cds_hlist_entry(w->exchange_buckets[i].next,
							       struct exchange, same_hash)
					     : NULL;

		if (!x || x->to.transport != TRANSPORT_TCP)
			continue;
		timer_cancel(&w->loop.wheel, &x->timer);
		x->timer.fire(&x->timer);
		return;
	}
	fail();
}

/* A question's time went by without a word: the next one has another connection. */
static void a_silent_connection_is_asked_no_more(void **state)
{
	int t = NOBODY, next = NOBODY;
	struct asked a = take_by_tcp(1, "a.test.", &t);

	(void)state;
	reply(&a, 1);
	expect(c, 1, TERN_RCODE_NOERROR, 1);
	a = take_by_tcp(2, "b.test.", &t);
	let_time_pass_on_tcp();
	assert_int_equal(counted(&tally()->upstream_timeouts), 1);
	pass(20);
	/* By whichever way it is asked again: the old connection stays silent, and is closed. */
	assert_true(await_fd(t, 1000));
	assert_int_equal(recv(t, a.octets, 1, 0), 0);
	close(t);
	struct pollfd ready[] = {{.fd = forwarder_udp, .events = POLLIN},
				 {.fd = forwarder_tcp, .events = POLLIN}};

	for (unsigned i = 0; i < 1000 && poll(ready, 2, 1) == 0; i++)
		turn();
	if (ready[0].revents) {
		a = take();
		reply_truncated(&a);
	}
	next = take_connection();
	a = take_on(next);
	reply(&a, 2);
	expect(c, 2, TERN_RCODE_NOERROR, 2);
	close(next);
}

static void more_connections_when_one_is_full(void **state)
{
	int t = NOBODY, second;
	struct asked asked[40];
	unsigned n = 0;

	(void)state;
	for (; n < 32; n++) {
		char name[16];

		snprintf(name, sizeof name, "n%u.test.", n);
		asked[n] = take_by_tcp((uint16_t)n, name, &t);
	}
	ask(c, 100, "more.test.");
	struct asked a = take();

	reply_truncated(&a);
	second = take_connection();
	a = take_on(second);
	reply(&a, 100);
	expect(c, 100, TERN_RCODE_NOERROR, 100);
	for (unsigned i = 0; i < n; i++) {
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(asked[i].m.id, asked[j].m.id);
		reply(&asked[i], (uint8_t)(i + 1));
		expect(c, (uint16_t)i, TERN_RCODE_NOERROR, (uint8_t)(i + 1));
	}
	close(t);
	close(second);
}

/* Its own connections may not give way to the question, and others' do. */
static void without_places_for_connections_it_fails(void **state)
{
	uint64_t start_ms = clock_ms();

	(void)state;
	workers[0]->connection_shares.max = 0;
	ask(c, 1, "a.test.");
	struct asked a = take();

	reply_truncated(&a);
	expect(c, 1, TERN_RCODE_SERVFAIL, 0);
	assert_in_range(clock_ms() - start_ms, 0, 3900);
	workers[0]->connection_shares.max = TCP_CONNECTIONS_MAX;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_question_has_a_port_of_its_own),
		TEST(what_does_not_match_changes_nothing),
		TEST(a_forger_makes_it_change_to_tcp),
		TEST(a_truncated_reply_is_asked_for_by_tcp),
		TEST(a_late_answer_is_taken),
		TEST(an_unreachable_server_fails_at_once),
		TEST(a_refusal_is_not_an_answer),
		TEST(without_exchanges_the_idle_give_way),
		TEST(questions_share_a_connection),
		TEST(what_a_server_never_was_asked_is_ignored),
		TEST(a_server_that_closes_is_asked_anew),
		TEST(a_silent_connection_is_asked_no_more),
		TEST(more_connections_when_one_is_full),
		TEST(without_places_for_connections_it_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

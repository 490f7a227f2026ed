/*
 * connections_test.c - clients by TCP: answers in any order, as many at once as is
 * fair, and whose connection gives way.
 */
#include "talk.h"

static int t;

static int open_connected(void **state)
{
	open_one(state);
	t = tcp_client_of(0);
	return 0;
}

static int close_connected(void **state)
{
	if (t != NOBODY)
		close(t);
	return close_checked(state);
}

static unsigned places(void)
{
	return workers[0]->client_shares.taken_n;
}

static bool is_closed(int fd, unsigned ms)
{
	uint8_t octet;

	return await_fd(fd, ms) && recv(fd, &octet, 1, 0) <= 0;
}

static void answers_come_in_any_order(void **state)
{
	(void)state;
	put_answer(7);
	ask_tcp(t, 1, "a.test.");
	struct asked a = take();

	ask_tcp(t, 2, "b.test.");
	struct asked b = take();

	ask_tcp(t, 3, "name7.example.");
	expect_tcp(t, 3, TERN_RCODE_NOERROR, 7);
	reply(&b, 2);
	expect_tcp(t, 2, TERN_RCODE_NOERROR, 2);
	reply(&a, 1);
	expect_tcp(t, 1, TERN_RCODE_NOERROR, 1);
	assert_int_equal(counted(&tally()->tcp_accepted), 1);
	assert_int_equal(counted(&tally()->queries_tcp), 3);
	assert_int_equal(places(), 1);
}

/* It has said all it wanted, and is still owed an answer. */
static void a_half_closed_client_gets_its_answer(void **state)
{
	(void)state;
	ask_tcp(t, 1, "a.test.");
	struct asked a = take();

	assert_int_equal(shutdown(t, SHUT_WR), 0);
	pass(20);
	assert_int_equal(places(), 1);
	reply(&a, 1);
	expect_tcp(t, 1, TERN_RCODE_NOERROR, 1);
	assert_true(is_closed(t, 1000));
	assert_int_equal(places(), 0);
}

/* The answer finds that nobody is there, nor the next one in the same place. */
static void an_answer_for_one_that_is_gone(void **state)
{
	(void)state;
	ask_tcp(t, 1, "a.test.");
	struct asked a = take();
	struct linger hard = {1, 0};

	assert_int_equal(setsockopt(t, SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
	close(t);
	pass(20);
	assert_int_equal(places(), 0);
	t = tcp_client_of(0);
	ask_tcp(t, 2, "b.test.");
	struct asked b = take();

	reply(&a, 1);
	pass(10);
	expect_silence(t, 10);
	reply(&b, 2);
	expect_tcp(t, 2, TERN_RCODE_NOERROR, 2);
}

static void not_more_than_some_in_flight(void **state)
{
	struct asked asked[TCP_IN_FLIGHT_MAX];
	char name[16];

	(void)state;
	for (uint16_t i = 0; i < TCP_IN_FLIGHT_MAX; i++) {
		snprintf(name, sizeof name, "n%u.test.", i);
		ask_tcp(t, i, name);
		asked[i] = take();
	}
	ask_tcp(t, 200, "more.test.");
	expect_no_question(30);
	/* It is read again when half of them are answered. */
	for (uint16_t i = 0; i < TCP_IN_FLIGHT_MAX; i++) {
		reply(&asked[i], 1);
		expect_tcp(t, i, TERN_RCODE_NOERROR, 1);
		if (i < TCP_IN_FLIGHT_MAX / 2)
			assert_false(is_readable(forwarder_udp, 0));
	}
	struct asked a = take();

	reply(&a, 2);
	expect_tcp(t, 200, TERN_RCODE_NOERROR, 2);
}

static void of_strangers_only_a_few_are_let_in(void **state)
{
	int fds[TCP_DENIED_MAX + 4];
	uint8_t octets[MESSAGE_MAX];

	(void)state;
	pass(5);
	rules.access.allow_n = 0;
	for (unsigned i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = tcp_client_of(0);
		pass(5);
	}
	assert_int_equal(workers[0]->client_shares.held[PARTY_DENIED], TCP_DENIED_MAX);
	/* The idlest gave way; the others are told that they may not ask. */
	assert_true(is_closed(fds[0], 1000));
	ask_tcp(fds[10], 1, "a.test.");
	assert_true(receive(fds[10], true, octets) > TERN_HEADER_LEN);
	assert_int_equal(octets[3] & 15, TERN_RCODE_REFUSED);
	assert_int_equal(counted(&tally()->refused), 1);
	for (unsigned i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	pass(10);
	/* If they are to hear nothing they are not let in. */
	rules.access.drop = true;
	int fd = tcp_client_of(0);

	assert_true(is_closed(fd, 1000));
	assert_int_equal(counted(&tally()->tcp_refused), 1);
	close(fd);
	rules.access.drop = false;
	rules.access.allow_n = 1;
}

static void the_idlest_gives_way_and_never_one_that_is_owed(void **state)
{
	int idle, owed = t, next, last;

	(void)state;
	pass(5);
	ask_tcp(owed, 1, "a.test.");
	struct asked a = take();

	idle = tcp_client_of(0);
	pass(5);
	workers[0]->client_shares.max = 2;
	next = tcp_client_of(0);
	pass(5);
	assert_true(is_closed(idle, 1000));
	ask_tcp(next, 2, "b.test.");
	struct asked b = take();

	/* Both are owed an answer now. */
	last = tcp_client_of(0);
	assert_true(is_closed(last, 1000));
	assert_int_equal(counted(&tally()->tcp_refused), 2);
	reply(&a, 1);
	expect_tcp(owed, 1, TERN_RCODE_NOERROR, 1);
	reply(&b, 2);
	expect_tcp(next, 2, TERN_RCODE_NOERROR, 2);
	close(idle);
	close(next);
	close(last);
	workers[0]->client_shares.max = TCP_CLIENTS_MAX;
}

static void a_connection_ends_when_the_worker_does(void **state)
{
	(void)state;
	ask_tcp(t, 1, "a.test.");
	(void)take();
	client_abandon_all(workers[0]);
	tcp_finish_all(workers[0]);
	/* Without an answer, which would be a failure that is believed. */
	assert_true(is_closed(t, 1000));
	assert_int_equal(places(), 0);
}

/* Nobody has the number 0, for that says that the place is free. */
static void serials_begin_anew(void **state)
{
	(void)state;
	workers[0]->tcp_serial = UINT32_MAX - 1;
	for (unsigned i = 0; i < 4; i++) {
		int fd = tcp_client_of(0);

		pass(5);
		const struct tcp_client *client =
			cds_list_entry(workers[0]->clients_idle.prev, struct tcp_client, node);

		assert_int_not_equal(client->serial, 0);
		put_answer(1);
		ask_tcp(fd, 1, "name1.example.");
		expect_tcp(fd, 1, TERN_RCODE_NOERROR, 1);
		close(fd);
	}
}

int main(void)
{
#define CONNECTED(f) cmocka_unit_test_setup_teardown(f, open_connected, close_connected)
	const struct CMUnitTest tests[] = {
		CONNECTED(answers_come_in_any_order),
		CONNECTED(a_half_closed_client_gets_its_answer),
		CONNECTED(an_answer_for_one_that_is_gone),
		CONNECTED(not_more_than_some_in_flight),
		CONNECTED(of_strangers_only_a_few_are_let_in),
		CONNECTED(the_idlest_gives_way_and_never_one_that_is_owed),
		CONNECTED(a_connection_ends_when_the_worker_does),
		CONNECTED(serials_begin_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

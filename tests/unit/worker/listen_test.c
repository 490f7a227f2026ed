/*
 * listen_test.c - addresses that come and go while a worker serves: by letter, opened before
 * they are started, and closed without losing what came in or is owed.
 */
#include "talk.h"

#define SLOT 5

static struct listener_fds more;

static void open_more(void)
{
	more = listen_somewhere();
	assert_true(worker_listen(workers[0], SLOT, &more));
	assert_false(worker_listens(workers[0], SLOT));
	pass(5);
	assert_true(worker_listens(workers[0], SLOT));
}

static void start_more(void)
{
	assert_true(worker_start_listening(workers[0], SLOT));
	pass(5);
}

static void one_that_comes_is_served(void **state)
{
	int d, t;

	(void)state;
	open_more();
	d = client_of(more.udp);
	ask(d, 1, "www.test.");
	expect_silence(d, 20); /* not started yet */
	start_more();
	struct asked a = take();

	reply(&a, 7);
	expect(d, 1, TERN_RCODE_NOERROR, 7);
	struct address at = local_address(more.tcp);

	t = connected(SOCK_STREAM, &at);
	ask_tcp(t, 2, "www.test.");
	expect_tcp(t, 2, TERN_RCODE_NOERROR, 7);
	/* The first one goes on as before. */
	ask(c, 3, "www.test.");
	expect(c, 3, TERN_RCODE_NOERROR, 7);
	close(t);
	close(d);
}

static void one_that_goes_owes_its_answers(void **state)
{
	int d;

	(void)state;
	open_more();
	start_more();
	d = client_of(more.udp);
	ask(d, 1, "www.test.");
	struct asked a = take();

	/* What has come in by then is served, too. */
	ask(d, 2, "ww2.test.");
	assert_true(worker_stop_listening(workers[0], SLOT));
	pass(5);
	struct asked b = take();

	assert_true(worker_listens(workers[0], SLOT));
	reply(&a, 7);
	expect(d, 1, TERN_RCODE_NOERROR, 7);
	reply(&b, 8);
	expect(d, 2, TERN_RCODE_NOERROR, 8);
	/* Then the slot is free for another. */
	leap_ms(LISTENER_LINGER_MS + 100);
	pass(5);
	assert_false(worker_listens(workers[0], SLOT));
	assert_null(workers[0]->listeners[SLOT].batch);
	close(d);
	open_more();
	start_more();
	d = client_of(more.udp);
	ask(d, 3, "www.test.");
	expect(d, 3, TERN_RCODE_NOERROR, 7);
	close(d);
}

/* Connections that wait to be accepted when it goes were made in time. */
static void who_has_connected_is_served(void **state)
{
	struct address at;
	int waiting[3];

	(void)state;
	open_more();
	start_more();
	put_answer(1);
	at = local_address(more.tcp);
	for (unsigned i = 0; i < 3; i++) {
		waiting[i] = connected(SOCK_STREAM, &at);
		ask_tcp(waiting[i], (uint16_t)i, "name1.example.");
	}
	listen_close(workers[0], SLOT);
	assert_int_equal(workers[0]->client_shares.taken_n, 3);
	for (unsigned i = 0; i < 3; i++) {
		expect_tcp(waiting[i], (uint16_t)i, TERN_RCODE_NOERROR, 1);
		close(waiting[i]);
	}
}

/* What others have as well waits for them. */
static void who_has_connected_where_others_listen_is_theirs(void **state)
{
	struct address at;
	int waiting, d;

	(void)state;
	more = listen_somewhere();
	int udp = dup(more.udp), tcp = dup(more.tcp);

	more.shared = true;
	assert_true(listen_open(workers[0], SLOT, &more));
	assert_true(listen_start(workers[0], SLOT));
	at = local_address(more.tcp);
	d = client_of(more.udp);
	waiting = connected(SOCK_STREAM, &at);
	ask(d, 1, "www.test.");
	listen_close(workers[0], SLOT);
	pass(5);
	assert_int_equal(workers[0]->client_shares.taken_n, 0);
	assert_int_equal(counted(&tally()->queries_udp), 0);
	assert_true(is_readable(udp, 0));
	assert_true(is_readable(tcp, 0));
	close(waiting);
	close(d);
	close(udp);
	close(tcp);
}

/* Between the events of a busy turn nothing but plain DNS is read: by QUIC it would be taken for
 * it. */
static void the_look_in_between_is_for_plain_DNS(void **state)
{
	int d;

	(void)state;
	more = listen_somewhere();
	close(more.tcp);
	more.tcp = -1;
	more.at.transport = TRANSPORT_QUIC;
	assert_true(listen_open(workers[0], SLOT, &more));
	assert_true(listen_start(workers[0], SLOT));
	d = client_of(more.udp);
	ask(d, 1, "www.test.");
	assert_true(is_readable(more.udp, PATIENCE_MS));
	listen_serve_datagrams(&workers[0]->loop);
	assert_true(is_readable(more.udp, 0));
	assert_int_equal(counted(&tally()->queries_udp), 0);
	close(d);
}

/* While accepting pauses for want of descriptors it may be closed, and opened anew. */
static void one_that_pauses_goes_as_others_do(void **state)
{
	struct listener *l = &workers[0]->listeners[SLOT];

	(void)state;
	open_more();
	start_more();
	l->accept_paused = true;
	loop_remove(&workers[0]->loop, &l->tcp_watch);
	listen_close(workers[0], SLOT);
	assert_false(l->accept_paused);
	tcp_resume_accepting(&workers[0]->accept_timer);
	assert_int_equal(l->tcp_watch.fd, -1);
	assert_false(timer_is_set(&workers[0]->accept_timer));
	/* Opened again while it lingers it is the new one from then on. */
	assert_true(timer_is_set(&l->linger));
	more = listen_somewhere();
	assert_true(worker_listen(workers[0], SLOT, &more));
	start_more();
	assert_false(timer_is_set(&l->linger));
	int d = client_of(more.udp);

	put_answer(1);
	ask(d, 1, "name1.example.");
	expect(d, 1, TERN_RCODE_NOERROR, 1);
	leap_ms(LISTENER_LINGER_MS + 100);
	pass(5);
	ask(d, 2, "name1.example.");
	expect(d, 2, TERN_RCODE_NOERROR, 1);
	close(d);
}

/* Another worker has the port, too; what this one has taken it answers, whenever that is. */
static void one_that_rests_takes_no_more_but_answers(void **state)
{
	struct address at;
	char nothing[4];
	int d, t;

	(void)state;
	open_more();
	start_more();
	at = local_address(more.tcp);
	d = client_of(more.udp);
	ask(d, 1, "www.test.");
	struct asked a = take();

	t = connected(SOCK_STREAM, &at);
	ask(d, 2, "ww2.test.");
	assert_true(worker_rest(workers[0], SLOT));
	pass(5);
	struct asked b = take();

	/* Connections are still accepted, and served. */
	ask_tcp(t, 3, "www.test.");
	pass(5);
	reply(&a, 7);
	expect(d, 1, TERN_RCODE_NOERROR, 7);
	expect_tcp(t, 3, TERN_RCODE_NOERROR, 7);
	reply(&b, 8);
	expect(d, 2, TERN_RCODE_NOERROR, 8);
	leap_ms(LISTENER_LINGER_MS + 100);
	pass(5);
	assert_true(worker_listens(workers[0], SLOT));
	ask(d, 4, "www.test.");
	pass(5);
	/* Nobody else listens there. */
	assert_int_equal(recv(d, nothing, sizeof nothing, MSG_DONTWAIT), -1);
	assert_true(worker_stop_accepting(workers[0], SLOT));
	pass(5);
	assert_int_equal(workers[0]->listeners[SLOT].tcp_watch.fd, -1);
	/* It comes back. */
	more = listen_somewhere();
	assert_true(worker_listen(workers[0], SLOT, &more));
	start_more();
	close(d);
	d = client_of(more.udp);
	ask(d, 5, "www.test.");
	expect(d, 5, TERN_RCODE_NOERROR, 7);
	/* Its address goes while it rests. */
	assert_true(worker_rest(workers[0], SLOT));
	assert_true(worker_stop_accepting(workers[0], SLOT));
	assert_true(worker_stop_listening(workers[0], SLOT));
	pass(5);
	leap_ms(LISTENER_LINGER_MS + 100);
	pass(5);
	assert_false(worker_listens(workers[0], SLOT));
	close(t);
	close(d);
}

static void orders_out_of_turn_do_no_harm(void **state)
{
	(void)state;
	assert_true(worker_start_listening(workers[0], SLOT));
	assert_true(worker_stop_listening(workers[0], SLOT));
	pass(5);
	assert_false(worker_listens(workers[0], SLOT));
	open_more();
	/* Closed before it was started, and twice. */
	assert_true(worker_stop_listening(workers[0], SLOT));
	assert_true(worker_stop_listening(workers[0], SLOT));
	pass(5);
	leap_ms(LISTENER_LINGER_MS + 100);
	pass(5);
	assert_false(worker_listens(workers[0], SLOT));
	ask(c, 1, "www.test.");
	struct asked a = take();

	reply(&a, 7);
	expect(c, 1, TERN_RCODE_NOERROR, 7);
}

/* A letter that nobody reads any more closes what it brings. */
static void unread_letters_close_their_sockets(void **state)
{
	(void)state;
	more = listen_somewhere();
	assert_true(worker_listen(workers[0], SLOT, &more));
	mail_finish_all(workers[0]);
	assert_int_equal(fcntl(more.udp, F_GETFD), -1);
	assert_int_equal(fcntl(more.tcp, F_GETFD), -1);
}

/* The next rule set has the place of the one before here, as it may have where that was freed. */
static void options_are_those_of_the_rules_in_force(void **state)
{
	struct listen_options first = {.at = more.at}, second = first;

	(void)state;
	open_more();
	first.at = second.at = more.at;
	assert_null(workers[0]->listeners[SLOT].options);
	for (unsigned i = 0; i < 4; i++) {
		rules.listen = i % 2 ? &first : &second;
		rules.listen_n = 1;
		rules.generation++;
		take_rules(workers[0]);
		assert_ptr_equal(workers[0]->listeners[SLOT].options, rules.listen);
	}
	rules.listen_n = 0;
	rules.generation++;
	take_rules(workers[0]);
	assert_null(workers[0]->listeners[SLOT].options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_that_comes_is_served),
		TEST(one_that_goes_owes_its_answers),
		TEST(who_has_connected_is_served),
		TEST(who_has_connected_where_others_listen_is_theirs),
		TEST(the_look_in_between_is_for_plain_DNS),
		TEST(one_that_pauses_goes_as_others_do),
		TEST(one_that_rests_takes_no_more_but_answers),
		TEST(orders_out_of_turn_do_no_harm),
		TEST(unread_letters_close_their_sockets),
		TEST(options_are_those_of_the_rules_in_force),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

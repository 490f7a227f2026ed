/*
 * tcp_test.c - whose connections there is a place for, and for how long: connections
 * of clients anywhere, made of pairs of sockets.
 */
#include "worker/tcp.c"

#include "talk.h"

#include <sys/resource.h>

#define FDS_MAX 64

static struct prefix anybody[2];
static int fds[FDS_MAX]; /* the clients' ends */
static unsigned fds_n;
static struct worker *w;

static int open_clients(void **state)
{
	open_one(state);
	w = workers[0];
	assert_true(prefix_from_text("0.0.0.0/0", &anybody[0]));
	assert_true(prefix_from_text("::/0", &anybody[1]));
	rules.access = (struct access_list){.allow = anybody, .allow_n = 2};
	fds_n = 0;
	return 0;
}

static int close_clients(void **state)
{
	for (unsigned i = 0; i < fds_n; i++)
		close(fds[i]);
	return close_checked(state);
}

/** A connection of the client at @p text; NULL when it was not let in. */
static struct tcp_client *let_in(const char *text)
{
	struct address at = address(text);
	uint64_t accepted = counted(&tally()->tcp_accepted);
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	assert_true(fds_n < FDS_MAX);
	fds[fds_n++] = ends[0];
	serve_connection(w, ends[1], &at, 0);
	if (counted(&tally()->tcp_accepted) == accepted)
		return NULL;
	return cds_list_entry(w->clients_idle.prev, struct tcp_client, node);
}

static bool is_let_in(const char *text)
{
	return let_in(text) != NULL;
}

static unsigned places(void)
{
	return w->client_shares.taken_n;
}

static bool is_open(const struct tcp_client *client, uint32_t serial)
{
	return client->serial == serial && !client->stream.closed;
}

/** It is owed an answer. */
static void settle(struct tcp_client *client, uint32_t serial)
{
	const struct route_back back = {.tcp_client = client, .tcp_serial = serial};

	tcp_settle(&back);
}

static void owe(struct tcp_client *client)
{
	client->stream.owed++;
	move_client(client);
}

/* --- how many ------------------------------------------------------------------------------- */

static void one_host_has_a_few(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TCP_PER_CLIENT_MAX; i++) {
		struct tcp_client *client = let_in("192.0.2.1@1000");

		assert_non_null(client);
		if (i % 2)
			owe(client); /* busy or idle, all count */
	}
	assert_false(is_let_in("192.0.2.1@1001"));
	assert_int_equal(counted(&tally()->tcp_refused), 1);
	/* Its closed end says so. */
	uint8_t octet;

	assert_int_equal(recv(fds[fds_n - 1], &octet, 1, 0), 0);
	/* Its neighbour is somebody else, though of the same network. */
	assert_true(is_let_in("192.0.2.2@1000"));
	assert_false(is_let_in("192.0.2.1@1002"));
	close_client(cds_list_first_entry(&w->clients_idle, struct tcp_client, node));
	assert_true(is_let_in("192.0.2.1@1003"));
	assert_int_equal(places(), TCP_PER_CLIENT_MAX + 1);
}

/* One host has as many addresses as it likes. */
static void one_network_of_ipv6_is_one_host(void **state)
{
	char text[40];

	(void)state;
	for (unsigned i = 0; i < TCP_PER_CLIENT_MAX; i++) {
		snprintf(text, sizeof text, "2001:db8:0:1:%x::1@1000", i + 1);
		assert_true(is_let_in(text));
	}
	assert_false(is_let_in("2001:db8:0:1:77::1@1000"));
	assert_true(is_let_in("2001:db8:0:2::1@1000"));
}

/* Every program of this host is at the loopback. */
static void the_loopback_has_no_limit_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TCP_PER_CLIENT_MAX + 8; i++)
		assert_true(is_let_in("127.0.0.1@1000"));
	assert_int_equal(counted(&tally()->tcp_refused), 0);
}

/* --- who gives way -----------------------------------------------------------------------------
 */

static void who_holds_most_gives_way(void **state)
{
	struct tcp_client *few = let_in("192.0.2.1@1000");
	struct tcp_client *many[3];
	uint32_t few_serial = few->serial, serials[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		many[i] = let_in("198.51.100.1@1000");
		serials[i] = many[i]->serial;
	}
	w->client_shares.max = 4;
	assert_true(is_let_in("203.0.113.1@1000"));
	/* The longest idle of them. */
	assert_false(is_open(many[0], serials[0]));
	assert_true(is_open(few, few_serial));
	assert_int_equal(places(), 4);
	assert_int_equal(counted(&tally()->tcp_refused), 1);
	/* Answers on their way are waited for, and those that are owed. */
	struct tcp_client *second = many[1], *third = many[2];

	second->stream.unsent = (struct stream_chunk *)(uintptr_t)8;
	assert_true(is_let_in("203.0.113.2@1000"));
	assert_true(is_open(second, serials[1]));
	assert_false(is_open(third, serials[2]));
	second->stream.unsent = NULL;
	/* One that was passed over for that is idle again once it has asked again. */
	struct tcp_client *newer = let_in("198.51.100.1@1000");

	assert_non_null(newer);
	assert_true(is_open(second, serials[1]));
	move_client(second);
	owe(newer);
	assert_true(is_let_in("203.0.113.3@1000"));
	assert_false(is_open(second, serials[1]));
	w->client_shares.max = TCP_CLIENTS_MAX;
}

/* Nobody gives way to one that has more already. */
static void nobody_gives_way_to_the_greedy(void **state)
{
	struct tcp_client *few = let_in("192.0.2.1@1000"), *client;
	uint32_t serial = few->serial;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		client = let_in("198.51.100.1@1000");
		assert_non_null(client);
		owe(client);
	}
	w->client_shares.max = 3;
	assert_false(is_let_in("198.51.100.1@1001"));
	assert_true(is_open(few, serial));
	/* With as many it is fair. */
	client = let_in("192.0.2.1@1001");
	assert_non_null(client);
	assert_false(is_open(few, serial));
	assert_int_equal(places(), 3);
	owe(client);
	assert_false(is_let_in("203.0.113.1@1000")); /* all are owed an answer */
	assert_int_equal(counted(&tally()->tcp_refused), 3);
	w->client_shares.max = TCP_CLIENTS_MAX;
}

/* Those that are owed an answer stay until they have it; nobody new comes in before. */
static void the_idle_leave_when_places_become_fewer(void **state)
{
	struct tcp_client *owed = let_in("192.0.2.1@1000"), *idle[3];
	uint32_t owed_serial = owed->serial, last;

	(void)state;
	owe(owed);
	for (unsigned i = 0; i < 3; i++)
		idle[i] = let_in("198.51.100.1@1000");
	last = idle[2]->serial;
	w->client_shares.max = 2;
	assert_false(is_let_in("203.0.113.1@1000"));
	assert_int_equal(places(), 4);
	tcp_heed_limit(w);
	assert_int_equal(places(), 2);
	assert_true(is_open(owed, owed_serial));
	assert_true(is_open(idle[2], last));
	w->client_shares.max = 0;
	tcp_heed_limit(w);
	assert_int_equal(places(), 1);
	assert_true(is_open(owed, owed_serial));
	w->client_shares.max = TCP_CLIENTS_MAX;
}

/* Those of one listener go with it, when they have what is on its way or owed. */
static void a_listener_takes_its_connections_along(void **state)
{
	struct tcp_client *idle = let_in("192.0.2.1@1000"), *sending = let_in("192.0.2.2@1000"),
			  *owed = let_in("192.0.2.3@1000"), *others = let_in("192.0.2.4@1000"),
			  *other_owed = let_in("192.0.2.5@1000");
	uint32_t idle_serial = idle->serial;

	(void)state;
	owe(owed);
	owe(other_owed);
	others->listener = other_owed->listener = 1;
	sending->stream.unsent = (struct stream_chunk *)(uintptr_t)8;
	tcp_leave(w, 0);
	sending->stream.unsent = NULL;
	assert_false(is_open(idle, idle_serial));
	assert_int_equal(places(), 4);
	assert_true(sending->stream.read_end);
	assert_true(owed->stream.read_end);
	assert_false(others->stream.read_end);
	assert_false(other_owed->stream.read_end);
}

/* Without a place in memory, and what the loop does not take, is closed and leaves nothing. */
static void one_that_can_not_be_kept_is_closed(void **state)
{
	struct address at = address("192.0.2.1@1000");
	int file = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	serve_connection(w, file, &at, 0);
	assert_int_equal(fcntl(file, F_GETFD), -1);
	assert_int_equal(places(), 0);
	assert_int_equal(w->tcp_clients.taken_n, 0);
	assert_int_equal(counted(&tally()->tcp_accepted), 0);
	assert_true(is_let_in("192.0.2.1@1000"));
	w->tcp_clients.max = w->tcp_clients.fresh;
	assert_false(is_let_in("192.0.2.1@1001"));
	assert_int_equal(places(), 1);
	w->tcp_clients.max = TCP_CLIENTS_MAX;
}

/* It asks on and takes no answers. */
static void one_that_takes_too_little_is_closed(void **state)
{
	struct tcp_client *client = let_in("192.0.2.1@1000");
	uint8_t query[QUERY_MAX];
	struct tern_builder b = begin_query(query, 1, "name1.example.");
	size_t len = tern_builder_finish(&b);

	(void)state;
	put_answer(1);
	assert_true(on_message(&client->stream, query, len));
	assert_int_equal(client->stream.owed, 0);
	client->stream.unsent_octets = STREAM_UNSENT_MAX;
	assert_false(on_message(&client->stream, query, len));
	assert_int_equal(places(), 0);
}

/* --- how long
 * ------------------------------------------------------------------------------------- */

static void when_places_are_few_the_idle_leave_sooner(void **state)
{
	char text[40];

	(void)state;
	w->client_shares.max = 16;
	for (unsigned i = 1; i <= 13; i++) {
		snprintf(text, sizeof text, "10.0.0.%u@1000", i);
		struct tcp_client *client = let_in(text);

		assert_non_null(client);
		assert_int_equal(client->stream.idle_ms, i <= 12 ? 10000 : TCP_IDLE_BUSY_MS);
	}
	/* But not later. */
	rules.serve.tcp_idle_ms = 1500;
	assert_int_equal(let_in("10.0.1.1@1000")->stream.idle_ms, 1500);
	w->client_shares.max = TCP_CLIENTS_MAX;
}

/* --- answers that are owed
 * ------------------------------------------------------------------------ */

static void the_last_answer_closes_a_half_closed_one(void **state)
{
	struct tcp_client *client = let_in("192.0.2.1@1000");
	uint32_t serial = client->serial;

	(void)state;
	owe(client);
	owe(client);
	client->stream.read_end = true;
	settle(client, serial + 1); /* of one that was here before */
	assert_int_equal(client->stream.owed, 2);
	settle(client, serial);
	assert_true(is_open(client, serial));
	assert_false(cds_list_empty(&w->clients_owed));
	settle(client, serial);
	assert_false(is_open(client, serial));
	/* One that is still there is idle then. */
	client = let_in("192.0.2.1@1000");
	serial = client->serial;
	owe(client);
	settle(client, serial);
	assert_true(is_open(client, serial));
	assert_true(cds_list_empty(&w->clients_owed));
	settle(client, serial); /* nothing is owed any more */
	assert_int_equal(client->stream.owed, 0);
}

static void it_is_read_again_when_half_is_answered(void **state)
{
	struct tcp_client *client = let_in("192.0.2.1@1000");

	(void)state;
	for (unsigned i = 0; i < TCP_IN_FLIGHT_MAX; i++)
		owe(client);
	stream_pause(&client->stream);
	for (unsigned i = 0; i < TCP_IN_FLIGHT_MAX / 2; i++) {
		assert_true(client->stream.owner_paused);
		settle(client, client->serial);
	}
	assert_true(client->stream.owner_paused);
	settle(client, client->serial);
	assert_false(client->stream.owner_paused);
}

/* --- accepting
 * --------------------------------------------------------------------------------------- */

static void an_accepted_socket_is_ours_alone(void **state)
{
	int fd = tcp_client_of(0);

	(void)state;
	pass(5);
	const struct tcp_client *client =
		cds_list_first_entry(&w->clients_idle, struct tcp_client, node);

	assert_true(fcntl(client->stream.watch.fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(client->stream.watch.fd, F_GETFL) & O_NONBLOCK);
	struct address theirs = local_address(fd);

	assert_true(address_equal(&theirs, &client->address));
	close(fd);
}

/* Without descriptors accepting would spin; they who wait are served when there are some. */
static void without_descriptors_accepting_pauses(void **state)
{
	int fd = tcp_client_of(0), lowest = dup(fd);
	struct rlimit before, none;

	(void)state;
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)lowest;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (unsigned i = 0; i < PATIENCE_MS && !w->listeners[0].accept_paused; i++)
		pass(1);
	assert_true(w->listeners[0].accept_paused);
	assert_int_equal(places(), 0);
	/* So it stays while there are none, and is tried again. */
	timer_cancel(&w->loop.wheel, &w->accept_timer);
	tcp_resume_accepting(&w->accept_timer);
	pass(5);
	assert_true(w->listeners[0].accept_paused);
	assert_true(timer_is_set(&w->accept_timer));
	/* The listener that was never paused stays as it is, whenever the time comes. */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (unsigned i = 0; i < PATIENCE_MS && places() == 0; i++)
		pass(1);
	assert_int_equal(places(), 1);
	assert_false(w->listeners[0].accept_paused);
	tcp_resume_accepting(&w->accept_timer);
	assert_false(w->listeners[0].accept_paused);
	assert_false(timer_is_set(&w->accept_timer));
	close(fd);
}

int main(void)
{
#define CLIENTS(f) cmocka_unit_test_setup_teardown(f, open_clients, close_clients)
	const struct CMUnitTest tests[] = {
		CLIENTS(one_host_has_a_few),
		CLIENTS(one_network_of_ipv6_is_one_host),
		CLIENTS(the_loopback_has_no_limit_of_its_own),
		CLIENTS(who_holds_most_gives_way),
		CLIENTS(nobody_gives_way_to_the_greedy),
		CLIENTS(the_idle_leave_when_places_become_fewer),
		CLIENTS(a_listener_takes_its_connections_along),
		CLIENTS(one_that_can_not_be_kept_is_closed),
		CLIENTS(one_that_takes_too_little_is_closed),
		CLIENTS(when_places_are_few_the_idle_leave_sooner),
		CLIENTS(the_last_answer_closes_a_half_closed_one),
		CLIENTS(it_is_read_again_when_half_is_answered),
		CLIENTS(an_accepted_socket_is_ours_alone),
		CLIENTS(without_descriptors_accepting_pauses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

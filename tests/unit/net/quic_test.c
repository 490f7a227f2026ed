/*
 * quic_test.c - QUIC below streams: both ends in one loop, addresses that show themselves, sessions
 * resumed, clients that move, datagrams that come in elsewhere, and places that there are not.
 */
#include "tls_pair.h"

#include "net/quic_private.h"

#define ENDS 80

/* --- a server of two workers, and what it is asked for ------------------------------------- */

static struct random randomness;
static struct quic_secret secret;
static struct quic_front fronts[2], front_upstream;
static struct udp_batch *batch;
static struct watch udp_watch;
static struct end servers[ENDS], clients[ENDS];
static unsigned servers_n, forwarded, moves;
static bool no_place, no_service, elsewhere, holds;
static struct address client_at;
static struct quic_memory memory;
static char why[TLS_WHY_MAX];

static struct stream *give_place(void *context, const struct address *client, uint8_t listener,
				 uint32_t *idle_ms)
{
	(void)context;
	assert_int_equal(listener, 7);
	client_at = *client;
	if (no_place)
		return NULL;
	assert_true(servers_n < ENDS);
	struct end *e = &servers[servers_n++];

	begin_end(e);
	e->echoes = !holds;
	*idle_ms = IDLE_MS;
	return &e->stream;
}

static void take_back(void *context, struct stream *s)
{
	(void)context;
	assert_ptr_equal(s, &servers[servers_n - 1].stream);
	servers_n--;
}

static bool note_move(void *context, struct stream *s, const struct address *client)
{
	(void)context;
	(void)s;
	moves += !address_equal(client, &client_at);
	client_at = *client;
	return true;
}

static struct tls_service *give_service(void *context)
{
	(void)context;
	return no_service ? NULL : service;
}

static uint8_t *give_buffer(void *context, uint8_t listener)
{
	(void)context;
	assert_int_equal(listener, 7);
	return udp_answer_buffer(batch);
}

static void send_datagram(void *context, uint8_t listener, size_t len, const struct udp_peer *to)
{
	(void)context;
	(void)listener;
	udp_answer(batch, len, to);
}

static void forward(void *context, unsigned index, const struct quic_arrival *a)
{
	(void)context;
	assert_in_range(index, 0, 1);
	forwarded++;
	quic_receive(&fronts[index], a);
}

static const struct quic_owner owner = {
	.accept = give_place,
	.give_back = take_back,
	.moved = note_move,
	.service = give_service,
	.buffer = give_buffer,
	.send = send_datagram,
	.forward = forward,
};

static void on_datagrams(struct watch *watch, uint32_t events)
{
	unsigned n = udp_receive(batch);

	(void)watch;
	(void)events;
	for (unsigned i = 0; i < n; i++) {
		struct datagram d = udp_received(batch, i);
		struct quic_arrival a = {
			.octets = d.octets, .len = d.len, .peer = d.peer, .listener = 7};

		quic_receive(&fronts[elsewhere], &a);
	}
}

static void flush(void)
{
	for (unsigned i = 0; i < 2; i++)
		quic_flush(&fronts[i]);
	quic_flush(&front_upstream);
	udp_flush(batch);
}

static int set_up_quic(void **state)
{
	struct address at = address("127.0.0.1@0");
	bool wildcard;

	set_up(state);
	random_init(&randomness);
	quic_secret_draw(&secret, &randomness);
	for (unsigned i = 0; i < 2; i++)
		quic_front_init(&fronts[i], &owner, NULL, &loop, &turns, &secret, &randomness, i);
	quic_front_init(&front_upstream, NULL, NULL, &loop, &turns_upstream, &secret, &randomness,
			0);
	udp_watch = (struct watch){udp_listen(&at, &wildcard), on_datagrams};
	assert_true(udp_watch.fd >= 0);
	batch = udp_batch_create(udp_watch.fd, false);
	assert_non_null(batch);
	assert_true(loop_add(&loop, &udp_watch, EPOLLIN));
	servers_n = forwarded = moves = 0;
	no_place = no_service = elsewhere = holds = false;
	return 0;
}

static int tear_down_quic(void **state)
{
	assert_int_equal(fronts[0].opening_n, 0);
	assert_int_equal(fronts[1].opening_n, 0);
	assert_int_equal(front_upstream.opening_n, 0);
	for (unsigned i = 0; i < 2; i++)
		quic_front_end(&fronts[i]);
	loop_remove(&loop, &udp_watch);
	close(udp_watch.fd);
	udp_batch_destroy(batch);
	quic_memory_forget(&memory);
	return tear_down(state);
}

#define UNTIL(condition)                                                                           \
	do {                                                                                       \
		unsigned turns_left_ = 1500;                                                       \
		while (!(condition)) {                                                             \
			assert_true(turns_left_-- > 0);                                            \
			turn();                                                                    \
			flush();                                                                   \
		}                                                                                  \
	} while (0)

static void ask_name(struct end *e, const char *name)
{
	struct address at = local_address(udp_watch.fd);
	struct tls_identity identity = {.pins_n = 0};
	struct tls_peer *peer;

	strcpy(identity.name, name);
	peer = tls_peer_create(trust, &identity);
	assert_non_null(peer);
	begin_end(e);
	assert_true(quic_ask(&front_upstream, &e->stream, &at,
			     &(struct quic_asking){.peer = peer, .memory = &memory, .why = why},
			     IDLE_MS));
	tls_peer_release(peer);
}

static void say(struct end *e, uint8_t id)
{
	const uint8_t message[] = {0x55, id, 'h', 'e', 'l', 'l', 'o'};

	assert_true(stream_send(&e->stream, 0, message, sizeof message));
}

static void finish(void)
{
	for (unsigned i = 0; i < ENDS; i++) {
		if (clients[i].stream.loop)
			finish_end(&clients[i]);
	}
	flush();
	for (unsigned i = 0; i < servers_n; i++) {
		UNTIL(servers[i].ended >= 0 || servers[i].stream.closed);
		finish_end(&servers[i]);
	}
	memset(clients, 0, sizeof clients);
}

/* --- messages --------------------------------------------------------------------------------- */

static void messages_pass(void **state)
{
	(void)state;
	ask_name(&clients[0], SERVER_NAME);
	say(&clients[0], 1);
	UNTIL(clients[0].messages == 1);
	assert_int_equal(clients[0].last_len, 7);
	/* With the ID of its query, which the server was not told. */
	assert_memory_equal(clients[0].last, "\x55\1hello", 7);
	assert_memory_equal(servers[0].last, "\0\0hello", 7);
	for (uint8_t i = 2; i < 200; i++)
		say(&clients[0], i);
	UNTIL(clients[0].messages == 199);
	assert_int_equal(turns.handshakes, 1);
	assert_true(quic_is(&clients[0].stream) && quic_is(&servers[0].stream));
	finish();
}

static void large_messages_both_ways(void **state)
{
	static uint8_t large[65535];

	(void)state;
	for (size_t i = 0; i < sizeof large; i++)
		large[i] = (uint8_t)(i * 7 + i / 251);
	ask_name(&clients[0], SERVER_NAME);
	for (unsigned i = 0; i < 3; i++)
		assert_true(stream_send(&clients[0].stream, 0, large, sizeof large));
	UNTIL(clients[0].messages == 3);
	assert_int_equal(clients[0].last_len, sizeof large);
	assert_memory_equal(clients[0].last, large, sizeof large);
	finish();
}

static void answers_in_any_order(void **state)
{
	uint32_t tags[3];

	(void)state;
	holds = true;
	ask_name(&clients[0], SERVER_NAME);
	for (uint8_t i = 0; i < 3; i++) {
		say(&clients[0], i);
		UNTIL(servers[0].messages == i + 1u);
		tags[i] = servers[0].stream.tag;
	}
	for (unsigned i = 3; i-- > 0;) {
		assert_true(
			stream_send(&servers[0].stream, tags[i], (const uint8_t *)"\0\0answer", 8));
		stream_settle(&servers[0].stream, tags[i]);
		UNTIL(clients[0].messages == 3 - i);
		assert_int_equal(clients[0].last[1], i);
	}
	finish();
}

/* What was settled without an answer leaves its place to others. */
static void silence_is_told(void **state)
{
	(void)state;
	holds = true;
	ask_name(&clients[0], SERVER_NAME);
	for (unsigned i = 0; i < 3 * QUIC_STREAMS_MAX; i++) {
		say(&clients[0], (uint8_t)i);
		UNTIL(servers[0].messages == i + 1);
		stream_settle(&servers[0].stream, servers[0].stream.tag);
	}
	assert_int_equal(clients[0].messages, 0);
	finish();
}

/* --- handshakes --------------------------------------------------------------------------------
 */

static void sessions_are_resumed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		ask_name(&clients[0], SERVER_NAME);
		say(&clients[0], 1);
		UNTIL(clients[0].messages == 1 && memory.ticket.len > 0 && memory.token.len > 0);
		finish();
		servers_n = 0;
		assert_int_equal(turns.resumed, i);
	}
}

static void whoever_is_somebody_else_gets_nothing(void **state)
{
	(void)state;
	ask_name(&clients[0], "other.test");
	say(&clients[0], 1);
	UNTIL(clients[0].ended >= 0);
	assert_non_null(strstr(why, "other.test"));
	UNTIL(servers[0].ended >= 0);
	assert_int_equal(servers[0].messages, 0);
	finish();
}

static void addresses_show_themselves_when_many_begin(void **state)
{
	(void)state;
	fronts[0].opening_n = QUIC_OPENING_MAX;
	ask_name(&clients[0], SERVER_NAME);
	say(&clients[0], 1);
	UNTIL(clients[0].messages == 1);
	assert_int_equal(fronts[0].retries, 1);
	finish();
	/* One that was here before is known by its token, from whichever port. */
	UNTIL(memory.token.len > 0);
	servers_n = 0;
	ask_name(&clients[0], SERVER_NAME);
	say(&clients[0], 1);
	UNTIL(clients[0].messages == 1);
	fronts[0].opening_n -= QUIC_OPENING_MAX;
	finish();
}

/* Handshakes have their part of the time only; nobody who asks again is turned away. */
static void time_for_handshakes_comes_again(void **state)
{
	(void)state;
	turns.left_ns = -(int64_t)NS_PER_MS * 20;
	ask_name(&clients[0], SERVER_NAME);
	say(&clients[0], 1);
	UNTIL(clients[0].messages == 1);
	assert_true(fronts[0].retries + fronts[0].refused > 0);
	finish();
}

static void there_may_be_no_place(void **state)
{
	(void)state;
	no_place = true;
	ask_name(&clients[0], SERVER_NAME);
	say(&clients[0], 1);
	UNTIL(fronts[0].refused > 0);
	no_place = false;
	no_service = true;
	UNTIL(fronts[0].refused > 1);
	no_service = false;
	UNTIL(clients[0].messages == 1);
	finish();
}

/* --- other ways --------------------------------------------------------------------------------
 */

/* A NAT gives it another port; the kernel gives what comes from there to another worker. */
static void move(struct end *e)
{
	struct address at = local_address(udp_watch.fd);
	struct quic_connection *c = e->stream.framing_state;
	int other = connected(SOCK_DGRAM | SOCK_NONBLOCK, &at);

	loop_remove(&loop, &c->watch);
	assert_int_equal(dup2(other, c->watch.fd), c->watch.fd);
	assert_true(loop_add(&loop, &c->watch, EPOLLIN));
	close(other);
	elsewhere = true;
}

static void a_client_moves(void **state)
{
	(void)state;
	ask_name(&clients[0], SERVER_NAME);
	say(&clients[0], 1);
	UNTIL(clients[0].messages == 1);
	move(&clients[0]);
	for (uint8_t i = 2; i < 5; i++) {
		say(&clients[0], i);
		UNTIL(clients[0].messages == i);
	}
	assert_true(forwarded > 0);
	UNTIL(moves == 1);
	assert_int_equal(servers[0].messages, 4);
	assert_int_equal(servers_n, 1);
	finish();
}

static void an_end_is_heard_of(void **state)
{
	(void)state;
	ask_name(&clients[0], SERVER_NAME);
	say(&clients[0], 1);
	UNTIL(clients[0].messages == 1);
	stream_close(&servers[0].stream);
	flush();
	UNTIL(clients[0].ended >= 0);
	assert_int_equal(clients[0].ended, STREAM_CLOSED_BY_PEER);
	finish();
}

static void an_owner_closes_while_it_reads(void **state)
{
	(void)state;
	ask_name(&clients[0], SERVER_NAME);
	holds = true;
	say(&clients[0], 1);
	UNTIL(servers_n == 1);
	servers[0].closes = &servers[0];
	UNTIL(clients[0].ended >= 0);
	assert_int_equal(servers[0].messages, 1);
	finish();
}

static void many_connections(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ENDS; i++) {
		ask_name(&clients[i], SERVER_NAME);
		say(&clients[i], (uint8_t)i);
	}
	for (unsigned i = 0; i < ENDS; i++)
		UNTIL(clients[i].messages == 1);
	assert_int_equal(servers_n, ENDS);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(messages_pass, set_up_quic, tear_down_quic),
		cmocka_unit_test_setup_teardown(large_messages_both_ways, set_up_quic,
						tear_down_quic),
		cmocka_unit_test_setup_teardown(answers_in_any_order, set_up_quic, tear_down_quic),
		cmocka_unit_test_setup_teardown(silence_is_told, set_up_quic, tear_down_quic),
		cmocka_unit_test_setup_teardown(sessions_are_resumed, set_up_quic, tear_down_quic),
		cmocka_unit_test_setup_teardown(whoever_is_somebody_else_gets_nothing, set_up_quic,
						tear_down_quic),
		cmocka_unit_test_setup_teardown(addresses_show_themselves_when_many_begin,
						set_up_quic, tear_down_quic),
		cmocka_unit_test_setup_teardown(time_for_handshakes_comes_again, set_up_quic,
						tear_down_quic),
		cmocka_unit_test_setup_teardown(there_may_be_no_place, set_up_quic, tear_down_quic),
		cmocka_unit_test_setup_teardown(a_client_moves, set_up_quic, tear_down_quic),
		cmocka_unit_test_setup_teardown(an_end_is_heard_of, set_up_quic, tear_down_quic),
		cmocka_unit_test_setup_teardown(an_owner_closes_while_it_reads, set_up_quic,
						tear_down_quic),
		cmocka_unit_test_setup_teardown(many_connections, set_up_quic, tear_down_quic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

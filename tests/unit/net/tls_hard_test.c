/* tls_hard_test.c - clients of TLS that cut, flood, stop reading and say what nobody expects. */
#include "tls_pair.h"

#define NORMAL "NORMAL"
#define TLS12  "NORMAL:-VERS-ALL:+VERS-TLS1.2"

static struct end server;
static struct raw raw;

static void connect_both(const char *priorities, int buffer)
{
	begin_raw(&raw, priorities, buffer);
	accept_end(&server, IDLE_MS, buffer);
	TURN_UNTIL(shake_raw(&raw));
	TURN_UNTIL(turns.handshakes == 1);
}

static void finish_both(void)
{
	finish_end(&server);
	end_raw(&raw);
}

/* A server warns before it says hello, as some do for a name that they don't know. */
static void a_warning_amid_the_handshake(void **state)
{
	static const uint8_t warning[] = {21, 3, 3, 0, 2, 1, 112};
	struct address at = local_address(listen_fd);
	const struct tls_identity identity = {.name = SERVER_NAME};
	struct tls_peer *peer = tls_peer_create(trust, &identity);
	struct tls_ticket ticket = {0};
	char why[TLS_WHY_MAX];
	struct end client;
	bool done = false;

	(void)state;
	assert_non_null(peer);
	begin_end(&client);
	assert_true(stream_connect(&client.stream, &loop, &at, IDLE_MS));
	assert_true(tls_ask(&client.stream, peer, &turns_upstream, TLS_DOT, &ticket, why));
	tls_peer_release(peer);
	begin_raw_server(&raw, TLS12);
	raw.hold = true;
	push_raw(&raw, warning, sizeof warning);
	for (unsigned i = 0; i < 100 && raw.held_n == sizeof warning; i++) {
		turn();
		(void)shake_raw(&raw);
	}
	let_go(&raw);
	for (unsigned i = 0; i < 100 && !(done = shake_raw(&raw)); i++)
		turn();
	assert_true(done);
	TURN_UNTIL(turns_upstream.handshakes == 1);
	finish_end(&client);
	tls_ticket_forget(&ticket);
	end_raw(&raw);
}

/*
 * Of which the last is always cut: each time octets are taken from the socket more are there. With
 * @p in_row messages in each record.
 */
static void flood_in_records_of(unsigned in_row)
{
	enum { MESSAGES = 6000, LEN = 30 };
	static uint8_t messages[20][2 + LEN];
	int much = 4 << 20;
	unsigned most = 0, before;

	for (unsigned i = 0; i < ARRAY_LEN(messages); i++)
		messages[i][1] = LEN;
	turns.handshakes = 0;
	connect_both(NORMAL, 0);
	(void)setsockopt(server.stream.watch.fd, SOL_SOCKET, SO_RCVBUF, &much, sizeof much);
	raw.hold = true;
	for (unsigned i = 0; i < MESSAGES; i += in_row)
		send_raw(&raw, messages, in_row * sizeof messages[0]);
	for (size_t at = 0; server.messages < MESSAGES;) {
		ssize_t n =
			send(raw.fd, raw.held + at, raw.held_n - at, MSG_DONTWAIT | MSG_NOSIGNAL);

		at += n > 0 ? (size_t)n : 0;
		before = server.messages;
		turn();
		most = MAX(most, server.messages - before);
		assert_int_equal(server.ended, -1);
	}
	assert_true(most <= 400);
	finish_both();
}

static void a_flood_of_records_leaves_time_for_others(void **state)
{
	(void)state;
	flood_in_records_of(1);
	flood_in_records_of(20);
}

/* What stands behind the end is nobody's, and wakes nobody while answers are owed. */
static void octets_behind_the_end_do_not_spin(void **state)
{
	static const char *const priorities[] = {NORMAL, TLS12};
	unsigned events = 0;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		begin_raw(&raw, priorities[i], 0);
		accept_end(&server, IDLE_MS, 0);
		TURN_UNTIL(shake_raw(&raw));
		TURN_UNTIL(turns.handshakes == 1 + i);
		raw.hold = true;
		send_raw(&raw, "\0\1x", 3);
		assert_true(gnutls_bye(raw.session, GNUTLS_SHUT_WR) >= 0);
		raw.held = realloc(raw.held, raw.held_n + 100);
		assert_non_null(raw.held);
		memset(raw.held + raw.held_n, 23, 100);
		raw.held_n += 100;
		server.stream.owed = 1;
		let_go(&raw);
		TURN_UNTIL(server.messages == 1);
		for (unsigned k = 0; k < 10; k++) {
			loop_wait(&loop, 5);
			events += (unsigned)loop.events_n;
			loop_dispatch(&loop);
		}
		assert_int_equal(server.ended, -1);
		assert_true(events <= 2);
		assert_true(stream_send(&server.stream, 0, (const uint8_t *)"y", 1));
		finish_both();
	}
}

static void read_all(uint8_t *to, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = gnutls_record_recv(raw.session, to + at, len - at);

		assert_true(n > 0 || n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
		at += n > 0 ? (size_t)n : 0;
		turn();
	}
}

/* A client that takes short records only (RFC 8449), and lets the socket fill before it reads. */
static void short_records_to_a_slow_reader(void **state)
{
	static uint8_t sent[60000], got[2 + sizeof sent];

	(void)state;
	for (size_t i = 0; i < sizeof sent; i++)
		sent[i] = (uint8_t)(i * 7 + i / 251);
	begin_raw(&raw, NORMAL, 4096);
	assert_int_equal(gnutls_record_set_max_recv_size(raw.session, 512), 0);
	accept_end(&server, IDLE_MS, 4096);
	TURN_UNTIL(shake_raw(&raw));
	TURN_UNTIL(turns.handshakes == 1);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(stream_send(&server.stream, 0, sent, sizeof sent));
		for (unsigned k = 0; k < 3; k++)
			turn();
		read_all(got, 2 + sizeof sent);
		assert_memory_equal(got + 2, sent, sizeof sent);
	}
	finish_both();
}

static void empty_and_tiny_records(void **state)
{
	static const uint8_t message[] = {0, 5, 'a', 'b', 'c', 'd', 'e'};

	(void)state;
	connect_both(NORMAL, 0);
	for (unsigned n = 0; n < 5; n++) {
		raw.hold = true;
		for (size_t i = 0; i < sizeof message; i++)
			send_raw(&raw, message + i, 1);
		let_go(&raw);
	}
	TURN_UNTIL(server.messages == 5);
	assert_memory_equal(server.last, "abcde", 5);
	finish_both();
}

static void a_flood_of_key_updates_ends(void **state)
{
	(void)state;
	connect_both(NORMAL, 0);
	for (unsigned i = 0; i < 200 && server.ended < 0; i++) {
		if (gnutls_session_key_update(raw.session, 0) < 0)
			break;
		turn();
	}
	TURN_UNTIL(server.ended == STREAM_RESET);
	finish_both();
}

static void no_renegotiation(void **state)
{
	(void)state;
	connect_both(TLS12, 0);
	assert_int_not_equal(gnutls_handshake(raw.session), 0);
	TURN_UNTIL(server.ended == STREAM_RESET);
	assert_int_equal(turns.handshakes, 1);
	finish_both();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_warning_amid_the_handshake, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_flood_of_records_leaves_time_for_others, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(octets_behind_the_end_do_not_spin, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(short_records_to_a_slow_reader, set_up, tear_down),
		cmocka_unit_test_setup_teardown(empty_and_tiny_records, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_flood_of_key_updates_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_renegotiation, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

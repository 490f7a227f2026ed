/*
 * tls_test.c - TLS below streams: both ends in one loop, who shows who he is, sessions resumed,
 * turns that are waited for, and clients that cut, flood and break off.
 */
#include "tls_pair.h"

#include <stdio.h>

/* --- both ends are ours -------------------------------------------------------------------- */

static struct end server, client;
static struct tls_ticket ticket;
static char why[TLS_WHY_MAX];

static void ask_as(const struct tls_identity *identity)
{
	struct address at = local_address(listen_fd);
	struct tls_peer *peer = tls_peer_create(trust, identity);

	assert_non_null(peer);
	begin_end(&client);
	assert_true(stream_connect(&client.stream, &loop, &at, IDLE_MS));
	assert_true(tls_ask(&client.stream, peer, &turns_upstream, TLS_DOT, &ticket, why));
	tls_peer_release(peer);
	accept_end(&server, IDLE_MS, 0);
	server.echoes = true;
}

static void ask_name(const char *name)
{
	struct tls_identity identity = {.pins_n = 0};

	strcpy(identity.name, name);
	ask_as(&identity);
}

static void finish_both(void)
{
	finish_end(&client);
	finish_end(&server);
}

static void messages_pass(void **state)
{
	(void)state;
	ask_name(SERVER_NAME);
	assert_true(stream_send(&client.stream, 0, (const uint8_t *)"hello", 5));
	TURN_UNTIL(client.messages == 1);
	assert_int_equal(client.last_len, 5);
	assert_memory_equal(client.last, "hello", 5);
	assert_int_equal(turns.handshakes, 1);
	assert_int_equal(turns_upstream.handshakes, 1);
	finish_end(&client);
	TURN_UNTIL(server.ended == STREAM_CLOSED_BY_PEER);
	finish_both();
}

static void sessions_are_resumed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		ask_name(SERVER_NAME);
		assert_true(stream_send(&client.stream, 0, (const uint8_t *)"a", 1));
		TURN_UNTIL(client.messages == 1);
		assert_true(ticket.len > 0);
		finish_both();
		assert_int_equal(turns.resumed, i);
	}
	/* One that is garbage makes the handshake a whole one. */
	memset(ticket.octets, 0x55, ticket.len);
	ask_name(SERVER_NAME);
	assert_true(stream_send(&client.stream, 0, (const uint8_t *)"a", 1));
	TURN_UNTIL(client.messages == 1);
	assert_int_equal(turns.resumed, 2);
	finish_both();
	tls_ticket_forget(&ticket);
}

static void refused(const char *word)
{
	assert_true(stream_send(&client.stream, 0, (const uint8_t *)"secret", 6));
	TURN_UNTIL(client.ended >= 0 && server.ended >= 0);
	assert_non_null(strstr(why, word));
	assert_int_equal(server.messages, 0);
	assert_int_equal(ticket.len, 0);
	finish_both();
}

static void whoever_is_somebody_else_gets_nothing(void **state)
{
	struct tls_identity identity = {.pins_n = 1};

	(void)state;
	ask_name("other.test");
	refused("other.test");
	ask_as(&identity); /* a pin of zeros */
	refused("pinned");
	ask_name("192.0.2.1");
	refused("192.0.2.1");
}

static void hash_key(uint8_t out[TLS_PIN_LEN])
{
	gnutls_x509_crt_t crt;
	size_t len = TLS_PIN_LEN;

	assert_int_equal(gnutls_x509_crt_init(&crt), 0);
	assert_int_equal(gnutls_x509_crt_import(crt, &made.certificate, GNUTLS_X509_FMT_PEM), 0);
	assert_int_equal(gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, out, &len), 0);
	gnutls_x509_crt_deinit(crt);
}

static void a_pin_is_enough(void **state)
{
	struct tls_identity identity = {.pins_n = 2};

	(void)state;
	hash_key(identity.pins[1]);
	ask_as(&identity);
	assert_true(stream_send(&client.stream, 0, (const uint8_t *)"a", 1));
	TURN_UNTIL(client.messages == 1);
	finish_both();
	tls_ticket_forget(&ticket);
}

static void large_messages_both_ways(void **state)
{
	static uint8_t large[60000];
	int small = 4096;

	(void)state;
	for (size_t i = 0; i < sizeof large; i++)
		large[i] = (uint8_t)(i * 7 + i / 251);
	ask_name(SERVER_NAME);
	for (unsigned i = 0; i < 2; i++) {
		int fd = i ? client.stream.watch.fd : server.stream.watch.fd;

		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
	}
	assert_true(stream_send(&client.stream, 0, large, sizeof large));
	assert_true(stream_send(&client.stream, 0, large, sizeof large));
	TURN_UNTIL(client.messages == 2);
	assert_int_equal(client.last_len, sizeof large);
	assert_memory_equal(client.last, large, sizeof large);
	finish_both();
	tls_ticket_forget(&ticket);
}

/* --- turns ------------------------------------------------------------------------------------ */

#define CROWD 8

static struct end crowd[CROWD];
static struct raw raws[CROWD];

static unsigned waiting_n(void)
{
	struct cds_list_head *at;
	unsigned n = 0;

	cds_list_for_each(at, &turns.waiting) n++;
	return n;
}

/* All of them wait for their turn. */
static void gather_crowd(void)
{
	turns.left_ns = -(int64_t)NS_PER_S * 1000;
	for (unsigned i = 0; i < CROWD; i++) {
		begin_raw(&raws[i], "NORMAL", 0);
		assert_false(shake_raw(&raws[i]));
		accept_end(&crowd[i], IDLE_MS, 0);
		crowd[i].echoes = true;
	}
	TURN_UNTIL(waiting_n() == CROWD);
	for (unsigned i = 0; i < 5; i++)
		turn();
	assert_int_equal(waiting_n(), CROWD);
	assert_int_equal(turns.handshakes, 0);
}

static void finish_crowd(void)
{
	for (unsigned i = 0; i < CROWD; i++) {
		finish_end(&crowd[i]);
		end_raw(&raws[i]);
	}
}

static void let_crowd_in(void)
{
	turns.left_ns = 0;
}

/* The handshake of @p i ends well. */
static bool shakes(unsigned i)
{
	return shake_raw(&raws[i]);
}

static void who_waits_is_served_once(void **state)
{
	(void)state;
	gather_crowd();
	let_crowd_in();
	for (unsigned i = 0; i < CROWD; i++)
		TURN_UNTIL(shakes(i));
	TURN_UNTIL(turns.handshakes == CROWD);
	assert_int_equal(waiting_n(), 0);
	for (unsigned i = 0; i < CROWD; i++) {
		send_raw(&raws[i], "\0\1x", 3);
		TURN_UNTIL(crowd[i].messages == 1);
	}
	assert_int_equal(turns.handshakes, CROWD);
	assert_int_equal(turns.failed, 0);
	finish_crowd();
}

static void closed_while_it_waits(void **state)
{
	(void)state;
	gather_crowd();
	/* The first, one in between, the last; and one whose peer hangs up. */
	stream_close(&crowd[0].stream);
	stream_close(&crowd[3].stream);
	stream_close(&crowd[CROWD - 1].stream);
	struct linger hard = {.l_onoff = 1};

	assert_int_equal(setsockopt(raws[5].fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
	close(raws[5].fd);
	raws[5].fd = -1;
	TURN_UNTIL(crowd[5].ended == STREAM_RESET);
	assert_int_equal(waiting_n(), CROWD - 4);
	let_crowd_in();
	TURN_UNTIL(shakes(1));
	TURN_UNTIL(shakes(6));
	finish_crowd();
}

/* A stream that fails in its turn takes the one behind it, and one that was before it, with it. */
static void closed_from_within(void **state)
{
	static const uint8_t garbage[] = {22, 3, 1, 0, 4, 99, 0, 0, 0};

	(void)state;
	gather_crowd();
	finish_end(&crowd[0]);
	end_raw(&raws[0]);
	begin_raw(&raws[0], "NORMAL", 0);
	assert_int_equal(send(raws[0].fd, garbage, sizeof garbage, 0), sizeof garbage);
	accept_end(&crowd[0], IDLE_MS, 0);
	crowd[0].closes = &crowd[1];
	TURN_UNTIL(waiting_n() == CROWD);
	let_crowd_in();
	for (unsigned i = 2; i < CROWD; i++)
		TURN_UNTIL(shakes(i));
	TURN_UNTIL(crowd[0].ended >= 0);
	finish_crowd();
}

static void a_turn_that_came_late_leaves_time_to_ask(void **state)
{
	struct end e;
	struct raw r;

	(void)state;
	turns.left_ns = -(int64_t)NS_PER_S * 1000;
	begin_raw(&r, "NORMAL", 0);
	assert_false(shake_raw(&r));
	accept_end(&e, 2000, 0);
	TURN_UNTIL(waiting_n() == 1);
	e.stream.since_ms -= 3000; /* as if it had waited so long */
	let_crowd_in();
	TURN_UNTIL(shake_raw(&r));
	for (unsigned i = 0; i < 5; i++)
		turn();
	send_raw(&r, "\0\1x", 3);
	TURN_UNTIL(e.messages == 1 || e.ended >= 0);
	assert_int_equal(e.messages, 1);
	finish_end(&e);
	end_raw(&r);
}

static struct tls_peer *peer_of(struct tls_trust *t, const char *name, uint8_t pin_octet)
{
	struct tls_identity identity = {.pins_n = pin_octet ? 1 : 0};
	struct tls_peer *peer;

	snprintf(identity.name, sizeof identity.name, "%s", name);
	identity.pins[0][7] = pin_octet;
	peer = tls_peer_create(t, &identity);
	assert_non_null(peer);
	return peer;
}

/* By what the files said, not where they were, nor when they were read. */
static void the_same_peer_is_told_by_name_pins_and_trust(void **state)
{
	const char *reason;
	struct tls_trust *again = tls_trust_create(made.ca, NULL, &reason);
	struct tls_trust *shown = tls_trust_create(made.ca, &made.pair, &reason);
	struct tls_trust *others = tls_trust_create("", NULL, &reason);

	(void)state;
	assert_true(again && shown && others);
	struct tls_peer *peer = peer_of(trust, SERVER_NAME, 0), *none = NULL;
	struct tls_peer *alike[] = {peer_of(again, SERVER_NAME, 0), peer_of(shown, SERVER_NAME, 0),
				    peer_of(others, SERVER_NAME, 0)};
	struct tls_peer *differ[] = {peer_of(trust, "other.test", 0),
				     peer_of(trust, SERVER_NAME, 1)};

	assert_true(tls_peer_same(none, none));
	assert_false(tls_peer_same(peer, none));
	assert_true(tls_peer_same(peer, alike[0]));
	assert_false(tls_peer_same(peer, alike[1]));
	assert_false(tls_peer_same(peer, alike[2]));
	for (unsigned i = 0; i < ARRAY_LEN(alike); i++) {
		assert_true(tls_peer_alike(peer, alike[i]));
		assert_true(tls_peer_hash(peer) == tls_peer_hash(alike[i]));
		tls_peer_release(alike[i]);
	}
	for (unsigned i = 0; i < ARRAY_LEN(differ); i++) {
		assert_false(tls_peer_same(peer, differ[i]));
		tls_peer_release(differ[i]);
	}
	tls_peer_release(peer);
	tls_trust_release(again);
	tls_trust_release(shown);
	tls_trust_release(others);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(messages_pass, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sessions_are_resumed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(whoever_is_somebody_else_gets_nothing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_pin_is_enough, set_up, tear_down),
		cmocka_unit_test_setup_teardown(large_messages_both_ways, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_waits_is_served_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(closed_while_it_waits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_same_peer_is_told_by_name_pins_and_trust,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(closed_from_within, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_turn_that_came_late_leaves_time_to_ask, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

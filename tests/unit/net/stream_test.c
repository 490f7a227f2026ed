/*
 * stream_test.c - messages over TCP: cut anywhere, in rows, large, to a peer
 * that doesn't read, from one that doesn't go on.
 *
 * The peer is a plain socket of the test. Waiting is not done but told: the
 * loop's clock is moved and the wheel run.
 */
#include "helpers.h"

#include "net/stream.h"

#include <stdlib.h>

#define IDLE_MS 10000

static struct loop loop;
static struct stream stream;
static int listen_fd, peer;

static uint8_t received[200000]; /* messages, each with its length again */
static size_t received_n;
static unsigned messages_n;
static bool echoes;
static unsigned close_at; /* the owner closes the stream at this message; 0 never */
static int ended;         /* enum stream_end, -1 not yet */

static bool on_message(struct stream *s, const uint8_t *octets, size_t len)
{
	assert_true(received_n + 2 + len <= sizeof received);
	put_u16(received + received_n, (uint16_t)len);
	memcpy(received + received_n + 2, octets, len);
	received_n += 2 + len;
	messages_n++;
	if (echoes)
		stream_send(s, 0, octets, len);
	if (messages_n != close_at)
		return true;
	stream_close(s);
	return false;
}

static void on_ended(struct stream *s, enum stream_end why)
{
	assert_true(s->closed);
	assert_int_equal(ended, -1);
	ended = (int)why;
}

static int open_pair(void **state)
{
	struct address at = address("127.0.0.1@0");

	(void)state;
	assert_true(loop_init(&loop));
	listen_fd = stream_listen(&at);
	assert_true(listen_fd >= 0);
	at = local_address(listen_fd);
	peer = connected(SOCK_STREAM, &at);
	assert_true(is_readable(listen_fd, PATIENCE_MS));
	int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	assert_true(fd >= 0);
	received_n = messages_n = close_at = 0;
	echoes = false;
	ended = -1;
	stream = (struct stream){.message = on_message, .ended = on_ended};
	assert_true(stream_accept(&stream, &loop, fd, IDLE_MS));
	return 0;
}

static int close_pair(void **state)
{
	(void)state;
	stream_close(&stream);
	stream_close(&stream); /* harmless */
	close(peer);
	close(listen_fd);
	loop_fini(&loop);
	return 0;
}

static void turn(void)
{
	loop_wait(&loop, 20);
	loop_dispatch(&loop);
}

static void turn_until_messages(unsigned n)
{
	for (unsigned i = 0; i < PATIENCE_MS / 20 && messages_n < n; i++)
		turn();
	assert_int_equal(messages_n, n);
}

static void turn_until_ended(enum stream_end why)
{
	for (unsigned i = 0; i < PATIENCE_MS / 20 && ended < 0; i++)
		turn();
	assert_int_equal(ended, why);
}

/* As if @p ms had passed in which nothing happened but what is due. */
static void pass(uint32_t ms)
{
	loop.now.mono_ns += ms * NS_PER_MS;
	wheel_run(&loop.wheel, loop_ms(&loop));
}

/* The same, and the peer sent something just then. */
static void pass_and_read(uint32_t ms)
{
	pass(ms);
	if (!stream.closed)
		stream.watch.ready(&stream.watch, EPOLLIN);
}

static void peer_sends(const void *octets, size_t len)
{
	assert_int_equal(send(peer, octets, len, MSG_NOSIGNAL), len);
}

/* --- reading ------------------------------------------------------------------------- */

static size_t make_messages(uint8_t *out, unsigned n, size_t len)
{
	for (unsigned i = 0; i < n; i++) {
		put_u16(out + i * (len + 2), (uint16_t)len);
		memset(out + i * (len + 2) + 2, (int)i, len);
	}
	return n * (len + 2);
}

static void octet_by_octet(void **state)
{
	uint8_t out[64];
	size_t len = make_messages(out, 3, 17);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		peer_sends(out + i, 1);
		turn();
		assert_int_equal(messages_n, (i + 1) / 19);
	}
	assert_int_equal(received_n, len);
	assert_memory_equal(received, out, len);
}

static void many_in_one_segment(void **state)
{
	uint8_t out[20000];
	size_t len = make_messages(out, 600, 30);

	(void)state;
	peer_sends(out, len);
	turn_until_messages(600);
	assert_memory_equal(received, out, len);
}

static void every_cut(void **state)
{
	uint8_t out[256];
	size_t len = make_messages(out, 4, 9);

	(void)state;
	for (size_t cut = 1; cut < len; cut++) {
		received_n = messages_n = 0;
		peer_sends(out, cut);
		turn();
		peer_sends(out + cut, len - cut);
		turn_until_messages(4);
		assert_memory_equal(received, out, len);
	}
}

static void empty_messages(void **state)
{
	static const uint8_t out[6];

	(void)state;
	peer_sends(out, sizeof out);
	turn_until_messages(3);
	assert_int_equal(received_n, 6);
}

static void send_all_slowly(const uint8_t *out, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = send(peer, out + at, MIN(len - at, (size_t)3000), MSG_DONTWAIT);

		at += n > 0 ? (size_t)n : 0;
		turn();
	}
}

/* Longer than the buffer, at its border, and the longest. */
static void large_messages(void **state)
{
	static const size_t lens[] = {STREAM_BUFFER - 3,
				      STREAM_BUFFER - 2,
				      STREAM_BUFFER - 1,
				      STREAM_BUFFER,
				      20000,
				      65535};
	static uint8_t out[2 * 65537];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(lens); i++) {
		size_t len = make_messages(out, 2, lens[i]);

		received_n = messages_n = 0;
		send_all_slowly(out, len);
		turn_until_messages(2);
		assert_memory_equal(received, out, len);
		assert_null(stream.large);
	}
}

static void a_short_one_behind_a_large_one(void **state)
{
	static uint8_t out[10000];
	size_t len = make_messages(out, 1, 5000);

	(void)state;
	len += make_messages(out + len, 3, 40);
	peer_sends(out, len);
	turn_until_messages(4);
	assert_memory_equal(received, out, len);
}

static void the_owner_closes_in_the_middle(void **state)
{
	uint8_t out[200];
	size_t len = make_messages(out, 5, 20);

	(void)state;
	close_at = 2;
	peer_sends(out, len);
	turn_until_messages(2);
	turn();
	assert_int_equal(messages_n, 2);
	assert_int_equal(ended, -1); /* it knows */
	assert_false(stream_send(&stream, 0, out, 2));
}

/* --- writing -------------------------------------------------------------------------- */

static size_t peer_reads(uint8_t *out, size_t max)
{
	size_t n = 0;

	while (n < max && is_readable(peer, 20)) {
		ssize_t got = recv(peer, out + n, max - n, MSG_DONTWAIT);

		if (got <= 0)
			break;
		n += (size_t)got;
		turn();
	}
	return n;
}

static void answers_in_a_row(void **state)
{
	static uint8_t out[20000], back[20000];
	size_t len = make_messages(out, 600, 30);

	(void)state;
	echoes = true;
	peer_sends(out, len);
	turn_until_messages(600);
	assert_int_equal(peer_reads(back, len), len);
	assert_memory_equal(back, out, len);
}

static unsigned fill_unsent(const uint8_t *message, size_t len)
{
	unsigned sent = 0;

	while (stream_send(&stream, 0, message, len))
		assert_true(++sent < 100000);
	assert_true(stream.unsent_octets <= STREAM_UNSENT_MAX);
	return sent;
}

/* The kernel takes a part of a message; the rest follows when the peer reads. */
static void short_writes(void **state)
{
	static uint8_t message[3001], back[3003];
	int small = 4096;

	(void)state;
	assert_int_equal(setsockopt(stream.watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small),
			 0);
	memset(message, 'm', sizeof message);
	unsigned n = fill_unsent(message, sizeof message);

	assert_true(n > STREAM_UNSENT_MAX / 3003 - 1);
	assert_true(stream.paused); /* who doesn't read is not served */
	for (unsigned i = 0; i < n; i++) {
		size_t got = 0;

		for (unsigned tries = 0; got < sizeof back && tries < 100; tries++)
			got += peer_reads(back + got, sizeof back - got);
		assert_int_equal(got, sizeof back);
		assert_int_equal(get_u16(back), sizeof message);
		assert_memory_equal(back + 2, message, sizeof message);
	}
	turn();
	assert_int_equal(stream.unsent_octets, 0);
	assert_false(stream.paused);
}

static void too_long_for_a_message(void **state)
{
	static uint8_t message[65536];

	(void)state;
	assert_false(stream_send(&stream, 0, message, 65536));
	assert_int_equal(ended, -1);
}

/* --- closing --------------------------------------------------------------------------- */

static void the_peer_closes(void **state)
{
	(void)state;
	close(peer);
	turn_until_ended(STREAM_CLOSED_BY_PEER);
	peer = dup(listen_fd);
}

static void the_peer_resets(void **state)
{
	struct linger hard = {.l_onoff = 1};

	(void)state;
	stream.owed = 1;
	setsockopt(peer, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	close(peer);
	turn_until_ended(STREAM_RESET);
	peer = dup(listen_fd);
}

/* It said all it had to and waits for its answers: they are sent before the end. */
static void half_closed_with_owed_answers(void **state)
{
	uint8_t out[64], back[64];
	size_t len = make_messages(out, 2, 20);

	(void)state;
	stream.owed = 2; /* as the owner counts them */
	peer_sends(out, len);
	assert_int_equal(shutdown(peer, SHUT_WR), 0);
	turn_until_messages(2);
	turn();
	assert_int_equal(ended, -1);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(stream_send(&stream, 0, out + 22 * i + 2, 20));
		stream.owed--;
	}
	assert_int_equal(peer_reads(back, len), len);
	assert_memory_equal(back, out, len);
	/* Nothing is owed any more: closed soon, not when it has been idle for long. */
	pass(IDLE_MS);
	assert_true(ended == STREAM_CLOSED_BY_PEER || ended == STREAM_IDLE);
}

static void half_closed_in_a_message(void **state)
{
	(void)state;
	peer_sends("\0\100half", 6);
	assert_int_equal(shutdown(peer, SHUT_WR), 0);
	turn_until_ended(STREAM_CLOSED_BY_PEER);
	assert_int_equal(messages_n, 0);
}

/* --- waiting ----------------------------------------------------------------------------- */

static void idle(void **state)
{
	uint8_t out[64];
	size_t len = make_messages(out, 1, 20);

	(void)state;
	pass(IDLE_MS - 100);
	assert_int_equal(ended, -1);
	peer_sends(out, len);
	pass_and_read(0); /* a message: from here on */
	assert_int_equal(messages_n, 1);
	pass(IDLE_MS - 100);
	assert_int_equal(ended, -1);
	pass(200);
	assert_int_equal(ended, STREAM_IDLE);
}

#define MANY 200

static unsigned idle_ended_n;

static void count_idle(struct stream *s, enum stream_end why)
{
	assert_true(s->closed);
	assert_int_equal(why, STREAM_IDLE);
	idle_ended_n++;
}

/* Those that became idle together do not keep who asks waiting until all of them are closed. */
static void many_that_are_idle_end_in_several_turns(void **state)
{
	struct stream *many = calloc(MANY, sizeof *many);
	unsigned turns = 0, before;

	(void)state;
	assert_non_null(many);
	idle_ended_n = 0;
	for (unsigned i = 0; i < MANY; i++) {
		int ends[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
		close(ends[0]);
		many[i] = (struct stream){.message = on_message, .ended = count_idle};
		assert_true(stream_accept(&many[i], &loop, ends[1], IDLE_MS / 2));
	}
	pass(IDLE_MS / 2 + 10);
	for (; idle_ended_n < MANY; turns++) {
		before = idle_ended_n;
		loop.timed_out = 0; /* the next turn begins */
		pass(1);
		assert_true(idle_ended_n > before && idle_ended_n - before <= MANY / 3);
	}
	assert_true(turns >= 2);
	assert_int_equal(ended, -1);
	free(many);
}

static void idle_time_may_change(void **state)
{
	(void)state;
	stream_set_idle(&stream, 1000);
	pass(900);
	assert_int_equal(ended, -1);
	pass(200);
	assert_int_equal(ended, STREAM_IDLE);
}

static void a_message_must_be_complete_in_time(void **state)
{
	(void)state;
	peer_sends("\0\100begun", 7);
	pass_and_read(0);
	pass(STREAM_MESSAGE_MS - 100);
	assert_int_equal(ended, -1);
	pass(200);
	assert_int_equal(ended, STREAM_STALLED);
}

/* limits.md row 53: an octet now and then does not keep a place. */
static void trickling_does_not_help(void **state)
{
	(void)state;
	peer_sends("\0\100", 2);
	pass_and_read(0);
	for (unsigned i = 0; i < 4 && ended < 0; i++) {
		peer_sends("x", 1);
		pass_and_read(STREAM_MESSAGE_MS / 2);
	}
	assert_int_equal(ended, STREAM_STALLED);
}

static void a_peer_that_does_not_read(void **state)
{
	static uint8_t message[3000];
	int small = 4096;

	(void)state;
	assert_int_equal(setsockopt(stream.watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small),
			 0);
	fill_unsent(message, sizeof message);
	pass(STREAM_STALL_MS - 100);
	assert_int_equal(ended, -1);
	pass(200);
	assert_int_equal(ended, STREAM_STALLED);
	assert_null(stream.unsent);
}

static void pausing(void **state)
{
	uint8_t out[64];
	size_t len = make_messages(out, 2, 20);

	(void)state;
	stream_pause(&stream);
	peer_sends(out, len);
	turn();
	turn();
	assert_int_equal(messages_n, 0);
	stream_resume(&stream);
	turn_until_messages(2);
	assert_memory_equal(received, out, len);
}

/* --- the connecting side -------------------------------------------------------------------- */

static void connecting(void **state)
{
	struct address at = local_address(listen_fd);
	struct stream client = {.message = on_message, .ended = on_ended};
	uint8_t query[] = {0, 1, 'q'}, got[3];

	(void)state;
	assert_true(stream_connect(&client, &loop, &at, IDLE_MS));
	/* Sent before it is connected: queued. */
	assert_true(stream_send(&client, 0, query + 2, 1));
	assert_true(is_readable(listen_fd, PATIENCE_MS));
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

	turn();
	assert_true(is_readable(fd, PATIENCE_MS));
	assert_int_equal(recv(fd, got, 3, MSG_WAITALL), 3);
	assert_memory_equal(got, query, 3);
	assert_int_equal(send(fd, query, 3, 0), 3);
	turn_until_messages(1);
	close(fd);
	turn_until_ended(STREAM_CLOSED_BY_PEER);
}

/* A server that closed its side will not answer: no matter what it has not read yet. */
static void the_server_closes_its_side(void **state)
{
	static uint8_t query[3000];
	struct address at = local_address(listen_fd);
	struct stream client = {.message = on_message, .ended = on_ended};
	int small = 4096;

	(void)state;
	assert_int_equal(setsockopt(listen_fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
	for (unsigned unsent = 0; unsent < 2; unsent++) {
		ended = -1;
		assert_true(stream_connect(&client, &loop, &at, IDLE_MS));
		assert_int_equal(
			setsockopt(client.watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small),
			0);
		for (unsigned i = 0; i <= 10 * unsent; i++)
			assert_true(stream_send(&client, 0, query, sizeof query));
		assert_true(is_readable(listen_fd, PATIENCE_MS));
		int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

		for (unsigned i = 0; i < 5; i++)
			turn();
		assert_int_equal(client.unsent != NULL, unsent);
		assert_int_equal(ended, -1);
		assert_int_equal(shutdown(fd, SHUT_WR), 0);
		turn_until_ended(STREAM_CLOSED_BY_PEER);
		close(fd);
	}
}

static void nobody_listens(void **state)
{
	struct address at = local_address(listen_fd);
	struct stream client = {.message = on_message, .ended = on_ended};
	int unused = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	(void)state;
	assert_int_equal(bind(unused, (struct sockaddr *)&sa, sizeof sa), 0);
	at.port = local_address(unused).port;
	if (stream_connect(&client, &loop, &at, IDLE_MS))
		turn_until_ended(STREAM_RESET);
	close(unused);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_pair, close_pair)

/* --- octets that pass through a codec --------------------------------------------------- */

#define MASK 0x5a /* what every octet is mixed with */

/* One octet each way opens it; a read takes more from the socket than it gives. */
struct mixer {
	uint8_t held[4096];
	size_t at, len;
	bool greeted;
	unsigned closed_n;
};

static struct mixer mixer;

static enum codec_state mixer_open(struct stream *s)
{
	uint8_t octet;

	if (!mixer.greeted) {
		ssize_t n = recv(s->watch.fd, &octet, 1, 0);

		if (n < 0)
			return errno == EAGAIN ? CODEC_WANTS_READ : CODEC_FAILED;
		if (n == 0 || octet != 'h')
			return CODEC_FAILED;
		mixer.greeted = true;
		return CODEC_WANTS_WRITE;
	}
	return send(s->watch.fd, "i", 1, MSG_NOSIGNAL) == 1 ? CODEC_OPEN : CODEC_WANTS_WRITE;
}

static ssize_t mixer_read(struct stream *s, uint8_t *to, size_t max)
{
	if (mixer.at == mixer.len) {
		ssize_t n = recv(s->watch.fd, mixer.held, sizeof mixer.held, 0);

		if (n <= 0)
			return n;
		mixer.at = 0;
		mixer.len = (size_t)n;
	}
	size_t n = MIN(max, mixer.len - mixer.at);

	for (size_t i = 0; i < n; i++)
		to[i] = mixer.held[mixer.at++] ^ MASK;
	return (ssize_t)n;
}

static ssize_t mixer_write(struct stream *s, const struct iovec *iov, int n)
{
	uint8_t mixed[700];
	size_t len = 0;

	for (int i = 0; i < n; i++) {
		const uint8_t *from = iov[i].iov_base;

		for (size_t j = 0; j < iov[i].iov_len && len < sizeof mixed; j++)
			mixed[len++] = from[j] ^ MASK;
	}
	return send(s->watch.fd, mixed, len, MSG_NOSIGNAL);
}

static bool mixer_pending(const struct stream *s)
{
	(void)s;
	return mixer.at < mixer.len;
}

static void mixer_close(struct stream *s)
{
	assert_ptr_equal(s->codec_state, &mixer);
	mixer.closed_n++;
}

static const struct stream_codec mixing = {
	.open = mixer_open,
	.read = mixer_read,
	.write = mixer_write,
	.pending = mixer_pending,
	.close = mixer_close,
};

static int open_mixed(void **state)
{
	memset(&mixer, 0, sizeof mixer);
	open_pair(state);
	stream_set_codec(&stream, &mixing, &mixer);
	return 0;
}

static void greet(void)
{
	uint8_t octet = 0;

	peer_sends("h", 1);
	for (unsigned i = 0; i < 100 && stream.opening; i++)
		turn();
	assert_false(stream.opening);
	assert_int_equal(recv(peer, &octet, 1, 0), 1);
	assert_int_equal(octet, 'i');
}

/* @n messages of @len octets each, in one go. */
static void send_mixed(unsigned n, size_t len)
{
	static uint8_t octets[66000];
	size_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		put_u16(octets + at, (uint16_t)len);
		memset(octets + at + 2, (int)i, len);
		at += 2 + len;
	}
	for (size_t i = 0; i < at; i++)
		octets[i] ^= MASK;
	peer_sends(octets, at);
}

static void messages_pass_through_a_codec(void **state)
{
	uint8_t back[20 * 102];

	(void)state;
	echoes = true;
	/* What is sent before it is open waits. */
	assert_true(stream_send(&stream, 0, (const uint8_t *)"abc", 3));
	greet();
	assert_int_equal(recv(peer, back, 5, MSG_WAITALL), 5);
	assert_int_equal(back[0] ^ MASK, 0);
	assert_int_equal(back[1] ^ MASK, 3);
	assert_int_equal(back[2] ^ MASK, 'a');
	send_mixed(20, 100);
	turn_until_messages(20);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(received[i * 102 + 2], i);
	for (unsigned i = 0; i < 10; i++)
		turn();
	assert_int_equal(recv(peer, back, sizeof back, MSG_WAITALL), sizeof back);
	assert_int_equal(back[19 * 102 + 50] ^ MASK, 19);
}

static void what_a_codec_holds_waits_while_the_stream_is_paused(void **state)
{
	(void)state;
	greet();
	send_mixed(1, 10);
	turn_until_messages(1);
	send_mixed(30, 100);
	stream_pause(&stream);
	turn();
	assert_int_equal(messages_n, 1);
	/* Nothing more comes by the socket once the codec has all. */
	stream_resume(&stream);
	stream.watch.ready(&stream.watch, EPOLLIN);
	turn_until_messages(31);
	assert_int_equal(ended, -1);
}

static void large_messages_pass_through_a_codec(void **state)
{
	(void)state;
	greet();
	send_mixed(1, 60000);
	turn_until_messages(1);
	assert_int_equal(received_n, 60002);
	close(peer);
	peer = -1;
	turn_until_ended(STREAM_CLOSED_BY_PEER);
	assert_int_equal(mixer.closed_n, 1);
}

static void a_codec_that_fails_ends_the_stream(void **state)
{
	(void)state;
	peer_sends("x", 1);
	turn_until_ended(STREAM_RESET);
	assert_int_equal(mixer.closed_n, 1);
	assert_int_equal(messages_n, 0);
}

static void a_codec_that_does_not_open_is_given_up(void **state)
{
	(void)state;
	pass(STREAM_STALL_MS - 1);
	assert_int_equal(ended, -1);
	pass(2);
	assert_int_equal(ended, STREAM_STALLED);
	assert_int_equal(mixer.closed_n, 1);
}

static ssize_t take_nothing(struct stream *s, const struct iovec *iov, int n)
{
	(void)s;
	(void)iov;
	(void)n;
	return 0;
}

static void a_codec_that_takes_nothing_ends_the_stream(void **state)
{
	struct stream_codec stuck = mixing;

	(void)state;
	stuck.write = take_nothing;
	greet();
	stream.codec = &stuck;
	alarm(10); /* who writes again and again is ended */
	assert_true(stream_send(&stream, 0, (const uint8_t *)"abc", 3));
	turn_until_ended(STREAM_RESET);
	alarm(0);
	assert_int_equal(mixer.closed_n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(octet_by_octet),
		TEST(many_in_one_segment),
		TEST(every_cut),
		TEST(empty_messages),
		TEST(large_messages),
		TEST(a_short_one_behind_a_large_one),
		TEST(the_owner_closes_in_the_middle),
		TEST(answers_in_a_row),
		TEST(short_writes),
		TEST(too_long_for_a_message),
		TEST(the_peer_closes),
		TEST(the_peer_resets),
		TEST(half_closed_with_owed_answers),
		TEST(half_closed_in_a_message),
		TEST(idle),
		TEST(many_that_are_idle_end_in_several_turns),
		TEST(idle_time_may_change),
		TEST(a_message_must_be_complete_in_time),
		TEST(trickling_does_not_help),
		TEST(a_peer_that_does_not_read),
		TEST(pausing),
		TEST(connecting),
		TEST(the_server_closes_its_side),
		TEST(nobody_listens),
		cmocka_unit_test_setup_teardown(messages_pass_through_a_codec, open_mixed,
						close_pair),
		cmocka_unit_test_setup_teardown(what_a_codec_holds_waits_while_the_stream_is_paused,
						open_mixed, close_pair),
		cmocka_unit_test_setup_teardown(large_messages_pass_through_a_codec, open_mixed,
						close_pair),
		cmocka_unit_test_setup_teardown(a_codec_that_fails_ends_the_stream, open_mixed,
						close_pair),
		cmocka_unit_test_setup_teardown(a_codec_that_takes_nothing_ends_the_stream,
						open_mixed, close_pair),
		cmocka_unit_test_setup_teardown(a_codec_that_does_not_open_is_given_up, open_mixed,
						close_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

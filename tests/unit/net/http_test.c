/*
 * http_test.c - requests of both versions of HTTP: answered at once, late or never, in rows, cut
 * off; and octets that are no request.
 */
#include "helpers.h"

#include <stdio.h>

#include "net/http.h"

#define IDLE_MS 10000
#define LATER   2000 /* answers that are kept for later */

enum how { AT_ONCE, BY_AND_BY, NEVER, CLOSE };

static struct loop loop;
static struct stream stream;
static struct stream_gather gather;
static struct http_front front;
static int peer, ended;
static enum how how;
static unsigned messages_n;
static uint32_t later[LATER];
static unsigned later_n;
static uint8_t got[1 << 20]; /* what the peer has read */
static size_t got_n;
static bool got_end;

static const uint8_t answer[] = {0, 0, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1};
static const char query[] = "AAABAAABAAAAAAAAAWEAAAEAAQ"; /* a. A, in base64 */

static bool on_message(struct stream *s, const uint8_t *octets, size_t len)
{
	(void)octets;
	(void)len;
	messages_n++;
	switch (how) {
	case AT_ONCE: assert_true(stream_send(s, s->tag, answer, sizeof answer)); return true;
	case BY_AND_BY:
		assert_true(later_n < LATER);
		later[later_n++] = s->tag;
		s->owed++;
		return true;
	case NEVER: stream_settle(s, s->tag); return true;
	case CLOSE: stream_close(s); return false;
	}
	return true;
}

static void on_ended(struct stream *s, enum stream_end why)
{
	(void)s;
	assert_int_equal(ended, -1);
	ended = (int)why;
}

static int begin(void **state)
{
	int fds[2];

	(void)state;
	assert_true(loop_init(&loop));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	peer = fds[1];
	how = AT_ONCE;
	messages_n = later_n = 0;
	got_n = 0;
	got_end = false;
	ended = -1;
	gather.owner = NULL;
	front = (struct http_front){.path = "/dns-query"};
	stream = (struct stream){.message = on_message, .ended = on_ended};
	assert_true(stream_accept(&stream, &loop, fds[0], IDLE_MS));
	stream.gather = &gather;
	assert_true(http_serve(&stream, &front, false));
	return 0;
}

static int finish(void **state)
{
	(void)state;
	stream_close(&stream);
	assert_null(gather.owner);
	close(peer);
	loop_fini(&loop);
	return 0;
}

static void turn(void)
{
	loop_wait(&loop, 10);
	loop_dispatch(&loop);
	for (;;) {
		ssize_t n = recv(peer, got + got_n, sizeof got - 1 - got_n, MSG_DONTWAIT);

		got_end |= n == 0;
		if (n <= 0)
			break;
		got_n += (size_t)n;
	}
	got[got_n] = 0;
}

static void turns(unsigned n)
{
	while (n-- > 0)
		turn();
}

static void say(const void *octets, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t sent = send(peer, (const uint8_t *)octets + at, n - at, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN)
			return;
		at += sent > 0 ? (size_t)sent : 0;
		if (at < n)
			turn();
	}
}

static void say_text(const char *text)
{
	say(text, strlen(text));
	turns(3);
}

static unsigned times(const char *what)
{
	unsigned n = 0;
	size_t len = strlen(what);

	for (size_t i = 0; i + len <= got_n; i++)
		n += memcmp(got + i, what, len) == 0;
	return n;
}

static const char *get(void)
{
	static char text[256];

	snprintf(text, sizeof text, "GET /dns-query?dns=%s HTTP/1.1\r\nHost: x\r\n\r\n", query);
	return text;
}

static void answer_later(void)
{
	for (unsigned i = 0; i < later_n && !stream.closed; i++) {
		stream.owed--;
		assert_true(stream_send(&stream, later[i], answer, sizeof answer));
	}
	later_n = 0;
}

/* As if @p ms had passed in which nothing happened but what is due. */
static void pass(uint32_t ms)
{
	loop.now.mono_ns += ms * NS_PER_MS;
	wheel_run(&loop.wheel, loop_ms(&loop));
}

/* --- HTTP/1.1 ------------------------------------------------------------------------------- */

static void thousands_in_a_row(void **state)
{
	enum { N = 3000 };

	(void)state;
	for (unsigned i = 0; i < N; i++)
		say(get(), strlen(get()));
	for (unsigned i = 0; i < 2000 && times("HTTP/1.1 200 OK") < N; i++)
		turn();
	assert_int_equal(times("HTTP/1.1 200 OK"), N);
	assert_int_equal(messages_n, N);
}

static void late_answers_come_one_by_one(void **state)
{
	(void)state;
	how = BY_AND_BY;
	for (unsigned i = 0; i < 50; i++)
		say(get(), strlen(get()));
	for (unsigned i = 0; i < 50; i++) {
		turns(2);
		assert_int_equal(messages_n, i + 1); /* the next one waits */
		assert_int_equal(later_n, 1);
		answer_later();
		answer_later();
		turn();
	}
	assert_int_equal(times("HTTP/1.1 200 OK"), 50);
}

static void no_answer_ends_it(void **state)
{
	(void)state;
	how = NEVER;
	say_text(get());
	assert_int_equal(got_n, 0);
	assert_true(got_end);
}

static void closed_by_the_owner(void **state)
{
	(void)state;
	how = CLOSE;
	say(get(), strlen(get()));
	say_text(get());
	assert_true(stream.closed);
	assert_int_equal(messages_n, 1);
	assert_int_equal(ended, -1);
}

/* A line that is no line, behind a request that is one. */
static void who_asked_before_is_answered(void **state)
{
	char text[512];

	(void)state;
	snprintf(text, sizeof text, "%sGET\r /\r\n\r\n", get());
	say_text(text);
	assert_int_equal(times("HTTP/1.1 200 OK"), 1);
	assert_int_equal(times("HTTP/1.1 400"), 1);
	assert_true(got_end);
}

static void what_others_may_read_otherwise_is_refused(void **state)
{
	static const char *const bad[] = {
		"GET / HTTP/1.1\nHost: x\n\n",
		"GET / HTTP/1.1\r\nX: a\rContent-Length: 5\r\n\r\n",
		"GET / HTTP/1.1\r\nX: a\nContent-Length: 5\r\n\r\n",
		"GET / HTTP/1.1\r\nContent-Length\v: 5\r\n\r\n",
		"GET / HTTP/1.1\r\nTransfer-Encoding: \vchunked\r\n\r\n",
		"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n",
		"GET / HTTP/1.1\r\nContent-Length: +5\r\n\r\n",
		"GET / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\n",
		"GET / HTTP/1.1\r\n: x\r\n\r\n",
		"POST /dns-query HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;\nx\r\n",
		"POST /dns-query HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n 1\r\n",
		"POST /dns-query HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n",
		"POST /dns-query HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1ffffffff\r\n",
	};
	void *none = NULL;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		say(bad[i], strlen(bad[i]));
		say_text(get());
		assert_int_equal(times("HTTP/1.1 4"), 1);
		assert_int_equal(times("HTTP/1.1 200"), 0);
		assert_true(got_end);
		finish(&none);
		begin(&none);
	}
}

/* What comes behind the head of the answer would be read as the next one. */
static void head_has_no_body(void **state)
{
	(void)state;
	say("HEAD /dns-query HTTP/1.1\r\n\r\n", 28);
	say_text(get());
	assert_int_equal(times("HTTP/1.1 405"), 1);
	assert_int_equal(times("\r\n\r\nHTTP/1.1 200"), 1);
	assert_int_equal(times("Allowed\r\n"), 1); /* in the line of the status only */
}

static void chunk_extensions_end_in_time(void **state)
{
	(void)state;
	say_text("POST /dns-query HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;");
	for (unsigned i = 0; i < 100; i++)
		say_text(
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	assert_int_equal(times("HTTP/1.1 431"), 1);
	assert_true(got_end);
}

static void empty_lines_keep_no_place(void **state)
{
	(void)state;
	say_text(get());
	for (unsigned i = 0; i < 3; i++) {
		pass(IDLE_MS / 4);
		say("\r\n", 2);
		stream.watch.ready(&stream.watch, EPOLLIN);
	}
	assert_int_equal(ended, -1);
	pass(IDLE_MS / 4 + 100);
	assert_int_equal(ended, STREAM_IDLE);
}

static void many_empty_lines_are_no_request(void **state)
{
	(void)state;
	say_text("\r\n\r\n\r\n\r\n\r\n\r\n\r\n");
	assert_int_equal(times("HTTP/1.1 400"), 1);
	assert_true(got_end);
}

/* --- HTTP/2 --------------------------------------------------------------------------------- */

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum { DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, PING = 6, GOAWAY = 7 };

static uint8_t wire[1 << 16];
static size_t wire_n;

static void add_frame(uint8_t kind, uint8_t flags, uint32_t id, const void *payload, size_t n)
{
	uint8_t *at = wire + wire_n;

	assert_true(wire_n + 9 + n <= sizeof wire);
	at[0] = 0;
	put_u16(at + 1, (uint16_t)n);
	at[3] = kind;
	at[4] = flags;
	put_u32(at + 5, id);
	memcpy(at + 9, payload, n);
	wire_n += 9 + n;
}

static size_t add_literal(uint8_t *at, const char *name, const char *value)
{
	size_t n = strlen(name), m = strlen(value);

	assert_true(n < 127 && m < 127);
	at[0] = 0;
	at[1] = (uint8_t)n;
	memcpy(at + 2, name, n);
	at[2 + n] = (uint8_t)m;
	memcpy(at + 3 + n, value, m);
	return 3 + n + m;
}

static void add_request(uint32_t id, const char *method)
{
	uint8_t block[512];
	char path[128];
	size_t n = 0;

	snprintf(path, sizeof path, "/dns-query?dns=%s", query);
	n += add_literal(block + n, ":method", method);
	n += add_literal(block + n, ":scheme", "https");
	n += add_literal(block + n, ":authority", "x");
	n += add_literal(block + n, ":path", path);
	add_frame(HEADERS, 5, id, block, n);
}

static void begin_two(void)
{
	wire_n = 0;
	memcpy(wire, preface, sizeof preface - 1);
	wire_n = sizeof preface - 1;
	add_frame(SETTINGS, 0, 0, "", 0);
}

static void say_wire(void)
{
	say(wire, wire_n);
	wire_n = 0;
	turns(4);
}

/* Frames of a kind that came; @p error is that of the last RST_STREAM or GOAWAY. */
static unsigned frames(uint8_t kind, uint32_t *error)
{
	unsigned n = 0;

	for (size_t at = 0; at + 9 <= got_n;) {
		size_t len = (size_t)got[at] << 16 | get_u16(got + at + 1);

		if (at + 9 + len > got_n)
			break;
		if (got[at + 3] == kind) {
			n++;
			if (error && (kind == RST_STREAM || kind == GOAWAY))
				*error = get_u32(got + at + 9 + (kind == GOAWAY ? 4 : 0));
		}
		at += 9 + len;
	}
	return n;
}

/* All in one segment: the answer is not lost. */
static void asked_and_said_good_bye(void **state)
{
	static const uint8_t bye[8];

	(void)state;
	begin_two();
	add_request(1, "GET");
	add_frame(GOAWAY, 0, 0, bye, sizeof bye);
	say_wire();
	assert_int_equal(messages_n, 1);
	assert_int_equal(frames(DATA, NULL), 1);
	assert_true(got_end);
	assert_true(ended >= 0);
}

/* Good bye first, then the answers that are owed. */
static void late_answers_after_good_bye(void **state)
{
	static const uint8_t bye[8];

	(void)state;
	how = BY_AND_BY;
	begin_two();
	for (uint32_t i = 0; i < 10; i++)
		add_request(2 * i + 1, "GET");
	add_frame(GOAWAY, 0, 0, bye, sizeof bye);
	say_wire();
	assert_int_equal(later_n, 10);
	assert_int_equal(ended, -1);
	answer_later();
	turns(3);
	assert_int_equal(frames(DATA, NULL), 10);
}

static void abuse_is_told(void **state)
{
	uint32_t error = 0;

	(void)state;
	begin_two();
	for (unsigned i = 0; i < 100; i++)
		add_frame(PING, 0, 0, "12345678", 8);
	say_wire();
	assert_int_equal(frames(GOAWAY, &error), 1);
	assert_int_equal(error, 11); /* ENHANCE_YOUR_CALM */
	assert_true(got_end);
	assert_int_equal(front.abuses, 1);
}

/* That a policy is silent is no fault of who asks. */
static void many_without_an_answer(void **state)
{
	uint32_t error = 0;

	(void)state;
	how = NEVER;
	begin_two();
	for (uint32_t i = 0; i < 300; i++) {
		add_request(2 * i + 1, "GET");
		if (i % 50 == 49)
			say_wire();
	}
	turns(10);
	assert_int_equal(frames(RST_STREAM, &error), 300);
	assert_int_equal(error, 8); /* CANCEL */
	assert_int_equal(frames(GOAWAY, NULL), 0);
	assert_int_equal(ended, -1);
}

static void reset_before_the_answer(void **state)
{
	static const uint8_t cancel[4] = {0, 0, 0, 8};

	(void)state;
	how = BY_AND_BY;
	begin_two();
	for (uint32_t i = 0; i < 50; i++)
		add_request(2 * i + 1, "GET");
	say_wire();
	assert_int_equal(later_n, 50);
	for (uint32_t i = 0; i < 50; i += 2)
		add_frame(RST_STREAM, 0, 2 * i + 1, cancel, 4);
	say_wire();
	answer_later();
	turns(5);
	assert_int_equal(frames(DATA, NULL), 25);
	assert_int_equal(ended, -1);
}

static void closed_amid_requests(void **state)
{
	(void)state;
	how = CLOSE;
	begin_two();
	for (uint32_t i = 0; i < 5; i++)
		add_request(2 * i + 1, "GET");
	say_wire();
	assert_true(stream.closed);
	assert_int_equal(messages_n, 1);
}

static void pings_keep_no_place(void **state)
{
	(void)state;
	begin_two();
	add_request(1, "GET");
	say_wire();
	for (unsigned i = 0; i < 5 && ended < 0; i++) {
		pass(IDLE_MS / 4 + 100);
		add_frame(PING, 0, 0, "12345678", 8);
		say(wire, wire_n);
		wire_n = 0;
		if (ended < 0)
			stream.watch.ready(&stream.watch, EPOLLIN);
	}
	assert_int_equal(ended, STREAM_IDLE);
}

static void head_has_no_data(void **state)
{
	(void)state;
	begin_two();
	add_request(1, "HEAD");
	say_wire();
	assert_int_equal(times("Not Allowed"), 0);
	assert_int_equal(ended, -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(thousands_in_a_row),
		TEST(late_answers_come_one_by_one),
		TEST(no_answer_ends_it),
		TEST(closed_by_the_owner),
		TEST(who_asked_before_is_answered),
		TEST(what_others_may_read_otherwise_is_refused),
		TEST(head_has_no_body),
		TEST(chunk_extensions_end_in_time),
		TEST(empty_lines_keep_no_place),
		TEST(many_empty_lines_are_no_request),
		TEST(asked_and_said_good_bye),
		TEST(late_answers_after_good_bye),
		TEST(abuse_is_told),
		TEST(many_without_an_answer),
		TEST(reset_before_the_answer),
		TEST(closed_amid_requests),
		TEST(pings_keep_no_place),
		TEST(head_has_no_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

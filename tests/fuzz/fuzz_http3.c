/*
 * fuzz_http3.c - clients by HTTP/3: any octets in any streams, with what a connection of QUIC tells
 * at any time, and an owner that answers soon, late or never, or closes.
 *
 * Streams stand here instead of ngtcp2's: what is said of them keeps QUIC's rules (none is heard of
 * behind its end, no more is acknowledged than was sent), and what is sent is read when it is
 * acknowledged, for ngtcp2 might until then.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "net/http_private.h"
#include "net/quic_private.h"

#define STREAMS     24 /* requests first, then those one way of the client, then ours */
#define REQUESTS    12
#define OURS        16
#define LATER_MAX   32
#define PIECES_MAX  64 /* that were sent and not acknowledged, of a stream */
#define LONG_ANSWER 60000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct piece {
	const uint8_t *at;
	size_t len;
	uint32_t sum;
};

struct channel {
	int64_t id;
	bool used;
	bool heard_all; /* the client's part is over, */
	bool said_all;  /* and ours */
	bool deaf;      /* we want to hear no more */
	bool shut;      /* we say no more */
	struct piece pieces[PIECES_MAX];
	unsigned pieces_n;
};

static struct loop loop;
static struct http_front http;
static struct quic_front front;
static struct quic_connection connection;
static struct stream stream;
static struct channel channels[STREAMS];
static unsigned own_n;
static int64_t requests_n; /* that were begun */
static uint64_t places;    /* for requests */
static uint8_t answer[LONG_ANSWER];
static uint32_t later[LATER_MAX];
static unsigned later_n;
static bool inside; /* a callback of ngtcp2 */

/* --- ngtcp2 ------------------------------------------------------------------------------------
 */

static struct channel *channel_of(int64_t id)
{
	for (unsigned i = 0; i < STREAMS; i++) {
		if (channels[i].used && channels[i].id == id)
			return &channels[i];
	}
	return NULL;
}

int ngtcp2_is_bidi_stream(int64_t id)
{
	return (id & 2) == 0;
}

int ngtcp2_conn_open_uni_stream(ngtcp2_conn *conn, int64_t *id, void *user)
{
	(void)conn;
	(void)user;
	*id = 3 + 4 * (int64_t)own_n;
	channels[OURS + own_n] = (struct channel){.id = *id, .used = true, .heard_all = true};
	own_n++;
	return 0;
}

int ngtcp2_conn_extend_max_stream_offset(ngtcp2_conn *conn, int64_t id, uint64_t n)
{
	(void)conn;
	(void)id;
	check_always(n < 1 << 20);
	return 0;
}

void ngtcp2_conn_extend_max_offset(ngtcp2_conn *conn, uint64_t n)
{
	(void)conn;
	check_always(n < 1 << 20);
}

void ngtcp2_conn_extend_max_streams_bidi(ngtcp2_conn *conn, size_t n)
{
	(void)conn;
	places += n;
}

int ngtcp2_conn_shutdown_stream_read(ngtcp2_conn *conn, int64_t id, uint64_t error)
{
	struct channel *c = channel_of(id);

	(void)conn;
	(void)error;
	if (c)
		c->deaf = true;
	return 0;
}

int ngtcp2_conn_shutdown_stream_write(ngtcp2_conn *conn, int64_t id, uint64_t error)
{
	struct channel *c = channel_of(id);

	(void)conn;
	(void)error;
	/* A stream of the client's, one way, has no such part. */
	check_always((id & 3) != 2);
	if (c)
		c->shut = true;
	return 0;
}

int ngtcp2_conn_shutdown_stream(ngtcp2_conn *conn, int64_t id, uint64_t error)
{
	(void)ngtcp2_conn_shutdown_stream_read(conn, id, error);
	return ngtcp2_conn_shutdown_stream_write(conn, id, error);
}

/* --- the owner ---------------------------------------------------------------------------------
 */

static void close_stream(void)
{
	if (!stream.closed)
		stream_close(&stream);
}

static bool on_message(struct stream *s, const uint8_t *octets, size_t len)
{
	check_always(len >= 12 && len <= UINT16_MAX && !(octets[2] & 0x80));
	s->owed++;
	if (octets[1] & 1) {
		if (!stream_send(s, s->tag, answer, octets[1] & 2 ? LONG_ANSWER : 12))
			close_stream();
	} else if (!(octets[1] & 4) && later_n < LATER_MAX) {
		later[later_n++] = s->tag;
		return true;
	}
	if (!s->closed) {
		s->owed--;
		stream_settle(s, s->tag);
	}
	if (octets[1] & 8)
		close_stream();
	return !s->closed;
}

static void on_ended(struct stream *s, enum stream_end why)
{
	(void)s;
	(void)why;
}

static void answer_later(unsigned how)
{
	if (later_n == 0 || stream.closed)
		return;
	uint32_t *place = &later[how % later_n], tag = *place;

	*place = later[--later_n];
	if (how & 0x40 && !stream_send(&stream, tag, answer, how & 0x80 ? LONG_ANSWER : 100)) {
		close_stream();
		return;
	}
	stream.owed--;
	stream_settle(&stream, tag);
}

/* --- as quic_connection.c does ------------------------------------------------------------------
 */

static bool send_answer(struct stream *s, uint32_t tag, const uint8_t *octets, size_t len)
{
	(void)s;
	return quic_http3.send(&connection, tag, octets, len);
}

static void settle(struct stream *s, uint32_t tag)
{
	(void)s;
	quic_http3.settle(&connection, tag);
}

static void end_connection(void)
{
	if (connection.app_state)
		quic_http3.end(&connection);
}

static void close_connection(struct stream *s)
{
	(void)s;
	connection.stream = NULL;
	if (!inside)
		end_connection();
}

static const struct stream_framing framing = {
	.send = send_answer, .settle = settle, .close = close_connection};

/* False when it has ended. */
static bool leave(bool good)
{
	inside = false;
	if (!good && connection.stream)
		stream_close(&stream);
	if (!connection.stream)
		end_connection();
	return connection.stream;
}

/* --- the client --------------------------------------------------------------------------------
 */

static uint32_t sum_of(const struct piece *p)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < p->len; i++)
		sum = sum * 31 + p->at[i];
	return sum;
}

static bool close_if_over(struct channel *c)
{
	if (!c->used || !c->heard_all || !(c->said_all || (c->id & 3) == 2))
		return true;
	inside = true;
	c->used = false;
	return leave(quic_http3.closed(&connection, c->id));
}

/* One of the client's, begun when there is a place. */
static struct channel *choose(unsigned which)
{
	struct channel *c = &channels[which % OURS];
	unsigned uni = which % OURS - REQUESTS;

	if (which % OURS >= REQUESTS) {
		if (!c->used && c->id == 0)
			*c = (struct channel){.id = 2 + 4 * (int64_t)uni, .used = true};
		return c->used ? c : NULL;
	}
	if (!c->used && places > 0) {
		places--;
		*c = (struct channel){.id = 4 * requests_n++, .used = true};
	}
	return c->used ? c : NULL;
}

static bool say(struct channel *c, const uint8_t *octets, size_t len, bool fin)
{
	uint8_t *exact = malloc(len + !len);
	bool good;

	if (c->heard_all || (len == 0 && !fin)) {
		free(exact);
		return true;
	}
	check_always(exact);
	memcpy(exact, octets, len);
	c->heard_all = fin;
	inside = true;
	good = c->deaf || quic_http3.data(&connection, c->id, exact, len, fin);
	free(exact);
	return leave(good) && close_if_over(c);
}

static bool reset(struct channel *c)
{
	if (c->heard_all)
		return true;
	c->heard_all = true;
	inside = true;
	return leave(quic_http3.reset(&connection, c->id)) && close_if_over(c);
}

/* All of what was sent, or some of the first of it. */
static bool acknowledge(struct channel *c, unsigned how)
{
	if (!c->used)
		return true;
	while (c->pieces_n > 0) {
		struct piece *p = &c->pieces[0];
		size_t n = how & 0x80 ? MIN(p->len, (size_t)(how & 63) + 1) : p->len;

		check_always(sum_of(p) == p->sum);
		inside = true;
		quic_http3.acked(&connection, c->id, n);
		if (!leave(true))
			return false;
		p->at += n;
		p->len -= n;
		p->sum = sum_of(p);
		if (p->len == 0)
			memmove(p, p + 1, --c->pieces_n * sizeof *p);
		if (how & 0xc0)
			return true;
	}
	return !c->shut || (c->said_all = true, close_if_over(c));
}

/* As write_packet() does; no more than @p room octets of each stream. */
static void write_some(unsigned how)
{
	size_t room = how & 0x80 ? how & 15 : 1 << 20;

	inside = true;
	if (how & 0x10)
		quic_http3.unblock(&connection);
	for (unsigned turn = 0; turn < 200; turn++) {
		ngtcp2_vec parts[QUIC_VECTORS];
		int64_t id = -1;
		bool fin = false;
		unsigned n = quic_http3.next(&connection, &id, &fin, parts);
		size_t taken = 0, offered = 0;

		if (id < 0)
			break;
		struct channel *c = channel_of(id);

		if (!c || c->shut) {
			quic_http3.blocked(&connection, id, true);
			continue;
		}
		for (unsigned i = 0; i < n; i++)
			offered += parts[i].len;
		if ((offered > 0 && room == 0) || c->pieces_n + n > PIECES_MAX) {
			quic_http3.blocked(&connection, id, false);
			continue;
		}
		for (unsigned i = 0; i < n && taken < room; i++) {
			struct piece *p = &c->pieces[c->pieces_n];

			p->at = parts[i].base;
			p->len = MIN(parts[i].len, room - taken);
			p->sum = sum_of(p);
			taken += p->len;
			c->pieces_n += p->len > 0;
		}
		quic_http3.wrote(&connection, id, taken);
		c->said_all |= fin && taken == offered;
		room -= how & 0x80 ? taken : 0;
	}
	(void)leave(true);
}

/* The client wants to hear no more. */
static void stop(struct channel *c)
{
	if (c->used && (c->id & 3) != 2)
		c->shut = true;
}

/* --- input -------------------------------------------------------------------------------------
 */

struct input {
	const uint8_t *at;
	const uint8_t *end;
};

static uint8_t take_octet(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

/* A request that is good, with the message's second octet chosen, and maybe not its end. */
static bool say_request(struct channel *c, unsigned how)
{
	static const char head[] = "\x01\x31\0\0\xd4\xd7\x50\x03lan\x51\x0a/dns-query"
				   "\x5f\x1d\x17"
				   "application/dns-message\0\x0c";
	uint8_t octets[sizeof head - 1 + 12] = {0};

	memcpy(octets, head, sizeof head - 1);
	octets[1] = sizeof head - 1 - 4;
	octets[sizeof head] = (uint8_t)how;
	return say(c, octets, sizeof octets, how & 0x10);
}

static bool act(struct input *in)
{
	unsigned what = take_octet(in), which = take_octet(in), how;
	struct channel *c = choose(which);
	size_t len;

	switch (what % 8) {
	case 0:
	case 1:
		len = MIN((size_t)(what >> 3), (size_t)(in->end - in->at));
		in->at += len;
		return !c || say(c, in->at - len, len, what & 1);
	case 2: return !c || say_request(c, what >> 3);
	case 3: return !c || reset(c);
	case 4: write_some(take_octet(in)); return connection.stream;
	case 5: return acknowledge(&channels[which % STREAMS], take_octet(in));
	case 6:
		how = take_octet(in);
		answer_later(how);
		return connection.stream;
	default:
		if (what >> 3 == 31)
			close_stream();
		else if (what & 8)
			stop(&channels[which % STREAMS]);
		else
			loop.now.mono_ns += (uint64_t)which * NS_PER_MS;
		return connection.stream;
	}
}

static void begin(void)
{
	static bool ready;

	if (!ready) {
		loop.epoll_fd = -1;
		loop.now.mono_ns = 1000000 * NS_PER_MS;
		wheel_init(&loop.wheel, loop_ms(&loop));
		CDS_INIT_LIST_HEAD(&front.ready);
		front.loop = &loop;
		front.http = &http;
		http.path = "/dns-query";
	}
	ready = true;
	memset(channels, 0, sizeof channels);
	own_n = later_n = 0;
	requests_n = 0;
	places = QUIC_STREAMS_MAX;
	inside = false;
	stream = (struct stream){.message = on_message, .ended = on_ended};
	connection = (struct quic_connection){.front = &front, .stream = &stream};
	CDS_INIT_LIST_HEAD(&connection.ready);
	stream_adopt(&stream, &loop, &framing, &connection, 10000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, data + size};

	begin();
	check_always(quic_http3.begin(&connection));
	while (in.at < in.end && act(&in))
		;
	cds_list_del(&connection.ready);
	if (connection.stream)
		stream_close(&stream);
	check_always(!connection.app_state && loop.wheel.timers_n == 0);
	return 0;
}

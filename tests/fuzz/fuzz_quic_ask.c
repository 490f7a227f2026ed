/*
 * fuzz_quic_ask.c - servers by QUIC: any frames in any packets at any time, before the handshake,
 * during it and afterwards, without encryption (quic_bare.h).
 *
 * The first octets choose what the server allows; each of the rest is an act: a packet, a
 * datagram, time that passes, a question, the end. What is delivered has the ID of a question that
 * was sent, and nothing is left at the end.
 */
#include "quic_bare.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/random.h"
#include "net/tls_private.h"

#define DATAGRAM 1500 /* octets at most */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct loop loop;
static struct tls_turns turns;
static struct quic_secret secret;
static struct random source;
static struct quic_front front;
static struct tls_trust trust = {.holders = 1};
static struct tls_peer peer = {.holders = 1, .trust = &trust};
static struct stream stream;
static struct quic_memory memory;
static char why[TLS_WHY_MAX];
static struct address server = {.octets = {127, 0, 0, 1}, .port = 1, .family = 4};
static ngtcp2_cid first_id, client_id; /* what the client has chosen for us, and for itself */
static uint64_t number;
static uint32_t seen; /* the last number of the client's */
static unsigned asked_n;
static bool ended;

/* --- the client, which is tern -------------------------------------------------------------------
 */

static void note_first(const uint8_t *octets, size_t len)
{
	check_always(len >= 1200 && octets[5] <= NGTCP2_MAX_CIDLEN);
	size_t at = 6 + (size_t)octets[5];

	check_always(octets[at] == QUIC_CID_LEN);
	ngtcp2_cid_init(&first_id, octets + 6, octets[5]);
	ngtcp2_cid_init(&client_id, octets + at + 1, octets[at]);
}

static void note_number(const uint8_t *octets, size_t len)
{
	unsigned n = (octets[0] & 3u) + 1;
	uint32_t got = 0;

	if (octets[0] & 0x80 || len < 5 + n || memcmp(octets + 1, "from", 4) != 0)
		return;
	for (unsigned i = 0; i < n; i++)
		got = got << 8 | octets[5 + i];
	seen = MAX(seen, got);
}

ssize_t send(int fd, const void *octets, size_t len, int flags)
{
	(void)fd;
	(void)flags;
	check_always(len > 0 && len <= QUIC_SENT_MAX);
	if (client_id.datalen == 0)
		note_first(octets, len);
	note_number(octets, len);
	return (ssize_t)len;
}

static bool on_message(struct stream *s, const uint8_t *octets, size_t len)
{
	check_always(len >= 2 && s->tag == 0 && octets[0] == 0x77 && octets[1] < asked_n);
	if (len < 3 || octets[2] != 0xff)
		return true;
	stream_close(s);
	return false;
}

static void on_ended(struct stream *s, enum stream_end how)
{
	(void)s;
	(void)how;
	ended = true;
}

static void put_question(unsigned how)
{
	uint8_t query[300] = {0x77, (uint8_t)asked_n, 1, 0, 0, 1};

	if (ended || stream.closed || asked_n == 255)
		return;
	asked_n++;
	if (!stream_send(&stream, 0, query, 12 + how))
		asked_n--;
	quic_flush(&front);
}

/* --- the server ----------------------------------------------------------------------------------
 */

static void arrive(const uint8_t *octets, size_t len)
{
	struct quic_connection *c = ended || stream.closed ? NULL : stream.framing_state;
	uint8_t *exact = malloc(len);

	if (c && exact && len > 0) {
		memcpy(exact, octets, len);
		struct quic_arrival a = {.octets = exact, .len = len, .peer = &c->peer};

		(void)quic_take(c, &a);
	}
	free(exact);
}

static void send_short(const uint8_t *payload, size_t len, unsigned how)
{
	uint8_t packet[DATAGRAM] = {0};
	size_t n = 0;

	packet[n++] = (uint8_t)(0x43 | (how & 4));
	memcpy(packet + n, client_id.data, client_id.datalen);
	n += client_id.datalen;
	put_u32(packet + n, (uint32_t)number++);
	n += 4;
	len = MIN(len, DATAGRAM - n - BARE_TAG);
	memcpy(packet + n, payload, len);
	arrive(packet, MAX(n + len + BARE_TAG, (size_t)21 + client_id.datalen));
}

/* @p kind is 0 for Initial, 1 for early data, 2 for Handshake, 3 for Retry. */
static void send_long(unsigned kind, const uint8_t *payload, size_t len)
{
	uint8_t packet[DATAGRAM] = {0};
	size_t n = 0;

	packet[n++] = (uint8_t)(0xc3 | kind << 4);
	put_u32(packet + n, QUIC_VERSION);
	n += 4;
	packet[n++] = (uint8_t)client_id.datalen;
	memcpy(packet + n, client_id.data, client_id.datalen);
	n += client_id.datalen;
	packet[n++] = 4;
	memcpy(packet + n, "from", 4);
	n += 4;
	if (kind == 0)
		packet[n++] = 0;
	size_t room = DATAGRAM - n - 2;
	size_t whole = MIN(4 + len + BARE_TAG, room);

	if (kind < 3) {
		put_u16(packet + n, (uint16_t)(0x4000 | whole));
		n += 2;
		put_u32(packet + n, (uint32_t)number++);
		memcpy(packet + n + 4, payload, MIN(len, room - 4 - BARE_TAG));
	} else {
		memcpy(packet + n, payload, MIN(len, room - BARE_TAG));
	}
	arrive(packet, n + whole);
}

static size_t put_crypto(uint8_t *to, const uint8_t *octets, size_t len)
{
	to[0] = 0x06;
	to[1] = 0;
	put_u16(to + 2, (uint16_t)(0x4000 | len));
	memcpy(to + 4, octets, len);
	return 4 + len;
}

static void say_hello(const uint8_t how[4])
{
	static const uint64_t amounts[] = {0, 1, 10, 100, 1200, 65537, 1 << 20, 1ull << 60};
	ngtcp2_transport_params p;
	uint8_t octets[512], frame[600];

	ngtcp2_transport_params_default(&p);
	ngtcp2_cid_init(&p.initial_scid, (const uint8_t *)"from", 4);
	p.original_dcid = first_id;
	p.initial_max_data = amounts[how[0] & 7];
	p.initial_max_stream_data_bidi_remote = amounts[how[0] >> 3 & 7];
	p.initial_max_streams_bidi = how[1] & 7;
	p.max_idle_timeout = (uint64_t)(how[1] >> 3) * NGTCP2_SECONDS;
	p.active_connection_id_limit = 2 + (how[2] & 15);
	p.stateless_reset_token_present = how[3] & 1;
	ngtcp2_ssize n = ngtcp2_encode_transport_params(
		octets, sizeof octets, NGTCP2_TRANSPORT_PARAMS_TYPE_ENCRYPTED_EXTENSIONS, &p);

	check_always(n > 0);
	size_t len = put_crypto(frame, octets, (size_t)n);

	frame[len++] = 0x02;
	memset(frame + len, 0, 4);
	len += 4;
	send_long(0, frame, len);
	quic_flush(&front);
	if (how[3] & 2)
		return;
	len = put_crypto(frame, octets, 8);
	send_long(2, frame, len);
	quic_flush(&front);
}

static void let_pass(uint64_t ms)
{
	loop.now.mono_ns += ms * NS_PER_MS;
	wheel_run(&loop.wheel, loop_ms(&loop));
	quic_flush(&front);
}

static void acknowledge(unsigned how)
{
	uint32_t last = seen + (how & 1) - (how >> 1 & seen & 1), first = MIN(how >> 2, last);
	uint8_t frame[12] = {0x02};

	put_u32(frame + 1, 0x80000000 | last);
	put_u32(frame + 7, 0x80000000 | (last - first));
	send_short(frame, sizeof frame, 0);
	quic_flush(&front);
}

/* --- the input -----------------------------------------------------------------------------------
 */

struct input {
	const uint8_t *at;
	const uint8_t *end;
};

static uint8_t take_octet(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static struct input take_octets(struct input *in)
{
	size_t len = (size_t)take_octet(in) << 3 & 0x7f8;
	size_t left = (size_t)(in->end - in->at);
	struct input part;

	len = len > 1024 ? len - 1024 : len / 8;
	len = MIN(len, left);
	part = (struct input){in->at, in->at + len};
	in->at += len;
	return part;
}

static void act(struct input *in)
{
	unsigned what = take_octet(in), how = take_octet(in);
	struct input part = {NULL, NULL};

	if (what % 8 < 4)
		part = take_octets(in);
	size_t len = (size_t)(part.end - part.at);

	turns.left_ns = INT32_MAX; /* that a machine is slow changes nothing */
	switch (what % 8) {
	case 0:
	case 1: send_short(part.at, len, how); break;
	case 2: send_long(how % 4, part.at, len); break;
	case 3: arrive(part.at, len); break;
	case 4: let_pass((uint64_t)(how & 15) << (how >> 4)); break;
	case 5: put_question(how); break;
	case 6: acknowledge(how); break;
	case 7:
		if (how == 0xff)
			stream_close(&stream);
		else
			number += how;
		break;
	}
	if (what & 0x80)
		quic_flush(&front);
}

static void begin(void)
{
	static bool ready;

	if (!ready) {
		bare_asks = true;
		check_always(loop_init(&loop));
		loop.now.mono_ns = 1000000 * NS_PER_MS;
		wheel_init(&loop.wheel, loop_ms(&loop));
		CDS_INIT_LIST_HEAD(&turns.waiting);
		turns.loop = &loop;
		quic_secret_draw(&secret, &source);
		quic_front_init(&front, NULL, NULL, &loop, &turns, &secret, &source, 1);
	}
	ready = true;
	random_init(&source);
	turns.left_ns = INT32_MAX;
	turns.since_ns = loop.now.mono_ns;
	number = seen = 0;
	asked_n = 0;
	client_id.datalen = 0;
	ended = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct quic_asking asking = {.peer = &peer, .memory = &memory, .why = why};
	struct input in = {data + 4, data + size};

	if (size < 4)
		return 0;
	begin();
	stream = (struct stream){.message = on_message, .ended = on_ended};
	/* The port may be taken, right now. */
	if (!quic_ask(&front, &stream, &server, &asking, 30000))
		return 0;
	quic_flush(&front);
	if (data[3] & 8)
		put_question(3);
	if (!(data[3] & 4))
		say_hello(data);
	while (in.at < in.end)
		act(&in);
	quic_flush(&front);
	for (unsigned i = 0; i < 8 && !ended && !stream.closed; i++)
		let_pass(i < 4 ? 5000 : 20000);
	check_always(ended || stream.closed);
	check_always(front.opening_n == 0 && loop.wheel.timers_n == 0);
	return 0;
}

/*
 * fuzz_quic.c - clients by QUIC: any frames in any packets at any time, without encryption
 * (quic_bare.h), so that they get through; and datagrams that are none.
 *
 * The first octets choose what the client says of itself; each of the rest is an act: a packet, a
 * datagram, time that passes, an answer, the end of the connection. Nobody whose address was not
 * seen to be his gets more than three times the octets that came from there (RFC 9000 8), messages
 * are whole ones, and answers to what is gone harm nobody.
 */
#include "quic_bare.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/random.h"
#include "net/tls_private.h"

#define LATER_MAX   32
#define HOSTS       4    /* addresses of the client */
#define PLACES      4    /* connections */
#define DATAGRAM    1500 /* octets at most */
#define FULL_ANSWER 65535

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct place {
	struct stream stream;
	bool taken;
};

static struct loop loop;
static struct tls_turns turns;
static struct quic_secret secret;
static struct random source;
static struct quic_front front;
static struct tls_service service = {.holders = 1};
static struct place places[PLACES];
static struct udp_peer peers[HOSTS];
static uint64_t received[HOSTS], sent[HOSTS];
static bool proven[HOSTS];
static uint64_t number; /* of the client's next packet, */
static uint32_t seen;   /* and of the last one that it got */
static struct {
	struct stream *stream;
	uint32_t tag;
} later[LATER_MAX];
static unsigned later_n;
static bool is_deaf; /* the listener is gone */
static uint8_t answer[FULL_ANSWER];
static uint8_t buffer[QUIC_SENT_MAX];

/* --- the owner ----------------------------------------------------------------------------------
 */

static size_t answer_len(const uint8_t *octets)
{
	return octets[0] & 0x40 ? FULL_ANSWER : 12 + (size_t)octets[0] * 8;
}

static bool on_message(struct stream *s, const uint8_t *octets, size_t len)
{
	check_always(len >= 2 && len <= UINT16_MAX && octets[0] == 0 && octets[1] == 0);
	if (len < 4)
		return true;
	s->owed++;
	if (octets[2] & 1) {
		bool good = stream_send(s, s->tag, answer, answer_len(octets + 3));

		s->owed--;
		stream_settle(s, s->tag);
		if (!good)
			stream_close(s);
	} else if (octets[2] & 2) {
		s->owed--;
		stream_settle(s, s->tag);
	} else if (later_n < LATER_MAX) {
		later[later_n].stream = s;
		later[later_n++].tag = s->tag;
	}
	if (octets[3] == 0xff)
		stream_close(s);
	if (s->closed)
		CONTAINER_OF(s, struct place, stream)->taken = false;
	return !s->closed;
}

static void on_ended(struct stream *s, enum stream_end why)
{
	(void)why;
	CONTAINER_OF(s, struct place, stream)->taken = false;
}

static void forget_later(const struct stream *s)
{
	for (unsigned i = 0; i < later_n; i++) {
		if (later[i].stream == s)
			later[i--] = later[--later_n];
	}
}

static struct stream *give_place(void *context, const struct address *client, uint8_t listener,
				 uint32_t *idle_ms)
{
	(void)context;
	(void)client;
	(void)listener;
	*idle_ms = 10000;
	for (unsigned i = 0; i < PLACES; i++) {
		struct place *p = &places[i];

		if (p->taken)
			continue;
		forget_later(&p->stream);
		*p = (struct place){.stream = {.message = on_message, .ended = on_ended},
				    .taken = true};
		return &p->stream;
	}
	return NULL;
}

static void take_back(void *context, struct stream *s)
{
	(void)context;
	CONTAINER_OF(s, struct place, stream)->taken = false;
}

static unsigned host_of(const struct sockaddr *sa)
{
	return ntohs(((const struct sockaddr_in *)(const void *)sa)->sin_port) % HOSTS;
}

static bool on_moved(void *context, struct stream *s, const struct address *client)
{
	(void)context;
	(void)s;
	proven[client->port % HOSTS] = true;
	return client->port % HOSTS != HOSTS - 1;
}

static struct tls_service *give_service(void *context)
{
	(void)context;
	return &service;
}

static uint8_t *give_buffer(void *context, uint8_t listener)
{
	(void)context;
	(void)listener;
	return is_deaf ? NULL : buffer;
}

/* Their IDs are the client's "from", and their numbers small. */
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

static void take_sent(void *context, uint8_t listener, size_t len, const struct udp_peer *to)
{
	unsigned host = host_of(&to->addr.any);

	(void)context;
	(void)listener;
	check_always(len <= QUIC_SENT_MAX);
	note_number(buffer, len);
	sent[host] += len;
	check_always(proven[host] || sent[host] <= 3 * received[host]);
}

static void on_forward(void *context, unsigned index, const struct quic_arrival *a)
{
	(void)context;
	(void)index;
	(void)a;
}

static const struct quic_owner owner = {
	.accept = give_place,
	.give_back = take_back,
	.moved = on_moved,
	.service = give_service,
	.buffer = give_buffer,
	.send = take_sent,
	.forward = on_forward,
};

/* --- the client ---------------------------------------------------------------------------------
 */

static struct quic_connection *first_connection(void)
{
	for (unsigned i = 0; i < PLACES; i++) {
		if (places[i].taken && !places[i].stream.closed)
			return places[i].stream.framing_state;
	}
	return NULL;
}

static void arrive(const uint8_t *octets, size_t len, unsigned host)
{
	uint8_t *exact = malloc(len + !len); /* whoever reads behind it is seen */
	struct quic_arrival a = {.octets = exact, .len = len, .peer = &peers[host]};

	check_always(exact);
	memcpy(exact, octets, len);
	received[host] += len;
	quic_receive(&front, &a);
	free(exact);
}

static size_t put_id(uint8_t *at, unsigned which)
{
	const struct quic_connection *c = first_connection();
	const struct quic_cid *id = c ? &c->cids[which % QUIC_CIDS_MAX] : NULL;

	if (c && !id->connection)
		id = &c->cids[0];
	if (!c || !id->connection) {
		memset(at, 'd', QUIC_CID_LEN);
		return QUIC_CID_LEN;
	}
	memcpy(at, id->id.data, id->id.datalen);
	return id->id.datalen;
}

static void send_short(const uint8_t *payload, size_t len, unsigned host, unsigned which)
{
	uint8_t packet[DATAGRAM] = {0};
	size_t n = 0;

	packet[n++] = (uint8_t)(0x43 | (which & 4));
	n += put_id(packet + n, which >> 3);
	put_u32(packet + n, (uint32_t)number++);
	n += 4;
	len = MIN(len, DATAGRAM - n - BARE_TAG);
	memcpy(packet + n, payload, len);
	arrive(packet, MAX(n + len + BARE_TAG, (size_t)21 + QUIC_CID_LEN), host);
}

enum kind {
	KIND_INITIAL,
	KIND_EARLY,
	KIND_HANDSHAKE,
};

static void send_long(enum kind kind, const uint8_t *payload, size_t len, unsigned host,
		      unsigned which)
{
	uint8_t packet[DATAGRAM] = {0};
	size_t n = 0;

	packet[n++] = (uint8_t)(0xc3 | (unsigned)kind << 4);
	put_u32(packet + n, QUIC_VERSION);
	n += 4;
	size_t id_len = put_id(packet + n + 1, which);

	packet[n] = (uint8_t)id_len;
	n += 1 + id_len;
	packet[n++] = 4;
	memcpy(packet + n, "from", 4);
	n += 4;
	if (kind == KIND_INITIAL)
		packet[n++] = 0;
	size_t room = DATAGRAM - n - 2;
	size_t whole = MIN(4 + len + BARE_TAG, room);

	if (kind == KIND_INITIAL)
		whole = MAX(whole, (size_t)1200 - n - 2);
	put_u16(packet + n, (uint16_t)(0x4000 | whole));
	n += 2;
	put_u32(packet + n, (uint32_t)number++);
	memcpy(packet + n + 4, payload, MIN(len, room - 4 - BARE_TAG));
	arrive(packet, n + whole, host);
}

static size_t put_crypto(uint8_t *to, const uint8_t *octets, size_t len)
{
	to[0] = 0x06;
	to[1] = 0;
	put_u16(to + 2, (uint16_t)(0x4000 | len));
	memcpy(to + 4, octets, len);
	return 4 + len;
}

/* What it allows is chosen by @p how. */
static void say_hello(const uint8_t how[4])
{
	static const uint64_t amounts[] = {0, 1, 100, 1200, 65536, 1 << 20, 1 << 24, 1ull << 60};
	ngtcp2_transport_params p;
	uint8_t octets[512], frame[600];

	ngtcp2_transport_params_default(&p);
	ngtcp2_cid_init(&p.initial_scid, (const uint8_t *)"from", 4);
	p.initial_max_data = amounts[how[0] & 7];
	p.initial_max_stream_data_bidi_local = amounts[how[0] >> 3 & 7];
	p.initial_max_streams_uni = how[1] & 3;
	p.max_idle_timeout = (uint64_t)(how[1] >> 2) * NGTCP2_SECONDS;
	p.active_connection_id_limit = 2 + (how[2] & 15);
	p.ack_delay_exponent = how[2] >> 4;
	p.disable_active_migration = how[3] & 1;
	ngtcp2_ssize n = ngtcp2_encode_transport_params(
		octets, sizeof octets, NGTCP2_TRANSPORT_PARAMS_TYPE_CLIENT_HELLO, &p);

	check_always(n > 0);
	size_t len = put_crypto(frame, octets, (size_t)n);

	send_long(KIND_INITIAL, frame, len, 0, 0);
	quic_flush(&front);
	if (how[3] & 2)
		return;
	len = put_crypto(frame, octets, 8);
	proven[0] = true; /* by that packet */
	send_long(KIND_HANDSHAKE, frame, len, 0, 0);
	quic_flush(&front);
}

static void let_pass(uint64_t ms)
{
	loop.now.mono_ns += ms * NS_PER_MS;
	wheel_run(&loop.wheel, loop_ms(&loop));
	quic_flush(&front);
}

static void answer_later(unsigned how)
{
	unsigned n = later_n;

	later_n = 0;
	for (unsigned i = 0; i < n; i++) {
		struct stream *s = later[i].stream;
		struct place *p = CONTAINER_OF(s, struct place, stream);

		if (!p->taken || s->closed)
			continue;
		if (how & 1 && !stream_send(s, later[i].tag, answer, 12 + (how & 0xf0) * 40)) {
			stream_close(s);
			p->taken = false;
			continue;
		}
		if (s->owed > 0)
			s->owed--;
		stream_settle(s, later[i].tag);
	}
	quic_flush(&front);
}

/* All that came; or one less or more, or not the first ones. */
static void acknowledge(unsigned how)
{
	uint32_t last = seen + (how & 1) - (how >> 1 & seen & 1), first = MIN(how >> 2, last);
	uint8_t frame[12] = {0x02};

	put_u32(frame + 1, 0x80000000 | last);
	put_u32(frame + 7, 0x80000000 | (last - first));
	send_short(frame, sizeof frame, 0, 0);
	quic_flush(&front);
}

static void end_by_owner(void)
{
	struct quic_connection *c = first_connection();

	if (!c)
		return;
	struct place *p = CONTAINER_OF(c->stream, struct place, stream);

	stream_close(&p->stream);
	p->taken = false;
}

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
	case 0: send_short(part.at, len, 0, how); break;
	case 1: send_short(part.at, len, how % HOSTS, how); break;
	case 2: send_long((enum kind)(how % 3), part.at, len, how >> 4 & 1, how >> 5); break;
	case 3: arrive(part.at, len, how % HOSTS); break;
	case 4: let_pass((uint64_t)(how & 15) << (how >> 4)); break;
	case 5: answer_later(how); break;
	case 6: acknowledge(how); break;
	case 7:
		if (how == 0xff)
			end_by_owner();
		else if (how == 0xfe)
			is_deaf = !is_deaf;
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
		for (unsigned i = 0; i < HOSTS; i++) {
			peers[i].addr.v4 = (struct sockaddr_in){
				.sin_family = AF_INET,
				.sin_port = htons((uint16_t)(4000 + i)),
				.sin_addr.s_addr = htonl(0x7f000001 + (i >> 1)),
			};
			peers[i].addr_len = sizeof peers[i].addr.v4;
		}
		loop.epoll_fd = -1;
		loop.now.mono_ns = 1000000 * NS_PER_MS;
		wheel_init(&loop.wheel, loop_ms(&loop));
		CDS_INIT_LIST_HEAD(&turns.waiting);
		turns.loop = &loop;
		quic_secret_draw(&secret, &source);
		quic_front_init(&front, &owner, NULL, &loop, &turns, &secret, &source, 1);
	}
	ready = true;
	bare_random = 1;
	random_init(&source);
	memset(received, 0, sizeof received);
	memset(sent, 0, sizeof sent);
	memset(proven, 0, sizeof proven);
	turns.left_ns = INT64_MAX / 2;
	turns.since_ns = loop.now.mono_ns;
	number = seen = 0;
	later_n = 0;
	is_deaf = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data + 4, data + size};

	if (size < 4)
		return 0;
	begin();
	if (!(data[3] & 4))
		say_hello(data);
	while (in.at < in.end)
		act(&in);
	quic_flush(&front);
	answer_later(0x41);
	let_pass(5000);
	let_pass(20000);
	let_pass(20000);
	for (unsigned i = 0; i < PLACES; i++)
		check_always(!places[i].taken);
	check_always(front.opening_n == 0 && loop.wheel.timers_n == 0);
	return 0;
}

/*
 * quic_ready.c - clients by QUIC: their datagrams, and places for their connections.
 *
 * A connection is a client's as one by TCP is (tcp.h): the same places, the same limits.
 */
#include "worker/quic_ready.h"

#include <stdlib.h>
#include <string.h>

#include "worker/worker_private.h"

/* A datagram on its way to the worker that has its connection. */
struct quic_letter {
	struct letter letter;
	struct udp_peer peer;
	uint16_t len;
	uint8_t listener;
	uint8_t octets[];
};

static enum quic_protocol protocol_of(const struct listener *l)
{
	return l->at.transport == TRANSPORT_HTTP3 ? QUIC_HTTP3 : QUIC_DOQ;
}

static uint8_t *give_buffer(void *context, uint8_t listener)
{
	struct worker *w = context;
	const struct listener *l = &w->listeners[listener];

	return l->batch && transport_is_quic(l->at.transport) ? udp_answer_buffer(l->batch) : NULL;
}

static void send_datagram(void *context, uint8_t listener, size_t len, const struct udp_peer *to)
{
	struct worker *w = context;

	udp_answer(w->listeners[listener].batch, len, to);
}

static void forward(void *context, unsigned index, const struct quic_arrival *a)
{
	struct worker *w = context;
	struct worker *to = index < WORKERS_MAX ? w->shared->workers[index] : NULL;
	struct quic_letter *letter = to ? malloc(sizeof *letter + a->len) : NULL;

	if (!letter)
		return;
	letter->letter.kind = LETTER_QUIC;
	letter->peer = *a->peer;
	letter->len = (uint16_t)a->len;
	letter->listener = a->listener;
	memcpy(letter->octets, a->octets, a->len);
	if (!mailbox_send(&to->mailbox, &letter->letter))
		free(letter);
}

void quic_read_letter(struct worker *w, struct letter *letter)
{
	struct quic_letter *q = CONTAINER_OF(letter, struct quic_letter, letter);
	struct quic_arrival a = {
		.octets = q->octets,
		.len = q->len,
		.peer = &q->peer,
		.listener = q->listener,
		.protocol = protocol_of(&w->listeners[q->listener]),
	};

	quic_receive(&w->quic, &a);
	free(q);
}

static struct tls_service *give_service(void *context)
{
	const struct worker *w = context;

	return w->rules->tls;
}

static const struct quic_owner owner = {
	.accept = tcp_accept_quic,
	.give_back = tcp_give_back,
	.moved = tcp_moved,
	.service = give_service,
	.buffer = give_buffer,
	.send = send_datagram,
	.forward = forward,
};

void quic_start(struct worker *w)
{
	quic_front_init(&w->quic, &owner, w, &w->loop, &w->tls, &w->shared->quic_secret, &w->random,
			w->index);
	w->quic.http = &w->http;
	quic_front_init(&w->quic_upstream, NULL, NULL, &w->loop, &w->tls_upstream,
			&w->shared->quic_secret, &w->random, w->index);
}

void quic_flush_all(struct worker *w)
{
	quic_flush(&w->quic);
	quic_flush(&w->quic_upstream);
}

#define BATCHES_PER_TURN 4 /* then the other descriptors have their turn */

void quic_udp_ready(struct watch *watch, uint32_t events)
{
	struct listener *l = CONTAINER_OF(watch, struct listener, udp_watch);
	struct worker *w = l->worker;
	unsigned n = UDP_BATCH;

	(void)events;
	for (unsigned round = 0; round < BATCHES_PER_TURN && n == UDP_BATCH; round++) {
		n = udp_receive(l->batch);
		for (unsigned i = 0; i < n; i++) {
			struct datagram d = udp_received(l->batch, i);
			struct quic_arrival a = {
				.octets = d.octets,
				.len = d.len,
				.peer = d.peer,
				.listener = l->index,
				.protocol = protocol_of(l),
			};

			quic_receive(&w->quic, &a);
		}
		quic_flush(&w->quic);
		udp_flush(l->batch);
	}
}

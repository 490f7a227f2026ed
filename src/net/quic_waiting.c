/*
 * quic_waiting.c - clients that wait until there is time for their handshakes; see quic.h.
 *
 * Those only whose address is known to be theirs, so that nobody fills the queue with others'
 * addresses, and few of each.
 */
#include "net/quic_private.h"

#include <stdlib.h>
#include <string.h>

#define WAITING_MAX     512 /* datagrams, each with the beginning of a connection */
#define WAITING_EACH    128 /* of one address */
#define WAITING_LIFE_MS 2000
#define TURN_MS         1

struct quic_waiting {
	struct cds_list_head node;
	uint64_t since_ms;
	struct udp_peer peer;
	struct quic_arrival arrival; /* which points into this */
	uint8_t octets[];
};

static bool is_same_host(const struct udp_peer *a, const struct udp_peer *b)
{
	struct address one, other;

	if (!address_from_sockaddr(&a->addr.any, &one) ||
	    !address_from_sockaddr(&b->addr.any, &other))
		return false;
	one.port = other.port = 0;
	return address_equal(&one, &other);
}

static bool may_wait(const struct quic_front *f, const struct quic_arrival *a)
{
	const struct quic_waiting *w;
	unsigned n = 0;

	if (f->waiting_n == WAITING_MAX)
		return false;
	cds_list_for_each_entry(w, &f->waiting, node) n += is_same_host(&w->peer, a->peer);
	return n < WAITING_EACH;
}

bool quic_wait(struct quic_front *f, const struct quic_arrival *a)
{
	struct quic_waiting *w = may_wait(f, a) ? malloc(sizeof *w + a->len) : NULL;

	if (!w)
		return false;
	w->since_ms = loop_ms(f->loop);
	w->peer = *a->peer;
	memcpy(w->octets, a->octets, a->len);
	w->arrival = *a;
	w->arrival.octets = w->octets;
	w->arrival.peer = &w->peer;
	cds_list_add_tail(&w->node, &f->waiting);
	f->waiting_n++;
	if (!timer_is_set(&f->timer))
		loop_timer(f->loop, &f->timer, TURN_MS);
	return true;
}

static struct quic_waiting *take_first(struct quic_front *f)
{
	struct quic_waiting *w = cds_list_first_entry(&f->waiting, struct quic_waiting, node);

	cds_list_del(&w->node);
	f->waiting_n--;
	return w;
}

void quic_serve_waiting(struct quic_front *f)
{
	while (f->waiting_n > 0 && tls_turns_have_time(f->turns)) {
		struct quic_waiting *w = take_first(f);

		/* Whoever waited so long has asked again, or has gone. */
		if (loop_ms(f->loop) - w->since_ms < WAITING_LIFE_MS)
			quic_receive(f, &w->arrival);
		free(w);
	}
	if (f->waiting_n > 0 && !timer_is_set(&f->timer))
		loop_timer(f->loop, &f->timer, TURN_MS);
}

void quic_drop_waiting(struct quic_front *f)
{
	while (f->waiting_n > 0)
		free(take_first(f));
}

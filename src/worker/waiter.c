/*
 * waiter.c - who waits for a task, and how much may be owed to one network.
 */
#include <string.h>

#include "worker/worker_private.h"

#define OPT_OCTETS 11 /* without options */

/* Octets of a plain query that asks the same. */
static uint16_t question_octets(const struct request *r)
{
	return (uint16_t)(TERN_HEADER_LEN + r->name_len + 4 + (r->edns ? OPT_OCTETS : 0));
}

/*
 * Spoofed clients must not collect answers to be released all at once (DNSBomb):
 * there may be so many, and but for the first few they are hardly larger than
 * what was sent for them. Who needs more comes by TCP.
 */
static bool count_net(struct worker *w, struct waiter *waiter)
{
	const struct address *a = &waiter->back.client;
	size_t octets = a->family == 4 ? 3 : 7;
	uint64_t hash = hash_bytes(&w->shared->hash_key, a->family, a->octets, octets);
	uint16_t slot = (uint16_t)(1 + hash % (ARRAY_LEN(w->waiting_per_net) - 1));

	waiter->net_slot = 0;
	if (waiter->back.tcp || waiter->request.cookie_valid || address_is_loopback(a))
		return true;
	if (w->waiting_per_net[slot] >= WAITING_PER_NET_MAX)
		return false;
	if (w->waiting_per_net[slot] >= PULSE_FREE)
		waiter->request.limit = (uint16_t)MIN(
			waiter->request.limit, PULSE_FACTOR * question_octets(&waiter->request));
	w->waiting_per_net[slot]++;
	waiter->net_slot = slot;
	return true;
}

void waiter_free(struct worker *w, struct waiter *waiter)
{
	/* With another worker's connection its mail settles the debt. */
	if (waiter->back.tcp && waiter->back.worker == w->index)
		tcp_settle(waiter->back.tcp_client, waiter->back.tcp_serial);
	if (waiter->net_slot)
		w->waiting_per_net[waiter->net_slot]--;
	pool_give(&w->waiters, waiter);
}

static bool same_client(const struct waiter *waiter, const struct request *r,
			const struct route_back *back)
{
	return !back->tcp && !waiter->back.tcp && waiter->request.id == r->id &&
	       address_equal(&waiter->back.client, &back->client);
}

bool waiter_is_from(const struct task *t, const struct address *client)
{
	for (const struct waiter *waiter = t->waiters; waiter; waiter = waiter->next) {
		if (memcmp(waiter->back.client.octets, client->octets, sizeof client->octets) == 0)
			return true;
	}
	return false;
}

enum waiter_added waiter_add(struct worker *w, struct task *t, const struct request *r,
			     const struct route_back *back)
{
	/* A retransmission: the client gets its answer once. */
	for (const struct waiter *other = t->waiters; other; other = other->next) {
		if (same_client(other, r, back))
			return ADDED_ALREADY;
	}
	struct waiter *waiter = pool_take(&w->waiters);

	if (!waiter) {
		tally_add(&w->tally.pool_empty);
		return ADDED_NOT;
	}
	waiter->request = *r;
	waiter->back = *back;
	waiter->since_ns = w->loop.now.mono_ns;
	if (!count_net(w, waiter)) {
		tally_add(&w->tally.client_limited);
		pool_give(&w->waiters, waiter);
		return ADDED_ALREADY; /* dropped in silence: an answer is what the attacker wants */
	}
	waiter->next = t->waiters;
	t->waiters = waiter;
	t->waiters_n++;
	return ADDED;
}

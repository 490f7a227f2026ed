/*
 * waiter.c - who waits for a task, and how much may be owed to one network.
 *
 * Places are shared fairly (base/shares.h). Two tables find a waiter: by the very
 * query, for retransmissions, and by the host, for loops of resolvers.
 */
#include <string.h>

#include "worker/worker_private.h"

#define OPT_OCTETS 11 /* without options */

/* Octets of a plain query that asks the same. */
static uint16_t question_octets(const struct request *r)
{
	return (uint16_t)(TERN_HEADER_LEN + r->name_len + 4 + (r->edns ? OPT_OCTETS : 0));
}

/* Did the client show that the address is the client's own, or has it one that can't be forged? */
static bool is_genuine(const struct waiter *waiter)
{
	return waiter->back.tcp || waiter->request.cookie_valid ||
	       address_is_local(&waiter->back.client);
}

/*
 * Spoofed clients must not collect answers to be released all at once (DNSBomb):
 * but for the first few these are hardly larger than what was sent for them. Who
 * needs more comes by TCP.
 */
static void limit_pulse(struct worker *w, struct waiter *waiter)
{
	if (w->waiter_shares.held[waiter->party] >= PULSE_FREE && !is_genuine(waiter))
		waiter->request.limit = (uint16_t)MIN(
			waiter->request.limit, PULSE_FACTOR * question_octets(&waiter->request));
}

/* --- found by hash --------------------------------------------------------------- */

static uint64_t hash_host(const struct worker *w, const struct task *t, const struct address *host)
{
	return hash_bytes(&w->shared->hash_key, t->hash ^ host->family, host->octets,
			  sizeof host->octets);
}

static uint64_t hash_query(const struct worker *w, uint64_t host_hash, uint16_t port, uint16_t id)
{
	uint16_t words[2] = {port, id};

	return hash_bytes(&w->shared->hash_key, host_hash, words, sizeof words);
}

static bool is_waiting(struct worker *w, const struct task *t, const struct request *r,
		       const struct route_back *back, uint64_t hash)
{
	struct cds_hlist_head *bucket = &w->waiters_by_query[hash % WAITER_BUCKETS];
	struct waiter *waiter;

	cds_hlist_for_each_entry_2(waiter, bucket, same_query)
	{
		if (waiter->task == t && waiter->request.id == r->id &&
		    address_equal(&waiter->back.client, &back->client))
			return true;
	}
	return false;
}

bool waiter_is_from(struct worker *w, const struct task *t, const struct address *client)
{
	uint64_t hash = hash_host(w, t, client);
	struct cds_hlist_head *bucket = &w->waiters_by_host[hash % WAITER_BUCKETS];
	struct waiter *waiter;

	/* Those of one host and task stand in one bucket, so whoever is there is met soon. */
	cds_hlist_for_each_entry_2(waiter, bucket, same_host)
	{
		if (waiter->task == t &&
		    memcmp(waiter->back.client.octets, client->octets, sizeof client->octets) == 0)
			return true;
	}
	return false;
}

/* --- added and freed ---------------------------------------------------------------- */

void waiter_free(struct worker *w, struct waiter *waiter)
{
	/* With another worker's connection its mail settles the debt. */
	if (waiter->back.tcp && waiter->back.worker == w->index)
		tcp_settle(&waiter->back);
	cds_list_del(&waiter->node);
	cds_hlist_del(&waiter->same_host);
	if (!waiter->back.tcp)
		cds_hlist_del(&waiter->same_query);
	shares_give(&w->waiter_shares, waiter->party);
	pool_give(&w->waiters, waiter);
}

enum waiter_added waiter_add(struct worker *w, struct task *t, const struct request *r,
			     const struct route_back *back)
{
	uint64_t by_host = hash_host(w, t, &back->client);
	uint64_t by_query = hash_query(w, by_host, back->client.port, r->id);
	uint16_t party = party_of(&w->shared->hash_key, &back->client);

	/* A retransmission: the client gets its answer once. */
	if (!back->tcp && is_waiting(w, t, r, back, by_query))
		return ADDED_ALREADY;
	if (!shares_allow(&w->waiter_shares, party)) {
		tally_add(&w->tally.client_limited);
		return ADDED_NOT;
	}
	struct waiter *waiter = pool_take(&w->waiters);

	if (!waiter) {
		tally_add(&w->tally.pool_empty);
		return ADDED_NOT;
	}
	waiter->task = t;
	waiter->request = *r;
	waiter->back = *back;
	waiter->party = party;
	waiter->since_ns = w->loop.now.mono_ns;
	limit_pulse(w, waiter);
	shares_take(&w->waiter_shares, party);
	cds_list_add(&waiter->node, &t->waiters);
	cds_hlist_add_head(&waiter->same_host, &w->waiters_by_host[by_host % WAITER_BUCKETS]);
	if (!back->tcp)
		cds_hlist_add_head(&waiter->same_query,
				   &w->waiters_by_query[by_query % WAITER_BUCKETS]);
	return ADDED;
}

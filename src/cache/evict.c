/*
 * evict.c - which entry leaves when a shard is full.
 *
 * A hand sweeps the buckets. An entry with lives left loses one and stays; one
 * without goes. Entries start with none and a hit gives one, so a flood of
 * one-shot names passes through in one sweep while what is asked again stays;
 * delegations and keys start with several and outlive the flood. A hit costs at
 * most one byte's store and no list is moved (the idea of SIEVE: lazy promotion,
 * quick demotion).
 */
#include "cache/cache_private.h"

static bool is_spent(struct entry *e)
{
	uint8_t lives = atomic_load_explicit(&e->lives, memory_order_relaxed);

	if (lives == 0)
		return true;
	atomic_store_explicit(&e->lives, (uint8_t)(lives - 1), memory_order_relaxed);
	return false;
}

static void sweep_bucket(struct cache *c, struct shard *s, entry_link *link)
{
	struct entry *e;

	/* The whole chain: stopping as soon as there is room would spare the oldest, at its end. */
	while ((e = link_get(link)) != NULL) {
		if (is_spent(e)) {
			shard_retire(c, s, link);
			if (link_get(link) == e)
				return; /* no memory to retire it; the next put tries again */
			s->evicted++;
		} else {
			link = &e->next;
		}
	}
}

void shard_evict(struct cache *c, struct shard *s)
{
	size_t buckets = (size_t)1 << c->bucket_bits;
	/* Every life is counted down after LIVES_INFRA sweeps; one more bounds the loop. */
	size_t left = buckets * (LIVES_INFRA + 1);

	while (s->octets > s->limit && left-- > 0) {
		sweep_bucket(c, s, &s->buckets[s->hand]);
		s->hand = (s->hand + 1) & (buckets - 1);
	}
}

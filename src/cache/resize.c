/*
 * resize.c - a cache of another size takes over what one knows.
 *
 * Rendered answers are left behind: they are made again with their next question.
 */
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>

#include "base/readers.h"
#include "cache/cache_private.h"

#define COPY_SLICE 1024 /* buckets between two rests */

static bool is_worth_taking(const struct cache *to, const struct entry *e, uint32_t now_s)
{
	return TAG_KIND(e->tag) != TAG_KIND(TAG_ANSWER(0, 0, 0)) &&
	       (entry_is_fresh(e, now_s) || entry_age_s(e, now_s) - e->ttl_s < to->stale_s);
}

static struct entry *copy_of(const struct entry *e)
{
	size_t octets = sizeof *e + e->name_len + e->body_len;
	struct entry *copy = malloc(octets);

	if (!copy)
		return NULL;
	memcpy(copy->octets, e->octets, octets - sizeof *e);
	*copy = (struct entry){.tag = e->tag,
			       .stored_s = e->stored_s,
			       .ttl_s = e->ttl_s,
			       .body_len = e->body_len,
			       .rr_n = e->rr_n,
			       .sig_n = e->sig_n,
			       .name_len = e->name_len,
			       .negative = e->negative,
			       .nxdomain = e->nxdomain,
			       .with_proof = e->with_proof,
			       .rank = e->rank,
			       .security = e->security,
			       .by_proof = e->by_proof,
			       .lives = atomic_load_explicit(&e->lives, memory_order_relaxed),
			       .ede = e->ede};
	return copy;
}

/* What was stored in the meantime is newer. */
static bool is_newer(const struct entry *old, const struct entry *fresh)
{
	return (int32_t)(fresh->stored_s - old->stored_s) > 0;
}

static void take(struct cache *to, const struct entry *e, uint32_t now_s)
{
	struct entry *copy = is_worth_taking(to, e, now_s) ? copy_of(e) : NULL;

	if (copy)
		shard_publish(to, copy, is_newer);
}

void cache_take_from(struct cache *to, const struct cache *from, uint32_t now_s)
{
	size_t buckets = (size_t)1 << (from->bucket_bits + from->shard_bits);

	for (size_t b = 0; b < buckets; b++) {
		for (struct entry *e = link_get(&from->buckets[b]); e; e = link_get(&e->next))
			take(to, e, now_s);
		if (b % COPY_SLICE == 0)
			readers_rest();
	}
	atomic_store(&to->cut_depth, atomic_load(&from->cut_depth));
	atomic_store(&to->dname_depth, atomic_load(&from->dname_depth));
}

/*
 * delegation.c - zone cuts as the parent told them, apart from ordinary data.
 *
 * They live as long as the parent granted. What the child says of its own NS
 * set is an RRset like any other and never gets in here, so a revoked name dies
 * on time (ghost domains, limits.md row 14).
 */
#include <string.h>

#include <tern/name.h>

#include "cache/cache_private.h"

void entry_read_delegation(const struct entry *e, uint32_t now_s, struct cache_delegation *out)
{
	*out = (struct cache_delegation){
		.zone = entry_name(e),
		.body = entry_body(e),
		.body_len = e->body_len,
		.ttl_s = entry_left_s(e, now_s),
		.age_s = entry_age_s(e, now_s),
	};
}

bool cache_get_delegation(struct cache *c, const uint8_t *zone, uint32_t now_s,
			  struct cache_delegation *out)
{
	struct entry *e = cache_find_name(c, zone, TAG_DELEGATION);

	if (!e || !entry_is_fresh(e, now_s))
		return false;
	if (atomic_load_explicit(&e->lives, memory_order_relaxed) < LIVES_INFRA)
		atomic_store_explicit(&e->lives, LIVES_INFRA, memory_order_relaxed);
	entry_read_delegation(e, now_s, out);
	return true;
}

void cache_put_delegation(struct cache *c, const struct cache_delegation *d, uint32_t now_s)
{
	if (d->ttl_s == 0)
		return;
	struct entry *e = entry_build(c, d->zone, TAG_DELEGATION, d->body_len);

	if (!e)
		return;
	e->stored_s = now_s;
	e->ttl_s = d->ttl_s;
	atomic_init(&e->lives, entry_infra_lives(d->zone, d->brief));
	memcpy(entry_body_to_fill(e), d->body, d->body_len);
	deepen(&c->cut_depth, d->zone);
	shard_publish(c, e, NULL);
}

unsigned cache_cut_depth(const struct cache *c)
{
	return atomic_load_explicit(&c->cut_depth, memory_order_relaxed);
}

void cache_drop_delegation(struct cache *c, const uint8_t *zone)
{
	cache_remove_key(c, zone, TAG_DELEGATION);
}

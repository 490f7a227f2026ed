/*
 * walk.c - over all entries: flushing, dumping, counting. Never on a hot path.
 */
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "cache/cache_private.h"

static bool is_named(const struct entry *e, const void *context)
{
	const uint8_t *name = context;

	return TAG_KIND(e->tag) == TAG_KIND(TAG_ANSWER(0, 0, 0)) ||
	       tern_name_equal(entry_name(e), name) || entry_is_scoped(e, name);
}

/* What a name may have been made from: wildcards and DNAMEs above it, and ranges. */
static bool is_named_or_source(const struct entry *e, const void *context)
{
	const uint8_t *name = context, *owner = entry_name(e);

	if (is_named(e, context))
		return true;
	if (e->tag == TAG_RANGES)
		return tern_name_is_below_or_equal(name, owner);
	if (e->tag == TAG_TYPE(TERN_TYPE_DNAME))
		return tern_name_is_below(name, owner);
	return owner[0] == 1 && owner[1] == '*' && TAG_KIND(e->tag) == TAG_KIND(TAG_TYPE(0)) &&
	       tern_name_is_below(name, tern_name_parent(owner));
}

static bool is_in_zone(const struct entry *e, const void *context)
{
	const uint8_t *zone = context;

	return TAG_KIND(e->tag) == TAG_KIND(TAG_ANSWER(0, 0, 0)) ||
	       tern_name_is_below_or_equal(entry_name(e), zone);
}

struct zone_list {
	const uint8_t **zones; /* sorted */
	size_t n;
};

static int compare_zones(const void *a, const void *b)
{
	const uint8_t *const *x = a, *const *y = b;

	return tern_name_compare(*x, *y);
}

static bool is_in_zones(const struct entry *e, const void *context)
{
	const struct zone_list *list = context;

	if (TAG_KIND(e->tag) == TAG_KIND(TAG_ANSWER(0, 0, 0)))
		return true;
	for (const uint8_t *at = entry_name(e);; at = tern_name_parent(at)) {
		if (bsearch(&at, list->zones, list->n, sizeof *list->zones, compare_zones))
			return true;
		if (*at == 0)
			return false;
	}
}

size_t cache_flush_name(struct cache *c, const uint8_t *name)
{
	return cache_remove(c, is_named_or_source, name);
}

size_t cache_flush_zone(struct cache *c, const uint8_t *zone)
{
	return cache_remove(c, is_in_zone, zone);
}

size_t cache_flush_zones(struct cache *c, const uint8_t **zones, size_t n)
{
	const struct zone_list list = {zones, n};

	qsort(zones, n, sizeof *zones, compare_zones);
	return cache_remove(c, is_in_zones, &list);
}

void cache_count(struct cache *c, struct cache_counts *out)
{
	uint64_t fixed = sizeof(entry_link) << c->bucket_bits;

	memset(out, 0, sizeof *out);
	out->retired = atomic_load_explicit(&c->backlog, memory_order_relaxed);
	for (unsigned i = 0; i < 1u << c->shard_bits; i++) {
		struct shard *s = &c->shards[i];

		pthread_mutex_lock(&s->lock);
		out->entries += s->entries;
		out->octets += s->octets + fixed;
		out->limit += s->limit + fixed;
		out->inserted += s->inserted;
		out->replaced += s->replaced;
		out->evicted += s->evicted;
		out->refused += s->refused;
		out->retired += s->pending;
		/* Counting is periodic: a good moment to let a lonely batch go. */
		shard_flush_retired(c, s);
		pthread_mutex_unlock(&s->lock);
	}
}

static void fill_item(const struct entry *e, uint32_t now_s, struct cache_item *item)
{
	memset(item, 0, sizeof *item);
	item->name = entry_name(e);
	item->type = (uint16_t)e->tag;
	item->ttl_s = entry_left_s(e, now_s);
	item->stale = item->ttl_s == 0;
	item->security = e->security;
	switch (TAG_KIND(e->tag)) {
	case TAG_NAME: item->kind = CACHE_ITEM_NXDOMAIN; return;
	case TAG_FAILURE(0):
	case TAG_CUT_FAILURE:
	case TAG_LINK_FAILURE(0):
		item->kind = CACHE_ITEM_FAILURE;
		entry_read_failure(e, now_s, &item->failure);
		return;
	case TAG_DELEGATION:
		item->kind = CACHE_ITEM_DELEGATION;
		entry_read_delegation(e, now_s, &item->delegation);
		return;
	case TAG_TYPE(0):
	case TAG_RANGE_SET(0):
	case TAG_RANGE_APEX(0): break;
	default: item->kind = CACHE_ITEM_ANSWER; return;
	}
	item->kind = e->negative ? CACHE_ITEM_NODATA : CACHE_ITEM_RRSET;
	item->set = (struct tern_rrset){
		.owner = entry_name(e),
		.rdata = entry_body(e),
		.rdata_len = entry_records_len(e),
		.ttl_s = item->ttl_s,
		.type = item->type,
		.rclass = TERN_CLASS_IN,
		.rr_n = e->rr_n,
		.sig_n = e->sig_n,
	};
}

bool cache_walk(struct cache *c, size_t *position, size_t buckets, uint32_t now_s,
		void (*visit)(void *context, const struct cache_item *item), void *context)
{
	size_t all = (size_t)1 << (c->bucket_bits + c->shard_bits);
	struct cache_item item;

	for (; *position < all && buckets > 0; (*position)++, buckets--) {
		const struct shard *s = &c->shards[*position >> c->bucket_bits];
		size_t b = *position & (((size_t)1 << c->bucket_bits) - 1);

		for (struct entry *e = link_get(&s->buckets[b]); e; e = link_get(&e->next)) {
			fill_item(e, now_s, &item);
			visit(context, &item);
		}
	}
	return *position < all;
}

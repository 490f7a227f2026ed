/*
 * shard.c - the hash table: find without a lock, publish and remove under one.
 *
 * Reclaiming goes by batches: a writer collects the entries that it unlinked
 * and hands a full batch to call_rcu(), so that entries need no rcu_head and a
 * grace period is paid once per RETIRED_BATCH entries.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <urcu-qsbr.h>

#include <tern/name.h>

#include "base/readers.h"
#include "cache/cache_private.h"

struct retired {
	struct rcu_head head;
	struct cache *cache;
	uint64_t octets;
	unsigned n;
	struct entry *entries[RETIRED_BATCH];
};

struct entry *cache_find(const struct cache *c, const uint8_t *name, size_t name_len, uint32_t tag,
			 uint64_t hash)
{
	struct shard *s = cache_shard(c, hash);
	struct entry *e = link_get(shard_bucket(c, s, hash));

	for (; e; e = link_get(&e->next)) {
		if (e->tag == tag && e->name_len == name_len &&
		    memcmp(e->octets, name, name_len) == 0)
			return e;
	}
	return NULL;
}

struct entry *cache_find_name(const struct cache *c, const uint8_t *name, uint32_t tag)
{
	size_t len = tern_name_len(name);

	return cache_find(c, name, len, tag, cache_hash(c, name, len, tag));
}

struct entry *entry_build(struct cache *c, const uint8_t *name, uint32_t tag, size_t body_len)
{
	size_t name_len = tern_name_len(name);
	size_t size = offsetof(struct entry, octets) + name_len + body_len;

	if (size > c->shards[0].limit / 16)
		return NULL;
	/* The tail padding of the struct is part of sizeof, so tiny entries are rounded up to it.
	 */
	struct entry *e = malloc(MAX(size, sizeof *e));

	if (!e)
		return NULL;
	memset(e, 0, sizeof *e);
	e->tag = tag;
	e->name_len = (uint8_t)name_len;
	e->body_len = (uint32_t)body_len;
	tern_name_lower(e->octets, name);
	return e;
}

void entry_free_now(struct entry *e)
{
	free(e);
}

static void free_batch_after_grace(struct rcu_head *head)
{
	struct retired *batch = CONTAINER_OF(head, struct retired, head);

	ORDER_ACQUIRE(without_const(&readers_grace));
	atomic_fetch_sub_explicit(&batch->cache->backlog, batch->octets, memory_order_relaxed);
	for (unsigned i = 0; i < batch->n; i++)
		free(batch->entries[i]);
	free(batch);
	ORDER_RELEASE(without_const(&readers_grace));
}

void shard_flush_retired(struct cache *c, struct shard *s)
{
	struct retired *batch = s->retired;

	if (!batch)
		return;
	s->retired = NULL;
	batch->octets = s->pending;
	s->pending = 0;
	atomic_fetch_add_explicit(&c->backlog, batch->octets, memory_order_relaxed);
	ORDER_RELEASE(without_const(&readers_grace));
	call_rcu(&batch->head, free_batch_after_grace);
}

/* Is there room to retire one more entry? */
static bool can_retire(struct cache *c, struct shard *s)
{
	if (s->retired)
		return true;
	s->retired = malloc(sizeof *s->retired);
	if (!s->retired)
		return false;
	s->retired->n = 0;
	s->retired->cache = c;
	return true;
}

void shard_retire(struct cache *c, struct shard *s, entry_link *link)
{
	struct entry *e = link_get(link);
	uint64_t octets = malloc_usable_size(e);

	if (!can_retire(c, s))
		return; /* stays in the table: a later sweep tries again */
	link_set(link, link_get(&e->next));
	s->octets -= octets;
	s->entries--;
	s->retired->entries[s->retired->n++] = e;
	s->pending += octets;
	/* Large entries must not wait for many others. */
	if (s->retired->n == RETIRED_BATCH || s->pending >= c->pending_max)
		shard_flush_retired(c, s);
}

static entry_link *find_link(entry_link *link, const struct entry *like)
{
	struct entry *e;

	for (; (e = link_get(link)) != NULL; link = &e->next) {
		if (e->tag == like->tag && e->name_len == like->name_len &&
		    memcmp(e->octets, like->octets, e->name_len) == 0)
			return link;
	}
	return NULL;
}

static void add(struct shard *s, entry_link *bucket, struct entry *fresh)
{
	link_set(&fresh->next, link_get(bucket));
	link_set(bucket, fresh);
	s->octets += malloc_usable_size(fresh);
	s->entries++;
}

/* Too much waits for readers: better a miss later than memory without bound. */
static bool backlog_is_full(struct cache *c)
{
	return atomic_load_explicit(&c->backlog, memory_order_relaxed) > c->backlog_max;
}

void shard_publish(struct cache *c, struct entry *fresh,
		   bool (*may_replace)(const struct entry *old, const struct entry *fresh))
{
	uint64_t hash = cache_hash(c, fresh->octets, fresh->name_len, fresh->tag);
	struct shard *s = cache_shard(c, hash);
	entry_link *bucket = shard_bucket(c, s, hash);

	pthread_mutex_lock(&s->lock);
	entry_link *old = find_link(bucket, fresh);

	if (backlog_is_full(c) || (old && !can_retire(c, s)) ||
	    (old && may_replace && !may_replace(link_get(old), fresh))) {
		s->refused++;
		pthread_mutex_unlock(&s->lock);
		entry_free_now(fresh);
		return;
	}
	/* The new one goes in front of the old one first, so that a reader always finds one. */
	add(s, bucket, fresh);
	if (old) {
		if (old == bucket)
			old = &fresh->next;
		shard_retire(c, s, old);
		s->replaced++;
	} else {
		s->inserted++;
	}
	if (s->octets > s->limit)
		shard_evict(c, s);
	pthread_mutex_unlock(&s->lock);
}

void cache_remove_key(struct cache *c, const uint8_t *name, uint32_t tag)
{
	uint8_t lower[TERN_NAME_MAX];
	size_t len = tern_name_lower(lower, name);
	uint64_t hash = cache_hash(c, lower, len, tag);
	struct shard *s = cache_shard(c, hash);

	pthread_mutex_lock(&s->lock);
	entry_link *link = shard_bucket(c, s, hash);
	struct entry *e;

	for (; (e = link_get(link)) != NULL; link = &e->next) {
		if (e->tag == tag && e->name_len == len && memcmp(e->octets, lower, len) == 0) {
			shard_retire(c, s, link);
			break;
		}
	}
	pthread_mutex_unlock(&s->lock);
}

static size_t remove_from_bucket(struct cache *c, struct shard *s, entry_link *link,
				 bool (*match)(const struct entry *e, const void *context),
				 const void *context)
{
	size_t removed = 0;
	struct entry *e;

	while ((e = link_get(link)) != NULL) {
		if (!match(e, context)) {
			link = &e->next;
			continue;
		}
		shard_retire(c, s, link);
		if (link_get(link) == e)
			break; /* no memory to retire it */
		removed++;
	}
	return removed;
}

#define REMOVE_SLICE 1024 /* buckets looked at under one lock: writers wait no longer */

size_t cache_remove(struct cache *c, bool (*match)(const struct entry *e, const void *context),
		    const void *context)
{
	size_t buckets = (size_t)1 << c->bucket_bits;
	size_t removed = 0;

	for (unsigned i = 0; i < 1u << c->shard_bits; i++) {
		struct shard *s = &c->shards[i];

		for (size_t b = 0; b < buckets;) {
			size_t end = MIN(b + REMOVE_SLICE, buckets);

			pthread_mutex_lock(&s->lock);
			for (; b < end; b++)
				removed += remove_from_bucket(c, s, &s->buckets[b], match, context);
			pthread_mutex_unlock(&s->lock);
		}
	}
	return removed;
}

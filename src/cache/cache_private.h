/*
 * cache_private.h - entries, shards and how they hang together; src/cache only.
 *
 *   hash (64 bits, keyed):  | not used | bucket | shard |
 *
 *   cache ──► shard[s] ──► bucket[b] ──► entry ──► entry ──► NULL
 *
 * An entry is immutable once published, except its `next` (RCU) and `lives`.
 *
 *	+--------------------+------------+----------------------------+
 *	| struct entry (32)  | name       | body, by kind              |
 *	+--------------------+------------+----------------------------+
 *
 *   rrset       packed records, as struct tern_rrset; behind them, of what a
 *               wildcard made, its proof: packed sets, as of a negative
 *   negative    packed authority sets: owner, u16 type, u16 rr_n, u16 sig_n,
 *               u32 len, records
 *   failure     u16 ede, text
 *   delegation  the resolver's
 *   answer      u16 offsets of the TTLs (rr_n of them), message
 *   ranges      u16 offsets of owner names (rr_n of them), the names in canonical order
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/name.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "cache/cache.h"

/* The key's second half: what the entry is about. */
#define TAG_NAME        0x00000000u /* the name itself: NXDOMAIN */
#define TAG_TYPE(t)     (0x00010000u | (t))
#define TAG_FAILURE(t)  (0x00020000u | (t))
#define TAG_CUT_FAILURE 0x00060000u
/* An NSEC or NSEC3 set of a range; of the two at a zone cut the one at its zone's apex. */
#define TAG_RANGE_SET(t)    (0x00070000u | (t))
#define TAG_RANGE_APEX(t)   (0x00080000u | (t))
#define TAG_LINK_FAILURE(t) (0x000a0000u | (t))
#define TAG_CLAIM           0x00090000u /* of cache_claim(): when, in milliseconds */
#define TAG_DELEGATION      0x00030000u
/* Of the view four bits are above the type's kind, and four above the variant. */
#define TAG_ANSWER(t, variant, view)                                                               \
	(0x00040000u | (uint32_t)((view)&15) << 20 | (uint32_t)(variant) << 24 |                   \
	 (uint32_t)((view) >> 4) << 27 | (t))
#define TAG_RANGES    0x00050000u
#define TAG_KIND(tag) ((tag)&0x000f0000u)

/* A hit makes an entry survive this many sweeps; infrastructure starts with that many. */
#define LIVES_HIT   1
#define LIVES_INFRA 3

struct entry;

/* A pointer that readers follow without a lock; the one typedef, because _Atomic reads badly. */
typedef _Atomic(struct entry *) entry_link;

struct entry {
	entry_link next; /* RCU */
	uint32_t tag;
	uint32_t stored_s;
	uint32_t ttl_s; /* good until stored_s + ttl_s */
	uint32_t body_len;
	uint16_t rr_n;
	union {
		uint16_t sig_n;       /* of a set: RRSIGs behind its rr_n records */
		uint16_t renew_s;     /* of an answer: old, once no more than this is left */
		uint16_t ranges_type; /* of ranges: NSEC or NSEC3 */
	};
	uint8_t name_len;
	uint8_t negative : 1;   /* under TAG_TYPE: NODATA, */
	uint8_t nxdomain : 1;   /* or NXDOMAIN that denies this type only */
	uint8_t with_proof : 1; /* a set and what proves it */
	uint8_t rank : 2;
	uint8_t security : 2;
	uint8_t by_proof : 1;  /* see struct cache_negative */
	_Atomic uint8_t lives; /* sweeps it survives; readers set it, the sweep counts down */
	union {
		uint8_t ede;      /* INFO-CODE of what is insecure; 0 for none */
		uint8_t equals_n; /* of an answer: addresses that change places */
	};
	uint8_t octets[]; /* name, body */
};

_Static_assert(sizeof(struct entry) == 32 && offsetof(struct entry, octets) == 32,
	       "a small RRset must fit 64 octets");

/** What a failure entry says. */
void entry_read_failure(const struct entry *e, uint32_t now_s, struct cache_failure *out);
/** What a delegation entry says. */
void entry_read_delegation(const struct entry *e, uint32_t now_s, struct cache_delegation *out);

/** Octets of the records of an rrset entry. */
uint32_t entry_records_len(const struct entry *e);

/** Octets that @p n sets take as a proof, and to write them there. */
size_t proof_size(const struct tern_rrset *sets, unsigned n);
void proof_write(uint8_t *to, const struct tern_rrset *sets, unsigned n);

/** News about (@p name, @p tag) came that can't be kept: what has expired there goes. */
void cache_end_stale(struct cache *c, const uint8_t *name, uint32_t tag, uint32_t now_s);

/** As cache_put_positive() and cache_get_set(), but under a tag of the caller's. */
void cache_put_positive_as(struct cache *c, const struct cache_positive *p, uint32_t tag,
			   uint32_t now_s);
bool cache_get_tagged_set(struct cache *c, const uint8_t *name, uint32_t tag, uint32_t now_s,
			  struct cache_hit *out);

#define RETIRED_BATCH 62         /* pointers per grace period: a batch is 512 octets and a head */
#define BACKLOG_SHARE 16         /* one part in so many of the size may wait for readers, */
#define BACKLOG_MORE  (1u << 20) /* and so many octets, so that a small cache takes a burst */
#define PENDING_SHARE 64         /* one part in so many may be in the shards' batches */

struct retired;

struct shard {
	pthread_mutex_t lock; /* writers only */
	entry_link *buckets;
	uint64_t octets; /* entries, as allocated */
	uint64_t limit;
	uint64_t entries;
	uint64_t inserted;
	uint64_t replaced;
	uint64_t evicted;
	uint64_t refused;
	size_t hand;             /* bucket that the sweep looks at next */
	struct retired *retired; /* the batch that is being collected */
	uint64_t pending;        /* octets of the entries in it, less than pending_max */
} ALIGNED(CACHE_LINE);

struct cache {
	struct hash_key key;
	uint32_t stale_s;
	unsigned shard_bits;
	unsigned bucket_bits; /* per shard */
	uint64_t size;
	uint64_t backlog_max; /* octets: above it writers give way until readers have moved on */
	uint64_t pending_max; /* octets: a shard's batch of so many goes at once */
	struct shard *shards;
	entry_link *buckets;   /* of all shards */
	atomic_uint cut_depth; /* see cache_cut_depth() */
	atomic_uint dname_depth;
	atomic_uint views_n; /* classes of views that answers were kept for */
	_Atomic uint64_t backlog ALIGNED(CACHE_LINE); /* octets that wait for a grace period */
};

/** Follow a link as a reader: what it leads to is completely written. */
static inline struct entry *link_get(const entry_link *link)
{
	return atomic_load_explicit(link, memory_order_acquire);
}

/** @p now is coming. Seldom a write: all workers read this line. */
static inline void raise_to(atomic_uint *most, unsigned now)
{
	unsigned seen = atomic_load_explicit(most, memory_order_relaxed);

	while (seen < now && !atomic_compare_exchange_weak(most, &seen, now))
		;
}

/** One as deep as @p name is coming. */
static inline void deepen(atomic_uint *depth, const uint8_t *name)
{
	raise_to(depth, tern_name_labels(name) + 1);
}

/** Publish as a writer: everything written before is visible with it. */
static inline void link_set(entry_link *link, struct entry *e)
{
	atomic_store_explicit(link, e, memory_order_release);
}

static inline const uint8_t *entry_name(const struct entry *e)
{
	return e->octets;
}

static inline const uint8_t *entry_body(const struct entry *e)
{
	return e->octets + e->name_len;
}

/** Seconds since it was stored; 0 when another thread's clock was a little ahead. */
static inline uint32_t entry_age_s(const struct entry *e, uint32_t now_s)
{
	int32_t age = (int32_t)(now_s - e->stored_s);

	return age > 0 ? (uint32_t)age : 0;
}

static inline bool entry_is_fresh(const struct entry *e, uint32_t now_s)
{
	return entry_age_s(e, now_s) < e->ttl_s;
}

/** An INFO-CODE as entries keep it. */
static inline uint8_t entry_ede(enum cache_security security, uint16_t ede)
{
	return security == CACHE_INSECURE && ede <= UINT8_MAX ? (uint8_t)ede : 0;
}

/** Seconds left; 0 when expired. */
static inline uint32_t entry_left_s(const struct entry *e, uint32_t now_s)
{
	uint32_t age = entry_age_s(e, now_s);

	return age < e->ttl_s ? e->ttl_s - age : 0;
}

/** Remember that the entry was useful; writes only when it wasn't marked yet. */
static inline void entry_touch(struct entry *e)
{
	if (atomic_load_explicit(&e->lives, memory_order_relaxed) == 0)
		atomic_store_explicit(&e->lives, LIVES_HIT, memory_order_relaxed);
}

static inline struct shard *cache_shard(const struct cache *c, uint64_t hash)
{
	return &c->shards[hash & ((1u << c->shard_bits) - 1)];
}

static inline entry_link *shard_bucket(const struct cache *c, const struct shard *s, uint64_t hash)
{
	return &s->buckets[hash >> c->shard_bits & ((1u << c->bucket_bits) - 1)];
}

/** Hash of (@p name in lower case, @p tag). */
static inline uint64_t cache_hash(const struct cache *c, const uint8_t *name, size_t name_len,
				  uint32_t tag)
{
	return hash_bytes(&c->key, tag, name, name_len);
}

/** Sweeps that what leads to @p zone survives from its start; @p brief as in cache_positive. */
uint8_t entry_infra_lives(const uint8_t *zone, bool brief);

/** Is it what a network of clients has of @p name? (cache_scoped_name()) */
bool entry_is_scoped(const struct entry *e, const uint8_t *name);

/** The entry under a key or NULL. Caller is an online reader. */
struct entry *cache_find(const struct cache *c, const uint8_t *name, size_t name_len, uint32_t tag,
			 uint64_t hash);

/** The same, hashing by itself. */
struct entry *cache_find_name(const struct cache *c, const uint8_t *name, uint32_t tag);

/**
 * Build an unpublished entry with @p name in lower case and room for
 * @p body_len octets; NULL when memory is short or the entry would be larger
 * than a sixteenth of a shard.
 */
MUST_USE struct entry *entry_build(struct cache *c, const uint8_t *name, uint32_t tag,
				   size_t body_len);

/** Where to write the body of an entry just built. */
static inline uint8_t *entry_body_to_fill(struct entry *e)
{
	return e->octets + e->name_len;
}

/** Free an entry that no reader has ever seen. */
void entry_free_now(struct entry *e);

/**
 * Publish @p fresh, replacing the entry with the same key unless @p may_replace
 * (NULL: always) says no; evicts to stay inside the limit. Takes ownership of
 * @p fresh in either case.
 */
void shard_publish(struct cache *c, struct entry *fresh,
		   bool (*may_replace)(const struct entry *old, const struct entry *fresh));

/** Remove what @p match says; returns how many entries. Locks one shard at a time. */
size_t cache_remove(struct cache *c, bool (*match)(const struct entry *e, const void *context),
		    const void *context);

/** Remove the entry under one key. */
void cache_remove_key(struct cache *c, const uint8_t *name, uint32_t tag);

/**
 * May @p fresh take the place of @p old? Fresh data that is proven, or of a
 * better rank, gives way only to its equal. Asked when the new entry is stored,
 * so its time is "now".
 */
static inline bool entry_may_replace(const struct entry *old, const struct entry *fresh)
{
	if (!entry_is_fresh(old, fresh->stored_s))
		return true;
	if (old->security == CACHE_SECURE && fresh->security != CACHE_SECURE)
		return false;
	return fresh->rank >= old->rank;
}

/** Make room: sweep until the shard is inside its limit. Lock held. */
void shard_evict(struct cache *c, struct shard *s);

/** Unlink the entry at @p link and free it after a grace period. Lock held. */
void shard_retire(struct cache *c, struct shard *s, entry_link *link);

/** Free the pending batch of a shard after a grace period. Lock held. */
void shard_flush_retired(struct cache *c, struct shard *s);

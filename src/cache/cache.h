/*
 * cache.h - what the machine knows, shared by every worker.
 *
 * Purpose    RRsets, negative answers, failures, delegations and rendered
 *            answers under one memory budget, found by (name, tag).
 * Threads    cache_get_*(): any registered thread, lock-free. cache_put_*():
 *            any registered thread, one writer per shard at a time.
 *            cache_create()/cache_destroy(): main thread only.
 * Memory     `size` octets in all: buckets, entries as the allocator rounds
 *            them; a full shard evicts, never grows. A twelfth and 1 MiB may
 *            wait for readers beside them; while more does, nothing is stored.
 * RCU        urcu-qsbr. What a get returns points into the cache and stays
 *            valid until the calling thread rests (base/readers.h): use or
 *            copy it within the loop turn, never keep it across a park.
 * Time       `now_s` is CLOCK_BOOTTIME in seconds everywhere here.
 * Standards  RFC 1035 7.4, RFC 2181 5.4.1 (ranking), RFC 2308 (negative
 *            answers), RFC 8767 (stale data), RFC 9520 (failures).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/edns.h>
#include <tern/name.h>
#include <tern/rrset.h>
#include <tern/status.h>

#include "base/address.h"
#include "base/compiler.h"
#include "base/hash.h"

struct cache; /* body in cache_private.h */

struct cache_options {
	uint64_t size;    /* octets */
	uint32_t stale_s; /* how long expired data may still be found; 0 never */
};

/** How far a set is believed, RFC 2181 5.4.1; glue is kept in delegations only. */
enum cache_rank {
	CACHE_RANK_NONE,
	CACHE_RANK_ANSWER,      /* answer section of a reply without AA (forwarders) */
	CACHE_RANK_AUTH_ANSWER, /* answer section of an authoritative reply */
};

/** What validation said; everything is UNCHECKED until a validator runs. */
enum cache_security {
	CACHE_UNCHECKED,
	CACHE_INSECURE,
	CACHE_SECURE,
	CACHE_BOGUS,
};

/** What a lookup found. */
enum cache_found {
	CACHE_MISS,
	CACHE_POSITIVE,
	CACHE_NODATA,   /* the name exists, the type does not */
	CACHE_NXDOMAIN, /* the name does not exist */
};

/** A found RRset or negative answer. */
struct cache_hit {
	struct tern_rrset set; /* CACHE_POSITIVE: ttl_s is what is left, 0 when stale */
	const uint8_t *proof;  /* packed authority RRsets for cache_proof_next(): of a denial, */
	uint32_t proof_len;    /* or of what a wildcard made; octets, 0 for none */
	uint32_t ttl_s;        /* seconds left, 0 when stale */
	uint32_t age_s;        /* seconds since it was stored */
	uint32_t life_s;       /* what ttl_s was then */
	enum cache_rank rank;
	enum cache_security security;
	uint16_t ede;  /* why it is insecure: see struct cache_positive; TERN_EDE_NONE for none */
	bool by_proof; /* a denial: see struct cache_negative */
	bool stale;
	bool old; /* fresh, but in the last tenth of its life: worth a prefetch */
};

/** Counters, summed over the shards. */
struct cache_counts {
	uint64_t entries;
	uint64_t octets;  /* entries and buckets, as allocated */
	uint64_t limit;   /* octets */
	uint64_t retired; /* octets of entries that were replaced, but may still be read */
	uint64_t inserted;
	uint64_t replaced;
	uint64_t evicted;
	uint64_t refused; /* puts given up because memory or the reclaim backlog was full */
};

/** Build an empty cache; NULL when memory is short. @p key seeds the hash. */
MUST_USE struct cache *cache_create(const struct cache_options *options,
				    const struct hash_key *key);

/**
 * Take over what @p from knows, as far as there is room: for a cache of another size that
 * nobody else uses yet. Others may go on using @p from. The caller is a reader, and rests.
 */
void cache_take_from(struct cache *to, const struct cache *from, uint32_t now_s);

/** Octets that it may have. */
uint64_t cache_size(const struct cache *cache);

/** Free everything; no other thread may use the cache any more. */
void cache_destroy(struct cache *cache);

/**
 * Look for (@p name, @p type), then for the name's NXDOMAIN.
 *
 * Fresh data wins over stale; stale is only given with @p allow_stale.
 * @param name  lower case
 */
enum cache_found cache_get(struct cache *cache, const uint8_t *name, uint16_t type, uint32_t now_s,
			   bool allow_stale, struct cache_hit *out);

#define CACHE_SCOPE_OCTETS 12 /* by which the name below is longer */

/**
 * The name to keep a set of @p name under that is good for clients of @p network only; family 0 is
 * everybody's. False when it would be too long. cache_flush_name() and cache_flush_zone() find it
 * by @p name.
 */
bool cache_scoped_name(const struct cache *cache, const struct prefix *network, const uint8_t *name,
		       uint8_t out[TERN_NAME_MAX]);

/** Which security the caller wants of a set: whoever proves something by it wants it proven. */
enum cache_trust {
	CACHE_ANY,    /* whatever there is; the hit says how far it is to be trusted */
	CACHE_PROVEN, /* CACHE_SECURE only */
};

/** Only a fresh RRset, with half the work: not whether the name or type is denied. */
bool cache_get_set(struct cache *cache, const uint8_t *name, uint16_t type, enum cache_trust trust,
		   uint32_t now_s, struct cache_hit *out);

/**
 * Store an RRset for its ttl_s seconds. Refused silently when fresh data of
 * a better rank is there, or when memory is short. A set with ttl_s 0 is not stored,
 * but what was there and has expired is no longer given as stale data.
 */
void cache_put(struct cache *cache, const struct tern_rrset *set, enum cache_rank rank,
	       enum cache_security security, uint32_t now_s);

/** A set to store with all that may belong to it. */
struct cache_positive {
	const struct tern_rrset *set;
	const struct tern_rrset *proof; /* what a wildcard made: the NSEC or NSEC3 that say so */
	unsigned proof_n;
	enum cache_security security;
	enum cache_rank rank;
	/* With CACHE_INSECURE: the RFC 8914 INFO-CODE that says why nobody here can check it,
	 * TERN_EDE_NONE for simply unsigned. TERN_EDE_OTHER and codes above 255 are not kept. */
	uint16_t ede;
	bool brief; /* the first to leave when room is wanted: who asked has filled enough */
};

/** Store it, for as long as the shortest TTL of set and proof; same refusals as cache_put(). */
void cache_put_positive(struct cache *cache, const struct cache_positive *positive, uint32_t now_s);

/** A negative answer to store. */
struct cache_negative {
	const uint8_t *name;            /* any case */
	uint16_t type;                  /* ignored for NXDOMAIN, */
	bool nxdomain;                  /* else NODATA */
	bool of_type;                   /* but for NXDOMAIN that denies this type only */
	uint32_t ttl_s;                 /* already bounded by SOA minimum and options */
	const struct tern_rrset *proof; /* SOA, NSEC, ... as they stood in the authority section */
	unsigned proof_n;
	enum cache_security security;
	enum cache_rank rank;
	uint16_t ede; /* with CACHE_INSECURE: as in struct cache_positive; else ignored */
	/* With CACHE_INSECURE: the zone is signed, and its own proof leaves the name insecure: by
	 * opt-out or too many iterations. Else the zone was unsigned when the denial came. */
	bool by_proof;
};

/** Store a negative answer; same refusals as cache_put(). */
void cache_put_negative(struct cache *cache, const struct cache_negative *negative, uint32_t now_s);

/** Walk the proof of a negative hit: next set at *@p at; false at the end. */
bool cache_proof_next(const uint8_t **at, const uint8_t *end, uint32_t ttl_s,
		      struct tern_rrset *out);

#define CACHE_FAILURE_TEXT_MAX 120 /* octets of extra text kept */

/** Why a question failed lately (RFC 9520). */
struct cache_failure {
	uint16_t ede;     /* RFC 8914 INFO-CODE of the original failure */
	bool unproven;    /* there are data, only their proof failed */
	bool costly;      /* put: to find that out took more than it should: not soon again */
	uint32_t ttl_s;   /* seconds left; put: at most */
	const char *text; /* not terminated */
	size_t text_len;  /* put: cut down to CACHE_FAILURE_TEXT_MAX */
};

/* Instead of a type: all servers of a zone failed; what came for a link of the chain of trust did
 * not validate, which is not the same as a client's question for it that failed. */
#define CACHE_FAILURE_CUT     0x10000u
#define CACHE_FAILURE_LINK(t) (0x20000u | (t))

/** Did resolving (@p name, @p what) fail lately? @p what: a type, or one of the above. */
bool cache_get_failure(struct cache *cache, const uint8_t *name, uint32_t what, uint32_t now_s,
		       struct cache_failure *out);

/**
 * Remember a failure. What could not be had: CACHE_FAILURE_MIN_S at first, doubled
 * each time it is repeated soon after, up to its @c ttl_s (RFC 9520 3.2). What was
 * had and did not validate: CACHE_FAILURE_MIN_S each time, so that a zone that is
 * repaired is back soon, but CACHE_FAILURE_COSTLY_S and doubled when it was costly.
 * A failure that is still known stays, unless it is about the proof and this one is not.
 */
void cache_put_failure(struct cache *cache, const uint8_t *name, uint32_t what,
		       const struct cache_failure *failure, uint32_t now_s);

#define CACHE_FAILURE_MIN_S    5
#define CACHE_FAILURE_MAX_S    300
#define CACHE_FAILURE_COSTLY_S 60

/**
 * May the caller do now what is to be done at most once per @p pause_s seconds for
 * @p name (lower case)? True for the first caller, and for those whose work was already under
 * way by then: they can't have used what the first one is about to find.
 *
 * @param since_ms, now_ms  when the caller's work began, and now; CLOCK_MONOTONIC
 */
MUST_USE bool cache_claim(struct cache *cache, const uint8_t *name, uint32_t pause_s,
			  uint64_t since_ms, uint64_t now_ms, uint32_t now_s);

/** What was claimed for @p name was not done: the next one may. */
void cache_unclaim(struct cache *cache, const uint8_t *name);

/** Is this RFC 8914 INFO-CODE about data that did not validate? */
static inline bool cache_failure_is_bogus(uint16_t ede)
{
	return (ede >= TERN_EDE_BOGUS && ede <= TERN_EDE_NSEC_MISSING) ||
	       ede == TERN_EDE_SIG_EXPIRED_BEFORE_VALID;
}

/** A delegation as the parent gave it; the layout of @c body is the resolver's (zonecut.h). */
struct cache_delegation {
	const uint8_t *zone;
	const uint8_t *body;
	uint32_t body_len; /* octets */
	uint32_t ttl_s;    /* seconds left, as the parent granted: never renewed by the child */
	uint32_t age_s;    /* seconds since the parent said so; ignored by put */
	bool brief;        /* put: see struct cache_positive */
};

/** The delegation of exactly @p zone (lower case), while fresh. */
bool cache_get_delegation(struct cache *cache, const uint8_t *zone, uint32_t now_s,
			  struct cache_delegation *out);

/** Store a delegation. */
void cache_put_delegation(struct cache *cache, const struct cache_delegation *delegation,
			  uint32_t now_s);

/**
 * All delegations (DNAME records) that ever came had fewer labels than this: who
 * walks the ancestors of a long name need not look at deeper ones. 0: none came.
 */
unsigned cache_cut_depth(const struct cache *cache);
unsigned cache_dname_depth(const struct cache *cache);

/**
 * Forget (@p name, any type), with every rendered answer and what the name may have been
 * made from: wildcards, DNAMEs and ranges above it. Returns how many entries went.
 */
size_t cache_flush_name(struct cache *cache, const uint8_t *name);

/** Forget everything at and below @p zone, and every rendered answer. Returns how many. */
size_t cache_flush_zone(struct cache *cache, const uint8_t *zone);

/** The same of all @p n @p zones in one walk; they are sorted by it. */
size_t cache_flush_zones(struct cache *cache, const uint8_t **zones, size_t n);

/** Forget what is known of (@p name, @p type), and that the name does not exist. */
void cache_drop(struct cache *cache, const uint8_t *name, uint16_t type);

/** Forget one delegation, after all its servers turned out lame. */
void cache_drop_delegation(struct cache *cache, const uint8_t *zone);

void cache_count(struct cache *cache, struct cache_counts *out);

/** One entry for cache_dump(). */
struct cache_item {
	enum {
		CACHE_ITEM_RRSET,
		CACHE_ITEM_NODATA,
		CACHE_ITEM_NXDOMAIN,
		CACHE_ITEM_FAILURE,
		CACHE_ITEM_DELEGATION,
		CACHE_ITEM_ANSWER
	} kind;
	const uint8_t *name;
	uint16_t type;
	uint32_t ttl_s;
	bool stale;
	enum cache_security security;       /* of sets and denials */
	struct tern_rrset set;              /* CACHE_ITEM_RRSET */
	struct cache_failure failure;       /* CACHE_ITEM_FAILURE */
	struct cache_delegation delegation; /* CACHE_ITEM_DELEGATION */
};

/**
 * Visit up to @p buckets buckets from @p *position on; false when the end was reached.
 * @p visit must not keep what it is shown.
 */
bool cache_walk(struct cache *cache, size_t *position, size_t buckets, uint32_t now_s,
		void (*visit)(void *context, const struct cache_item *item), void *context);

/*
 * answers.h - rendered responses, ready to copy: the table behind a cache hit.
 *
 * An answer is a whole message without OPT, as rendered for (qname, qtype,
 * variant), with the offsets of its TTLs. A hit is: hash, compare, copy, and
 * patch id, flags, the question's case and the TTLs.
 *
 * Threads, RCU and time: as cache.h. cache_get_answer() copies, so nothing
 * shared leaves this module.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache/cache.h"

#define ANSWER_TTLS_MAX   64   /* records with a TTL; larger answers are rendered each time */
#define ANSWER_OCTETS_MAX 4096 /* larger messages are rendered each time */

/** Variants of an answer to one question; part of the key (limits.md row 18). */
enum answer_variant {
	ANSWER_DO = 1, /* signatures and proofs inside */
	ANSWER_CD = 2, /* not validated */
	ANSWER_CO = 4, /* with DO only: NXDOMAIN beside a compact proof (RFC 9824) */
};

struct answer_key {
	const uint8_t *name; /* lower case */
	uint16_t name_len;   /* octets */
	uint16_t type;
	uint8_t variant;
	uint8_t view;   /* class of the client's view, below ANSWER_VIEWS_MAX; 0 without views */
	uint32_t rules; /* struct rules.answers: what others made is no answer any more */
};

#define ANSWER_VIEWS_MAX 256

/** Hash of a key in @p cache; compute once, use for get. */
uint64_t answer_hash(const struct cache *cache, const struct answer_key *key);

/** Bring the bucket of @p hash into the processor's cache. */
void answer_prefetch(const struct cache *cache, uint64_t hash);

/** Bring the first entry of the bucket there too; the bucket itself should have arrived. */
void answer_prefetch_entry(const struct cache *cache, uint64_t hash);

struct answer_hit {
	uint32_t len; /* octets copied */
	bool old;     /* in the last tenth of its life: worth a prefetch */
};

/**
 * Copy a fresh answer into @p out with its TTLs aged. The id is 0, the
 * question's name lower case. Of several addresses another one comes first with
 * each value of @p turn, so that clients spread over them.
 *
 * @return false when there is none, or none of at most @p out_max octets
 */
bool cache_get_answer(struct cache *cache, const struct answer_key *key, uint64_t hash,
		      unsigned turn, uint32_t now_s, uint8_t *out, size_t out_max,
		      struct answer_hit *hit);

/** An answer to store. */
struct answer {
	struct answer_key key;
	const uint8_t *message; /* whole message without OPT */
	uint16_t message_len;
	const uint16_t *ttl_at; /* offsets of the TTLs in it */
	uint16_t ttl_n;
	uint32_t ttl_s;  /* how long it is good: the least TTL of its sets */
	uint32_t life_s; /* what ttl_s was when the sets were new: tells the last tenth */
};

/** Store it; silently refused when it is too large or memory is short. */
void cache_put_answer(struct cache *cache, const struct answer *answer, uint32_t now_s);

/** Forget what is rendered for (@p name, @p type), every variant: newer data is there. */
void cache_drop_answers(struct cache *cache, const uint8_t *name, uint16_t type);

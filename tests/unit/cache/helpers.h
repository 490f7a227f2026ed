/*
 * helpers.h - what the tests of the cache share.
 */
#pragma once

#include "../names.h"
#include "../tsan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <urcu-qsbr.h>

#include <tern/rr.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "base/readers.h"
#include "cache/answers.h"
#include "cache/cache.h"
#include "cache/infra.h"

static const struct hash_key test_key = {UINT64_C(0x0123456789abcdef),
					 UINT64_C(0xfedcba9876543210)};

/** A cache of @p size octets with this thread as its reader. */
static inline struct cache *new_cache(uint64_t size, uint32_t stale_s)
{
	struct cache_options options = {.size = size, .stale_s = stale_s};
	struct cache *c = cache_create(&options, &test_key);

	assert_non_null(c);
	readers_enter();
	return c;
}

static inline void end_cache(struct cache *c)
{
	readers_leave();
	cache_destroy(c);
}

/** Wait until all that was retired so far is free again. */
static inline void wait_for_reclaim(void)
{
	rcu_barrier();
}

/** One record whose rdata is @p len octets, the first four of which are @p value. */
struct one_set {
	uint8_t packed[2 + 4096];
	struct tern_rrset set;
};

static inline const struct tern_rrset *make_set(struct one_set *s, const uint8_t *owner,
						uint16_t type, uint32_t ttl_s, uint32_t value,
						uint16_t len)
{
	assert_true(len >= 4 && len <= 4096);
	put_u16(s->packed, len);
	put_u32(s->packed + 2, value);
	memset(s->packed + 6, (int)(value & 0xff), len - 4u);
	s->set = (struct tern_rrset){
		.owner = owner,
		.rdata = s->packed,
		.rdata_len = len + 2u,
		.ttl_s = ttl_s,
		.type = type,
		.rclass = TERN_CLASS_IN,
		.rr_n = 1,
	};
	return &s->set;
}

/** The value that make_set() put into the first record of @p set. */
static inline uint32_t value_of(const struct tern_rrset *set)
{
	return get_u32(set->rdata + 2);
}

/** Store an authoritative A record with @p value. */
static inline void put_a(struct cache *c, const uint8_t *name, uint32_t value, uint32_t ttl_s,
			 uint32_t now_s)
{
	struct one_set s;

	cache_put(c, make_set(&s, name, TERN_TYPE_A, ttl_s, value, 4), CACHE_RANK_AUTH_ANSWER,
		  CACHE_UNCHECKED, now_s);
}

/** Is the A record there with @p value? Counts as a hit for the eviction. */
static inline bool has_a(struct cache *c, const uint8_t *name, uint32_t value, uint32_t now_s)
{
	struct cache_hit hit;

	return cache_get(c, name, TERN_TYPE_A, now_s, false, &hit) == CACHE_POSITIVE &&
	       value_of(&hit.set) == value;
}

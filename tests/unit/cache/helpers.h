/*
 * helpers.h - what the tests of the cache share.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <urcu-qsbr.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "cache/answers.h"
#include "cache/cache.h"
#include "cache/infra.h"

/*
 * The order between a grace period and the free that follows it is made inside
 * liburcu, which is not instrumented.
 */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "called_from_lib:liburcu-qsbr\n"
	       "race:free_batch_after_grace\n"
	       "race:cache_destroy\n";
}

/** splitmix64: the same cases on every run. */
static inline uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline unsigned random_under(uint64_t *state, unsigned n)
{
	return (unsigned)(next_random(state) % n);
}

/** Wire form of a name that must be good. */
static inline const uint8_t *wire_name(uint8_t out[TERN_NAME_MAX], const char *text)
{
	assert_int_equal(tern_name_from_text(text, strlen(text), out), TERN_OK);
	return out;
}

#define NAME(text) wire_name((uint8_t[TERN_NAME_MAX]){0}, text)

static const struct hash_key test_key = {UINT64_C(0x0123456789abcdef),
					 UINT64_C(0xfedcba9876543210)};

/** A cache of @p size octets with this thread as its reader. */
static inline struct cache *new_cache(uint64_t size, uint32_t stale_s)
{
	struct cache_options options = {.size = size, .stale_s = stale_s};
	struct cache *c = cache_create(&options, &test_key);

	assert_non_null(c);
	cache_thread_enter();
	return c;
}

static inline void end_cache(struct cache *c)
{
	cache_thread_leave();
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

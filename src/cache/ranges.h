/*
 * ranges.h - which validated NSEC or NSEC3 records of a zone are in the cache, in
 * canonical order (which for NSEC3 is the order of hashes): the index behind
 * aggressive use of denial (RFC 8198).
 *
 * One immutable list of owner names per zone, replaced as a whole; the records
 * themselves are ordinary RRsets. An owner whose record is gone is harmless: the
 * look-up that follows misses.
 *
 * Threads, RCU and time: as cache.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cache/cache.h"

#define RANGES_MAX 128 /* owners kept per zone; one makes place for the next */

/**
 * Keep @p set, a validated NSEC or NSEC3 set that @p zone has signed, as a range for
 * its ttl_s seconds. The first set of one type replaces a list of the other. The set
 * is kept apart from what cache_get() finds: at a zone cut parent and child have one.
 */
void cache_put_range(struct cache *cache, const uint8_t *zone, const struct tern_rrset *set,
		     uint32_t now_s);

/** NSEC or NSEC3: which of them is known of exactly @p zone (lower case); 0 for neither. */
uint16_t cache_ranges_type(struct cache *cache, const uint8_t *zone, uint32_t now_s);

/**
 * The last owner at or before @p name in canonical order; before the first one
 * it is the last of all, whose range reaches around. Valid like any hit.
 * @return NULL when nothing is known of @p zone
 */
const uint8_t *cache_find_range(struct cache *cache, const uint8_t *zone, const uint8_t *name,
				uint32_t now_s);

/** The set of (@p owner, @p type) that cache_put_range() kept for @p zone, while fresh. */
bool cache_get_range_set(struct cache *cache, const uint8_t *zone, const uint8_t *owner,
			 uint16_t type, uint32_t now_s, struct cache_hit *out);

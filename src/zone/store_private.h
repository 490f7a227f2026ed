/*
 * store_private.h - what the two halves of a store share.
 *
 *   store_fill.c   a store is filled, and sealed
 *   store.c        a sealed store is asked
 *
 * Sealed, a store is two sorted arrays: the zones by apex, and the sets by owner and
 * type. In canonical order the names below a name follow it, so whether an empty
 * non-terminal exists is seen in the next entry. Beside them an index of each, so that a
 * name of which the store has nothing costs next to nothing.
 */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "wire/name_index.h"
#include "zone/store.h"

#define SOURCE_MADE 0x80000000u /* bit of the source: a PTR that nobody wrote */
#define TYPE_NONE   0           /* of an entry without records: its name exists */

struct own_zone {
	const uint8_t *apex; /* lower case */
	enum zone_behaviour behaviour;
	uint32_t source;
};

/** One record while the store is filled; then one set, with all its records. */
struct entry {
	const uint8_t *owner; /* lower case */
	const uint8_t *rdata; /* packed as an RRset's */
	uint32_t rdata_len;
	uint32_t ttl_s;
	uint32_t source;
	uint16_t type;
	uint16_t rr_n;
};

struct zone_store {
	struct own_zone *zones;
	struct entry *entries;
	unsigned zones_n;
	unsigned entries_n;
	struct name_index *apexes; /* of the zones, once they are sorted */
	struct name_index *owners; /* of the first entry of each, once sealed */
	bool sealed;
	struct arena arena; /* names and rdata */
};

/** The deepest zone at or above @p name, or NULL. The zones are sorted. */
const struct own_zone *find_zone_above(const struct zone_store *s, const uint8_t *name);

/** The SOA at @p apex, or NULL. */
const struct entry *find_soa(const struct zone_store *s, const uint8_t *apex);

/** "apex. SOA apex. nobody.invalid. 1 3600 1200 604800 300", packed; returns its octets. */
size_t make_soa(const uint8_t *apex, uint8_t out[ZONE_SOA_RDATA_MAX]);

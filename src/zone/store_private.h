/*
 * store_private.h - what the two halves of a store share.
 *
 *   store_fill.c   a store is filled, and sealed
 *   store_check.c  what can't be beside each other
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
	struct name_index *dnames; /* of the DNAMEs, once sealed; NULL for none */
	bool sealed;
	struct arena arena; /* names and rdata */
};

/** The deepest zone at or above @p name, or NULL. The zones are sorted. */
const struct own_zone *find_zone_above(const struct zone_store *s, const uint8_t *name);

/** The DNAME above @p name, in the zone of @p apex; NULL for none. */
const struct entry *find_dname(const struct zone_store *s, const uint8_t *name,
			       const uint8_t *apex);

/** The first entry whose name is not before @p name. */
unsigned lower_bound(const struct zone_store *s, const uint8_t *name);

/** Did nobody write it, or give it room to what is written? */
static inline bool gives_room(uint32_t source)
{
	return source == 0 || (source & (SOURCE_MADE | ZONE_SOURCE_HOSTS | ZONE_SOURCE_ADDED)) != 0;
}

/** Was it added while the daemon runs? */
static inline bool is_added(uint32_t source)
{
	return (source & (SOURCE_MADE | ZONE_SOURCE_HOSTS | ZONE_SOURCE_ADDED)) ==
	       ZONE_SOURCE_ADDED;
}

/** Remember DNAMEs; false when memory is short, or with @p fault when one has data below. */
bool index_dnames(struct zone_store *s, struct zone_fault *fault);

/** Does what was added, @p e of the @p n entries of one name, give way to the others? */
bool added_gives_way(const struct entry *entries, unsigned n, const struct entry *e);

/** Will the name of @p e have an SOA that is made for its zone, beside which @p e can't be? */
bool is_alias_at_apex(const struct zone_store *s, const struct entry *e);

/** The SOA at @p apex, or NULL. */
const struct entry *find_soa(const struct zone_store *s, const uint8_t *apex);

/** "apex. SOA apex. nobody.invalid. 1 3600 1200 604800 300", packed; returns its octets. */
size_t make_soa(const uint8_t *apex, uint8_t out[ZONE_SOA_RDATA_MAX]);

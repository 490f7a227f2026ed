/*
 * fill.h - how much of the cache the clients of one network have filled lately (limits.md row 37).
 *
 * Purpose    who has filled a quarter of the cache within a minute goes on being answered, but what
 *            comes for him from then on is the first to leave the cache again.
 * Parties    as in base/shares.h. What is fetched for nobody is nobody's.
 * Threads    any; counts of two threads at the turn of a minute may get lost.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/shares.h"

#define FILL_SHARE 4 /* of the cache one network may fill in a minute */

struct fill {
	_Atomic uint32_t minute; /* CLOCK_BOOTTIME */
	_Atomic uint32_t kib[SHARES_SLOTS];
};

/** Octets came from servers for @p party. */
void fill_note(struct fill *f, uint16_t party, uint32_t octets, uint32_t now_s);

/** Has @p party had its share of @p cache_octets in this minute? */
bool fill_is_over(const struct fill *f, uint16_t party, uint64_t cache_octets, uint32_t now_s);

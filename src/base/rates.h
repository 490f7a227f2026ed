/*
 * rates.h - how often somebody did something lately, for very many of them in fixed memory.
 *
 * Purpose    limits of so many a second: for each party one number says when it may go on
 *            (GCRA). One second's worth may come at once.
 * Memory     a table of RATES_SLOTS places. A party that has been quiet for a second gives its
 *            place to another one. When both places of a party are busy with others, nobody counts
 *            it: to limit the innocent would be worse.
 * Threads    any.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

#define RATES_SLOTS 131072 /* a power of two; 8 octets each */
#define RATES_MAX   50000  /* a second */

struct rates;

/** NULL when memory is short. */
MUST_USE struct rates *rates_create(void);

/** NULL is allowed. */
void rates_destroy(struct rates *r);

/**
 * May the party @p hash (keyed: nobody can choose whose place it takes) do it once more?
 *
 * @param rate    times a second, 1 to RATES_MAX
 * @param now_ns  CLOCK_MONOTONIC
 */
bool rates_allow(struct rates *r, uint64_t hash, uint32_t rate, uint64_t now_ns);

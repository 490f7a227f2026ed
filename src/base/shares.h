/*
 * shares.h - places that are fixed in number, shared fairly among parties.
 *
 * Purpose    nobody is limited while half of the places are free. From there on a
 *            party may hold no more places than are left, so that however much one
 *            party wants, as many again stay free for the others: one greedy party
 *            gets half, k of them get max / (k + 1) each.
 * Parties    networks: a host or /64 of our own, a /24 or /56 of others. Parties are
 *            told apart by a keyed hash; two in one slot share its limit, which is
 *            rare and can't be aimed at.
 * Memory     inside, no allocation.
 * Threads    the owner's own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/hash.h"

#define SHARES_SLOTS  16384
#define PARTY_OURSELF 0 /* what nobody asked for: a prefetch, an errand */

struct shares {
	uint32_t max;     /* places, at most 65535 */
	uint32_t taken_n; /* by all parties */
	uint16_t held[SHARES_SLOTS];
};

/** The party that a client at @p a belongs to; never PARTY_OURSELF. */
uint16_t party_of(const struct hash_key *key, const struct address *a);

/** Places that nobody holds; none while more are held than there are, for @c max may be lowered. */
static inline uint32_t shares_free(const struct shares *s)
{
	return s->max > s->taken_n ? s->max - s->taken_n : 0;
}

/** May @p party take one more place? */
static inline bool shares_allow(const struct shares *s, uint16_t party)
{
	return s->held[party] < shares_free(s);
}

/** Take a place, which must be free. */
static inline void shares_take(struct shares *s, uint16_t party)
{
	s->held[party]++;
	s->taken_n++;
}

/** Give back what was taken for @p party. */
static inline void shares_give(struct shares *s, uint16_t party)
{
	s->held[party]--;
	s->taken_n--;
}

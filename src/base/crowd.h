/*
 * crowd.h - whose idle place is given to somebody else, found in O(1).
 *
 * Purpose    of all parties (base/shares.h) that have an idle member, the one that holds most
 *            places, idle or not, to within a sixteenth; of several that hold as many, the one
 *            whose last one to become idle did so before the others'; of its members the longest
 * idle one. Memory     crowd_init() maps some octets for each party; untouched ones cost none.
 * Threads    the owner's own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <urcu/list.h>

#include "base/compiler.h"

#define CROWD_LEVELS 224 /* of places held: 16 for each doubling, from 32 to 65535 */

struct crowd_party;

struct crowd {
	struct crowd_party *parties; /* SHARES_SLOTS of them */
	struct cds_list_head
		levels[CROWD_LEVELS];            /* parties with idle members, by what they hold;
						    who has the last one to become idle at the end */
	uint64_t used[(CROWD_LEVELS + 63) / 64]; /* levels with somebody in them */
};

/** Make a crowd of nobody; false when memory is short. */
MUST_USE bool crowd_init(struct crowd *c);
void crowd_fini(struct crowd *c);

/** @p member of @p party, which holds @p held places, is idle from now on, after all others. */
void crowd_rest(struct crowd *c, uint16_t party, uint32_t held, struct cds_list_head *member);

/** It is no longer. */
void crowd_rise(struct crowd *c, uint16_t party, struct cds_list_head *member);

/** @p party holds @p held places now. */
void crowd_note(struct crowd *c, uint16_t party, uint32_t held);

/** The member that gives way first; NULL when none is idle. */
struct cds_list_head *crowd_idlest(const struct crowd *c);

/** The longest idle member of @p party; NULL when none is. */
struct cds_list_head *crowd_idlest_of(const struct crowd *c, uint16_t party);

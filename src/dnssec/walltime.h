/*
 * walltime.h - may CLOCK_REALTIME be believed?
 *
 * A machine without a battery for its clock boots in 1970, in 2000, or when its
 * system was built, and can't reach the servers that would tell it the time: by
 * that clock their signatures are of the future. So while the clock is known to
 * be unset, signatures are checked without their dates, and nothing is called
 * secure. It counts as unset when
 *
 *   - it is before 2001: nothing was signed then; or
 *   - a trust anchor's own keys were valid more than a day later than it says,
 *     in this run or in the one that left the state file; or
 *   - it is before the build of this program and the keys of a trust anchor,
 *     signed rightly, are not valid yet. A clock before the build whose anchors
 *     are valid by it is taken for set on purpose (a test, a replay).
 *
 * It is set again as soon as it shows a time that is none of these.
 *
 * Threads    wall_time_doubt(), wall_time_prove(), wall_time_is_unset(): any
 *            worker. wall_time_watch(): main thread.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define WALL_NOT_BEFORE_S 978307200u /* 2001-01-01 */
#define WALL_SLACK_S      86400      /* clocks are set back by a little without being unset */

/** Seconds of CLOCK_REALTIME throughout; zeroed it believes all from 2001 on. */
struct wall_time {
	uint32_t build_s;          /* when this program was made; constant */
	_Atomic uint32_t proven_s; /* latest time at which a trust anchor's keys were valid */
	_Atomic bool unset;
};

/**
 * The keys of a trust anchor are signed for later than @p now_s. True when the
 * clock is to blame: it counts as unset from now on.
 */
bool wall_time_doubt(struct wall_time *w, uint32_t now_s);

/** The keys of a trust anchor are valid at @p now_s. Does nothing while the clock is unset. */
void wall_time_prove(struct wall_time *w, uint32_t now_s);

/** Are signatures to be checked without their dates? @p w may be NULL: never. */
bool wall_time_is_unset(const struct wall_time *w, uint32_t now_s);

/** What wall_time_watch() found changed since it was called last. */
enum wall_change {
	WALL_SAME,
	WALL_UNSET, /* the clock turned out to be unset */
	WALL_SET,   /* it was set: what was accepted without dates must be forgotten */
};

/**
 * Judge the clock anew, several times a second.
 *
 * @param told  what the last call left there; false at first
 */
enum wall_change wall_time_watch(struct wall_time *w, uint32_t now_s, bool *told);

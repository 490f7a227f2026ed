/*
 * wheel.h - many timers, millisecond ticks, O(1) to set and to cancel.
 *
 * One ring of WHEEL_SLOTS lists; a timer further away than one turn of the
 * ring simply stays in its slot until its time has come. A bitmap of used slots
 * finds the next one quickly. A timer is embedded in its owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#define WHEEL_SLOTS 4096 /* ms per turn of the ring; a power of two */

struct timer {
	struct timer *next;
	struct timer **prev; /* the pointer that points here; NULL when not set */
	uint64_t at_ms;      /* CLOCK_MONOTONIC */
	void (*fire)(struct timer *timer);
};

struct wheel {
	uint64_t now_ms; /* every slot up to this time has been run */
	uint32_t timers_n;
	uint64_t used[WHEEL_SLOTS / 64];
	struct timer *slots[WHEEL_SLOTS];
};

/** Make an empty wheel at @p now_ms. */
void wheel_init(struct wheel *w, uint64_t now_ms);

/** Make @p t an unset timer that will call @p fire. */
void timer_init(struct timer *t, void (*fire)(struct timer *timer));

/** Fire at @p at_ms or at once when that is past; moves a timer that is already set. */
void timer_set(struct wheel *w, struct timer *t, uint64_t at_ms);

/** Unset; harmless when not set. */
void timer_cancel(struct wheel *w, struct timer *t);

/** Is it set? */
static inline bool timer_is_set(const struct timer *t)
{
	return t->prev != NULL;
}

/** Fire everything due at @p now_ms. Callbacks may set and cancel any timer. */
void wheel_run(struct wheel *w, uint64_t now_ms);

/** Milliseconds until the next slot in use, at most @p max_ms. */
uint32_t wheel_wait_ms(const struct wheel *w, uint64_t now_ms, uint32_t max_ms);

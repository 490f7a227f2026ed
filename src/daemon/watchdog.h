/*
 * watchdog.h - tells a worker that hangs from one that is late.
 *
 * A loop that hangs uses CPU without ending its turn. One that was given no CPU,
 * because the host is busy or stopped, is late, which is no reason to end
 * anything. A thread that sleeps elsewhere than in its loop waits for something
 * that does not come.
 *
 *	1 s of CPU in one turn    logged, with where it is
 *	30 s of CPU               hangs: the same, then abort()
 *	120 ticks asleep          waits for ever: the same
 *
 * Asleep is counted in ticks of the main loop, so that a time without CPU for
 * anybody counts for nothing.
 *
 * Threads  main thread only, but for stack_record(), which a signal runs.
 * Limits   limits.md row 68.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

struct log;
struct worker;

#define WATCHDOG_SLOW_MS     1000  /* of CPU in one turn */
#define WATCHDOG_HANG_MS     30000 /* of CPU in one turn */
#define WATCHDOG_ASLEEP_MAX  120   /* ticks in one turn, of 250 ms */
#define WATCHDOG_FRAMES_MAX  32
#define WATCHDOG_STACK_TICKS 8 /* a stack that is not there by then will not come */

/** When a turn is slow, and when it hangs. */
struct watchdog_limits {
	uint32_t slow_ms;    /* of CPU in one turn */
	uint32_t hang_ms;    /* of CPU in one turn */
	uint32_t asleep_max; /* ticks in one turn */
};

/** Those of a daemon; tests have shorter ones. */
#define WATCHDOG_LIMITS                                                                            \
	((struct watchdog_limits){WATCHDOG_SLOW_MS, WATCHDOG_HANG_MS, WATCHDOG_ASLEEP_MAX})

/** What is known of one worker's turn. */
struct turn_watch {
	uint64_t beat;
	uint64_t cpu_ms;       /* of the thread, when the beat was first seen */
	uint32_t asleep_ticks; /* in a row */
	bool seen;
	bool told; /* that the turn is slow */
};

enum turn_verdict {
	TURN_FINE,
	TURN_SLOW,  /* told once per turn */
	TURN_HANGS, /* by CPU, or asleep for ever */
};

/** Judge a worker at a tick: its beat, the CPU time of its thread, and whether that sleeps. */
enum turn_verdict turn_judge(struct turn_watch *t, const struct watchdog_limits *limits,
			     uint64_t beat, uint64_t cpu_ms, bool asleep);

/** Where a thread is; filled by the thread itself when it gets the signal. */
struct stack {
	void *frames[WATCHDOG_FRAMES_MAX];
	int frames_n;
	_Atomic bool recorded;
};

struct watchdog;

/** Watch @p workers, which have been started. NULL when memory is short. */
MUST_USE struct watchdog *watchdog_create(struct worker **workers, unsigned workers_n,
					  struct watchdog_limits limits, struct log *log);

/** Watch @p w, too, from here on. */
void watchdog_watch(struct watchdog *d, struct worker *w);

/** Watch @p w from here on, too; it has been started. */
void watchdog_watch(struct watchdog *d, struct worker *w);

/** Look at all workers. Does not return when one hangs. */
void watchdog_tick(struct watchdog *d);

/** To be called when no worker runs any more. */
void watchdog_destroy(struct watchdog *d);

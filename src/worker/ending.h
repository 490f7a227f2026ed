/*
 * ending.h - a worker's last moments: what clients asked before is answered, as far as time is
 * left.
 *
 *   worker_drain() ─► sockets that go on without us are left alone, everything else is served
 *   worker_stop()  ─► one more turn; who still waits hears nothing, asks again, and is answered by
 *                     whoever serves after us
 *
 * Threads    the worker's own.
 */
#pragma once

#include <stdbool.h>

struct worker;

/** To be called in each turn from worker_drain() on. */
void ending_take_turn(struct worker *w);

/** After the last turn: jobs, connections and exchanges are over. */
void ending_finish(struct worker *w);

/*
 * clock.h - the three clocks, each read once per loop turn and handed down.
 *
 *   boot  CLOCK_BOOTTIME   cached data ages by it; it counts a suspend
 *   mono  CLOCK_MONOTONIC  network timers
 *   wall  CLOCK_REALTIME   signature dates, log lines
 *
 * Read through libc, so that a test may fake them.
 */
#pragma once

#include <stdint.h>
#include <time.h>

#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull

/** One turn's time. */
struct moment {
	uint64_t mono_ns; /* CLOCK_MONOTONIC */
	uint64_t boot_ms; /* CLOCK_BOOTTIME */
	uint32_t boot_s;  /* the same in whole seconds */
	uint32_t wall_s;  /* CLOCK_REALTIME, modulo 2^32 as signatures count */
};

static inline uint64_t clock_ns(clockid_t id)
{
	struct timespec t = {0};

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static inline void clock_read(struct moment *m)
{
	m->mono_ns = clock_ns(CLOCK_MONOTONIC);
	m->boot_ms = clock_ns(CLOCK_BOOTTIME) / NS_PER_MS;
	m->boot_s = (uint32_t)(m->boot_ms / 1000);
	m->wall_s = (uint32_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);
}

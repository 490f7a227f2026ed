/*
 * rates.c - see rates.h.
 *
 * A place is one word: who has it (the upper 20 bits) and when all that it did would have been
 * done at the rate allowed (44 bits, in units of 16 microseconds: nine years).
 */
#include "base/rates.h"

#include <stdlib.h>

#include "base/clock.h"

#define UNIT_BITS 14 /* 16384 ns */
#define TIME_BITS 44
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)
#define SECOND    (NS_PER_S >> UNIT_BITS)

struct rates {
	_Atomic uint64_t slots[RATES_SLOTS];
};

struct rates *rates_create(void)
{
	return calloc(1, sizeof(struct rates));
}

void rates_destroy(struct rates *r)
{
	free(r);
}

static uint64_t owner_of(uint64_t hash)
{
	return hash & ~TIME_MASK;
}

/* The place of @hash: its own one, else one that is free. NULL: both are somebody else's. */
static _Atomic uint64_t *place_of(struct rates *r, uint64_t hash, uint64_t now, uint64_t *word)
{
	_Atomic uint64_t *free_one = NULL;
	uint64_t free_word = 0;

	for (unsigned i = 0; i < 2; i++) {
		_Atomic uint64_t *at = &r->slots[(hash ^ i) & (RATES_SLOTS - 1)];

		*word = atomic_load_explicit(at, memory_order_relaxed);
		if (owner_of(*word) == owner_of(hash))
			return at;
		if (!free_one && (*word & TIME_MASK) <= now) {
			free_one = at;
			free_word = *word;
		}
	}
	*word = free_word;
	return free_one;
}

bool rates_allow(struct rates *r, uint64_t hash, uint32_t rate, uint64_t now_ns)
{
	uint64_t now = now_ns >> UNIT_BITS & TIME_MASK, step = (SECOND + rate / 2) / rate, word;
	_Atomic uint64_t *at = place_of(r, hash, now, &word);

	if (!at)
		return true;
	/* Somebody else may be faster; then it is as if this one had come a little later. */
	for (unsigned tries = 0; tries < 4; tries++) {
		uint64_t done = owner_of(word) == owner_of(hash) ? word & TIME_MASK : 0;

		done = done > now ? done : now;
		/* A second's worth, however the step was rounded. */
		if (done + step > now + step * rate)
			return false;
		if (atomic_compare_exchange_weak_explicit(
			    at, &word, owner_of(hash) | ((done + step) & TIME_MASK),
			    memory_order_relaxed, memory_order_relaxed))
			return true;
	}
	return true;
}

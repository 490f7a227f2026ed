#include "worker/inflight.h"

#include <stdatomic.h>
#include <stdlib.h>

#define SLOTS 65536 /* several times the jobs of all workers */

/* A slot holds the upper 55 bits of the hash, a bit that is always set, and the worker. */
struct inflight {
	_Atomic uint64_t slots[SLOTS];
};

static uint64_t word_of(uint64_t hash, unsigned worker)
{
	return (hash & ~0x1ffull) | 0x100 | (worker & 0xff);
}

struct inflight *inflight_create(void)
{
	return calloc(1, sizeof(struct inflight));
}

void inflight_destroy(struct inflight *t)
{
	free(t);
}

unsigned inflight_claim(struct inflight *t, uint64_t hash, unsigned worker)
{
	_Atomic uint64_t *slot = &t->slots[(hash >> 9) % SLOTS];
	uint64_t mine = word_of(hash, worker);
	uint64_t found = 0;

	if (atomic_compare_exchange_strong_explicit(slot, &found, mine, memory_order_acq_rel,
						    memory_order_acquire))
		return worker;
	return (found | 0xff) == (mine | 0xff) ? (unsigned)(found & 0xff) : worker;
}

void inflight_release(struct inflight *t, uint64_t hash, unsigned worker)
{
	uint64_t mine = word_of(hash, worker);

	atomic_compare_exchange_strong_explicit(&t->slots[(hash >> 9) % SLOTS], &mine, 0,
						memory_order_acq_rel, memory_order_relaxed);
}

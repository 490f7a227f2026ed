/*
 * inflight.c - the table of questions being resolved: rows of slots, one row per
 * cache line. A question stands anywhere in the row of its hash.
 */
#include "worker/inflight.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define ROWS  8192
#define SLOTS 8 /* in a row: several questions of one row are common, nine are not */

/* A slot holds the upper 55 bits of the hash, a bit that is always set, and the worker. */
struct row {
	ALIGNED(CACHE_LINE) _Atomic uint64_t slots[SLOTS];
};

_Static_assert(sizeof(struct row) == CACHE_LINE, "a row is one line");

struct inflight {
	struct row rows[ROWS];
};

static uint64_t word_of(uint64_t hash, unsigned worker)
{
	return (hash & ~0x1ffull) | 0x100 | (worker & 0xff);
}

static bool is_same_question(uint64_t a, uint64_t b)
{
	return (a | 0xff) == (b | 0xff);
}

static unsigned owner_of(uint64_t word)
{
	return (unsigned)(word & 0xff);
}

static struct row *row_of(struct inflight *t, uint64_t hash)
{
	return &t->rows[(hash >> 9) % ROWS];
}

struct inflight *inflight_create(void)
{
	struct inflight *t = aligned_alloc(CACHE_LINE, sizeof *t);

	if (t)
		memset(t, 0, sizeof *t);
	return t;
}

void inflight_destroy(struct inflight *t)
{
	free(t);
}

/* The word that announces the same question in another slot than @p but, 0 for none. */
static uint64_t find(struct row *row, uint64_t word, unsigned but)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		uint64_t found = atomic_load(&row->slots[i]);

		if (i != but && is_same_question(found, word))
			return found;
	}
	return 0;
}

/* The slot that was free and now has @p word; SLOTS when there is none. */
static unsigned take_slot(struct row *row, uint64_t word)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		uint64_t found = 0;

		if (atomic_load_explicit(&row->slots[i], memory_order_relaxed) == 0 &&
		    atomic_compare_exchange_strong(&row->slots[i], &found, word))
			return i;
	}
	return SLOTS;
}

unsigned inflight_claim(struct inflight *t, uint64_t hash, unsigned worker)
{
	struct row *row = row_of(t, hash);
	uint64_t mine = word_of(hash, worker);
	uint64_t found = find(row, mine, SLOTS);

	if (found)
		return owner_of(found);
	unsigned slot = take_slot(row, mine);

	/*
	 * Another worker may have announced the same question in this moment, in any slot.
	 * Each looks after it has written, so at least one sees the other and gives way.
	 * When both do, each resolves what the other hands over: twice, nothing worse.
	 */
	found = find(row, mine, slot);
	if (slot == SLOTS || !found)
		return found ? owner_of(found) : worker;
	atomic_store(&row->slots[slot], 0);
	return owner_of(found);
}

void inflight_release(struct inflight *t, uint64_t hash, unsigned worker)
{
	struct row *row = row_of(t, hash);
	uint64_t mine = word_of(hash, worker);

	for (unsigned i = 0; i < SLOTS; i++) {
		uint64_t found = mine;

		if (atomic_load_explicit(&row->slots[i], memory_order_relaxed) == mine &&
		    atomic_compare_exchange_strong_explicit(
			    &row->slots[i], &found, 0, memory_order_release, memory_order_relaxed))
			return;
	}
}

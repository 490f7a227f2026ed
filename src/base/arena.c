#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

static void rewind_to_first(struct arena *a)
{
	a->blocks = NULL;
	a->taken = 0;
	a->at = a->first;
	a->end = a->first + sizeof a->first;
}

void arena_init(struct arena *a, size_t limit)
{
	a->limit = limit;
	a->refused = false;
	rewind_to_first(a);
}

static bool grow(struct arena *a, size_t len)
{
	size_t size = sizeof(struct arena_block) + 8 + MAX(len, (size_t)ARENA_BLOCK);

	if (len > a->limit || size > a->limit - a->taken)
		return false;
	struct arena_block *block = malloc(size);

	if (!block)
		return false;
	block->next = a->blocks;
	a->blocks = block;
	a->taken += size;
	a->at = (uint8_t *)(block + 1);
	a->end = (uint8_t *)block + size;
	return true;
}

void *arena_take(struct arena *a, size_t len)
{
	size_t size = (len + 7) & ~(size_t)7;

	/* Rounding up may wrap around. */
	if (size < len || (size > (size_t)(a->end - a->at) && !grow(a, size))) {
		a->refused = true;
		return NULL;
	}
	void *p = a->at;

	a->at += size;
	return p;
}

void *arena_copy(struct arena *a, const void *from, size_t len)
{
	void *p = arena_take(a, len);

	if (p)
		memcpy(p, from, len);
	return p;
}

void arena_reset(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
	rewind_to_first(a);
}

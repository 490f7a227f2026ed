/*
 * arena.h - memory that is given back all at once.
 *
 * The first block lives inside its owner (a pooled job), so most jobs never
 * call malloc; further blocks come from malloc up to a limit and are freed by
 * arena_reset().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#define ARENA_FIRST 4096 /* octets inside the owner: an answer with its delegation */
#define ARENA_BLOCK 8192 /* octets of each further block, unless one request is larger */

struct arena_block {
	struct arena_block *next;
};

struct arena {
	struct arena_block *blocks; /* malloc'd ones, newest first */
	uint8_t *at;
	uint8_t *end;
	size_t taken; /* octets in malloc'd blocks */
	size_t limit; /* octets that may be malloc'd */
	bool refused; /* something was asked for that could not be had */
	uint8_t first[ARENA_FIRST] ALIGNED(16);
};

/** Make an empty arena that may malloc at most @p limit octets. */
void arena_init(struct arena *a, size_t limit);

/** @p len octets, aligned to 8, not cleared; NULL when the limit or malloc says no. */
MUST_USE void *arena_take(struct arena *a, size_t len);

/** A copy of @p len octets; NULL as above. */
MUST_USE void *arena_copy(struct arena *a, const void *from, size_t len);

/** Free what was malloc'd and start again; everything taken is gone. */
void arena_reset(struct arena *a);

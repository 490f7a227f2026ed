/*
 * pool.h - a fixed number of equal objects, taken and given back in O(1).
 *
 * Memory is one mapping made at start; untouched objects cost no resident
 * memory because the free list hands out used ones first.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

struct pool {
	uint8_t *objects;
	void *free;       /* given back, newest first; each starts with the next pointer */
	size_t size;      /* octets of an object */
	uint32_t max;     /* objects */
	uint32_t fresh;   /* objects never handed out so far: from this index on */
	uint32_t taken_n; /* out now */
};

/** Map @p max objects of @p size octets. False when there is no memory. */
MUST_USE bool pool_init(struct pool *p, size_t size, uint32_t max);

/** An object (contents undefined; zero the first time), or NULL when all are out. */
MUST_USE void *pool_take(struct pool *p);

/** Give an object of this pool back. */
void pool_give(struct pool *p, void *object);

/** Unmap; objects still out are gone. */
void pool_fini(struct pool *p);

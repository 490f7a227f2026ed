/*
 * import_map.h - texts and a number for each: what was said already.
 *
 * Memory     one `struct import_map` owns copies of the texts. Texts come from foreign files, so
 *            the hash has a key of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/hash.h"

struct import_map {
	struct hash_key key;
	struct import_entry *entries;
	size_t room; /* a power of two, or 0 */
	size_t n;
};

/** An empty map, hashed by a random key. */
void import_map_init(struct import_map *m);

/** Free all. */
void import_map_fini(struct import_map *m);

/** The number of @p text, valid until the next call that adds; NULL when there is none. */
unsigned *import_map_find(const struct import_map *m, const char *text);

/** Put in @p text, which is not in yet. False when memory is short. */
MUST_USE bool import_map_add(struct import_map *m, const char *text, unsigned value);

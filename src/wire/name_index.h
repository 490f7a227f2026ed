/*
 * name_index.h - a table of names that is asked for the longest one at or above a name.
 *
 * Purpose    Zones, routes and whatever else is chosen by the longest match: however many
 *            there are, a name that is below none of them costs a few nanoseconds.
 * Case       does not count.
 * Threads    made by one thread, then read by all.
 * Memory     names are borrowed: they must outlive the index.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tern/name.h>

#include "base/compiler.h"
#include "base/hash.h"

#define NAME_INDEX_NONE UINT32_MAX

struct name_index;

/** An empty index with a key of its own; NULL when memory is short, or the kernel has no
 * randomness. */
MUST_USE struct name_index *name_index_create(void);

/** NULL is allowed. */
void name_index_destroy(struct name_index *x);

/**
 * Add @p name with @p value, which is not NAME_INDEX_NONE. Of a name that is added
 * twice the first value counts. False when memory is short: then nothing has changed.
 */
MUST_USE bool name_index_add(struct name_index *x, const uint8_t *name, uint32_t value);

/** The value of @p name, or NAME_INDEX_NONE. */
uint32_t name_index_get(const struct name_index *x, const uint8_t *name);

/** The value of the longest name at or above @p name, or NAME_INDEX_NONE. */
uint32_t name_index_deepest(const struct name_index *x, const uint8_t *name);

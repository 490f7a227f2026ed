/*
 * config_place.h - where the keys of a configuration were written.
 *
 * Purpose    a configuration is good or bad as a whole, but a message names the
 *            file and the line: also long after the files were read.
 * Memory     one `struct places` owns all texts. At most PLACES_MAX keys are
 *            kept; for those beyond, the place of what they are in is given.
 */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"

#define PLACES_MAX 16384 /* keys and items of lists; a list may have a million items */

struct places;

/** A line of a file. */
struct place {
	const char *file; /**< as the operator named it */
	unsigned line;    /**< from 1; 0 when there is no such place */
};

/** An empty set of places, or NULL when memory is short. */
MUST_USE struct places *places_create(void);

/** Free it with the names of the files; NULL is allowed. */
void places_destroy(struct places *p);

/** A copy of @p name that lives as long as @p p; a new one each time. NULL: out of memory. */
MUST_USE const char *places_add_file(struct places *p, const char *name);

/** Remember @p place of the key @p path ("server.listen[1]"); without memory it is not kept. */
void places_note(struct places *p, const char *path, struct place place);

/** Was @p path itself written? */
bool places_has(const struct places *p, const char *path);

/**
 * Where @p path was written first, or else what it is in: "forward-zones[3]", "forward-zones".
 * The line is 0 when none of them was written: a default.
 */
struct place places_find(const struct places *p, const char *path);

/*
 * list_shelf.h - lists as they were read last, kept from one load to the next.
 *
 * Purpose    A list of millions of names is read anew only when its file is another one. One
 *            that can't be read, or is none any more, stays as it was. A list with a URL is read
 *            from its copy (keeper/copy.h), and is empty until there is one.
 * Threads    one thread at a time, that of the loader.
 */
#pragma once

#include "policy/lists.h"

#define LIST_OCTETS_MAX ((size_t)1 << 30) /* of one file */

struct followed;
struct list_shelf;

/** NULL when memory is short. */
MUST_USE struct list_shelf *list_shelf_create(void);

/** NULL is allowed. Sets that were made of it live on. */
void list_shelf_destroy(struct list_shelf *shelf);

/** Copies of lists that have a URL are in @p folder, which outlives the shelf; NULL for none. */
void list_shelf_set_copies(struct list_shelf *shelf, const char *folder);

/** Told of each list that could not be read, or not wholly: its place and a line of text. */
typedef void list_told(void *context, unsigned index, const char *text);

/**
 * The @p n lists that @p options say. What can't be read is told, and is as before. NULL when
 * memory is short.
 */
MUST_USE struct list_set *list_shelf_load(struct list_shelf *shelf,
					  const struct list_options *options, unsigned n,
					  struct followed *followed, list_told *tell,
					  void *context);

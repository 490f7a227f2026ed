/*
 * load.h - a configuration with the files that it names, read beside the workers.
 *
 * Threads    load_read(): any thread; it touches files only. The loader reads in a
 *            thread of its own, and is asked and emptied by the main thread.
 */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"
#include "config/config.h"

#define LOAD_WHY_MAX   8192
#define LOAD_NOTES_MAX 4096

struct followed; /* daemon/followed.h */
struct name_index;
struct root_hints;
struct zone_store;

/** What was read. */
struct load {
	struct config *config;
	struct root_hints *hints;
	bool own_root;        /* they are not those of the public root */
	struct route *routes; /* of all kinds; what they point to is the configuration's */
	unsigned routes_n;
	struct name_index *routes_index;
	struct zone_store *zones;
	char notes[LOAD_NOTES_MAX]; /* what is wrong, but not so that nothing could be loaded: lines
				       as those of a reason */
};

/**
 * Read @p path, or the defaults when it is NULL. False with @p why, a line for each
 * reason and no newline at the end; @p out is empty then.
 *
 * @param followed  gets the data files that are named, and has the last good state of those that
 *                  can't be read; NULL: none is followed, and what can't be read is empty
 */
MUST_USE bool load_read(const char *path, struct followed *followed, struct load *out,
			char why[LOAD_WHY_MAX]);

/** The same, but what could be read stays in @p out when it is false. */
MUST_USE bool load_read_most(const char *path, struct followed *followed, struct load *out,
			     char why[LOAD_WHY_MAX]);

/** Free what is still there. */
void load_free(struct load *load);

struct loader;

/** @p path and @p followed stay the caller's. NULL when memory or the system refuses. */
MUST_USE struct loader *loader_create(const char *path, struct followed *followed);

/** Waits for a load that is under way. NULL is allowed. */
void loader_destroy(struct loader *l);

/** Readable when there is something to take. */
int loader_fd(const struct loader *l);

/** Read the file anew. The number of the load that will have seen it as it is now. */
unsigned loader_ask(struct loader *l);

/**
 * Take what was read. False when nothing was: @p why. Begins the next load, if one was asked for.
 * @param number  gets the number of the load
 */
MUST_USE bool loader_take(struct loader *l, struct load *out, unsigned *number,
			  char why[LOAD_WHY_MAX]);

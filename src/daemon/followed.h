/*
 * followed.h - data files that are read again when they change.
 *
 * Purpose    Each keeps the text that was read last, so a file that vanishes, or is being
 *            written, takes nothing away. Folders are watched (inotify), because who
 *            writes a file mostly renames another one over it; every FOLLOWED_LOOK_MS all
 *            files are looked at, for what no folder tells.
 * Threads    followed_begin(), followed_read(), followed_end(): one thread at a time, that
 *            of the loader. All else: main thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#define FOLLOWED_LOOK_MS  10000
#define FOLLOWED_PAUSE_MS 100 /* from the first sign of a change: more may follow */

struct followed;

/** NULL when memory is short. Without inotify changes are seen within FOLLOWED_LOOK_MS. */
MUST_USE struct followed *followed_create(void);

/** NULL is allowed. */
void followed_destroy(struct followed *f);

/** The files are named anew: */
void followed_begin(struct followed *f);

/**
 * Read @p path, and follow it from here on.
 *
 * @param wrong  NULL, or why it can't be read: errno in words. Then the text is what was read
 *               the last time
 * @return @p len octets that live until the next followed_begin(); NULL when there are none
 */
const char *followed_read(struct followed *f, const char *path, size_t *len, const char **wrong);

/**
 * Follow @p path, a file or a folder that the caller reads. True when that is another one than at
 * the last call, or the first call for it.
 */
bool followed_look(struct followed *f, const char *path);

/** these are all; what is not among them is forgotten. */
void followed_end(struct followed *f);

/** Readable when something may have changed; -1 for none. */
int followed_fd(const struct followed *f);

/**
 * Is a file another one than when it was read? Told once for each change.
 *
 * @param told  followed_fd() is readable
 */
bool followed_changed(struct followed *f, bool told, uint64_t now_ms);

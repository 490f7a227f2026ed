/*
 * loader.h - reads beside the workers, in a thread of its own, one load after another.
 *
 * Threads    main thread only.
 */
#pragma once

#include "daemon/load.h"

struct loader;
struct rulebook; /* policy/rules.h */

/**
 * @p path, @p followed and @p book stay the caller's. Data files are read by the rule set in force
 * then. NULL when memory or the system refuses.
 */
MUST_USE struct loader *loader_create(const char *path, struct followed *followed,
				      struct rulebook *book);

/** Waits for a load that is under way. NULL is allowed. */
void loader_destroy(struct loader *l);

/** Readable when there is something to take. */
int loader_fd(const struct loader *l);

/** Read everything anew. The number of the load that will have seen it as it is now. */
unsigned loader_ask(struct loader *l);

/** Read the data files of @p what anew (bits of enum load_what); such loads have no number. */
void loader_ask_files(struct loader *l, unsigned what);

/** Is a load under way, or asked for? */
bool loader_is_busy(const struct loader *l);

/**
 * Take what was read; @p out says what. False when nothing was: @p why.
 * @param number  gets the number of the load, 0 for one of data files
 */
MUST_USE bool loader_take(struct loader *l, struct load *out, unsigned *number,
			  char why[LOAD_WHY_MAX]);

/** What was taken is in force, or not: begin the next load, if one was asked for. */
void loader_go_on(struct loader *l);

/*
 * sources.h - lists that are fetched, and when.
 *
 *	due ─► host looked up, by a worker ─► fetch ─► copy ─► again in a while
 *	             ▲                          │
 *	             └────── redirection ◄──────┘
 *
 * Purpose    Keeps the copies of lists fresh. Hosts are looked up by the workers, so that a
 *            machine that asks tern only gets its lists, too; lists filter none of that.
 *            Who reads the copies is the daemon's affair: sources_tick() tells of a change.
 * Threads    main thread, an online reader; each fetch has a thread of its own.
 * Limits     SOURCES_AT_ONCE fetches at a time, SOURCES_REDIRECTIONS for each. After a failure
 *            the next try is in a minute, twice as late each time, an hour at most.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "policy/lists.h"
#include "worker/worker.h"

#define SOURCES_AT_ONCE      4
#define SOURCES_REDIRECTIONS 5
#define SOURCES_RETRY_S      60u
#define SOURCES_RETRY_MAX_S  3600u

struct sources;

/** How it is with one of them. */
struct source_state {
	const char *url;
	int64_t fetched_s; /* CLOCK_REALTIME; 0: never */
	int64_t next_in_s; /* seconds until the next try; 0: it is due, or under way */
	const char *error; /* of the last try; "" when it did not fail */
	bool changed;      /* by the last one */
	unsigned failures; /* in a row */
};

/**
 * Nothing to fetch yet.
 *
 * @param folder     where copies are; both outlive the sources
 * @param temporary  it goes with the sources
 * @return NULL when memory is short
 */
MUST_USE struct sources *sources_create(struct worker_shared *shared, const char *folder,
					bool temporary);

/** Workers have ended. Waits up to about a second for what is under way. NULL is allowed. */
void sources_destroy(struct sources *s);

/** Break off what is under way, so that sources_destroy() waits less. NULL is allowed. */
void sources_stop(struct sources *s);

/**
 * Fetch those of the @p n lists @p options that have a URL, and no others. Copies of others are
 * removed. False when memory is short: some are missing.
 */
MUST_USE bool sources_take(struct sources *s, const struct list_options *options, unsigned n);

/** Do what is due. True when a copy is another one now. Call it several times a second. */
bool sources_tick(struct sources *s);

/** The state of the list @p name; false when it has no URL. */
bool sources_state(const struct sources *s, const char *name, struct source_state *out);

/** Fetch @p name now, NULL for all; false when it has no URL. */
bool sources_update(struct sources *s, const char *name);

/** Is @p name, NULL for any of them, due or under way? */
bool sources_are_busy(const struct sources *s, const char *name);

/**
 * Seconds until a list is fetched again, a little less than @p refresh_s, or after @p failures in
 * a row; @p any is any number, so that not all who have the list ask at once.
 */
uint32_t sources_pause_s(uint32_t refresh_s, unsigned failures, uint32_t any);

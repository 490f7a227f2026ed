/*
 * followed.h - data files that are read again when they change.
 *
 * Purpose    Each keeps the text that was read last, so a file that vanishes, or is being
 *            written, takes nothing away; and the last one that was of use, if that is another.
 * Folders are watched (inotify), because who writes a file mostly renames another one over it, and
 * so are the files, because others keep theirs open; every FOLLOWED_LOOK_MS all files are looked
 * at, for what no folder tells. Threads    What loads call, from followed_begin() to
 * followed_end(): one thread at a time, that of the loader. All else: main thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "daemon/ticket_file.h"

#define FOLLOWED_LOOK_MS  10000
#define FOLLOWED_PAUSE_MS 100 /* from the first sign of a change: more may follow */
#define FOLLOWED_WRITE_MS 100
#define FOLLOWED_EMPTY_MS 500 /* of one that is empty */

#define FOLLOWED_OCTETS_MAX (64u << 20) /* of a file */

/** Bits: what a file is for, */
enum followed_kind {
	FOLLOWED_HOSTS = 1,
	FOLLOWED_LEASES = 2,
	FOLLOWED_LISTS = 8,
	FOLLOWED_POLICIES = 16,
	FOLLOWED_TLS = 32,
	FOLLOWED_PASSING = 4, /* and that nothing stays of it when it is taken away */
};

struct followed;
struct added;      /* zone/added.h */
struct list_shelf; /* daemon/list_shelf.h */

/** NULL when memory is short. Without inotify changes are seen within FOLLOWED_LOOK_MS. */
MUST_USE struct followed *followed_create(void);

/** NULL is allowed. */
void followed_destroy(struct followed *f);

/** The files of @p kind are named anew: */
void followed_begin(struct followed *f, unsigned kind);

/**
 * Read @p path, and follow it from here on. Waits up to FOLLOWED_WRITE_MS for who is writing it.
 * Between two calls of followed_begin() a file is read once.
 *
 * @param kind   bits of enum followed_kind
 * @param wrong  NULL, or why it can't be read: errno in words. Then the text is what was read
 *               the last time
 * @return @p len octets that live until the next followed_begin(); NULL when there are none
 */
const char *followed_read(struct followed *f, unsigned kind, const char *path, size_t *len,
			  const char **wrong);

/**
 * The same, but what followed_settle() found good last, whatever stands in the file: @p len octets,
 * or NULL when nothing was.
 */
const char *followed_read_good(struct followed *f, unsigned kind, const char *path, size_t *len);

/** Files that are read from here on are a group, and are good or not together: its number. */
unsigned followed_group(struct followed *f);

/** What was read in @p group is not good, as long as this load lasts: */
void followed_hold(struct followed *f, unsigned group);

/** all else that was read of @p kind is. */
void followed_settle(struct followed *f, unsigned kind);

/**
 * Follow @p path, a file or a folder that the caller reads. True when that is another one than at
 * the last call, or the first call for it.
 */
bool followed_look(struct followed *f, unsigned kind, const char *path);

/**
 * The contents of @p path, less than @p max octets, to be freed; NULL with errno. Waits as
 * followed_read() does.
 */
MUST_USE char *followed_read_whole(const char *path, size_t max, size_t *len);

/** What stays of lists from one load to the next; NULL when memory is short. */
struct list_shelf *followed_lists(struct followed *f);

/** A self-signed certificate with its key (net/self_signed.h), from load to load. */
struct followed_certificate {
	char *pem; /* NULL for none */
	size_t len;
};
struct followed_certificate *followed_certificate(struct followed *f);

/** By which tickets are made, from load to load. */
struct ticket_key *followed_ticket_key(struct followed *f);

/** Local data that ternctl added, which outlives @p f: it stands in the same store as what is read.
 */
void followed_set_added(struct followed *f, struct added *added);
struct added *followed_added(const struct followed *f);

/** these are all, in a load that is good; what of @p kind is not among them is forgotten. */
void followed_end(struct followed *f, unsigned kind);

/** Readable when something may have changed; -1 for none. */
int followed_fd(const struct followed *f);

/**
 * Is a file another one than when it was read? Told once for each change.
 *
 * @param told  followed_fd() is readable
 * @return the kinds of such files
 */
unsigned followed_changed(struct followed *f, bool told, uint64_t now_ms);

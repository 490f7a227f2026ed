/*
 * load.h - a configuration with the files that it names, read beside the workers.
 *
 * Purpose    All of it is read anew, or only the data files, by the configuration in force: what
 *            changes in a file of names needs no good configuration file.
 * Threads    any; files only are touched. loader.h reads in a thread of its own.
 */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"
#include "config/config.h"
#include "policy/nft_sets.h"

#define LOAD_WHY_MAX   8192
#define LOAD_NOTES_MAX 4096

#define CERTIFICATE_WARNED_S (14 * 86400) /* so long before its end a certificate is warned of */

struct followed; /* daemon/followed.h */
struct leases;
struct list_set;
struct name_index;
struct root_hints;
struct rpz_set;
struct rules;
struct tls_service;
struct view_set;
struct zone_store;

/** Bits: what was read. */
enum load_what {
	LOAD_HOSTS = 1,
	LOAD_LEASES = 2,
	LOAD_LISTS = 4,
	LOAD_POLICIES = 16,
	LOAD_TLS = 32,
	LOAD_CONFIG = 8,
	LOAD_ALL = 63, /* LOAD_CONFIG only comes with all others */
};

/** What was read. */
struct load {
	unsigned what; /* what is not of it is NULL */
	struct config *config;
	struct root_hints *hints;
	struct route *routes; /* of all kinds; what they point to is the configuration's */
	unsigned routes_n;
	struct name_index *routes_index;
	struct nft_sets nft;
	struct zone_store *zones;
	unsigned hosts_names;       /* in zones, of files of hosts */
	unsigned hosts_bad;         /* lines passed over there */
	unsigned hosts_unread;      /* such files that can't be read */
	uint64_t added_serial;      /* of what ternctl added, in zones */
	struct leases *leases;      /* NULL for none, when LOAD_LEASES was read */
	struct list_set *lists;     /* NULL for none, when LOAD_LISTS was read */
	struct rpz_set *policies;   /* NULL for none, when LOAD_POLICIES was read */
	struct view_set *views;     /* NULL for none */
	struct tls_service *tls;    /* NULL for none, when LOAD_TLS was read, */
	uint64_t reached;           /* and discovered_sum() before that */
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

/** Read only the files of @p what by what @p rules say, which the caller holds. As load_read(). */
MUST_USE bool load_read_files(const struct rules *rules, unsigned what, struct followed *followed,
			      struct load *out, char why[LOAD_WHY_MAX]);

/** Free a view_set that was loaded; NULL is allowed. */
void load_views_free(void *set);

/** Free what is still there. */
void load_free(struct load *load);

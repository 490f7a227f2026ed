/*
 * load_private.h - the parts of a load.
 *
 *   load.c         the configuration, and what is read whole or not at all
 *   load_names.c   names of our own: special ones, local data, files of hosts
 *   load_leases.c  files of leases
 *   load_lists.c   lists of names
 *   load_views.c   views
 *   load_zones.c   zone files of local-zones
 *   load_policies.c  policy zones
 *   load_tls.c     certificates
 *   load_self_signed.c  one that is made here
 *   load_tickets.c  the key of their tickets
 *   load_trust.c   those of servers that are asked
 *   load_text.c    what is told of all that
 */
#pragma once

#include <limits.h>

#include "daemon/load.h"

#define LOAD_KEY_MAX (PATH_MAX + 64) /* octets of "FILE:LINE: KEY: " */

/** What files are read by: of the same load, or of the rule set in force. */
struct local_options; /* zone/local.h */

struct load_ground {
	const struct config *config;
	const struct route *routes;
	unsigned routes_n;
	bool own_root;
	const struct tls_service *tls; /* in force; NULL for none, and where it is read anew */
	bool each; /* a zone whose files are broken stays as it was, and the rest is read */
};

/** Another line of @p why. */
void load_add_reason(char why[LOAD_WHY_MAX], const char *format, ...) PRINTF(2, 3);

/** Another line of the notes. */
void load_add_note(struct load *l, const char *format, ...) PRINTF(2, 3);

/** "FILE:LINE: KEY: ", for a line that is about what stands there. Returns @p out. */
const char *load_say_key(const struct config *c, const char *key, char out[LOAD_KEY_MAX]);

/** Fill l->zones. Reasons why not are added to @p why. */
void load_names(struct load *l, const struct load_ground *g, struct followed *followed,
		char why[LOAD_WHY_MAX]);

/** Fill l->leases, in the same way. */
void load_leases(struct load *l, const struct load_ground *g, struct followed *followed,
		 char why[LOAD_WHY_MAX]);

/** Fill l->lists, in the same way. */
void load_lists(struct load *l, const struct load_ground *g, struct followed *followed,
		char why[LOAD_WHY_MAX]);

/** Fill l->views. Reasons why not are added to @p why. */
void load_views(struct load *l, const struct load_ground *g, char why[LOAD_WHY_MAX]);

/** Told of a zone file that can't be had: the zone's place, the file, the line or 0, and why. */
typedef void load_zone_told(void *context, unsigned index, const char *file, unsigned line,
			    const char *why);

/**
 * Add the zone files that @p local names to @p store. They are followed with the files of hosts
 * when @p followed is not NULL. False when one can't be read, or memory is short.
 *
 * @param groups  of each zone, gets the number of its files' group (daemon/followed.h); with
 *                LOAD_ZONE_AS_BEFORE in it, what was good of them last is read, and what was
 *                emptied is not. NULL: no zone is
 */
MUST_USE bool load_zone_files(struct zone_store *store, const struct local_options *local,
			      struct followed *followed, unsigned *groups, load_zone_told *tell,
			      void *context);

#define LOAD_ZONE_AS_BEFORE UINT_MAX

/** The zone of @p local that @p source of its file stands for (local_key()), or -1. */
int load_zone_of_source(const struct local_options *local, uint32_t source);

/** Fill l->tls. Reasons why not are added to @p why. */
void load_tls(struct load *l, const struct load_ground *g, struct followed *followed,
	      char why[LOAD_WHY_MAX]);

/**
 * The certificate that tls.certificate: self-signed means, with its key, in PEM, to be freed by
 * self_signed_forget(): the one there is, or another one, which is kept in the state folder and in
 * @p followed, if that is not NULL. NULL with a reason in @p why.
 */
MUST_USE char *load_self_signed(struct load *l, const struct config *c, struct followed *followed,
				size_t *len, char why[LOAD_WHY_MAX]);

/** Give l->tls the key of tickets that there is, or another one, which is kept. */
void load_tickets(struct load *l, const struct config *c, struct followed *followed);

/**
 * Give the servers of encrypted forward and stub zones, also those of views, their peers, and
 * authorities that are asked encrypted theirs. Reasons why not are added to @p why.
 */
void load_trust(struct config *c, char why[LOAD_WHY_MAX]);

/** Fill l->policies. Reasons why not are added to @p why. */
void load_policies(struct load *l, const struct load_ground *g, struct followed *followed,
		   char why[LOAD_WHY_MAX]);

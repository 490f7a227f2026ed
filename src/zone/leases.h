/*
 * leases.h - who has which address right now, and the names that come of it.
 *
 * Purpose    one immutable table of all leases of all files: answers for names of clients and of
 *            their addresses, and tells for an address whose it is. A lease ends by itself, at
 *            its time of the wall clock.
 * Threads    made by one thread, then read by all.
 * Memory     the table owns everything; what it gives lives as long as the table.
 * Trust      a client chose its name: what the configuration says of a name wins, which
 *            whoever asks has to see to (resolver/own.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "zone/lease.h"
#include "zone/store.h"

#define LEASE_TOLD_MAX 3  /* bad lines that are named */
#define LEASES_TTL_S   60 /* at most: a client may leave at any time */

struct lease_list;
struct leases;

/** A file's list with what the configuration says of the file. */
struct lease_source {
	const struct lease_list *list;
	const struct lease_options *options;
	const char *wrong; /* why the file can't be read; NULL when it was */
};

/** What the table keeps of a file. */
struct lease_file {
	const char *path;
	const uint8_t *domain;
	enum lease_format format;
	const char *wrong; /* as of the source */
	unsigned bad_n;    /* lines that were passed over, of which the first are: */
	struct {
		unsigned line; /* 0: the file as a whole */
		const char *why;
	} bad[LEASE_TOLD_MAX];
};

/**
 * All leases of @p sources that have not ended by @p now_s, copied.
 *
 * Of several clients with one name the latest has it; and it has the latest of its addresses of
 * IPv4 and all of IPv6. A client of another family that can't be told from it counts as the same.
 *
 * @return NULL when memory is short
 */
MUST_USE struct leases *leases_make(const struct lease_source *sources, unsigned n, int64_t now_s);

/** NULL is allowed. */
void leases_destroy(struct leases *l);

/** What leases_name() found. */
struct lease_found {
	const struct lease *lease; /* the first of the name, or that of the address */
	bool reverse;              /* the name asked for is that of the address */
};

/** Is @p name (lower case) that of a client, or of an address whose client has a name? */
bool leases_find(const struct leases *l, const uint8_t *name, int64_t now_s,
		 struct lease_found *out);

/**
 * The records of @p type of what was found for @p name: their TTL is at most LEASES_TTL_S, and
 * ends before the lease does. False when there are none.
 */
bool leases_records(const struct leases *l, const struct lease_found *found, const uint8_t *name,
		    uint16_t type, int64_t now_s, struct zone_answer *out);

/** The lease of an address (@p len: 4 or 16 octets), with a name or not; NULL for none. */
const struct lease *leases_of_address(const struct leases *l, const uint8_t *address, size_t len,
				      int64_t now_s);

/**
 * The hardware address of a lease's client, as the server saw it or as it stands in the DUID; 0
 * when it is not known, else its length in octets with @p mac, which is the lease's.
 */
size_t lease_mac(const struct lease *lease, const uint8_t **mac);

/** How many there were when the table was made, and how many have a name. */
unsigned leases_count(const struct leases *l);
unsigned leases_named(const struct leases *l);

/** One of them: @p i < leases_count(). It may have ended since. */
const struct lease *leases_at(const struct leases *l, unsigned i);

/** The files; struct lease has their numbers. */
unsigned leases_files(const struct leases *l);
const struct lease_file *leases_file(const struct leases *l, unsigned i);

/** When the first lease ends, LEASE_FOR_EVER for never. */
int64_t leases_next_end(const struct leases *l);

/**
 * May an answer by @p before, or that there is none, be wrong by @p after? Not if only ends have
 * moved, for an answer ends before its lease. NULL stands for no leases.
 */
bool leases_differ(const struct leases *before, const struct leases *after);

/** Is all of both the same, but when they were made? */
bool leases_equal(const struct leases *a, const struct leases *b);

/*
 * fetch.h - one request to a server of lists, in a thread of its own.
 *
 *	open a new file ─► request ─► text of a list? ─► rename over the copy ─► about
 *
 * What was there stays until all of that is done. No name is looked up here: the caller says
 * at which addresses the host is. A redirection is told and not followed, for its host has to be
 * looked up first.
 *
 * Threads  the caller's, and one for each request.
 * Limits   below; of the text they count after decompression.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"
#include "base/url.h"

#define FETCH_OCTETS_MAX    ((uint64_t)256 << 20)
#define FETCH_HEADERS_MAX   65536 /* octets */
#define FETCH_CONNECT_S     10
#define FETCH_WHOLE_S       300
#define FETCH_SLOW_S        30 /* with less than FETCH_SLOW octets a second */
#define FETCH_SLOW          100
#define FETCH_ADDRESSES_MAX 16
#define FETCH_WHY_MAX       160

/** What to fetch. All texts are copied. */
struct fetch_order {
	const char *url;
	const struct address *addresses; /* of a host with a name; ports don't count */
	unsigned addresses_n;
	const char *ca;     /* file of certificates to trust; "": the system's */
	const char *folder; /* of the copy; made if it is missing */
	const char *copy;   /* name in that folder */
};

enum fetch_outcome {
	FETCH_TAKEN,  /* the copy is another one now */
	FETCH_SAME,   /* the server has nothing else */
	FETCH_MOVED,  /* location: a redirection */
	FETCH_FAILED, /* why */
};

struct fetch_result {
	enum fetch_outcome outcome;
	char location[URL_MAX + 1];
	char why[FETCH_WHY_MAX]; /* printable */
};

struct fetch;

/** Begin; NULL when memory or threads are short. */
MUST_USE struct fetch *fetch_start(const struct fetch_order *order);

/** Has it ended? Does not wait. */
bool fetch_is_done(const struct fetch *f);

/** Break it off: it ends within about a second, as failed. */
void fetch_break_off(struct fetch *f);

/** Wait for its end, and free it. @p out may be NULL. */
void fetch_finish(struct fetch *f, struct fetch_result *out);

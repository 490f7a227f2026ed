/*
 * store.h - names with their records: what this server knows of its own.
 *
 * Purpose    one immutable tree of names in which local data, and whatever comes to
 *            be like them, are looked up as RFC 1034 4.3.2 says.
 * Threads    made by one thread, then sealed, then read by all.
 * Memory     the store owns everything; what it gives lives as long as the store.
 * Standards  RFC 1034 4.3.2, RFC 4592 (wildcards), RFC 2308 (SOA of denials).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tern/rrset.h>

#include "base/compiler.h"

struct zone_store;

/** An empty store, or NULL when memory is short. */
MUST_USE struct zone_store *zone_store_create(void);

/** NULL is allowed. */
void zone_store_destroy(struct zone_store *s);

/**
 * Names at and below @p apex are answered from here: what is not there doesn't exist. Its SOA is
 * made up unless one is added. False when memory is short.
 */
MUST_USE bool zone_store_add_zone(struct zone_store *s, const uint8_t *apex);

/**
 * Add a record in presentation format: "router.lan. 300 A 192.0.2.1". One that is
 * there already is not added twice. The zone of its name must be there.
 * @return false with a static @p why
 */
MUST_USE bool zone_store_add(struct zone_store *s, const char *text, const char **why);

/** @p name exists, but has no records. False when memory is short. */
MUST_USE bool zone_store_add_empty(struct zone_store *s, const uint8_t *name);

/** Nothing is added any more; before that nothing is found. False when memory is short. */
MUST_USE bool zone_store_seal(struct zone_store *s);

enum zone_outcome {
	ZONE_NOT_HERE, /* the name is in no zone of the store */
	ZONE_ANSWER,   /* set: of the type, or a CNAME */
	ZONE_NODATA,   /* soa */
	ZONE_NXDOMAIN, /* soa */
};

/** What was found. */
struct zone_answer {
	const uint8_t *apex;
	struct tern_rrset set; /* its owner is the name asked for, made of a wildcard or not */
	struct tern_rrset soa; /* its TTL is that of the denial */
};

/** What there is for (@p name in lower case, @p type). @p name must outlive @p out. */
enum zone_outcome zone_store_find(const struct zone_store *s, const uint8_t *name, uint16_t type,
				  struct zone_answer *out);

/** The apex of the deepest zone at or above @p name (lower case), or NULL. */
const uint8_t *zone_store_apex(const struct zone_store *s, const uint8_t *name);

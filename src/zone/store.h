/*
 * store.h - names with their records: what this server knows of its own.
 *
 * Purpose    one immutable tree of names in which local data, and whatever comes to
 *            be like them, are looked up as RFC 1034 4.3.2 says. A zone says what
 *            becomes of the names below it that have no records. Records outside of
 *            all zones stand for their own name only.
 * Threads    made by one thread, then sealed, then read by all.
 * Memory     the store owns everything; what it gives lives as long as the store.
 * Standards  RFC 1034 4.3.2, RFC 4592 (wildcards), RFC 2308 (SOA of denials), RFC 6672 (DNAME).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tern/name.h>
#include <tern/rrset.h>

#include "base/compiler.h"

#define ZONE_SOA_TTL_S     300 /* of an SOA that is made up */
#define ZONE_SOA_RDATA_MAX (2 + TERN_NAME_MAX + 16 + 20)

/* Bits of a source, whose number is less than 2^28: */
#define ZONE_SOURCE_HOSTS 0x40000000u /* it gives way to what was added without this bit */
#define ZONE_SOURCE_ALIAS 0x20000000u /* a further name of an address, which gets no PTR */
#define ZONE_SOURCE_ADDED                                                                          \
	0x10000000u /* beside what was added without a bit it gives way, if both can't be */

struct zone_store;

/** What a zone says of names and types that have no records in it. */
enum zone_behaviour {
	ZONE_STATIC,          /* they don't exist */
	ZONE_TRANSPARENT,     /* names without records are resolved; other types don't exist */
	ZONE_TYPETRANSPARENT, /* names and types without records are resolved */
	ZONE_REDIRECT,        /* every name has the records of the apex */
	ZONE_REFUSE,          /* they are refused */
	ZONE_DENY,            /* they get no answer at all */
	ZONE_INFORM,          /* as transparent, and whoever asks is told of */
	ZONE_INFORM_DENY,     /* as deny, and so */
	ZONE_NOVIEW,          /* whatever records there are, others are asked: see policy/view.h */
	ZONE_ALWAYS_NXDOMAIN, /* no name exists, whatever records there are */
	ZONE_ALWAYS_NODATA,   /* every name exists, and has no records */
	ZONE_ALWAYS_NULL,     /* every name has the addresses 0.0.0.0 and ::, and no others */
	ZONE_OF_WILDCARD,     /* the store's own: transparent, made for a wildcard */
};

/** An empty store, or NULL when memory is short. */
MUST_USE struct zone_store *zone_store_create(void);

/** NULL is allowed. */
void zone_store_destroy(struct zone_store *s);

/**
 * Names at and below @p apex are answered from here as @p behaviour says. The SOA of the zone is
 * made up unless one is added. False when memory is short.
 *
 * @param source  the caller's number for it, to be told of with a fault: less than 2^28, 0 for
 *                nobody's
 */
MUST_USE bool zone_store_add_zone(struct zone_store *s, const uint8_t *apex,
				  enum zone_behaviour behaviour, uint32_t source);

/**
 * Add a record in presentation format: "router.lan. 300 A 192.0.2.1". One that is
 * there already is not added twice. Without a TTL it has 3600 s.
 *
 * @param origin  names without a final dot are below it, and so must the owner be;
 *                NULL: names are whole, and the owner may be any
 * @param source  the caller's number for it, to be told of with a fault
 * @return false with a static @p why
 */
MUST_USE bool zone_store_add(struct zone_store *s, const char *text, const uint8_t *origin,
			     uint32_t source, const char **why);

/** Add a record of class IN whose parts are known to be valid. False when memory is short. */
MUST_USE bool zone_store_add_rdata(struct zone_store *s, const uint8_t *owner, uint16_t type,
				   uint32_t ttl_s, const uint8_t *rdata, uint16_t len,
				   uint32_t source);

/**
 * Add a record of a zone file, whose parts are valid and which must be in the zone @p apex. What
 * signs and denies is passed over. False with a static @p why.
 */
MUST_USE bool zone_store_add_of_zone(struct zone_store *s, const uint8_t *apex,
				     const uint8_t *owner, uint16_t type, uint32_t ttl_s,
				     const uint8_t *rdata, uint16_t len, uint32_t source,
				     const char **why);

/** @p name exists, but has no records. False when memory is short. */
MUST_USE bool zone_store_add_empty(struct zone_store *s, const uint8_t *name);

/** Why a store can't be sealed. */
struct zone_fault {
	const char *why;     /* static; NULL: memory is short */
	uint32_t source;     /* what is wrong, */
	uint32_t against;    /* and what it contradicts; the same as source for nothing */
	const uint8_t *name; /* whose records are meant; the store's, or NULL */
};

/**
 * Each address that was added with a source gets a PTR to its name, unless it has a PTR or CNAME
 * already. Of several names the one with the least source counts. Wildcards name nothing, nor
 * do zones whose names all say the same, and 0.0.0.0 and :: have no name.
 *
 * Nothing is added any more; before that nothing is found. False with @p fault when records
 * contradict each other, or memory is short.
 */
MUST_USE bool zone_store_seal(struct zone_store *s, struct zone_fault *fault);

/** Would both (sealed) answer every question alike? */
bool zone_store_equal(const struct zone_store *a, const struct zone_store *b);

/**
 * Why a record of @p b_type at @p b can't be beside one of @p a_type at @p a (both names in lower
 * case, other data): a static text, or NULL when it can.
 */
const char *zone_store_contradiction(const uint8_t *a, uint16_t a_type, const uint8_t *b,
				     uint16_t b_type);

/**
 * Why a record of @p type at @p owner (lower case) that is added with ZONE_SOURCE_ADDED would give
 * way to what is in @p s, or could never be seen there: a static text, or NULL when it would stay.
 */
const char *zone_store_objection(const struct zone_store *s, const uint8_t *owner, uint16_t type);

enum zone_outcome {
	ZONE_NOT_HERE, /* the store has nothing to say of it */
	ZONE_ANSWER,   /* set: of the type, a CNAME, or a DNAME that is above the name */
	ZONE_NODATA,   /* soa */
	ZONE_NXDOMAIN, /* soa */
	ZONE_REFUSED,
	ZONE_DROPPED, /* there is to be no answer */
};

/** What was found. */
struct zone_answer {
	struct tern_rrset set; /* its owner is the name asked for, made of a wildcard or not; or
				  of a DNAME a suffix of it */
	struct tern_rrset soa; /* its TTL is that of the denial */
	uint8_t made[ZONE_SOA_RDATA_MAX]; /* of an SOA that no zone has */
	bool informs;                     /* whoever asks is to be told of, whatever was found */
	uint32_t source; /* of the record or the zone that decided, as it was added; 0: nobody's */
};

/** Fill in the SOA of a denial: one that is made up for @p apex, which must outlive @p out. */
void zone_answer_deny(const uint8_t *apex, uint32_t ttl_s, struct zone_answer *out);

/**
 * What there is for (@p name in lower case, @p type). @p name must outlive @p out.
 *
 * @param elsewhere  a zone at or above the name that other servers answer for: zones of the
 *                   store that are above it say nothing of the name. NULL for none
 */
enum zone_outcome zone_store_find(const struct zone_store *s, const uint8_t *name, uint16_t type,
				  const uint8_t *elsewhere, struct zone_answer *out);

/** The apex of the deepest zone at or above @p name (lower case), or NULL. */
const uint8_t *zone_store_apex(const struct zone_store *s, const uint8_t *name);

/**
 * Does the store say something of @p name (lower case) that others must not change? So it does of
 * names with records at or below them, for which a wildcard stands, and in zones where all names
 * are alike. Of names that only don't exist by it, it does not.
 *
 * @param elsewhere  as for zone_store_find()
 */
bool zone_store_claims(const struct zone_store *s, const uint8_t *name, const uint8_t *elsewhere);

/**
 * The SOA into @p out for @p name, of which another says that it has no such records: that of the
 * zone that the name is in, else one made up at @p apex. NULL for @p s is allowed.
 */
void zone_store_deny(const struct zone_store *s, const uint8_t *name, const uint8_t *apex,
		     struct zone_answer *out);

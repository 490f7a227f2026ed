/*
 * own.h - what is decided here about a name, for all who would look elsewhere.
 *
 * Names of our own win over lists, those over search engines that are to be safe and the reverse
 * names of NAT64's addresses, and all of them over the cache, expired data and what a reply says of
 * an alias's target.
 *
 * First the configuration is asked, and then the leases: a client chose its name itself, so it
 * gets none that is written, that a wildcard or a zone with one answer for all stands for, or that
 * a forward or stub zone begins at.
 */
#pragma once

#include "policy/lists.h"
#include "policy/rpz.h"
#include "resolver/job.h"
#include "zone/leases.h"
#include "zone/store.h"

/** Who wants to know. */
enum own_for {
	OWN_FOR_CLIENT,   /* somebody gets it as an answer */
	OWN_FOR_RESOLVER, /* a server's address is looked up: lists say nothing about that, nor do
			     names of a view whose cache is everybody's */
};

enum own_by {
	OWN_BY_NOBODY,
	OWN_BY_VIEW,
	OWN_BY_ZONES,
	OWN_BY_LEASE,
	OWN_BY_POLICY,
	OWN_BY_LIST,
	OWN_BY_NAT64,
	OWN_BY_SAFE_SEARCH,
};

/** By what it is decided. */
struct own_ground {
	const struct rules *rules;
	const struct leases *leases; /* NULL for none */
	int64_t wall_s;
	const struct address *client; /* of whom policy zones may speak; NULL for none */
	bool past_policy;             /* they have said what they had to say */
};

struct own_answer {
	struct zone_answer zone;
	enum own_by by;
	bool informs;              /* a zone wants to hear of whoever asks, whatever is decided */
	const char *policy;        /* the policy zone with the rule that fits; NULL for none */
	struct rpz_rule rule;      /* passthru and tcp-only leave the rest to others */
	const struct listed *list; /* the list that decided; NULL for none */
	uint32_t line;             /* of its entry */
	enum kept_origin origin;
	uint8_t alias[TERN_NAME_MAX + 2]; /* the record of one that is made up here */
};

/**
 * What there is for (@p name in lower case, @p type), where forward and stub zones have their
 * say as zone_store_find() tells. @p name must outlive @p out.
 */
enum zone_outcome own_find(const struct job *job, enum own_for who, const uint8_t *name,
			   uint16_t type, struct own_answer *out);

/** The same by @p g, for who has no job. */
enum zone_outcome own_find_by(const struct own_ground *g, const struct route *route,
			      enum own_for who, const uint8_t *name, uint16_t type,
			      struct own_answer *out);

/** The same, with the @p route that the question belongs to, or NULL. */
enum zone_outcome own_find_beside(const struct job *job, const struct route *route,
				  enum own_for who, const uint8_t *name, uint16_t type,
				  struct own_answer *out);

/** Is there anything? */
bool own_has(const struct job *job, enum own_for who, const uint8_t *name, uint16_t type);

/** Has @p lease a name that stands, so that by @p rules its client is called so? */
bool own_grants(const struct rules *rules, const struct lease *lease);

/*
 * chain.h - from a trust anchor down to a name: which keys speak for it, or
 * what has to be fetched to know.
 *
 * The walk starts at the closest anchor every time and reads validated links of
 * the job (proven.h) or out of the cache, so a link is fetched by a sub-question,
 * validated there, and found here on the next walk. Depth stays small whatever the zone's depth.
 *
 * Standards  RFC 4035 5.1 and 5.2, RFC 6840 4.4, RFC 5155 8.9 (opt-out).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tern/name.h>
#include <tern/rrset.h>

#include "resolver/job.h"

enum chain_end {
	CHAIN_SECURE,   /* zone and keys are those that speak for the name */
	CHAIN_INSECURE, /* an unsigned delegation, a negative anchor, or no anchor above */
	CHAIN_BROKEN,   /* a link failed: everything below is bogus */
	CHAIN_MISSING,  /* fetch (name, type), then walk again */
};

/** Where a walk is to end. */
enum chain_goal {
	CHAIN_TO_NAME,   /* at the zone that holds the name, looking for a cut at every label */
	CHAIN_TO_SIGNER, /* at exactly the zone of that name, with its keys */
	CHAIN_TO_DS,     /* the same, but with the DS that vouches for its keys, not the keys */
};

struct chain {
	uint8_t zone[TERN_NAME_MAX]; /* CHAIN_SECURE: the signed zone */
	struct tern_rrset keys;      /* its DNSKEY set; valid for this turn */
	struct tern_rrset ds;        /* CHAIN_TO_DS: of the zone; rdata NULL at an anchor's zone */
	uint8_t name[TERN_NAME_MAX]; /* CHAIN_MISSING: of the link */
	uint16_t type;               /* DNSKEY or DS */
	bool keys_hold; /* what is bogus is well signed by these keys: others would not help */
	uint16_t ede;   /* CHAIN_INSECURE: why nobody here can check it; TERN_EDE_NONE: unsigned */
};

/** Walk towards @p name. Only validated links count, of this job or out of the cache. */
enum chain_end chain_walk(struct job *job, const uint8_t *name, enum chain_goal goal,
			  struct chain *out);

/**
 * May @p hit, out of the cache, be a link of a chain that is secure so far? What was kept as
 * insecure dates from when a zone above it was unsigned, and that zone may be signed now. Only a
 * denial that is insecure by the signed zone's own proof still counts.
 */
bool chain_may_use(const struct cache_hit *hit);

/*
 * chain.h - from a trust anchor down to a name: which keys speak for it, or
 * what has to be fetched to know.
 *
 * The walk starts at the closest anchor every time and reads validated links
 * out of the cache, so a link is fetched by a sub-question, validated there, and
 * found here on the next walk. Depth stays small whatever the zone's depth.
 *
 * Standards  RFC 4035 5.1 and 5.2, RFC 6840 4.4, RFC 5155 8.9 (opt-out).
 */
#pragma once

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

struct chain {
	uint8_t zone[TERN_NAME_MAX]; /* CHAIN_SECURE: the signed zone */
	struct tern_rrset keys;      /* its DNSKEY set; valid for this turn */
	uint8_t name[TERN_NAME_MAX]; /* CHAIN_MISSING: of the link */
	uint16_t type;               /* DNSKEY or DS */
	uint16_t ede; /* CHAIN_INSECURE: why nobody here can check it; TERN_EDE_NONE: unsigned */
};

/**
 * Walk towards @p name.
 *
 * @param is_zone  @p name is a signer: end at exactly that zone. Else end at
 *                 the zone that holds the name, looking for a cut at every label.
 */
enum chain_end chain_walk(struct job *job, const uint8_t *name, bool is_zone, struct chain *out);

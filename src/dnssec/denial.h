/*
 * denial.h - do these validated NSEC or NSEC3 records prove that something
 * does not exist?
 *
 * Every record passed in has a good signature of `zone`; these functions only
 * judge what the records say. They never cross a zone cut: a record of a parent
 * at a delegation says nothing about what is below it.
 *
 * Standards  RFC 4035 5.4, RFC 5155 8, RFC 6840 4, RFC 7129, RFC 9276, RFC 9824.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tern/rrset.h>

#define DENIAL_NSEC3_MAX 8 /* NSEC3 records looked at (limits.md, the budget) */

struct nsec3_memo;

#define DENIAL_SETS_MAX 32 /* as many as `used` has bits */

struct denial {
	const uint8_t *zone;
	const struct tern_rrset **sets; /* NSEC and NSEC3 sets; others are passed over */
	unsigned n;
	uint32_t *blocks_left;   /* SHA-1 blocks that may still be hashed */
	struct nsec3_memo *memo; /* hashes already paid for; NULL for none */
	uint32_t *used;          /* gets a bit for each set that a proof relied on; may be NULL */
};

enum proof {
	PROOF_NONE, /* not proven */
	PROOF_GOOD,
	PROOF_OPT_OUT,   /* proven, but an opt-out range allows unsigned delegations there */
	PROOF_INSECURE,  /* NSEC3 with more iterations than anybody should pay for */
	PROOF_EXHAUSTED, /* hashing budget spent */
};

/** The name exists (or is an empty non-terminal, or a wildcard matches), the type does not. */
enum proof denial_of_type(const struct denial *d, const uint8_t *name, uint16_t type);

/** Neither the name nor a wildcard that would match it exists. */
enum proof denial_of_name(const struct denial *d, const uint8_t *name);

/** No closer match than the wildcard with @p labels labels behind its asterisk exists. */
enum proof denial_of_closer(const struct denial *d, const uint8_t *name, unsigned labels);

/** What a proven absence of DS at @p name means. */
enum cut_kind {
	CUT_UNPROVEN,
	CUT_UNSIGNED,  /* a delegation without DS, or one may hide in an opt-out range */
	CUT_NOT,       /* no delegation there: the zone goes on */
	CUT_EXHAUSTED, /* hashing budget spent */
};

enum cut_kind denial_of_ds(const struct denial *d, const uint8_t *name);

/** Does an NSEC at @p name say that the name does not exist (RFC 9824 3)? */
bool denial_is_compact(const struct denial *d, const uint8_t *name);

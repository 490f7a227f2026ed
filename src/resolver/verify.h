/*
 * verify.h - the one place where signatures are checked, and paid for.
 *
 * Standards  RFC 4035 5.3, RFC 6840 5.11 (any one good signature will do),
 *            KeyTrap: every attempt counts, also those with unusable keys.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tern/rrset.h>

#include "resolver/job.h"

#define VERIFY_SIGS_MAX     8 /* RRSIGs looked at per set */
#define VERIFY_KEYS_MAX     4 /* keys tried per RRSIG (key tags may collide, RFC 4035 5.3.1) */
#define VERIFY_FAILURES_MAX 4 /* wrong signatures per set */

#define UNDATED_TTL_S 300 /* longest trust in what was accepted without its dates */

#define WILDCARD_NONE 0xff

/** How the search for a good signature ended. */
enum verify {
	VERIFY_GOOD,
	VERIFY_WRONG,   /**< there is none, or none is left to be paid for: job_note() says why */
	VERIFY_NOT_YET, /**< others should have a turn: yield, then ask again for the same set */
};

/** What a good signature says. */
struct verified {
	uint32_t ttl_s;   /* bound on the set's TTL: original TTL and expiration */
	uint8_t wildcard; /* labels behind the asterisk that made the set, WILDCARD_NONE for none */
};

/**
 * Is there a good signature of @p zone over @p set by one of @p keys (a
 * validated DNSKEY set)? No check is begun when the worker's turn has had its
 * CRYPTO_EFFORT_MAX. What was found wrong before a VERIFY_NOT_YET is neither
 * checked nor paid for again, as long as the job asks for no other set.
 *
 * @param set  the same copy each time: its rdata tells it from others
 * @param out  written when the result is VERIFY_GOOD
 */
enum verify verify_set(struct job *job, const struct tern_rrset *set, const uint8_t *zone,
		       const struct tern_rrset *keys, struct verified *out);

/**
 * The same with one key, given as DNSKEY rdata. A set may be asked for with
 * several in turn; verify_decided() ends it.
 */
enum verify verify_set_with(struct job *job, const struct tern_rrset *set, const uint8_t *zone,
			    const struct dnskey *key, struct verified *out);

/** The set under way is judged: should it come again, it is checked anew. */
void verify_decided(struct job *job);

/** Is @p set signed, and has each of its signatures ended? To the second: who keeps data has no
 * excuse. */
bool verify_is_overdue(const struct job *job, const struct tern_rrset *set);

/** Is @p set signed, and all its signatures in time? Which of them was the good one is not known.
 */
bool verify_is_in_time(const struct job *job, const struct tern_rrset *set);

/** Is there anything left to validate with? Asking another server costs the same again. */
bool verify_may_go_on(const struct job *job);

/**
 * The signer named by the RRSIGs of @p set: one at or above the owner (strictly
 * above for a DS). Into @p out; false when there is none.
 */
bool verify_signer(const struct tern_rrset *set, uint8_t out[TERN_NAME_MAX]);

/*
 * proof.h - the resolver's side of denial of existence: which records of a
 * reply or of the cache make a proof, and what it says.
 */
#pragma once

#include "dnssec/denial.h"
#include "resolver/job.h"

#define PROOF_SETS_MAX 12 /* sets of a denial that are looked at */

/** May @p zone deny this question? For a DS it is the parent, for all else the name's own zone. */
bool proof_may_deny(const uint8_t *zone, const struct question *q);

/** The validated records @p sets of @p zone deny a DS at @p name: what does it mean? */
enum cut_kind proof_cut_kind(struct job *job, const uint8_t *zone, const uint8_t *name,
			     const struct tern_rrset *sets, unsigned sets_n);

/** The zone that signed the first NSEC or NSEC3 of @p sets, into @p out; false for none. */
bool proof_signer(const struct tern_rrset *sets, unsigned sets_n, uint8_t out[TERN_NAME_MAX]);

/** The same of a cached denial. */
bool proof_signer_of_hit(const struct cache_hit *hit, uint8_t out[TERN_NAME_MAX]);

/**
 * Before a signature is checked: which NSEC and NSEC3 sets would the frame's
 * proofs rely on? The others are marked bogus, unchecked, so that nobody pays for
 * padding. False when the account of hashes ran out over it.
 */
bool proof_choose(struct job *job, struct frame *f);

/**
 * What a cached set, made from a wildcard, must take along for who validates
 * behind us: the NSEC and NSEC3 sets of @p list by the signer of @p made that came
 * for its link of the answer.
 *
 * @return how many went into @p out; 0 also for a set that no wildcard made
 */
unsigned proof_of_wildcard(const struct kept_list *list, const struct kept *made,
			   struct tern_rrset out[PROOF_SETS_MAX]);

/** Was it signed as a wildcard? By the look of its signatures, which nobody has checked. */
bool proof_is_from_wildcard(const struct tern_rrset *set);

/** Of the records that deny something, only those that hold go to clients and into the cache. */
void proof_prune(struct kept_list *list);

/** Gather the proven NSEC and NSEC3 sets of @p list for @p links as a denial of @p zone. */
struct denial proof_gather(struct job *job, const struct kept_list *list, uint16_t links,
			   const uint8_t *zone, const struct tern_rrset *sets[PROOF_SETS_MAX]);

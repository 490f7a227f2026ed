/*
 * aggressive.h - answer by proofs that are in the cache already (RFC 8198).
 *
 * Validated NSEC and NSEC3 records say what does not exist, and where nothing
 * closer exists a validated wildcard answers. Opt-out ranges and those made for
 * one name prove too little to be worth keeping.
 */
#pragma once

#include "resolver/job.h"

/** Keep the proofs in the frame's authority section for names that nobody asked yet. */
void aggressive_store(struct job *job, const struct frame *f, uint32_t ttl_s);

/** Keep @p set, which a wildcard with @p labels labels behind its asterisk made, for others. */
void aggressive_store_wildcard(struct job *job, const struct tern_rrset *set, unsigned labels);

/**
 * Do they answer the frame's question? Then the proof is kept in the frame (and the
 * set that a wildcard makes: of the type asked for, or a CNAME) and the outcome
 * returned, else OUTCOME_NONE. Only if the option is on.
 */
enum outcome aggressive_answer(struct job *job, struct frame *f);

/**
 * A denial alone, where a server denied without proving it, or none answered:
 * replaces what was sent. Whatever the option says, since the servers were asked.
 */
enum outcome aggressive_proof(struct job *job, struct frame *f);

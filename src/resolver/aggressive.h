/*
 * aggressive.h - deny a name by proofs that are in the cache already (RFC 8198).
 *
 * Validated NSEC records only; those of NSEC3 zones with opt-out prove too
 * little to be worth keeping.
 */
#pragma once

#include "resolver/job.h"

/** Keep the NSEC and SOA of a denial just proven, for names that nobody asked yet. */
void aggressive_store(struct job *job, const struct frame *f);

/**
 * Do they deny the frame's question? Then the proof is kept in the frame and
 * the outcome returned, else OUTCOME_NONE.
 */
enum outcome aggressive_denial(struct job *job, struct frame *f);

/**
 * The same where a server denied without proving it, or none answered: replaces
 * what was sent. Whatever the option says, since the servers were asked.
 */
enum outcome aggressive_proof(struct job *job, struct frame *f);

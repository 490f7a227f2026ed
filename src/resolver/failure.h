/*
 * failure.h - whose fault a failure is, and what is remembered of it.
 *
 * A name is remembered as failed only for what its own servers did. What a limit
 * of this question ended is remembered for the question as the client asked it. A
 * shortage of ours is told to the client and forgotten.
 *
 * Standards  RFC 9520 3, RFC 8767 5, limits.md row 79.
 */
#pragma once

#include "base/compiler.h"
#include "resolver/job.h"

/** Remember why things go wrong, for the extended error; the newest reason wins. */
void job_note(struct job *job, uint16_t ede, const char *format, ...) PRINTF(3, 4);

/** A limit of the question, or a shortage of ours, stopped something. The graver fault stays. */
void failure_blame(struct job *job, enum fault fault);

/** What the failure of the job comes from, accounts and memory included. */
enum fault failure_fault(const struct job *job);

/**
 * The frame's question is a key or a DS, and what came for it does not validate:
 * keep that in the cache, unless the accounts were spent elsewhere.
 */
void failure_remember_link(struct job *job, const struct frame *f);

/** The servers of @p zone were all silent, to more than one name: keep that in the cache. */
void failure_remember_cut(struct job *job, const uint8_t *zone);

/** The client's question failed: keep that in the cache. @p stale: it got expired data. */
void failure_remember_answer(struct job *job, const struct frame *top, bool stale);

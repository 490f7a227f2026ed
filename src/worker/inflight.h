/*
 * inflight.h - which worker is resolving which question right now.
 *
 * One table for the machine: a fixed array of words, claimed and released by
 * compare-and-swap. A question for which eight others leave no slot is not
 * announced: each worker may then resolve the question, nothing worse. The same
 * holds in the moment in which two workers announce one question at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

struct inflight;

/** NULL when memory is short. */
MUST_USE struct inflight *inflight_create(void);
void inflight_destroy(struct inflight *t);

/**
 * Announce that @p worker resolves the question hashed to @p hash.
 * @return @p worker, or the worker that is on it already
 */
unsigned inflight_claim(struct inflight *t, uint64_t hash, unsigned worker);

/** Take the announcement back, if it is ours. */
void inflight_release(struct inflight *t, uint64_t hash, unsigned worker);

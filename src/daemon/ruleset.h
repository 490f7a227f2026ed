/*
 * ruleset.h - from what was read to the rule set that workers go by.
 *
 * Threads    main thread only.
 */
#pragma once

#include "daemon/load.h"
#include "policy/rules.h"

/**
 * The rule set of @p load, which is emptied: what is the same as in @p before (NULL for
 * none) is shared with it. Trust is left to the keeper, and the cache to the caller.
 * NULL when memory is short.
 */
MUST_USE struct rules *ruleset_make(struct load *load, const struct rules *before);

/** The rule set that @p before is with the data files of @p load, which is emptied; as above. */
struct rules *ruleset_refresh(struct load *load, const struct rules *before);

/** The configuration of @p rules, which lives as long as they. */
const struct config *ruleset_config(const struct rules *rules);

/** Do both send every name to the same servers in the same way? */
bool ruleset_routes_are_equal(const struct routes *a, const struct routes *b);

/** Would any answer be another one by @p after than by @p before? */
bool ruleset_changes_answers(const struct rules *before, const struct rules *after);

/** Would any answer about a name of our own? */
bool ruleset_changes_names(const struct rules *before, const struct rules *after);

/**
 * Call @p visit with each zone whose cached data @p before made and @p after would make
 * otherwise: all that is at and below it is wrong.
 */
void ruleset_outdated(const struct rules *before, const struct rules *after,
		      void (*visit)(void *context, const uint8_t *zone), void *context);

/*
 * rpz_names.h - which rule of a policy zone is for a name, as a server of that zone would find it:
 * the name itself, else the wildcard at its closest encloser (RFC 4592 3.3.1).
 *
 * Threads    made by one thread, then read by all.
 * Memory     names are borrowed: they must outlive this.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "wire/name_index.h"

struct rpz_names {
	struct name_index *exact;  /* to rules */
	struct name_index *below;  /* by the wildcard's parent */
	struct name_index *inside; /* names that exist below a wildcard's parent: to its rule */
};

/** False when memory is short; rpz_names_end() is due in any case. */
MUST_USE bool rpz_names_begin(struct rpz_names *n);
void rpz_names_end(struct rpz_names *n);

/** @p rule is for @p name, or with @p wildcard for all below. False when memory is short. */
MUST_USE bool rpz_names_add(struct rpz_names *n, const uint8_t *name, bool wildcard, uint32_t rule);

/**
 * Once all are added, for each: @p name exists, so that a wildcard above says nothing of what is
 * there or below. False when memory is short.
 */
MUST_USE bool rpz_names_settle(struct rpz_names *n, const uint8_t *name);

/** The rule for @p name, or NAME_INDEX_NONE. */
uint32_t rpz_names_find(const struct rpz_names *n, const uint8_t *name);

/*
 * changes.h - what becomes another answer on its way to the client.
 *
 * The configuration's reader fills it, for everybody and for each view. Lists belong to the
 * configuration.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy/nat64.h"
#include "policy/rebinding.h"
#include "policy/safe_search.h"

struct answer_changes {
	struct dns64_options dns64;
	struct rebinding_options rebinding;
	enum safe_search safe_search;
	uint16_t *filter_types; /* answers to these are empty */
	unsigned filter_types_n;
};

/** Do @p a and @p b say the same? */
bool changes_are_equal(const struct answer_changes *a, const struct answer_changes *b);

/** Are answers of @p type filtered? */
bool changes_filter(const struct answer_changes *c, uint16_t type);

/** Is @p address (of AAAA, in its 16 octets) one that counts as none beside NAT64? */
bool changes_exclude(const struct answer_changes *c, const uint8_t address[16]);

/** May @p name (lower case) have inside addresses, because the operator says so? */
bool changes_allow_inside(const struct answer_changes *c, const uint8_t *name);

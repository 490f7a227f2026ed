/*
 * reverse.h - names of addresses, and the zones of those that no public server knows.
 *
 * Standards  RFC 1035 3.5 (in-addr.arpa), RFC 3596 2.5 (ip6.arpa), RFC 6303 and RFC 7793
 *            (zones of private, shared, local and documentation addresses).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/name.h>

#include "base/compiler.h"

struct zone_store;

/** The name under which the PTR of an address (@p len: 4 or 16 octets) is. */
void reverse_name(const uint8_t *address, size_t len, uint8_t out[TERN_NAME_MAX]);

/** The address whose name is @p name (lower case): 4 or 16, its octets; 0 when it is no such name.
 */
size_t reverse_address(const uint8_t *name, uint8_t out[16]);

/**
 * Add to @p s the zones that RFC 6303 4 and its registry list, but those for which @p is_left_out
 * says so. False when memory is short.
 */
MUST_USE bool reverse_zones_add(struct zone_store *s,
				bool (*is_left_out)(const void *context, const uint8_t *apex),
				const void *context);

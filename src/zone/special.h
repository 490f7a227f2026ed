/*
 * special.h - the names that no public server knows anything of.
 *
 * Asked of the root they would only tell it what goes on in a house. So they are
 * answered here: localhost is this host, resolver.arpa tells of encrypted listeners only
 * (discovery.h), private addresses have no names but those of local data, ipv4only.arpa is what
 * every such server says, and the others don't exist.
 *
 * Standards  RFC 6761 (localhost, invalid, test), RFC 6762 (local), RFC 7686 (onion),
 *            RFC 8375 (home.arpa), RFC 9462 (resolver.arpa), RFC 9476 (alt),
 *            RFC 8880 (ipv4only.arpa), RFC 9665 (service.arpa), reverse.h's, and ICANN's
 *            reservation of internal.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

struct zone_store;

/**
 * Add all of them to @p s but those for which @p is_left_out says so. False when memory is
 * short.
 */
MUST_USE bool special_zones_add(struct zone_store *s,
				bool (*is_left_out)(const void *context, const uint8_t *apex),
				const void *context);

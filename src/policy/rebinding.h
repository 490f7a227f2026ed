/*
 * rebinding.h - addresses inside a network, that a public name has no business to have.
 *
 * A page of the attacker's name is let talk to whatever that name's address is: so a public name
 * that is given an inside address opens the inside to its owner's scripts (limits.md row 20).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tern/rrset.h>

#include "base/address.h"

/** Of rebinding protection. */
struct rebinding_options {
	bool enabled;
	uint8_t **allow; /* names at and below which inside addresses are right, lower case */
	unsigned allow_n;
};

/**
 * Is it the address of a host inside, or of none: private (RFC 1918, RFC 4193), shared (RFC 6598),
 * link-local, site-local, loopback, of "this" network, or one of IPv6 that holds such a one of
 * IPv4: mapped, compatible, 6to4, of NAT64? NAT64 is that of RFC 6052, RFC 8215, and @p nat64,
 * whose family may be 0.
 */
bool rebinding_is_inside(const struct address *a, const struct prefix *nat64);

/** The first such address that @p set has: as A, AAAA, or hint of SVCB or HTTPS. */
MUST_USE bool rebinding_find(const struct tern_rrset *set, const struct prefix *nat64,
			     struct address *out);

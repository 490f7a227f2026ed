/*
 * nat64.h - IPv4 addresses inside IPv6 ones, as NAT64 translates them.
 *
 * Standards  RFC 6052 2.2 (where the octets are, for each length of the prefix), 3.1 (which
 *            addresses the well-known prefix may not hold), RFC 7050 8.2 (but for two).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

#define DNS64_TTL_S       600 /* where no SOA says otherwise, RFC 6147 5.1.7 */
#define NAT64_REVERSE_MAX 32  /* octets of "255.255.255.255.in-addr.arpa." in wire format: 30 */

/** The prefix of NAT64, and what is no answer beside it. */
struct dns64_options {
	struct prefix prefix;   /* family 0: no synthesis */
	struct prefix *exclude; /* addresses in these count as none */
	unsigned exclude_n;
};

/** Has @p p one of the six lengths? */
bool nat64_is_prefix(const struct prefix *p);

/** Are bits 64 to 71 of @p p 0, as operators are told to choose them? */
bool nat64_keeps_unused(const struct prefix *p);

/** @p v4 inside the prefix @p p, into @p out. */
void nat64_embed(const struct prefix *p, const uint8_t v4[4], uint8_t out[16]);

/** The IPv4 address inside @p v6 into @p out; false when @p v6 is none of @p p. */
MUST_USE bool nat64_extract(const struct prefix *p, const uint8_t v6[16], uint8_t out[4]);

/**
 * May answers have @p v4 inside @p p? Never what is no host's address; with the well-known prefix
 * global addresses only, and those of ipv4only.arpa.
 */
bool nat64_may_embed(const struct prefix *p, const uint8_t v4[4]);

/**
 * @p name (lower case) is the reverse name of an address in @p p: the reverse name of the IPv4
 * address inside it, in wire format, into @p out. False when it is not.
 */
MUST_USE bool nat64_reverse(const struct prefix *p, const uint8_t *name,
			    uint8_t out[NAT64_REVERSE_MAX]);

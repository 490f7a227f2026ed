/*
 * rrsig.h - one RRset, one RRSIG, one key: does it hold?
 *
 * Standards  RFC 4034 3 and 6, RFC 4035 5.3, RFC 6840.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/rrset.h>

#include "base/compiler.h"
#include "dnssec/crypto.h"

#define RRSIG_SCRATCH 262144 /* octets of canonical form that are worth checking */
#define RRSIG_SKEW_S  300    /* clocks may differ by this much, RFC 6840 has no figure */

/** An RRSIG; pointers are into its rdata. */
struct rrsig {
	const uint8_t *signer; /* uncompressed name */
	const uint8_t *sig;
	const uint8_t *rdata;
	size_t head_len; /* octets of rdata before the signature */
	size_t sig_len;
	uint32_t original_ttl_s;
	uint32_t expiration;
	uint32_t inception;
	uint16_t type;
	uint16_t tag;
	uint8_t algorithm;
	uint8_t labels;
};

/** False when the rdata is malformed. */
MUST_USE bool rrsig_read(const uint8_t *rdata, size_t len, struct rrsig *out);

/** Why a signature can't be used, before any cryptography. */
enum rrsig_fault {
	RRSIG_USABLE,
	RRSIG_EXPIRED,
	RRSIG_NOT_YET,
	RRSIG_BACKWARDS, /* expires before it begins */
	RRSIG_MISPLACED, /* signer not at or above the owner, labels impossible */
};

/** Time and place of @p sig for a set at @p owner at @p now_s (CLOCK_REALTIME mod 2^32). */
enum rrsig_fault rrsig_check(const struct rrsig *sig, const uint8_t *owner, uint32_t now_s);

/**
 * Put the signed octets of @p set under @p sig in canonical form into @p out.
 * @return octets written, 0 when they don't fit
 */
size_t rrsig_signed_data(const struct tern_rrset *set, const struct rrsig *sig, uint8_t *out,
			 size_t out_max);

/** Was the owner made from a wildcard: fewer labels signed than it has (RFC 4035 5.3.4)? */
bool rrsig_is_wildcard(const struct rrsig *sig, const uint8_t *owner);

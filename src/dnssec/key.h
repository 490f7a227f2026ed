/*
 * key.h - DNSKEY and DS rdata: fields, key tags, digests.
 *
 * Pure functions of octets. Standards: RFC 4034 2, 5 and appendix B, RFC 4509,
 * RFC 5011 (revoke bit), RFC 6605, RFC 8624, RFC 9905.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

enum dnssec_algorithm {
	DNSSEC_RSASHA1 = 5,
	DNSSEC_RSASHA1_NSEC3 = 7,
	DNSSEC_RSASHA256 = 8,
	DNSSEC_RSASHA512 = 10,
	DNSSEC_ECDSAP256 = 13,
	DNSSEC_ECDSAP384 = 14,
	DNSSEC_ED25519 = 15,
	DNSSEC_ED448 = 16,
};

enum dnssec_digest { DNSSEC_SHA1 = 1, DNSSEC_SHA256 = 2, DNSSEC_SHA384 = 4 };

#define DNSKEY_ZONE       0x0100
#define DNSKEY_REVOKE     0x0080
#define DNSKEY_SEP        0x0001
#define DNSSEC_DIGEST_MAX 48 /* octets, SHA-384 */

/** A DNSKEY; pointers are into the rdata it was read from. */
struct dnskey {
	const uint8_t *rdata;
	const uint8_t *key;
	uint16_t rdata_len;
	uint16_t key_len;
	uint16_t flags;
	uint16_t tag;
	uint8_t protocol;
	uint8_t algorithm;
};

/** A DS; the digest points into the rdata. */
struct ds {
	const uint8_t *digest;
	uint16_t digest_len;
	uint16_t tag;
	uint8_t algorithm;
	uint8_t digest_type;
};

#define DNSKEY_RDATA_MAX 1100 /* octets; a 4096-bit RSA key needs 520 */

/** False when the rdata is too short to be one (or, for a key, absurdly long). */
MUST_USE bool dnskey_read(const uint8_t *rdata, size_t len, struct dnskey *out);
MUST_USE bool ds_read(const uint8_t *rdata, size_t len, struct ds *out);

/** May it sign zone data: zone flag, protocol 3, not revoked? */
bool dnskey_signs_zones(const struct dnskey *key);

/** Can signatures of this algorithm be checked? @p sha1 says whether SHA-1 counts. */
bool dnssec_algorithm_is_known(uint8_t algorithm, bool sha1);
bool dnssec_digest_is_known(uint8_t digest, bool sha1);

/** Is @p ds the digest of @p key at @p owner (any case)? */
bool ds_matches(const struct ds *ds, const uint8_t *owner, const struct dnskey *key);

/*
 * rdata_private.h - rdata as a row of fields, for src/wire only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/rr.h>
#include <tern/status.h>

#include "base/compiler.h"

/** SvcParamKeys, RFC 9460 14.3.2 and IANA. */
enum svc_key {
	SVC_MANDATORY = 0,
	SVC_ALPN = 1,
	SVC_NO_DEFAULT_ALPN = 2,
	SVC_PORT = 3,
	SVC_IPV4HINT = 4,
	SVC_ECH = 5,
	SVC_IPV6HINT = 6,
	SVC_DOHPATH = 7,
	SVC_OHTTP = 8,
};

/** Gateway types of RFC 4025 2.3. */
enum gateway_type {
	GATEWAY_NONE = 0,
	GATEWAY_A = 1,
	GATEWAY_AAAA = 2,
	GATEWAY_NAME = 3,
};

#define HIP_HEADER      4    /* octets before the HIT, RFC 8005 5 */
#define IPSECKEY_HEADER 3    /* octets before the gateway, RFC 4025 2 */
#define AMTRELAY_HEADER 2    /* octets before the relay, RFC 8777 4.2 */
#define AMTRELAY_TYPE   0x7f /* of the second octet; the bit above is D, discovery is optional */

/** Is it one of the three fields that hold a name? */
static inline bool field_is_name(uint8_t field)
{
	return field == TERN_FIELD_NAME_COMPRESSED || field == TERN_FIELD_NAME ||
	       field == TERN_FIELD_NAME_LITERAL;
}

/**
 * How many of the @p left octets at @p at belong to @p field (not a name),
 * after checking their inner layout.
 * @return TERN_OK or TERN_ERDATA
 */
MUST_USE enum tern_status field_len(uint8_t field, const uint8_t *at, size_t left, size_t *len);

/** Has one SvcParam's value the form that its key asks for? Unknown keys take anything. */
MUST_USE bool svc_value_is_valid(uint16_t key, const uint8_t *value, size_t len);

/** One field of rdata. */
struct piece {
	uint8_t field; /* enum tern_field */
	const uint8_t *at;
	size_t len;
};

/** Walks the fields of uncompressed rdata. */
struct piece_iter {
	const uint8_t *fields;
	const uint8_t *at;
	const uint8_t *end;
	enum tern_status status; /* TERN_ERDATA when the walk ended early or octets are left */
};

/** Start at the first field of @p type. */
struct piece_iter pieces_of(uint16_t type, const uint8_t *rdata, size_t len);

/** Next field; false at the end or on an error, see @c status. */
bool piece_next(struct piece_iter *it, struct piece *out);

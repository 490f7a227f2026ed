/*
 * edns.h - the OPT pseudo-RR and its options.
 *
 * Standards  RFC 6891; RFC 5001 (NSID), 7873/9018 (cookies), 7828 (keepalive),
 *            7830 (padding), 7871 (client subnet), 8914 (extended errors).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/status.h>

TERN_DECLS_BEGIN

#define TERN_EDNS_OPTIONS_MAX 32 /* of one OPT are looked at, the others ignored */
#define TERN_COOKIE_CLIENT    8  /* octets */
#define TERN_COOKIE_MAX       40 /* client and server part, RFC 7873 4 */

enum tern_edns_code {
	TERN_EDNS_NSID = 3,
	TERN_EDNS_CLIENT_SUBNET = 8,
	TERN_EDNS_EXPIRE = 9,
	TERN_EDNS_COOKIE = 10,
	TERN_EDNS_TCP_KEEPALIVE = 11,
	TERN_EDNS_PADDING = 12,
	TERN_EDNS_CHAIN = 13,
	TERN_EDNS_KEY_TAG = 14,
	TERN_EDNS_EDE = 15,
	TERN_EDNS_REPORT_CHANNEL = 18,
};

/** Extended error INFO-CODEs, RFC 8914 4 and IANA. */
enum tern_ede {
	TERN_EDE_OTHER = 0,
	TERN_EDE_UNSUPPORTED_DNSKEY_ALG = 1,
	TERN_EDE_UNSUPPORTED_DS_DIGEST = 2,
	TERN_EDE_STALE_ANSWER = 3,
	TERN_EDE_FORGED_ANSWER = 4,
	TERN_EDE_INDETERMINATE = 5,
	TERN_EDE_BOGUS = 6,
	TERN_EDE_SIG_EXPIRED = 7,
	TERN_EDE_SIG_NOT_YET_VALID = 8,
	TERN_EDE_DNSKEY_MISSING = 9,
	TERN_EDE_RRSIGS_MISSING = 10,
	TERN_EDE_NO_ZONE_KEY_BIT = 11,
	TERN_EDE_NSEC_MISSING = 12,
	TERN_EDE_CACHED_ERROR = 13,
	TERN_EDE_NOT_READY = 14,
	TERN_EDE_BLOCKED = 15,
	TERN_EDE_CENSORED = 16,
	TERN_EDE_FILTERED = 17,
	TERN_EDE_PROHIBITED = 18,
	TERN_EDE_STALE_NXDOMAIN = 19,
	TERN_EDE_NOT_AUTHORITATIVE = 20,
	TERN_EDE_NOT_SUPPORTED = 21,
	TERN_EDE_NO_REACHABLE_AUTHORITY = 22,
	TERN_EDE_NETWORK_ERROR = 23,
	TERN_EDE_INVALID_DATA = 24,
	TERN_EDE_SIG_EXPIRED_BEFORE_VALID = 25,
	TERN_EDE_TOO_EARLY = 26,
	TERN_EDE_NSEC3_ITERATIONS = 27,
	TERN_EDE_NTA = 33,
	TERN_EDE_NONE = 0xffff, /**< no error to tell; never on the wire */
};

/** What an OPT says; options are offsets into the message it came from. */
struct tern_edns {
	bool present;
	uint8_t version;
	uint8_t extended_rcode; /**< upper 8 bits of the response code */
	bool dnssec_ok;         /**< DO, RFC 3225 */
	bool compact_ok;        /**< CO, RFC 9824 */
	uint16_t udp_size;      /**< as sent; below 512 means 512 */
	uint16_t options_at;    /**< offset of the first option in the message */
	uint16_t options_len;   /**< octets of those that are looked at; 0 if version isn't 0 */
};

/** One option; @p data points into the message. */
struct tern_edns_option {
	uint16_t code;
	uint16_t len;
	const uint8_t *data;
};

/** Walks options; make it with tern_edns_options(). */
struct tern_edns_iter {
	const uint8_t *at;
	const uint8_t *end;
};

/** Iterate over the options of an OPT that tern_message_parse() accepted in @p msg. */
struct tern_edns_iter tern_edns_options(const uint8_t *msg, const struct tern_edns *edns);

/** Next option; false at the end. */
bool tern_edns_next(struct tern_edns_iter *it, struct tern_edns_option *out);

/** First option with @p code; false when there is none. */
bool tern_edns_find(const uint8_t *msg, const struct tern_edns *edns, uint16_t code,
		    struct tern_edns_option *out);

/** "Stale Answer", ... for an INFO-CODE; "" when unknown. Static storage. */
const char *tern_ede_text(uint16_t info_code);

TERN_DECLS_END

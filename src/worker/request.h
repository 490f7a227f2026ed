/*
 * request.h - a client's query, as far as answering it needs to know.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/edns.h>
#include <tern/message.h>
#include <tern/name.h>

#include "base/address.h"
#include "base/hash.h"
#include "cache/answers.h"

enum request_verdict {
	REQUEST_QUERY, /* a question to answer */
	REQUEST_ERROR, /* answer with request.rcode at once */
	REQUEST_DROP,  /* silence */
};

#define REQUEST_SUBNET_HEAD 4 /* octets before the address: family, source and scope prefix */
#define REQUEST_SUBNET_MAX  (REQUEST_SUBNET_HEAD + 16)

struct request {
	uint8_t name[TERN_NAME_MAX + 1]; /* as sent; its case is echoed */
	uint16_t name_len;               /* octets; 0 when no question could be read */
	uint16_t type;
	uint16_t rclass;
	uint16_t id;
	uint16_t flags;     /* as sent */
	uint16_t rcode;     /* REQUEST_ERROR */
	uint16_t tsig_at;   /* offset of its TSIG, 0 none */
	uint16_t limit;     /* octets that the answer may have */
	uint8_t cookie_len; /* octets of client_cookie in the answer: 0 or 8 */
	uint8_t client_cookie[TERN_COOKIE_CLIENT];
	uint8_t subnet_len;                 /* octets of its client subnet option, 0 for none */
	uint8_t subnet[REQUEST_SUBNET_MAX]; /* as sent: RFC 7871 6 */
	bool cookie_valid; /* it came with a good server cookie: the address is genuine */
	bool edns;
	bool dnssec_ok;
	bool compact_ok; /* CO, which means nothing without DO: RFC 9824 5.1 */
	bool keepalive;  /* asked for edns-tcp-keepalive */
	bool nsid;       /* asked for the server's identity (RFC 5001) */
	bool padding;    /* the answer's length is to tell nothing, RFC 7830 */
	bool tcp;
	bool encrypted; /* nobody on the way can read */
};

/** Which of the answers to one question it wants: enum answer_variant. */
static inline uint8_t request_variant(const struct request *r)
{
	return (uint8_t)((r->dnssec_ok ? ANSWER_DO : 0) |
			 (r->flags & TERN_FLAG_CD ? ANSWER_CD : 0) |
			 (r->compact_ok ? ANSWER_CO : 0));
}

/** What reading a query depends on besides its octets. */
struct request_context {
	const struct hash_key *cookie_secret;
	const struct address *client;
	uint32_t wall_s;
	bool tcp;
	bool encrypted;
	bool subnets; /* networks of clients are told to servers: what clients say of theirs counts
		       */
};

/** Read @p octets; everything but `rcode` is filled as far as possible. */
enum request_verdict request_parse(const uint8_t *octets, size_t len,
				   const struct request_context *context, struct request *out);

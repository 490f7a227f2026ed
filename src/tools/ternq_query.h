/*
 * ternq_query.h - the query of a look-up, and whether a message answers it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/message.h>

#include "tools/ternq_odd.h"
#include "tools/ternq_options.h"

#define QUERY_MAX                                                                                  \
	1280 /* octets: two names, SOA, OPT with cookie, subnet and 512 octets of padding */
#define REPLY_RRS 6000 /* more records don't fit into 64 kB */

/** A query as it goes out. */
struct query {
	uint8_t octets[QUERY_MAX];
	size_t len;
	uint16_t id;
	uint8_t qname[TERN_NAME_MAX];
	uint16_t type;
	uint16_t rclass;
	uint8_t cookie[TERN_COOKIE_MAX]; /* as sent */
	uint8_t cookie_len;              /* 0: none */
};

/** A message that came back. Large: keep it on the heap. */
struct reply {
	struct tern_message m;
	struct tern_rr_ref rrs[REPLY_RRS];
	uint8_t octets[TERN_MESSAGE_MAX];
	struct odd odd;               /* what is wrong with it */
	char server[SERVER_TEXT_MAX]; /* "192.0.2.1#53" */
	char asked[SERVER_TEXT_MAX];  /* the server as the user named it */
	bool tcp;
	uint64_t elapsed_us;
};

/** What a message is to a query. */
enum match {
	MATCH_REPLY,     /* in the reply as far as it can be read; its faults too */
	MATCH_TRUNCATED, /* TC set; parsed, or cut in the middle of a record */
	MATCH_TOO_SHORT, /* no header */
	MATCH_WRONG_ID,
	MATCH_WRONG_QUESTION,
};

/** The wire form of a name as typed (IDN unless @p idn is false). False when there is none. */
MUST_USE bool query_name(const char *text, bool idn, uint8_t name[TERN_NAME_MAX]);

/** Build the query for @p l about @p qname. False when the kernel has no randomness. */
MUST_USE bool query_build(const struct lookup *l, const uint8_t *qname, struct query *q);

/**
 * Parse the @p len octets in @p r and compare them with @p q. A reply that is cut
 * is MATCH_TRUNCATED unless @p ignore_tc.
 */
enum match query_match(const struct query *q, struct reply *r, size_t len, bool ignore_tc);

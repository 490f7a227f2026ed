/*
 * classify.h - what a reply means, decided without doing anything about it.
 *
 * A pure function of the message and of what was asked of whom. Who asked for
 * what is checked before (address, port, id, question).
 *
 * Standards  RFC 1034 5.3.3 step 4, RFC 2308 2 (forms of negative answers),
 *            RFC 6604 (rcode with aliases), RFC 6891 7 (no EDNS), RFC 7873 5.3.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tern/message.h>

enum reply_kind {
	REPLY_ANSWER,   /* records of the type asked for, at the name asked for */
	REPLY_ALIAS,    /* a CNAME or DNAME for the name */
	REPLY_REFERRAL, /* to view.zone, strictly below the cut */
	REPLY_NODATA,
	REPLY_NXDOMAIN,
	REPLY_TRUNCATED,  /* ask again by TCP */
	REPLY_NO_EDNS,    /* the server choked on the OPT */
	REPLY_BAD_COOKIE, /* ask again with the cookie that came */
	REPLY_LAME,       /* the server does not serve the zone */
	REPLY_REFUSED,    /* an rcode that says: not from me, or not now */
	REPLY_BROKEN,     /* makes no sense */
};

/** What was asked. */
struct reply_context {
	const uint8_t *name; /* as sent, any case */
	const uint8_t *zone; /* of the server's zone cut */
	uint16_t type;
	bool forwarder; /* a recursive server: its answers need no AA */
	bool stub; /* named by the operator: with an empty answer it says NODATA, with AA or not */
	bool had_edns;
	bool by_udp;
};

struct reply_view {
	uint8_t zone[TERN_NAME_MAX]; /* REPLY_REFERRAL: where to; else undefined */
	bool recursive;              /* came from a cache that should be an authority */
	bool has_soa;                /* REPLY_NODATA, REPLY_NXDOMAIN: a SOA in bailiwick */
	bool doubtful;   /* REPLY_NODATA, REPLY_NXDOMAIN: another zone's SOA, or nothing at all */
	const char *why; /* REPLY_LAME, _BROKEN, _REFUSED: static text; else NULL */
};

/** Decide. @p view's other fields are set as their comments say. */
enum reply_kind reply_classify(const struct tern_message *m, const struct reply_context *asked,
			       struct reply_view *view);

/*
 * upstream.h - what the resolver and the network say to each other.
 *
 * The resolver never does I/O: it leaves a struct upstream_query in its job's
 * outbox and parks; the worker sends it and resumes the job with a struct
 * upstream_reply. A timeout or a refused connection is a reply too. After a
 * timeout the question stays open: while the job asks somebody else, the answer
 * may still come, and counts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/endpoint.h"

#define UPSTREAM_UDP_SIZE  1232 /* octets of a reply, no fragments on any usual path */
#define UPSTREAM_UDP_SMALL 512  /* where larger ones are lost */
#define UPSTREAM_TCP_MS    2000 /* for connection and answer (limits.md row 34) */
#define UPSTREAM_LISTEN_MS 2000 /* for a late answer, when nobody is left to ask */

/** Where in its job a question arose: tells whether an answer that comes late still matters. */
struct upstream_origin {
	uint32_t progress; /* of the frame */
	uint8_t depth;     /* the frame's, from 1 */
	uint8_t server;    /* index into the frame's zone cut */
	uint8_t labels;    /* that were shown */
	bool step;         /* to what is wanted */
};

/**
 * A question to one server; pointers are valid until the job is resumed.
 *
 * CO (RFC 9824) is never sent: the proof says NXNAME with it or without it, so it
 * could tell nothing new, and some servers drop queries with flags they don't know.
 */
struct upstream_query {
	struct endpoint to;
	struct address
		server;      /* under which the server table knows it, whichever way leads there */
	const uint8_t *name; /* lower case; the network randomises its case */
	const uint8_t *zone; /* the zone whose server is asked, for accounting */
	uint16_t type;
	bool recurse;           /* RD=1: to forwarders only */
	bool checking_disabled; /* CD=1 */
	bool edns;              /* send an OPT, with DO, */
	uint16_t udp_size;      /* and this size, octets */
	bool random_case;       /* 0x20 */
	bool fresh;             /* if tried before in vain, then from a new socket */
	bool beside;            /* at its time another one is asked as well: that is no silence */
	bool opportunistic;     /* encrypted, but by plain DNS it can be asked as well: what goes
				   wrong is told of nobody */
	bool counted;           /* for the zone's rate: the same was asked by another way */
	bool listen;            /* send nothing: wait for an answer to what was asked before */
	uint8_t cookie_len;     /* octets of the COOKIE option, 0 for none */
	uint8_t cookie[40];
	struct prefix subnet; /* of the client, told to the server; family 0 for none */
	uint32_t timeout_ms;
	bool far; /* opportunistic: with a session to be made no answer can be there in time */
	struct upstream_origin origin;
};

enum upstream_event {
	UPSTREAM_ANSWERED, /* octets hold a reply that matches the question */
	UPSTREAM_TIMED_OUT,
	UPSTREAM_UNREACHABLE, /* refused, no route, connection closed */
	UPSTREAM_SUSPECT,     /* too many mismatching replies: somebody is guessing; use TCP */
	UPSTREAM_CASE,        /* the question came back in other case; use TCP */
	UPSTREAM_CROWDED,     /* too many questions to this zone are outstanding already */
	UPSTREAM_NO_RESOURCE, /* no socket or memory here: says nothing about the server */
};

/** How a query ended; @c octets are valid during job_resume() only. */
struct upstream_reply {
	enum upstream_event event;
	enum transport transport;
	const uint8_t *octets;
	size_t len;
	uint32_t rtt_ms;
	const char *why; /* UPSTREAM_UNREACHABLE: what a handshake failed for; NULL for else */
	bool mixed;      /* the question had letters in upper case */
	bool opening; /* sent, also in vain, when the connection was yet to be made: the time says
			 little */
	bool resent;  /* sent more than once: nobody knows which one was answered (RFC 6298 3) */
};

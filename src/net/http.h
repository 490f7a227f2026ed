/*
 * http.h - DNS queries in HTTP (RFC 8484): a framing of net/stream.
 *
 * Purpose    HTTP/2 by nghttp2, and HTTP/1.1; GET and POST of application/dns-message. Over TLS
 *            the one that both ends agreed on, else the one that the first octets tell.
 * Limits     those of limits.md row 56: requests side by side, octets of headers and bodies,
 *            streams that are reset, frames that cost the sender nothing.
 * Memory     a session of nghttp2 for each connection, about 10 KiB, and what is in flight.
 * Threads    the loop's own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "net/stream.h"

#define HTTP_STREAMS_MAX   100    /* requests side by side on one connection */
#define HTTP_HEADERS_MAX   4096   /* octets of one request */
#define HTTP_BODY_MAX      65535  /* octets: a whole message */
#define HTTP_HELD_MAX      262144 /* octets of bodies not yet whole, of one connection, */
#define HTTP_UNSENT_MAX    524288 /* and of answers that the client does not let go */
#define HTTP_RESETS_MAX    100    /* streams that were reset, in HTTP_RESETS_MS */
#define HTTP_RESETS_MS     10000
#define HTTP_CONTROL_MAX   20 /* frames of SETTINGS and PING a second */
#define HTTP_CONTINUED_MAX 4  /* frames of CONTINUATION behind one of HEADERS */

/** What all connections of a worker have in common; may change between two turns. */
struct http_front {
	const char *path;    /* where queries are taken: "/dns-query" */
	uint16_t http3_port; /* where HTTP/3 is spoken, too (RFC 7838); 0: nowhere */
	uint64_t requests;   /* counted here, */
	uint64_t errors;     /* with those that were answered by a status only, */
	uint64_t abuses;     /* and connections that were ended for what they cost */
};

/**
 * Have the messages of @p s, just accepted, be requests of HTTP. False when memory is short: the
 * stream has to be closed.
 *
 * @param front    outlives the stream
 * @param trusted  the peer is a proxy: X-Forwarded-For tells who the client is
 */
MUST_USE bool http_serve(struct stream *s, struct http_front *front, bool trusted);

/** The peer of @p s, which http_serve() was for, turned out to be another one: is it @p trusted? */
void http_set_trusted(struct stream *s, bool trusted);

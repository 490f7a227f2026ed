/*
 * endpoint.h - one end of an exchange of DNS messages: an address, and how messages travel.
 *
 * Clients ask at endpoints of ours, we ask at those of servers; connections are found by them.
 */
#pragma once

#include <stdbool.h>

#include "base/address.h"

/** How messages travel. Plain DNS begins with UDP; TCP belongs to it (RFC 7766 5). */
enum transport {
	TRANSPORT_UDP,
	TRANSPORT_TCP,
	TRANSPORT_TLS,   /* RFC 7858 */
	TRANSPORT_HTTPS, /* RFC 8484 */
	TRANSPORT_QUIC,  /* RFC 9250 */
	TRANSPORT_HTTP3, /* RFC 8484 by QUIC; to clients only */
	TRANSPORT_HTTP,  /* RFC 8484 behind a proxy that has done the TLS; to clients only */
};

struct tls_peer; /* net/tls.h */

struct endpoint {
	struct address address;
	enum transport transport;
	struct tls_peer *peer; /* who has to be there; NULL where nothing is encrypted, and for our
				  own. Who keeps an endpoint holds its peer */
};

/** Does it travel by QUIC? */
static inline bool transport_is_quic(enum transport t)
{
	return t == TRANSPORT_QUIC || t == TRANSPORT_HTTP3;
}

/** Can nobody on the way read? */
static inline bool transport_is_encrypted(enum transport t)
{
	return t == TRANSPORT_TLS || t == TRANSPORT_HTTPS || transport_is_quic(t);
}

/** "UDP", "TLS" and so on. */
static inline const char *transport_to_text(enum transport t)
{
	switch (t) {
	case TRANSPORT_TCP: return "TCP";
	case TRANSPORT_TLS: return "TLS";
	case TRANSPORT_HTTPS: return "HTTPS";
	case TRANSPORT_QUIC: return "QUIC";
	case TRANSPORT_HTTP3: return "HTTP/3";
	case TRANSPORT_HTTP: return "HTTP";
	case TRANSPORT_UDP: break;
	}
	return "UDP";
}

/** Does it take datagrams? */
static inline bool transport_has_udp(enum transport t)
{
	return t == TRANSPORT_UDP || transport_is_quic(t);
}

/** Does it take connections of TCP? */
static inline bool transport_has_tcp(enum transport t)
{
	return !transport_is_quic(t);
}

static inline bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->transport == b->transport && a->peer == b->peer &&
	       address_equal(&a->address, &b->address);
}

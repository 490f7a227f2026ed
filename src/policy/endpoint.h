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
};

struct endpoint {
	struct address address;
	enum transport transport;
};

/** Does it take datagrams? */
static inline bool transport_has_udp(enum transport t)
{
	return t == TRANSPORT_UDP || t == TRANSPORT_QUIC;
}

/** Does it take connections of TCP? */
static inline bool transport_has_tcp(enum transport t)
{
	return t != TRANSPORT_QUIC;
}

static inline bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->transport == b->transport && address_equal(&a->address, &b->address);
}

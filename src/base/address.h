/*
 * address.h - IPv4 and IPv6 addresses with a port, compared and printed.
 *
 * Smaller than a sockaddr (24 octets), hashable as octets: unused ones are 0.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/compiler.h"

#define ADDRESS_TEXT_MAX 64 /* "[v6]%scope@65535" and NUL */

struct address {
	uint8_t octets[16]; /* IPv4 uses the first 4, the rest is 0 */
	uint32_t scope;     /* interface index of a link-local IPv6 address; else 0 */
	uint16_t port;      /* host order */
	uint8_t family;     /* 4, 6, or 0 for none */
	uint8_t unused;     /* 0 */
};

/** A network: the first @c bits bits of @c base. */
struct prefix {
	struct address base;
	uint8_t bits;
};

/**
 * Read "ADDR" or "ADDR@PORT" (dotted quad or RFC 4291 text); no port gives @p default_port.
 *
 * A link-local address may name its interface: "fe80::1%eth0@53". IPv4-mapped IPv6 addresses become
 * IPv4. @p out is written only on success.
 */
MUST_USE bool address_from_text(const char *text, uint16_t default_port, struct address *out);

/** "ADDR@PORT" (RFC 5952 form, the interface as a number) into @p out; returns @p out. */
char *address_to_text(const struct address *a, char out[ADDRESS_TEXT_MAX]);

/** Fill @p out; returns its length in octets, 0 for family 0. */
socklen_t address_to_sockaddr(const struct address *a, struct sockaddr_storage *out);

/** An IPv4-mapped IPv6 address becomes IPv4: the rest of tern never meets a host under two. */
void address_unmap(struct address *a);

/** From AF_INET or AF_INET6; IPv4-mapped IPv6 addresses become IPv4. False for other families. */
MUST_USE bool address_from_sockaddr(const struct sockaddr *sa, struct address *out);

/** Same family, address, scope and port? */
bool address_equal(const struct address *a, const struct address *b);

/**
 * Read "ADDR/BITS" (or "ADDR": one address); host bits must be 0, no port, no interface.
 * A prefix inside ::ffff:0:0/96 becomes its IPv4 one, as addresses do.
 */
MUST_USE bool prefix_from_text(const char *text, struct prefix *out);

/** The network of @p bits bits, at most as many as its family has, that @p a is in. */
struct prefix prefix_of(const struct address *a, unsigned bits);

bool prefix_equal(const struct prefix *a, const struct prefix *b);

/** Is @p a (whatever its port) inside @p p? */
bool prefix_holds(const struct prefix *p, const struct address *a);

/** 127.0.0.0/8 (also as ::ffff:127.0.0.0/104) or ::1? */
bool address_is_loopback(const struct address *a);

/** fe80::/10, which leads to nobody without the name of an interface? */
bool address_is_link_local(const struct address *a);

/**
 * A host of the own networks: loopback, private (RFC 1918, RFC 4193) or link-local. Nobody outside
 * can pretend to have such an address and be flooded by what we send there.
 */
bool address_is_local(const struct address *a);

/**
 * Not a host that may be asked: unspecified, 0/8, multicast, 240/4, broadcast, port 0, and IPv6
 * addresses that the kernel may send as IPv4 (::/96 but ::1, ::ffff:0:0/96): glue must not get
 * around the checks of IPv4 that way. Loopback is usable here.
 */
bool address_is_unusable(const struct address *a);

/*
 * discovery.h - how clients find out that this resolver can be asked encrypted.
 *
 * Purpose    SVCB records at _dns.resolver.arpa and at _dns.NAME, NAME being that of the resolver's
 *            certificate; and RESINFO at resolver.arpa and NAME, which tells what it does.
 * Threads    any; plain values.
 * Standards  RFC 9460 (SVCB), RFC 9461 (its use for DNS), RFC 9462 (DDR), RFC 9606 (RESINFO).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tern/name.h>

#include "base/address.h"
#include "base/compiler.h"

#define DISCOVERY_TTL_S        300
#define DISCOVERY_SERVICES_MAX 16
#define DISCOVERY_HINTS_MAX    16   /* of each family; more is no use to anybody */
#define DISCOVERY_TEXT_MAX     4096 /* octets of a record in presentation format */
#define DISCOVERY_INFO_MAX     256  /* octets of a string of RESINFO */
#define DISCOVERY_PATH_MAX     260  /* octets, with its zero */

struct zone_store;

/** One kind of transport at one port. */
struct discovery_service {
	char alpn[8]; /* "dot", "h2" */
	uint16_t port;
	char path[DISCOVERY_PATH_MAX]; /* of HTTP: "/dns-query"; "" for none */
	struct address ipv4[DISCOVERY_HINTS_MAX];
	unsigned ipv4_n;
	struct address ipv6[DISCOVERY_HINTS_MAX];
	unsigned ipv6_n;
};

struct discovery {
	uint8_t name[TERN_NAME_MAX]; /* of the resolver, lower case; of no meaning when services_n
					is 0 */
	struct discovery_service services[DISCOVERY_SERVICES_MAX]; /* the first is preferred */
	unsigned services_n;              /* 0: nobody is told of anything encrypted */
	char info[2][DISCOVERY_INFO_MAX]; /* strings of RESINFO; "" for none */
};

/** The SVCB record of service @p index at @p owner, in presentation format. Returns @p out. */
char *discovery_record(const struct discovery *d, unsigned index, const char *owner,
		       char out[DISCOVERY_TEXT_MAX]);

/**
 * Add the records to @p s, behind all others and before it is sealed: what others have written of a
 * name and type stays, and of names without records nothing else is said.
 *
 * @param names  at the resolver's own name, too; without it only at resolver.arpa
 * @return false when memory is short
 */
MUST_USE bool discovery_add(struct zone_store *s, const struct discovery *d, bool names);

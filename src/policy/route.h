/*
 * route.h - which names are sent to configured servers instead of being
 * iterated: forward zones and stub zones.
 *
 * Built once from the configuration, read by every worker, never changed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/endpoint.h"
#include "wire/name_index.h"

enum route_kind {
	ROUTE_FORWARD, /* recursive servers, asked with RD=1 for everything below */
	ROUTE_STUB,    /* authoritative servers: where iteration starts, asked with RD=0 */
};

/** Which of a route's servers are asked first. */
enum route_policy {
	ROUTE_FASTEST,  /* those that answer fastest; another one now and then */
	ROUTE_ORDERED,  /* the first that is not dead, as they are written */
	ROUTE_PARALLEL, /* all at once: whoever answers first counts */
};

/** Must what a route's servers say validate? */
enum route_validate {
	VALIDATE_AUTO,    /* unless the public tree proves that it has no such zone */
	VALIDATE_REQUIRE, /* as everything else */
	VALIDATE_OFF,     /* never */
};

struct route_server {
	struct address address;
	char *name;            /* that its certificate has to have; "" for that of its address */
	struct tls_peer *peer; /* held; NULL without encryption */
};

/** How servers show who they are, where what is asked is encrypted. */
struct route_trust {
	char *ca;    /* path of a PEM file of CAs; "": the system's */
	char *crl;   /* path of a PEM file of lists of revoked certificates; "": none */
	char **pins; /* base64 of SHA-256 of a server's key: one of them, if there are any */
	unsigned pins_n;
	bool opportunistic; /* they need not: encrypted is better than nothing (RFC 7435) */
	char *certificate;  /* paths of PEM files: what is shown to servers that ask for it, */
	char *key;          /* and its key; both "" for nothing */
};

struct route {
	const uint8_t *zone; /* lower case */
	struct route_server *servers;
	unsigned servers_n; /* at least 1 */
	enum route_kind kind;
	enum route_policy policy;
	bool first; /* iterate when its servers fail */
	enum transport transport;
	char *url; /* by HTTPS: where queries are taken; "" for /dns-query at the server's name */
	struct route_trust trust;
	enum route_validate validate;
};

/** The routes of a configuration; the caller owns what is pointed to. */
struct routes {
	const struct route *routes;
	unsigned n;
	const struct name_index
		*index; /* of the zones; NULL: the few that there are are compared */
};

/** The index of the zones of @p n @p routes; NULL when memory is short. */
MUST_USE struct name_index *route_index_create(const struct route *routes, unsigned n);

/** The route with the longest zone at or above @p name, or NULL. */
const struct route *route_find(const struct routes *routes, const uint8_t *name);

/**
 * Is @p name the apex of a route's zone? Then what is said of it in answer to a
 * question for its DS comes from the servers above, who know of nothing else there.
 */
bool route_starts_at(const struct routes *routes, const uint8_t *name);

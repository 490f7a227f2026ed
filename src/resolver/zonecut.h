/*
 * zonecut.h - a zone and the servers to ask for it, as a job works with it.
 *
 * Loaded into the job's arena from a cached delegation, a referral, a route or
 * the root hints. What is tried and what failed is noted here, per job.
 *
 * Delegation bodies in the cache: u8 ns_n, then for each server name: the name,
 * u8 address count, addresses as u8 family (4 or 6) and 4 or 16 octets.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/arena.h"
#include "cache/cache.h"
#include "policy/route.h"

#define CUT_NS_MAX      16 /* server names kept of one set (limits.md) */
#define CUT_NS_ADDRS    6  /* addresses kept per server name */
#define CUT_SERVERS_MAX 48 /* addresses in all: 13 root servers need 26 */
#define CUT_BODY_MAX    (1 + CUT_NS_MAX * (255 + 1 + CUT_NS_ADDRS * 17))

enum cut_source {
	CUT_HINTS,      /* the built-in or configured root servers, not primed yet */
	CUT_DELEGATION, /* a referral, maybe out of the cache */
	CUT_STUB,
	CUT_FORWARD,
};

struct cut_server {
	struct address addr;
	struct tls_peer *peer; /* the rule set's; NULL without encryption */
	uint8_t ns;            /* index of its name; CUT_NS_MAX for configured servers */
	uint8_t tries;         /* sent to so far */
	uint8_t silences;      /* of these without an answer in time */
	uint8_t tcp_tries;     /* by TCP, in vain */
	bool failed;           /* answered uselessly: not to be asked again by this job */
	bool aside;            /* of doubtful word: failed until nobody else is left */
	bool resting;  /* dead, and somebody else is trying it: asked when nobody else is left */
	uint8_t plain; /* enum plain_reason: asked by plain DNS only; encryption.h */
	uint8_t facts; /* INFRA_BIT() each: what this job found out about it */
};

struct cut_ns {
	const uint8_t *name; /* lower case */
	bool asked_a;        /* looked up (or in the cache); the addresses, if any, are servers */
	bool asked_aaaa;
	bool has_glue;
	bool cache_read; /* the cache was asked for its addresses */
	bool in_vain;    /* a look-up of it brought nothing */
};

/** Its servers come from the configuration. */
#define CUT_IS_ROUTE(cut) ((cut)->source == CUT_FORWARD || (cut)->source == CUT_STUB)

struct zone_cut {
	const uint8_t *zone; /* lower case */
	uint8_t labels;
	enum cut_source source;
	enum route_policy policy; /* of a route */
	enum transport transport; /* by which its servers are asked first */
	bool route_first;         /* a route: iterate when all fail, */
	uint64_t until_ms;        /* or by then, CLOCK_MONOTONIC */
	uint32_t age_s; /* seconds since the parent said so; 0 for this job's own referral */
	uint32_t ttl_s; /* seconds left of the delegation: bounds those below it */
	uint8_t ns_n;
	uint8_t servers_n;
	uint8_t failed_lookups; /* server names that led nowhere */
	bool dead_asked;        /* of the servers that look dead one was asked */
	bool others_glue;       /* the glue of other delegations was tried for its names */
	uint8_t doubts;         /* denials that were set aside */
	bool take_doubtful;     /* nobody else is left: what was set aside will do */
	uint8_t ns_room;
	uint8_t servers_room;
	struct cut_ns *ns;          /* ns_n of them */
	struct cut_server *servers; /* servers_n of them */
	struct arena *arena;        /* where all this lives and grows */
};

/** An empty cut for @p zone (copied, lower-cased) in @p arena; NULL when that is full. */
struct zone_cut *zone_cut_make(struct arena *arena, const uint8_t *zone, enum cut_source source);

/** Add a server name (copied); returns its index, or -1 when full or doubled in vain. */
int zone_cut_add_ns(struct zone_cut *cut, const uint8_t *name);

/** Add an address; ignored when full, known already or not a host's. */
void zone_cut_add_server(struct zone_cut *cut, const struct address *addr, unsigned ns);

/** Add to name @p ns of @p cut what @p other (may be NULL) has for the same name; true if any. */
bool zone_cut_borrow(struct zone_cut *cut, unsigned ns, const struct zone_cut *other);

/** Nobody better is left: servers set aside may be asked again, once; true if there are any. */
bool zone_cut_take_doubtful(struct zone_cut *cut);

/** Addresses in A or AAAA rdata. */
struct address address_from_rdata(uint16_t type, const uint8_t *rdata, size_t len);

/** Pack for the cache; returns the octets written to @p out (CUT_BODY_MAX). */
size_t zone_cut_pack(const struct zone_cut *cut, uint8_t *out);

/** Unpack a cached delegation whose body zone_cut_pack() made; NULL when the arena is full. */
struct zone_cut *zone_cut_unpack(struct arena *arena, const struct cache_delegation *delegation);

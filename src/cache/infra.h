/*
 * infra.h - what the machine has measured about each server it asks.
 *
 * Purpose    address -> round-trip time, failures, capabilities, cookies; and
 *            (address, zone) -> lame until.
 * Threads    any; each call locks one of INFRA_GROUPS groups for a few dozen
 *            instructions (misses only, never on a hit). No pointer leaves.
 * Memory     fixed at infra_create(): INFRA_SERVERS_MAX servers of 168 octets;
 *            the least recently used of a group makes place.
 * Time       milliseconds of CLOCK_MONOTONIC: what is learned here is about
 *            the network now and may be forgotten over a suspend.
 * Standards  RFC 6298 (smoothing), RFC 6891 6.2.2, RFC 7873 5.3, RFC 9520.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tern/edns.h>

#include "base/address.h"
#include "base/compiler.h"
#include "base/hash.h"

#define INFRA_SERVERS_MAX   16384
#define INFRA_RTO_FIRST_MS  400 /* for a server never asked */
#define INFRA_RTO_MIN_MS    100
#define INFRA_RTO_SLACK_MS  60      /* least above the smoothed time: our own load is no silence */
#define INFRA_RTO_MAX_MS    1600    /* two tries at a dead server must fit the client's 4 s */
#define INFRA_LEARNED_MS    3600000 /* how long a missing capability is remembered: 1 h */
#define INFRA_LAME_MS       300000  /* how long lameness for a zone is remembered */
#define INFRA_DEAD_TIMEOUTS 3       /* in a row, */
#define INFRA_DEAD_AFTER_MS 2000    /* and silent for so long: see infra_server.dead */
#define INFRA_PROBE_MIN_MS  1000u   /* how soon a dead server may be tried by somebody, */
#define INFRA_PROBE_MAX_MS  32000u  /* doubled each time in vain up to this */

struct infra;

/** A snapshot of one server's record. */
struct infra_server {
	bool known;                /* it has answered or failed before */
	bool silent;               /* to more than one name, and nothing heard in between */
	bool dead;                 /* silent, for a while already, and not yet due for a probe */
	bool lame;                 /* for the zone that was asked about */
	bool no_edns;              /* answers FORMERR or NOTIMP to an OPT */
	bool no_case;              /* does not echo the question's case */
	uint8_t timeouts;          /* in a row */
	uint8_t server_cookie_len; /* octets, 0 none */
	uint32_t srtt_ms;          /* smoothed round-trip time */
	uint32_t patience_ms; /* how long to wait for one that looks dead, if others are left */
	uint32_t rto_ms;      /* before it is asked again: longer after timeouts */
	uint8_t client_cookie[TERN_COOKIE_CLIENT];
	uint8_t server_cookie[TERN_COOKIE_MAX - TERN_COOKIE_CLIENT];
};

/** NULL when memory is short. @p key seeds the hash and makes the client cookies. */
MUST_USE struct infra *infra_create(const struct hash_key *key);
void infra_destroy(struct infra *infra);

/** What is known of @p server, and whether it is lame for @p zone (lower case; may be NULL). */
void infra_get(struct infra *infra, const struct address *server, const uint8_t *zone,
	       uint64_t now_ms, struct infra_server *out);

/** It answered after @p rtt_ms. */
void infra_answered(struct infra *infra, const struct address *server, uint32_t rtt_ms,
		    uint64_t now_ms);

/** It answered, but which of two equal questions is not known (RFC 6298 3): it lives. */
void infra_heard(struct infra *infra, const struct address *server, uint64_t now_ms);

/**
 * It did not answer in time what it was sent at @p sent_ms. Several questions
 * that were under way together count as one timeout. @p name (lower case) is
 * what was asked about, NULL when the question was of a kind that some live
 * servers drop: silence to one name only, or to odd questions, is not death.
 */
void infra_timed_out(struct infra *infra, const struct address *server, const uint8_t *name,
		     uint64_t sent_ms, uint64_t now_ms);

/**
 * May the caller ask @p server now? Always, unless it is dead: then one caller
 * per pause, which grows from INFRA_PROBE_MIN_MS up to @p pause_max_ms, gets true.
 */
MUST_USE bool infra_claim_probe(struct infra *infra, const struct address *server,
				uint32_t pause_max_ms, uint64_t now_ms);

/** What it can't do. */
void infra_learn_no_edns(struct infra *infra, const struct address *server, uint64_t now_ms);
void infra_learn_no_case(struct infra *infra, const struct address *server, uint64_t now_ms);

/** Its cookie for us, @p len octets (8..32). */
void infra_learn_cookie(struct infra *infra, const struct address *server, const uint8_t *cookie,
			size_t len, uint64_t now_ms);

/** It does not serve @p zone properly. */
void infra_learn_lame(struct infra *infra, const struct address *server, const uint8_t *zone,
		      uint64_t now_ms);

/** Forget lameness and failures, e.g. after the network came back. */
void infra_forgive(struct infra *infra);

/** How many servers are known. */
uint32_t infra_count(const struct infra *infra);

/*
 * infra.h - what the machine has measured about each server it asks.
 *
 * Purpose    address -> round-trip time, cookies, what was seen for several zones, whether it
 *            answers encrypted;
 *            (address, zone) -> silence, lameness, missing capabilities. A server's
 *            silence about one zone says nothing about the others that it serves,
 *            and anybody may delegate a zone to it (limits.md rows 82 and 84).
 * Threads    any; each call locks one of INFRA_GROUPS groups at a time for a few dozen
 *            instructions (misses only, never on a hit). No pointer leaves.
 * Memory     fixed at infra_create(): INFRA_SERVERS_MAX servers and as many pairs;
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
#define INFRA_TCP_FIRST_MS  600000  /* how long UDP is left alone where only TCP answered */
#define INFRA_DEAD_TIMEOUTS 3       /* in a row, */
#define INFRA_DEAD_AFTER_MS 2000    /* and silent for so long: see infra_server.dead */
#define INFRA_PROBE_MIN_MS  1000u   /* how soon a dead server may be tried by somebody, */
#define INFRA_PROBE_MAX_MS  32000u  /* doubled each time in vain up to this */

/** What a server can't do, or needs. */
enum infra_fact {
	INFRA_LAME,    /* does not serve the zone properly */
	INFRA_NO_EDNS, /* answers FORMERR or NOTIMP to an OPT */
	INFRA_PLAIN,   /* answers an OPT only without options */
	INFRA_SMALL,   /* its answers above 512 octets are lost by UDP */
	INFRA_TCP,     /* is silent by UDP and answers by TCP */
	INFRA_NO_TLS,  /* what it answers by TLS is no good, and the same by plain DNS is */
	INFRA_NO_CASE, /* does not keep the question's case, or compares it exactly */
	INFRA_FACTS,
};

/** How a server may be asked besides plain DNS (RFC 9539). */
enum infra_way {
	INFRA_TLS, /* RFC 7858 */
	INFRA_WAYS,
};

#define INFRA_WAY_KEPT_MS    (3 * 86400000) /* after its last answer: persistence, RFC 9539 4.3, */
#define INFRA_WAY_DAMPED_MS  86400000       /* after it was tried in vain, at most: damping, */
#define INFRA_WAY_TIMEOUT_MS 4000           /* and timeout */

#define INFRA_BIT(fact) (1u << (fact))

struct infra;

/** A snapshot of one server's record, for one zone. */
struct infra_server {
	bool known;                /* it has answered or failed before */
	bool silent;               /* to more than one name, and nothing heard in between */
	bool dead;                 /* silent, for a while already, and not yet due for a probe */
	bool folds;                /* was seen to find names of the zone whatever their case */
	uint8_t facts;             /* INFRA_BIT() each: learned for this zone, or for two others */
	uint8_t ways;              /* INFRA_BIT(enum infra_way) each: by this it answers, too */
	uint8_t timeouts;          /* in a row */
	uint8_t server_cookie_len; /* octets, 0 none */
	uint32_t srtt_ms;          /* smoothed round-trip time */
	uint32_t patience_ms; /* how long to wait for one that looks dead, if others are left */
	uint32_t rto_ms;      /* before it is asked again: longer after timeouts */
	uint8_t client_cookie[TERN_COOKIE_CLIENT];
	uint8_t server_cookie[TERN_COOKIE_MAX - TERN_COOKIE_CLIENT];
};

static inline bool infra_has(const struct infra_server *s, enum infra_fact fact)
{
	return s->facts & INFRA_BIT(fact);
}

/** NULL when memory is short. @p key seeds the hash and makes the client cookies. */
MUST_USE struct infra *infra_create(const struct hash_key *key);
void infra_destroy(struct infra *infra);

/** What is known of @p server when asked for @p zone (lower case). */
void infra_get(struct infra *infra, const struct address *server, const uint8_t *zone,
	       uint64_t now_ms, struct infra_server *out);

/** It answered for @p zone after @p rtt_ms. */
void infra_answered(struct infra *infra, const struct address *server, const uint8_t *zone,
		    uint32_t rtt_ms, uint64_t now_ms);

/** It answered, but which of two equal questions is not known (RFC 6298 3): it lives. */
void infra_heard(struct infra *infra, const struct address *server, const uint8_t *zone,
		 uint64_t now_ms);

/**
 * It did not answer in time what it was sent for @p zone at @p sent_ms. Several
 * questions that were under way together count as one timeout. @p name (lower case)
 * is what was asked about, NULL when the question was of a kind that some live
 * servers drop: silence to one name only, or to odd questions, is not death.
 */
void infra_timed_out(struct infra *infra, const struct address *server, const uint8_t *zone,
		     const uint8_t *name, uint64_t sent_ms, uint64_t now_ms);

/**
 * Is @p server due to be asked for @p zone? Always, unless it is dead: then one caller
 * per pause, which grows from INFRA_PROBE_MIN_MS up to @p pause_max_ms, gets true. The
 * others ask somebody else, if there is anybody.
 */
MUST_USE bool infra_claim_probe(struct infra *infra, const struct address *server,
				const uint8_t *zone, uint32_t pause_max_ms, uint64_t now_ms);

/**
 * @p fact was seen of it in an exchange for @p zone. The fact counts for that zone; what
 * was seen for two zones counts for all, but for INFRA_LAME.
 */
void infra_learn(struct infra *infra, const struct address *server, const uint8_t *zone,
		 enum infra_fact fact, uint64_t now_ms);

/** What was learned for @p zone led to data that don't hold: forget it. */
void infra_unlearn(struct infra *infra, const struct address *server, const uint8_t *zone);

/** It answered a question for @p zone with letters in both cases as one in lower case. */
void infra_learn_folds(struct infra *infra, const struct address *server, const uint8_t *zone,
		       uint64_t now_ms);

/**
 * It answered for @p zone only what was asked a second time in another form: @p fact is
 * learned when that happens twice, with no answer to the usual form in between.
 */
void infra_suspect(struct infra *infra, const struct address *server, const uint8_t *zone,
		   enum infra_fact fact, uint64_t now_ms);

/** Its cookie for us, @p len octets (8..32). */
void infra_learn_cookie(struct infra *infra, const struct address *server, const uint8_t *cookie,
			size_t len, uint64_t now_ms);

/** Everybody was silent, and it was our link: forget silence, what it taught, and lameness. */
void infra_forgive(struct infra *infra);

/* --- other ways than plain DNS (infra_ways.c) ------------------------------------------ */

/**
 * Should somebody try whether @p server answers by @p way? Not while it does, is being tried, or
 * was tried in vain lately. True: that is up to the caller, who tells by one of the next three.
 */
MUST_USE bool infra_claim_way(struct infra *infra, const struct address *server, enum infra_way way,
			      uint64_t now_ms);

/** Nobody has tried it after all. */
void infra_release_way(struct infra *infra, const struct address *server, enum infra_way way);

/** It answered by @p way: that is how to ask it from here on. */
void infra_way_works(struct infra *infra, const struct address *server, enum infra_way way,
		     uint64_t now_ms);

/**
 * It does not answer by @p way, though it does by plain DNS. It is left alone for a day, or for
 * less where it has worked lately.
 */
void infra_way_failed(struct infra *infra, const struct address *server, enum infra_way way,
		      uint64_t now_ms);

/**
 * It has answered by plain DNS what it was asked by @p way before, which has not brought an answer
 * yet. Unless one comes within INFRA_WAY_TIMEOUT_MS, it counts as failed; until then it is asked
 * by plain DNS. Several times in a row, it counts as failed at once. @p opening: its session was
 * yet to be made, so that it was no fair race, and counts for no row.
 */
void infra_way_outdone(struct infra *infra, const struct address *server, enum infra_way way,
		       bool opening, uint64_t now_ms);

/** Something came by @p way, whatever was asked: if there was doubt, there is none. */
void infra_way_heard(struct infra *infra, const struct address *server, enum infra_way way,
		     uint64_t now_ms);

/** What is worth remembering of a way to a server. */
struct infra_way_record {
	struct address server;
	enum infra_way way;
	bool works;      /* else it was tried in vain, */
	bool brief;      /* and rests for less than a day: not worth more than a count */
	uint64_t age_ms; /* so long ago */
};

/** Tell @p visit all that is worth remembering. Nothing is locked while it runs. */
void infra_each_way(struct infra *infra, uint64_t now_ms,
		    void (*visit)(void *context, const struct infra_way_record *record),
		    void *context);

/** What was remembered of a server that nothing is known of yet; passed over if it is too old. */
void infra_restore_way(struct infra *infra, const struct infra_way_record *record, uint64_t now_ms);

/** Forget which ways were tried in vain. */
void infra_forgive_ways(struct infra *infra);

/** Servers with a record. */
uint32_t infra_count(const struct infra *infra);

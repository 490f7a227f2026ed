/*
 * rollover.h - a zone's trust anchors kept up to date by what the zone signs.
 *
 *             seen                held down             seen again
 *   (start) ───────► ADD_PEND ───────────────► VALID ◄───────────── MISSING
 *              ▲         │                     │   │   not seen        ▲ │
 *              '─────────'                     │   '───────────────────' │
 *               not seen                       │ revoked         revoked │
 *                                              ▼                         │
 *                        REMOVED ◄───────── REVOKED ◄────────────────────'
 *                                  30 days
 *
 * VALID and MISSING keys are trusted. What the configuration names is VALID
 * when it is first seen, and trusted before. A key that was revoked or removed
 * never comes back, whatever the configuration says.
 *
 * Pure: octets and a given time. Standards: RFC 5011.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tern/name.h>
#include <tern/rrset.h>

#include "dnssec/anchor.h"
#include "dnssec/crypto.h"

#define ROLLOVER_KEYS_MAX  16      /* of one zone; the root has had four in its first 16 years */
#define ROLLOVER_HOLD_S    2592000 /* add and remove hold-down: 30 days, RFC 5011 2.4.1, 2.4.2 */
#define ROLLOVER_RETRY_S   3600    /* least time between two probes, RFC 5011 2.3 */
#define ROLLOVER_UNHEARD_S 30 /* from the first one that nobody heard to the next; then doubled */

enum key_state { KEY_ADD_PEND, KEY_VALID, KEY_MISSING, KEY_REVOKED, KEY_REMOVED, KEY_STATES };

struct rollover_key {
	enum key_state state;
	uint32_t since_s; /* CLOCK_REALTIME when it got there */
	uint32_t hold_s;  /* KEY_ADD_PEND: seconds until it may be VALID */
	uint16_t rdata_len;
	uint8_t rdata[ANCHOR_RDATA_MAX]; /* DNSKEY, without the REVOKE bit */
};

/** A zone; zeroed but for its name it has seen nothing yet and is to be probed at once. */
struct rollover {
	uint8_t zone[TERN_NAME_MAX]; /* lower case */
	uint32_t seen_s;             /* CLOCK_REALTIME of the last good DNSKEY set, 0 never */
	uint32_t probe_s;            /* CLOCK_REALTIME of the next probe */
	uint32_t retry_s;            /* seconds until another one when that fails */
	uint32_t unheard_s;          /* the same, when nobody heard it; 0 at the start, not kept */
	unsigned n;
	struct rollover_key keys[ROLLOVER_KEYS_MAX];
};

/** What signatures are checked with. */
struct rollover_means {
	const struct trust_anchors *configured;
	struct crypto *crypto;
	uint8_t *scratch; /* RRSIG_SCRATCH octets */
	bool sha1;        /* signatures and digests with SHA-1 count */
};

enum rollover_sight {
	ROLLOVER_REJECTED, /* not signed by a trusted key: @c probe_s is the time to try again */
	ROLLOVER_SAME,     /* good, and no key changed its state */
	ROLLOVER_CHANGED,  /* trusted keys or states changed */
};

/** Take in the DNSKEY set of the zone, with its signatures, as fetched at @p now_s. */
enum rollover_sight rollover_see(struct rollover *r, const struct tern_rrset *set,
				 const struct rollover_means *means, uint32_t now_s);

/** Nothing could be fetched: sets the time of the next probe. */
void rollover_fail(struct rollover *r, uint32_t now_s);

/**
 * The same, when not one server has answered anything since the start: there is no network yet. RFC
 * 5011 2.3 has a query that fails repeated no more often than once an hour. That is for the zone's
 * servers' sake, who have not been asked by what never left this network: so it is repeated sooner,
 * each time after twice as long, up to what rollover_fail() waits.
 */
void rollover_fail_unheard(struct rollover *r, uint32_t now_s);

/**
 * Add to @p out what is trusted for the zone: its trusted keys, and of
 * @p configured what no key seen so far stands for. Nothing when all were
 * revoked: then the zone is as if it had never been anchored (RFC 5011 5).
 */
void rollover_anchors(const struct rollover *r, const struct trust_anchors *configured,
		      struct trust_anchors *out);

/** "valid" and the like, and back; false for a word that is none. */
const char *key_state_text(enum key_state state);
bool key_state_from_text(const char *text, enum key_state *out);

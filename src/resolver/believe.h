/*
 * believe.h - take from a reply what its sender may say, and nothing else.
 *
 * Kept are: answer records on the alias path of the question inside the asked
 * zone; the SOA, NSEC and NSEC3 of a denial inside that zone. NS records and
 * addresses that come along with answers and denials are dropped: delegations
 * come from referrals only (limits.md rows 9 to 12).
 */
#pragma once

#include <tern/message.h>

#include "resolver/job.h"

#define NEGATIVE_NO_SOA_S 5 /* how long a denial without SOA is remembered; RFC 2308 5 says not */

enum believed {
	BELIEVED_NOTHING,  /* malformed */
	BELIEVED_ANSWER,   /* the question is answered */
	BELIEVED_ALIAS,    /* the frame's question was replaced by an alias's target */
	BELIEVED_TOO_LONG, /* a DNAME makes a name longer than 255 octets: YXDOMAIN */
	BELIEVED_TOO_MUCH, /* aliases or memory ran out */
};

/** Walk the alias path of the answer; cache and keep what is on it. */
enum believed believe_answer(struct job *job, struct frame *f, const struct tern_message *m);

/**
 * Has @p f, which asks for a DS, asked the servers above a forward or stub zone
 * about @p name, its apex? They may speak for the DS; all else there is not theirs.
 */
bool is_asked_above(const struct job *job, const struct frame *f, const uint8_t *name);

/** Cache a set of the frame's answer with its verdict, and with what proves it if it is made. */
void store_kept(struct job *job, const struct frame *f, const struct kept *k, uint32_t ttl_s,
		enum cache_rank rank);

/** The MINIMUM of a SOA set, seconds; 0 when malformed. */
uint32_t soa_minimum(const struct tern_rrset *soa);

/** Cache and keep a denial of the frame's question. False when memory is out. */
bool believe_denial(struct job *job, struct frame *f, const struct tern_message *m, bool nxdomain);

/** Keep the DS that a referral carries as the answer to the question for it; false for none. */
bool believe_referred_ds(struct job *job, struct frame *f, const struct tern_message *m);

/**
 * Cache what a referral to @p cut says about its DS: the set, or the records
 * that deny it. Unchecked; @p parent is the zone that said so.
 */
void believe_referral_ds(struct job *job, const struct tern_message *m, const struct zone_cut *cut,
			 const uint8_t *parent);

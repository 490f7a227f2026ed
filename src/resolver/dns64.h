/*
 * dns64.h - IPv6 addresses for who has no others, where a name has only IPv4 ones.
 *
 *   AAAA ──► there is one ──────────────────────────────────────► the client
 *     │      the name doesn't exist, or it is bogus ────────────► the client
 *     '────► none, none that counts, or a failure ──► A ──► made of it ──► the client
 *
 * The client's own frame asks the second question, at the end of the chain of aliases that the
 * first one found.
 *
 * Standards  RFC 6147 5.1 (when), 5.1.7 (TTL), 5.5 (DNSSEC: both answers are validated, and AD says
 *            so; who sets CD and DO gets what there is).
 */
#pragma once

#include "base/compiler.h"
#include "resolver/job.h"

/** What the first question came to, while the second is asked. */
struct dns64 {
	struct found found;
	enum outcome outcome;
	enum cache_security security;
	uint16_t ede;
	uint32_t ttl_s; /* that what is made may have at most */
};

/** Does the client ask for what may be made? */
bool dns64_is_wanted(const struct job *job);

/** Would a question for A be asked, if there is nothing for what @p f asks? */
bool dns64_may_ask_more(const struct job *job, const struct frame *f);

/** The client's frame @p f has come to @p outcome. Does it go on with the second question? */
MUST_USE bool dns64_ask_more(struct job *job, struct frame *f, enum outcome outcome);

/** The client's question as it is asked now. */
struct question dns64_question(const struct job *job);

/**
 * All is asked, and the client's frame has come to @p outcome: what both questions come to. Makes
 * the answer in that frame.
 */
enum outcome dns64_conclude(struct job *job, enum outcome outcome);

/**
 * Make of the set of A at the end of @p answer one of AAAA, whose TTL is at most @p ttl_s. False
 * when there is none, no address of it may be translated, or memory is out: all stays as it is.
 */
MUST_USE bool dns64_synthesize(struct job *job, struct kept_list *answer, uint32_t ttl_s);

/** Is there nothing in @p answer, which has an end, that counts as an answer for AAAA? */
bool dns64_is_empty(const struct job *job, const struct kept_list *answer);

/*
 * machine.h - the stages of a job and the vocabulary they answer with.
 *
 *   LOOKUP ---> PICK ---> SEND --park--> READ ---> PROVE --give--> the frame below, or the client
 *     ^ |        ^          ^             | |        | ^
 *     | |        |          '- over TCP --| |        | '-- LOOKUP: cached, not proven yet
 *     | give     '- lame, timeout, referral |        |
 *     |--------- alias ---------------------'        |
 *     '--------- bogus: another server --------------'
 *
 * A stage returns one move: go(stage), park(stage), yield(stage), call(question,
 * stage) or give(outcome). The outermost frame's outcome goes to stage_reply(). PICK calls
 * a sub-question for a missing server address, PROVE for a missing key or DS.
 */
#pragma once

#include "resolver/job.h"
#include "resolver/own.h"

#define CACHED_RECORDS_MAX 1024 /* larger sets are answered, not kept (limits.md row 47) */

enum move { MOVE_GO, MOVE_PARK, MOVE_YIELD, MOVE_CALL, MOVE_RETURN };

struct turn {
	enum move move;
	enum stage next;
	enum outcome outcome;       /* MOVE_RETURN */
	enum frame_purpose purpose; /* MOVE_CALL */
	const uint8_t *sub_name;
	uint16_t sub_type;
};

/** Next stage, at once. */
static inline struct turn go(enum stage next)
{
	return (struct turn){.move = MOVE_GO, .next = next};
}

/** Wait for the network, then @p next. */
static inline struct turn park(enum stage next)
{
	return (struct turn){.move = MOVE_PARK, .next = next};
}

/** Let other jobs go first, then @p next (limits.md: 2 ms of CPU in one go). */
static inline struct turn yield(enum stage next)
{
	return (struct turn){.move = MOVE_YIELD, .next = next};
}

/** Resolve a question of our own, then @p next with frame->child set. */
static inline struct turn call(const uint8_t *name, uint16_t type, enum frame_purpose purpose,
			       enum stage next)
{
	return (struct turn){.move = MOVE_CALL,
			     .next = next,
			     .purpose = purpose,
			     .sub_name = name,
			     .sub_type = type};
}

/** This frame is done. */
static inline struct turn give(enum outcome outcome)
{
	return (struct turn){.move = MOVE_RETURN, .outcome = outcome};
}

/* The stages. */
struct turn stage_lookup(struct job *job, struct frame *f); /* cache, closest zone cut */
struct turn stage_pick(struct job *job, struct frame *f);   /* choose a server, or ask for one */
struct turn stage_send(struct job *job, struct frame *f);   /* fill the outbox, park */
struct turn stage_read(struct job *job, struct frame *f);   /* what does the reply mean? */
struct turn stage_prove(struct job *job, struct frame *f);  /* is it authentic? */
void stage_reply(struct job *job, enum outcome outcome);    /* what the client is told */

/** Does a sub-question for (@p name, @p type) already wait further down the stack? */
bool is_cyclic(const struct job *job, const uint8_t *name, uint16_t type,
	       enum frame_purpose purpose);

/** Does this job fetch the keys and the DS of @p zone (lower case) anew, whatever the cache has? */
bool is_refetched(const struct job *job, const uint8_t *zone);

/** The job is over: links that it had claimed and never asked for may be fetched by the next one.
 */
void refetch_end(struct job *job);

/** A key or a DS for validation: its question follows no alias, and its result stays with the job.
 */
bool is_link(enum frame_purpose purpose);

/** Who wants to know what the frame finds. */
enum own_for who_wants(const struct frame *f);

/** The frame has found @p outcome: prove it, or be done when nothing is to be proven. */
struct turn conclude(struct job *job, struct frame *f, enum outcome outcome);

/** What was asked for @p f so far is settled or given up: late answers to it don't count. */
void advance(struct job *job, struct frame *f);

/** Must what this frame finds be validated? */
bool needs_proof(const struct job *job, const struct frame *f);

/** Are there server names of the frame's zone cut whose addresses were not looked up? */
bool names_are_left(struct job *job, const struct frame *f);

/** Nobody is left to ask. Is there a question open to which the answer may come late? */
bool may_listen(const struct job *job, const struct frame *f);

/** Send nothing, but wait for that. */
struct turn wait_for_late(struct job *job, struct frame *f);

/**
 * May what this job finds be kept for others? Not once a rule set is in force by which it could
 * be wrong: the job goes on by its own, but what that one dropped from the cache stays out.
 */
bool may_store(const struct job *job);

/** Tell a trace listener, if there is one. */
void job_tell(struct job *job, const char *format, ...) PRINTF(2, 3);

/**
 * When the servers of the frame's zone were silent to this and to another name:
 * keep in the cache that the whole zone fails. Forwarders are left out: they are
 * missed sooner than that when they are back.
 */
void remember_dead_cut(struct job *job, const struct frame *f);

/** Is there an expired answer to the client's own question, where NAT64 would make one up? */
bool stale_is_better(struct job *job);

/**
 * The client's answer has a set with @p ttl_s left of @p life_s seconds: the least
 * TTL decides how long the answer may be kept rendered. Other frames' are not noted.
 */
void note_ttl(struct job *job, uint32_t ttl_s, uint32_t life_s);

/** The TTL of a record of @p owner, bounded by the options for that name; seconds. */
uint32_t bounded_ttl(const struct job *job, const uint8_t *owner, uint32_t ttl_s);

/** The same for what @p owner does not have. */
uint32_t bounded_negative_ttl(const struct job *job, const uint8_t *owner, uint32_t ttl_s);

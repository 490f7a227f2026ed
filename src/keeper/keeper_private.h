/*
 * keeper_private.h - the parts of the keeper.
 *
 *   keeper.c            what is published, the clock, from start to end
 *   keeper_rollover.c   trust anchors kept up to date, RFC 5011
 *   keeper_signal.c     telling zones which anchors are trusted, RFC 8145
 *   keeper_exception.c  negative trust anchors that end, RFC 7646
 *   keeper_memory.c     these and the signals' times, kept over a restart
 */
#pragma once

#include "dnssec/rollover.h"
#include "dnssec/walltime.h"
#include "keeper/anchor_file.h"
#include "keeper/inquiry.h"
#include "keeper/keeper.h"

/** A negative trust anchor with an end. */
struct exception {
	uint8_t name[TERN_NAME_MAX]; /* lower case */
	uint32_t until_s;            /* CLOCK_BOOTTIME */
	uint32_t recheck_s;          /* CLOCK_BOOTTIME */
};

struct keeper {
	struct worker_shared *shared;
	const struct trust_options *options;
	enum validation_mode validation;
	bool sha1; /* counts */
	struct trust_anchors configured;

	struct wall_time wall;
	bool wall_told;

	char *path; /* of the state file; NULL: anchors are as configured */
	struct anchor_states states;
	struct inquiry probe;
	uint8_t probed[TERN_NAME_MAX]; /* the zone that the probe is for */
	struct crypto *crypto;
	uint8_t *scratch;
	bool write_failed;
	char *memory_path; /* of exceptions and signals; NULL: they are not kept */
	bool memory_failed;

	struct inquiry signal;
	uint32_t signalled_s[ANCHORS_MAX]; /* CLOCK_BOOTTIME, by place in configured; 0 never */

	unsigned exceptions_n;
	struct exception exceptions[NEGATIVE_ANCHORS_MAX];
	struct inquiry recheck;
	struct trust_anchors gathered;    /* too large for the stack */
	uint8_t rechecked[TERN_NAME_MAX]; /* what the recheck is for */
};

/** Seconds of CLOCK_REALTIME and of CLOCK_BOOTTIME. */
uint32_t keeper_wall_s(void);
uint32_t keeper_boot_s(void);

/** Are answers validated at all? */
bool keeper_validates(const struct keeper *k);

/** What is trusted now. @p exceptions: and what is excepted. */
void keeper_gather(const struct keeper *k, bool exceptions, struct trust_anchors *out);

/** Publish what is trusted and excepted now; false when memory is short: all is as before. */
bool keeper_publish(struct keeper *k);

/* keeper_rollover.c */
/** What was kept of the zones' keys. */
struct kept_states {
	struct anchor_states states;
	char *path;   /* of their file; NULL: anchors are as configured */
	bool another; /* it is not the file of before */
};
/**
 * The states to go on with by @p terms. False, with nothing to free and @p why trust must
 * not begin without the states that were kept.
 */
bool rollover_prepare(struct keeper *k, const struct keeper_terms *terms, struct kept_states *out,
		      char why[KEEPER_WHY_MAX]);
/** Go on with them; the anchors are the configured ones by now. Takes over the path. */
void rollover_begin(struct keeper *k, struct kept_states *kept);
void rollover_tick(struct keeper *k);
void rollover_end(struct keeper *k);
/** The state of @p zone's keys, or NULL when it is not kept up to date. */
const struct rollover *rollover_of(const struct keeper *k, const uint8_t *zone);

/* keeper_signal.c */
void signal_tick(struct keeper *k);

/* keeper_exception.c */
void exception_tick(struct keeper *k);
/** Is a negative trust anchor of that name in the configuration? */
bool exception_is_configured(const struct keeper *k, const uint8_t *name);
/** Or one that was added? */
bool exception_is_there(struct keeper *k, const uint8_t *name);
/** Those that were added and are in the configuration now have no end any more. */
void exception_forget_configured(struct keeper *k);

/* keeper_memory.c */
/** Take what was kept beside @c path. */
void memory_begin(struct keeper *k);
/** Keep what is so now; a failure is logged. */
void memory_write(struct keeper *k);
void memory_end(struct keeper *k);

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

#include "daemon/anchor_file.h"
#include "daemon/inquiry.h"
#include "daemon/keeper.h"
#include "dnssec/rollover.h"
#include "dnssec/walltime.h"

/** A negative trust anchor with an end. */
struct exception {
	uint8_t name[TERN_NAME_MAX]; /* lower case */
	uint32_t until_s;            /* CLOCK_BOOTTIME */
	uint32_t recheck_s;          /* CLOCK_BOOTTIME */
};

struct keeper {
	const struct config *config;
	struct worker_shared *shared;
	struct trust_anchors configured;

	struct wall_time wall;
	bool wall_told;

	char *path; /* of the state file; NULL: anchors are as configured */
	struct anchor_states states;
	struct inquiry probe;
	unsigned probed; /* index of the zone that the probe is for */
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
/** False after logging why trust must not begin without the states that were kept. */
bool rollover_begin(struct keeper *k);
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

/* keeper_memory.c */
/** Take what was kept beside @c path; false when memory is short. */
bool memory_begin(struct keeper *k);
/** Keep what is so now; a failure is logged. */
void memory_write(struct keeper *k);
void memory_end(struct keeper *k);

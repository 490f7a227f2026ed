/*
 * complaint.h - what goes wrong for clients, told to the operator in few lines.
 *
 * A failure is told with its client, name, type, extended error and fact: once per zone in
 * COMPLAINT_PAUSE_S. So is an answer that `permissive` let through, and a client that the access
 * list denies, once per network. What is not told is counted, and the counts are told in one line.
 *
 * Threads  of one worker.
 * Memory   none but the struct's own.
 * Limits   limits.md row 63: COMPLAINTS_MAX lines per worker in COMPLAINT_WINDOW_S. Strangers
 *          get half of them at most, so that they can't silence what clients complain about.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"
#include "base/wheel.h"

#define COMPLAINT_PAUSE_S  60 /* between two of one zone or network, and between summaries */
#define COMPLAINT_WINDOW_S 10
#define COMPLAINTS_MAX     20 /* lines in a window, */
#define COMPLAINTS_DENIED  10 /* of which so many may be of clients that are denied */
#define COMPLAINT_SUBJECTS 256

struct task;
struct worker;

enum complaint {
	COMPLAINT_FAILED,      /**< a client got SERVFAIL */
	COMPLAINT_KNOWN,       /**< the same, by a failure out of the cache: only counted */
	COMPLAINT_LET_THROUGH, /**< did not validate, and was answered all the same */
	COMPLAINT_REBOUND,     /**< an address inside was held back: rebinding protection */
	COMPLAINT_DENIED,      /**< by the access list */
	COMPLAINT_KINDS,
};

/** What one worker has told lately; all zero is the beginning. */
struct complaints {
	struct {
		uint64_t subject;
		uint64_t until_s; /**< not told again before, CLOCK_MONOTONIC */
	} told[COMPLAINT_SUBJECTS];
	uint64_t window_s;               /**< when the window began, CLOCK_MONOTONIC */
	uint32_t lines[COMPLAINT_KINDS]; /**< in the window */
	uint32_t left_out[COMPLAINT_KINDS];
	struct timer summary;
	bool intercepted; /* told, once */
};

/**
 * May a complaint about @p subject (a hash of kind and zone or network) be told at @p now_s,
 * CLOCK_MONOTONIC? If not, it is counted as left out.
 */
MUST_USE bool complaints_admit(struct complaints *c, enum complaint kind, uint64_t subject,
			       uint64_t now_s);

/** Set up the summary of @p w. */
void complaint_init(struct worker *w);

/** A task is about to answer with SERVFAIL, or with what did not validate. Before clients are
 * answered. */
COLD void complaint_of_task(struct worker *w, struct task *t);

/** Root servers answer as caches do: somebody answers in their place. Told once. */
COLD void complaint_of_interception(struct worker *w);

/** @p client is denied by the access list. */
COLD void complaint_of_client(struct worker *w, const struct address *client);

/*
 * waiter.h - who waits for which task, and for how many of them there is a place.
 *
 * Places are shared fairly (base/shares.h); two tables find a waiter by hash.
 *
 * Threads  the worker's own.
 * Memory   a pool of WAITERS_MAX.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <urcu/hlist.h>
#include <urcu/list.h>

#include "base/compiler.h"
#include "worker/request.h"
#include "worker/route_back.h"

#define WAITERS_MAX    8192 /* clients waiting per worker */
#define WAITER_BUCKETS 8192
#define PULSE_FREE     12 /* answers owed to one /24 or /56 that may be of any size (row 35) */
#define PULSE_FACTOR   5  /* the others: so many times their question's octets, or TC */

struct task;
struct worker;

/** One client waiting for a task. */
struct waiter {
	struct cds_list_head node;        /* of the task's */
	struct cds_hlist_node same_query; /* found by task, address, port and id; UDP only */
	struct cds_hlist_node same_host;  /* found by task and address */
	struct task *task;
	uint64_t since_ns;
	uint16_t party; /* whose place it takes */
	struct request request;
	struct route_back back;
};

enum waiter_added {
	ADDED,
	ADDED_ALREADY, /* a retransmission: its answer comes */
	ADDED_NOT,     /* no place, or its network has its share of them */
};

/** Answer this client, too, when the task is done. */
MUST_USE enum waiter_added waiter_add(struct worker *w, struct task *t, const struct request *r,
				      const struct route_back *back);

/** Does somebody at this address, whatever the port, wait for the task? */
bool waiter_is_from(struct worker *w, const struct task *t, const struct address *client);

/** Take it out of its task and settle what was counted for it. */
void waiter_free(struct worker *w, struct waiter *waiter);

/*
 * task.h - a job with those who wait for it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <urcu/hlist.h>
#include <urcu/list.h>

#include "base/wheel.h"
#include "resolver/job.h"
#include "worker/upstream.h"

#define TASKS_MAX    4096 /* jobs per worker (limits.md row 31) */
#define TASK_BUCKETS 4096

struct errand_letter;
struct gate_letter;
struct worker;

/** A job with those who wait for it. */
struct task {
	struct asker asker;
	struct cds_hlist_node same_hash; /* of the worker's task_buckets */
	struct cds_list_head yielded;    /* of the worker's, when it gave way */
	struct cds_list_head waiters;    /* newest first */
	struct worker *worker;
	struct timer timer;
	uint64_t hash;
	uint16_t party; /* whose place it takes */
	uint8_t view;   /* class of those who wait */
	uint8_t how;    /* of client_how(): other clients don't join */
	bool stale_tried;
	bool announced; /* in the in-flight table */
	bool alone;     /* nobody joins it: traced, for the daemon, or without recursion */
	int trace_fd;   /* -1 for none */
	bool gated;     /* it has waited for the packet filter, */
	struct gate_letter *gate;     /* or does; NULL for not */
	struct errand_letter *errand; /* goes back at the end; NULL for none */
	struct resolver *own;         /* of an errand; else NULL: the worker's */
	struct job_trace trace;
	struct job job;
};

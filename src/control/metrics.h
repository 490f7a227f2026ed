/*
 * metrics.h - what all workers counted, together.
 *
 * Threads    main thread; workers go on counting while they are read, so the
 *            numbers are each right and only nearly of the same moment.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "cache/cache.h"
#include "worker/tally.h"
#include "worker/worker.h"

struct metrics {
	struct tally tally; /* sums */
	struct cache_counts cache;
	uint64_t encrypted_n; /* of them, those that answer encrypted, */
	uint64_t damped_n;    /* and those that don't, and were tried */
	uint32_t servers_n;   /* authoritative servers measured */
};

/** Sum up over the workers of @p shared. */
void metrics_collect(const struct worker_shared *shared, struct metrics *out);

/**
 * As an object with the members "queries", "upstream", "tcp", "dnssec", "bogus", "types",
 * "rcodes", "latency_us", "cache" and "servers"; NULL when memory is short.
 * Reasons for bogus answers, types, rcodes and latencies that were never counted are left out. A
 * latency's name is the upper bound of its bucket in microseconds.
 */
json_t *metrics_to_json(const struct metrics *m);

/**
 * Answers that needed the network and got it, since the start, and in @p unresolved those that
 * failed for want of an answer. Two loads for each worker.
 */
uint64_t metrics_outcomes(const struct worker_shared *shared, uint64_t *unresolved);

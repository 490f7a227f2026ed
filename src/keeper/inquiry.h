/*
 * inquiry.h - a question that the main thread has resolved by a worker.
 *
 *	inquiry_start(&q, shared, name, TERN_TYPE_DNSKEY, 0, anchors);
 *	...                                     (the main loop goes on)
 *	if (inquiry_is_done(&q)) {
 *		cache_get(q.cache, ...);
 *		inquiry_finish(&q);
 *	}
 *
 * What it finds is in a cache of its own, so that it is not answered from what
 * is known, and disturbs no client.
 *
 * Threads  main thread, an online reader of caches.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "worker/mailbox.h"
#include "worker/worker.h"

struct inquiry {
	bool started;
	bool done;
	struct mailbox inbox; /* into which the worker says that it is done */
	struct question question;
	struct cache *cache;
	struct trust_anchors *anchors;
	struct errand_found found; /* once it is done */
};

/**
 * Have a worker resolve (@p name, @p type).
 *
 * @param flags    enum job_flag
 * @param anchors  to validate by; copied
 * @return false when memory, descriptors or the worker are short; nothing is to be finished then
 */
MUST_USE bool inquiry_start(struct inquiry *q, const struct worker_shared *shared,
			    const uint8_t *name, uint16_t type, unsigned flags,
			    const struct trust_anchors *anchors);

/** Has it been started, and has the worker ended it? Takes a few seconds at most. */
bool inquiry_is_done(struct inquiry *q);

/** What it found, as cache_get() says it. */
enum cache_found inquiry_get(const struct inquiry *q, struct cache_hit *hit);

/** Why it found nothing, into @p out; "" when nothing is known. */
const char *inquiry_why(const struct inquiry *q, char out[CACHE_FAILURE_TEXT_MAX + 1]);

/** Free what it found. Also when it is not done, if all workers have ended. */
void inquiry_finish(struct inquiry *q);

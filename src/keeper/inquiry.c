#include "keeper/inquiry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"

#define CACHE_OCTETS (1u << 20) /* far more than the chain of a name takes */

static uint32_t now_s(void)
{
	return (uint32_t)(clock_ns(CLOCK_BOOTTIME) / NS_PER_S);
}

static struct cache *make_cache(void)
{
	struct cache_options options = {.size = CACHE_OCTETS};
	struct hash_key key;
	struct random random;

	random_init(&random);
	random_bytes(&random, &key, sizeof key);
	return cache_create(&options, &key);
}

static bool send_errand(const struct worker_shared *shared, struct inquiry *q, unsigned flags)
{
	struct errand e = {.question = q->question,
			   .flags = flags,
			   .cache = q->cache,
			   .anchors = q->anchors,
			   .back = &q->inbox,
			   .found = &q->found};
	/* Any will do, and not always the same. */
	uint64_t any = clock_ns(CLOCK_MONOTONIC) / 1000;

	return worker_run_errand(shared->workers[any % shared->workers_n], &e);
}

static void free_all(struct inquiry *q)
{
	if (q->cache)
		cache_destroy(q->cache);
	free(q->anchors);
	memset(q, 0, sizeof *q);
}

bool inquiry_start(struct inquiry *q, const struct worker_shared *shared, const uint8_t *name,
		   uint16_t type, unsigned flags, const struct trust_anchors *anchors)
{
	if (shared->workers_n == 0)
		return false;
	memset(q, 0, sizeof *q);
	tern_name_lower(q->question.name, name);
	q->question.type = type;
	q->anchors = malloc(sizeof *q->anchors);
	q->cache = make_cache();
	if (!q->anchors || !q->cache) {
		free_all(q);
		return false;
	}
	mailbox_init_silent(&q->inbox);
	*q->anchors = *anchors;
	q->started = true;
	if (send_errand(shared, q, flags))
		return true;
	inquiry_finish(q);
	return false;
}

bool inquiry_is_done(struct inquiry *q)
{
	struct letter *letter = q->started ? mailbox_take(&q->inbox) : NULL;

	q->done |= letter != NULL;
	free(letter);
	return q->done;
}

enum cache_found inquiry_get(const struct inquiry *q, struct cache_hit *hit)
{
	return cache_get(q->cache, q->question.name, q->question.type, now_s(), false, hit);
}

const char *inquiry_why(const struct inquiry *q, char out[CACHE_FAILURE_TEXT_MAX + 1])
{
	struct cache_failure f = {.text = "", .text_len = 0};

	(void)cache_get_failure(q->cache, q->question.name, q->question.type, now_s(), &f);
	snprintf(out, CACHE_FAILURE_TEXT_MAX + 1, "%.*s", (int)f.text_len, f.text);
	return out;
}

void inquiry_finish(struct inquiry *q)
{
	if (!q->started)
		return;
	(void)inquiry_is_done(q);
	mailbox_fini(&q->inbox);
	free_all(q);
}

#include "daemon/inquiry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	int ends[2];

	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
		return false;
	struct errand e = {.question = q->question,
			   .flags = flags,
			   .cache = q->cache,
			   .anchors = q->anchors,
			   .fd = ends[1]};
	/* Any will do, and not always the same. */
	uint64_t any = clock_ns(CLOCK_MONOTONIC) / 1000;

	q->fd = ends[0];
	if (worker_run_errand(shared->workers[any % shared->workers_n], &e))
		return true;
	close(ends[0]);
	close(ends[1]);
	return false;
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
	if (q->anchors && q->cache) {
		*q->anchors = *anchors;
		q->started = send_errand(shared, q, flags);
	}
	if (!q->started)
		inquiry_finish(q);
	return q->started;
}

bool inquiry_is_done(struct inquiry *q)
{
	char steps[4096];
	ssize_t n;

	if (!q->started)
		return false;
	do {
		n = read(q->fd, steps, sizeof steps);
	} while (n > 0);
	return n == 0;
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
	if (q->started)
		close(q->fd);
	if (q->cache)
		cache_destroy(q->cache);
	free(q->anchors);
	memset(q, 0, sizeof *q);
}

/*
 * keeper.c - see keeper.h.
 *
 * A change of the anchors is built aside, published with one store, and the
 * old ones are freed when no worker can still be reading them.
 */
#include "daemon/keeper.h"

#include <stdlib.h>

#include "base/clock.h"
#include "dnssec/anchor.h"
#include "dnssec/walltime.h"

struct keeper {
	const struct config *config;
	struct worker_shared *shared;
	struct wall_time wall;
	bool wall_told;
};

/* --- anchors ------------------------------------------------------------------ */

static bool read_anchors(const struct config *c, struct log *log, struct trust_anchors *out)
{
	const char *why;

	if (c->dnssec.trust_anchors_n == 0)
		trust_anchors_builtin(out);
	for (unsigned i = 0; i < c->dnssec.trust_anchors_n; i++) {
		if (trust_anchors_add(out, c->dnssec.trust_anchors[i], &why))
			continue;
		log_error(log, "dnssec.trust-anchors: \"%s\": %s", c->dnssec.trust_anchors[i], why);
		return false;
	}
	for (unsigned i = 0; i < c->dnssec.negative_trust_anchors_n; i++) {
		const char *name = c->dnssec.negative_trust_anchors[i];

		if (trust_anchors_add_negative(out, name, &why))
			continue;
		log_error(log, "dnssec.negative-trust-anchors: \"%s\": %s", name, why);
		return false;
	}
	return true;
}

static bool publish(struct keeper *k)
{
	/* 1. Build: only this thread can see it. */
	struct trust_anchors *fresh = calloc(1, sizeof *fresh);

	if (!fresh || !read_anchors(k->config, k->shared->log, fresh)) {
		free(fresh);
		return false;
	}
	/* 2. Publish. */
	const struct trust_anchors *old =
		atomic_exchange_explicit(&k->shared->anchors, fresh, memory_order_acq_rel);

	/* 3. Reclaim: workers read it for no longer than a turn. */
	if (old)
		cache_wait_for_readers();
	free((void *)(uintptr_t)old);
	return true;
}

/* --- the clock ---------------------------------------------------------------- */

static void watch_clock(struct keeper *k)
{
	struct worker_shared *s = k->shared;
	uint32_t now_s = (uint32_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);

	if (!s->wall)
		return;
	switch (wall_time_watch(s->wall, now_s, &k->wall_told)) {
	case WALL_SAME: break;
	case WALL_UNSET:
		log_warning(s->log, "the clock is not set: until it is, signatures are checked "
				    "without their dates, and no answer is called secure");
		break;
	case WALL_SET:
		cache_flush_zone(s->cache, tern_name_root);
		log_notice(s->log, "the clock is set: the cache was emptied to check all again");
		break;
	}
}

/* --- life ---------------------------------------------------------------------- */

struct keeper *keeper_create(const struct config *config, struct worker_shared *shared)
{
	struct keeper *k = calloc(1, sizeof *k);

	if (!k)
		return NULL;
	k->config = config;
	k->shared = shared;
	k->wall.build_s = TERN_BUILD_S;
	if (config->dnssec.unset_clock == CONFIG_UNSET_CLOCK_ACCEPT)
		shared->wall = &k->wall;
	if (publish(k))
		return k;
	keeper_destroy(k);
	return NULL;
}

void keeper_destroy(struct keeper *k)
{
	if (!k)
		return;
	free((void *)(uintptr_t)atomic_exchange(&k->shared->anchors, NULL));
	k->shared->wall = NULL;
	free(k);
}

void keeper_tick(struct keeper *k)
{
	watch_clock(k);
}

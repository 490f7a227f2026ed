/*
 * keeper.c - see keeper.h.
 *
 * A change of the anchors is built aside, published with one store, and the
 * old ones are freed when no worker can still be reading them.
 */
#include "daemon/keeper.h"

#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>

#include "base/clock.h"
#include "daemon/keeper_private.h"
#include "dnssec/key.h"

uint32_t keeper_wall_s(void)
{
	return (uint32_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);
}

uint32_t keeper_boot_s(void)
{
	return (uint32_t)(clock_ns(CLOCK_BOOTTIME) / NS_PER_S);
}

bool keeper_validates(const struct keeper *k)
{
	return k->config->dnssec.validation != CONFIG_VALIDATION_OFF;
}

/* --- what is published ---------------------------------------------------------- */

static bool read_configured(const struct config *c, struct log *log, struct trust_anchors *out)
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

_Static_assert(ANCHORS_MAX + ROLLOVER_ZONES_MAX * ROLLOVER_KEYS_MAX <= TRUSTED_MAX,
	       "no zone may lose its anchors for want of room");

void keeper_gather(const struct keeper *k, bool exceptions, struct trust_anchors *out)
{
	out->n = out->negative_n = 0;
	for (unsigned i = 0; i < k->configured.n; i++) {
		if (!rollover_of(k, k->configured.anchors[i].zone))
			out->anchors[out->n++] = k->configured.anchors[i];
	}
	for (unsigned i = 0; i < k->states.n; i++)
		rollover_anchors(&k->states.zones[i], &k->configured, out);
	if (!exceptions)
		return;
	out->negative_n = k->configured.negative_n;
	memcpy(out->negative, k->configured.negative, sizeof out->negative);
	for (unsigned i = 0; i < k->exceptions_n; i++)
		tern_name_copy(out->negative[out->negative_n++], k->exceptions[i].name);
}

bool keeper_publish(struct keeper *k)
{
	/* 1. Build: only this thread can see it. */
	struct trust_anchors *fresh = calloc(1, sizeof *fresh);

	if (!fresh)
		return false;
	keeper_gather(k, true, fresh);
	/* 2. Publish. */
	const struct trust_anchors *old =
		atomic_exchange_explicit(&k->shared->anchors, fresh, memory_order_acq_rel);

	/* 3. Reclaim: workers read it for no longer than a turn. */
	if (old)
		cache_wait_for_readers();
	free(without_const(old));
	return true;
}

/* --- the clock ---------------------------------------------------------------- */

static void watch_clock(struct keeper *k)
{
	struct worker_shared *s = k->shared;

	if (!s->wall)
		return;
	switch (wall_time_watch(s->wall, keeper_wall_s(), &k->wall_told)) {
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

/* --- from start to end ---------------------------------------------------------- */

struct keeper *keeper_create(const struct config *config, struct worker_shared *shared, bool test)
{
	struct keeper *k = calloc(1, sizeof *k);

	if (!k)
		return NULL;
	k->config = config;
	k->shared = shared;
	k->wall.build_s = TERN_BUILD_S;
	if (config->dnssec.unset_clock == CONFIG_UNSET_CLOCK_ACCEPT)
		shared->wall = &k->wall;
	if (read_configured(config, shared->log, &k->configured) && (test || rollover_begin(k)) &&
	    keeper_publish(k))
		return k;
	keeper_destroy(k);
	return NULL;
}

void keeper_destroy(struct keeper *k)
{
	if (!k)
		return;
	rollover_end(k);
	inquiry_finish(&k->signal);
	inquiry_finish(&k->recheck);
	free(without_const(atomic_exchange(&k->shared->anchors, NULL)));
	k->shared->wall = NULL;
	free(k);
}

void keeper_tick(struct keeper *k)
{
	watch_clock(k);
	if (!keeper_validates(k))
		return;
	rollover_tick(k);
	signal_tick(k);
	exception_tick(k);
}

/* --- as JSON -------------------------------------------------------------------- */

static void append(json_t *array, const uint8_t *zone, unsigned tag, unsigned algorithm,
		   const char *state, uint32_t since_s)
{
	char name[TERN_NAME_TEXT_MAX], when[32] = "";
	time_t since = since_s;
	struct tm tm;

	if (since_s && gmtime_r(&since, &tm))
		strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_t *item = json_pack("{s:s,s:i,s:i,s:s}", "zone", tern_name_to_text(zone, name),
				 "key_tag", (int)tag, "algorithm", (int)algorithm, "state", state);

	/* A failure shows in what is missing; memory is that short then. */
	if (item && *when)
		(void)json_object_set_new(item, "since", json_string(when));
	(void)json_array_append_new(array, item);
}

static void append_anchor(json_t *array, const struct trust_anchor *a)
{
	struct dnskey key;
	struct ds ds;

	if (a->type == TERN_TYPE_DS && ds_read(a->rdata, a->rdata_len, &ds))
		append(array, a->zone, ds.tag, ds.algorithm, "configured", 0);
	if (a->type == TERN_TYPE_DNSKEY && dnskey_read(a->rdata, a->rdata_len, &key))
		append(array, a->zone, key.tag, key.algorithm, "configured", 0);
}

static bool is_managed_key(const struct keeper *k, const struct trust_anchor *a)
{
	const struct rollover *r = rollover_of(k, a->zone);

	for (unsigned i = 0; r && a->type == TERN_TYPE_DNSKEY && i < r->n; i++) {
		if (r->keys[i].rdata_len == a->rdata_len &&
		    memcmp(r->keys[i].rdata, a->rdata, a->rdata_len) == 0)
			return true;
	}
	return false;
}

json_t *keeper_anchors_to_json(const struct keeper *k)
{
	const struct trust_anchors *trusted = atomic_load(&k->shared->anchors);
	json_t *array = json_array();

	for (unsigned i = 0; i < trusted->n; i++) {
		if (!is_managed_key(k, &trusted->anchors[i]))
			append_anchor(array, &trusted->anchors[i]);
	}
	for (unsigned i = 0; i < k->states.n; i++) {
		const struct rollover *r = &k->states.zones[i];
		struct dnskey key;

		for (unsigned j = 0; j < r->n; j++) {
			const struct rollover_key *rk = &r->keys[j];

			if (dnskey_read(rk->rdata, rk->rdata_len, &key))
				append(array, r->zone, key.tag, key.algorithm,
				       key_state_text(rk->state), rk->since_s);
		}
	}
	return array;
}

/*
 * keeper_rollover.c - the trust anchors follow their zones, RFC 5011:
 *
 *   due ─► probe: DNSKEY, by a worker ─► rollover_see() ─► publish ─► write
 *
 * At most one probe is under way. The probe is not validated on its way:
 * whether its keys are trusted is what is judged here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>

#include "dnssec/key.h"
#include "keeper/keeper_private.h"

#define PROBE_MAX_S 1296000 /* 15 days, RFC 5011 2.3: later than that the clock has moved */

const struct rollover *rollover_of(const struct keeper *k, const uint8_t *zone)
{
	for (unsigned i = 0; i < k->states.n; i++) {
		if (tern_name_equal(k->states.zones[i].zone, zone))
			return &k->states.zones[i];
	}
	return NULL;
}

/* --- the file ------------------------------------------------------------------- */

/* "auto" is in the folder that systemd gives, without one there is none. */
static char *state_path(const char *configured)
{
	if (strcmp(configured, "auto") != 0)
		return *configured ? strdup(configured) : NULL;
	return state_path_of("trust-anchors");
}

static void write_states(struct keeper *k)
{
	k->states.clock_s = atomic_load_explicit(&k->wall.proven_s, memory_order_relaxed);
	bool failed = !anchor_file_write(k->path, &k->states);

	/* Once: it will be tried again with every probe. */
	if (failed && !k->write_failed)
		log_error(k->shared->log, "dnssec.trust-anchor-file: %s: %s", k->path,
			  strerror(errno));
	k->write_failed = failed;
}

/* Nothing that was found out is lost with the path. */
static void rollover_keep(struct keeper *k)
{
	if (k->path && k->shared->workers_n > 0 && !k->wall_told)
		write_states(k);
	memory_end(k);
}

/* Does an anchor before this one have the same zone? */
static bool is_repeated(const struct keeper *k, unsigned anchor)
{
	const struct trust_anchor *a = k->configured.anchors;

	for (unsigned i = 0; i < anchor; i++) {
		if (tern_name_equal(a[i].zone, a[anchor].zone))
			return true;
	}
	return false;
}

static void tell_unfollowed(struct keeper *k, const uint8_t *zone)
{
	char text[TERN_NAME_TEXT_MAX];

	log_warning(k->shared->log,
		    "dnssec.trust-anchors: %s is not followed (RFC 5011), only %u zones are: its "
		    "anchors stay as configured",
		    tern_name_to_text(zone, text), ROLLOVER_ZONES_MAX);
}

/* Each anchored zone, with the state that was kept of it. */
static void take_zones(struct keeper *k, const struct anchor_states *kept)
{
	struct anchor_states *s = &k->states;

	for (unsigned i = 0; i < k->configured.n; i++) {
		const uint8_t *zone = k->configured.anchors[i].zone;

		if (rollover_of(k, zone) || is_repeated(k, i))
			continue;
		if (s->n == ROLLOVER_ZONES_MAX) {
			tell_unfollowed(k, zone);
			continue;
		}
		struct rollover *r = &s->zones[s->n++];

		memset(r, 0, sizeof *r);
		for (unsigned j = 0; j < kept->n; j++) {
			if (tern_name_equal(kept->zones[j].zone, zone))
				*r = kept->zones[j];
		}
		tern_name_copy(r->zone, zone);
	}
}

/* What can't be read may say that an anchor was revoked: not even the configured ones count then.
 */
static bool read_states(struct keeper *k, const char *path, struct anchor_states *kept,
			char why[KEEPER_WHY_MAX])
{
	switch (anchor_file_read(path, kept, k->shared->log)) {
	case STATE_GOOD: return true;
	case STATE_MISSING:
	case STATE_DAMAGED:
		log_notice(k->shared->log,
			   "no states of trust anchors in %s: they begin with the configured ones",
			   path);
		return true;
	case STATE_UNREADABLE: break;
	}
	snprintf(why, KEEPER_WHY_MAX,
		 "dnssec.trust-anchor-file: %s can't be read, and nothing is validated without "
		 "knowing which anchors were revoked: mend or remove it",
		 path);
	return false;
}

enum state_found keeper_look(const struct trust_options *trust, char why[KEEPER_WHY_MAX])
{
	char *path = state_path(trust->file);
	enum state_found found = path ? anchor_file_look(path, why, KEEPER_WHY_MAX) : STATE_MISSING;

	free(path);
	return found;
}

bool rollover_prepare(struct keeper *k, const struct keeper_terms *terms, struct kept_states *out,
		      char why[KEEPER_WHY_MAX])
{
	if (terms->validation == VALIDATION_OFF)
		return true;
	out->path = state_path(terms->trust->file);
	if (!out->path)
		return true;
	out->another = !k->path || strcmp(k->path, out->path) != 0;
	if (!out->another) {
		out->states = k->states;
		return true;
	}
	if (read_states(k, out->path, &out->states, why))
		return true;
	free(out->path);
	return false;
}

void rollover_begin(struct keeper *k, struct kept_states *kept)
{
	if (k->path && (!kept->path || kept->another))
		rollover_keep(k);
	free(k->path);
	k->path = kept->path;
	k->states.n = 0;
	if (!k->path)
		return;
	if (kept->another)
		atomic_store(&k->wall.proven_s, kept->states.clock_s);
	take_zones(k, &kept->states);
	if (kept->another)
		memory_begin(k);
}

void rollover_end(struct keeper *k)
{
	rollover_keep(k);
	inquiry_finish(&k->probe);
	free(k->path);
}

/* --- probes ---------------------------------------------------------------------- */

static void tell_key(struct keeper *k, const struct rollover *r, const struct rollover_key *key,
		     const char *state)
{
	char zone[TERN_NAME_TEXT_MAX];
	struct dnskey read;

	if (dnskey_read(key->rdata, key->rdata_len, &read))
		log_notice(k->shared->log, "trust anchor %s %u: %s",
			   tern_name_to_text(r->zone, zone), read.tag, state);
}

static const struct rollover_key *find_key(const struct rollover *r,
					   const struct rollover_key *like)
{
	for (unsigned i = 0; i < r->n; i++) {
		if (r->keys[i].rdata_len == like->rdata_len &&
		    memcmp(r->keys[i].rdata, like->rdata, like->rdata_len) == 0)
			return &r->keys[i];
	}
	return NULL;
}

static void tell_changes(struct keeper *k, const struct rollover *before, const struct rollover *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		const struct rollover_key *old = find_key(before, &r->keys[i]);

		if (!old || old->state != r->keys[i].state)
			tell_key(k, r, &r->keys[i], key_state_text(r->keys[i].state));
	}
	for (unsigned i = 0; i < before->n; i++) {
		if (!find_key(r, &before->keys[i]))
			tell_key(k, r, &before->keys[i], "gone before it was valid");
	}
}

/* Never in silence: with its last anchor a zone's protection ends (RFC 5011 5). */
static void tell_if_lost(struct keeper *k, const struct rollover *r)
{
	char zone[TERN_NAME_TEXT_MAX];
	const struct trust_anchors *trusted = rulebook_current(&k->shared->rules)->anchors;

	for (unsigned i = 0; i < trusted->n; i++) {
		if (tern_name_equal(trusted->anchors[i].zone, r->zone))
			return;
	}
	log_error(k->shared->log,
		  "all trust anchors of %s are revoked: it is not validated any more",
		  tern_name_to_text(r->zone, zone));
}

static void take_change(struct keeper *k, const struct rollover *before, const struct rollover *r)
{
	tell_changes(k, before, r);
	if (!keeper_publish(k))
		return; /* with the next change, or start */
	tell_if_lost(k, r);
	/* What was validated by other anchors must be validated again. */
	cache_drop(shared_cache(k->shared), r->zone, TERN_TYPE_DNSKEY);
}

static void tell_failure(struct keeper *k, const struct rollover *r, const char *why)
{
	char zone[TERN_NAME_TEXT_MAX];

	log_warning(k->shared->log, "trust anchors of %s: %s; next try in %u s",
		    tern_name_to_text(r->zone, zone), why, r->probe_s - keeper_wall_s());
}

/* Has any server answered anything since the start? */
static bool is_heard(const struct keeper *k)
{
	const struct worker_shared *s = k->shared;
	uint64_t answered = 0;

	for (unsigned i = 0; i < s->workers_n; i++)
		answered += atomic_load_explicit(&worker_tally(s->workers[i])->upstream_answered,
						 memory_order_relaxed);
	return answered > 0;
}

static void take_failure(struct keeper *k, struct rollover *r, uint32_t now_s)
{
	char why[CACHE_FAILURE_TEXT_MAX + 1];

	if (is_heard(k))
		rollover_fail(r, now_s);
	else
		rollover_fail_unheard(r, now_s);
	tell_failure(k, r, inquiry_why(&k->probe, why));
}

static void take_probe(struct keeper *k)
{
	struct rollover *r = without_const(rollover_of(k, k->probed));
	struct rollover *before = malloc(sizeof *before);
	struct rollover_means means = {&k->configured, k->crypto, k->scratch, k->sha1};
	struct cache_hit hit;
	uint32_t now_s = keeper_wall_s();

	/* It is followed no longer. */
	if (!r) {
		free(before);
		return;
	}
	if (!before || inquiry_get(&k->probe, &hit) != CACHE_POSITIVE) {
		take_failure(k, r, now_s);
		free(before);
		return;
	}
	*before = *r;
	switch (rollover_see(r, &hit.set, &means, now_s)) {
	case ROLLOVER_REJECTED:
		tell_failure(k, r, "the keys are not signed by a trusted one");
		break;
	case ROLLOVER_CHANGED: take_change(k, before, r); break;
	case ROLLOVER_SAME: break;
	}
	if (r->seen_s == now_s)
		wall_time_prove(&k->wall, now_s);
	write_states(k);
	free(before);
}

static bool is_due(const struct rollover *r, uint32_t now_s)
{
	return now_s >= r->probe_s || r->probe_s - now_s > PROBE_MAX_S;
}

static void start_probe(struct keeper *k)
{
	uint32_t now_s = keeper_wall_s();

	for (unsigned i = 0; i < k->states.n && !k->probe.started; i++) {
		struct rollover *r = &k->states.zones[i];

		if (!is_due(r, now_s))
			continue;
		tern_name_copy(k->probed, r->zone);
		if (!inquiry_start(&k->probe, k->shared, r->zone, TERN_TYPE_DNSKEY,
				   JOB_CHECKING_DISABLED, &k->configured))
			rollover_fail(r, now_s);
	}
}

void rollover_tick(struct keeper *k)
{
	if (inquiry_is_done(&k->probe)) {
		take_probe(k);
		inquiry_finish(&k->probe);
	}
	/* By a clock that is not set nothing can be timed. */
	if (k->path && !k->probe.started && !k->wall_told && k->shared->workers_n > 0)
		start_probe(k);
}

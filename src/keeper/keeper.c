/*
 * keeper.c - see keeper.h.
 *
 * A change of the anchors is built aside, published with one store, and the
 * old ones are freed when no worker can still be reading them.
 */
#include "keeper/keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>

#include "base/clock.h"
#include "base/readers.h"
#include "dnssec/key.h"
#include "dnssec/rrsig.h"
#include "keeper/keeper_private.h"

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
	return k->validation != VALIDATION_OFF;
}

/* --- what is published ---------------------------------------------------------- */

static bool read_configured(const struct trust_options *o, struct trust_anchors *out,
			    char error[KEEPER_WHY_MAX])
{
	const char *why;

	if (o->anchors_n == 0)
		trust_anchors_builtin(out);
	for (unsigned i = 0; i < o->anchors_n; i++) {
		if (trust_anchors_add(out, o->anchors[i], &why))
			continue;
		snprintf(error, KEEPER_WHY_MAX, "dnssec.trust-anchors: \"%s\": %s", o->anchors[i],
			 why);
		return false;
	}
	for (unsigned i = 0; i < o->negative_n; i++) {
		if (trust_anchors_add_negative(out, o->negative[i], &why))
			continue;
		snprintf(error, KEEPER_WHY_MAX, "dnssec.negative-trust-anchors: \"%s\": %s",
			 o->negative[i], why);
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

/* A place in @rules for what is trusted; NULL when memory is short. */
static struct trust_anchors *make_place(struct rules *rules)
{
	struct trust_anchors *fresh = calloc(1, sizeof *fresh);

	return fresh && rules_set_part(rules, RULES_ANCHORS, fresh, free) ? fresh : NULL;
}

static void fill(const struct keeper *k, struct rules *rules, struct trust_anchors *place)
{
	keeper_gather(k, true, place);
	rules->anchors = place;
	rules->wall = k->options->accept_unset_clock ? without_const(&k->wall) : NULL;
}

bool keeper_publish(struct keeper *k)
{
	struct rulebook *book = &k->shared->rules;
	struct rules *fresh = rules_derive(rulebook_current(book));
	struct trust_anchors *place = fresh ? make_place(fresh) : NULL;

	if (!place) {
		rules_destroy(fresh);
		return false;
	}
	fill(k, fresh, place);
	rulebook_publish(book, fresh, RULES_CHANGE_ANSWERS);
	return true;
}

/* --- the clock ---------------------------------------------------------------- */

static void watch_clock(struct keeper *k)
{
	struct worker_shared *s = k->shared;

	if (!k->options->accept_unset_clock)
		return;
	switch (wall_time_watch(&k->wall, keeper_wall_s(), &k->wall_told)) {
	case WALL_SAME: break;
	case WALL_UNSET:
		log_warning(s->log, "the clock is not set: until it is, signatures are checked "
				    "without their dates, and no answer is called secure");
		break;
	case WALL_SET:
		(void)shared_flush_zone(s, tern_name_root);
		(void)!rulebook_publish_again(&s->rules);
		log_notice(s->log, "the clock is set: the cache was emptied to check all again");
		break;
	}
}

/* --- from start to end ---------------------------------------------------------- */

struct keeper *keeper_create(struct worker_shared *shared)
{
	static const struct trust_options nothing = {.file = NULL};
	struct keeper *k = calloc(1, sizeof *k);

	if (!k)
		return NULL;
	k->shared = shared;
	k->options = &nothing;
	k->validation = VALIDATION_OFF;
	k->wall.build_s = TERN_BUILD_S;
	k->crypto = crypto_create();
	k->scratch = malloc(RRSIG_SCRATCH);
	if (k->crypto && k->scratch)
		return k;
	keeper_destroy(k);
	return NULL;
}

/* The times of signals belong to zones, wherever these stand in the list. */
static void replace_configured(struct keeper *k, const struct trust_anchors *fresh)
{
	uint32_t signalled_s[ANCHORS_MAX] = {0};

	for (unsigned i = 0; i < fresh->n; i++) {
		for (unsigned j = 0; j < k->configured.n; j++) {
			if (tern_name_equal(fresh->anchors[i].zone, k->configured.anchors[j].zone))
				signalled_s[i] = MAX(signalled_s[i], k->signalled_s[j]);
		}
	}
	memcpy(k->signalled_s, signalled_s, sizeof signalled_s);
	k->configured = *fresh;
}

bool keeper_take(struct keeper *k, const struct keeper_terms *terms, struct rules *rules,
		 char why[KEEPER_WHY_MAX])
{
	struct trust_anchors *place = rules ? make_place(rules) : NULL;
	struct trust_anchors *fresh = calloc(1, sizeof *fresh);
	struct kept_states *kept = calloc(1, sizeof *kept);

	snprintf(why, KEEPER_WHY_MAX, "out of memory");
	bool good = fresh && kept && (place || !rules) &&
		    read_configured(terms->trust, fresh, why) &&
		    (!rules || rollover_prepare(k, terms, kept, why));

	if (good) {
		k->options = terms->trust;
		k->validation = terms->validation;
		k->sha1 = terms->sha1;
		replace_configured(k, fresh);
		exception_forget_configured(k);
	}
	if (good && rules) {
		rollover_begin(k, kept);
		fill(k, rules, place);
	}
	free(fresh);
	free(kept);
	return good;
}

void keeper_destroy(struct keeper *k)
{
	if (!k)
		return;
	rollover_end(k);
	inquiry_finish(&k->signal);
	inquiry_finish(&k->recheck);
	crypto_destroy(k->crypto);
	free(k->scratch);
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
	const struct trust_anchors *trusted = rulebook_current(&k->shared->rules)->anchors;
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

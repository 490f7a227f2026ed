/*
 * stage_pick.c - which server of the zone cut to ask.
 *
 * 1. take in the addresses that a sub-question found;
 * 2. take in addresses of server names that the cache knows;
 * 3. choose among the servers that are left;
 * 4. with none left, look up one more server name; with none of these, fail.
 */
#include <tern/name.h>
#include <tern/rr.h>

#include "resolver/dns64.h"
#include "resolver/encryption.h"
#include "resolver/failure.h"
#include "resolver/machine.h"
#include "resolver/select.h"

#define FAILED_LOOKUPS_MAX 5    /* server names that led nowhere, per zone cut (NXNSAttack) */
#define DELEGATION_OLD_S   10   /* younger ones are worth no second question to the parent */
#define NAME_SILENCES_MAX  4    /* by UDP, for the address of a server: limits.md row 23 */
#define FRAME_SENDS_MAX    50   /* for one name, besides those that led to a zone further down */
#define TIME_FOR_A_MS      1900 /* half of the time: see dns64.h */

static unsigned add_addresses(struct zone_cut *cut, unsigned ns, const struct tern_rrset *set)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(set);
	struct tern_rdata rdata;
	unsigned before = cut->servers_n;

	while (tern_rdata_next(&it, &rdata)) {
		struct address a = address_from_rdata(set->type, rdata.octets, rdata.len);

		zone_cut_add_server(cut, &a, ns);
	}
	return cut->servers_n - before;
}

static void take_child_addresses(struct job *job, struct frame *f)
{
	unsigned added = 0;

	for (const struct kept *k = job->returned.first; k; k = k->next)
		added += add_addresses(f->at.cut, f->child_ns, &k->set);
	if (f->child == OUTCOME_NXDOMAIN)
		f->at.cut->ns[f->child_ns].asked_aaaa = true;
	if (added == 0) {
		f->at.cut->failed_lookups++;
		f->at.cut->ns[f->child_ns].in_vain = true;
	}
	f->child = OUTCOME_NONE;
	job->returned = (struct kept_list){0};
}

/* True when the cache settles the question. */
static bool take_cached_addresses(struct job *job, struct zone_cut *cut, unsigned ns, uint16_t type)
{
	struct cache_hit hit;

	switch (cache_get(job->resolver->cache, cut->ns[ns].name, type, job->now->boot_s, false,
			  &hit)) {
	case CACHE_POSITIVE: add_addresses(cut, ns, &hit.set); return true;
	case CACHE_NXDOMAIN:
	case CACHE_NODATA: return true;
	case CACHE_MISS: break;
	}
	return false;
}

static void look_in_cache_for_addresses(struct job *job, struct zone_cut *cut)
{
	const struct resolver_options *o = &job->rules->resolver;

	for (unsigned i = 0; i < cut->ns_n; i++) {
		struct cut_ns *ns = &cut->ns[i];

		if (ns->has_glue || ns->cache_read)
			continue;
		ns->cache_read = true;
		if (options_reach_ipv4(o) && take_cached_addresses(job, cut, i, TERN_TYPE_A))
			ns->asked_a = true;
		if (o->ipv6 && take_cached_addresses(job, cut, i, TERN_TYPE_AAAA))
			ns->asked_aaaa = true;
	}
}

/*
 * The glue that a parent gave for the delegation of a server's own zone. It may
 * be wrong or old, but when what the server's zone says itself does not work it
 * is all there is. It serves to ask, never as an answer.
 */
static void take_glue_of_other_cuts(struct job *job, struct zone_cut *cut)
{
	struct cache_delegation d;

	if (cut->others_glue)
		return;
	cut->others_glue = true;
	for (unsigned i = 0; i < cut->ns_n; i++) {
		const uint8_t *name = cut->ns[i].name;

		for (unsigned labels = tern_name_labels(name); labels > 0; labels--) {
			const uint8_t *zone = tern_name_suffix(name, labels);

			if (!cache_get_delegation(job->resolver->cache, zone, job->now->boot_s, &d))
				continue;
			if (zone_cut_borrow(cut, i, zone_cut_unpack(&job->arena, &d)))
				break;
		}
	}
}

/* A name inside the zone, without glue, can only be had from the parent's servers. */
static bool needs_parent(const struct zone_cut *cut, const struct cut_ns *ns)
{
	return cut->servers_n == 0 && tern_name_is_below_or_equal(ns->name, cut->zone);
}

/* Its address could only be had from the very servers that have failed. */
static bool leads_back(const struct zone_cut *cut, const struct cut_ns *ns)
{
	return tern_name_is_below_or_equal(ns->name, cut->zone);
}

/* The names beside one that led nowhere may lead nowhere too: those elsewhere come first. */
static bool is_beside_one_in_vain(const struct zone_cut *cut, const struct cut_ns *ns)
{
	for (unsigned i = 0; i < cut->ns_n; i++) {
		if (cut->ns[i].in_vain &&
		    tern_name_equal(tern_name_parent(cut->ns[i].name), tern_name_parent(ns->name)))
			return true;
	}
	return false;
}

/* A type of address to look up for a name; 0 for none. IPv4 first unless it is switched off. */
static uint16_t type_to_look_up(const struct resolver_options *o, const struct cut_ns *ns)
{
	if (options_reach_ipv4(o) && !ns->asked_a)
		return TERN_TYPE_A;
	return o->ipv6 && !ns->asked_aaaa ? TERN_TYPE_AAAA : 0;
}

/* Index of the next server name to look up, -1 for none. @p glued: of those that have glue. */
static int name_to_look_up(struct job *job, const struct frame *f, bool glued)
{
	const struct zone_cut *cut = f->at.cut;
	unsigned start = cut->ns_n ? random_below(job->resolver->random, cut->ns_n) : 0;
	int found = -1;

	for (unsigned i = 0; i < cut->ns_n; i++) {
		unsigned at = (start + i) % cut->ns_n;
		const struct cut_ns *ns = &cut->ns[at];

		if (ns->has_glue != glued || (glued && leads_back(cut, ns)) ||
		    !type_to_look_up(&job->rules->resolver, ns))
			continue;
		if (!is_beside_one_in_vain(cut, ns))
			return (int)at;
		found = (int)at;
	}
	return found;
}

bool names_are_left(struct job *job, const struct frame *f)
{
	return f->at.cut->failed_lookups < FAILED_LOOKUPS_MAX &&
	       name_to_look_up(job, f, false) >= 0;
}

/* Look up one more name; false when none is left. Without glue first. */
static bool next_lookup(struct job *job, struct frame *f, uint16_t *type)
{
	int at = name_to_look_up(job, f, false);

	if (at < 0)
		at = name_to_look_up(job, f, true);
	if (at < 0 || f->at.cut->failed_lookups >= FAILED_LOOKUPS_MAX)
		return false;
	struct cut_ns *ns = &f->at.cut->ns[at];

	*type = type_to_look_up(&job->rules->resolver, ns);
	*(*type == TERN_TYPE_A ? &ns->asked_a : &ns->asked_aaaa) = true;
	f->child_ns = (uint8_t)at;
	return true;
}

/* One name that the servers don't answer to, alone or of its type, is not their death. */
static bool all_are_silent(const struct job *job, const struct zone_cut *cut)
{
	struct infra_server infra;

	for (unsigned i = 0; i < cut->servers_n; i++) {
		infra_get(job->resolver->infra, &cut->servers[i].addr, cut->zone,
			  job->now->mono_ns / NS_PER_MS, &infra);
		/* One that was not tried is no evidence, unless others know it. */
		if (!infra.silent)
			return false;
	}
	return true;
}

void remember_dead_cut(struct job *job, const struct frame *f)
{
	const struct zone_cut *cut = f->at.cut;

	if (f->at.heard || cut->source == CUT_HINTS || CUT_IS_ROUTE(cut) || cut->labels == 0 ||
	    !all_are_silent(job, cut))
		return;
	failure_remember_cut(job, cut->zone);
}

static struct turn cut_is_exhausted(struct job *job, struct frame *f)
{
	char text[TERN_NAME_TEXT_MAX];

	if (may_listen(job, f) && !f->at.once)
		return wait_for_late(job, f);
	if (f->at.cut->route_first && !f->name.no_route) {
		f->name.no_route = true;
		f->at.fruitless = 0;
		return go(STAGE_LOOKUP);
	}
	if (f->at.cut->source == CUT_DELEGATION && !f->cut_dropped &&
	    encryption_account(job, f) == f->at.cut->zone &&
	    (f->at.cut->age_s >= DELEGATION_OLD_S || f->at.cut->labels == 0)) {
		/* What the parent said a while ago leads nowhere: ask it again, once. */
		f->cut_dropped = true;
		cache_drop_delegation(job->resolver->cache, f->at.cut->zone);
		job_tell(job, "delegation of %s forgotten",
			 tern_name_to_text(f->at.cut->zone, text));
		return go(STAGE_LOOKUP);
	}
	if (job->why_ede == TERN_EDE_NONE)
		job_note(job, TERN_EDE_NO_REACHABLE_AUTHORITY,
			 f->at.cut->servers_n > 0 ? "the servers of %s have been silent for a while"
						  : "no address of a server of %s",
			 tern_name_to_text(f->at.cut->zone, text));
	remember_dead_cut(job, f);
	return give(OUTCOME_FAILED);
}

/* Silent forwarders must leave time for the other way. */
static bool is_time_for_iteration(const struct job *job, const struct frame *f)
{
	return f->at.cut->route_first && !f->name.no_route &&
	       job->now->mono_ns / NS_PER_MS >= f->at.cut->until_ms;
}

/* Servers that are silent for AAAA must leave time to ask for A. */
static bool is_time_for_a(const struct job *job, const struct frame *f)
{
	return f->at.silent_n > 0 && dns64_may_ask_more(job, f) &&
	       job->now->mono_ns / NS_PER_MS + TIME_FOR_A_MS >= job->deadline_ms;
}

static struct turn look_up(const struct frame *f, uint16_t type)
{
	const struct cut_ns *ns = &f->at.cut->ns[f->child_ns];
	enum frame_purpose purpose = needs_parent(f->at.cut, ns) ? FRAME_GLUE : FRAME_ADDRESS;

	return call(ns->name, type, purpose, STAGE_PICK);
}

/* Neither silent so far nor the source of bogus data. */
static bool is_fresh(const struct job *job, const struct zone_cut *cut, int server)
{
	const struct cut_server *s = &cut->servers[server];

	return s->tries == 0 && !s->resting && !is_avoided(job, &s->addr);
}

/* To the last that they were asked. */
static bool were_all_silent(const struct job *job, const struct zone_cut *cut)
{
	struct infra_server infra;

	for (unsigned i = 0; i < cut->servers_n; i++) {
		infra_get(job->resolver->infra, &cut->servers[i].addr, cut->zone,
			  job->now->mono_ns / NS_PER_MS, &infra);
		if (infra.timeouts == 0)
			return false;
	}
	return cut->servers_n > 0;
}

/*
 * Who delegates to names of a silent zone must not make its servers be asked over and over: one
 * name is asked of them a few times, the next ones not at all.
 */
static bool is_spared(const struct job *job, const struct frame *f)
{
	if (f->purpose != FRAME_ADDRESS)
		return false;
	return f->at.silent_n >= NAME_SILENCES_MAX ||
	       (f[-1].at.cut->failed_lookups > 0 && !f->at.heard &&
		were_all_silent(job, f->at.cut));
}

struct turn stage_pick(struct job *job, struct frame *f)
{
	uint16_t type;

	if (f->child != OUTCOME_NONE)
		take_child_addresses(job, f);
	look_in_cache_for_addresses(job, f->at.cut);
	if (f->sends >= FRAME_SENDS_MAX) {
		failure_blame(job, FAULT_LIMIT);
		return cut_is_exhausted(job, f);
	}
	if (is_spared(job, f)) {
		remember_dead_cut(job, f);
		return give(OUTCOME_FAILED);
	}
	if (is_time_for_iteration(job, f) || is_time_for_a(job, f) ||
	    (f->at.once && f->at.fruitless > 0) ||
	    (f->at.fruitless >= CUT_TRIES_MAX && !zone_cut_take_doubtful(f->at.cut)))
		return cut_is_exhausted(job, f);
	int server = select_server(job, f->at.cut, job->now->mono_ns / NS_PER_MS);

	/* Who was asked in vain hides nobody: other names are looked up beside, if there are any.
	 */
	if (server >= 0 &&
	    (f->at.once || is_fresh(job, f->at.cut, server) || !next_lookup(job, f, &type))) {
		f->try = (struct server_try){.server = (uint8_t)server};
		return go(STAGE_SEND);
	}
	if (server >= 0 || (!f->at.once && next_lookup(job, f, &type)))
		return look_up(f, type);
	if (!f->at.cut->others_glue) {
		take_glue_of_other_cuts(job, f->at.cut);
		return go(STAGE_PICK);
	}
	if (zone_cut_take_doubtful(f->at.cut))
		return go(STAGE_PICK);
	return cut_is_exhausted(job, f);
}

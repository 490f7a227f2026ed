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

#include "resolver/failure.h"
#include "resolver/machine.h"
#include "resolver/select.h"

#define FAILED_LOOKUPS_MAX 5  /* server names that led nowhere, per zone cut (NXNSAttack) */
#define DELEGATION_OLD_S   10 /* younger ones are worth no second question to the parent */
#define FRAME_SENDS_MAX    50 /* for one name, besides those that led to a zone further down */

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
	if (added == 0)
		f->at.cut->failed_lookups++;
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
	const struct resolver_options *o = &job->resolver->options;

	for (unsigned i = 0; i < cut->ns_n; i++) {
		struct cut_ns *ns = &cut->ns[i];

		if (ns->has_glue || ns->cache_read)
			continue;
		ns->cache_read = true;
		if (o->ipv4 && take_cached_addresses(job, cut, i, TERN_TYPE_A))
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

/* The next server name to look up; IPv4 of all names first unless it is switched off. */
static bool next_lookup(struct job *job, struct frame *f, bool glued, uint16_t *type)
{
	const struct resolver_options *o = &job->resolver->options;
	struct zone_cut *cut = f->at.cut;
	unsigned start = cut->ns_n ? random_below(job->resolver->random, cut->ns_n) : 0;

	for (unsigned i = 0; i < cut->ns_n; i++) {
		unsigned at = (start + i) % cut->ns_n;
		struct cut_ns *ns = &cut->ns[at];

		if (ns->has_glue != glued || (glued && leads_back(cut, ns)))
			continue;
		f->child_ns = (uint8_t)at;
		if (o->ipv4 && !ns->asked_a) {
			ns->asked_a = true;
			*type = TERN_TYPE_A;
			return true;
		}
		if (o->ipv6 && !ns->asked_aaaa) {
			ns->asked_aaaa = true;
			*type = TERN_TYPE_AAAA;
			return true;
		}
	}
	return false;
}

/* One name that the servers don't answer to, alone or of its type, is not their death. */
static bool all_are_silent(const struct job *job, const struct zone_cut *cut)
{
	struct infra_server infra;

	for (unsigned i = 0; i < cut->servers_n; i++) {
		infra_get(job->resolver->infra, &cut->servers[i].addr, NULL,
			  job->now->mono_ns / NS_PER_MS, &infra);
		if (cut->servers[i].tries > 0 && !infra.silent)
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

	if (may_listen(job, f))
		return wait_for_late(job, f);
	if (f->at.cut->route_first && !f->name.no_route) {
		f->name.no_route = true;
		f->at.fruitless = 0;
		return go(STAGE_LOOKUP);
	}
	if (f->at.cut->source == CUT_DELEGATION && !f->cut_dropped &&
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

static struct turn look_up(const struct frame *f, uint16_t type)
{
	const struct cut_ns *ns = &f->at.cut->ns[f->child_ns];
	enum frame_purpose purpose = needs_parent(f->at.cut, ns) ? FRAME_GLUE : FRAME_ADDRESS;

	return call(ns->name, type, purpose, STAGE_PICK);
}

struct turn stage_pick(struct job *job, struct frame *f)
{
	uint16_t type;

	if (f->child != OUTCOME_NONE)
		take_child_addresses(job, f);
	look_in_cache_for_addresses(job, f->at.cut);
	if (f->sends >= FRAME_SENDS_MAX || is_time_for_iteration(job, f) ||
	    (f->at.fruitless >= CUT_TRIES_MAX && !zone_cut_take_doubtful(f->at.cut)))
		return cut_is_exhausted(job, f);
	int server = select_server(job, f->at.cut, job->now->mono_ns / NS_PER_MS);

	if (server >= 0 && (!is_avoided(job, &f->at.cut->servers[server].addr) ||
			    !next_lookup(job, f, false, &type))) {
		f->try.server = (uint8_t)server;
		return go(STAGE_SEND);
	}
	if (server >= 0) /* it gave bogus data, and there is a name of another one */
		return look_up(f, type);
	if (f->at.cut->failed_lookups < FAILED_LOOKUPS_MAX &&
	    (next_lookup(job, f, false, &type) || next_lookup(job, f, true, &type)))
		return look_up(f, type);
	if (!f->at.cut->others_glue) {
		take_glue_of_other_cuts(job, f->at.cut);
		return go(STAGE_PICK);
	}
	if (zone_cut_take_doubtful(f->at.cut))
		return go(STAGE_PICK);
	return cut_is_exhausted(job, f);
}

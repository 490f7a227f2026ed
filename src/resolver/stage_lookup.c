/*
 * stage_lookup.c - what is known already, and who is to be asked for the rest.
 *
 * 1. names of our own;
 * 2. the cache: an answer, a denial, an alias to follow, a recent failure;
 * 3. a route from the configuration, or the closest delegation, or the hints.
 */
#include <stdio.h>
#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "resolver/aggressive.h"
#include "resolver/alias.h"
#include "resolver/believe.h"
#include "resolver/chain.h"
#include "resolver/failure.h"
#include "resolver/hints.h"
#include "resolver/kept.h"
#include "resolver/machine.h"
#include "resolver/own.h"
#include "resolver/reply.h"
#include "resolver/subnet.h"
#include "resolver/verify.h"
#include "zone/store.h"

#define PRIME_PAUSE_MS 5000 /* from one try to prime to the next */
#define ROUTE_FIRST_MS 1000 /* for the forwarders of a `first` route */

enum looked { LOOKED_NOTHING, LOOKED_ALIAS, LOOKED_DONE, LOOKED_REFUSED, LOOKED_FAILED };

/*
 * The servers to ask are those of the closest zone at or above this name. A DS
 * belongs to the parent's side of the cut, RFC 4035 3.1.4.1. Missing glue is
 * asked of those above the zone that waits for it.
 */
static const uint8_t *name_to_cut_at(const struct frame *f)
{
	if (f->purpose == FRAME_GLUE &&
	    tern_name_is_below_or_equal(f->question.name, f[-1].at.cut->zone))
		return tern_name_parent(tern_name_suffix(f->question.name, f[-1].at.cut->labels));
	return f->question.type == TERN_TYPE_DS ? tern_name_parent(f->question.name)
						: f->question.name;
}

/* The forward or stub zone that the question belongs to, or NULL. */
static const struct route *route_of(const struct job *job, const struct frame *f)
{
	return f->name.no_route ? NULL : route_find(&job->rules->routes, name_to_cut_at(f));
}

static bool may_use(const struct job *job, const struct frame *f, const struct cache_hit *hit)
{
	if (is_link(f->purpose) && !chain_may_use(hit))
		return false;
	return !((job->flags & JOB_REFRESH) && hit->old && job->depth == 1);
}

/* The denial of a DS that came along with a referral is good for validation only. */
static bool is_for_validation(const struct frame *f, enum cache_found found,
			      const struct cache_hit *hit)
{
	const uint8_t *at = hit->proof;
	struct tern_rrset set;

	if (f->question.type != TERN_TYPE_DS || f->purpose == FRAME_DS || found == CACHE_POSITIVE)
		return false;
	while (cache_proof_next(&at, hit->proof + hit->proof_len, 0, &set)) {
		if (set.type == TERN_TYPE_SOA)
			return false;
	}
	return true;
}

static bool keep_proof(struct job *job, struct frame *f, const struct cache_hit *hit)
{
	const uint8_t *at = hit->proof;
	struct tern_rrset set;

	while (cache_proof_next(&at, hit->proof + hit->proof_len, hit->ttl_s, &set)) {
		if (!keep_proof_set(job, &f->found.authority, &set, hit->security,
				    LINK_BIT(f->found.links)))
			return false;
	}
	return true;
}

static bool keep_hit(struct job *job, struct frame *f, const struct cache_hit *hit)
{
	note_ttl(job, hit->ttl_s, hit->ttl_s + hit->age_s);
	if (!keep(job, &f->found.answer, &hit->set, LINK_BIT(f->found.links)))
		return false;
	f->found.answer.last->security = hit->security;
	f->found.answer.last->ede = hit->ede;
	f->found.answer.last->proven = f->found.answer.last->cached =
		hit->security != CACHE_UNCHECKED;
	return keep_proof(job, f, hit);
}

static bool keep_denial(struct job *job, struct frame *f, const struct cache_hit *hit)
{
	note_ttl(job, hit->ttl_s, hit->ttl_s + hit->age_s);
	f->found.denial.security = hit->security;
	f->found.denial.ede = hit->ede;
	f->found.denial.source = hit->security != CACHE_UNCHECKED ? DENIAL_CACHED : DENIAL_SENT;
	f->found.denial.ttl_s = hit->ttl_s;
	return keep_proof(job, f, hit);
}

/* Kept unchecked, and too old to be checked now: fresh signatures are asked for. */
static bool is_overdue(const struct job *job, const struct frame *f, enum cache_found found,
		       const struct cache_hit *hit)
{
	const uint8_t *at = hit->proof;
	struct tern_rrset set;

	if (hit->security != CACHE_UNCHECKED || !needs_proof(job, f))
		return false;
	if (found == CACHE_POSITIVE && verify_is_overdue(job, &hit->set))
		return true;
	while (cache_proof_next(&at, hit->proof + hit->proof_len, 0, &set)) {
		if (verify_is_overdue(job, &set))
			return true;
	}
	return false;
}

/* RFC 8482: one set is enough of an answer to ANY, and the cache may have one. */
static enum looked look_for_any(struct job *job, struct frame *f)
{
	static const uint16_t types[] = {TERN_TYPE_A,   TERN_TYPE_AAAA, TERN_TYPE_MX,
					 TERN_TYPE_TXT, TERN_TYPE_NS,   TERN_TYPE_CNAME};
	struct cache_hit hit;

	for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
		if (cache_get_set(job->resolver->cache, f->question.name, types[i], CACHE_ANY,
				  job->now->boot_s, &hit) &&
		    !is_overdue(job, f, CACHE_POSITIVE, &hit))
			return keep_hit(job, f, &hit) ? LOOKED_DONE : LOOKED_FAILED;
	}
	return LOOKED_NOTHING;
}

/* The alias kept last in the answer. */
static bool follow_kept_cname(struct job *job, struct frame *f)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(&f->found.answer.last->set);
	struct tern_rdata target;

	return tern_rdata_next(&it, &target) && follow_alias(job, f, target.octets);
}

static enum looked follow_cached_cname(struct job *job, struct frame *f,
				       const struct cache_hit *hit)
{
	if (!keep_hit(job, f, hit))
		return LOOKED_FAILED;
	if (is_link(f->purpose))
		return LOOKED_DONE;
	return follow_kept_cname(job, f) ? LOOKED_ALIAS : LOOKED_FAILED;
}

/* What came of the alias that a DNAME makes. */
static enum looked looked_by_dname(struct frame *f, enum believed made)
{
	switch (made) {
	case BELIEVED_ALIAS: return LOOKED_ALIAS;
	case BELIEVED_ANSWER: return LOOKED_DONE;
	case BELIEVED_TOO_LONG: f->found.yxdomain = true; return LOOKED_DONE;
	case BELIEVED_NOTHING:
	case BELIEVED_TOO_MUCH: break;
	}
	return LOOKED_FAILED;
}

static enum looked follow_cached_dname(struct job *job, struct frame *f,
				       const struct cache_hit *hit)
{
	struct kept *dname = kept_find(&f->found.answer, hit->set.owner, TERN_TYPE_DNAME);

	if (!dname && !keep_hit(job, f, hit))
		return LOOKED_FAILED;
	if (is_link(f->purpose))
		return LOOKED_DONE;
	return looked_by_dname(f, synthesize_cname(job, f, dname ? dname : f->found.answer.last));
}

/* RFC 6672 5.3.1: a DNAME in the cache answers for every name below it, but across no route. */
static enum looked look_for_dname(struct job *job, struct frame *f)
{
	struct cache *cache = job->resolver->cache;
	unsigned below = MIN(tern_name_labels(f->question.name), cache_dname_depth(cache));
	const struct route *route = below > 0 ? route_of(job, f) : NULL;
	unsigned labels_min = route ? tern_name_labels(route->zone) : 0;
	struct cache_hit hit;

	for (unsigned labels = below; labels-- > labels_min;) {
		const uint8_t *name = tern_name_suffix(f->question.name, labels);

		if (cache_get_set(cache, name, TERN_TYPE_DNAME, CACHE_ANY, job->now->boot_s,
				  &hit) &&
		    may_use(job, f, &hit) && !is_overdue(job, f, CACHE_POSITIVE, &hit))
			return follow_cached_dname(job, f, &hit);
	}
	return LOOKED_NOTHING;
}

/*
 * A DS is the parent's: what stands at the child's apex does not answer for it. Only an alias
 * that is proven stands at no apex for certain.
 */
static bool may_be_at_apex(const struct job *job, const struct frame *f,
			   const struct cache_hit *alias)
{
	struct cache_delegation d;

	return f->question.type == TERN_TYPE_DS &&
	       (alias->security != CACHE_SECURE ||
		cache_get_delegation(job->resolver->cache, f->question.name, job->now->boot_s, &d));
}

static enum looked look_for_alias(struct job *job, struct frame *f)
{
	struct cache_hit hit;
	struct cache *cache = job->resolver->cache;

	bool found = subnet_applies(job, f, f->question.name, TERN_TYPE_CNAME)
			     ? subnet_get_set(job, f->question.name, TERN_TYPE_CNAME, &hit)
			     : cache_get_set(cache, f->question.name, TERN_TYPE_CNAME, CACHE_ANY,
					     job->now->boot_s, &hit);

	if (found && alias_hides(f->question.type) && !may_be_at_apex(job, f, &hit) &&
	    may_use(job, f, &hit) && !is_overdue(job, f, CACHE_POSITIVE, &hit))
		return follow_cached_cname(job, f, &hit);
	return look_for_dname(job, f);
}

/* --- names of our own ------------------------------------------------------------------ */

/* Never proven, and never stored: the rule set has it. */
static bool keep_own(struct job *job, struct frame *f, const struct own_answer *own)
{
	const struct tern_rrset *set = &own->zone.set;

	note_ttl(job, set->ttl_s, set->ttl_s);
	if (!keep(job, &f->found.answer, set, LINK_BIT(f->found.links)))
		return false;
	f->found.answer.last->security = CACHE_INSECURE;
	f->found.answer.last->proven = f->found.answer.last->cached = true;
	f->found.answer.last->origin = (uint8_t)own->origin;
	f->found.answer.last->own = true;
	return true;
}

/* A DNAME of our own makes an alias, which is as much our own as that. */
static enum looked follow_own_dname(struct job *job, struct frame *f, const struct own_answer *own)
{
	struct kept *dname = kept_find(&f->found.answer, own->zone.set.owner, TERN_TYPE_DNAME);

	if (!dname && !keep_own(job, f, own))
		return LOOKED_FAILED;
	dname = dname ? dname : f->found.answer.last;

	struct kept *last = f->found.answer.last;
	enum believed made = synthesize_cname(job, f, dname);
	struct kept *alias = f->found.answer.last;

	if (alias != last) {
		alias->security = dname->security;
		alias->proven = alias->cached = true;
		alias->origin = dname->origin;
		alias->own = true;
	}
	return looked_by_dname(f, made);
}

static bool deny_own(struct job *job, struct frame *f, const struct tern_rrset *soa)
{
	note_ttl(job, soa->ttl_s, soa->ttl_s);
	f->found.denial = (struct denial_verdict){.security = CACHE_INSECURE,
						  .source = DENIAL_CACHED,
						  .ede = TERN_EDE_NONE,
						  .ttl_s = soa->ttl_s};
	return keep_proof_set(job, &f->found.authority, soa, CACHE_INSECURE,
			      LINK_BIT(f->found.links));
}

enum own_for who_wants(const struct frame *f)
{
	return f->purpose == FRAME_CLIENT ? OWN_FOR_CLIENT : OWN_FOR_RESOLVER;
}

/* The client is told, and the list counts it. */
static void tell_list(struct job *job, const struct frame *f, const struct own_answer *own)
{
	char text[TERN_NAME_TEXT_MAX];

	name_list_count_hit(own->list->names);
	job->result.ede = TERN_EDE_BLOCKED;
	snprintf(job->result.text, sizeof job->result.text, "list %s, line %u", own->list->name,
		 own->line);
	job_tell(job, "%s is on list %s, line %u", tern_name_to_text(f->question.name, text),
		 own->list->name, own->line);
}

/* What a policy zone has said is not asked again: aliases that it makes lead where they lead. */
static void tell_policy(struct job *job, const struct frame *f, const struct own_answer *own)
{
	char name[TERN_NAME_TEXT_MAX], owner[TERN_NAME_TEXT_MAX];
	struct result *r = &job->result;

	job->past_policy = true;
	r->tcp_only |= own->rule.action == RPZ_TCP_ONLY;
	r->uncacheable |= r->tcp_only || own->rule.trigger == RPZ_CLIENT_IP;
	job_tell(job, "%s: policy zone %s, rule %s", tern_name_to_text(f->question.name, name),
		 own->policy, tern_name_to_text(own->rule.owner, owner));
	if (own->by != OWN_BY_POLICY)
		return;
	r->ede = TERN_EDE_BLOCKED;
	snprintf(r->text, sizeof r->text, "policy zone %s, rule %.80s", own->policy, owner);
}

/* What is decided here: names of our own, policy zones and lists. */
static enum looked look_at_own(struct job *job, struct frame *f)
{
	struct own_answer own;
	enum zone_outcome found;

	if (is_link(f->purpose))
		return LOOKED_NOTHING;
	found = own_find_beside(job, route_of(job, f), who_wants(f), f->question.name,
				f->question.type, &own);
	if (own.informs && job->depth == 1)
		job->result.informs = job->result.uncacheable = true;
	if (own.policy)
		tell_policy(job, f, &own);
	if (found == ZONE_NOT_HERE)
		return LOOKED_NOTHING;
	if (own.list)
		tell_list(job, f, &own);
	switch (found) {
	case ZONE_NOT_HERE: return LOOKED_NOTHING;
	case ZONE_ANSWER:
		if (!tern_name_equal(own.zone.set.owner, f->question.name))
			return follow_own_dname(job, f, &own);
		if (!keep_own(job, f, &own))
			return LOOKED_FAILED;
		if (own.zone.set.type != TERN_TYPE_CNAME || !alias_hides(f->question.type))
			return LOOKED_DONE;
		return follow_kept_cname(job, f) ? LOOKED_ALIAS : LOOKED_FAILED;
	case ZONE_DROPPED:
	case ZONE_REFUSED:
		f->found.dropped = found == ZONE_DROPPED;
		return job->depth == 1 ? LOOKED_REFUSED : LOOKED_FAILED;
	case ZONE_NODATA:
	case ZONE_NXDOMAIN: break;
	}
	f->child = found == ZONE_NODATA ? OUTCOME_NODATA : OUTCOME_NXDOMAIN;
	return deny_own(job, f, &own.zone.soa) ? LOOKED_DONE : LOOKED_FAILED;
}

static enum cache_found get(struct job *job, const struct frame *f, struct cache_hit *hit)
{
	const struct question *q = &f->question;
	bool by_network = subnet_applies(job, f, q->name, q->type);

	/* What is rendered is for everybody. */
	if (unlikely(subnet_is_listed(job, f, q->name, q->type)))
		job->result.by_network = job->result.uncacheable = true;
	if (unlikely(by_network) && subnet_get_set(job, q->name, q->type, hit))
		return CACHE_POSITIVE;
	enum cache_found found =
		cache_get(job->resolver->cache, q->name, q->type, job->now->boot_s, false, hit);

	/* What is there was asked for without a network. */
	return by_network && found == CACHE_POSITIVE ? CACHE_MISS : found;
}

static enum looked look_in_cache(struct job *job, struct frame *f)
{
	struct cache_hit hit;

	if (f->question.type == TERN_TYPE_ANY)
		return look_for_any(job, f);
	enum cache_found found = get(job, f, &hit);

	if (is_link(f->purpose) && is_refetched(job, f->question.name)) {
		job->refetch_asked = true;
		return LOOKED_NOTHING;
	}
	if (found == CACHE_MISS || !may_use(job, f, &hit) || is_for_validation(f, found, &hit) ||
	    is_overdue(job, f, found, &hit))
		return look_for_alias(job, f);
	f->child = OUTCOME_NONE;
	switch (found) {
	case CACHE_POSITIVE: return keep_hit(job, f, &hit) ? LOOKED_DONE : LOOKED_FAILED;
	case CACHE_NODATA:
	case CACHE_NXDOMAIN:
		/* A denied name may still be below a DNAME; but a denial in hand is newer. */
		f->child = found == CACHE_NODATA ? OUTCOME_NODATA : OUTCOME_NXDOMAIN;
		return keep_denial(job, f, &hit) ? LOOKED_DONE : LOOKED_FAILED;
	case CACHE_MISS: break;
	}
	return LOOKED_NOTHING;
}

static enum looked look_here(struct job *job, struct frame *f)
{
	enum looked own = look_at_own(job, f);

	return own == LOOKED_NOTHING ? look_in_cache(job, f) : own;
}

static bool failed_lately(struct job *job, const struct frame *f)
{
	uint32_t what =
		is_link(f->purpose) ? CACHE_FAILURE_LINK(f->question.type) : f->question.type;
	struct cache_failure failure;

	if (!cache_get_failure(job->resolver->cache, f->question.name, what, job->now->boot_s,
			       &failure))
		return false;
	/* CD=1 asks for the data however they validate (RFC 6840 5.9). */
	if ((job->flags & JOB_CHECKING_DISABLED) && failure.unproven)
		return false;
	/* The text keeps the first reason. Bogus stays bogus; else the code says "from memory". */
	job_note(job, cache_failure_is_bogus(failure.ede) ? failure.ede : TERN_EDE_CACHED_ERROR,
		 "%.*s", (int)failure.text_len, failure.text);
	job->known_failure |= job->depth == 1;
	/* The first client got no stale data for what did not validate: nor does the next one. */
	job->result.bogus |= failure.unproven && (job->depth == 1 || is_link(f->purpose));
	return true;
}

static struct zone_cut *cut_from_route(struct job *job, const struct route *route)
{
	struct zone_cut *cut = zone_cut_make(&job->arena, route->zone,
					     route->kind == ROUTE_FORWARD ? CUT_FORWARD : CUT_STUB);

	if (!cut)
		return NULL;
	cut->policy = route->policy;
	cut->route_first = route->first;
	cut->until_ms = job->now->mono_ns / NS_PER_MS + ROUTE_FIRST_MS;
	cut->transport = route->transport;
	for (unsigned i = 0; i < route->servers_n; i++) {
		unsigned before = cut->servers_n;

		zone_cut_add_server(cut, &route->servers[i].address, CUT_NS_MAX);
		if (cut->servers_n > before)
			cut->servers[before].peer = route->servers[i].peer;
	}
	return cut;
}

/*
 * What is renewed is to live on after the delegation has ended, so of one in the
 * last tenth of its life the parent is asked first: does it still say so?
 */
static bool may_use_cut(const struct job *job, const struct cache_delegation *d)
{
	return !((job->flags & JOB_REFRESH) && job->depth == 1 &&
		 d->ttl_s <= (d->ttl_s + d->age_s) / 10);
}

static struct zone_cut *cut_from_cache(struct job *job, const uint8_t *name, unsigned labels_min)
{
	struct cache *cache = job->resolver->cache;
	unsigned depth = MIN(tern_name_labels(name) + 1, cache_cut_depth(cache));
	struct cache_delegation d;

	for (unsigned labels = depth; labels-- > labels_min;) {
		if (cache_get_delegation(cache, tern_name_suffix(name, labels), job->now->boot_s,
					 &d) &&
		    may_use_cut(job, &d))
			return zone_cut_unpack(&job->arena, &d);
	}
	return NULL;
}

static struct zone_cut *find_cut(struct job *job, struct frame *f)
{
	const uint8_t *name = name_to_cut_at(f);
	const struct route *route = route_of(job, f);

	if (route && route->kind == ROUTE_FORWARD)
		return cut_from_route(job, route);
	struct zone_cut *cut =
		cut_from_cache(job, name, route ? tern_name_labels(route->zone) + 1 : 0);

	if (!cut && route)
		return cut_from_route(job, route);
	return cut ? cut : root_hints_cut(job->rules->hints, &job->arena);
}

/*
 * The hints do as long as there is nothing better: nobody waits for the root's own
 * list of its servers, which is fetched beside (RFC 9609 3).
 */
static void want_priming(struct job *job)
{
	struct resolver *r = job->resolver;
	uint64_t now_ms = job->now->mono_ns / NS_PER_MS;

	if (now_ms < r->prime_ms)
		return;
	r->prime_ms = now_ms + PRIME_PAUSE_MS;
	r->prime_wanted = true;
}

/* Then one of its servers is asked all the same, for it may be back, or silent to some names only.
 */
static bool cut_failed_lately(struct job *job, const uint8_t *zone)
{
	struct cache_failure failure;

	if (!cache_get_failure(job->resolver->cache, zone, CACHE_FAILURE_CUT, job->now->boot_s,
			       &failure))
		return false;
	job_note(job, TERN_EDE_CACHED_ERROR, "%.*s", (int)failure.text_len, failure.text);
	return true;
}

static struct turn ask_somebody(struct job *job, struct frame *f)
{
	char text[TERN_NAME_TEXT_MAX];

	f->at.cut = find_cut(job, f);
	if (!f->at.cut)
		return give(OUTCOME_FAILED);
	if (job->flags & JOB_NO_RECURSION)
		return give(OUTCOME_UNKNOWN);
	if (f->at.cut->source == CUT_HINTS)
		want_priming(job);
	f->at.once = !CUT_IS_ROUTE(f->at.cut) && cut_failed_lately(job, f->at.cut->zone);
	job_tell(job, "zone cut %s, %u servers known", tern_name_to_text(f->at.cut->zone, text),
		 f->at.cut->servers_n);
	f->at.asked_labels = f->at.cut->labels;
	/* Shown only a part, the parent would answer with the referral that lacks the glue. */
	f->name.qmin_off = f->purpose == FRAME_GLUE;
	return go(STAGE_PICK);
}

struct turn stage_lookup(struct job *job, struct frame *f)
{
	advance(job, f);
	if (f->purpose == FRAME_PRIME) {
		f->at.cut = root_hints_cut(job->rules->hints, &job->arena);
		f->at.asked_labels = 0;
		return f->at.cut ? go(STAGE_PICK) : give(OUTCOME_FAILED);
	}
	f->child = OUTCOME_NONE;
	switch (look_here(job, f)) {
	case LOOKED_DONE:
		return conclude(job, f, f->child == OUTCOME_NONE ? OUTCOME_ANSWER : f->child);
	case LOOKED_FAILED: return give(OUTCOME_FAILED);
	case LOOKED_ALIAS: return go(STAGE_LOOKUP);
	case LOOKED_REFUSED:
		/* Nothing is said, so nothing is to be proven. */
		f->found.refused = true;
		return give(OUTCOME_ANSWER);
	case LOOKED_NOTHING: break;
	}
	bool failed = failed_lately(job, f);
	/* What did not validate just now is not made up for: another server may have it right. */
	enum outcome known = f->restarts > 0 || (failed && job->result.bogus)
				     ? OUTCOME_NONE
				     : aggressive_answer(job, f);

	job->known_failure &= known == OUTCOME_NONE;
	if (known == OUTCOME_ANSWER && f->found.answer.last->set.type != f->question.type)
		return follow_kept_cname(job, f) ? go(STAGE_LOOKUP) : give(OUTCOME_FAILED);
	if (known != OUTCOME_NONE)
		return conclude(job, f, known);
	if (failed)
		return give(OUTCOME_FAILED);
	return ask_somebody(job, f);
}

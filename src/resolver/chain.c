#include "resolver/chain.h"

#include <tern/rr.h>

#include "dnssec/anchor.h"
#include "dnssec/denial.h"
#include "resolver/failure.h"
#include "resolver/keys.h"
#include "resolver/machine.h"
#include "resolver/proof.h"
#include "resolver/proven.h"
#include "resolver/verify.h"

enum link {
	LINK_SIGNED,
	LINK_UNSIGNED,
	LINK_NO_CUT,
	LINK_NO_NAME,
	LINK_MISSING,
	LINK_BETWEEN,
	LINK_BROKEN
};

static bool has_known_ds(const struct job *job, const struct tern_rrset *set)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(set);
	struct tern_rdata rdata;
	bool sha1 = job->rules->resolver.sha1;
	struct ds ds;

	while (tern_rdata_next(&it, &rdata)) {
		if (ds_read(rdata.octets, rdata.len, &ds) &&
		    dnssec_algorithm_is_known(ds.algorithm, sha1) &&
		    dnssec_digest_is_known(ds.digest_type, sha1))
			return true;
	}
	return false;
}

/* What is known of a DS: found by this job, or in the cache. */
struct ds_known {
	enum outcome outcome; /* OUTCOME_NONE: nothing */
	enum cache_security security;
	uint16_t ede;
	struct tern_rrset set; /* OUTCOME_ANSWER: the DS, or the alias at the name */
	struct tern_rrset sets[PROOF_SETS_MAX];
	unsigned sets_n; /* of a denial */
};

bool chain_may_use(const struct cache_hit *hit)
{
	return hit->security != CACHE_INSECURE || hit->by_proof;
}

static void take_from_job(const struct proven *p, struct ds_known *out)
{
	out->outcome = p->outcome;
	out->security = p->security;
	out->ede = p->ede;
	if (p->outcome == OUTCOME_ANSWER) {
		out->set = p->set->set;
		return;
	}
	for (const struct kept *k = p->authority.first; k && out->sets_n < PROOF_SETS_MAX;
	     k = k->next) {
		if (k->security == CACHE_SECURE)
			out->sets[out->sets_n++] = k->set;
	}
}

static void take_hit(enum cache_found found, const struct cache_hit *hit, struct ds_known *out)
{
	const uint8_t *at = hit->proof, *end = hit->proof + hit->proof_len;

	out->security = hit->security;
	out->ede = hit->ede;
	if (found == CACHE_POSITIVE) {
		out->outcome = OUTCOME_ANSWER;
		out->set = hit->set;
		return;
	}
	out->outcome = found == CACHE_NODATA ? OUTCOME_NODATA : OUTCOME_NXDOMAIN;
	while (out->sets_n < PROOF_SETS_MAX &&
	       cache_proof_next(&at, end, hit->ttl_s, &out->sets[out->sets_n]))
		out->sets_n++;
}

static bool is_signed_by(const struct tern_rrset *set, const uint8_t *zone)
{
	uint8_t signer[TERN_NAME_MAX];

	return verify_signer(set, signer) && tern_name_equal(signer, zone);
}

/* An alias stands at no zone cut, and a DNAME has no cut below it in its zone (RFC 6672 2.3). */
static bool find_alias(struct job *job, const uint8_t *zone, const uint8_t *name,
		       struct cache_hit *hit)
{
	struct cache *cache = job->resolver->cache;
	uint32_t now_s = job->now->boot_s;
	unsigned zone_labels = tern_name_labels(zone);

	if (cache_get_set(cache, name, TERN_TYPE_CNAME, CACHE_PROVEN, now_s, hit) &&
	    is_signed_by(&hit->set, zone))
		return true;
	if (cache_dname_depth(cache) == 0)
		return false;
	for (unsigned labels = tern_name_labels(name); labels-- > zone_labels;) {
		if (cache_get_set(cache, tern_name_suffix(name, labels), TERN_TYPE_DNAME,
				  CACHE_PROVEN, now_s, hit) &&
		    is_signed_by(&hit->set, zone))
			return true;
	}
	return false;
}

/* Found by validation, and with its verdict; all else does not count. */
static void find_known(struct job *job, const uint8_t *zone, const uint8_t *name,
		       struct ds_known *out)
{
	const struct proven *p = proven_find(job, name, TERN_TYPE_DS);
	struct cache_hit hit;

	out->outcome = OUTCOME_NONE;
	out->sets_n = 0;
	if (p) {
		take_from_job(p, out);
		return;
	}
	if (is_refetched(job, name))
		return;
	enum cache_found found =
		cache_get(job->resolver->cache, name, TERN_TYPE_DS, job->now->boot_s, false, &hit);

	if (found != CACHE_MISS && chain_may_use(&hit) && hit.security != CACHE_UNCHECKED)
		take_hit(found, &hit, out);
	else if (find_alias(job, zone, name, &hit))
		take_hit(CACHE_POSITIVE, &hit, out);
}

static enum link negative_link(struct job *job, const uint8_t *zone, const uint8_t *name,
			       const struct ds_known *known)
{
	switch (proof_cut_kind(job, zone, name, known->sets, known->sets_n)) {
	case CUT_UNSIGNED: return LINK_UNSIGNED;
	case CUT_NOT: return LINK_NO_CUT;
	case CUT_UNPROVEN:
	case CUT_EXHAUSTED: break;
	}
	return LINK_BROKEN;
}

/* Did fetching the link fail lately? Then its reason is ours, unless there is one already. */
static bool failed_lately(struct job *job, const uint8_t *name, uint16_t type)
{
	struct cache_failure failure;

	if (!cache_get_failure(job->resolver->cache, name, CACHE_FAILURE_LINK(type),
			       job->now->boot_s, &failure))
		return false;
	if (job->why_ede == TERN_EDE_NONE || job->why_ede == TERN_EDE_NO_REACHABLE_AUTHORITY)
		job_note(job, failure.ede, "%.*s", (int)failure.text_len, failure.text);
	return true;
}

/* Unsigned as far as we can tell; the client hears why we can't (RFC 8914 4.2 and 4.3). */
static enum link unknown_ds(const struct job *job, const struct tern_rrset *set, uint16_t *ede)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(set);
	struct tern_rdata rdata;
	bool sha1 = job->rules->resolver.sha1;
	struct ds ds;

	*ede = TERN_EDE_UNSUPPORTED_DNSKEY_ALG;
	while (tern_rdata_next(&it, &rdata)) {
		if (ds_read(rdata.octets, rdata.len, &ds) &&
		    dnssec_algorithm_is_known(ds.algorithm, sha1))
			*ede = TERN_EDE_UNSUPPORTED_DS_DIGEST;
	}
	return LINK_UNSIGNED;
}

/*
 * A server of several zones in a row shows no referral between them: then a zone
 * below the one where the walk stands speaks about the DS. Into @p between.
 */
static bool is_denied_below(const uint8_t *zone, const uint8_t *name, const struct ds_known *known,
			    uint8_t between[TERN_NAME_MAX])
{
	return proof_signer(known->sets, known->sets_n, between) &&
	       tern_name_is_below(between, zone) && tern_name_is_below(name, between);
}

/* What is known of a delegation at @p name out of chain->zone. LINK_BETWEEN: @p between is set. */
static enum link find_ds(struct job *job, struct chain *chain, const uint8_t *name,
			 uint8_t between[TERN_NAME_MAX])
{
	const uint8_t *zone = chain->zone;
	struct ds_known known;

	find_known(job, zone, name, &known);
	if (known.outcome == OUTCOME_NONE)
		return failed_lately(job, name, TERN_TYPE_DS) ? LINK_BROKEN : LINK_MISSING;
	if (known.security == CACHE_INSECURE) {
		chain->ede = known.ede; /* too many iterations, say */
		return LINK_UNSIGNED;
	}
	if (known.outcome == OUTCOME_ANSWER) {
		if (known.set.type != TERN_TYPE_DS)
			return LINK_NO_CUT;
		chain->ds = known.set;
		return has_known_ds(job, &known.set) ? LINK_SIGNED
						     : unknown_ds(job, &known.set, &chain->ede);
	}
	if (is_denied_below(zone, name, &known, between))
		return LINK_BETWEEN;
	if (known.outcome == OUTCOME_NXDOMAIN)
		return LINK_NO_NAME;
	return negative_link(job, zone, name, &known);
}

/* The zone's validated keys: this job's, or out of the cache. */
static enum link find_keys(struct job *job, const uint8_t *zone, struct tern_rrset *keys)
{
	const struct proven *p = proven_find(job, zone, TERN_TYPE_DNSKEY);
	struct cache *cache = job->resolver->cache;
	uint32_t now_s = job->now->boot_s;
	struct cache_hit hit;

	if (p && p->outcome == OUTCOME_ANSWER && p->set->set.type == TERN_TYPE_DNSKEY) {
		*keys = p->set->set;
		return p->security == CACHE_SECURE ? LINK_SIGNED : LINK_UNSIGNED;
	}
	if (is_refetched(job, zone))
		return LINK_MISSING;
	if (cache_get_set(cache, zone, TERN_TYPE_DNSKEY, CACHE_PROVEN, now_s, &hit)) {
		*keys = hit.set;
		return LINK_SIGNED;
	}
	return failed_lately(job, zone, TERN_TYPE_DNSKEY) ? LINK_BROKEN : LINK_MISSING;
}

/* The next name on the way that may be a cut: one that is known as such, else every label. */
static const uint8_t *next_candidate(struct job *job, const uint8_t *name, unsigned from)
{
	struct cache_delegation d;
	unsigned depth = MIN(tern_name_labels(name) + 1, cache_cut_depth(job->resolver->cache));

	for (unsigned labels = from; labels < depth; labels++) {
		const uint8_t *candidate = tern_name_suffix(name, labels);

		if (cache_get_delegation(job->resolver->cache, candidate, job->now->boot_s, &d))
			return candidate;
	}
	return NULL;
}

static enum chain_end missing(struct chain *out, const uint8_t *name, uint16_t type)
{
	tern_name_copy(out->name, name);
	out->type = type;
	return CHAIN_MISSING;
}

static enum chain_end broken(struct job *job, const uint8_t *name, const char *what)
{
	char text[TERN_NAME_TEXT_MAX];

	if (job->why_ede == TERN_EDE_NONE || job->why_ede == TERN_EDE_NO_REACHABLE_AUTHORITY)
		job_note(job, TERN_EDE_DNSKEY_MISSING, "no validated %s for %s", what,
			 tern_name_to_text(name, text));
	return CHAIN_BROKEN;
}

static COLD void tell_unsigned(struct job *job, const uint8_t *name)
{
	char text[TERN_NAME_TEXT_MAX];

	if (job->trace)
		job_tell(job, "  no DS for %s: not signed below", tern_name_to_text(name, text));
}

/*
 * The public tree proves that there is no zone where the operator has one of his own: nobody
 * could have signed it. @no_name: not even the name exists, nor what is below it.
 */
static bool is_private(const struct job *job, const uint8_t *name, const uint8_t *candidate,
		       bool no_name)
{
	const struct route *route = route_find(&job->rules->routes, name);

	if (!route || route->validate != VALIDATE_AUTO || *route->zone == 0)
		return false;
	return no_name ? tern_name_is_below_or_equal(route->zone, candidate)
		       : tern_name_equal(route->zone, candidate);
}

enum step { STEP_ON, STEP_END };

/* On the way to @name look for a cut at @candidate, or first at one before it. STEP_END: *end is
 * set.
 */
static enum step step_to(struct job *job, const uint8_t *name, const uint8_t *candidate,
			 struct chain *out, bool *is_cut, unsigned *labels, enum chain_end *end)
{
	uint8_t between[TERN_NAME_MAX];
	enum link link = find_ds(job, out, candidate, between);

	if (link == LINK_BETWEEN) {
		candidate = tern_name_suffix(candidate, tern_name_labels(between));
		link = find_ds(job, out, candidate, between);
		/* A zone that signs there is a cut: who says otherwise sends the walk in circles.
		 */
		if (link == LINK_NO_CUT || link == LINK_NO_NAME)
			link = LINK_BROKEN;
	}
	*labels = tern_name_labels(candidate);
	*is_cut = false;
	switch (link) {
	case LINK_SIGNED: *is_cut = true; return STEP_ON;
	case LINK_NO_CUT:
		*end = CHAIN_INSECURE;
		return is_private(job, name, candidate, false) ? STEP_END : STEP_ON;
	case LINK_NO_NAME:
		*end = is_private(job, name, candidate, true) ? CHAIN_INSECURE : CHAIN_SECURE;
		return STEP_END;
	case LINK_UNSIGNED:
		tell_unsigned(job, candidate);
		*end = CHAIN_INSECURE;
		return STEP_END;
	case LINK_MISSING:
		*end = is_cyclic(job, candidate, TERN_TYPE_DS, FRAME_DS)
			       ? broken(job, candidate, "DS")
			       : missing(out, candidate, TERN_TYPE_DS);
		return STEP_END;
	case LINK_BETWEEN:
	case LINK_BROKEN: break;
	}
	*end = broken(job, candidate, "DS");
	return STEP_END;
}

static enum chain_end take_keys(struct job *job, struct chain *out)
{
	switch (find_keys(job, out->zone, &out->keys)) {
	case LINK_SIGNED: return CHAIN_SECURE;
	case LINK_UNSIGNED: return CHAIN_INSECURE;
	case LINK_MISSING:
		if (!is_cyclic(job, out->zone, TERN_TYPE_DNSKEY, FRAME_KEY))
			return missing(out, out->zone, TERN_TYPE_DNSKEY);
		break;
	case LINK_NO_CUT:
	case LINK_NO_NAME:
	case LINK_BETWEEN:
	case LINK_BROKEN: break;
	}
	return broken(job, out->zone, "DNSKEY");
}

/* The candidate after @p labels labels; NULL at the end of the walk. */
static const uint8_t *candidate_after(struct job *job, const uint8_t *name, unsigned labels,
				      bool is_zone)
{
	unsigned full = tern_name_labels(name);
	const uint8_t *known = next_candidate(job, name, labels + 1);

	if (labels >= full)
		return NULL;
	/* For data without signature every label may hide the cut that explains it. */
	return known ? known : tern_name_suffix(name, is_zone ? full : labels + 1);
}

static enum chain_end walk(struct job *job, const uint8_t *name, enum chain_goal goal,
			   struct chain *out)
{
	unsigned labels = tern_name_labels(out->zone);
	enum chain_end end;

	for (;;) {
		bool is_cut;

		if (goal == CHAIN_TO_DS && tern_name_equal(out->zone, name))
			return CHAIN_SECURE;
		end = take_keys(job, out);
		if (end != CHAIN_SECURE || tern_name_equal(out->zone, name))
			return end;
		do {
			const uint8_t *next =
				candidate_after(job, name, labels, goal != CHAIN_TO_NAME);

			unsigned before = labels;

			if (!next)
				return CHAIN_SECURE;
			if (step_to(job, name, next, out, &is_cut, &labels, &end) == STEP_END)
				return end;
			if (labels <= before) /* each step leads down */
				return broken(job, name, "DS");
			if (is_cut)
				tern_name_copy(out->zone, tern_name_suffix(name, labels));
		} while (!is_cut);
	}
}

enum chain_end chain_walk(struct job *job, const uint8_t *name, enum chain_goal goal,
			  struct chain *out)
{
	const struct trust_anchors *anchors = job->rules->anchors;
	uint8_t lower[TERN_NAME_MAX];

	tern_name_lower(lower, name); /* as the cache wants it */
	*out = (struct chain){.ede = TERN_EDE_NONE};
	const uint8_t *anchor = trust_anchors_zone(anchors, lower);

	const struct route *route = route_find(&job->rules->routes, lower);

	if (!anchor || trust_anchors_is_negative(anchors, lower) ||
	    (route && route->validate == VALIDATE_OFF))
		return CHAIN_INSECURE;
	if (!keys_have_anchor(job, anchor)) {
		out->ede = TERN_EDE_UNSUPPORTED_DNSKEY_ALG;
		return CHAIN_INSECURE;
	}
	/* Validated keys live no longer than what vouches for them: no need to look further up. */
	if (goal == CHAIN_TO_SIGNER && find_keys(job, lower, &out->keys) == LINK_SIGNED) {
		tern_name_copy(out->zone, lower);
		return CHAIN_SECURE;
	}
	tern_name_copy(out->zone, anchor);
	return walk(job, lower, goal, out);
}

#include "resolver/chain.h"

#include <tern/rr.h>

#include "dnssec/anchor.h"
#include "dnssec/denial.h"
#include "resolver/machine.h"
#include "resolver/proof.h"
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
	bool sha1 = job->resolver->options.sha1;
	struct ds ds;

	while (tern_rdata_next(&it, &rdata)) {
		if (ds_read(rdata.octets, rdata.len, &ds) &&
		    dnssec_algorithm_is_known(ds.algorithm, sha1) &&
		    dnssec_digest_is_known(ds.digest_type, sha1))
			return true;
	}
	return false;
}

static enum link negative_link(struct job *job, const uint8_t *zone, const uint8_t *name,
			       const struct cache_hit *hit)
{
	switch (proof_cut_kind(job, zone, name, hit)) {
	case CUT_UNSIGNED: return LINK_UNSIGNED;
	case CUT_NOT: return LINK_NO_CUT;
	case CUT_UNPROVEN: break;
	}
	return LINK_BROKEN;
}

/* Did fetching the link fail lately? Then its reason is ours, unless there is one already. */
static bool failed_lately(struct job *job, const uint8_t *name, uint16_t type)
{
	struct cache_failure failure;

	if (!cache_get_failure(job->resolver->cache, name, type, job->now->boot_s, &failure))
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
	bool sha1 = job->resolver->options.sha1;
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
static bool is_denied_below(const uint8_t *zone, const uint8_t *name, const struct cache_hit *hit,
			    uint8_t between[TERN_NAME_MAX])
{
	return proof_signer(hit, between) && tern_name_is_below(between, zone) &&
	       tern_name_is_below(name, between);
}

/* What is known of a delegation at @p name out of chain->zone. LINK_BETWEEN: @p between is set. */
static enum link find_ds(struct job *job, struct chain *chain, const uint8_t *name,
			 uint8_t between[TERN_NAME_MAX])
{
	const uint8_t *zone = chain->zone;
	struct cache_hit hit;
	struct cache *cache = job->resolver->cache;
	enum cache_found found =
		cache_get(cache, name, TERN_TYPE_DS, job->now->boot_s, false, &hit);

	if (found != CACHE_MISS && hit.security == CACHE_INSECURE) {
		chain->ede = hit.ede; /* too many iterations, say */
		return LINK_UNSIGNED;
	}
	if (found == CACHE_MISS || hit.security != CACHE_SECURE)
		return failed_lately(job, name, TERN_TYPE_DS) ? LINK_BROKEN : LINK_MISSING;
	if (found == CACHE_POSITIVE)
		return has_known_ds(job, &hit.set) ? LINK_SIGNED
						   : unknown_ds(job, &hit.set, &chain->ede);
	if (is_denied_below(zone, name, &hit, between))
		return LINK_BETWEEN;
	if (found == CACHE_NXDOMAIN)
		return LINK_NO_NAME;
	return negative_link(job, zone, name, &hit);
}

/* The zone's validated keys, out of the cache. */
static enum link find_keys(struct job *job, const uint8_t *zone, struct tern_rrset *keys)
{
	struct cache_hit hit;
	struct cache *cache = job->resolver->cache;
	bool found = cache_get_set(cache, zone, TERN_TYPE_DNSKEY, job->now->boot_s, &hit);

	if (found && hit.security == CACHE_SECURE) {
		*keys = hit.set;
		return LINK_SIGNED;
	}
	if (found && hit.security == CACHE_INSECURE)
		return LINK_UNSIGNED;
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

/* A name whose link is being resolved further down the stack can't be waited for. */
static bool is_being_resolved(const struct job *job, const uint8_t *name, uint16_t type)
{
	for (unsigned i = 0; i < job->depth; i++) {
		if (job->frames[i].question.type == type &&
		    tern_name_equal(job->frames[i].question.name, name))
			return true;
	}
	return false;
}

static bool is_own_question(const struct job *job, const uint8_t *name, uint16_t type)
{
	const struct question *q = &job->frames[job->depth - 1].question;

	return q->type == type && tern_name_equal(q->name, name);
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

enum step { STEP_ON, STEP_END };

/* Look for a cut at @p candidate, or first at one before it. STEP_END: *end is set. */
static enum step step_to(struct job *job, const uint8_t *candidate, struct chain *out, bool *is_cut,
			 unsigned *labels, enum chain_end *end)
{
	uint8_t between[TERN_NAME_MAX];
	enum link link = find_ds(job, out, candidate, between);

	if (link == LINK_BETWEEN) {
		candidate = tern_name_suffix(candidate, tern_name_labels(between));
		link = find_ds(job, out, candidate, between);
	}
	*labels = tern_name_labels(candidate);
	*is_cut = false;
	switch (link) {
	case LINK_SIGNED: *is_cut = true; return STEP_ON;
	case LINK_NO_CUT: return STEP_ON;
	case LINK_NO_NAME: *end = CHAIN_SECURE; return STEP_END;
	case LINK_UNSIGNED:
		tell_unsigned(job, candidate);
		*end = CHAIN_INSECURE;
		return STEP_END;
	case LINK_MISSING:
		*end = is_being_resolved(job, candidate, TERN_TYPE_DS)
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
		/* The running frame holds these very keys: it judges them by the DS found here. */
		if (is_own_question(job, out->zone, TERN_TYPE_DNSKEY))
			return CHAIN_SECURE;
		if (!is_being_resolved(job, out->zone, TERN_TYPE_DNSKEY))
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

enum chain_end chain_walk(struct job *job, const uint8_t *name, bool is_zone, struct chain *out)
{
	const struct trust_anchors *anchors = job->resolver->anchors;
	uint8_t lower[TERN_NAME_MAX];

	tern_name_lower(lower, name); /* as the cache wants it */
	name = lower;
	out->ede = TERN_EDE_NONE;
	const uint8_t *anchor = trust_anchors_zone(anchors, name);
	enum chain_end end;

	if (!anchor || trust_anchors_is_negative(anchors, name))
		return CHAIN_INSECURE;
	/* Validated keys live no longer than what vouches for them: no need to look further up. */
	if (is_zone && find_keys(job, name, &out->keys) == LINK_SIGNED) {
		tern_name_copy(out->zone, name);
		return CHAIN_SECURE;
	}
	tern_name_copy(out->zone, anchor);
	unsigned labels = tern_name_labels(anchor);

	for (;;) {
		bool is_cut;

		end = take_keys(job, out);
		if (end != CHAIN_SECURE || tern_name_equal(out->zone, name))
			return end;
		do {
			const uint8_t *next = candidate_after(job, name, labels, is_zone);

			if (!next)
				return CHAIN_SECURE;
			if (step_to(job, next, out, &is_cut, &labels, &end) == STEP_END)
				return end;
			if (is_cut)
				tern_name_copy(out->zone, tern_name_suffix(name, labels));
		} while (!is_cut);
	}
}

#include "resolver/settle.h"

#include <tern/rr.h>

#include "resolver/aggressive.h"
#include "resolver/believe.h"
#include "resolver/failure.h"
#include "resolver/kept.h"
#include "resolver/proof.h"
#include "resolver/proven.h"
#include "resolver/subnet.h"
#include "resolver/verify.h"

static void store_answer(struct job *job, struct frame *f)
{
	for (const struct kept *k = f->found.answer.first; k; k = k->next) {
		if (k->cached)
			continue;
		store_kept(job, f, k, k->set.ttl_s, CACHE_RANK_AUTH_ANSWER);
		/* Other names may be made of it too, for whomever. */
		if (k->wildcard != WILDCARD_NONE && k->security == CACHE_SECURE &&
		    k->set.rr_n <= CACHED_RECORDS_MAX &&
		    !subnet_is_listed(job, f, k->set.owner, k->set.type)) {
			aggressive_store_wildcard(job, &k->set, k->wildcard);
			aggressive_store(job, f, k->set.ttl_s);
		}
	}
}

static void store_denial(struct job *job, struct frame *f)
{
	struct tern_rrset proof[PROOF_SETS_MAX];
	struct cache_negative negative = {
		.name = f->question.name,
		.type = f->question.type,
		.nxdomain = f->pending == OUTCOME_NXDOMAIN,
		.of_type = is_asked_above(job, f, f->question.name),
		.ttl_s = f->found.denial.ttl_s,
		.proof = proof,
		.security = f->found.denial.security,
		.rank = CACHE_RANK_AUTH_ANSWER,
		.ede = f->found.denial.ede,
		.by_proof = f->found.denial.by_proof,
	};

	for (const struct kept *k = f->found.authority.first;
	     k && negative.proof_n < PROOF_SETS_MAX; k = k->next) {
		if (k->security != CACHE_BOGUS && (k->links & LINK_BIT(f->found.links)))
			proof[negative.proof_n++] = k->set;
	}
	if (may_store(job))
		cache_put_negative(job->resolver->cache, &negative, job->now->boot_s);
}

bool is_denial(const struct frame *f)
{
	return f->pending == OUTCOME_NODATA || f->pending == OUTCOME_NXDOMAIN;
}

/* RFC 8914: why the client gets no AD for what is signed. */
static uint16_t insecure_ede(const struct frame *f)
{
	for (const struct kept *k = f->found.answer.first; k; k = k->next) {
		if (k->ede != TERN_EDE_NONE)
			return k->ede;
	}
	return is_denial(f) ? f->found.denial.ede : TERN_EDE_NONE;
}

/* Nothing lives longer than what proves it: its own TTLs and those of its signatures. */
static void bound_ttls(struct job *job, struct frame *f)
{
	struct denial_verdict *denial = &f->found.denial;
	struct kept *k;

	for (k = f->found.authority.first; k && is_denial(f); k = k->next) {
		if ((k->links & LINK_BIT(f->found.links)) && k->security != CACHE_BOGUS)
			denial->ttl_s = MIN(denial->ttl_s, k->set.ttl_s);
	}
	for (k = f->found.authority.first; k; k = k->next) {
		if (is_denial(f) && (k->links & LINK_BIT(f->found.links)))
			k->set.ttl_s = MIN(k->set.ttl_s, denial->ttl_s);
		note_ttl(job, k->set.ttl_s, k->set.ttl_s);
	}
	for (k = f->found.answer.first; k; k = k->next)
		note_ttl(job, k->set.ttl_s, k->set.ttl_s);
}

/* A signed zone has keys; without them the chain ends here. */
static struct turn settle_link(struct job *job, struct frame *f)
{
	char zone[TERN_NAME_TEXT_MAX];

	if (f->purpose == FRAME_KEY &&
	    (f->pending != OUTCOME_ANSWER || f->found.answer.first->set.type != TERN_TYPE_DNSKEY)) {
		job_note(job, TERN_EDE_DNSKEY_MISSING, "no DNSKEY at %s",
			 tern_name_to_text(f->question.name, zone));
		return give(OUTCOME_FAILED);
	}
	proven_add(job, f, f->pending);
	return give(f->pending);
}

/* Of a zone that is not signed any more the keys of before prove nothing either. */
static void drop_outdated(struct job *job, const struct frame *f, enum cache_security least)
{
	struct cache *cache = job->resolver->cache;

	cache_drop(cache, f->question.name, f->question.type);
	if (least != CACHE_SECURE)
		cache_drop(cache, f->question.name, TERN_TYPE_DNSKEY);
}

struct turn settle(struct job *job, struct frame *f)
{
	enum cache_security least = is_denial(f) ? f->found.denial.security : CACHE_SECURE;

	for (const struct kept *k = f->found.answer.first; k; k = k->next) {
		if (k->security != CACHE_SECURE)
			least = CACHE_INSECURE;
	}
	proof_prune(&f->found.authority);
	bound_ttls(job, f);
	/* Newer than what is there, and proven: it takes its place even if it says less. */
	if (is_link(f->purpose) && is_refetched(job, f->question.name))
		drop_outdated(job, f, least);
	store_answer(job, f);
	if (is_denial(f) && f->found.denial.source == DENIAL_SENT) {
		store_denial(job, f);
		aggressive_store(job, f, f->found.denial.ttl_s);
	}
	if (f->purpose == FRAME_CLIENT) {
		job->result.security = least;
		/* A list has told why already. */
		if (job->result.ede != TERN_EDE_BLOCKED)
			job->result.ede = insecure_ede(f);
	}
	if (is_link(f->purpose))
		return settle_link(job, f);
	return give(f->pending);
}

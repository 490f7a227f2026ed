/*
 * stage_prove.c - is what was found authentic? RFC 4035 5.
 *
 * 1. every set of the answer: the zone that signs it, that zone's keys, a good
 *    signature; or the proof that its zone is not signed;
 * 2. for a denial, or an answer made from a wildcard: the same for the NSEC or
 *    NSEC3 records, and that they say what they have to;
 * 3. then the cache learns the verdict, and the frame is done.
 *
 * A missing link of the chain is a sub-question (chain.h). When a turn has had its
 * share of signatures the job gives way before the next one (verify.h). What turns out bogus
 * is forgotten and asked again of another server, RESTARTS_MAX times.
 */
#include "resolver/chain.h"

#include <string.h>

#include <tern/rr.h>

#include "resolver/aggressive.h"
#include "resolver/dns64.h"
#include "resolver/failure.h"
#include "resolver/kept.h"
#include "resolver/keys.h"
#include "resolver/machine.h"
#include "resolver/proof.h"
#include "resolver/proven.h"
#include "resolver/settle.h"
#include "resolver/verify.h"

#define RESTARTS_MAX 4 /* so many servers may have an old copy while one is good */

enum verdict { VERDICT_PROVEN, VERDICT_BOGUS, VERDICT_WAIT, VERDICT_YIELD };

/* Where a walk that misses a link leaves what to fetch. */
static struct turn fetch_link(struct job *job, const struct chain *chain)
{
	job->wrong.again = false;
	tern_name_copy(job->link_name, chain->name);
	return call(job->link_name, chain->type, chain->type == TERN_TYPE_DS ? FRAME_DS : FRAME_KEY,
		    STAGE_PROVE);
}

static void mark(struct kept *k, enum cache_security security)
{
	k->security = security;
	k->proven = true;
}

static void mark_insecure(struct kept *k, const struct chain *chain)
{
	mark(k, CACHE_INSECURE);
	k->ede = chain->ede;
}

/* Signed by a zone whose keys we have: do the signatures hold? */
static enum verdict prove_signed(struct job *job, struct kept *k, const uint8_t *signer,
				 struct chain *chain)
{
	struct verified v;

	if (!tern_name_equal(signer, chain->zone)) {
		char text[TERN_NAME_TEXT_MAX];

		job_note(job, TERN_EDE_BOGUS, "signer %s is not a zone",
			 tern_name_to_text(signer, text));
		return VERDICT_BOGUS;
	}
	switch (verify_set(job, &k->set, chain->zone, &chain->keys, &v)) {
	case VERIFY_NOT_YET: return VERDICT_YIELD;
	case VERIFY_WRONG: return VERDICT_BOGUS;
	case VERIFY_GOOD: break;
	}
	k->set.ttl_s = MIN(k->set.ttl_s, v.ttl_s);
	k->wildcard = v.wildcard;
	mark(k, CACHE_SECURE);
	/* An NSEC that a wildcard made speaks for the wildcard, not for this owner. */
	if (v.wildcard != WILDCARD_NONE &&
	    (k->set.type == TERN_TYPE_NSEC || k->set.type == TERN_TYPE_NSEC3)) {
		job_note(job, TERN_EDE_BOGUS, "an NSEC or NSEC3 made of a wildcard");
		mark(k, CACHE_BOGUS);
		chain->keys_hold = true;
	}
	return VERDICT_PROVEN;
}

static void note_unsigned(struct job *job, const struct kept *k)
{
	char owner[TERN_NAME_TEXT_MAX], type[16];

	job_note(job, TERN_EDE_RRSIGS_MISSING, "no signature over %s %s in a signed zone",
		 tern_name_to_text(k->set.owner, owner),
		 tern_type_to_text(k->set.type, type, sizeof type));
}

/* Where to look for cuts on the way to an unsigned set; what answers for DS is the parent's. */
static const uint8_t *zone_side(const struct job *job, const struct kept *k)
{
	bool for_ds = job->frames[job->depth - 1].purpose == FRAME_DS;

	return k->set.type == TERN_TYPE_DS || (for_ds && k->set.type == TERN_TYPE_CNAME)
		       ? tern_name_parent(k->set.owner)
		       : k->set.owner;
}

static enum verdict prove_kept(struct job *job, struct kept *k, struct chain *chain)
{
	uint8_t signer[TERN_NAME_MAX];
	bool is_signed = verify_signer(&k->set, signer);

	switch (chain_walk(job, is_signed ? signer : zone_side(job, k),
			   is_signed ? CHAIN_TO_SIGNER : CHAIN_TO_NAME, chain)) {
	case CHAIN_MISSING: return VERDICT_WAIT;
	case CHAIN_BROKEN: job->chain_broken = true; return VERDICT_BOGUS;
	case CHAIN_INSECURE: mark_insecure(k, chain); return VERDICT_PROVEN;
	case CHAIN_SECURE: break;
	}
	if (is_signed)
		return prove_signed(job, k, signer, chain);
	note_unsigned(job, k);
	return VERDICT_BOGUS;
}

/* The DNSKEY set of a zone: one of its keys is vouched for from above and signs the set. */
static enum verdict prove_keys(struct job *job, struct kept *k, struct chain *chain)
{
	char zone[TERN_NAME_TEXT_MAX];

	switch (chain_walk(job, k->set.owner, CHAIN_TO_DS, chain)) {
	case CHAIN_MISSING: return VERDICT_WAIT;
	case CHAIN_BROKEN: job->chain_broken = true; return VERDICT_BOGUS;
	case CHAIN_INSECURE: mark_insecure(k, chain); return VERDICT_PROVEN;
	case CHAIN_SECURE:
		/* Keys at a name that is no zone's apex are data like any other. */
		if (!tern_name_equal(chain->zone, k->set.owner))
			return prove_kept(job, k, chain);
		break;
	}
	switch (keys_vouched(job, &k->set, &chain->ds)) {
	case VOUCHED_YES: mark(k, CACHE_SECURE); return VERDICT_PROVEN;
	case VOUCHED_UNKNOWN: mark(k, CACHE_INSECURE); return VERDICT_PROVEN;
	case VOUCHED_NOT_YET: return VERDICT_YIELD;
	case VOUCHED_NO: break;
	}
	if (job->why_ede == TERN_EDE_NONE || job->why_ede == TERN_EDE_NO_REACHABLE_AUTHORITY)
		job_note(job, TERN_EDE_DNSKEY_MISSING, "no DNSKEY of %s matches its DS",
			 tern_name_to_text(k->set.owner, zone));
	return VERDICT_BOGUS;
}

/* Of several links the lowest: what is wrong there is not the fault of those it leads to. */
static unsigned lowest_link(uint16_t links)
{
	return links ? (unsigned)__builtin_ctz(links) : 0;
}

/* By a negative trust anchor at or above the name; a DS is its parent's. */
static bool is_excepted(const struct job *job, const uint8_t *name, uint16_t type)
{
	return trust_anchors_is_negative(
		job->rules->anchors,
		type == TERN_TYPE_DS && tern_name_len(name) > 1 ? tern_name_parent(name) : name);
}

static enum verdict prove_answer(struct job *job, struct frame *f, struct chain *chain)
{
	for (struct kept *k = f->found.answer.first; k; k = k->next) {
		if (k->proven)
			continue;
		/* A CNAME made out of a DNAME is as good as that; a bare RRSIG can't be proven. */
		if (k->dname)
			mark(k, k->dname->security);
		/* RFC 7646: at and below the name, whoever signs. */
		else if (k->set.type == TERN_TYPE_RRSIG ||
			 is_excepted(job, k->set.owner, k->set.type))
			mark(k, CACHE_INSECURE);
		if (k->proven)
			continue;
		f->failed_link = (uint8_t)lowest_link(k->links);
		enum verdict v = k->set.type == TERN_TYPE_DNSKEY ? prove_keys(job, k, chain)
								 : prove_kept(job, k, chain);

		if (v != VERDICT_PROVEN)
			return v;
		if (k->security == CACHE_BOGUS)
			return VERDICT_BOGUS;
	}
	f->failed_link = f->found.links;
	return VERDICT_PROVEN;
}

static void note_missing_proof(struct job *job, const struct frame *f)
{
	char name[TERN_NAME_TEXT_MAX], type[16];

	job_note(job, TERN_EDE_NSEC_MISSING, "no proof that %s %s does not exist",
		 tern_name_to_text(f->question.name, name),
		 tern_type_to_text(f->question.type, type, sizeof type));
}

/* Records of a proof that don't hold are left out of it; what is left must be enough. */
static enum verdict prove_authority(struct job *job, struct frame *f, struct chain *chain)
{
	if (!proof_choose(job, f)) {
		note_missing_proof(job, f);
		return VERDICT_BOGUS;
	}
	for (struct kept *k = f->found.authority.first; k; k = k->next) {
		if (k->proven || k->set.sig_n == 0)
			continue;
		enum verdict v = prove_kept(job, k, chain);

		if (v == VERDICT_WAIT || v == VERDICT_YIELD)
			return v;
		/* A forged SOA gives a denial the lifetime that a forger likes. */
		if (v == VERDICT_BOGUS && k->set.type == TERN_TYPE_SOA)
			return v;
		if (v == VERDICT_BOGUS)
			mark(k, CACHE_BOGUS);
	}
	return VERDICT_PROVEN;
}

/* Did it come for what is asked now, and not for an alias that led here? */
static bool is_of_question(const struct frame *f, const struct kept *k)
{
	return k->links & LINK_BIT(f->found.links);
}

/*
 * The zone that signed the proof: of those with a proven NSEC or NSEC3 the closest that may deny
 * the question. False when there is none.
 */
static bool proof_zone(const struct frame *f, uint8_t zone[TERN_NAME_MAX])
{
	uint8_t signer[TERN_NAME_MAX];
	bool found = false;

	for (const struct kept *k = f->found.authority.first; k; k = k->next) {
		if (k->security != CACHE_SECURE || !is_of_question(f, k) ||
		    (k->set.type != TERN_TYPE_NSEC && k->set.type != TERN_TYPE_NSEC3) ||
		    !verify_signer(&k->set, signer) || !proof_may_deny(signer, &f->question))
			continue;
		if (!found || tern_name_labels(signer) > tern_name_labels(zone))
			tern_name_copy(zone, signer);
		found = true;
	}
	return found;
}

static enum verdict judge_proof(struct job *job, struct frame *f, enum proof proof)
{
	switch (proof) {
	case PROOF_GOOD: f->found.denial.security = CACHE_SECURE; return VERDICT_PROVEN;
	case PROOF_OPT_OUT:
		f->found.denial.security = CACHE_INSECURE;
		f->found.denial.by_proof = true;
		return VERDICT_PROVEN;
	case PROOF_INSECURE:
		f->found.denial.security = CACHE_INSECURE;
		f->found.denial.by_proof = true;
		f->found.denial.ede = TERN_EDE_NSEC3_ITERATIONS;
		return VERDICT_PROVEN;
	case PROOF_EXHAUSTED: budget_overdraw(&job->budget, BUDGET_HASH); break;
	case PROOF_NONE: break;
	}
	note_missing_proof(job, f);
	return VERDICT_BOGUS;
}

/* Nothing signed denies the name: fine only where nothing is signed. */
static enum verdict prove_unsigned_denial(struct job *job, struct frame *f, struct chain *chain)
{
	const uint8_t *name = f->question.type == TERN_TYPE_DS ? tern_name_parent(f->question.name)
							       : f->question.name;

	switch (chain_walk(job, name, CHAIN_TO_NAME, chain)) {
	case CHAIN_MISSING: return VERDICT_WAIT;
	case CHAIN_INSECURE:
		f->found.denial.security = CACHE_INSECURE;
		f->found.denial.ede = chain->ede;
		return VERDICT_PROVEN;
	case CHAIN_BROKEN: job->chain_broken = true; return VERDICT_BOGUS;
	case CHAIN_SECURE: break;
	}
	note_missing_proof(job, f);
	return VERDICT_BOGUS;
}

/* Without a signature anybody could choose how long the denial lives. */
static bool has_unproven_soa(const struct frame *f)
{
	for (const struct kept *k = f->found.authority.first; k; k = k->next) {
		if (k->set.type == TERN_TYPE_SOA && k->security != CACHE_SECURE &&
		    is_of_question(f, k) &&
		    tern_name_is_below_or_equal(f->question.name, k->set.owner))
			return true;
	}
	return false;
}

/* A server that tries to prove, by the wrong records: what is known already may do. */
static bool has_denials(const struct frame *f)
{
	for (const struct kept *k = f->found.authority.first; k; k = k->next) {
		if (is_of_question(f, k) &&
		    (k->set.type == TERN_TYPE_NSEC || k->set.type == TERN_TYPE_NSEC3))
			return true;
	}
	return false;
}

static enum verdict prove_denial(struct job *job, struct frame *f, struct chain *chain)
{
	const struct tern_rrset *sets[PROOF_SETS_MAX];
	uint8_t zone[TERN_NAME_MAX];

	if (f->found.denial.security != CACHE_UNCHECKED)
		return VERDICT_PROVEN;
	if (is_excepted(job, f->question.name, f->question.type)) {
		f->found.denial.security = CACHE_INSECURE;
		return VERDICT_PROVEN;
	}
	if (!proof_zone(f, zone))
		return has_denials(f) && aggressive_proof(job, f) == f->pending
			       ? VERDICT_PROVEN
			       : prove_unsigned_denial(job, f, chain);
	struct denial d =
		proof_gather(job, &f->found.authority, LINK_BIT(f->found.links), zone, sets);
	const uint8_t *name = f->question.name;
	enum proof of_type, of_name = PROOF_NONE;

	if (has_unproven_soa(f)) {
		job_note(job, TERN_EDE_RRSIGS_MISSING, "no signature over the SOA of a denial");
		return VERDICT_BOGUS;
	}

	if (f->pending == OUTCOME_NXDOMAIN)
		of_name = denial_of_name(&d, name);
	if (of_name != PROOF_NONE)
		return judge_proof(job, f, of_name);
	of_type = denial_of_type(&d, name, f->question.type);
	if (of_type == PROOF_NONE && aggressive_proof(job, f) == f->pending)
		return VERDICT_PROVEN;
	/* Said not to exist, the name must be proven to be there, or it is not there. */
	if (f->pending == OUTCOME_NXDOMAIN && of_type != PROOF_GOOD)
		return judge_proof(job, f, PROOF_NONE);
	/* RFC 9824: "exists, with NXNAME only" is the signer's way to say NXDOMAIN. */
	if (of_type == PROOF_GOOD)
		f->pending = denial_is_compact(&d, name) ? OUTCOME_NXDOMAIN : OUTCOME_NODATA;
	return judge_proof(job, f, of_type);
}

/* RFC 4035 5.3.4: the name itself must not exist where its wildcard answered. */
static enum verdict prove_wildcards(struct job *job, struct frame *f)
{
	const struct tern_rrset *sets[PROOF_SETS_MAX];
	uint8_t zone[TERN_NAME_MAX];

	for (struct kept *k = f->found.answer.first; k; k = k->next) {
		if (k->wildcard == WILDCARD_NONE || k->security != CACHE_SECURE)
			continue;
		struct denial d = {0};
		enum proof proof = PROOF_NONE;

		f->failed_link = (uint8_t)lowest_link(k->links);
		if (verify_signer(&k->set, zone)) {
			d = proof_gather(job, &f->found.authority, k->links, zone, sets);
			proof = denial_of_closer(&d, k->set.owner, k->wildcard);
		}
		if (proof == PROOF_INSECURE)
			k->ede = TERN_EDE_NSEC3_ITERATIONS;
		if (proof == PROOF_OPT_OUT || proof == PROOF_INSECURE)
			k->security = CACHE_INSECURE;
		else if (proof != PROOF_GOOD)
			return judge_proof(job, f, PROOF_NONE);
	}
	f->failed_link = f->found.links;
	return VERDICT_PROVEN;
}

/* --- the end ---------------------------------------------------------------- */

/* What was kept unproven goes; what somebody has proven is better than this reply. */
static void drop_unproven(struct job *job, const uint8_t *name, uint16_t type)
{
	struct cache *cache = job->resolver->cache;
	struct cache_hit hit;

	if (cache_get(cache, name, type, job->now->boot_s, true, &hit) != CACHE_MISS &&
	    hit.security != CACHE_SECURE)
		cache_drop(cache, name, type);
}

static void forget(struct job *job, struct frame *f)
{
	for (const struct kept *k = f->found.answer.first; k; k = k->next) {
		/* What a wildcard made is good by itself; without its proof it is not. */
		if (!k->proven || k->security == CACHE_BOGUS || k->wildcard != WILDCARD_NONE)
			drop_unproven(job, k->set.owner, k->set.type);
	}
	if (is_denial(f))
		drop_unproven(job, f->question.name, f->question.type);
}

static void start_again(struct job *job, struct frame *f, bool elsewhere)
{
	if (elsewhere && f->found.answered_by.family && f->at.cut)
		infra_unlearn(job->resolver->infra, &f->found.answered_by, f->at.cut->zone);
	if (elsewhere && job->avoid_n < JOB_AVOID_MAX && f->found.answered_by.family)
		job->avoid[job->avoid_n++] = f->found.answered_by;
	job->lower_case |= elsewhere; /* a signer made for one spelling may have failed on ours */
	if (f->purpose == FRAME_CLIENT)
		f->question = dns64_question(job);
	f->found = (struct found){.denial.ede = TERN_EDE_NONE};
	f->failed_link = 0;
	f->name = (struct name_search){0};
	f->at = (struct cut_search){0};
	f->try = (struct server_try){0};
	f->restarts++;
}

#define REFETCH_PAUSE_S 10

/* Both by this job itself: they are as new as can be. */
static bool was_fetched(const struct job *job, const uint8_t *zone)
{
	const uint8_t *anchor = trust_anchors_zone(job->rules->anchors, zone);

	return proven_find(job, zone, TERN_TYPE_DNSKEY) &&
	       (proven_find(job, zone, TERN_TYPE_DS) || (anchor && tern_name_equal(anchor, zone)));
}

void refetch_end(struct job *job)
{
	if (job->refetch && !job->refetch_asked)
		cache_unclaim(job->resolver->cache, job->refetch_zone);
}

/*
 * Data that do not validate are a reason to fetch the zone's DS and keys anew, once: it may
 * have changed its keys, its signer or whether it signs at all. True when that is worth it.
 */
static bool refetch_links(struct job *job, const struct chain *chain)
{
	struct cache *cache = job->resolver->cache;
	uint64_t now_ms = job->now->mono_ns / NS_PER_MS;
	char zone[TERN_NAME_TEXT_MAX];

	if (!chain || chain->keys_hold || tern_name_len(chain->zone) <= 1 ||
	    !verify_may_go_on(job) || was_fetched(job, chain->zone) ||
	    !cache_claim(cache, chain->zone, REFETCH_PAUSE_S, job->links_since_ms, now_ms,
			 job->now->boot_s))
		return false;
	/* Its own claim is no reason for a second one. */
	job->links_since_ms = now_ms + 1;
	job_tell(job, "  keys of %s are fetched anew", tern_name_to_text(chain->zone, zone));
	/* What others rely on stays in the cache until there is something newer that holds. */
	tern_name_copy(job->refetch_zone, chain->zone);
	job->refetch = true;
	job->refetch_asked = false;
	job->proven = NULL;
	job->why_ede = TERN_EDE_NONE;
	return true;
}

/* Bogus: somebody else may have it right. Else it fails, and is remembered as failed. */
static struct turn refuse(struct job *job, struct frame *f, const struct chain *chain)
{
	if (job->rules->resolver.validation == VALIDATION_PERMISSIVE) {
		job->result.let_through = true;
		f->found.denial.security = CACHE_INSECURE;
		for (struct kept *k = f->found.answer.first; k; k = k->next)
			mark(k, CACHE_INSECURE);
		return settle(job, f);
	}
	forget(job, f);
	if (refetch_links(job, chain)) {
		start_again(job, f, false);
		return go(STAGE_LOOKUP);
	}
	if (!job->chain_broken && f->restarts < RESTARTS_MAX && verify_may_go_on(job)) {
		start_again(job, f, true);
		return go(STAGE_LOOKUP);
	}
	if (is_link(f->purpose))
		failure_remember_link(job, f);
	job->result.bogus = true;
	return give(OUTCOME_FAILED);
}

struct turn stage_prove(struct job *job, struct frame *f)
{
	struct chain chain = {.ede = TERN_EDE_NONE};
	enum verdict v;

	job->chain_broken = false;
	if (f->child == OUTCOME_FAILED) {
		job->chain_broken = true;
		return refuse(job, f, NULL);
	}
	f->child = OUTCOME_NONE;
	v = prove_answer(job, f, &chain);
	if (v == VERDICT_PROVEN)
		v = prove_authority(job, f, &chain);
	if (v == VERDICT_PROVEN)
		v = prove_wildcards(job, f);
	if (v == VERDICT_PROVEN && is_denial(f))
		v = prove_denial(job, f, &chain);
	switch (v) {
	case VERDICT_PROVEN: return settle(job, f);
	case VERDICT_WAIT: return fetch_link(job, &chain);
	case VERDICT_YIELD: return yield(STAGE_PROVE);
	case VERDICT_BOGUS: break;
	}
	return refuse(job, f, &chain);
}

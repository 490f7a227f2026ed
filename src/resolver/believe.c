#include "resolver/believe.h"

#include <string.h>

#include <tern/name.h>
#include <tern/rdata.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "resolver/alias.h"
#include "resolver/kept.h"
#include "resolver/machine.h"
#include "resolver/own.h"
#include "resolver/proof.h"
#include "resolver/reply.h"
#include "resolver/subnet.h"
#include "resolver/verify.h"

static enum cache_rank rank_of(const struct tern_message *m)
{
	return m->flags & TERN_FLAG_AA ? CACHE_RANK_AUTH_ANSWER : CACHE_RANK_ANSWER;
}

static bool take_set(struct job *job, struct frame *f, struct tern_rrset *set)
{
	set->ttl_s = bounded_ttl(job, set->owner, set->ttl_s);
	note_ttl(job, set->ttl_s, set->ttl_s);
	if (set->rr_n > CACHED_RECORDS_MAX)
		job->result.uncacheable = true;
	if (!keep(job, &f->found.answer, set, LINK_BIT(f->found.links)))
		return false;
	f->found.answer.last->for_all = !f->try.for_network;
	return true;
}

static enum believed take_final(struct job *job, struct frame *f, const struct tern_message *m,
				uint16_t type)
{
	struct tern_rrset set;

	if (!reply_take_set(m, TERN_ANSWER, f->question.name, type, job, &set))
		return BELIEVED_NOTHING;
	/* What its own rcode contradicts is passed on, but not kept. */
	if (m->rcode != TERN_RCODE_NOERROR)
		set.ttl_s = 0;
	return take_set(job, f, &set) ? BELIEVED_ANSWER : BELIEVED_TOO_MUCH;
}

static bool has_type(const uint16_t *types, unsigned n, uint16_t type)
{
	for (unsigned i = 0; i < n; i++) {
		if (types[i] == type)
			return true;
	}
	return false;
}

/* Every set at the name; one of each type. */
static enum believed take_any(struct job *job, struct frame *f, const struct tern_message *m)
{
	enum believed result = BELIEVED_NOTHING;
	uint16_t types[JOB_ANY_SETS_MAX];
	unsigned n = 0;

	job->result.uncacheable = true;
	for (unsigned i = 0; i < m->section_n[TERN_ANSWER] && n < ARRAY_LEN(types); i++) {
		const struct tern_rr_ref *rr = tern_message_rr(m, TERN_ANSWER, i);

		if (has_type(types, n, rr->type) || rr->type == TERN_TYPE_RRSIG ||
		    tern_type_is_meta(rr->type) || !rr_is_owned_by(m, rr, f->question.name))
			continue;
		/* One attempt: what can't be taken now can't be with the next record of it. */
		types[n++] = rr->type;
		if (take_final(job, f, m, rr->type) == BELIEVED_ANSWER)
			result = BELIEVED_ANSWER;
	}
	return result;
}

static enum believed take_cname(struct job *job, struct frame *f, const struct tern_message *m,
				const uint8_t *target)
{
	struct tern_rrset set;

	if (!reply_take_set(m, TERN_ANSWER, f->question.name, TERN_TYPE_CNAME, job, &set))
		return BELIEVED_NOTHING;
	/* A name has one CNAME (RFC 2181 10.1): the first is the one that is followed. */
	if (set.rr_n > 1) {
		set.rr_n = 1;
		set.sig_n = 0;
		set.rdata_len = get_u16(set.rdata) + 2u;
	}
	if (!take_set(job, f, &set))
		return BELIEVED_TOO_MUCH;
	if (is_link(f->purpose))
		return BELIEVED_ANSWER;
	if (!follow_alias(job, f, target))
		return BELIEVED_TOO_MUCH;
	return BELIEVED_ALIAS;
}

bool is_asked_above(const struct job *job, const struct frame *f, const uint8_t *name)
{
	return f->question.type == TERN_TYPE_DS && route_starts_at(&job->rules->routes, name);
}

void store_kept(struct job *job, const struct frame *f, const struct kept *k, uint32_t ttl_s,
		enum cache_rank rank)
{
	struct cache *cache = job->resolver->cache;
	struct tern_rrset set = k->set, proof[PROOF_SETS_MAX];
	uint8_t key[TERN_NAME_MAX];
	struct cache_positive p = {.set = &set,
				   .proof = proof,
				   .security = k->security,
				   .rank = rank,
				   .ede = k->ede,
				   .brief = job->brief};

	/* What a DNAME makes is not cached: the DNAME is, and makes it again. */
	if (!may_store(job) || k->dname || set.rr_n > CACHED_RECORDS_MAX ||
	    (set.type == TERN_TYPE_CNAME && is_asked_above(job, f, set.owner)))
		return;
	set.ttl_s = ttl_s;
	if (unlikely(subnet_applies(job, f, set.owner, set.type)))
		set.owner = subnet_key(job, k, key);
	p.proof_n = proof_of_wildcard(&f->found.authority, k, proof);
	if (p.proof_n == 0 && k->wildcard != WILDCARD_NONE)
		cache_drop(cache, set.owner, set.type); /* its proof did not hold */
	else
		cache_put_positive(cache, &p, job->now->boot_s);
}

static enum believed take_dname(struct job *job, struct frame *f, const struct tern_message *m,
				const uint8_t *owner)
{
	struct tern_rrset dname;

	if (!reply_take_set(m, TERN_ANSWER, owner, TERN_TYPE_DNAME, job, &dname))
		return BELIEVED_NOTHING;
	/* Chains may pass one DNAME twice; it is told once. */
	if (!kept_find(&f->found.answer, owner, TERN_TYPE_DNAME) && !take_set(job, f, &dname))
		return BELIEVED_TOO_MUCH;
	if (is_link(f->purpose))
		return BELIEVED_ANSWER;
	return synthesize_cname(job, f, kept_find(&f->found.answer, owner, TERN_TYPE_DNAME));
}

static bool has_final(const struct frame *f, const struct tern_message *m)
{
	return reply_find(m, TERN_ANSWER, f->question.name, f->question.type) != NULL;
}

uint32_t soa_minimum(const struct tern_rrset *soa)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(soa);
	struct tern_rdata rdata;

	return tern_rdata_next(&it, &rdata) && rdata.len >= 22
		       ? get_u32(rdata.octets + rdata.len - 4)
		       : 0;
}

struct evidence {
	struct tern_rrset sets[PROOF_SETS_MAX];
	unsigned n;
	/* One attempt for each owner and type, whether the set could be taken or not. */
	struct {
		const uint8_t *owner;
		uint16_t type;
	} tried[PROOF_SETS_MAX];
	unsigned tried_n;
};

static bool is_tried(const struct evidence *p, const uint8_t *owner, uint16_t type)
{
	for (unsigned i = 0; i < p->tried_n; i++) {
		if (p->tried[i].type == type && tern_name_equal(p->tried[i].owner, owner))
			return true;
	}
	return false;
}

/* A SOA speaks for the names of its own zone only. */
static bool proves(const struct tern_rr_ref *rr, const uint8_t *owner, const uint8_t *name)
{
	if (rr->type == TERN_TYPE_SOA)
		return tern_name_is_below_or_equal(name, owner);
	return rr->type == TERN_TYPE_NSEC || rr->type == TERN_TYPE_NSEC3;
}

static void take_proof(struct job *job, const struct tern_message *m, const uint8_t *zone,
		       const uint8_t *name, struct evidence *p)
{
	uint8_t owner[TERN_NAME_MAX];

	for (unsigned i = 0; i < m->section_n[TERN_AUTHORITY] && p->tried_n < PROOF_SETS_MAX; i++) {
		const struct tern_rr_ref *rr = tern_message_rr(m, TERN_AUTHORITY, i);

		if (rr->rclass != TERN_CLASS_IN || !rr_owner(m, rr, owner) ||
		    !proves(rr, owner, name) || !tern_name_is_below_or_equal(owner, zone) ||
		    is_tried(p, owner, rr->type))
			continue;
		uint8_t *copy = arena_copy(&job->arena, owner, tern_name_len(owner));

		if (!copy)
			return;
		p->tried[p->tried_n].owner = copy;
		p->tried[p->tried_n++].type = rr->type;
		if (reply_take_set(m, TERN_AUTHORITY, copy, rr->type, job, &p->sets[p->n]))
			p->n++;
	}
}

/* RFC 2308 5: the lesser of the SOA's TTL and its MINIMUM, bounded by proof and options. */
static uint32_t negative_ttl(const struct job *job, const uint8_t *name, const struct evidence *p)
{
	uint32_t ttl_s = NEGATIVE_NO_SOA_S;

	for (unsigned i = 0; i < p->n; i++) {
		if (p->sets[i].type == TERN_TYPE_SOA)
			ttl_s = MIN(p->sets[i].ttl_s, soa_minimum(&p->sets[i]));
	}
	/* RFC 9077: a denial lives no longer than the records that make it. */
	for (unsigned i = 0; i < p->n; i++)
		ttl_s = MIN(ttl_s, p->sets[i].ttl_s);
	return bounded_negative_ttl(job, name, ttl_s);
}

bool believe_denial(struct job *job, struct frame *f, const struct tern_message *m, bool nxdomain)
{
	struct evidence p = {.n = 0, .tried_n = 0};

	take_proof(job, m, f->at.cut->zone, f->question.name, &p);
	uint32_t ttl_s = negative_ttl(job, f->question.name, &p);
	struct cache_negative negative = {
		.name = f->question.name,
		.type = f->question.type,
		.nxdomain = nxdomain,
		.of_type = is_asked_above(job, f, f->question.name),
		.ttl_s = ttl_s,
		.proof = p.sets,
		.proof_n = p.n,
		.security = CACHE_UNCHECKED,
		.rank = rank_of(m),
	};

	if (!needs_proof(job, f) && may_store(job))
		cache_put_negative(job->resolver->cache, &negative, job->now->boot_s);
	f->found.denial = (struct denial_verdict){.ede = TERN_EDE_NONE, .ttl_s = ttl_s};
	note_ttl(job, ttl_s, ttl_s);
	for (unsigned i = 0; i < p.n; i++) {
		p.sets[i].ttl_s = ttl_s;
		if (!keep_proof_set(job, &f->found.authority, &p.sets[i], CACHE_UNCHECKED,
				    LINK_BIT(f->found.links)))
			return false;
	}
	return true;
}

/* @p links are those that the reply has sets of. */
static bool keep_wildcard_proof(struct job *job, struct frame *f, const struct tern_message *m,
				const uint8_t *zone, uint16_t links)
{
	struct evidence p = {.n = 0, .tried_n = 0};

	take_proof(job, m, zone, f->question.name, &p);
	for (unsigned i = 0; i < p.n; i++) {
		p.sets[i].ttl_s = bounded_ttl(job, p.sets[i].owner, p.sets[i].ttl_s);
		if (p.sets[i].type != TERN_TYPE_SOA &&
		    !keep_proof_set(job, &f->found.authority, &p.sets[i], CACHE_UNCHECKED, links))
			return false;
	}
	return true;
}

static enum believed walk_aliases(struct job *job, struct frame *f, const struct tern_message *m,
				  const uint8_t *zone, bool forwarded)
{
	uint8_t name[TERN_NAME_MAX];
	enum believed step = BELIEVED_NOTHING;

	/* Each round follows one link; the budget of aliases ends a loop. */
	while (tern_name_is_below_or_equal(f->question.name, zone)) {
		enum believed next;

		/* LOOKUP knows better. */
		if (step == BELIEVED_ALIAS && !is_link(f->purpose) &&
		    own_has(job, who_wants(f), f->question.name, f->question.type))
			break;
		if (reply_dname(m, f->question.name, zone, name))
			next = take_dname(job, f, m, name);
		else if (reply_alias_first(m, f->question.name, f->question.type) &&
			 reply_alias(m, f->question.name, name))
			next = take_cname(job, f, m, name);
		/* What an alias leads to is asked for by itself, but of a forwarder. */
		else if (has_final(f, m) && (step == BELIEVED_NOTHING || forwarded))
			return take_final(job, f, m, f->question.type);
		else
			break;
		if (next != BELIEVED_ALIAS)
			return next;
		step = BELIEVED_ALIAS;
	}
	return step;
}

/* Then a CNAME in the reply is made of the DNAME, and is no data of its own. */
static bool is_below_dname(const struct frame *f, const struct tern_message *m, const uint8_t *zone)
{
	uint8_t owner[TERN_NAME_MAX];

	return reply_dname(m, f->question.name, zone, owner) != NULL;
}

enum believed believe_answer(struct job *job, struct frame *f, const struct tern_message *m)
{
	const uint8_t *zone = f->at.cut->zone; /* following an alias forgets the cut */
	const struct kept *before = f->found.answer.last;
	uint16_t links = 0;

	bool forwarded = f->at.cut->source == CUT_FORWARD;
	bool wildcard = false;
	enum believed result = f->question.type == TERN_TYPE_ANY && !is_below_dname(f, m, zone)
				       ? take_any(job, f, m)
				       : walk_aliases(job, f, m, zone, forwarded);

	const struct kept *fresh = before ? before->next : f->found.answer.first;

	for (const struct kept *k = fresh; k; k = k->next) {
		wildcard |= proof_is_from_wildcard(&k->set);
		links |= k->links;
	}
	if (wildcard && !keep_wildcard_proof(job, f, m, zone, links))
		return BELIEVED_TOO_MUCH;
	if (needs_proof(job, f)) /* PROVE stores it with its verdict */
		return result;
	for (const struct kept *k = fresh; k; k = k->next)
		store_kept(job, f, k, k->set.ttl_s, rank_of(m));
	return result;
}

bool believe_referred_ds(struct job *job, struct frame *f, const struct tern_message *m)
{
	struct tern_rrset ds;

	if (!reply_take_set(m, TERN_AUTHORITY, f->question.name, TERN_TYPE_DS, job, &ds) ||
	    !take_set(job, f, &ds))
		return false;
	if (!needs_proof(job, f))
		store_kept(job, f, f->found.answer.last, ds.ttl_s, CACHE_RANK_ANSWER);
	return true;
}

void believe_referral_ds(struct job *job, const struct tern_message *m, const struct zone_cut *cut,
			 const uint8_t *parent)
{
	struct tern_rrset ds;
	struct evidence p = {.n = 0, .tried_n = 0};

	if (!may_store(job))
		return;
	if (reply_take_set(m, TERN_AUTHORITY, cut->zone, TERN_TYPE_DS, job, &ds)) {
		const struct cache_positive put = {.set = &ds,
						   .security = CACHE_UNCHECKED,
						   .rank = CACHE_RANK_ANSWER,
						   .ede = TERN_EDE_NONE,
						   .brief = job->brief};

		cache_put_positive(job->resolver->cache, &put, job->now->boot_s);
		return;
	}
	take_proof(job, m, parent, cut->zone, &p);
	if (p.n == 0)
		return;
	uint32_t ttl_s = job->rules->resolver.max_negative_ttl_s;

	for (unsigned i = 0; i < p.n; i++)
		ttl_s = MIN(ttl_s, p.sets[i].ttl_s);
	struct cache_negative negative = {
		.name = cut->zone,
		.type = TERN_TYPE_DS,
		.ttl_s = ttl_s,
		.proof = p.sets,
		.proof_n = p.n,
		.security = CACHE_UNCHECKED,
		.rank = CACHE_RANK_ANSWER,
	};

	cache_put_negative(job->resolver->cache, &negative, job->now->boot_s);
}

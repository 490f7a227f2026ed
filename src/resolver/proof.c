#include "resolver/proof.h"

#include <string.h>

#include <tern/rr.h>

#include "dnssec/nsec.h"
#include "dnssec/rrsig.h"
#include "resolver/kept.h"
#include "resolver/machine.h"
#include "resolver/verify.h"

static bool is_denial_type(uint16_t type)
{
	return type == TERN_TYPE_NSEC || type == TERN_TYPE_NSEC3;
}

/* A record of another zone, a child's say, is no part of this zone's proof. */
static bool denies(const struct tern_rrset *set, const uint8_t *zone)
{
	uint8_t signer[TERN_NAME_MAX];

	return is_denial_type(set->type) && verify_signer(set, signer) &&
	       tern_name_equal(signer, zone);
}

static bool has_nsec3(const struct denial *d)
{
	for (unsigned i = 0; i < d->n; i++) {
		if (d->sets[i]->type == TERN_TYPE_NSEC3)
			return true;
	}
	return false;
}

/* One memo for the whole job: what was hashed to choose records is not hashed again to judge them.
 */
static void add_memo(struct job *job, struct denial *d)
{
	if (!has_nsec3(d))
		return;
	if (!job->memo) {
		job->memo = arena_take(&job->arena, sizeof *job->memo);
		if (job->memo)
			memset(job->memo, 0, sizeof *job->memo);
	}
	d->memo = job->memo;
}

bool proof_may_deny(const uint8_t *zone, const struct question *q)
{
	return q->type == TERN_TYPE_DS && tern_name_len(q->name) > 1
		       ? tern_name_is_below(q->name, zone)
		       : tern_name_is_below_or_equal(q->name, zone);
}

enum cut_kind proof_cut_kind(struct job *job, const uint8_t *zone, const uint8_t *name,
			     const struct tern_rrset *all, unsigned all_n)
{
	const struct tern_rrset *sets[PROOF_SETS_MAX];
	struct denial d = {.zone = zone,
			   .sets = sets,
			   .blocks_left = budget_account(&job->budget, BUDGET_HASH)};

	for (unsigned i = 0; i < all_n && d.n < PROOF_SETS_MAX; i++) {
		sets[d.n] = &all[i];
		d.n += denies(&all[i], zone);
	}
	add_memo(job, &d);
	enum cut_kind kind = denial_of_ds(&d, name);

	if (kind == CUT_EXHAUSTED)
		budget_overdraw(&job->budget, BUDGET_HASH);
	return kind;
}

bool proof_signer(const struct tern_rrset *sets, unsigned sets_n, uint8_t out[TERN_NAME_MAX])
{
	for (unsigned i = 0; i < sets_n; i++) {
		if (is_denial_type(sets[i].type) && verify_signer(&sets[i], out))
			return true;
	}
	return false;
}

bool proof_signer_of_hit(const struct cache_hit *hit, uint8_t out[TERN_NAME_MAX])
{
	const uint8_t *at = hit->proof;
	struct tern_rrset set;

	while (cache_proof_next(&at, hit->proof + hit->proof_len, hit->ttl_s, &set)) {
		if (proof_signer(&set, 1, out))
			return true;
	}
	return false;
}

struct denial proof_gather(struct job *job, const struct kept_list *list, uint16_t links,
			   const uint8_t *zone, const struct tern_rrset *sets[PROOF_SETS_MAX])
{
	struct denial d = {.zone = zone,
			   .sets = sets,
			   .blocks_left = budget_account(&job->budget, BUDGET_HASH)};

	for (const struct kept *k = list->first; k && d.n < PROOF_SETS_MAX; k = k->next) {
		if (k->security == CACHE_SECURE && (k->links & links) && denies(&k->set, zone))
			sets[d.n++] = &k->set;
	}
	add_memo(job, &d);
	return d;
}

/* --- what is needed, before it is verified ---------------------------------- */

/* The records that may become a proof of one zone. */
struct candidates {
	const struct tern_rrset *sets[PROOF_SETS_MAX];
	struct kept *of[PROOF_SETS_MAX];
	uint32_t used;
	struct denial d;
};

static bool may_hold(const struct kept *k)
{
	return is_denial_type(k->set.type) && (!k->proven || k->security == CACHE_SECURE);
}

static void gather_candidates(struct job *job, const struct kept_list *list, uint16_t links,
			      const uint8_t *zone, struct candidates *c)
{
	*c = (struct candidates){
		.d = {.zone = zone,
		      .sets = c->sets,
		      .blocks_left = budget_account(&job->budget, BUDGET_HASH),
		      .used = &c->used},
	};
	for (struct kept *k = list->first; k && c->d.n < PROOF_SETS_MAX; k = k->next) {
		if (!may_hold(k) || !(k->links & links) || !denies(&k->set, zone))
			continue;
		c->of[c->d.n] = k;
		c->sets[c->d.n++] = &k->set;
	}
	add_memo(job, &c->d);
}

static void keep_used(const struct candidates *c)
{
	for (unsigned i = 0; i < c->d.n; i++)
		c->of[i]->needed |= (c->used >> i & 1) != 0;
}

/* The closest zone that signed a denial and may deny this question. */
static bool denying_zone(const struct frame *f, uint8_t zone[TERN_NAME_MAX])
{
	uint8_t signer[TERN_NAME_MAX];
	bool found = false;

	for (const struct kept *k = f->found.authority.first; k; k = k->next) {
		if (!may_hold(k) || !(k->links & LINK_BIT(f->found.links)) ||
		    !verify_signer(&k->set, signer) || !proof_may_deny(signer, &f->question))
			continue;
		if (!found || tern_name_labels(signer) > tern_name_labels(zone))
			tern_name_copy(zone, signer);
		found = true;
	}
	return found;
}

static bool choose_of_question(struct job *job, struct frame *f)
{
	uint8_t zone[TERN_NAME_MAX];
	struct candidates c;
	const struct question *q = &f->question;
	enum proof proof = PROOF_NONE;

	if (!denying_zone(f, zone))
		return true;
	gather_candidates(job, &f->found.authority, LINK_BIT(f->found.links), zone, &c);
	if (f->pending == OUTCOME_NXDOMAIN)
		proof = denial_of_name(&c.d, q->name);
	if (proof == PROOF_NONE)
		proof = denial_of_type(&c.d, q->name, q->type);
	if (q->type == TERN_TYPE_DS)
		(void)denial_of_ds(&c.d, q->name);
	keep_used(&c);
	return proof != PROOF_EXHAUSTED;
}

static bool choose_of_wildcard(struct job *job, struct frame *f, const struct kept *made)
{
	uint8_t zone[TERN_NAME_MAX];
	struct candidates c;

	if (!verify_signer(&made->set, zone))
		return true;
	gather_candidates(job, &f->found.authority, made->links, zone, &c);
	enum proof proof = denial_of_closer(&c.d, made->set.owner, made->wildcard);

	keep_used(&c);
	return proof != PROOF_EXHAUSTED;
}

/* Unsigned for us, but not for everybody behind us: to pass on it costs no check. */
static void keep_of_insecure(struct frame *f, const struct kept *made)
{
	uint8_t zone[TERN_NAME_MAX];

	if (!proof_is_from_wildcard(&made->set) || !verify_signer(&made->set, zone))
		return;
	for (struct kept *k = f->found.authority.first; k; k = k->next)
		k->needed |= (k->links & made->links) && denies(&k->set, zone);
}

bool proof_choose(struct job *job, struct frame *f)
{
	bool paid = true;

	for (struct kept *k = f->found.answer.first; k && paid; k = k->next) {
		if (k->wildcard != WILDCARD_NONE && k->security == CACHE_SECURE)
			paid = choose_of_wildcard(job, f, k);
		else if (k->wildcard == WILDCARD_NONE && k->security == CACHE_INSECURE &&
			 !k->cached)
			keep_of_insecure(f, k);
	}
	if (paid && f->found.denial.security == CACHE_UNCHECKED &&
	    (f->pending == OUTCOME_NODATA || f->pending == OUTCOME_NXDOMAIN))
		paid = choose_of_question(job, f);
	for (struct kept *k = f->found.authority.first; k; k = k->next) {
		if (k->needed || k->proven || !is_denial_type(k->set.type))
			continue;
		k->security = CACHE_BOGUS;
		k->proven = true;
	}
	if (!paid)
		budget_overdraw(&job->budget, BUDGET_HASH);
	return paid;
}

bool proof_is_from_wildcard(const struct tern_rrset *set)
{
	struct tern_rdata_iter it = tern_rrset_sigs(set);
	struct tern_rdata rdata;
	struct rrsig sig;

	while (tern_rdata_next(&it, &rdata)) {
		if (rrsig_read(rdata.octets, rdata.len, &sig) &&
		    rrsig_is_wildcard(&sig, set->owner))
			return true;
	}
	return false;
}

unsigned proof_of_wildcard(const struct kept_list *list, const struct kept *made,
			   struct tern_rrset out[PROOF_SETS_MAX])
{
	uint8_t zone[TERN_NAME_MAX];
	unsigned n = 0;

	if (!proof_is_from_wildcard(&made->set) || !verify_signer(&made->set, zone))
		return 0;
	for (const struct kept *k = list->first; k && n < PROOF_SETS_MAX; k = k->next) {
		if (k->security != CACHE_BOGUS && (k->links & made->links) && denies(&k->set, zone))
			out[n++] = k->set;
	}
	return n;
}

void proof_prune(struct kept_list *list)
{
	struct kept_list left = {0};

	for (struct kept *k = list->first, *next; k; k = next) {
		next = k->next;
		if (is_denial_type(k->set.type) && k->security != CACHE_SECURE &&
		    k->security != CACHE_INSECURE)
			continue;
		kept_append(&left, k);
	}
	*list = left;
}

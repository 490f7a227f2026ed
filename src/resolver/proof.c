#include "resolver/proof.h"

#include <tern/rr.h>

#include "resolver/machine.h"
#include "resolver/verify.h"

/* A record of another zone, a child's say, is no part of this zone's proof. */
static bool denies(const struct tern_rrset *set, const uint8_t *zone)
{
	uint8_t signer[TERN_NAME_MAX];

	return (set->type == TERN_TYPE_NSEC || set->type == TERN_TYPE_NSEC3) &&
	       verify_signer(set, signer) && tern_name_equal(signer, zone);
}

enum cut_kind proof_cut_kind(struct job *job, const uint8_t *zone, const uint8_t *name,
			     const struct cache_hit *hit)
{
	struct tern_rrset all[PROOF_SETS_MAX];
	const struct tern_rrset *sets[PROOF_SETS_MAX];
	const uint8_t *at = hit->proof;
	struct denial d = {
		.zone = zone, .sets = sets, .blocks_left = &job->budget.left[BUDGET_HASH]};

	while (d.n < PROOF_SETS_MAX &&
	       cache_proof_next(&at, hit->proof + hit->proof_len, hit->ttl_s, &all[d.n])) {
		sets[d.n] = &all[d.n];
		d.n += denies(&all[d.n], zone);
	}
	return denial_of_ds(&d, name);
}

bool proof_signer(const struct cache_hit *hit, uint8_t out[TERN_NAME_MAX])
{
	const uint8_t *at = hit->proof;
	struct tern_rrset set;

	while (cache_proof_next(&at, hit->proof + hit->proof_len, hit->ttl_s, &set)) {
		if ((set.type == TERN_TYPE_NSEC || set.type == TERN_TYPE_NSEC3) &&
		    verify_signer(&set, out))
			return true;
	}
	return false;
}

struct denial proof_gather(struct job *job, const struct kept_list *list, const uint8_t *zone,
			   const struct tern_rrset *sets[PROOF_SETS_MAX])
{
	struct denial d = {
		.zone = zone, .sets = sets, .blocks_left = &job->budget.left[BUDGET_HASH]};

	for (const struct kept *k = list->first; k && d.n < PROOF_SETS_MAX; k = k->next) {
		if (k->security == CACHE_SECURE && denies(&k->set, zone))
			sets[d.n++] = &k->set;
	}
	return d;
}

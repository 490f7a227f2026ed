#include "resolver/kept.h"

#include <string.h>

#include <tern/rr.h>

void kept_append(struct kept_list *list, struct kept *k)
{
	k->next = NULL;
	if (list->last)
		list->last->next = k;
	else
		list->first = k;
	list->last = k;
	list->n++;
}

bool keep(struct job *job, struct kept_list *list, const struct tern_rrset *set, uint16_t links)
{
	struct kept *k = arena_take(&job->arena, sizeof *k);

	if (!k)
		return false;
	uint8_t *owner = arena_take(&job->arena, tern_name_len(set->owner));
	void *rdata = arena_copy(&job->arena, set->rdata, set->rdata_len);

	if (!owner || !rdata)
		return false;
	/* Owners echo the random case of our own question: that is nobody's business. */
	tern_name_lower(owner, set->owner);
	*k = (struct kept){
		.set = *set,
		.links = links,
		.security = CACHE_UNCHECKED,
		.ede = TERN_EDE_NONE,
		.wildcard = UINT8_MAX,
	};
	k->set.owner = owner;
	k->set.rdata = rdata;
	kept_append(list, k);
	return true;
}

static bool is_same_set(const struct tern_rrset *a, const struct tern_rrset *b)
{
	return a->type == b->type && a->rdata_len == b->rdata_len &&
	       memcmp(a->rdata, b->rdata, a->rdata_len) == 0 && tern_name_equal(a->owner, b->owner);
}

bool keep_proof_set(struct job *job, struct kept_list *list, const struct tern_rrset *set,
		    enum cache_security security, uint16_t links)
{
	for (struct kept *k = list->first; k; k = k->next) {
		if ((k->security == security || k->security == CACHE_SECURE) &&
		    is_same_set(&k->set, set)) {
			k->links |= links;
			return true;
		}
	}
	if (!keep(job, list, set, links))
		return false;
	list->last->security = security;
	list->last->proven = security != CACHE_UNCHECKED;
	return true;
}

struct kept *kept_find(const struct kept_list *list, const uint8_t *owner, uint16_t type)
{
	for (struct kept *k = list->first; k; k = k->next) {
		if (k->set.type == type && tern_name_equal(k->set.owner, owner))
			return k;
	}
	return NULL;
}

bool kept_has_own(const struct kept_list *list)
{
	for (const struct kept *k = list->first; k; k = k->next) {
		if (k->own)
			return true;
	}
	return false;
}

void kept_question_of_link(const struct found *found, unsigned link, uint8_t *name)
{
	for (const struct kept *k = found->answer.first; k && link > 0; k = k->next) {
		struct tern_rdata_iter it = tern_rrset_rdatas(&k->set);
		struct tern_rdata target;

		if (k->set.type != TERN_TYPE_CNAME || !tern_rdata_next(&it, &target))
			continue;
		tern_name_lower(name, target.octets);
		link--;
	}
}

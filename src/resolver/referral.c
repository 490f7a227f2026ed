#include "resolver/referral.h"

#include <tern/name.h>
#include <tern/rr.h>

#include "resolver/machine.h"
#include "resolver/reply.h"

static void take_names(const struct tern_message *m, enum tern_section section,
		       struct zone_cut *cut)
{
	uint8_t name[TERN_NAME_MAX];

	for (unsigned i = 0; i < m->section_n[section] && cut->ns_n < CUT_NS_MAX; i++) {
		const struct tern_rr_ref *rr = tern_message_rr(m, section, i);

		if (rr->type != TERN_TYPE_NS || rr->rclass != TERN_CLASS_IN ||
		    !rr_is_owned_by(m, rr, cut->zone) ||
		    tern_name_parse(m->octets, m->len, rr->rdata_at, name, NULL) != TERN_OK)
			continue;
		/* "NS ." says that there is no server. */
		if (tern_name_len(name) > 1)
			zone_cut_add_ns(cut, name);
		cut->ttl_s = MIN(cut->ttl_s, rr->ttl_s);
	}
}

static struct cut_ns *find_ns(struct zone_cut *cut, const uint8_t *name)
{
	for (unsigned i = 0; i < cut->ns_n; i++) {
		if (tern_name_equal(cut->ns[i].name, name))
			return &cut->ns[i];
	}
	return NULL;
}

static void take_glue(const struct tern_message *m, struct zone_cut *cut, const uint8_t *bailiwick)
{
	uint8_t owner[TERN_NAME_MAX];

	for (unsigned i = 0; i < m->section_n[TERN_ADDITIONAL]; i++) {
		const struct tern_rr_ref *rr = tern_message_rr(m, TERN_ADDITIONAL, i);
		struct address a =
			address_from_rdata(rr->type, m->octets + rr->rdata_at, rr->rdata_len);

		if (a.family == 0 || rr->rclass != TERN_CLASS_IN || !rr_owner(m, rr, owner) ||
		    !tern_name_is_below_or_equal(owner, bailiwick))
			continue;
		struct cut_ns *ns = find_ns(cut, owner);

		if (!ns)
			continue;
		ns->has_glue = true;
		zone_cut_add_server(cut, &a, (unsigned)(ns - cut->ns));
	}
}

struct zone_cut *referral_cut(struct job *job, const struct tern_message *m,
			      enum tern_section section, const uint8_t *zone,
			      const struct zone_cut *parent)
{
	struct zone_cut *cut = zone_cut_make(&job->arena, zone, CUT_DELEGATION);
	uint8_t body[CUT_BODY_MAX];

	if (!cut)
		return NULL;
	cut->ttl_s = DELEGATION_TTL_MAX;
	if (parent->source == CUT_DELEGATION && parent->labels > 0)
		cut->ttl_s = MIN(cut->ttl_s, parent->ttl_s);
	take_names(m, section, cut);
	if (cut->ns_n == 0)
		return NULL;
	take_glue(m, cut, parent->zone);
	struct cache_delegation d = {
		.zone = cut->zone,
		.body = body,
		.body_len = (uint32_t)zone_cut_pack(cut, body),
		/* A zone that grants nothing at all still has to be asked now. */
		.ttl_s = MAX(cut->ttl_s, 1u),
		.brief = job->brief,
	};

	if (may_store(job))
		cache_put_delegation(job->resolver->cache, &d, job->now->boot_s);
	return cut;
}

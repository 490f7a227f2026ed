#include "resolver/alias.h"

#include <string.h>

#include <tern/rr.h>

#include "base/bytes.h"
#include "resolver/failure.h"
#include "resolver/kept.h"
#include "resolver/machine.h"

bool follow_alias(struct job *job, struct frame *f, const uint8_t *target)
{
	char text[TERN_NAME_TEXT_MAX];

	if (!budget_spend(&job->budget, BUDGET_ALIAS, 1))
		return false;
	for (const struct kept *k = f->found.answer.first; k; k = k->next) {
		if (k->set.type == TERN_TYPE_CNAME && tern_name_equal(k->set.owner, target)) {
			job_note(job, TERN_EDE_OTHER, "alias loop at %s",
				 tern_name_to_text(target, text));
			if (kept_has_own(&f->found.answer))
				failure_blame(job, FAULT_OURS);
			return false;
		}
	}
	tern_name_lower(f->question.name, target);
	f->name = (struct name_search){0};
	f->at = (struct cut_search){0};
	f->try = (struct server_try){0};
	f->failed_link = ++f->found.links;
	if (job->depth == 1)
		job->link_sends = 0;
	return true;
}

enum believed synthesize_cname(struct job *job, struct frame *f, struct kept *from)
{
	const struct tern_rrset *dname = &from->set;
	struct tern_rdata_iter it = tern_rrset_rdatas(dname);
	uint8_t target[TERN_NAME_MAX];
	uint8_t rdata[TERN_NAME_MAX + 2];
	struct tern_rdata first;

	if (!tern_rdata_next(&it, &first))
		return BELIEVED_NOTHING;
	if (tern_name_replace_suffix(f->question.name, dname->owner, first.octets, target) !=
	    TERN_OK)
		return BELIEVED_TOO_LONG;
	size_t len = tern_name_copy(rdata + 2, target);

	put_u16(rdata, (uint16_t)len);
	struct tern_rrset cname = {
		.owner = f->question.name,
		.rdata = rdata,
		.rdata_len = (uint32_t)len + 2,
		.ttl_s = dname->ttl_s,
		.type = TERN_TYPE_CNAME,
		.rclass = TERN_CLASS_IN,
		.rr_n = 1,
	};

	from->links |= LINK_BIT(f->found.links);
	if (!keep(job, &f->found.answer, &cname, LINK_BIT(f->found.links)))
		return BELIEVED_TOO_MUCH;
	f->found.answer.last->dname = from;
	if (f->question.type == TERN_TYPE_CNAME || f->question.type == TERN_TYPE_ANY)
		return BELIEVED_ANSWER;
	return follow_alias(job, f, target) ? BELIEVED_ALIAS : BELIEVED_TOO_MUCH;
}

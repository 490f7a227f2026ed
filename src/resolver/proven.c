#include "resolver/proven.h"

#include "resolver/machine.h"

void proven_add(struct job *job, const struct frame *f, enum outcome outcome)
{
	struct proven *p = arena_take(&job->arena, sizeof *p);

	if (!p)
		return; /* the asker may still find it in the cache */
	*p = (struct proven){
		.next = job->proven,
		.question = f->question,
		.outcome = outcome,
		.set = f->found.answer.first,
		.authority = f->found.authority,
		.security = outcome == OUTCOME_ANSWER ? f->found.answer.first->security
						      : f->found.denial.security,
		.ede = outcome == OUTCOME_ANSWER ? f->found.answer.first->ede : f->found.denial.ede,
	};
	job->proven = p;
}

const struct proven *proven_find(const struct job *job, const uint8_t *name, uint16_t type)
{
	for (const struct proven *p = job->proven; p; p = p->next) {
		if (p->question.type == type && tern_name_equal(p->question.name, name))
			return p;
	}
	return NULL;
}

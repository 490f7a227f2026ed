#include "resolver/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "resolver/dns64.h"
#include "resolver/kept.h"
#include "resolver/machine.h"

#define FAILURE_STALE_S     30 /* RFC 8767 5: then somebody asks again */
#define FAILURE_LINK_DOWN_S 1  /* RFC 9520 3.2: at least one second */

void job_note(struct job *job, uint16_t ede, const char *format, ...)
{
	va_list args;

	job->why_ede = ede;
	va_start(args, format);
	vsnprintf(job->why, sizeof job->why, format, args);
	va_end(args);
	if (job->trace)
		job_tell(job, "! %s", job->why);
}

void failure_blame(struct job *job, enum fault fault)
{
	job->fault = MAX(job->fault, fault);
}

enum fault failure_fault(const struct job *job)
{
	if (job->budget.exhausted || job->arena.refused)
		return MAX(job->fault, FAULT_LIMIT);
	return job->fault;
}

/* Half of an account is more than an honest question of this kind takes. */
static bool spent_by_itself(const struct job *job, const struct frame *f)
{
	const struct budget *b = &job->budget;

	return budget_spent_since(b, &f->before, BUDGET_WRONG) >= BUDGET_WRONG_MAX / 2 ||
	       budget_spent_since(b, &f->before, BUDGET_VERIFY) >= BUDGET_VERIFY_MAX / 2 ||
	       budget_spent_since(b, &f->before, BUDGET_HASH) >= BUDGET_HASH_MAX / 2;
}

static void put(struct job *job, const uint8_t *name, uint32_t what, struct cache_failure *failure)
{
	/* Briefly while our own link is down. */
	uint32_t max_s = link_is_down(job->resolver, job->now->mono_ns / NS_PER_MS)
				 ? FAILURE_LINK_DOWN_S
				 : CACHE_FAILURE_MAX_S;

	if (!may_store(job))
		return;
	failure->text_len = strlen(failure->text);
	failure->ttl_s = MIN(failure->ttl_s, max_s);
	cache_put_failure(job->resolver->cache, name, what, failure, job->now->boot_s);
}

void failure_remember_link(struct job *job, const struct frame *f)
{
	struct cache_failure failure = {
		.ede = job->why_ede,
		.unproven = true,
		.costly = spent_by_itself(job, f),
		.text = job->why,
		.ttl_s = CACHE_FAILURE_MAX_S,
	};

	if (failure_fault(job) == FAULT_SERVERS || failure.costly)
		put(job, f->question.name, CACHE_FAILURE_LINK(f->question.type), &failure);
}

void failure_remember_cut(struct job *job, const uint8_t *zone)
{
	struct cache_failure failure = {
		.ede = job->why_ede, .text = job->why, .ttl_s = CACHE_FAILURE_MAX_S};

	if (failure_fault(job) == FAULT_SERVERS)
		put(job, zone, CACHE_FAILURE_CUT, &failure);
}

void failure_remember_answer(struct job *job, const struct frame *top, bool stale)
{
	enum fault fault = failure_fault(job);
	struct cache_failure failure = {
		.ede = job->result.ede,
		.unproven = job->result.bogus,
		.costly = spent_by_itself(job, top),
		.text = job->result.text,
		.ttl_s = stale ? FAILURE_STALE_S : CACHE_FAILURE_MAX_S,
	};
	struct question q = dns64_question(job);

	/* Two questions used the limit up: none of them did by itself. */
	if (job->dns64 && fault == FAULT_LIMIT)
		return;
	if (job->known_failure || fault == FAULT_OURS)
		return;
	if (fault != FAULT_SERVERS && kept_has_own(&top->found.answer))
		return;
	if (fault == FAULT_SERVERS)
		kept_question_of_link(&top->found, top->failed_link, q.name);
	put(job, q.name, q.type, &failure);
}

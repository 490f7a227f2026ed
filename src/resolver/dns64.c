#include "resolver/dns64.h"

#include <stdio.h>
#include <string.h>

#include <tern/rr.h>

#include "base/bytes.h"
#include "resolver/failure.h"
#include "resolver/kept.h"
#include "resolver/machine.h"

#define AAAA_LEN 16 /* octets */

bool dns64_is_wanted(const struct job *job)
{
	return job->question.type == TERN_TYPE_AAAA &&
	       job->rules->changes.dns64.prefix.base.family != 0 &&
	       !(job->flags & (JOB_AS_IT_IS | JOB_UNFILTERED));
}

bool dns64_may_ask_more(const struct job *job, const struct frame *f)
{
	return f->purpose == FRAME_CLIENT && f->question.type == TERN_TYPE_AAAA && !job->dns64 &&
	       dns64_is_wanted(job);
}

struct question dns64_question(const struct job *job)
{
	struct question q = job->question;

	if (job->dns64)
		q.type = TERN_TYPE_A;
	return q;
}

/* --- is a second question to be asked? ------------------------------------------------------- */

static bool has_one_that_counts(const struct job *job, const struct tern_rrset *set)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(set);
	struct tern_rdata record;

	while (tern_rdata_next(&it, &record)) {
		if (record.len == AAAA_LEN && !changes_exclude(&job->rules->changes, record.octets))
			return true;
	}
	return false;
}

bool dns64_is_empty(const struct job *job, const struct kept_list *answer)
{
	const struct kept *k = answer->last;

	if (!k || k->set.type != TERN_TYPE_AAAA)
		return true;
	return k->origin == KEPT_PUBLIC && (changes_filter(&job->rules->changes, TERN_TYPE_AAAA) ||
					    !has_one_that_counts(job, &k->set));
}

/* RFC 6147 5.1.2, 5.1.3: as if the answer were empty. But nothing makes up for what is bogus, and
 * what is expired is better than what is made. */
static bool makes_up_for_failure(struct job *job)
{
	return !job->result.bogus && !job->budget.exhausted && !job->arena.refused &&
	       !stale_is_better(job);
}

static bool is_to_be_asked(struct job *job, const struct frame *f, enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_NODATA: return true;
	case OUTCOME_ANSWER:
		return !f->found.refused && !f->found.yxdomain && f->found.answer.last &&
		       f->found.answer.last->set.type == TERN_TYPE_AAAA &&
		       dns64_is_empty(job, &f->found.answer);
	case OUTCOME_FAILED: return makes_up_for_failure(job);
	case OUTCOME_NONE:
	case OUTCOME_NXDOMAIN:
	case OUTCOME_UNKNOWN: break;
	}
	return false;
}

/* --- asking it -------------------------------------------------------------------------------- */

/* What stands for the aliases up to here, not for what they led to. */
static bool copy_aliases(struct job *job, const struct kept_list *from, uint16_t links,
			 struct kept_list *to)
{
	*to = (struct kept_list){0};
	for (const struct kept *k = from->first; k; k = k->next) {
		struct kept *copy;

		if (!(k->links & links) || k->set.type == TERN_TYPE_AAAA)
			continue;
		copy = arena_take(&job->arena, sizeof *copy);
		if (!copy)
			return false;
		*copy = *k;
		/* It is proven and stored, as far as it was to be. */
		copy->links &= links;
		copy->cached |= copy->proven;
		kept_append(to, copy);
	}
	return true;
}

static bool begin_found(struct job *job, const struct found *before, struct found *fresh)
{
	uint16_t links = (uint16_t)(LINK_BIT(before->links) - 1);

	*fresh = (struct found){.denial.ede = TERN_EDE_NONE, .links = before->links};
	return copy_aliases(job, &before->answer, links, &fresh->answer) &&
	       copy_aliases(job, &before->authority, links, &fresh->authority);
}

/* The next one needs not wait for it. */
static void remember_failure(struct job *job, const struct frame *f)
{
	struct result *r = &job->result;

	r->ede = job->why_ede == TERN_EDE_NONE ? TERN_EDE_OTHER : job->why_ede;
	snprintf(r->text, sizeof r->text, "%s", job->why);
	failure_remember_answer(job, f, false);
	r->ede = TERN_EDE_NONE;
	r->text[0] = '\0';
}

static void restart(struct job *job, struct frame *f, const struct found *fresh)
{
	f->found = *fresh;
	f->question.type = TERN_TYPE_A;
	f->name = (struct name_search){0};
	f->at = (struct cut_search){0};
	f->try = (struct server_try){0};
	f->child = f->pending = OUTCOME_NONE;
	f->failed_link = fresh->links;
	f->restarts = f->sends = 0;
	f->before = job->budget;
	f->stage = STAGE_LOOKUP;
	job->why_ede = TERN_EDE_NONE;
	job->why[0] = '\0';
	job->fault = FAULT_SERVERS;
	job->known_failure = job->chain_broken = false;
	job->link_sends = 0;
	job->result.security = CACHE_UNCHECKED;
	advance(job, f);
}

bool dns64_ask_more(struct job *job, struct frame *f, enum outcome outcome)
{
	struct dns64 *d;
	struct found fresh;

	if (!dns64_may_ask_more(job, f) || !is_to_be_asked(job, f, outcome))
		return false;
	d = arena_take(&job->arena, sizeof *d);
	if (!d || !begin_found(job, &f->found, &fresh))
		return false;
	*d = (struct dns64){
		.found = f->found,
		.outcome = outcome,
		.security = job->result.security,
		.ede = job->result.ede,
		.ttl_s = outcome == OUTCOME_NODATA ? f->found.denial.ttl_s : DNS64_TTL_S,
	};
	job_tell(job, "no AAAA: an address for NAT64 is made of A");
	if (outcome == OUTCOME_FAILED)
		remember_failure(job, f);
	restart(job, f, &fresh);
	job->dns64 = d;
	return true;
}

/* --- making the answer -------------------------------------------------------------------------
 */

/* The records of AAAA made of those of @set, into @to; how many. */
static uint16_t translate(const struct prefix *prefix, const struct tern_rrset *set, uint8_t *to)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(set);
	struct tern_rdata record;
	uint16_t n = 0;

	while (tern_rdata_next(&it, &record)) {
		if (record.len != 4 || !nat64_may_embed(prefix, record.octets))
			continue;
		put_u16(to, AAAA_LEN);
		nat64_embed(prefix, record.octets, to + 2);
		to += 2 + AAAA_LEN;
		n++;
	}
	return n;
}

bool dns64_synthesize(struct job *job, struct kept_list *answer, uint32_t ttl_s)
{
	struct kept *k = answer->last;
	uint8_t *rdata;
	uint16_t n;

	if (!k || k->set.type != TERN_TYPE_A || k->set.rr_n == 0 ||
	    (k->origin == KEPT_PUBLIC && changes_filter(&job->rules->changes, TERN_TYPE_A)))
		return false;
	rdata = arena_take(&job->arena, k->set.rr_n * (2u + AAAA_LEN));
	n = rdata ? translate(&job->rules->changes.dns64.prefix, &k->set, rdata) : 0;
	if (n == 0)
		return false;
	k->set.rdata = rdata;
	k->set.rdata_len = n * (2u + AAAA_LEN);
	k->set.rr_n = n;
	k->set.sig_n = 0;
	k->set.type = TERN_TYPE_AAAA;
	k->set.ttl_s = MIN(k->set.ttl_s, ttl_s);
	if (k->origin == KEPT_PUBLIC)
		k->origin = KEPT_SYNTHESIZED;
	return true;
}

/* The second question brought nothing better than the first. */
static enum outcome go_back(struct job *job)
{
	const struct dns64 *d = job->dns64;
	struct frame *top = &job->frames[0];

	top->found = d->found;
	top->question.type = TERN_TYPE_AAAA;
	job->dns64 = NULL;
	job->result.security = d->security;
	job->result.ede = d->ede;
	return d->outcome;
}

static enum outcome take_synthesized(struct job *job)
{
	const struct dns64 *d = job->dns64;
	struct found *found = &job->frames[0].found;
	struct result *r = &job->result;
	struct kept_list authority;

	if (!dns64_synthesize(job, &found->answer, d->ttl_s))
		return go_back(job);
	/* What proves something of the A is no proof of what was made of it. */
	if (copy_aliases(job, &found->authority, (uint16_t)(LINK_BIT(found->links) - 1),
			 &authority))
		found->authority = authority;
	/* It is no sign of age: nothing is to be renewed for it. */
	if (d->ttl_s < r->ttl_s)
		r->ttl_s = r->life_s = d->ttl_s;
	if (d->security != CACHE_SECURE && r->security == CACHE_SECURE)
		r->security = CACHE_INSECURE;
	return OUTCOME_ANSWER;
}

enum outcome dns64_conclude(struct job *job, enum outcome outcome)
{
	if (!job->dns64)
		return outcome;
	switch (outcome) {
	case OUTCOME_ANSWER: return job->frames[0].found.refused ? outcome : take_synthesized(job);
	case OUTCOME_UNKNOWN:
		/* Somebody who may ask would hear more. */
		job->result.uncacheable = true;
		return go_back(job);
	case OUTCOME_NODATA:
		/* The denial of AAAA is what was asked for. */
		return job->dns64->outcome == OUTCOME_FAILED ? outcome : go_back(job);
	case OUTCOME_NONE:
	case OUTCOME_NXDOMAIN:
	case OUTCOME_FAILED: break;
	}
	return outcome;
}

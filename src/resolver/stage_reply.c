/*
 * stage_reply.c - the last stage: what the client is told.
 *
 * Every answer that is not copied rendered leaves through here: fresh, stale,
 * failed, or nothing but what the cache had.
 */
#include <stdio.h>
#include <string.h>

#include "resolver/additional.h"
#include "resolver/aggressive.h"
#include "resolver/believe.h"
#include "resolver/dns64.h"
#include "resolver/failure.h"
#include "resolver/kept.h"
#include "resolver/machine.h"
#include "resolver/outgoing.h"
#include "resolver/policy_reply.h"
#include "resolver/sentinel.h"

static void reply_failed(struct job *job, const struct frame *top)
{
	const char *exhausted = budget_exhausted_text(&job->budget);
	struct result *r = &job->result;
	struct result stale;

	r->rcode = TERN_RCODE_SERVFAIL;
	r->ede = job->why_ede == TERN_EDE_NONE ? TERN_EDE_OTHER : job->why_ede;
	snprintf(r->text, sizeof r->text, "%s", exhausted ? exhausted : job->why);
	bool has_stale = job_stale_result(job, job->now, &stale);

	failure_remember_answer(job, top, has_stale);
	if (has_stale)
		*r = stale;
}

/* RD=0, RFC 8914 4.21. */
static void reply_unknown(struct job *job)
{
	struct result *r = &job->result;

	if (job_stale_result(job, job->now, r))
		return;
	r->rcode = TERN_RCODE_REFUSED;
	r->ede = TERN_EDE_NOT_AUTHORITATIVE;
	r->uncacheable = true;
	snprintf(r->text, sizeof r->text, "not in the cache, and recursion was not asked for");
}

/* What is proven not to exist doesn't, whether its servers are up or not. */
static enum outcome deny_without_servers(struct job *job, struct frame *top)
{
	struct result *r = &job->result;

	if (r->bogus || !needs_proof(job, top))
		return OUTCOME_FAILED;
	for (const struct kept *k = top->found.answer.first; k; k = k->next) {
		if ((k->dname ? k->dname : k)->security != CACHE_SECURE)
			return OUTCOME_FAILED;
	}
	enum outcome denied = aggressive_proof(job, top);

	if (denied == OUTCOME_NONE)
		return OUTCOME_FAILED;
	r->security = CACHE_SECURE;
	r->uncacheable = true; /* as soon as they are back they are asked */
	return denied;
}

/* Signed rightly, but nobody knows when. */
static void call_undated(struct result *r)
{
	r->security = CACHE_INSECURE;
	r->ede = TERN_EDE_OTHER;
	snprintf(r->text, sizeof r->text, "the clock is not set: signatures are not dated");
}

/* RFC 7646: an answer that is not validated because somebody said so tells it. */
static void tell_exception(const struct job *job, struct result *r)
{
	const struct trust_anchors *anchors = job->rules->anchors;

	if (r->security != CACHE_INSECURE || r->ede != TERN_EDE_NONE || anchors->negative_n == 0)
		return;
	if (!trust_anchors_is_negative(anchors, job->question.name) &&
	    !trust_anchors_is_negative(anchors, job->frames[0].question.name))
		return;
	r->ede = TERN_EDE_NTA;
}

void stage_reply(struct job *job, enum outcome outcome)
{
	struct frame *top = &job->frames[0];
	struct result *r = &job->result;

	job->finished = true;
	refetch_end(job);
	if (outcome == OUTCOME_FAILED)
		outcome = deny_without_servers(job, top);
	outcome = dns64_conclude(job, outcome);
	if (outcome == OUTCOME_FAILED || outcome == OUTCOME_UNKNOWN) {
		outcome == OUTCOME_FAILED ? reply_failed(job, top) : reply_unknown(job);
		return;
	}
	if (r->security == CACHE_SECURE && wall_time_is_unset(job->rules->wall, job->now->wall_s))
		call_undated(r);
	tell_exception(job, r);
	/* What is kept rendered has no OPT to tell it in. */
	if (r->ede != TERN_EDE_NONE)
		r->uncacheable = true;
	if (r->security == CACHE_SECURE &&
	    sentinel_withholds(job->rules->anchors, &job->question)) {
		r->rcode = TERN_RCODE_SERVFAIL;
		r->security = CACHE_UNCHECKED;
		r->uncacheable = true;
		snprintf(r->text, sizeof r->text, "root key sentinel");
		return;
	}
	if (top->found.refused) {
		r->rcode = TERN_RCODE_REFUSED;
		r->dropped = top->found.dropped;
		r->uncacheable = true;
		return;
	}
	r->answer = top->found.answer;
	r->authority = top->found.authority;
	r->rcode = outcome == OUTCOME_NXDOMAIN ? TERN_RCODE_NXDOMAIN : TERN_RCODE_NOERROR;
	/* Also when it was proven for somebody else, and this client (CD=1) proves it himself. */
	r->compact = outcome == OUTCOME_NXDOMAIN &&
		     kept_find(&top->found.authority, top->question.name, TERN_TYPE_NSEC);
	if (top->found.yxdomain)
		r->rcode = TERN_RCODE_YXDOMAIN;
	policy_reply(job, r);
	outgoing_pass(job, r);
	/* What is to be told of the answer itself wants the room. */
	if (outcome == OUTCOME_ANSWER && r->ede == TERN_EDE_NONE)
		additional_from_cache(job);
}

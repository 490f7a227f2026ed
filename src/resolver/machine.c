#include "resolver/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "resolver/aggressive.h"
#include "resolver/believe.h"
#include "resolver/sentinel.h"

#define TO(stage) (1u << (stage))

/* Asserted in debug builds. */
MAYBE_UNUSED static const uint8_t may_follow[STAGE_COUNT] = {
	[STAGE_LOOKUP] = TO(STAGE_LOOKUP) | TO(STAGE_PICK) | TO(STAGE_PROVE),
	[STAGE_PICK] = TO(STAGE_PICK) | TO(STAGE_SEND) | TO(STAGE_LOOKUP) | TO(STAGE_READ),
	[STAGE_SEND] = TO(STAGE_READ) | TO(STAGE_PICK),
	[STAGE_READ] = TO(STAGE_LOOKUP) | TO(STAGE_PICK) | TO(STAGE_SEND) | TO(STAGE_READ) |
		       TO(STAGE_PROVE),
	[STAGE_PROVE] = TO(STAGE_PROVE) | TO(STAGE_LOOKUP),
};

static struct turn take_turn(struct job *job, struct frame *f)
{
	switch (f->stage) {
	case STAGE_LOOKUP: return stage_lookup(job, f);
	case STAGE_PICK: return stage_pick(job, f);
	case STAGE_SEND: return stage_send(job, f);
	case STAGE_READ: return stage_read(job, f);
	case STAGE_PROVE: return stage_prove(job, f);
	case STAGE_COUNT: break;
	}
	return give(OUTCOME_FAILED);
}

static void frame_init(struct job *job, struct frame *f, const uint8_t *name, uint16_t type,
		       enum frame_purpose purpose)
{
	memset(f, 0, sizeof *f);
	advance(job, f);
	tern_name_lower(f->question.name, name);
	f->question.type = type;
	f->purpose = purpose;
	f->stage = STAGE_LOOKUP;
	f->found.denial.ede = TERN_EDE_NONE;
}

/* A question that waits further down the stack would wait for itself. */
static bool is_cyclic(const struct job *job, const struct turn *t)
{
	for (unsigned i = 0; i < job->depth; i++) {
		const struct question *q = &job->frames[i].question;

		if (q->type == t->sub_type && tern_name_equal(q->name, t->sub_name))
			return true;
	}
	return false;
}

static bool job_call(struct job *job, const struct turn *t)
{
	if (job->depth == JOB_DEPTH_MAX) {
		job_note(job, TERN_EDE_NO_REACHABLE_AUTHORITY, "server names nested too deep");
		return false;
	}
	if (is_cyclic(job, t)) {
		char text[TERN_NAME_TEXT_MAX];

		job_note(job, TERN_EDE_NO_REACHABLE_AUTHORITY, "cyclic dependency at %s",
			 tern_name_to_text(t->sub_name, text));
		return false;
	}
	if (!budget_spend(&job->budget, BUDGET_SUBQUERY, 1))
		return false;
	frame_init(job, &job->frames[job->depth++], t->sub_name, t->sub_type, t->purpose);
	return true;
}

#define FAILURE_STALE_S 30 /* RFC 8767 5: then somebody asks again */

/* Briefly while our own link is down. */
static uint32_t failure_max_s(const struct job *job)
{
	return link_is_down(job->resolver, job->now->mono_ns / NS_PER_MS) ? FAILURE_LINK_DOWN_S
									  : CACHE_FAILURE_MAX_S;
}

static void put_failure(struct job *job, const uint8_t *name, uint16_t type,
			struct cache_failure *failure)
{
	failure->text_len = strlen(failure->text);
	failure->ttl_s = MIN(failure->ttl_s, failure_max_s(job));
	cache_put_failure(job->resolver->cache, name, type, failure, job->now->boot_s);
}

void remember_failure(struct job *job, const uint8_t *name, uint16_t type, bool unproven)
{
	struct cache_failure failure = {
		.ede = job->why_ede,
		.unproven = unproven,
		.text = job->why,
		.ttl_s = CACHE_FAILURE_MAX_S,
	};

	put_failure(job, name, type, &failure);
}

static void finish_failed(struct job *job, const struct frame *top)
{
	const char *exhausted = budget_exhausted_text(&job->budget);
	struct result *r = &job->result;
	struct cache_failure failure = {
		.ede = job->why_ede == TERN_EDE_NONE ? TERN_EDE_OTHER : job->why_ede,
		.unproven = r->bogus,
		.text = exhausted ? exhausted : job->why,
		.ttl_s = CACHE_FAILURE_MAX_S,
	};
	/* A spent budget is the whole question's failure, anything else that of the last alias. */
	const struct question *q = exhausted ? &job->question : &top->question;

	if (job_stale_result(job, job->now, r)) {
		failure.ttl_s = FAILURE_STALE_S;
	} else {
		r->rcode = TERN_RCODE_SERVFAIL;
		r->ede = failure.ede;
		snprintf(r->text, sizeof r->text, "%s", failure.text);
	}
	if (!job->known_failure)
		put_failure(job, q->name, q->type, &failure);
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
	const struct trust_anchors *anchors = job->resolver->anchors;

	if (r->security != CACHE_INSECURE || r->ede != TERN_EDE_NONE || anchors->negative_n == 0)
		return;
	if (!trust_anchors_is_negative(anchors, job->question.name) &&
	    !trust_anchors_is_negative(anchors, job->frames[0].question.name))
		return;
	r->ede = TERN_EDE_NTA;
}

static void finish(struct job *job, enum outcome outcome)
{
	struct frame *top = &job->frames[0];
	struct result *r = &job->result;

	job->finished = true;
	if (outcome == OUTCOME_FAILED)
		outcome = deny_without_servers(job, top);
	if (outcome == OUTCOME_FAILED) {
		finish_failed(job, top);
		return;
	}
	if (r->security == CACHE_SECURE &&
	    wall_time_is_unset(job->resolver->wall, job->now->wall_s))
		call_undated(r);
	tell_exception(job, r);
	/* What is kept rendered has no OPT to tell it in. */
	if (r->ede != TERN_EDE_NONE)
		r->uncacheable = true;
	if (r->security == CACHE_SECURE &&
	    sentinel_withholds(job->resolver->anchors, &job->question)) {
		r->rcode = TERN_RCODE_SERVFAIL;
		r->security = CACHE_UNCHECKED;
		r->uncacheable = true;
		snprintf(r->text, sizeof r->text, "root key sentinel");
		return;
	}
	r->answer = top->found.answer;
	r->authority = top->found.authority;
	r->rcode = outcome == OUTCOME_NXDOMAIN ? TERN_RCODE_NXDOMAIN : TERN_RCODE_NOERROR;
	/* Also when it was proven for somebody else, and this client (CD=1) proves it himself. */
	r->compact = outcome == OUTCOME_NXDOMAIN &&
		     kept_find(&top->found.authority, top->question.name, TERN_TYPE_NSEC);
	if (r->yxdomain)
		r->rcode = TERN_RCODE_YXDOMAIN;
}

static void job_return(struct job *job, enum outcome outcome)
{
	struct frame *f = &job->frames[--job->depth];

	if (job->depth == 0) {
		finish(job, outcome);
		return;
	}
	job->returned = f->found.answer;
	job->frames[job->depth - 1].child = outcome;
}

/* No frame goes on. What is told from here on is news, also of a job that gave way. */
static void stop(struct job *job)
{
	job->depth = 0;
	job->wrong.again = false;
}

/** Run until the job parks or finishes. Returns true when finished. */
static bool job_run(struct job *job)
{
	job->yielded = false;
	while (job->depth > 0 && job->turns_left > 0) {
		job->turns_left--;
		struct frame *f = &job->frames[job->depth - 1];
		struct turn t = take_turn(job, f);

		if (t.move == MOVE_RETURN) {
			job_return(job, t.outcome);
			continue;
		}
		check_debug(may_follow[f->stage] & TO(t.next));
		f->stage = t.next;

		if (t.move == MOVE_PARK)
			return false;
		if (t.move == MOVE_YIELD) {
			job->yielded = true;
			return false;
		}
		if (t.move == MOVE_CALL && !job_call(job, &t))
			f->child = OUTCOME_FAILED; /* the frame decides */
	}
	if (!job->finished) {
		stop(job);
		job_note(job, TERN_EDE_OTHER, "out of turns");
		finish(job, OUTCOME_FAILED);
	}
	return true;
}

bool job_start(struct job *job, struct resolver *resolver, const struct question *question,
	       unsigned flags, const struct moment *now)
{
	return job_start_traced(job, resolver, question, flags, NULL, now);
}

bool job_start_traced(struct job *job, struct resolver *resolver, const struct question *question,
		      unsigned flags, struct job_trace *trace, const struct moment *now)
{
	job->resolver = resolver;
	job->now = now;
	job->trace = trace;
	job->reply = NULL;
	job->returned = (struct kept_list){0};
	job->turns_left = JOB_TURNS_MAX;
	job->why_ede = TERN_EDE_NONE;
	job->why[0] = '\0';
	job->flags = (uint8_t)flags;
	job->finished = false;
	job->depth = 1;
	memset(&job->result, 0, offsetof(struct result, text) + 1);
	job->result.ede = TERN_EDE_NONE;
	job->result.cached = true;
	job->result.ttl_s = UINT32_MAX;
	job->avoid_n = 0;
	job->memo = NULL;
	job->wrong = (struct wrong_checks){0};
	job->known_failure = false;
	job->progress = 0;
	job->deadline_ms = now->mono_ns / NS_PER_MS + JOB_DEADLINE_MS;
	budget_init(&job->budget);
	arena_init(&job->arena, JOB_MEMORY_MAX);
	frame_init(job, &job->frames[0], question->name, question->type, FRAME_CLIENT);
	job->question = job->frames[0].question;
	return job_run(job);
}

bool job_resume(struct job *job, const struct upstream_reply *reply, const struct moment *now)
{
	job->reply = reply;
	job->now = now;
	bool finished = job_run(job);

	job->reply = NULL;
	return finished;
}

bool job_awaits(const struct job *job, const struct upstream_query *query)
{
	const struct upstream_origin *o = &query->origin;

	return !job->finished && o->depth <= job->depth &&
	       job->frames[o->depth - 1].progress == o->progress;
}

bool job_resume_late(struct job *job, const struct upstream_query *query,
		     const struct upstream_reply *reply, const struct moment *now)
{
	const struct upstream_origin *o = &query->origin;
	struct frame *f = &job->frames[o->depth - 1];

	/* What was begun since then in want of this answer is dropped. */
	job->depth = o->depth;
	job->returned = (struct kept_list){0};
	job->outbox = *query;
	f->stage = STAGE_READ;
	f->child = OUTCOME_NONE;
	f->try = (struct server_try){.server = o->server, .sent_labels = o->labels};
	f->at.listened = false;
	if (f->at.silent_n > 0)
		f->at.silent_n--;
	return job_resume(job, reply, now);
}

void job_expire(struct job *job, const struct moment *now)
{
	const struct frame *f = job->depth > 0 ? &job->frames[job->depth - 1] : NULL;

	job->now = now;
	stop(job);
	if (job->why_ede == TERN_EDE_NONE)
		job_note(job, TERN_EDE_NO_REACHABLE_AUTHORITY, "no answer in time");
	if (f && f->at.silent_n > 0)
		remember_dead_cut(job, f);
	finish(job, OUTCOME_FAILED);
}

void job_end(struct job *job)
{
	arena_reset(&job->arena);
}

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

void job_tell(struct job *job, const char *format, ...)
{
	char line[1400];
	int indent = 2 * (job->depth > 0 ? job->depth - 1 : 0);
	va_list args;

	if (!job->trace || job->wrong.again)
		return;
	int at = snprintf(line, sizeof line, "%*s", indent, "");

	va_start(args, format);
	vsnprintf(line + at, sizeof line - (size_t)at, format, args);
	va_end(args);
	job->trace->step(job->trace, line);
}

bool needs_proof(const struct job *job, const struct frame *f)
{
	if (job->resolver->options.validation == VALIDATION_OFF)
		return false;
	switch (f->purpose) {
	case FRAME_CLIENT: return !(job->flags & JOB_CHECKING_DISABLED);
	case FRAME_KEY:
	case FRAME_DS: return true;
	case FRAME_ADDRESS:
	case FRAME_GLUE:
	case FRAME_PRIME: break;
	}
	return false;
}

void advance(struct job *job, struct frame *f)
{
	f->progress = ++job->progress;
	f->at.silent_n = 0;
	f->at.listened = false;
}

struct turn conclude(struct job *job, struct frame *f, enum outcome outcome)
{
	advance(job, f);
	if (!needs_proof(job, f))
		return give(outcome);
	f->pending = outcome;
	f->child = OUTCOME_NONE;
	return go(STAGE_PROVE);
}

bool keep(struct job *job, struct kept_list *list, const struct tern_rrset *set)
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
	k->next = NULL;
	k->set = *set;
	k->set.owner = owner;
	k->set.rdata = rdata;
	k->security = CACHE_UNCHECKED;
	k->proven = k->cached = k->needed = false;
	k->ede = TERN_EDE_NONE;
	k->dname = NULL;
	k->wildcard = UINT8_MAX;
	if (list->last)
		list->last->next = k;
	else
		list->first = k;
	list->last = k;
	list->n++;
	return true;
}

bool follow_alias(struct job *job, struct frame *f, const uint8_t *target)
{
	char text[TERN_NAME_TEXT_MAX];

	if (!budget_spend(&job->budget, BUDGET_ALIAS, 1))
		return false;
	for (const struct kept *k = f->found.answer.first; k; k = k->next) {
		if (k->set.type == TERN_TYPE_CNAME && tern_name_equal(k->set.owner, target)) {
			job_note(job, TERN_EDE_OTHER, "alias loop at %s",
				 tern_name_to_text(target, text));
			return false;
		}
	}
	tern_name_lower(f->question.name, target);
	f->name = (struct name_search){0};
	f->at = (struct cut_search){0};
	f->try = (struct server_try){0};
	f->found.links++;
	return true;
}

uint32_t bounded_ttl(const struct job *job, uint32_t ttl_s)
{
	const struct resolver_options *o = &job->resolver->options;

	return MAX(MIN(ttl_s, o->max_ttl_s), o->min_ttl_s);
}

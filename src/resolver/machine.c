#include "resolver/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "resolver/dns64.h"
#include "resolver/failure.h"

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
	f->before = job->budget;
	f->stage = STAGE_LOOKUP;
	f->found.denial.ede = TERN_EDE_NONE;
}

bool is_link(enum frame_purpose purpose)
{
	return purpose == FRAME_KEY || purpose == FRAME_DS;
}

bool is_refetched(const struct job *job, const uint8_t *zone)
{
	return job->refetch && tern_name_equal(job->refetch_zone, zone);
}

bool is_cyclic(const struct job *job, const uint8_t *name, uint16_t type,
	       enum frame_purpose purpose)
{
	for (unsigned i = 0; i < job->depth; i++) {
		const struct frame *f = &job->frames[i];

		/* A client's question for a zone's keys waits for nobody who validates by them. */
		if (is_link(f->purpose) == is_link(purpose) && f->question.type == type &&
		    tern_name_equal(f->question.name, name))
			return true;
	}
	return false;
}

static bool job_call(struct job *job, const struct turn *t)
{
	if (job->depth == JOB_DEPTH_MAX) {
		job_note(job, TERN_EDE_NO_REACHABLE_AUTHORITY, "server names nested too deep");
		failure_blame(job, FAULT_LIMIT);
		return false;
	}
	if (is_cyclic(job, t->sub_name, t->sub_type, t->purpose)) {
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

static void job_return(struct job *job, enum outcome outcome)
{
	struct frame *f = &job->frames[--job->depth];

	if (job->depth == 0 && dns64_ask_more(job, f, outcome)) {
		job->depth = 1;
		return;
	}
	if (job->depth == 0) {
		stage_reply(job, outcome);
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
		failure_blame(job, FAULT_LIMIT);
		stage_reply(job, OUTCOME_FAILED);
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
	job->rules = resolver->rules;
	rules_hold(job->rules);
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
	job->dns64 = NULL;
	job->proven = NULL;
	job->report.agent = job->report.zone = NULL;
	job->past_policy = false;
	job->refetch = false;
	job->link_sends = job->probes = 0;
	job->fault = FAULT_SERVERS;
	job->wrong = (struct wrong_checks){0};
	job->known_failure = job->lower_case = false;
	job->progress = 0;
	job->links_since_ms = now->mono_ns / NS_PER_MS;
	job->deadline_ms = job->links_since_ms + JOB_DEADLINE_MS;
	budget_init(&job->budget);
	arena_init(&job->arena, JOB_MEMORY_MAX);
	frame_init(job, &job->frames[0], question->name, question->type,
		   flags & JOB_PRIME ? FRAME_PRIME : FRAME_CLIENT);
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
	f->try = (struct server_try){.server = o->server,
				     .sent_labels = o->labels,
				     .step = o->step,
				     .opportunistic = query->opportunistic};
	f->at.listened = false;
	/* What was asked encrypted as well was not counted. */
	if (f->at.silent_n > 0 && !query->opportunistic)
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
	/* Its servers were not silent: what used the time up is not known. */
	failure_blame(job, f && (f->at.silent_n > 0 || f->sends > 0) ? FAULT_LIMIT : FAULT_OURS);
	stage_reply(job, OUTCOME_FAILED);
}

void job_end(struct job *job)
{
	rules_release(job->rules);
	job->rules = NULL;
	arena_reset(&job->arena);
}

bool may_store(const struct job *job)
{
	return job->rules->fetched == job->resolver->rules->fetched;
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
	if (job->rules->resolver.validation == VALIDATION_OFF)
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

void note_ttl(struct job *job, uint32_t ttl_s, uint32_t life_s)
{
	if (job->depth != 1)
		return;
	if (ttl_s == 0)
		job->result.uncacheable = true;
	if (ttl_s < job->result.ttl_s) {
		job->result.ttl_s = ttl_s;
		job->result.life_s = life_s;
	}
}

struct bounds {
	uint32_t min_s;
	uint32_t max_s;
};

static struct bounds bounds_for(const struct resolver_options *o, const uint8_t *owner)
{
	struct bounds found = {o->min_ttl_s, o->max_ttl_s};
	size_t longest = 0;

	for (unsigned i = 0; i < o->ttl_rules_n; i++) {
		const struct ttl_rule *rule = &o->ttl_rules[i];

		if (tern_name_len(rule->zone) > longest &&
		    tern_name_is_below_or_equal(owner, rule->zone)) {
			longest = tern_name_len(rule->zone);
			found = (struct bounds){rule->min_s, rule->max_s};
		}
	}
	return found;
}

uint32_t bounded_ttl(const struct job *job, const uint8_t *owner, uint32_t ttl_s)
{
	struct bounds b = bounds_for(&job->rules->resolver, owner);

	return MAX(MIN(ttl_s, b.max_s), b.min_s);
}

uint32_t bounded_negative_ttl(const struct job *job, const uint8_t *owner, uint32_t ttl_s)
{
	const struct resolver_options *o = &job->rules->resolver;
	struct bounds b = bounds_for(o, owner);
	uint32_t max_s = MIN(b.max_s, o->max_negative_ttl_s);

	return MIN(MAX(ttl_s, b.min_s), max_s);
}

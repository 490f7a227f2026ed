/*
 * client.c - jobs and those who wait for them.
 *
 *   query ─► join a task with the same question ─► wait
 *        └─► hand it to the worker that has such a task (mail.c)
 *        └─► a task of its own: job_start() ─► finished: answer
 *                                        ├──► parked: upstream_ask(), wait
 *                                        └──► yielded: on in the next turn, in order,
 *                                             after what came in was answered
 *   asked server's answer ─► on_answered() ─► job_resume() ─► finished: answer everybody waiting
 *   timer ─► stale answer after stale-client-timeout, SERVFAIL at 3.8 s
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tern/rr.h>

#include "worker/probe.h"
#include "worker/view_of.h"
#include "worker/worker_private.h"

unsigned client_how(const struct request *r)
{
	if (!(r->flags & TERN_FLAG_CD))
		return 0;
	return JOB_CHECKING_DISABLED | (r->dnssec_ok ? JOB_AS_IT_IS : 0u);
}

/* --- the task table ------------------------------------------------------ */

static uint64_t hash_question(const struct worker *w, const struct question *q, unsigned how,
			      unsigned view)
{
	/* Nobody joins a task whose answer is by a rule set that would answer otherwise. */
	uint64_t what = (uint64_t)w->rules->answers << 32 | (uint64_t)view << 24 |
			(uint64_t)q->type << 8 | how;

	return hash_bytes(&w->shared->hash_key, what, q->name, tern_name_len(q->name));
}

static struct cds_hlist_head *bucket_of(struct worker *w, uint64_t hash)
{
	return &w->task_buckets[hash % TASK_BUCKETS];
}

static struct task *find_task(struct worker *w, const struct question *q, uint64_t hash,
			      unsigned how, unsigned view)
{
	struct task *t;

	cds_hlist_for_each_entry_2(t, bucket_of(w, hash), same_hash)
	{
		if (t->hash == hash && t->job.question.type == q->type && t->how == how &&
		    t->view == view && !t->alone && tern_name_equal(t->job.question.name, q->name))
			return t;
	}
	return NULL;
}

static bool has_waiters(struct task *t)
{
	return !cds_list_empty(&t->waiters);
}

/* --- tasks ---------------------------------------------------------------- */

static void free_task(struct worker *w, struct task *t)
{
	shares_give(&w->task_shares, t->party);
	pool_give(&w->tasks, t);
}

static void end_task(struct worker *w, struct task *t)
{
	timer_cancel(&w->loop.wheel, &t->timer);
	gate_leave(t);
	upstream_leave(&t->asker);
	cds_list_del(&t->yielded);
	cds_hlist_del(&t->same_hash);
	if (t->announced)
		inflight_release(w->shared->inflight, t->hash, w->index);
	if (t->trace_fd >= 0)
		trace_end(t);
	job_end(&t->job);
	/* With this the sender of an errand takes its cache back. */
	if (t->errand)
		mail_errand_done(t->errand);
	free(t->own);
	free_task(w, t);
}

/* Asked for again, and in the last tenth of its life: worth a prefetch. */
static bool is_worth_renewing(const struct worker *w, struct task *t)
{
	const struct result *r = &t->job.result;

	return w->rules->serve.prefetch && t->announced && has_waiters(t) && r->cached &&
	       !r->stale && !r->by_network && r->ttl_s <= r->life_s / 10;
}

static void finish_task(struct worker *w, struct task *t)
{
	const struct result *r = &t->job.result;

	if (unlikely(t->job.rules->nft.n > 0) && gate_hold(w, t))
		return;
	bool renew = is_worth_renewing(w, t);
	unsigned view = t->view, how = t->how;
	struct question q;

	if (unlikely(r->rcode == TERN_RCODE_SERVFAIL || r->let_through || r->rebound))
		complaint_of_task(w, t);

	if (has_waiters(t) && r->cached)
		tally_add(&w->tally.hits_rrset);
	tally_add_n(&w->tally.signatures, BUDGET_VERIFY_MAX - t->job.budget.left[BUDGET_VERIFY]);
	fill_note(w->shared->fill, t->party, BUDGET_OCTETS_MAX - t->job.budget.left[BUDGET_OCTETS],
		  w->loop.now.boot_s);
	if (t->job.budget.exhausted)
		tally_add(&w->tally.budget_exhausted);
	if (has_waiters(t))
		keep_rendered(w, t,
			      &cds_list_first_entry(&t->waiters, struct waiter, node)->request);
	/* After a prefetch the rendered answer is the old one. */
	if ((t->job.flags & JOB_REFRESH) && r->rcode != TERN_RCODE_SERVFAIL)
		cache_drop_answers(w->rules->cache, t->job.question.name, t->job.question.type);
	client_answer_all(w, t, r);
	if (t->errand)
		mail_errand_note(t->errand, r);
	bool reports = unlikely(r->rcode == TERN_RCODE_SERVFAIL) && reporting_of(w, t, &q);

	if (renew)
		q = t->job.question;
	end_task(w, t);
	if (renew)
		client_prefetch(w, &q, how, view);
	else if (reports)
		reporting_send(w, &q, view);
}

/* The job goes on; true when it is finished. */
static bool resume(struct task *t, const struct upstream_reply *reply)
{
	struct worker *w = t->worker;

	if (unlikely(t->job.outbox.opportunistic) && reply && reply->event != UPSTREAM_ANSWERED)
		tally_add(&w->tally.authority_unencrypted);
	bool finished = job_resume(&t->job, reply, &w->loop.now);

	if (unlikely(t->job.resolver->probe.wanted))
		probe_begin(w, &t->job.resolver->probe, t->party);
	return finished;
}

/* Run on until the job waits for a server or for its next turn, or is done. */
static void drive(struct task *t, bool finished)
{
	struct worker *w = t->worker;
	enum upstream_event event;

	while (!finished) {
		if (t->job.yielded) {
			cds_list_add_tail(&t->yielded, &w->yielded);
			return;
		}
		if (upstream_ask(&t->asker, &t->job.outbox, &event))
			return;
		struct upstream_reply reply = {.event = event,
					       .transport = t->job.outbox.to.transport};

		finished = resume(t, &reply);
	}
	finish_task(w, t);
}

static struct task *task_of(struct asker *asker)
{
	return CONTAINER_OF(asker, struct task, asker);
}

static bool on_awaits(struct asker *asker, const struct upstream_query *query)
{
	return job_awaits(&task_of(asker)->job, query);
}

static void on_answered(struct asker *asker, const struct upstream_reply *reply)
{
	struct task *t = task_of(asker);

	drive(t, resume(t, reply));
}

static void on_answered_late(struct asker *asker, const struct upstream_query *query,
			     const struct upstream_reply *reply)
{
	struct task *t = task_of(asker);

	cds_list_del_init(&t->yielded);
	bool finished = job_resume_late(&t->job, query, reply, &t->worker->loop.now);

	if (unlikely(t->job.resolver->probe.wanted))
		probe_begin(t->worker, &t->job.resolver->probe, t->party);
	drive(t, finished);
}

void client_run_yielded(struct worker *w)
{
	/* One that gives way again has used up the turn. */
	while (!cds_list_empty(&w->yielded) && crypto_effort(w->crypto) < CRYPTO_EFFORT_MAX) {
		struct task *t = cds_list_first_entry(&w->yielded, struct task, yielded);

		cds_list_del_init(&t->yielded);
		drive(t, resume(t, NULL));
	}
}

static void answer_stale(struct task *t)
{
	struct worker *w = t->worker;
	struct result stale;

	t->stale_tried = true;
	loop_timer(&w->loop, &t->timer, JOB_DEADLINE_MS - t->job.rules->serve.stale_wait_ms);
	if (has_waiters(t) && job_stale_result(&t->job, &w->loop.now, &stale))
		client_answer_all(w, t, &stale);
}

static void on_task_timer(struct timer *timer)
{
	struct task *t = CONTAINER_OF(timer, struct task, timer);
	struct worker *w = t->worker;

	if (t->gate) {
		gate_leave(t);
		finish_task(w, t);
		return;
	}
	if (!t->stale_tried) {
		answer_stale(t);
		return;
	}
	tally_add(&w->tally.expired);
	job_expire(&t->job, &w->loop.now);
	finish_task(w, t);
}

void client_pass(struct worker *w, struct gate_letter *letter)
{
	struct task *t = gate_open(letter);

	if (t)
		finish_task(w, t);
}

/* NULL when there is no place, or @p party has its share of them. */
static struct task *new_task(struct worker *w, uint64_t hash, unsigned how, unsigned view,
			     uint16_t party)
{
	struct task *t = shares_allow(&w->task_shares, party) ? pool_take(&w->tasks) : NULL;

	if (!t) {
		tally_add(&w->tally.pool_empty);
		return NULL;
	}
	shares_take(&w->task_shares, party);
	t->party = party;
	upstream_init(&t->asker, w, party);
	t->asker.awaits = on_awaits;
	t->asker.answered = on_answered;
	t->asker.answered_late = on_answered_late;
	CDS_INIT_LIST_HEAD(&t->yielded);
	CDS_INIT_LIST_HEAD(&t->waiters);
	t->worker = w;
	t->hash = hash;
	t->how = (uint8_t)how;
	t->view = (uint8_t)view;
	t->job.client.family = t->job.subnet.base.family = 0;
	t->job.brief = false;
	t->stale_tried = false;
	t->announced = t->alone = false;
	t->trace_fd = -1;
	t->gate = NULL;
	t->gated = false;
	t->errand = NULL;
	t->own = NULL;
	timer_init(&t->timer, on_task_timer);
	return t;
}

static void start_task(struct worker *w, struct task *t, const struct question *q, unsigned flags)
{
	struct job_trace *trace = t->trace_fd >= 0 ? &t->trace : trace_to_log(t);

	flags |= t->how;
	struct resolver *resolver = t->own ? t->own : resolver_of(w, t->view);
	bool finished = job_start_traced(&t->job, resolver, q, flags, trace, &w->loop.now);

	/* In the table only now: the job has its question from here on. */
	cds_hlist_add_head(&t->same_hash, bucket_of(w, t->hash));
	if (!finished) {
		tally_add(&w->tally.misses);
		if (!t->stale_tried && w->rules->serve.stale_wait_ms == 0)
			answer_stale(t);
		else
			loop_timer(&w->loop, &t->timer,
				   t->stale_tried ? JOB_DEADLINE_MS
						  : w->rules->serve.stale_wait_ms);
	}
	drive(t, finished);
}

/*
 * RD=0: what the cache has, without asking anybody. Where stale data is as good as
 * fresh, it is given here too, and somebody is asked afterwards.
 */
static void answer_without_recursion(struct worker *w, struct task *t, const struct question *q)
{
	bool stale_is_good = w->rules->serve.stale_wait_ms == 0;
	unsigned view = t->view, how = t->how;
	unsigned flags = JOB_NO_RECURSION | (stale_is_good ? 0u : JOB_NO_SERVE) | how;
	bool finished = job_start(&t->job, resolver_of(w, view), q, flags, &w->loop.now);

	/* Who wants recursion must not get this answer. */
	t->alone = true;
	cds_hlist_add_head(&t->same_hash, bucket_of(w, t->hash));
	bool stale = finished && t->job.result.stale;

	/* It never waits for the network, but it may have given way to others. */
	drive(t, finished);
	if (stale)
		client_prefetch(w, q, how, view);
}

/* A task that nobody joins, and nobody waits for. */
static struct task *new_lone_task(struct worker *w, const struct question *q, unsigned view)
{
	struct task *t = new_task(w, hash_question(w, q, 0, view), 0, view, PARTY_OURSELF);

	if (t)
		t->alone = t->stale_tried = true;
	return t;
}

void client_resolve_alone(struct worker *w, const struct question *q, unsigned view, unsigned flags)
{
	struct task *t = new_lone_task(w, q, view);

	if (t)
		start_task(w, t, q, flags);
}

void client_prime(struct worker *w, unsigned view)
{
	struct question q = {.name = {0}, .type = TERN_TYPE_NS};

	resolver_of(w, view)->prime_wanted = false;
	client_resolve_alone(w, &q, view, JOB_PRIME | JOB_NO_SERVE);
}

static struct question question_of(const struct request *r)
{
	struct question q = {.type = r->type};

	tern_name_lower(q.name, r->name);
	return q;
}

/* Clients of different networks don't wait for the same. */
static uint64_t hash_with_subnet(const struct worker *w, uint64_t hash, const struct request *r,
				 const struct address *client)
{
	struct prefix subnet = client_subnet(&w->rules->resolver, r, client);

	return hash_bytes(&w->shared->hash_key,
			  hash + ((uint64_t)subnet.base.family << 8 | subnet.bits),
			  subnet.base.octets, sizeof subnet.base.octets);
}

static bool start_for_client(struct worker *w, const struct question *q, uint64_t hash,
			     unsigned view, const struct request *r, const struct route_back *back)
{
	bool recurse = r->flags & TERN_FLAG_RD;
	struct task *t = new_task(w, hash, client_how(r), view,
				  party_of(&w->shared->hash_key, &back->client));

	if (!t || waiter_add(w, t, r, back) != ADDED) {
		/* Without recursion nothing was claimed: it may be another task's of ours. */
		if (recurse)
			inflight_release(w->shared->inflight, hash, w->index);
		if (t)
			free_task(w, t);
		client_refuse(w, r, back);
		return false;
	}
	if (is_in_policy(w, view, &back->client))
		t->job.client = back->client;
	t->job.brief = fill_is_over(w->shared->fill, t->party, cache_size(w->rules->cache),
				    w->loop.now.boot_s);
	t->job.subnet = client_subnet(&w->rules->resolver, r, &back->client);
	if (!recurse) {
		answer_without_recursion(w, t, q);
		return true;
	}
	t->announced = true;
	start_task(w, t, q, 0);
	return true;
}

/*
 * Somebody we are asking right now asks us the same: a loop of resolvers (TsuKing).
 * Unless the question came from his host in the first place, where other programs
 * ask, too: then the loop, if it is one, waits for itself and ends with its task.
 */
static bool is_loop(struct worker *w, const struct task *t, const struct question *q,
		    const struct request *r, const struct route_back *back)
{
	char text[ADDRESS_TEXT_MAX];

	switch (upstream_find_loop(w, &back->client, q, r->id)) {
	case LOOP_NONE: return false;
	case LOOP_OF_OURS:
		log_warning(w->shared->log,
			    "a question that was sent to a server came back from %s: this "
			    "resolver is configured, or delegated to, as its own server",
			    address_to_text(&back->client, text));
		client_send_error(w, r, back, TERN_RCODE_REFUSED, TERN_EDE_PROHIBITED,
				  "forwarding loop: this resolver asks itself");
		return true;
	case LOOP_OF_OTHERS:
		if (t && waiter_is_from(w, t, &back->client))
			return false;
		client_send_error(w, r, back, TERN_RCODE_REFUSED, TERN_EDE_PROHIBITED,
				  "the same question is being asked of you");
		return true;
	}
	return false;
}

bool client_resolve(struct worker *w, const struct request *r, const struct route_back *back,
		    bool may_hand_over)
{
	struct question q = question_of(r);
	unsigned how = client_how(r);
	unsigned view = view_of(w, &back->client, back->listener);
	uint64_t hash = hash_question(w, &q, how, view);

	/* Of whom policy zones speak, nobody but himself waits for the same. */
	if (unlikely(is_in_policy(w, view, &back->client)))
		hash = hash_bytes(&w->shared->hash_key, hash, back->client.octets,
				  sizeof back->client.octets);
	if (unlikely(w->rules->resolver.subnet.zones_n > 0))
		hash = hash_with_subnet(w, hash, r, &back->client);
	struct task *t = r->flags & TERN_FLAG_RD ? find_task(w, &q, hash, how, view) : NULL;

	if (is_loop(w, t, &q, r, back))
		return false;
	if (t) {
		tally_add(&w->tally.joined);
		if (waiter_add(w, t, r, back) == ADDED_NOT) {
			client_refuse(w, r, back);
			return false;
		}
		return true;
	}
	if (may_hand_over && (r->flags & TERN_FLAG_RD)) {
		unsigned owner = inflight_claim(w->shared->inflight, hash, w->index);

		if (owner != w->index && mail_query(w, owner, r, back)) {
			tally_add(&w->tally.mailed);
			return true;
		}
	}
	return start_for_client(w, &q, hash, view, r, back);
}

void client_prefetch(struct worker *w, const struct question *q, unsigned how, unsigned view)
{
	uint64_t hash = hash_question(w, q, how, view);

	if (find_task(w, q, hash, how, view) ||
	    inflight_claim(w->shared->inflight, hash, w->index) != w->index)
		return;
	struct task *t = new_task(w, hash, how, view, PARTY_OURSELF);

	if (!t) {
		inflight_release(w->shared->inflight, hash, w->index);
		return;
	}
	t->announced = true;
	t->stale_tried = true;
	tally_add(&w->tally.prefetches);
	start_task(w, t, q, JOB_REFRESH | JOB_NO_SERVE);
}

void client_trace(struct worker *w, const struct question *q, int fd)
{
	struct task *t = new_lone_task(w, q, 0);

	if (!t) {
		close(fd);
		return;
	}
	trace_begin(t, fd);
	start_task(w, t, q, JOB_NO_SERVE);
}

#define ERRAND_TTL_MIN_S 60 /* what was found must be there when the sender looks for it */

/* What an errand works with instead of the worker's. */
struct own_means {
	struct resolver resolver;
	struct rules rules; /* a copy: it has no parts to end, but is held as its original */
};

/* The worker's resolver with the errand's cache and anchors; NULL when memory is short. */
static struct resolver *resolver_for(const struct worker *w, const struct errand *errand)
{
	struct own_means *own = malloc(sizeof *own);

	if (!own)
		return NULL;
	own->rules = *w->rules;
	own->rules.anchors = errand->anchors;
	struct resolver_options *o = &own->rules.resolver;

	if (o->validation == VALIDATION_PERMISSIVE)
		o->validation = VALIDATION_ON;
	o->min_ttl_s = MAX(o->min_ttl_s, (uint32_t)ERRAND_TTL_MIN_S);
	own->resolver = w->resolver;
	own->resolver.rules = &own->rules;
	own->resolver.cache = errand->cache;
	return &own->resolver;
}

void client_run_errand(struct worker *w, struct errand_letter *letter)
{
	const struct errand *errand = &letter->errand;
	struct resolver *own = resolver_for(w, errand);
	struct task *t = own ? new_lone_task(w, &errand->question, 0) : NULL;

	if (!t) {
		free(own);
		mail_errand_done(letter);
		return;
	}
	t->errand = letter;
	t->own = own;
	start_task(w, t, &letter->errand.question, errand->flags | JOB_NO_SERVE | JOB_UNFILTERED);
}

/* A failure would be believed; who hears nothing asks again, and others may serve then. */
static void leave_unanswered(struct worker *w, struct task *t)
{
	while (has_waiters(t)) {
		struct waiter *waiter = cds_list_first_entry(&t->waiters, struct waiter, node);

		tally_add(&w->tally.dropped);
		client_send(w, &waiter->back, NULL, 0);
		waiter_free(w, waiter);
	}
}

static void abandon(struct worker *w, struct task *t)
{
	struct result stale;

	if (t->gate)
		client_answer_all(w, t, &t->job.result);
	if (has_waiters(t) && job_stale_result(&t->job, &w->loop.now, &stale))
		client_answer_all(w, t, &stale);
	leave_unanswered(w, t);
	if (!t->errand && t->trace_fd < 0) {
		end_task(w, t);
		return;
	}
	/* These wait for how it ended. */
	job_expire(&t->job, &w->loop.now);
	finish_task(w, t);
}

void client_abandon_all(struct worker *w)
{
	for (unsigned i = 0; i < TASK_BUCKETS; i++) {
		while (w->task_buckets[i].next)
			abandon(w,
				cds_hlist_entry(w->task_buckets[i].next, struct task, same_hash));
	}
}

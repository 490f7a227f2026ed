/*
 * stage_send.c - say what to ask, and park.
 */
#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "resolver/machine.h"
#include "resolver/qmin.h"

/* A DS must be asked of the parent's servers: the way down to them shows who they are. */
static bool is_minimised(const struct job *job, const struct frame *f)
{
	if (f->qmin_off || f->cut->source == CUT_FORWARD || f->purpose == FRAME_PRIME)
		return false;
	return job->resolver->options.qmin != QMIN_OFF || f->question.type == TERN_TYPE_DS;
}

static void choose_name(struct job *job, struct frame *f, struct upstream_query *q)
{
	unsigned full = tern_name_labels(f->question.name);
	unsigned labels = full;

	if (is_minimised(job, f) && f->asked_labels < full)
		labels = qmin_next_labels(f->asked_labels, full, f->qmin_steps);
	f->sent_labels = (uint8_t)labels;
	q->name = tern_name_suffix(f->question.name, labels);
	q->type = labels == full ? f->question.type : QMIN_TYPE;
}

static void add_cookie(struct upstream_query *q, const struct infra_server *infra)
{
	memcpy(q->cookie, infra->client_cookie, TERN_COOKIE_CLIENT);
	memcpy(q->cookie + TERN_COOKIE_CLIENT, infra->server_cookie, infra->server_cookie_len);
	q->cookie_len = (uint8_t)(TERN_COOKIE_CLIENT + infra->server_cookie_len);
}

static uint32_t timeout_of(const struct frame *f, const struct infra_server *infra)
{
	return f->tcp ? UPSTREAM_TCP_MS : infra->rto_ms;
}

static void fill_outbox(struct job *job, struct frame *f, const struct infra_server *infra)
{
	struct upstream_query *q = &job->outbox;
	const struct cut_server *server = &f->cut->servers[f->server];

	memset(q, 0, sizeof *q);
	q->server = server->addr;
	q->zone = f->cut->zone;
	q->transport = f->tcp ? UPSTREAM_TCP : UPSTREAM_UDP;
	q->recurse = f->cut->source == CUT_FORWARD;
	q->edns = !server->no_edns && !infra->no_edns;
	q->random_case = !infra->no_case && !f->tcp;
	q->timeout_ms = timeout_of(f, infra);
	if (q->edns && !q->recurse)
		add_cookie(q, infra);
	choose_name(job, f, q);
}

static void tell_sending(struct job *job)
{
	const struct upstream_query *q = &job->outbox;
	char address[ADDRESS_TEXT_MAX], name[TERN_NAME_TEXT_MAX], zone[TERN_NAME_TEXT_MAX];
	char type[16];

	if (!job->trace)
		return;
	job_tell(job, "> %s %s to %s (%s) by %s%s", tern_name_to_text(q->name, name),
		 tern_type_to_text(q->type, type, sizeof type),
		 address_to_text(&q->server, address), tern_name_to_text(q->zone, zone),
		 q->transport == UPSTREAM_TCP ? "TCP" : "UDP", q->edns ? "" : " without EDNS");
}

struct turn stage_send(struct job *job, struct frame *f)
{
	struct cut_server *server = &f->cut->servers[f->server];
	uint64_t now_ms = job->now->mono_ns / NS_PER_MS;
	struct infra_server infra;

	/* By TCP it goes on with what a claimed probe has begun. */
	if (!f->tcp && !infra_claim_probe(job->resolver->infra, &server->addr, now_ms)) {
		server->failed = true; /* somebody else is trying the dead one right now */
		return go(STAGE_PICK);
	}
	if (!budget_spend(&job->budget, BUDGET_SEND, 1) ||
	    (f->tcp && !budget_spend(&job->budget, BUDGET_TCP, 1)))
		return give(OUTCOME_FAILED);
	infra_get(job->resolver->infra, &server->addr, NULL, now_ms, &infra);
	fill_outbox(job, f, &infra);
	if (!f->tcp)
		server->tries++;
	f->sends++;
	job->result.cached = false;
	tell_sending(job);
	return park(STAGE_READ);
}

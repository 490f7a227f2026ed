/* gate.c - see gate.h. */
#include "worker/gate.h"

#include <stdlib.h>

#include <tern/rr.h>

#include "policy/nft_sets.h"
#include "worker/worker_private.h"

static void take_addresses(struct gate_letter *g, const struct tern_rrset *set)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(set);
	struct tern_rdata record;

	while (g->n < GATE_ADDRESSES_MAX && tern_rdata_next(&it, &record)) {
		struct address a = address_from_rdata(set->type, record.octets, record.len);

		if (a.family && *(a.family == 4 ? g->set->ipv4 : g->set->ipv6))
			g->addresses[g->n++] = a;
	}
}

static void take_answer(struct gate_letter *g, const struct result *r)
{
	for (const struct kept *k = r->answer.first; k; k = k->next) {
		if (k->set.type == TERN_TYPE_A || k->set.type == TERN_TYPE_AAAA)
			take_addresses(g, &k->set);
	}
}

static const struct nft_set *set_for(struct task *t)
{
	if (t->gated || cds_list_empty(&t->waiters) || t->job.result.rcode != TERN_RCODE_NOERROR)
		return NULL;
	return nft_sets_find(&t->job.rules->nft, t->job.question.name);
}

bool gate_hold(struct worker *w, struct task *t)
{
	const struct nft_set *set = set_for(t);
	struct gate_letter *g = set && w->shared->firewall ? malloc(sizeof *g) : NULL;

	if (!g)
		return false;
	*g = (struct gate_letter){.letter.kind = LETTER_GATE,
				  .back = &w->mailbox,
				  .task = t,
				  .rules = t->job.rules,
				  .set = set};
	take_answer(g, &t->job.result);
	if (g->n == 0 || !mailbox_send(w->shared->firewall, &g->letter)) {
		free(g);
		return false;
	}
	/* It may be on its way back already, but only this thread lets go of it. */
	rules_hold(g->rules);
	t->gate = g;
	t->gated = true;
	upstream_leave(&t->asker);
	loop_timer(&w->loop, &t->timer, GATE_WAIT_MS);
	return true;
}

void gate_leave(struct task *t)
{
	if (t->gate)
		t->gate->task = NULL;
	t->gate = NULL;
}

void gate_throw_away(struct gate_letter *g)
{
	rules_release(g->rules);
	free(g);
}

struct task *gate_open(struct gate_letter *g)
{
	struct task *t = g->task;

	if (t)
		t->gate = NULL;
	gate_throw_away(g);
	return t;
}

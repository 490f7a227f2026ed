/*
 * keep.c - answers kept ready to copy: what makes the next question for them a hit.
 */
#include <tern/rr.h>

#include "worker/worker_private.h"

/* Names that nobody asked for before may be without number, and cost little to deny again. */
static bool is_worth_keeping(struct worker *w, const struct task *t)
{
	uint32_t *lately = &w->made_lately[t->hash % MADE_LATELY];
	uint32_t mark = (uint32_t)(t->hash >> 32);

	if (!t->job.result.made || *lately == mark)
		return true;
	*lately = mark;
	return false;
}

void keep_rendered(struct worker *w, const struct task *t, const struct request *request)
{
	const struct result *r = &t->job.result;
	const struct question *q = &t->job.question;
	uint8_t variant = request_variant(request);
	uint16_t ttl_at[ANSWER_TTLS_MAX];
	uint16_t ttl_n = 0;

	if (!r->cached || r->stale || r->uncacheable || r->rcode == TERN_RCODE_SERVFAIL ||
	    r->rcode == TERN_RCODE_YXDOMAIN || q->type == TERN_TYPE_ANY || !is_worth_keeping(w, t))
		return;
	size_t len = render_for_cache(q, r, variant, w->scratch, ANSWER_OCTETS_MAX, ttl_at, &ttl_n,
				      ANSWER_TTLS_MAX);

	if (len == 0)
		return;
	struct answer answer = {
		.key = {.name = q->name,
			.name_len = (uint16_t)tern_name_len(q->name),
			.type = q->type,
			.variant = variant,
			.view = t->view,
			.rules = t->job.rules->answers},
		.message = w->scratch,
		.message_len = (uint16_t)len,
		.ttl_at = ttl_at,
		.ttl_n = ttl_n,
		.ttl_s = r->ttl_s,
		.life_s = r->life_s,
	};

	/* It ends with its additional data, but to renew the answer would not renew these. */
	if (r->additional.first && r->additional_ttl_s < r->ttl_s) {
		answer.ttl_s = r->additional_ttl_s;
		answer.life_s = 0;
	}

	cache_put_answer(w->rules->cache, &answer, w->loop.now.boot_s);
}

/*
 * link.c - is it the server that is silent, or our own connection?
 *
 * When nobody of any family has answered for a while although several were
 * asked, the trouble is ours: then silence is not held against servers and
 * failures are remembered only briefly, so that everything works again at once
 * when the link is back.
 */
#include "resolver/job.h"

#define LINK_SILENCE_MS    2000 /* longer than any honest server needs */
#define LINK_SILENCE_ASKED 8    /* timeouts in that time: more than one dead zone causes */

bool link_is_down(const struct resolver *r, uint64_t now_ms)
{
	uint32_t timeouts = 0;
	uint64_t answer_ms = 0;

	for (unsigned i = 0; i < ARRAY_LEN(r->health); i++) {
		timeouts += r->health[i].timeouts_n;
		answer_ms = MAX(answer_ms, r->health[i].answer_ms);
	}
	return timeouts >= LINK_SILENCE_ASKED && now_ms - answer_ms > LINK_SILENCE_MS;
}

void link_answered(struct resolver *r, uint8_t family, uint64_t now_ms)
{
	if (link_is_down(r, now_ms))
		infra_forgive(r->infra);
	r->health[family == 6].answer_ms = now_ms;
	r->health[family == 6].timeouts_n = 0;
}

void link_suspect(struct resolver *r, const struct address *a)
{
	for (unsigned i = 0; i < r->impostors_n; i++) {
		if (address_equal(&r->impostors[i], a))
			return;
	}
	if (r->impostors_n < IMPOSTORS_MAX)
		r->impostors[r->impostors_n++] = *a;
}

/*
 * infra_ways.c - whether servers answer encrypted, too (RFC 9539 4): a state for each address.
 *
 *   UNTRIED ──claim──► TRYING ──answer──► WORKS ──3 days without an answer──► UNTRIED
 *      ▲                 └──in vain──► FAILED ◄──plain DNS was faster, and nothing came──┘
 *      └──────a rest later───────────────┘
 *
 * The rest is a day. Of a way that has worked it is short at first, for a server may be started
 * anew, our address may change, and whoever can drop packets for a moment would else rule for a
 * day; each time it is four times as long. Nobody waits for who tries.
 *
 * A failure is the address's, whatever it was asked for: it is only told of where the server has
 * answered the same by plain DNS, so neither our own link nor a stranger's zone can cause it.
 */
#include <string.h>

#include "cache/infra_private.h"

#define TRYING_MS (2 * INFRA_WAY_TIMEOUT_MS) /* whoever claimed it longer ago has got lost */

#define REST_FIRST_MS 10000 /* after the first lapse */
#define LAPSES_MAX    8     /* by then it is a day */
#define OUTDONE_MAX   4     /* then it is no good, even if something comes afterwards */

static int64_t rest_ms(const struct way *w)
{
	if (w->lapses == 0)
		return INFRA_WAY_DAMPED_MS;
	return MIN((int64_t)REST_FIRST_MS << 2 * (w->lapses - 1), (int64_t)INFRA_WAY_DAMPED_MS);
}

/* From @at_ms on it does not work, as it did before. */
static void lapse(struct way *w, int64_t at_ms)
{
	if (w->state == WAY_WORKS && at_ms - w->since_ms >= INFRA_WAY_DAMPED_MS)
		w->lapses = 0;
	*w = (struct way){.state = WAY_FAILED,
			  .at_ms = at_ms,
			  .lapses = (uint8_t)MIN(w->lapses + 1, LAPSES_MAX)};
}

/* Time goes by: the state that @w is in at @now_ms. */
static enum way_state settle(struct way *w, uint64_t now_ms)
{
	static const int64_t lasts_ms[] = {
		[WAY_UNTRIED] = 0, [WAY_TRYING] = TRYING_MS, [WAY_WORKS] = INFRA_WAY_KEPT_MS};
	int64_t now = (int64_t)now_ms;

	if (w->doubt_ms != 0 && now - w->doubt_ms >= INFRA_WAY_TIMEOUT_MS)
		lapse(w, w->doubt_ms);
	if (w->state != WAY_UNTRIED &&
	    now - w->at_ms >= (w->state == WAY_FAILED ? rest_ms(w) : lasts_ms[w->state]))
		*w = (struct way){.state = WAY_UNTRIED, .lapses = w->lapses};
	return (enum way_state)w->state;
}

uint8_t infra_read_ways(struct server *s, uint64_t now_ms)
{
	uint8_t ways = 0;

	for (unsigned i = 0; i < INFRA_WAYS; i++) {
		struct way *w = &s->ways[i];

		if (w->state != WAY_UNTRIED && settle(w, now_ms) == WAY_WORKS && w->doubt_ms == 0)
			ways |= (uint8_t)INFRA_BIT(i);
	}
	return ways;
}

bool infra_claim_way(struct infra *infra, const struct address *a, enum infra_way way,
		     uint64_t now_ms)
{
	struct server_group *g = infra_lock_server(infra, a);
	struct way *w = &infra_make_server(infra, g, a, now_ms)->ways[way];
	bool mine = settle(w, now_ms) == WAY_UNTRIED;

	if (mine)
		*w = (struct way){
			.state = WAY_TRYING, .at_ms = (int64_t)now_ms, .lapses = w->lapses};
	pthread_mutex_unlock(&g->lock);
	return mine;
}

void infra_release_way(struct infra *infra, const struct address *a, enum infra_way way)
{
	struct server_group *g = infra_lock_server(infra, a);
	struct server *s = infra_find_server(g, a);

	if (s && s->ways[way].state == WAY_TRYING)
		s->ways[way].state = WAY_UNTRIED;
	pthread_mutex_unlock(&g->lock);
}

/* Something came by it. */
static void note_life(struct way *w, uint64_t now_ms)
{
	if (w->state != WAY_WORKS)
		w->since_ms = (int64_t)now_ms;
	w->state = WAY_WORKS;
	w->at_ms = (int64_t)now_ms;
	w->doubt_ms = 0;
}

void infra_way_works(struct infra *infra, const struct address *a, enum infra_way way,
		     uint64_t now_ms)
{
	struct server_group *g = infra_lock_server(infra, a);
	struct way *w = &infra_make_server(infra, g, a, now_ms)->ways[way];

	note_life(w, now_ms);
	w->outdone = 0;
	pthread_mutex_unlock(&g->lock);
}

void infra_way_failed(struct infra *infra, const struct address *a, enum infra_way way,
		      uint64_t now_ms)
{
	struct server_group *g = infra_lock_server(infra, a);
	struct way *w = &infra_make_server(infra, g, a, now_ms)->ways[way];

	if (settle(w, now_ms) == WAY_WORKS || w->lapses > 0)
		lapse(w, (int64_t)now_ms);
	else
		*w = (struct way){.state = WAY_FAILED, .at_ms = (int64_t)now_ms};
	pthread_mutex_unlock(&g->lock);
}

void infra_way_outdone(struct infra *infra, const struct address *a, enum infra_way way,
		       bool opening, uint64_t now_ms)
{
	struct server_group *g = infra_lock_server(infra, a);
	struct server *s = infra_find_server(g, a);
	struct way *w = s ? &s->ways[way] : NULL;

	if (w && settle(w, now_ms) == WAY_WORKS && w->doubt_ms == 0) {
		w->doubt_ms = (int64_t)now_ms;
		if (!opening && ++w->outdone >= OUTDONE_MAX)
			lapse(w, (int64_t)now_ms);
	}
	pthread_mutex_unlock(&g->lock);
}

void infra_way_heard(struct infra *infra, const struct address *a, enum infra_way way,
		     uint64_t now_ms)
{
	struct server_group *g = infra_lock_server(infra, a);
	struct server *s = infra_find_server(g, a);

	if (s && settle(&s->ways[way], now_ms) == WAY_WORKS)
		note_life(&s->ways[way], now_ms);
	pthread_mutex_unlock(&g->lock);
}

/* --- over a restart ------------------------------------------------------------------- */

/* What @s has that is worth it, into @out; returns how much. */
static unsigned copy_records(struct server *s, uint64_t now_ms,
			     struct infra_way_record out[INFRA_WAYS])
{
	unsigned n = 0;

	for (unsigned i = 0; i < INFRA_WAYS; i++) {
		enum way_state state = settle(&s->ways[i], now_ms);

		if (state != WAY_WORKS && state != WAY_FAILED)
			continue;
		out[n++] = (struct infra_way_record){
			.server = s->address,
			.way = (enum infra_way)i,
			.works = state == WAY_WORKS,
			.brief = state == WAY_FAILED && s->ways[i].lapses > 0,
			.age_ms = (uint64_t)((int64_t)now_ms - s->ways[i].at_ms),
		};
	}
	return n;
}

void infra_each_way(struct infra *infra, uint64_t now_ms,
		    void (*visit)(void *context, const struct infra_way_record *record),
		    void *context)
{
	struct infra_way_record found[GROUP_SIZE * INFRA_WAYS];

	for (unsigned i = 0; i < GROUPS; i++) {
		struct server_group *g = &infra->servers[i];
		unsigned n = 0;

		pthread_mutex_lock(&g->lock);
		for (unsigned j = 0; j < GROUP_SIZE; j++)
			n += copy_records(&g->records[j], now_ms, found + n);
		pthread_mutex_unlock(&g->lock);
		for (unsigned j = 0; j < n; j++)
			visit(context, &found[j]);
	}
}

void infra_restore_way(struct infra *infra, const struct infra_way_record *record, uint64_t now_ms)
{
	uint64_t lasts_ms = record->works ? INFRA_WAY_KEPT_MS : INFRA_WAY_DAMPED_MS;

	if (record->age_ms >= lasts_ms)
		return;
	struct server_group *g = infra_lock_server(infra, &record->server);
	struct way *w = &infra_make_server(infra, g, &record->server, now_ms)->ways[record->way];

	if (w->state == WAY_UNTRIED)
		*w = (struct way){.state = record->works ? WAY_WORKS : WAY_FAILED,
				  .at_ms = (int64_t)now_ms - (int64_t)record->age_ms,
				  .since_ms = (int64_t)now_ms};
	pthread_mutex_unlock(&g->lock);
}

void infra_forgive_ways(struct infra *infra)
{
	for (unsigned i = 0; i < GROUPS; i++) {
		struct server_group *g = &infra->servers[i];

		pthread_mutex_lock(&g->lock);
		for (unsigned j = 0; j < GROUP_SIZE; j++) {
			for (unsigned way = 0; way < INFRA_WAYS; way++) {
				if (g->records[j].ways[way].state == WAY_FAILED)
					g->records[j].ways[way] =
						(struct way){.state = WAY_UNTRIED};
			}
		}
		pthread_mutex_unlock(&g->lock);
	}
}

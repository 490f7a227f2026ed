/*
 * infra_ways.c - whether servers answer encrypted, too (RFC 9539 4): a state for each address.
 *
 *   UNTRIED ──claim──► TRYING ──answer──► WORKS ──3 days without an answer──► UNTRIED
 *      ▲                 └──in vain──► FAILED ◄──plain DNS was faster, and nothing came──┘
 *      └─────────────a day later─────────┘
 *
 * A failure is the address's, whatever it was asked for: it is only told of where the server has
 * answered the same by plain DNS, so neither our own link nor a stranger's zone can cause it.
 */
#include <string.h>

#include "cache/infra_private.h"

#define TRYING_MS (2 * INFRA_WAY_TIMEOUT_MS) /* whoever claimed it longer ago has got lost */

/* Time goes by: the state that @w is in at @now_ms. */
static enum way_state settle(struct way *w, uint64_t now_ms)
{
	static const int64_t lasts_ms[] = {[WAY_UNTRIED] = 0,
					   [WAY_TRYING] = TRYING_MS,
					   [WAY_WORKS] = INFRA_WAY_KEPT_MS,
					   [WAY_FAILED] = INFRA_WAY_DAMPED_MS};
	int64_t now = (int64_t)now_ms;

	if (w->doubt_ms != 0 && now - w->doubt_ms >= INFRA_WAY_TIMEOUT_MS)
		*w = (struct way){.state = WAY_FAILED, .at_ms = w->doubt_ms};
	if (w->state != WAY_UNTRIED && now - w->at_ms >= lasts_ms[w->state])
		*w = (struct way){.state = WAY_UNTRIED};
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
		*w = (struct way){.state = WAY_TRYING, .at_ms = (int64_t)now_ms};
	pthread_mutex_unlock(&g->lock);
	return mine;
}

void infra_release_way(struct infra *infra, const struct address *a, enum infra_way way)
{
	struct server_group *g = infra_lock_server(infra, a);
	struct server *s = infra_find_server(g, a);

	if (s && s->ways[way].state == WAY_TRYING)
		s->ways[way] = (struct way){.state = WAY_UNTRIED};
	pthread_mutex_unlock(&g->lock);
}

static void set_state(struct infra *infra, const struct address *a, enum infra_way way,
		      enum way_state state, uint64_t now_ms)
{
	struct server_group *g = infra_lock_server(infra, a);

	infra_make_server(infra, g, a, now_ms)->ways[way] =
		(struct way){.state = (uint8_t)state, .at_ms = (int64_t)now_ms};
	pthread_mutex_unlock(&g->lock);
}

void infra_way_works(struct infra *infra, const struct address *a, enum infra_way way,
		     uint64_t now_ms)
{
	set_state(infra, a, way, WAY_WORKS, now_ms);
}

void infra_way_failed(struct infra *infra, const struct address *a, enum infra_way way,
		      uint64_t now_ms)
{
	set_state(infra, a, way, WAY_FAILED, now_ms);
}

void infra_way_outdone(struct infra *infra, const struct address *a, enum infra_way way,
		       uint64_t now_ms)
{
	struct server_group *g = infra_lock_server(infra, a);
	struct server *s = infra_find_server(g, a);

	if (s && settle(&s->ways[way], now_ms) == WAY_WORKS && s->ways[way].doubt_ms == 0)
		s->ways[way].doubt_ms = (int64_t)now_ms;
	pthread_mutex_unlock(&g->lock);
}

void infra_way_heard(struct infra *infra, const struct address *a, enum infra_way way,
		     uint64_t now_ms)
{
	struct server_group *g = infra_lock_server(infra, a);
	struct server *s = infra_find_server(g, a);

	if (s && settle(&s->ways[way], now_ms) == WAY_WORKS)
		s->ways[way] = (struct way){.state = WAY_WORKS, .at_ms = (int64_t)now_ms};
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
				  .at_ms = (int64_t)now_ms - (int64_t)record->age_ms};
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

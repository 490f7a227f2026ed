/*
 * ways.c - what the server table knows of servers that answer encrypted outlives the daemon.
 *
 * The table counts by CLOCK_MONOTONIC, the file by CLOCK_REALTIME. What the file dates later than
 * the clock is dated by the clock: one of them is wrong, and so nothing counts longer than it may.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/server_private.h"
#include "daemon/ways_file.h"

#define STATE_NAME     "encrypted-servers"
#define WRITE_PAUSE_MS 1800000 /* should the daemon be killed, so much is lost */

static uint64_t mono_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
}

static int64_t wall_s(void)
{
	return (int64_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);
}

static bool is_on(const struct server *s)
{
	return rulebook_current(&s->shared.rules)->resolver.encryption.peer != NULL;
}

static void restore(struct server *s, const struct way_kept *w, int64_t now_s)
{
	const struct infra_way_record record = {
		.server = w->server,
		.way = w->way,
		.works = w->works,
		.age_ms = w->at_s < now_s ? (uint64_t)(now_s - w->at_s) * 1000 : 0,
	};

	infra_restore_way(s->shared.infra, &record, mono_ms());
}

static void read_all(struct server *s)
{
	struct ways_kept *kept = malloc(sizeof *kept);
	int64_t now_s = wall_s();

	if (!kept) {
		log_error(&s->log, "%s: out of memory, it is not read", s->ways.path);
		return;
	}
	if (ways_file_read(s->ways.path, kept, &s->log) == STATE_GOOD) {
		for (unsigned i = 0; i < kept->n; i++)
			restore(s, &kept->ways[i], now_s);
	}
	free(kept);
}

struct gathering {
	struct ways_kept *kept;
	int64_t now_s;
};

static void gather(void *context, const struct infra_way_record *record)
{
	struct gathering *g = context;
	int64_t at_s = g->now_s - (int64_t)(record->age_ms / 1000);

	/* Whether a brief rest will do shows soon. If the clock is not set, when that was can't be
	 * told. */
	if (g->kept->n == WAYS_KEPT_MAX || at_s <= 0 || record->brief)
		return;
	g->kept->ways[g->kept->n++] = (struct way_kept){
		.server = record->server, .way = record->way, .works = record->works, .at_s = at_s};
}

static void write_all(struct server *s)
{
	struct gathering g = {malloc(sizeof *g.kept), wall_s()};
	bool failed = true;

	if (g.kept) {
		g.kept->n = 0;
		infra_each_way(s->shared.infra, mono_ms(), gather, &g);
		failed = !ways_file_write(s->ways.path, g.kept);
	}
	/* Once: it is tried again. */
	if (failed && !s->ways.failed)
		log_warning(&s->log, "%s: %s; which servers answer encrypted ends with the daemon",
			    s->ways.path, strerror(errno));
	s->ways.failed = failed;
	free(g.kept);
}

void ways_tick(struct server *s)
{
	uint64_t now_ms = mono_ms();

	if (now_ms < s->ways.due_ms || !is_on(s))
		return;
	s->ways.due_ms = now_ms + WRITE_PAUSE_MS;
	if (s->ways.begun && s->ways.path) {
		write_all(s);
		return;
	}
	s->ways.begun = true;
	s->ways.path = state_path_of(STATE_NAME);
	if (s->ways.path)
		read_all(s);
}

void ways_end(struct server *s)
{
	if (s->ways.begun && s->ways.path)
		write_all(s);
	free(s->ways.path);
	s->ways.path = NULL;
}

/*
 * pause.c - lists that say nothing for a while, for everybody or for one view.
 *
 * A pause is a rule set like any other: what was answered without lists is not given afterwards.
 * It outlives a reload, and not the daemon.
 */
#include <string.h>

#include "base/clock.h"
#include "daemon/server_private.h"

static uint64_t now_ms(void)
{
	return clock_ns(CLOCK_BOOTTIME) / NS_PER_MS;
}

static bool publish(struct server *s, const struct view_bits *paused)
{
	struct rulebook *book = &s->shared.rules;
	struct rules *fresh;

	if (view_bits_equal(&rulebook_current(book)->paused, paused))
		return true;
	fresh = rules_derive(rulebook_current(book));
	if (!fresh)
		return false;
	fresh->paused = *paused;
	rulebook_publish(book, fresh, RULES_CHANGE_NAMES);
	return true;
}

/* The classes that pause then. */
static struct view_bits paused_at(const struct server *s, uint64_t at_ms)
{
	struct view_bits paused = {{0}};

	for (unsigned class = 0; class <= VIEWS_MAX; class ++) {
		if (MAX(s->pauses.all_until_ms, s->pauses.until_ms[class]) > at_ms)
			view_bits_set(&paused, class);
	}
	return paused;
}

/* The class of the view called @name, or -1. */
static int class_of(const struct server *s, const char *name)
{
	const struct view_set *views = rulebook_current(&s->shared.rules)->views;

	for (unsigned i = 0; views && i < views->n; i++) {
		if (strcmp(views->views[i].name, name) == 0)
			return views->views[i].class;
	}
	return -1;
}

bool pause_lists(struct server *s, const char *view, uint32_t seconds, const char **why)
{
	uint64_t until_ms = seconds > 0 ? now_ms() + seconds * (uint64_t)1000 : 0;
	int class = view ? class_of(s, view) : 0;

	*why = "no view has this name";
	if (class < 0)
		return false;
	if (view)
		s->pauses.until_ms[class] = until_ms;
	else
		memset(&s->pauses, 0, sizeof s->pauses);
	if (!view)
		s->pauses.all_until_ms = until_ms;
	*why = "out of memory";

	struct view_bits paused = paused_at(s, now_ms());

	if (!publish(s, &paused))
		return false;
	log_notice(&s->log, "lists %s for %s%s", seconds ? "pause" : "count again",
		   view ? "view " : "everybody", view ? view : "");
	return true;
}

void pause_tick(struct server *s)
{
	const struct view_bits *before = &rulebook_current(&s->shared.rules)->paused;

	if (!view_bits_any(before))
		return;
	struct view_bits paused = paused_at(s, now_ms());

	if (!view_bits_equal(before, &paused) && publish(s, &paused))
		log_notice(&s->log, "lists count again: a pause has ended");
}

uint32_t pause_left_s(const struct server *s, unsigned class)
{
	uint64_t until_ms = MAX(s->pauses.all_until_ms, s->pauses.until_ms[class]),
		 at_ms = now_ms();

	return until_ms > at_ms ? (uint32_t)((until_ms - at_ms + 999) / 1000) : 0;
}

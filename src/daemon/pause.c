/*
 * pause.c - lists that say nothing for a while, for everybody or for one view.
 *
 * A pause is a rule set like any other: what was answered without lists is not given afterwards.
 * It outlives a reload, and not the daemon.
 */
#include <stdio.h>
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

/* What was said of the view that has @class: nothing, if it was said of one that is gone. */
static const struct view_pause *pause_of(const struct server *s, unsigned class)
{
	const struct view_set *views = rulebook_current(&s->shared.rules)->views;
	const struct view_pause *p = &s->pauses.of[class];

	for (unsigned i = 0; views && i < views->n; i++) {
		if (views->views[i].class == class)
			return strcmp(views->views[i].name, p->view) == 0 ? p : NULL;
	}
	return NULL;
}

static uint64_t until_ms(const struct server *s, unsigned class)
{
	const struct view_pause *p = pause_of(s, class);

	if (!p)
		return s->pauses.all_until_ms;
	return p->ended ? p->until_ms : MAX(s->pauses.all_until_ms, p->until_ms);
}

/* The classes that pause then. */
static struct view_bits paused_at(const struct server *s, uint64_t at_ms)
{
	struct view_bits paused = {{0}};

	for (unsigned class = 0; class <= VIEWS_MAX; class ++) {
		if (until_ms(s, class) > at_ms)
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
	uint64_t until = seconds > 0 ? now_ms() + seconds * (uint64_t)1000 : 0;
	int class = view ? class_of(s, view) : 0;

	*why = "no view has this name";
	if (class < 0)
		return false;
	if (view) {
		struct view_pause *p = &s->pauses.of[class];

		/* Then a pause for everybody is none for that view. */
		*p = (struct view_pause){.until_ms = until, .ended = until == 0};
		snprintf(p->view, sizeof p->view, "%s", view);
	} else {
		memset(&s->pauses, 0, sizeof s->pauses);
		s->pauses.all_until_ms = until;
	}
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
	uint64_t until = until_ms(s, class), at_ms = now_ms();

	return until > at_ms ? (uint32_t)((until - at_ms + 999) / 1000) : 0;
}

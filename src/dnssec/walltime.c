#include "dnssec/walltime.h"

static uint32_t proven(const struct wall_time *w)
{
	return atomic_load_explicit(&w->proven_s, memory_order_relaxed);
}

static bool is_impossible(const struct wall_time *w, uint32_t now_s)
{
	uint32_t proven_s = proven(w);

	return now_s < WALL_NOT_BEFORE_S || (proven_s > now_s && proven_s - now_s > WALL_SLACK_S);
}

bool wall_time_doubt(struct wall_time *w, uint32_t now_s)
{
	if (!w || (now_s >= w->build_s && !is_impossible(w, now_s)))
		return false;
	atomic_store_explicit(&w->unset, true, memory_order_relaxed);
	return true;
}

void wall_time_prove(struct wall_time *w, uint32_t now_s)
{
	/* Of two workers that write at once either time is good. */
	if (w && !wall_time_is_unset(w, now_s) && now_s > proven(w))
		atomic_store_explicit(&w->proven_s, now_s, memory_order_relaxed);
}

bool wall_time_is_unset(const struct wall_time *w, uint32_t now_s)
{
	return w && atomic_load_explicit(&w->unset, memory_order_relaxed) &&
	       (now_s < w->build_s || is_impossible(w, now_s));
}

enum wall_change wall_time_watch(struct wall_time *w, uint32_t now_s, bool *told)
{
	bool before = *told;

	if (is_impossible(w, now_s))
		atomic_store_explicit(&w->unset, true, memory_order_relaxed);
	*told = wall_time_is_unset(w, now_s);
	if (*told == before)
		return WALL_SAME;
	if (*told)
		return WALL_UNSET;
	atomic_store_explicit(&w->unset, false, memory_order_relaxed);
	return WALL_SET;
}

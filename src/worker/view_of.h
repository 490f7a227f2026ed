/*
 * view_of.h - whose rules a client is answered by.
 *
 * The class of a view is asked for anew by each worker that a question comes to: so an answer is
 * by one rule set.
 */
#pragma once

#include "worker/worker_private.h"

/** The class of @p client, who asks at listener number @p listener. */
static inline unsigned view_of(const struct worker *w, const struct address *client,
			       unsigned listener)
{
	const struct view_set *views = w->rules->views;

	if (likely(!views))
		return 0;
	if (w->listeners[listener].view != 0)
		return w->listeners[listener].view;
	return view_of_client(views, client);
}

/** What the jobs of @p view work with. */
static inline struct resolver *resolver_of(struct worker *w, unsigned view)
{
	return view == 0 ? &w->resolver : &w->view_resolvers[view - 1];
}

/*
 * view_of.h - whose rules a client is answered by.
 *
 * The class of a view is asked for anew by each worker that a question comes to: so an answer is
 * by one rule set.
 */
#pragma once

#include "policy/rpz.h"
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
	return view_of_client(views, w->rules->view_clients, client);
}

/** Do policy zones of @p view speak of @p client? Then what others are answered is not for him. */
static inline bool is_in_policy(const struct worker *w, unsigned view, const struct address *client)
{
	const struct rpz_set *set = w->rules->rpz;
	struct rpz_rule rule;

	if (likely(!set) || !set->has[RPZ_CLIENT_IP])
		return false;
	uint32_t asked = rules_for_view(w->rules, view)->rpz_asked;

	for (unsigned i = 0; i < set->n; i++) {
		if (asked >> i & 1 &&
		    rpz_find_address(set->zones[i].zone, RPZ_CLIENT_IP, client, &rule))
			return true;
	}
	return false;
}

/** What the jobs of @p view work with. */
static inline struct resolver *resolver_of(struct worker *w, unsigned view)
{
	return view == 0 ? &w->resolver : &w->view_resolvers[view - 1];
}

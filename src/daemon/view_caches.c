/*
 * view_caches.c - caches of their own for views that other servers answer.
 *
 * What a view's forwarders say is nobody else's business, nor what everybody's servers say that of
 * the view. So such a view shares nothing but rendered answers, which are told apart by its class.
 */
#include <stdlib.h>

#include "daemon/ruleset.h"
#include "daemon/server_private.h"

static const struct view *view_of_class(const struct view_set *set, unsigned class)
{
	for (unsigned i = 0; set && i < set->n; i++) {
		if (set->views[i].class == class)
			return &set->views[i];
	}
	return NULL;
}

/* May what the view had cached stay? */
static bool may_stay(const struct rules *before, const struct view *v)
{
	const struct view *old = before ? view_of_class(before->views, v->class) : NULL;

	return old && old->has_routes && old->cache_octets == v->cache_octets &&
	       ruleset_routes_are_equal(&old->routes, &v->routes);
}

bool server_make_view_caches(struct server *s, struct rules *rules, const struct rules *before)
{
	for (unsigned class = 1; class <= VIEWS_MAX; class ++) {
		const struct view *v = view_of_class(rules->views, class);
		unsigned part = RULES_VIEW_CACHES + class - 1;

		if (!v || !v->has_routes) {
			rules_drop_part(rules, part);
			continue;
		}
		if (rules->parts[part] && may_stay(before, v))
			continue;
		const struct cache_options options = {v->cache_octets,
						      rules->config->cache.stale_s};
		struct cache *cache = cache_create(&options, &s->cache_key);

		if (!cache || !rules_set_part(rules, part, cache, server_end_cache))
			return false;
	}
	return true;
}

#include "policy/route.h"

#include <tern/name.h>

bool route_starts_at(const struct routes *routes, const uint8_t *name)
{
	for (unsigned i = 0; i < routes->n; i++) {
		if (tern_name_equal(routes->routes[i].zone, name))
			return true;
	}
	return false;
}

const struct route *route_find(const struct routes *routes, const uint8_t *name)
{
	const struct route *best = NULL;
	unsigned best_labels = 0;

	for (unsigned i = 0; i < routes->n; i++) {
		const struct route *r = &routes->routes[i];
		unsigned labels = tern_name_labels(r->zone);

		if ((!best || labels > best_labels) && tern_name_is_below_or_equal(name, r->zone)) {
			best = r;
			best_labels = labels;
		}
	}
	return best;
}

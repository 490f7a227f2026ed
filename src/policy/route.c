/* route.c - see route.h. */
#include "policy/route.h"

#include <tern/name.h>

struct name_index *route_index_create(const struct route *routes, unsigned n)
{
	struct name_index *index = name_index_create();

	for (unsigned i = 0; index && i < n; i++) {
		if (!name_index_add(index, routes[i].zone, i)) {
			name_index_destroy(index);
			return NULL;
		}
	}
	return index;
}

static const struct route *route_at(const struct routes *routes, uint32_t at)
{
	return at == NAME_INDEX_NONE ? NULL : &routes->routes[at];
}

bool route_starts_at(const struct routes *routes, const uint8_t *name)
{
	if (routes->index)
		return name_index_get(routes->index, name) != NAME_INDEX_NONE;
	for (unsigned i = 0; i < routes->n; i++) {
		if (tern_name_equal(routes->routes[i].zone, name))
			return true;
	}
	return false;
}

static const struct route *compare_all(const struct routes *routes, const uint8_t *name)
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

const struct route *route_find(const struct routes *routes, const uint8_t *name)
{
	if (!routes->index)
		return compare_all(routes, name);
	return route_at(routes, name_index_deepest(routes->index, name));
}

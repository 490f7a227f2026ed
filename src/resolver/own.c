/* own.c - see own.h. */
#include "resolver/own.h"

enum zone_outcome own_find(const struct job *job, const uint8_t *name, uint16_t type,
			   struct zone_answer *out)
{
	const struct zone_store *zones = job->rules->zones;
	/* A DS belongs to the parent's side of the cut, RFC 4035 3.1.4.1. */
	const uint8_t *at = type == TERN_TYPE_DS ? tern_name_parent(name) : name;

	if (!zones)
		return ZONE_NOT_HERE;
	const struct route *route = route_find(&job->rules->routes, at);

	return zone_store_find(zones, name, type, route ? route->zone : NULL, out);
}

bool own_has(const struct job *job, const uint8_t *name, uint16_t type)
{
	struct zone_answer out;

	return own_find(job, name, type, &out) != ZONE_NOT_HERE;
}

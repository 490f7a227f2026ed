/* own.c - see own.h. */
#include "resolver/own.h"

static const uint8_t *zone_of(const struct route *route)
{
	return route ? route->zone : NULL;
}

/* Is nothing written of @name, so that leases may speak? */
static bool is_free(const struct rules *rules, const uint8_t *name)
{
	const struct route *route = route_find(&rules->routes, name);

	if (route && tern_name_equal(route->zone, name))
		return false;
	return !rules->zones || !zone_store_claims(rules->zones, name, zone_of(route));
}

bool own_grants(const struct rules *rules, const struct lease *lease)
{
	return lease->naming == LEASE_NAMED && is_free(rules, lease->name);
}

/* Those in force: they come and go while the job waits. */
static const struct leases *leases_of(const struct job *job)
{
	return job->resolver->rules->leases;
}

bool own_is_empty(const struct job *job)
{
	return !job->rules->zones && !leases_of(job);
}

/* The configuration says no more of @name than that it doesn't exist: @outcome. */
static enum zone_outcome find_lease(const struct job *job, const uint8_t *name, uint16_t type,
				    enum zone_outcome outcome, struct zone_answer *out)
{
	const struct leases *leases = leases_of(job);
	const struct rules *rules = job->rules;
	const int64_t now_s = job->now->wall_s;
	struct lease_found found;

	if (!leases_find(leases, name, now_s, &found) || !is_free(rules, name) ||
	    (found.reverse && !own_grants(rules, found.lease)))
		return outcome;
	if (leases_records(leases, &found, name, type, now_s, out))
		return ZONE_ANSWER;
	zone_store_deny(rules->zones, name, found.reverse ? name : tern_name_parent(name), out);
	out->soa.ttl_s = MIN(out->soa.ttl_s, (uint32_t)LEASES_TTL_S);
	return ZONE_NODATA;
}

enum zone_outcome own_find_beside(const struct job *job, const struct route *route,
				  const uint8_t *name, uint16_t type, struct zone_answer *out)
{
	const struct rules *rules = job->rules;
	enum zone_outcome found =
		rules->zones ? zone_store_find(rules->zones, name, type, zone_of(route), out)
			     : ZONE_NOT_HERE;

	if (!leases_of(job) || found == ZONE_ANSWER || found == ZONE_NODATA)
		return found;
	return find_lease(job, name, type, found, out);
}

enum zone_outcome own_find(const struct job *job, const uint8_t *name, uint16_t type,
			   struct zone_answer *out)
{
	/* A DS belongs to the parent's side of the cut, RFC 4035 3.1.4.1. */
	const uint8_t *at = type == TERN_TYPE_DS ? tern_name_parent(name) : name;

	if (own_is_empty(job))
		return ZONE_NOT_HERE;
	return own_find_beside(job, route_find(&job->rules->routes, at), name, type, out);
}

bool own_has(const struct job *job, const uint8_t *name, uint16_t type)
{
	struct zone_answer out;

	return own_find(job, name, type, &out) != ZONE_NOT_HERE;
}

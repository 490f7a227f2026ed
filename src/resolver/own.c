/* own.c - see own.h. */
#include "resolver/own.h"

#include <string.h>

#include <tern/rr.h>

#include "base/bytes.h"

static const uint8_t *zone_of(const struct route *route)
{
	return route ? route->zone : NULL;
}

/* --- names of our own ---------------------------------------------------------------- */

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

/* The configuration says no more of @name than that it doesn't exist: @outcome. */
static enum zone_outcome find_lease(const struct own_ground *g, const uint8_t *name, uint16_t type,
				    enum zone_outcome outcome, struct own_answer *own)
{
	const struct leases *leases = g->leases;
	const struct rules *rules = g->rules;
	const int64_t now_s = g->wall_s;
	struct zone_answer *out = &own->zone;
	struct lease_found found;

	if (!leases_find(leases, name, now_s, &found) || !is_free(rules, name) ||
	    (found.reverse && !own_grants(rules, found.lease)))
		return outcome;
	own->by = OWN_BY_LEASE;
	if (leases_records(leases, &found, name, type, now_s, out))
		return ZONE_ANSWER;
	zone_store_deny(rules->zones, name, found.reverse ? name : tern_name_parent(name), out);
	out->soa.ttl_s = MIN(out->soa.ttl_s, (uint32_t)LEASES_TTL_S);
	return ZONE_NODATA;
}

static enum zone_outcome ask_store(const struct zone_store *store, enum own_by by,
				   const struct route *route, const uint8_t *name, uint16_t type,
				   struct own_answer *out)
{
	enum zone_outcome found =
		store ? zone_store_find(store, name, type, zone_of(route), &out->zone)
		      : ZONE_NOT_HERE;

	if (found != ZONE_NOT_HERE)
		out->by = by;
	out->informs |= store && out->zone.informs;
	return found;
}

/* By what a view's names say of a server, others would be answered out of the cache that they have
 * together. */
static const struct zone_store *view_zones(const struct rules *rules, enum own_for who)
{
	return who == OWN_FOR_RESOLVER && rules->shares_cache ? NULL : rules->view_zones;
}

static enum zone_outcome ask_zones(const struct own_ground *g, const struct route *route,
				   enum own_for who, const uint8_t *name, uint16_t type,
				   struct own_answer *out)
{
	enum zone_outcome found =
		ask_store(view_zones(g->rules, who), OWN_BY_VIEW, route, name, type, out);

	if (found != ZONE_NOT_HERE)
		return found;
	found = ask_store(g->rules->zones, OWN_BY_ZONES, route, name, type, out);
	if (!g->leases || found == ZONE_ANSWER || found == ZONE_NODATA)
		return found;
	return find_lease(g, name, type, found, out);
}

/* --- lists ------------------------------------------------------------------------------ */

/* The addresses that @l gives for every name; ANY gets some. */
static bool give_addresses(const struct listed *l, const uint8_t *name, uint16_t type,
			   struct own_answer *out)
{
	bool a = type == TERN_TYPE_A || (type == TERN_TYPE_ANY && l->a_n > 0);
	bool aaaa = !a && (type == TERN_TYPE_AAAA || type == TERN_TYPE_ANY);

	if (!(a && l->a_n > 0) && !(aaaa && l->aaaa_n > 0))
		return false;
	out->zone.set = (struct tern_rrset){
		.owner = name,
		.rdata = a ? l->a[0] : l->aaaa[0],
		.rdata_len = a ? (uint32_t)(l->a_n * sizeof l->a[0])
			       : (uint32_t)(l->aaaa_n * sizeof l->aaaa[0]),
		.ttl_s = LIST_TTL_S,
		.type = a ? TERN_TYPE_A : TERN_TYPE_AAAA,
		.rclass = TERN_CLASS_IN,
		.rr_n = a ? l->a_n : l->aaaa_n,
	};
	return true;
}

static enum zone_outcome act(const struct list_verdict *v, const uint8_t *name, uint16_t type,
			     struct own_answer *out)
{
	out->zone.source = 0;
	zone_answer_deny(tern_name_suffix(name, v->labels), LIST_TTL_S, &out->zone);
	switch (v->list->action) {
	case LIST_NXDOMAIN: return ZONE_NXDOMAIN;
	case LIST_NODATA: return ZONE_NODATA;
	case LIST_NULL:
	case LIST_ADDRESS:
		return give_addresses(v->list, name, type, out) ? ZONE_ANSWER : ZONE_NODATA;
	case LIST_REFUSE: return ZONE_REFUSED;
	case LIST_DROP: return ZONE_DROPPED;
	}
	return ZONE_NOT_HERE;
}

static enum zone_outcome ask_lists(const struct rules *rules, const uint8_t *name, uint16_t type,
				   struct own_answer *out)
{

	if (!rules->lists || rules->lists_asked == 0 || view_bits_get(&rules->paused, rules->view))
		return ZONE_NOT_HERE;
	struct list_verdict v = list_set_ask(rules->lists, rules->lists_asked, name, type);

	if (!v.list)
		return ZONE_NOT_HERE;
	out->by = OWN_BY_LIST;
	out->list = v.list;
	out->origin = KEPT_LISTED;
	out->line = v.line;
	return act(&v, name, type, out);
}

/* --- aliases that are made up -------------------------------------------------------------- */

static void make_alias(const uint8_t *name, uint32_t ttl_s, struct own_answer *out)
{
	size_t len = tern_name_len(out->alias + 2);

	put_u16(out->alias, (uint16_t)len);
	out->zone.set = (struct tern_rrset){
		.owner = name,
		.rdata = out->alias,
		.rdata_len = (uint32_t)len + 2,
		.ttl_s = ttl_s,
		.type = TERN_TYPE_CNAME,
		.rclass = TERN_CLASS_IN,
		.rr_n = 1,
	};
	out->origin = KEPT_PUBLIC;
}

/* Where a browser finds an engine's address. All else that its name has is as ever. */
static enum zone_outcome make_safe(const struct rules *rules, const uint8_t *name, uint16_t type,
				   struct own_answer *out)
{
	const char *target = safe_search_target(rules->changes.safe_search, name);

	if (!target || tern_name_from_text(target, strlen(target), out->alias + 2) != TERN_OK)
		return ZONE_NOT_HERE;
	out->by = OWN_BY_SAFE_SEARCH;
	switch (type) {
	case TERN_TYPE_A:
	case TERN_TYPE_AAAA:
	case TERN_TYPE_CNAME:
	case TERN_TYPE_ANY: make_alias(name, SAFE_SEARCH_TTL_S, out); return ZONE_ANSWER;
	/* They would lead by the engine's own name past the alias. */
	case TERN_TYPE_SVCB:
	case TERN_TYPE_HTTPS:
		zone_answer_deny(name, SAFE_SEARCH_TTL_S, &out->zone);
		return ZONE_NODATA;
	default: out->by = OWN_BY_NOBODY; return ZONE_NOT_HERE;
	}
}

/* Somebody serves names of IPv6 addresses here, and was chosen for that. */
static bool is_served(const struct route *route)
{
	static const uint8_t ip6_arpa[] = "\3ip6\4arpa";

	return route && tern_name_is_below(route->zone, ip6_arpa);
}

/* A special zone, of private addresses say, knows no better than that the name doesn't exist. */
static bool is_unclaimed(const struct rules *rules, const struct route *route, const uint8_t *name)
{
	return (!rules->zones || !zone_store_claims(rules->zones, name, zone_of(route))) &&
	       (!rules->view_zones || !zone_store_claims(rules->view_zones, name, zone_of(route)));
}

/*
 * RFC 6147 5.3.1: the name of an address that NAT64 makes is that of the IPv4 address in it, unless
 * names of our own, which had @found for it, say more. An alias is one for all types: who heard for
 * one that there is no such name might believe that of all (RFC 8020).
 */
static bool make_reverse(const struct rules *rules, const struct route *route,
			 enum zone_outcome found, const uint8_t *name, uint16_t type,
			 struct own_answer *out)
{
	const struct prefix *prefix = &rules->changes.dns64.prefix;

	if (prefix->base.family == 0 || is_served(route) || type == TERN_TYPE_DS ||
	    !(found == ZONE_NOT_HERE ||
	      (found == ZONE_NXDOMAIN && is_unclaimed(rules, route, name))) ||
	    !nat64_reverse(prefix, name, out->alias + 2))
		return false;
	make_alias(name, DNS64_TTL_S, out);
	out->by = OWN_BY_NAT64;
	return true;
}

/* --- policy zones --------------------------------------------------------------------------- */

/* The first zone that speaks of the client, or of the name. */
static bool find_rule(const struct own_ground *g, const uint8_t *name, struct own_answer *out)
{
	const struct rpz_set *set = g->rules->rpz;

	for (unsigned i = 0; i < set->n; i++) {
		const struct rpz_zone *z = set->zones[i].zone;

		if (!(g->rules->rpz_asked >> i & 1))
			continue;
		if (!(g->client && rpz_find_address(z, RPZ_CLIENT_IP, g->client, &out->rule)) &&
		    !rpz_find_name(z, RPZ_QNAME, name, &out->rule))
			continue;
		out->policy = set->zones[i].name;
		return true;
	}
	return false;
}

static enum zone_outcome obey(const uint8_t *name, uint16_t type, struct own_answer *out)
{
	const struct rpz_rule *rule = &out->rule;

	out->by = OWN_BY_POLICY;
	out->zone.source = 0;
	zone_answer_deny(name, rule->ttl_s, &out->zone);
	switch (rule->action) {
	case RPZ_NXDOMAIN: return ZONE_NXDOMAIN;
	case RPZ_DROP: return ZONE_DROPPED;
	case RPZ_CNAME:
		if (!rpz_alias(rule, name, out->alias + 2))
			return ZONE_NXDOMAIN;
		make_alias(name, rule->ttl_s, out);
		out->origin = KEPT_OWN;
		return ZONE_ANSWER;
	case RPZ_DATA: return rpz_set(rule, name, type, &out->zone.set) ? ZONE_ANSWER : ZONE_NODATA;
	case RPZ_NODATA: return ZONE_NODATA;
	case RPZ_GIVEN:
	case RPZ_PASSTHRU:
	case RPZ_TCP_ONLY: break;
	}
	out->by = OWN_BY_NOBODY;
	return ZONE_NOT_HERE;
}

static enum zone_outcome ask_policies(const struct own_ground *g, const uint8_t *name,
				      uint16_t type, struct own_answer *out)
{
	if (!g->rules->rpz || g->past_policy || !find_rule(g, name, out))
		return ZONE_NOT_HERE;
	return obey(name, type, out);
}

/* --- together ---------------------------------------------------------------------------- */

enum zone_outcome own_find_by(const struct own_ground *g, const struct route *route,
			      enum own_for who, const uint8_t *name, uint16_t type,
			      struct own_answer *out)
{
	enum zone_outcome found;

	out->by = OWN_BY_NOBODY;
	out->list = NULL;
	out->policy = NULL;
	out->origin = KEPT_OWN;
	out->informs = false;
	found = ask_zones(g, route, who, name, type, out);
	if (who == OWN_FOR_RESOLVER)
		return found;
	if (make_reverse(g->rules, route, found, name, type, out))
		return ZONE_ANSWER;
	if (found != ZONE_NOT_HERE)
		return found;
	found = ask_policies(g, name, type, out);
	if (found != ZONE_NOT_HERE)
		return found;
	found = ask_lists(g->rules, name, type, out);
	return found != ZONE_NOT_HERE ? found : make_safe(g->rules, name, type, out);
}

enum zone_outcome own_find_beside(const struct job *job, const struct route *route,
				  enum own_for who, const uint8_t *name, uint16_t type,
				  struct own_answer *out)
{
	/* Leases come and go while the job waits: those in force count. */
	const struct own_ground g = {.rules = job->rules,
				     .leases = job->resolver->rules->leases,
				     .wall_s = job->now->wall_s,
				     .client = job->client.family ? &job->client : NULL,
				     .past_policy = job->past_policy};

	return own_find_by(&g, route, job->flags & JOB_UNFILTERED ? OWN_FOR_RESOLVER : who, name,
			   type, out);
}

enum zone_outcome own_find(const struct job *job, enum own_for who, const uint8_t *name,
			   uint16_t type, struct own_answer *out)
{
	/* A DS belongs to the parent's side of the cut, RFC 4035 3.1.4.1. */
	const uint8_t *at = type == TERN_TYPE_DS ? tern_name_parent(name) : name;

	return own_find_beside(job, route_find(&job->rules->routes, at), who, name, type, out);
}

bool own_has(const struct job *job, enum own_for who, const uint8_t *name, uint16_t type)
{
	struct own_answer out;

	return own_find(job, who, name, type, &out) != ZONE_NOT_HERE;
}

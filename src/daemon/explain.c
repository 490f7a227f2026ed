/*
 * explain.c - see explain.h.
 *
 *   view -> access -> for the name, and each alias that is known here:
 *     names of our own -> leases -> lists -> (the cache | a recent failure) -> trust -> who is
 * asked
 */
#include "daemon/explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "base/clock.h"
#include "cache/cache.h"
#include "daemon/server_private.h"
#include "daemon/view_clients.h"
#include "dnssec/anchor.h"
#include "resolver/own.h"
#include "zone/local.h"

#define ALIASES_MAX 16
#define WHERE_MAX   4200

struct telling {
	const struct rules *all; /* of everybody */
	const struct rules *rules;
	const struct address *client;
	const struct config *config;
	const struct view *view;            /* NULL for none */
	const struct view_options *options; /* of it */
	unsigned view_index;
	void (*tell)(void *context, json_t *line);
	void *context;
	uint8_t name[TERN_NAME_MAX + 1]; /* at hand */
	uint16_t type;
};

/* --- saying --------------------------------------------------------------------------- */

static json_t *PRINTF(2, 3) line_of(const char *step, const char *format, ...)
{
	char text[WHERE_MAX + 512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return json_pack("{s:s,s:s}", "step", step, "text", text);
}

static void say(struct telling *t, json_t *line)
{
	if (line)
		t->tell(t->context, line);
}

static void add_where(json_t *line, const char *where)
{
	if (line && *where)
		(void)json_object_set_new(line, "where", json_string(where));
}

/*
 * "FILE:LINE" of @key, which is one of the view's when @of_view; or nothing for what nobody
 * wrote.
 */
static const char *where_of(const struct telling *t, bool of_view, const char *key,
			    char out[WHERE_MAX])
{
	char path[LOCAL_KEY_MAX + 32];

	snprintf(path, sizeof path, "views[%u].%s", t->view_index, key);
	struct place place = config_place(t->config, of_view ? path : key);

	out[0] = '\0';
	if (place.line > 0)
		snprintf(out, WHERE_MAX, "%s:%u", place.file, place.line);
	return out;
}

static const char *comma(const char *where)
{
	return *where ? ", " : "";
}

/* --- who asks -------------------------------------------------------------------------- */

static char *prefix_text(const struct prefix *p, char out[ADDRESS_TEXT_MAX + 4])
{
	char text[ADDRESS_TEXT_MAX];

	address_to_text(&p->base, text);
	snprintf(out, ADDRESS_TEXT_MAX + 4, "%.*s/%u", (int)strcspn(text, "@"), text, p->bits);
	return out;
}

static int longest_of(const struct prefix *list, unsigned n, const struct address *client)
{
	int best = -1;

	for (unsigned i = 0; i < n; i++) {
		if (!prefix_is_connected(&list[i]) && prefix_holds(&list[i], client) &&
		    (best < 0 || list[i].bits > list[best].bits))
			best = (int)i;
	}
	return best;
}

/* The entry by which @client is in the view: its place there; @found is NULL for a network. */
static int entry_of(const struct telling *t, const struct address *client,
		    const struct view_found **found)
{
	const struct view_options *o = t->options;
	const struct view_clients *now = t->all->view_clients;
	int best = -1;

	*found = NULL;
	for (unsigned i = 0; i < o->clients_n; i++) {
		const struct prefix *p = &o->clients[i].network;

		if (o->clients[i].kind == VIEW_NETWORK && prefix_holds(p, client) &&
		    (best < 0 || p->bits > o->clients[best].network.bits))
			best = (int)i;
	}
	/* One address that is written counts before what a lease says. */
	if (best >= 0 && o->clients[best].network.bits == (client->family == 4 ? 32 : 128))
		return best;
	for (unsigned i = 0; i < now->found_n; i++) {
		const struct view_found *f = &now->found[i];

		if (f->view != t->view_index || f->address.family != client->family ||
		    memcmp(f->address.octets, client->octets, sizeof client->octets) != 0)
			continue;
		*found = f;
		return f->client;
	}
	return best;
}

static const char *how_found(const struct telling *t, const struct view_found *f)
{
	if (!f)
		return "";
	if (t->options->clients[f->client].kind == VIEW_MAC)
		return ", which has this address by its lease";
	return view_clients_devices(t->all, f->view, f->client) > 1
		       ? ", a name that several devices give themselves"
		       : ", as the client of this lease calls itself";
}

static const char *until_of(const struct view *v, char out[VIEW_UNTIL_MAX + 16])
{
	char until[VIEW_UNTIL_MAX];

	out[0] = '\0';
	if (v->schedule.n > 0)
		snprintf(out, VIEW_UNTIL_MAX + 16, ", applies%s%s",
			 *view_until(v, until) ? " " : "", until);
	return out;
}

static void tell_passed(struct telling *t, const struct address *client)
{
	const struct view *passed = view_clients_passed(t->all, client);
	char until[VIEW_UNTIL_MAX];

	if (passed)
		say(t, line_of("view", "%s is passed over%s%s: its schedule", passed->name,
			       *view_until(passed, until) ? " " : "", until));
}

static void tell_view(struct telling *t, const struct address *client)
{
	char key[64], where[WHERE_MAX], entry[VIEW_TEXT_MAX], until[VIEW_UNTIL_MAX + 16];
	const struct view_found *found;
	json_t *line;

	if (!t->all->views)
		return;
	tell_passed(t, client);
	if (!t->view) {
		say(t, line_of("view", "none: no view has this address"));
		return;
	}
	int at = entry_of(t, client, &found);

	if (at < 0)
		return;
	snprintf(key, sizeof key, "clients[%d]", at);
	where_of(t, true, key, where);
	view_client_text(&t->options->clients[at], entry);
	line = line_of("view", "%s, by %s%s%s%s%s", t->view->name, entry, how_found(t, found),
		       comma(where), where, until_of(t->view, until));
	if (line) {
		(void)json_object_set_new(line, "view", json_string(t->view->name));
		(void)json_object_set_new(line, "entry", json_string(entry));
	}
	add_where(line, where);
	say(t, line);
}

/* False when that is the end. */
static bool tell_access(struct telling *t, const struct address *client)
{
	const struct access_list *a = &t->rules->access;
	bool of_view = t->view && t->view->has_access;
	char key[80], where[WHERE_MAX], network[ADDRESS_TEXT_MAX + 4];
	int at = longest_of(a->allow, a->allow_n, client);
	json_t *line;

	if (at >= 0) {
		snprintf(key, sizeof key, "access.allow[%d]", at);
		where_of(t, of_view, key, where);
		line = line_of("access", "allowed by %s%s%s", prefix_text(&a->allow[at], network),
			       comma(where), where);
	} else if (access_allows(a, client)) {
		where_of(t, of_view, "access.allow", where);
		line = line_of("access", "allowed: a network of this host's interfaces%s%s",
			       comma(where), where);
	} else {
		where_of(t, of_view, "access", where);
		line = line_of("access", "%s: no network of access.allow has it%s%s",
			       a->drop ? "no answer" : "REFUSED", comma(where), where);
	}
	if (line)
		(void)json_object_set_new(line, "allowed", json_boolean(access_allows(a, client)));
	add_where(line, where);
	say(t, line);
	return access_allows(a, client);
}

/* --- names of our own, leases, lists ------------------------------------------------------ */

static const char *outcome_text(enum zone_outcome o)
{
	switch (o) {
	case ZONE_ANSWER: return "answered";
	case ZONE_NODATA: return "no data of this type";
	case ZONE_NXDOMAIN: return "NXDOMAIN";
	case ZONE_REFUSED: return "REFUSED";
	case ZONE_DROPPED: return "no answer at all";
	case ZONE_NOT_HERE: break;
	}
	return "nothing";
}

/* Which key of the configuration, or what else, the record or zone came from. */
static const char *source_of(const struct telling *t, const struct own_answer *own,
			     char where[WHERE_MAX])
{
	bool of_view = own->by == OWN_BY_VIEW;
	const struct local_options *local = of_view ? &t->options->local : &t->config->local;
	char key[LOCAL_KEY_MAX];

	where[0] = '\0';
	if (own->zone.source & ZONE_SOURCE_HOSTS)
		return "a file of hosts";
	if ((own->zone.source & ZONE_SOURCE_ADDED) && own->zone.source <= INT32_MAX)
		return "local data that ternctl added";
	if (own->zone.source == 0)
		return "a special name (RFC 6761 and kin)";
	if (own->zone.source > INT32_MAX)
		return "an address of our own";
	local_key(local, own->zone.source, key);
	where_of(t, of_view, key, where);
	return of_view ? "local names of the view" : "local names";
}

static json_t *own_line(const struct telling *t, const struct own_answer *own,
			enum zone_outcome found)
{
	char where[WHERE_MAX];
	json_t *line;

	if (own->by == OWN_BY_NAT64)
		return line_of("dns64", "an alias for the name of the IPv4 address");
	if (own->by == OWN_BY_SAFE_SEARCH)
		return line_of("safe", "%s: a search engine, by safe-search", outcome_text(found));
	if (own->by == OWN_BY_POLICY) {
		char owner[TERN_NAME_TEXT_MAX];

		return line_of("policy", "%s: policy zone %s, rule %s", outcome_text(found),
			       own->policy, tern_name_to_text(own->rule.owner, owner));
	}
	if (own->by == OWN_BY_LEASE)
		return line_of("lease", "%s: the name of a DHCP client", outcome_text(found));
	if (own->by == OWN_BY_LIST) {
		line = line_of("list", "%s: list %s, line %u", outcome_text(found), own->list->name,
			       own->line);
		if (line) {
			(void)json_object_set_new(line, "list", json_string(own->list->name));
			(void)json_object_set_new(line, "line", json_integer(own->line));
		}
		return line;
	}
	const char *source = source_of(t, own, where);

	line = line_of("local", "%s: %s%s%s", outcome_text(found), source, comma(where), where);
	add_where(line, where);
	return line;
}

static void tell_exception(struct telling *t)
{
	const struct rules *r = t->rules;
	struct list_verdict v;

	if (!r->lists || r->lists_asked == 0)
		return;
	if (view_bits_get(&r->paused, r->view)) {
		say(t, line_of("list", "lists pause"));
		return;
	}
	v = list_set_ask(r->lists, r->lists_asked, t->name, t->type);
	if (v.spared_by)
		say(t, line_of("list", "excepted: list %s, line %u", v.spared_by->name, v.line));
	else
		say(t, line_of("list", "on none of the lists that are asked"));
}

/* The name that an alias leads to takes the place of the one at hand; false when that is none. */
static bool follow(struct telling *t, const struct tern_rrset *set)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(set);
	struct tern_rdata target;

	if (!tern_rdata_next(&it, &target))
		return false;
	/* A DNAME above the name. */
	if (!tern_name_equal(set->owner, t->name)) {
		uint8_t name[TERN_NAME_MAX];

		if (tern_name_replace_suffix(t->name, set->owner, target.octets, name) != TERN_OK)
			return false;
		tern_name_lower(t->name, name);
		return t->type != TERN_TYPE_CNAME;
	}
	if (set->type != TERN_TYPE_CNAME || t->type == TERN_TYPE_CNAME)
		return false;
	tern_name_lower(t->name, target.octets);
	return true;
}

/* --- everybody else's names ----------------------------------------------------------------- */

static const char *security_text(enum cache_security s)
{
	switch (s) {
	case CACHE_SECURE: return "secure";
	case CACHE_INSECURE: return "insecure";
	case CACHE_BOGUS: return "bogus";
	case CACHE_UNCHECKED: break;
	}
	return "not validated yet";
}

static void tell_failure(struct telling *t, uint32_t now_s)
{
	struct cache_failure f;

	if (cache_get_failure(t->rules->cache, t->name, t->type, now_s, &f))
		say(t, line_of("failure", "SERVFAIL lately, extended error %u: %.*s; for %us more",
			       f.ede, (int)f.text_len, f.text, f.ttl_s));
}

/* What the cache has; true when it is an alias to go on with. */
static bool tell_cache(struct telling *t, uint32_t now_s, bool *answered)
{
	struct cache_hit hit;
	enum cache_found found = cache_get(t->rules->cache, t->name, t->type, now_s, true, &hit);
	const char *what = found == CACHE_POSITIVE ? "records"
			   : found == CACHE_NODATA ? "that there is no data of this type"
						   : "that the name does not exist";

	*answered = found != CACHE_MISS && !hit.stale;
	if (found == CACHE_MISS &&
	    cache_get_set(t->rules->cache, t->name, TERN_TYPE_CNAME, CACHE_ANY, now_s, &hit)) {
		say(t, line_of("cache", "an alias, %us old, for %us more, %s", hit.age_s, hit.ttl_s,
			       security_text(hit.security)));
		return follow(t, &hit.set);
	}
	if (found == CACHE_MISS) {
		say(t, line_of("cache", "nothing"));
		tell_failure(t, now_s);
		return false;
	}
	json_t *line = line_of("cache", "%s, %us old, %s %us%s, %s", what, hit.age_s,
			       hit.stale ? "stale, may be given for" : "for", hit.ttl_s,
			       hit.stale ? "" : " more", security_text(hit.security));

	if (line) {
		(void)json_object_set_new(line, "security",
					  json_string(security_text(hit.security)));
		(void)json_object_set_new(line, "ttl_s", json_integer(hit.ttl_s));
		(void)json_object_set_new(line, "age_s", json_integer(hit.age_s));
	}
	say(t, line);
	return false;
}

static void tell_trust(struct telling *t)
{
	const struct trust_anchors *anchors = t->rules->anchors;
	const uint8_t *zone = trust_anchors_zone(anchors, t->name);
	char text[TERN_NAME_TEXT_MAX];

	if (t->rules->resolver.validation == VALIDATION_OFF)
		say(t, line_of("trust", "not validated: dnssec.validation is off"));
	else if (zone)
		say(t, line_of("trust", "validated from the trust anchor of %s",
			       tern_name_to_text(zone, text)));
	else
		say(t, line_of("trust", trust_anchors_is_negative(anchors, t->name)
						? "not validated: a negative trust anchor"
						: "not validated: no trust anchor"));
}

/* Where the zone of @route stands in one of the lists of zones; false when not there. */
static bool find_key(const struct route *routes, unsigned n, const struct route *route,
		     const char *list, char key[48])
{
	for (unsigned i = 0; i < n; i++) {
		if (!tern_name_equal(routes[i].zone, route->zone))
			continue;
		snprintf(key, 48, "%s[%u]", list, i);
		return true;
	}
	return false;
}

/* Where the configuration has it: the view's own comes first. */
static void where_of_route(const struct telling *t, const struct route *route,
			   char where[WHERE_MAX])
{
	const struct view_options *o = t->options;
	const struct config *c = t->config;
	char key[48];

	if (o && (find_key(o->forward_zones, o->forward_zones_n, route, "forward-zones", key) ||
		  find_key(o->stub_zones, o->stub_zones_n, route, "stub-zones", key)))
		where_of(t, true, key, where);
	else if (find_key(c->forward_zones, c->forward_zones_n, route, "forward-zones", key) ||
		 find_key(c->stub_zones, c->stub_zones_n, route, "stub-zones", key))
		where_of(t, false, key, where);
	else
		where[0] = '\0';
}

/* How authorities are asked, unless by plain DNS only. */
static void tell_encryption(struct telling *t)
{
	const struct resolver_options *o = &t->rules->resolver;
	char where[WHERE_MAX], key[48], zone[TERN_NAME_TEXT_MAX];

	for (unsigned i = 0; i < o->encryption.zones_n; i++) {
		if (!tern_name_is_below_or_equal(t->name, o->encryption.zones[i]))
			continue;
		snprintf(key, sizeof key, "resolver.encrypted-zones[%u]", i);
		where_of(t, false, key, where);
		json_t *line = line_of("servers", "of %s by TLS only%s%s",
				       tern_name_to_text(o->encryption.zones[i], zone),
				       comma(where), where);

		add_where(line, where);
		say(t, line);
		return;
	}
	if (o->encryption.opportunistic)
		say(t, line_of("servers", "by TLS, where they answer so"));
}

static void tell_servers(struct telling *t, const struct route *route, uint32_t now_s)
{
	char where[WHERE_MAX], zone[TERN_NAME_TEXT_MAX], servers[512] = "";
	struct cache_delegation d;

	if (route) {
		where_of_route(t, route, where);
		for (unsigned i = 0; i < route->servers_n; i++) {
			char text[ADDRESS_TEXT_MAX];
			size_t n = strlen(servers);

			snprintf(servers + n, sizeof servers - n, "%s%s%s%s", i > 0 ? " " : "",
				 address_to_text(&route->servers[i].address, text),
				 *route->servers[i].name ? "#" : "", route->servers[i].name);
		}
		bool encrypted = transport_is_encrypted(route->transport);
		json_t *line = line_of(
			"servers", "%s zone %s: %s%s%s%s%s",
			route->kind == ROUTE_FORWARD ? "forward" : "stub",
			tern_name_to_text(route->zone, zone), servers, encrypted ? " by " : "",
			encrypted ? transport_to_text(route->transport) : "", comma(where), where);

		add_where(line, where);
		say(t, line);
		return;
	}
	for (unsigned labels = tern_name_labels(t->name) + 1; labels-- > 0;) {
		const uint8_t *cut = tern_name_suffix(t->name, labels);

		if (!cache_get_delegation(t->rules->cache, cut, now_s, &d))
			continue;
		say(t, line_of("servers", "those of %s, by a delegation that is known",
			       tern_name_to_text(cut, zone)));
		tell_encryption(t);
		return;
	}
	say(t, line_of("servers", "those of the root, and on from there"));
	tell_encryption(t);
}

/* --- together ---------------------------------------------------------------------------- */

/* One name; true when an alias leads to the next one. */
static bool explain_name(struct telling *t)
{
	const struct own_ground ground = {.rules = t->rules,
					  .leases = t->rules->leases,
					  .wall_s = (int64_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S),
					  .client = t->client};
	uint32_t now_s = (uint32_t)(clock_ns(CLOCK_BOOTTIME) / NS_PER_S);
	const uint8_t *at = t->type == TERN_TYPE_DS ? tern_name_parent(t->name) : t->name;
	const struct route *route = route_find(&t->rules->routes, at);
	struct own_answer own;
	enum zone_outcome found =
		own_find_by(&ground, route, OWN_FOR_CLIENT, t->name, t->type, &own);
	bool answered;

	if (found != ZONE_NOT_HERE) {
		say(t, own_line(t, &own, found));
		return found == ZONE_ANSWER && follow(t, &own.zone.set);
	}
	tell_exception(t);
	if (tell_cache(t, now_s, &answered))
		return true;
	tell_trust(t);
	if (!answered)
		tell_servers(t, route, now_s);
	return false;
}

static void find_view(struct telling *t, unsigned class)
{
	const struct view_set *set = t->all->views;

	for (unsigned i = 0; class != 0 && i < set->n; i++) {
		if (set->views[i].class != class)
			continue;
		t->view = &set->views[i];
		t->options = &t->config->views[i];
		t->view_index = i;
	}
}

void explain(struct server *s, const struct address *client, const uint8_t *name, uint16_t type,
	     void (*tell)(void *context, json_t *line), void *context)
{
	const struct rules *all = rulebook_current(&s->shared.rules);
	struct telling t = {
		.all = all, .config = all->config, .tell = tell, .context = context, .type = type};
	unsigned class = all->views ? view_of_client(all->views, all->view_clients, client) : 0;
	char text[TERN_NAME_TEXT_MAX], type_text[16];

	t.rules = rules_for_view(all, class);
	find_view(&t, class);
	tell_view(&t, client);
	if (!tell_access(&t, client))
		return;
	tern_name_copy(t.name, name);
	for (unsigned i = 0; i < ALIASES_MAX; i++) {
		say(&t, line_of("name", "%s %s", tern_name_to_text(t.name, text),
				tern_type_to_text(type, type_text, sizeof type_text)));
		if (!explain_name(&t))
			return;
	}
}

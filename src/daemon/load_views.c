/* load_views.c - views, from the configuration to what workers read; see load_private.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>

#include "daemon/load_private.h"
#include "daemon/view_clients.h"
#include "policy/view.h"
#include "zone/local.h"
#include "zone/store.h"

struct view_load {
	const struct config *config;
	const struct load_ground *ground;
	struct view_set *set;
	unsigned index; /* of the view at hand */
	char *why;
};

static void PRINTF(3, 4) blame(const struct view_load *x, const char *key, const char *format, ...)
{
	char path[LOCAL_KEY_MAX + 32], where[LOAD_KEY_MAX], text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	snprintf(path, sizeof path, "views[%u].%s", x->index, key);
	load_add_reason(x->why, "%s%s", load_say_key(x->config, path, where), text);
}

/* --- local names --------------------------------------------------------------------- */

static void tell_local(void *context, const char *key, const char *why, const char *against)
{
	blame(context, key, "%s%s%s", why, against ? ", see " : "", against ? against : "");
}

static void seal(struct view_load *x, const struct local_options *local, struct zone_store *zones)
{
	char key[LOCAL_KEY_MAX], against[LOCAL_KEY_MAX];
	struct zone_fault fault;

	if (zone_store_seal(zones, &fault))
		return;
	if (!fault.why)
		blame(x, "local-zones", "out of memory");
	else
		tell_local(x, local_key(local, fault.source, key), fault.why,
			   fault.against == fault.source || fault.against == 0
				   ? NULL
				   : local_key(local, fault.against, against));
}

static void tell_zone_file(void *context, unsigned index, const char *file, unsigned line,
			   const char *why)
{
	struct view_load *x = context;
	char key[48];

	snprintf(key, sizeof key, "local-zones[%u].file", index);
	if (line > 0)
		load_add_reason(x->why, "%s:%u: %s", file, line, why);
	else
		blame(x, key, "%s: %s", file, why);
}

static void take_names(struct view_load *x, const struct view_options *o, struct view *v)
{
	struct zone_store *zones;

	if (o->local.zones_n == 0 && o->local.data_n == 0)
		return;
	zones = zone_store_create();
	v->zones = zones;
	if (!zones)
		blame(x, "local-zones", "out of memory");
	else if (local_add(zones, &o->local, tell_local, x) &&
		 load_zone_files(zones, &o->local, NULL, NULL, tell_zone_file, x))
		seal(x, &o->local, zones);
}

/* --- routes -------------------------------------------------------------------------- */

static bool is_among(const struct route *routes, size_t n, const uint8_t *zone)
{
	for (size_t i = 0; i < n; i++) {
		if (tern_name_equal(routes[i].zone, zone))
			return true;
	}
	return false;
}

static void add_routes(struct view_load *x, const char *key, const struct route *from, unsigned n,
		       struct route *to, size_t *to_n)
{
	char path[64];

	for (unsigned i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s[%u].name", key, i);
		if (is_among(to, *to_n, from[i].zone))
			blame(x, path, "the view has that zone already");
		else
			to[(*to_n)++] = from[i];
	}
}

/* Its own ones, and those of everybody for the zones that it says nothing of. */
static void take_routes(struct view_load *x, const struct view_options *o, struct view *v)
{
	const struct load_ground *g = x->ground;
	size_t own_n = (size_t)o->forward_zones_n + o->stub_zones_n, n = 0;
	struct route *routes;

	if (own_n == 0)
		return;
	routes = calloc(own_n + g->routes_n, sizeof *routes);
	v->has_routes = true;
	v->routes.routes = routes;
	if (!routes) {
		blame(x, "forward-zones", "out of memory");
		return;
	}
	add_routes(x, "forward-zones", o->forward_zones, o->forward_zones_n, routes, &n);
	add_routes(x, "stub-zones", o->stub_zones, o->stub_zones_n, routes, &n);
	own_n = n;
	for (unsigned i = 0; i < g->routes_n; i++) {
		if (!is_among(routes, own_n, g->routes[i].zone))
			routes[n++] = g->routes[i];
	}
	v->routes.n = (unsigned)n;
	v->routes.index = route_index_create(routes, (unsigned)n);
	if (!v->routes.index)
		blame(x, "forward-zones", "out of memory");
}

/* --- the rest ------------------------------------------------------------------------ */

static void take_lists(struct view_load *x, const struct view_options *o, struct view *v)
{
	const struct config *c = x->config;
	char key[32];

	snprintf(key, sizeof key, "views[%u].lists", x->index);
	v->has_lists = config_writes(c, key);
	for (unsigned i = 0; i < o->lists_n; i++) {
		unsigned j = 0;

		while (j < c->lists_n && strcmp(c->lists[j].name, o->lists[i]) != 0)
			j++;
		snprintf(key, sizeof key, "lists[%u]", i);
		if (j == c->lists_n)
			blame(x, key, "no list is called %s", o->lists[i]);
		else
			v->lists_asked |= UINT64_C(1) << j;
	}
}

static void take_policies(struct view_load *x, const struct view_options *o, struct view *v)
{
	const struct config *c = x->config;
	char key[48], text[TERN_NAME_TEXT_MAX];

	snprintf(key, sizeof key, "views[%u].response-policy-zones", x->index);
	v->has_policies = config_writes(c, key);
	for (unsigned i = 0; i < o->policies_n; i++) {
		unsigned j = 0;

		while (j < c->policies_n && !tern_name_equal(c->policies[j].name, o->policies[i]))
			j++;
		snprintf(key, sizeof key, "response-policy-zones[%u]", i);
		if (j == c->policies_n)
			blame(x, key, "no policy zone is called %.200s",
			      tern_name_to_text(o->policies[i], text));
		else
			v->policies_asked |= UINT32_C(1) << j;
	}
}

/* Each key that the view does not write is as it is for everybody. */
static bool writes(const struct view_load *x, const char *key)
{
	char path[64];

	snprintf(path, sizeof path, "views[%u].%s", x->index, key);
	return config_writes(x->config, path);
}

static void take_changes(struct view_load *x, const struct view_options *o, struct view *v)
{
	v->changes = x->config->changes;
	if (writes(x, "dns64"))
		v->changes.dns64 = o->changes.dns64;
	if (writes(x, "rebinding-protection"))
		v->changes.rebinding = o->changes.rebinding;
	if (writes(x, "safe-search"))
		v->changes.safe_search = o->changes.safe_search;
	if (!writes(x, "filter-types"))
		return;
	v->changes.filter_types = o->changes.filter_types;
	v->changes.filter_types_n = o->changes.filter_types_n;
}

static void take_schedule(struct view_load *x, const struct view_options *o, struct view *v)
{
	char key[32];

	v->schedule = (struct schedule){o->schedule, o->schedule_n};
	for (unsigned i = 1; i < o->schedule_n; i++) {
		unsigned k = 0;

		while (k < i && !schedule_ranges_overlap(&o->schedule[i], &o->schedule[k]))
			k++;
		snprintf(key, sizeof key, "schedule[%u]", i);
		if (k < i)
			blame(x, key, "overlaps schedule[%u]", k);
	}
}

static void take_view(struct view_load *x, const struct view_options *o, struct view *v)
{
	char key[48];

	snprintf(v->name, sizeof v->name, "%s", o->name);
	v->clients = o->clients;
	v->clients_n = o->clients_n;
	take_schedule(x, o, v);
	for (unsigned i = 0; i < x->index; i++) {
		if (strcmp(x->config->views[i].name, o->name) == 0)
			blame(x, "name", "views[%u] has that name already", i);
	}
	snprintf(key, sizeof key, "views[%u].access.allow", x->index);
	v->has_access = config_writes(x->config, key);
	v->access = o->access;
	v->cache_octets = o->cache_size ? o->cache_size : x->config->cache.size / 8;
	take_lists(x, o, v);
	take_policies(x, o, v);
	v->has_rates = writes(x, "rate-limits");
	v->rates = o->rates;
	take_changes(x, o, v);
	take_names(x, o, v);
	take_routes(x, o, v);
}

/* Listeners that belong to a view, whoever asks there. */
static void take_listeners(struct view_load *x)
{
	const struct config *c = x->config;
	char key[48], where[LOAD_KEY_MAX];

	x->set->listeners = calloc(c->server.listen_n + 1u, sizeof *x->set->listeners);
	for (unsigned i = 0; x->set->listeners && i < c->server.listen_n; i++) {
		const struct listen_options *l = &c->server.listen[i];
		unsigned j = 0;

		if (!*l->view)
			continue;
		while (j < c->views_n && strcmp(c->views[j].name, l->view) != 0)
			j++;
		snprintf(key, sizeof key, "server.listen[%u].view", i);
		if (j == c->views_n)
			load_add_reason(x->why, "%sno view is called %s",
					load_say_key(c, key, where), l->view);
		else
			x->set->listeners[x->set->listeners_n++] =
				(struct view_listener){l->at.address, (uint16_t)j};
	}
	if (!x->set->listeners)
		load_add_reason(x->why, "views: out of memory");
}

void load_views(struct load *l, const struct load_ground *g, char why[LOAD_WHY_MAX])
{
	const struct config *c = g->config;
	struct view_load x = {.config = c, .ground = g, .why = why};

	l->views = calloc(1, sizeof *l->views);
	if (l->views)
		l->views->views = calloc(c->views_n + 1u, sizeof *l->views->views);
	if (!l->views || !l->views->views) {
		load_add_reason(why, "views: out of memory");
		return;
	}
	x.set = l->views;
	x.set->n = c->views_n;
	for (x.index = 0; x.index < c->views_n; x.index++)
		take_view(&x, &c->views[x.index], &x.set->views[x.index]);
	take_listeners(&x);
	view_clients_doubt(l, c);
	if (c->views_n == 0) {
		load_views_free(l->views);
		l->views = NULL;
	}
}

void load_views_free(void *what)
{
	struct view_set *set = what;

	for (unsigned i = 0; set && set->views && i < set->n; i++) {
		struct view *v = &set->views[i];

		zone_store_destroy(without_const(v->zones));
		name_index_destroy(without_const(v->routes.index));
		free(without_const(v->routes.routes));
	}
	if (!set)
		return;
	free(set->listeners);
	free(set->views);
	free(set);
}

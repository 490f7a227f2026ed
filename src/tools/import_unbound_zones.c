/* import_unbound_zones.c - see import_unbound.h: forward and stub zones, policy zones. */
#include <stdlib.h>
#include <string.h>

#include "tools/import_unbound.h"

/* ADDR[@PORT][#NAME]: without a port it is what the transport has. */
static void add_server(struct unbound *u, const struct import_place *place, const char *value)
{
	struct import_route *r = &u->route;
	unsigned before = r->servers_n;
	const char *name = strchr(value, '#');
	char *address = name ? strndup(value, (size_t)(name - value)) : strdup(value);

	if (!address) {
		u->im->broken = true;
		return;
	}
	import_route_add(u->im, place, r, address);
	if (r->servers_n > before) {
		char *at = strchr(address, '@') ? NULL : strrchr(r->servers[before], '@');

		if (at)
			*at = '\0';
		snprintf(r->names[before], IMPORT_HOST_MAX, "%s", name ? name + 1 : "");
	}
	free(address);
}

void unbound_zone(struct unbound *u, const struct import_place *place, const char *value)
{
	const char *option = strchr(place->option, '-') ? strchr(place->option, '-') + 1 : "";
	struct import *im = u->im;

	if (strcmp(place->option, "name") == 0) {
		(void)!import_name(im, place, value, u->route.name);
	} else if (strcmp(option, "addr") == 0) {
		add_server(u, place, value);
	} else if (strcmp(option, "first") == 0) {
		(void)!import_bool(im, place, value, &u->route.first);
	} else if (strcmp(option, "tls-upstream") == 0 || strcmp(option, "ssl-upstream") == 0) {
		(void)!import_bool(im, place, value, &u->tls);
	} else if (strcmp(option, "host") == 0) {
		import_leave(im, place, "servers are given by address here");
	} else if (strcmp(option, "prime") != 0) {
		import_leave(im, place, "has no counterpart here");
	}
}

void unbound_policy(struct unbound *u, const struct import_place *place, const char *value)
{
	char **to = strcmp(place->option, "zonefile") == 0              ? &u->file
		    : strcmp(place->option, "rpz-action-override") == 0 ? &u->action
									: NULL;

	if (to) {
		free(*to);
		*to = strdup(value);
		u->im->broken = u->im->broken || !*to;
	} else if (strcmp(place->option, "name") == 0) {
		(void)!import_name(u->im, place, value, u->route.name);
	} else if (strcmp(place->option, "primary") == 0 || strcmp(place->option, "master") == 0 ||
		   strcmp(place->option, "url") == 0) {
		u->is_remote = true;
	} else if (strncmp(place->option, "rpz-log", 7) != 0) {
		import_leave(u->im, place, "has no counterpart here");
	}
}

void unbound_end_policy(struct unbound *u)
{
	static const char *const actions[] = {"nxdomain", "nodata", "passthru", "drop", NULL};
	const char *action = NULL;
	struct import *im = u->im;

	for (const char *const *a = actions; u->action && *a; a++)
		action = strcmp(*a, u->action) == 0 ? *a : action;
	if (u->action && strcmp(u->action, "tcp_only") == 0)
		action = "tcp-only";
	if (u->is_remote)
		import_leave(im, &u->place,
			     "the policy zone %s is left out: no zone is "
			     "transferred by this version",
			     u->route.name);
	else if (u->action && !action)
		import_leave(im, &u->place,
			     "the policy zone %s is left out: there is no action "
			     "like \"%.80s\"",
			     u->route.name, u->action);
	else if (!*u->route.name || !u->file)
		import_leave(im, &u->place, "a policy zone needs a name and a zonefile");
	else
		import_policy(im, &u->place, u->route.name, u->file, action);
}

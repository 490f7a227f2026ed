/* load.c - see load.h. */
#include "daemon/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "daemon/followed.h"
#include "daemon/load_private.h"
#include "net/tls.h"
#include "policy/lists.h"
#include "policy/rpz.h"
#include "policy/rules.h"
#include "resolver/hints.h"
#include "zone/leases.h"
#include "zone/store.h"

static void read_hints(const struct config *c, struct root_hints *hints, char why[LOAD_WHY_MAX])
{
	const char *path = c->root_hints;
	char key[LOAD_KEY_MAX];
	const char *wrong = NULL;
	unsigned line = 0;
	size_t len;

	if (!*path) {
		root_hints_builtin(hints);
		return;
	}
	char *text = file_read(path, &len);

	if (!text) {
		load_add_reason(why, "%s%s: %s", load_say_key(c, "resolver.root-hints", key), path,
				strerror(errno));
		return;
	}
	bool good = root_hints_parse(text, len, hints, &line, &wrong);

	free(text);
	if (!good && line > 0)
		load_add_reason(why, "%s:%u: %s", path, line, wrong);
	else if (!good)
		load_add_reason(why, "%s: %s", path, wrong);
}

static void join_routes(struct load *l)
{
	const struct config *c = l->config;
	size_t n = c->forward_zones_n;

	if (n > 0)
		memcpy(l->routes, c->forward_zones, n * sizeof *l->routes);
	if (c->stub_zones_n > 0)
		memcpy(l->routes + n, c->stub_zones, c->stub_zones_n * sizeof *l->routes);
	l->routes_n = c->forward_zones_n + c->stub_zones_n;
}

static bool read_named_files(struct load *l, struct followed *followed, char why[LOAD_WHY_MAX])
{
	const struct config *c = l->config;

	why[0] = '\0';
	l->hints = calloc(1, sizeof *l->hints);
	l->routes = calloc(c->forward_zones_n + c->stub_zones_n + 1u, sizeof *l->routes);
	if (!l->hints || !l->routes) {
		load_add_reason(why, "out of memory");
		return false;
	}
	load_trust(l->config, why);
	join_routes(l);
	l->routes_index = route_index_create(l->routes, l->routes_n);
	if (!l->routes_index)
		load_add_reason(why, "out of memory");
	if (!nft_sets_make(&l->nft, c->nft_sets, c->nft_sets_n))
		load_add_reason(why, "out of memory");
	read_hints(c, l->hints, why);
	const struct load_ground ground = {.config = c,
					   .routes = l->routes,
					   .routes_n = l->routes_n,
					   .own_root = root_hints_are_own(l->hints)};

	/* Names tell of encrypted listeners, and so of their certificates. */
	load_tls(l, &ground, followed, why);
	load_names(l, &ground, followed, why);
	load_leases(l, &ground, followed, why);
	load_lists(l, &ground, followed, why);
	load_policies(l, &ground, followed, why);
	load_views(l, &ground, why);
	return why[0] == '\0';
}

bool load_read_most(const char *path, struct followed *followed, struct load *out,
		    char why[LOAD_WHY_MAX])
{
	*out = (struct load){.what = LOAD_ALL, .config = config_load(path, why, LOAD_WHY_MAX)};
	return out->config && read_named_files(out, followed, why);
}

bool load_read(const char *path, struct followed *followed, struct load *out,
	       char why[LOAD_WHY_MAX])
{
	if (load_read_most(path, followed, out, why))
		return true;
	load_free(out);
	return false;
}

/* What could not be read is told, and is no part of the load: the rest is taken. */
static bool drop_part(struct load *l, unsigned part, const char *wrong, char why[LOAD_WHY_MAX])
{
	switch (part) {
	case LOAD_HOSTS:
		zone_store_destroy(l->zones);
		l->zones = NULL;
		break;
	case LOAD_LEASES:
		leases_destroy(l->leases);
		l->leases = NULL;
		break;
	case LOAD_TLS:
		tls_service_release(l->tls);
		l->tls = NULL;
		break;
	case LOAD_POLICIES:
		rpz_set_destroy(l->policies);
		l->policies = NULL;
		break;
	default:
		list_set_destroy(l->lists);
		l->lists = NULL;
		break;
	}
	l->what &= ~part;
	load_add_note(l, "not read again: %s", wrong);
	load_add_reason(why, "%s", wrong);
	return l->what != 0;
}

bool load_read_files(const struct rules *rules, unsigned what, struct followed *followed,
		     struct load *out, char why[LOAD_WHY_MAX])
{
	static void (*const read_part[])(struct load *, const struct load_ground *,
					 struct followed *, char *) = {
		load_tls, load_names, load_leases, load_policies, load_lists};
	static const unsigned parts[] = {LOAD_TLS, LOAD_HOSTS, LOAD_LEASES, LOAD_POLICIES,
					 LOAD_LISTS};
	const struct load_ground ground = {.config = rules->config,
					   .routes = rules->routes.routes,
					   .routes_n = rules->routes.n,
					   .own_root = root_hints_are_own(rules->hints),
					   .tls = rules->tls,
					   .each = true};
	char wrong[LOAD_WHY_MAX];

	*out = (struct load){.what = what};
	why[0] = '\0';
	for (unsigned i = 0; i < ARRAY_LEN(parts); i++) {
		if (!(what & parts[i]))
			continue;
		wrong[0] = '\0';
		read_part[i](out, &ground, followed, wrong);
		if (wrong[0] && !drop_part(out, parts[i], wrong, why)) {
			load_free(out);
			return false;
		}
	}
	return true;
}

void load_free(struct load *l)
{
	tls_service_release(l->tls);
	load_views_free(l->views);
	rpz_set_destroy(l->policies);
	list_set_destroy(l->lists);
	leases_destroy(l->leases);
	zone_store_destroy(l->zones);
	name_index_destroy(l->routes_index);
	nft_sets_end(&l->nft);
	free(l->routes);
	free(l->hints);
	config_destroy(l->config);
	*l = (struct load){0};
}

/*
 * fuzz_import.c - other programs' configuration of any octets: no overrun, and what is made of them
 * is a configuration that ternd takes.
 *
 * The first octet chooses the format. No other file is read.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "config/config.h"
#include "daemon/load_private.h"
#include "tools/import.h"
#include "zone/local.h"
#include "zone/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void tell(void *context, const char *key, const char *why, const char *against)
{
	(void)context;
	(void)against;
	fprintf(stderr, "%s: %s\n", key, why);
}

/* As ternd makes them, with its special zones; but no file is read for that. */
static void require_all_names(struct config *c)
{
	unsigned routes_n = c->forward_zones_n + c->stub_zones_n;
	struct route *routes = calloc(routes_n + 1u, sizeof *routes);
	const struct load_ground ground = {.config = c, .routes = routes, .routes_n = routes_n};
	char why[LOAD_WHY_MAX] = "";
	struct load *l = calloc(1, sizeof *l);

	check_always(l && routes);
	for (unsigned i = 0; i < routes_n; i++)
		routes[i] = i < c->forward_zones_n ? c->forward_zones[i]
						   : c->stub_zones[i - c->forward_zones_n];
	unsigned hosts_n = c->hosts_n;

	c->hosts_n = 0;
	for (unsigned i = 0; i < c->local.zones_n; i++)
		c->local.zones[i].file[0] = '\0';
	load_names(l, &ground, NULL, why);
	c->hosts_n = hosts_n;
	if (why[0]) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
	load_free(l);
	free(l);
	free(routes);
}

static void require_names(const struct local_options *options)
{
	struct zone_store *store = zone_store_create();
	struct zone_fault fault = {.why = ""};

	check_always(store && local_add(store, options, tell, NULL));
	if (!zone_store_seal(store, &fault)) {
		fprintf(stderr, "%s\n", fault.why);
		abort();
	}
	zone_store_destroy(store);
}

static void require_config(const char *text, size_t len)
{
	char error[4096] = "";
	struct config *c = config_parse(text, len, "made", error, sizeof error);

	if (!c) {
		fprintf(stderr, "%s\n%s\n", text, error);
		abort();
	}
	/* It takes long: most have none that special zones could mind. */
	if (c->local.zones_n + c->local.data_n > 0)
		require_all_names(c);
	for (unsigned i = 0; i < c->views_n; i++)
		require_names(&c->views[i].local);
	config_destroy(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum import_format formats[] = {IMPORT_UNBOUND, IMPORT_DNSMASQ, IMPORT_PIHOLE,
						     IMPORT_ADGUARD};
	size_t len = size > 0 ? size - 1 : 0;
	char *text = calloc(len + 1, 1), *made = NULL;
	size_t made_len;
	struct import im;
	FILE *to;

	check_always(text && import_init(&im));
	if (len > 0)
		memcpy(text, data + 1, len);
	(void)import_find_format("file", text, len);
	im.bare = true;
	import_text(&im, formats[size > 0 ? data[0] % 4 : 0], "file", text, len);
	import_finish(&im);
	check_always(!im.broken);
	to = open_memstream(&made, &made_len);
	check_always(to);
	import_write(&im, to);
	check_always(fclose(to) == 0);
	import_fini(&im);
	require_config(made, made_len);
	free(made);
	free(text);
	return 0;
}

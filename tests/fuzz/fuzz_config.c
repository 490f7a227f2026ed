/*
 * fuzz_config.c - config_parse() on any octets: no crash, no leak, and a clear verdict.
 *
 * A configuration that is accepted keeps its promises; one that is refused says why. The buffers
 * have their exact size, so an overrun of one octet is seen.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise)
{
	if (!promise)
		abort();
}

static void require_zones(const struct route *zones, unsigned n)
{
	size_t len;

	for (unsigned i = 0; i < n; i++) {
		require(tern_name_check(zones[i].zone, TERN_NAME_MAX, &len) == TERN_OK);
		require(zones[i].servers_n >= 1);
		for (unsigned j = 0; j < zones[i].servers_n; j++)
			require(!address_is_unusable(&zones[i].servers[j].address));
	}
}

static void require_listen(const struct listen_options *l)
{
	if (*l->interface)
		require(l->port != 0 && l->at.address.family == 0);
	else
		require(l->at.address.port != 0 && l->at.address.family != 0);
}

static void require_promises(const struct config *c)
{
	require(c->server.listen_n >= 1);
	for (unsigned i = 0; i < c->server.listen_n; i++)
		require_listen(&c->server.listen[i]);
	require(c->server.workers <= 256);
	require(c->server.user && c->serve.identity && c->serve.version);
	require(c->root_hints && c->snapshot && c->control.socket);
	require(c->resolver.ipv4 || c->resolver.ipv6);
	require(c->cache.size >= 1 << 20);
	require(c->resolver.min_ttl_s <= c->resolver.max_ttl_s);
	require(c->logging.level <= LOG_LEVEL_DEBUG);
	require_zones(c->forward_zones, c->forward_zones_n);
	require_zones(c->stub_zones, c->stub_zones_n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t error_max = size % 7 == 0 ? size / 7 : 2048;
	char *text = calloc(size > 0 ? size : 1, 1);
	char *error = calloc(error_max > 0 ? error_max : 1, 1);

	require(text && error);
	if (size > 0)
		memcpy(text, data, size);
	struct config *config = config_parse(text, size, "fuzz", error, error_max);
	if (config)
		require_promises(config);
	else if (error_max > 0)
		require(memchr(error, '\0', error_max) != NULL);
	if (!config && error_max >= 64)
		require(error[0] != '\0');
	config_destroy(config);
	free(error);
	free(text);
	return 0;
}

/*
 * config.h - the YAML configuration, read and checked into plain structs.
 *
 * Purpose    The only place that knows YAML. Everything below takes its own
 *            options struct, which is filled here in place.
 * Memory     one `struct config` owns all strings and lists; config_destroy().
 * Errors     config_load() collects "FILE:LINE: KEY: what is wrong and what was
 *            expected" in its error text and gives no config. One line each,
 *            '\n' between them and none at the end; what does not fit is counted
 *            in a last line "and N more".
 * Table      every key, default and limit is in schema_table.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/log.h"
#include "cache/cache.h"
#include "config/config_place.h"
#include "policy/access.h"
#include "policy/changes.h"
#include "policy/lists.h"
#include "policy/nft_sets.h"
#include "policy/options.h"
#include "policy/route.h"
#include "policy/rpz.h"
#include "policy/schedule.h"
#include "policy/view_client.h"
#include "zone/lease.h"
#include "zone/local.h"

/** One of `response-policy-zones`. */
struct policy_zone_options {
	uint8_t *name;
	char *file;
	enum rpz_action action; /* RPZ_GIVEN: as the rules say */
	bool of_everybody;      /* it is asked where no view chooses */
};

/** One of `views`. */
struct view_options {
	char *name;
	struct view_client *clients;
	unsigned clients_n;
	struct schedule_range *schedule; /* none: always */
	unsigned schedule_n;
	char **lists; /* names */
	unsigned lists_n;
	uint8_t **policies; /* names of zones */
	unsigned policies_n;
	struct rate_options rates; /* of clients; nothing of zones */
	struct local_options local;
	struct route *forward_zones;
	unsigned forward_zones_n;
	struct route *stub_zones;
	unsigned stub_zones_n;
	struct access_list access;
	struct answer_changes changes;
	uint64_t cache_size; /* of one of its own; 0: an eighth of cache.size */
};

#define TLS_SELF_SIGNED "self-signed" /* as tls.certificate: one that we make for ourselves */

/** Everything that a configuration file says, in the structs of the layers that it is for. */
struct config {
	struct {
		struct listen_options *listen; /* an interface has its port */
		unsigned listen_n;
		unsigned workers;     /* 0: one per CPU of the affinity mask */
		unsigned tcp_clients; /* of each worker, at most TCP_CLIENTS_MAX */
		char *user;           /* "" keeps the current one */
	} server;
	struct {
		char *certificate; /* path of a PEM file, or TLS_SELF_SIGNED; "" for none */
		char *key;
		struct tls_pair_options *more; /* for other names */
		unsigned more_n;
	} tls;
	char *root_hints; /* "" for the built-in ones */
	struct serve_options serve;
	struct resolver_options resolver;
	struct cache_options cache; /* stale_s is 0 without cache.serve-stale */
	char *snapshot;             /* "" for none */
	struct trust_options trust;
	struct route *forward_zones; /* ports are set: 53, with tls 853 if none was given */
	unsigned forward_zones_n;
	struct route *stub_zones;
	unsigned stub_zones_n;
	struct access_list access;
	struct rate_options rates;
	struct special_options special;
	struct answer_changes changes;
	struct local_options local;
	struct list_options *lists;
	unsigned lists_n;
	struct view_options *views;
	unsigned views_n;
	struct policy_zone_options *policies;
	unsigned policies_n;
	struct nft_set *nft_sets;
	unsigned nft_sets_n;
	char **hosts; /* paths of files */
	unsigned hosts_n;
	struct lease_options *leases;
	unsigned leases_n;
	struct {
		char *socket; /* "" turns the control socket off */
	} control;
	struct {
		enum log_level level;
	} logging;
	struct places *places; /* of what was written */
};

/**
 * Read @p path and the files that it includes, or only the defaults when it is NULL.
 *
 * @param error      gets the reasons, one per line, when NULL is returned
 * @return the configuration, owned by the caller, or NULL
 */
MUST_USE struct config *config_load(const char *path, char *error, size_t error_max);

/** The same from memory (tests, fuzzing); @p name stands for the file in errors. No `include`. */
MUST_USE struct config *config_parse(const char *text, size_t len, const char *name, char *error,
				     size_t error_max);

/** Where the key @p path ("server.listen[0]") was written; see places_find(). */
struct place config_place(const struct config *config, const char *path);

/** Was the key @p path written, or is it the default? */
bool config_writes(const struct config *config, const char *path);

/** Free everything; NULL is allowed. */
void config_destroy(struct config *config);

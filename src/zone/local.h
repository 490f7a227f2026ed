/*
 * local.h - local data: what the configuration says of names of our own.
 *
 * Purpose    `local-zones` and `local-data`, as they are written, into a store.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "zone/store.h"

/** One of `local-zones`. Texts belong to whoever filled the struct. */
struct local_zone {
	uint8_t *name; /* lower case */
	enum zone_behaviour behaviour;
	char *file;     /* with more of them, in a zone file; "" for none */
	char **records; /* in presentation format; names without a final dot are below the zone */
	unsigned records_n;
};

/** What the configuration says. */
struct local_options {
	struct local_zone *zones;
	unsigned zones_n;
	char **data; /* records in presentation format; all names are whole */
	unsigned data_n;
};

#define LOCAL_KEY_MAX 64 /* octets of "local-zones[4294967295].records[4294967295]" */

/** Told of each mistake: the key that is wrong, and the one it contradicts, or NULL. */
typedef void local_told(void *context, const char *key, const char *why, const char *against);

/**
 * Add all of @p options to @p store. Every record that can't be read is told. False when there was
 * one, or memory is short.
 */
MUST_USE bool local_add(struct zone_store *store, const struct local_options *options,
			local_told *tell, void *context);

#define LOCAL_FIRST_SOURCE 1 /* that local_add() gives, to the first zone */

/** How many sources local_add() gives to @p zone and its records: the next zone's is behind them.
 */
uint32_t local_sources(const struct local_zone *zone);

/** The key that a fault's source, as local_add() numbered it, stands for. */
char *local_key(const struct local_options *options, uint32_t source, char out[LOCAL_KEY_MAX]);

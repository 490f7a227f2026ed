/*
 * client_map.h - from a client's address to a number, by the longest network that has it.
 *
 * Threads    made by one thread, then read by all.
 * Cost       a thousand networks are ten comparisons.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"

#define CLIENT_MAP_NONE UINT32_MAX

/** A network and its number. */
struct client_network {
	struct prefix prefix;
	uint32_t value; /* not CLIENT_MAP_NONE */
	uint32_t rank;  /* of equal networks that of the lowest rank counts */
};

/** Ranges that follow each other: each begins at its address and ends before the next one. */
struct client_map {
	struct {
		uint64_t high;
		uint64_t low; /* IPv4: the address */
	} * starts;
	uint32_t *values;
	unsigned ipv4_n; /* the first ones are of IPv4, */
	unsigned n;      /* the rest of IPv6 */
};

/**
 * Make a map of @p n networks; of equal ones that of the lowest rank counts, then that of the
 * lowest value. False when memory is short. Sorts @p networks.
 */
MUST_USE bool client_map_make(struct client_map *map, struct client_network *networks, unsigned n);

/** Free what the map owns; an empty map has nothing. */
void client_map_free(struct client_map *map);

/** The number of the longest network that has @p client, or CLIENT_MAP_NONE. */
uint32_t client_map_find(const struct client_map *map, const struct address *client);

/*
 * leases_private.h - what the parts of a table of leases share.
 *
 *   leases.c          a table is asked
 *   leases_make.c     a table is made: which lease counts, and who has a name
 *   leases_compare.c  what has changed from one to the next
 */
#pragma once

#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "zone/leases.h"

#define NOBODY UINT32_MAX

/** Addresses and names differ in the salt. */
enum { SALT_ADDRESS, SALT_NAME };

/** A place is the number of a lease, or NOBODY. */
struct index {
	uint32_t *places;
	uint32_t mask;
};

struct leases {
	struct arena arena;
	struct hash_key key;
	struct lease *leases;
	uint32_t *next; /* of each lease, the next one of the same name */
	unsigned n;
	unsigned named;
	struct lease_file *files;
	unsigned files_n;
	struct index by_address;
	struct index by_name;
	int64_t next_end;
	int64_t made_at;
};

/** The place of an address, or the free one where it belongs. */
uint32_t *leases_find_address(const struct leases *l, const uint8_t *address, size_t len);

/** The same of a name. */
uint32_t *leases_find_name(const struct leases *l, const uint8_t *name);

static inline bool lease_is_over(const struct lease *l, int64_t now_s)
{
	return l->until_s <= now_s;
}

static inline bool lease_has_address(const struct lease *l, const uint8_t *address, size_t len)
{
	return l->address_len == len && memcmp(l->address, address, len) == 0;
}

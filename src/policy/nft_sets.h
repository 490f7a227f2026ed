/*
 * nft_sets.h - names whose addresses go into sets of the kernel's packet filter (nftables), so that
 * routes and filters of the host know them before a client uses them.
 *
 * Threads    made by one thread, then read by all.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "wire/name_index.h"

#define NFT_SETS_MAX 256
#define NFT_WORD_MAX 64 /* octets of a table's or set's name */

/** One of `nft-sets`. */
struct nft_set {
	uint8_t **names; /* with all below; lower case */
	unsigned names_n;
	char *table; /* family and name, as "inet filter" */
	char *ipv4;  /* the set for addresses of a family; "" for none */
	char *ipv6;
	uint32_t timeout_s; /* of an element; 0: as the set has it */
};

/** All of them; what they are made of is borrowed. */
struct nft_sets {
	const struct nft_set *sets;
	unsigned n;
	struct name_index *index; /* of names, to sets; NULL when there are none */
};

/** Make the index of @p out for @p n sets. False when memory is short. */
MUST_USE bool nft_sets_make(struct nft_sets *out, const struct nft_set *sets, unsigned n);

/** Free the index. */
void nft_sets_end(struct nft_sets *sets);

/** The set of the longest name at or above @p name, or NULL. */
const struct nft_set *nft_sets_find(const struct nft_sets *sets, const uint8_t *name);

/** Do both say the same? */
bool nft_sets_equal(const struct nft_sets *a, const struct nft_sets *b);

/**
 * Is @p table a family that addresses can be filtered in, and a name? False with a static @p why.
 * What is good can stand in a command for nft as it is.
 */
bool nft_table_is_good(const char *table, const char **why);

/** Is @p set the name of a set? */
bool nft_name_is_good(const char *set);

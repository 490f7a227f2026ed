/*
 * nsec.h - what single NSEC and NSEC3 records say.
 *
 * Standards  RFC 4034 4, RFC 5155 3 and 8, RFC 6840 4, RFC 9276.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/name.h>
#include <tern/rrset.h>

#include "base/compiler.h"

#define NSEC3_ITERATIONS_MAX 50 /* more is treated as unsigned, RFC 9276 3.2 */
#define NSEC3_HASH_LEN       20 /* octets, SHA-1 */
#define NSEC3_OPT_OUT        0x01

/** Types present at a name. */
struct type_bitmap {
	const uint8_t *octets;
	size_t len;
};

/** Does the bitmap list @p type? */
bool bitmap_has(const struct type_bitmap *bitmap, uint16_t type);

struct nsec {
	const uint8_t *owner;
	const uint8_t *next;
	struct type_bitmap types;
};

/** Read the first record of an NSEC set; false when malformed. */
MUST_USE bool nsec_read(const struct tern_rrset *set, struct nsec *out);

/** Is @p name strictly between owner and next, seen as a circle in canonical order? */
bool nsec_covers(const struct nsec *nsec, const uint8_t *name);

struct nsec3 {
	const uint8_t *owner; /* hash label and zone */
	const uint8_t *next;  /* NSEC3_HASH_LEN octets */
	const uint8_t *salt;
	struct type_bitmap types;
	uint8_t hash[NSEC3_HASH_LEN]; /* of the owner, out of its first label */
	uint16_t iterations;
	uint8_t salt_len;
	uint8_t flags;
};

/** Read the first record of an NSEC3 set; false when malformed or of an unknown hash. */
MUST_USE bool nsec3_read(const struct tern_rrset *set, struct nsec3 *out);

/** Is @p hash strictly between owner and next? */
bool nsec3_covers(const struct nsec3 *nsec3, const uint8_t hash[NSEC3_HASH_LEN]);

/** Are there no types but those of the proof itself: RRSIG, NSEC, NXNAME? */
bool bitmap_is_bare(const struct type_bitmap *bitmap);

/** Is the range so small that it was made for one name (RFC 7129 appendix B, RFC 4470)? */
bool nsec_is_minimal(const struct nsec *nsec);
bool nsec3_is_minimal(const struct nsec3 *nsec3);

/** SHA-1 blocks that hashing @p name costs. */
uint32_t nsec3_blocks(const struct nsec3 *like, const uint8_t *name);

/** Owner that the NSEC3 of @p name has in @p zone, if the parameters are those of @p like. */
void nsec3_owner(const struct nsec3 *like, const uint8_t *name, const uint8_t *zone,
		 uint8_t out[TERN_NAME_MAX]);

/** Hash @p name with the parameters of @p like. */
void nsec3_hash(const struct nsec3 *like, const uint8_t *name, uint8_t out[NSEC3_HASH_LEN]);

#define NSEC3_MEMO_PLACES (TERN_LABELS_MAX + 2)

/**
 * What a name, the names above it and a wildcard hash to under one set of
 * parameters: each is hashed once, however often a proof asks. Zeroed, it is empty.
 */
struct nsec3_memo {
	uint8_t name[TERN_NAME_MAX];
	uint8_t salt[UINT8_MAX];
	uint8_t salt_len;
	uint16_t iterations;
	uint8_t wildcard_labels; /* of the name behind the asterisk in the last place */
	bool known[NSEC3_MEMO_PLACES];
	uint8_t hashes[NSEC3_MEMO_PLACES][NSEC3_HASH_LEN]; /* by labels */
};

/** Empty @p memo unless it is of this name and these parameters. */
void nsec3_memo_open(struct nsec3_memo *memo, const struct nsec3 *like, const uint8_t *name);

/**
 * Where the hash of @p name is, or belongs: @p name is the memo's name, one
 * above it, or a wildcard below one of these. *@p known says whether it is there.
 */
uint8_t *nsec3_memo_place(struct nsec3_memo *memo, const uint8_t *name, bool **known);

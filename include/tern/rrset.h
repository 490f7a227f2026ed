/*
 * rrset.h - an RRset in the packed form that cache, resolver and builder share.
 *
 * The rdata block is a row of records, each
 *
 *     +---------+------------------------------+
 *     | u16 len | rdata, names uncompressed    |     (len in network order)
 *     +---------+------------------------------+
 *
 * first rr_n records of the set's own type, then sig_n RRSIGs that cover it.
 * So it is copied with one memcpy and walked without knowing the type.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/status.h>

TERN_DECLS_BEGIN

struct tern_rrset {
	const uint8_t *owner; /**< uncompressed name; lifetime is the caller's affair */
	const uint8_t *rdata; /**< the packed records */
	uint32_t rdata_len;   /**< octets of the block */
	uint32_t ttl_s;       /**< seconds left */
	uint16_t type;
	uint16_t rclass;
	uint16_t rr_n;
	uint16_t sig_n;
};

/** Walks a packed block: starts at the first record. */
struct tern_rdata_iter {
	const uint8_t *at;
	const uint8_t *end;
	uint16_t left; /**< records still to come */
};

/** One record's rdata. */
struct tern_rdata {
	const uint8_t *octets;
	uint16_t len;
};

/** Start at the records of the set's own type. */
struct tern_rdata_iter tern_rrset_rdatas(const struct tern_rrset *set);

/** Start at the RRSIGs. */
struct tern_rdata_iter tern_rrset_sigs(const struct tern_rrset *set);

/** Next record into @p out; false at the end. */
bool tern_rdata_next(struct tern_rdata_iter *it, struct tern_rdata *out);

/**
 * Same records regardless of order, TTL and signatures? Compares octets (rdata
 * case matters). Sets of more than 4096 records must be in the same order too.
 */
bool tern_rrset_same_data(const struct tern_rrset *a, const struct tern_rrset *b);

TERN_DECLS_END

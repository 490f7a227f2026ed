/*
 * builder.h - write a DNS message.
 *
 * Sections are written in order. Names are compressed against at most 128
 * suffixes already written, each look-up compares at most 8 of them, so the
 * work is linear in the octets written whatever the names (CVE-2024-8508).
 * A record set that doesn't fit leaves the message as it was before it.
 *
 * Example: an answer with one RRset.
 *
 *	struct tern_builder b;
 *	tern_builder_init(&b, buffer, sizeof buffer, 1232);
 *	tern_builder_header(&b, id, TERN_FLAG_QR | TERN_FLAG_RA, TERN_RCODE_NOERROR);
 *	if (tern_builder_question(&b, name, TERN_TYPE_A, TERN_CLASS_IN) != TERN_OK)
 *		return;
 *	if (tern_builder_rrset(&b, TERN_ANSWER, &set, true) == TERN_ESPACE)
 *		tern_builder_set_flag(&b, TERN_FLAG_TC);
 *	size_t len = tern_builder_finish(&b);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/edns.h>
#include <tern/message.h>
#include <tern/rrset.h>
#include <tern/status.h>

TERN_DECLS_BEGIN

#define TERN_BUILDER_SUFFIXES_MAX 128
#define TERN_BUILDER_BUCKETS      64

/**
 * Fields are the builder's own; read @c at for the octets written so far.
 *
 * The suffixes form a tree: one is known by its first label and the suffix
 * behind it, so that a look-up never compares more than one label each time.
 */
struct tern_builder {
	uint8_t *octets;
	size_t limit;      /**< octets that may be written */
	size_t at;         /**< octets written */
	size_t reserved;   /**< octets held back for an OPT */
	size_t opt_len_at; /**< offset of the OPT's rdata length, 0 before it is written */
	uint16_t counts[4];
	uint16_t *ttl_at; /**< optional: offsets of the TTLs written */
	uint16_t ttl_n;
	uint16_t ttl_max;
	bool ttl_overflow;                    /**< more TTLs than ttl_max */
	uint8_t bucket[TERN_BUILDER_BUCKETS]; /**< 1 + index of the newest suffix, 0 none */
	uint8_t chain[TERN_BUILDER_SUFFIXES_MAX];
	uint8_t parent[TERN_BUILDER_SUFFIXES_MAX]; /**< 1 + index of the suffix behind, 0 root */
	uint16_t suffix_at[TERN_BUILDER_SUFFIXES_MAX];
	uint8_t suffix_n;
};

/** Start an empty message of at most @p limit <= @p size octets; @p size is at least 12. */
void tern_builder_init(struct tern_builder *b, uint8_t *octets, size_t size, size_t limit);

/** Record the offset of every TTL written from now on in @p at, at most @p max. */
void tern_builder_record_ttls(struct tern_builder *b, uint16_t *at, uint16_t max);

/** Hold @p octets back from the limit until the OPT is written. */
void tern_builder_reserve(struct tern_builder *b, size_t octets);

/** Write id, flags (opcode bits included) and the low four bits of @p rcode. */
void tern_builder_header(struct tern_builder *b, uint16_t id, uint16_t flags, unsigned rcode);

/** Set bits in the flags word, e.g. TERN_FLAG_TC. */
void tern_builder_set_flag(struct tern_builder *b, uint16_t flag);

/** @return TERN_OK or TERN_ESPACE */
TERN_MUST_USE enum tern_status tern_builder_question(struct tern_builder *b, const uint8_t *name,
						     uint16_t type, uint16_t rclass);

/**
 * Append a whole RRset, with its RRSIGs when @p with_sigs.
 * @return TERN_OK or TERN_ESPACE (nothing written)
 */
TERN_MUST_USE enum tern_status tern_builder_rrset(struct tern_builder *b, enum tern_section section,
						  const struct tern_rrset *set, bool with_sigs);

/** Append one record with uncompressed @p rdata. @return TERN_OK or TERN_ESPACE */
TERN_MUST_USE enum tern_status tern_builder_rr(struct tern_builder *b, enum tern_section section,
					       const uint8_t *owner, uint16_t type, uint16_t rclass,
					       uint32_t ttl_s, const uint8_t *rdata, size_t len);

/**
 * Append an OPT (its options follow with tern_builder_option()). Uses the
 * reserved octets. @p flags holds DO (0x8000) and CO (0x4000).
 * @return TERN_OK or TERN_ESPACE
 */
TERN_MUST_USE enum tern_status tern_builder_opt(struct tern_builder *b, uint16_t udp_size,
						unsigned rcode, uint8_t version, uint16_t flags);

/** Append an option to the OPT just written. @return TERN_OK or TERN_ESPACE (option left out) */
TERN_MUST_USE enum tern_status tern_builder_option(struct tern_builder *b, uint16_t code,
						   const void *data, size_t len);

/** Write the counts; returns the message's length in octets. */
size_t tern_builder_finish(struct tern_builder *b);

TERN_DECLS_END

/*
 * message.h - read a DNS message in one pass.
 *
 * tern_message_parse() checks the whole structure (names, counts, lengths,
 * OPT) and fills an index of records; rdata is only checked and expanded on
 * demand by tern_rdata_expand(). Nothing is copied but the question's name.
 *
 * Example: print the owner names of an answer.
 *
 *	struct tern_rr_ref rrs[256];
 *	struct tern_message m;
 *	if (tern_message_parse(octets, len, rrs, 256, &m) != TERN_OK)
 *		return;
 *	for (unsigned i = 0; i < m.section_n[TERN_ANSWER]; i++) {
 *		uint8_t name[TERN_NAME_MAX];
 *		char text[TERN_NAME_TEXT_MAX];
 *		const struct tern_rr_ref *rr = tern_message_rr(&m, TERN_ANSWER, i);
 *		if (tern_name_parse(octets, len, rr->owner_at, name, NULL) == TERN_OK)
 *			puts(tern_name_to_text(name, text));
 *	}
 *
 * Standards  RFC 1035 4.1, RFC 6891 6.1, RFC 9619 (one question).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/edns.h>
#include <tern/name.h>
#include <tern/status.h>

TERN_DECLS_BEGIN

#define TERN_HEADER_LEN  12
#define TERN_MESSAGE_MAX 65535

enum tern_flag {
	TERN_FLAG_QR = 0x8000,
	TERN_FLAG_AA = 0x0400,
	TERN_FLAG_TC = 0x0200,
	TERN_FLAG_RD = 0x0100,
	TERN_FLAG_RA = 0x0080,
	TERN_FLAG_AD = 0x0020,
	TERN_FLAG_CD = 0x0010,
};

enum tern_section {
	TERN_ANSWER,
	TERN_AUTHORITY,
	TERN_ADDITIONAL,
	TERN_SECTIONS,
};

/** Where a record is; offsets are into the message. */
struct tern_rr_ref {
	uint32_t ttl_s;    /**< as sent, except that bit 31 set reads as 0 (RFC 2181 8) */
	uint16_t owner_at; /**< offset of the (possibly compressed) owner name */
	uint16_t type;
	uint16_t rclass;
	uint16_t rdata_at;
	uint16_t rdata_len;
	uint16_t section; /**< enum tern_section */
};

struct tern_message {
	const uint8_t *octets;
	size_t len;
	uint16_t id;
	uint16_t flags; /**< the whole second word: flags, opcode, low rcode bits */
	uint8_t opcode;
	uint16_t rcode; /**< extended by the OPT when there is one */
	uint16_t qdcount;
	uint8_t qname[TERN_NAME_MAX]; /**< case as sent; the root when qdcount is 0 */
	uint8_t qname_len;
	uint16_t qtype;
	uint16_t qclass;
	struct tern_edns edns;
	uint16_t tsig_at; /**< offset of a TSIG's owner (last record), 0 when none; left intact */
	struct tern_rr_ref *rrs; /**< the caller's index; OPT and TSIG are not in it */
	uint16_t rr_n;
	uint16_t section_at[TERN_SECTIONS]; /**< first index of each section */
	uint16_t section_n[TERN_SECTIONS];  /**< records of each section in the index */
};

/**
 * Parse a message.
 *
 * @param rrs      index to fill; @p rrs_max places. @p rrs may be NULL with
 *                 rrs_max 0 when only header, question and OPT are wanted: then
 *                 records are checked and stepped over, not indexed.
 * @param out      id, flags, opcode and qdcount are written whenever there are
 *                 12 octets, also on errors, so that an error reply can be made;
 *                 the question too when it could be read, and the OPT.
 * Owners may have 256 labels and pointers, and two more per octet of the message,
 * not counting those that are a pointer to the question's name: no honest message
 * comes near, and hostile ones could make every reader walk 128 labels per record.
 *
 * @return TERN_OK; TERN_ETRUNCATED, TERN_ETRAILING (also more than 65535
 *         octets), TERN_ECOUNT, TERN_EQDCOUNT (opcode QUERY with other than one
 *         question; a response to QUERY with none is accepted), TERN_EOPCODE,
 *         TERN_EOPT (also a TSIG that isn't the last record), or a name's error.
 */
TERN_MUST_USE enum tern_status tern_message_parse(const uint8_t *octets, size_t len,
						  struct tern_rr_ref *rrs, size_t rrs_max,
						  struct tern_message *out);

/** Record @p i of @p section, 0 <= i < section_n[section]. */
static inline const struct tern_rr_ref *tern_message_rr(const struct tern_message *m,
							enum tern_section section, unsigned i)
{
	return &m->rrs[m->section_at[section] + i];
}

TERN_DECLS_END

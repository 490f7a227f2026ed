/*
 * text.h - records and messages in presentation format, both ways.
 *
 * Standards  RFC 1035 5, RFC 3597 5 (unknown types), RFC 9460 2.1 (SvcParams)
 *            and each type's own RFC.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <tern/message.h>
#include <tern/status.h>

TERN_DECLS_BEGIN

/** Enough for the text of any rdata: 65535 octets at four characters, and quotes. */
#define TERN_RDATA_TEXT_MAX (4 * 65535 + 2048)

/**
 * Text of uncompressed @p rdata of @p type, with NUL.
 *
 * Rdata that does not have its type's layout is written in RFC 3597 form, so
 * every input has a text; so is the rare one (a bitmap of thousands of types)
 * whose own text would exceed TERN_RDATA_TEXT_MAX. Octets outside printable
 * ASCII are escaped. Text from here is read back to the same octets.
 * @return TERN_OK or TERN_ESPACE
 */
TERN_MUST_USE enum tern_status tern_rdata_to_text(uint16_t type, const uint8_t *rdata, size_t len,
						  char *out, size_t out_max);

/**
 * Read the rdata part of a record line (parentheses already gone, a comment
 * after ';' is skipped) into wire form. "\# len hex" is accepted for every type.
 *
 * @param out      @p out_max octets, unspecified on errors
 * @param origin   appended to names without a final dot; NULL means the root
 * @param error    NULL, or gets a static text saying what was expected
 * @return TERN_OK, TERN_ETEXT, TERN_ESPACE or a name's error
 */
TERN_MUST_USE enum tern_status tern_rdata_from_text(uint16_t type, const char *text,
						    const uint8_t *origin, uint8_t *out,
						    size_t out_max, size_t *out_len,
						    const char **error);

/** One record read from text. */
struct tern_rr_text {
	uint8_t owner[TERN_NAME_MAX];
	uint16_t type;
	uint16_t rclass;
	uint32_t ttl_s; /**< @c default_ttl_s when the line gives none */
	uint16_t rdata_len;
	uint8_t rdata[65535];
};

/**
 * Read one whole record: "owner [TTL] [class] type rdata", TTL and class in
 * either order, on one line, comments after ';' allowed. Names without a final
 * dot are fully qualified.
 * @param out  unspecified on errors
 * @return TERN_OK, TERN_ETEXT, ...; @p error as above
 */
TERN_MUST_USE enum tern_status tern_rr_from_text(const char *line, uint32_t default_ttl_s,
						 struct tern_rr_text *out, const char **error);

/**
 * The same, as in a zone file: names without a final dot, of the owner and in the rdata, are below
 * @p origin, and "@" is @p origin. NULL is the root.
 */
TERN_MUST_USE enum tern_status tern_rr_from_zone_text(const char *line, const uint8_t *origin,
						      uint32_t default_ttl_s,
						      struct tern_rr_text *out, const char **error);

/**
 * One indexed record of a message as a line without newline, tabs between the
 * columns as dig prints them. Rdata that can't be expanded is shown in RFC 3597
 * form as it stands in the message. @return TERN_OK or TERN_ESPACE
 */
TERN_MUST_USE enum tern_status tern_rr_to_text(const struct tern_message *m,
					       const struct tern_rr_ref *rr, char *out,
					       size_t out_max);

TERN_DECLS_END

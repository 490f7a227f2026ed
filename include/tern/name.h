/*
 * name.h - domain names in uncompressed wire format.
 *
 * Purpose    Everywhere in tern a name is a pointer to its uncompressed wire
 *            octets, ending in the root label; tern_name_parse() and
 *            tern_name_from_text() are the only ways in, so every other
 *            function trusts its input to be valid and at most 255 octets.
 * Memory     buffers come from the caller; no allocation.
 * Standards  RFC 1035 3.1 and 4.1.4, RFC 4034 6.1 (canonical order),
 *            RFC 4343 (case), RFC 9267 (pointer faults).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/status.h>

TERN_DECLS_BEGIN

#define TERN_NAME_MAX      255  /* octets with the root label, RFC 1035 3.1 */
#define TERN_LABEL_MAX     63   /* octets */
#define TERN_LABELS_MAX    127  /* without the root label */
#define TERN_NAME_TEXT_MAX 1025 /* every octet as \DDD, the dots, and NUL */

/** The root name. */
extern const uint8_t tern_name_root[1];

/**
 * Expand the possibly compressed name at @p at of a message.
 *
 * Pointers must lead strictly backwards and are followed at most 64 times.
 *
 * @param msg,msg_len  the whole message, for pointers
 * @param at           offset of the name's first octet
 * @param out          TERN_NAME_MAX octets; case is preserved; unspecified on errors
 * @param next         offset behind the name as it stands at @p at; may be NULL
 * @return TERN_OK, TERN_ETRUNCATED, TERN_ELABEL, TERN_ENAME, TERN_EPOINTER
 */
TERN_MUST_USE enum tern_status tern_name_parse(const uint8_t *msg, size_t msg_len, size_t at,
					       uint8_t out[TERN_NAME_MAX], size_t *next);

/** Check the name at @p at as tern_name_parse() does, but copy nothing. */
TERN_MUST_USE enum tern_status tern_name_verify(const uint8_t *msg, size_t msg_len, size_t at,
						size_t *next);

/**
 * Step over the name at @p at without following its pointer.
 * @return TERN_OK, TERN_ETRUNCATED or TERN_ELABEL
 */
TERN_MUST_USE enum tern_status tern_name_skip(const uint8_t *msg, size_t msg_len, size_t at,
					      size_t *next);

/**
 * Check an uncompressed name that must end within @p max octets; length in @p len.
 * @return TERN_OK, TERN_ETRUNCATED, TERN_ELABEL or TERN_ENAME
 */
TERN_MUST_USE enum tern_status tern_name_check(const uint8_t *name, size_t max, size_t *len);

/** Octets of @p name with its root label, 1..255. */
size_t tern_name_len(const uint8_t *name);

/** Labels of @p name without the root label, 0..127. */
unsigned tern_name_labels(const uint8_t *name);

/** Copy @p src in lower case (US-ASCII, RFC 4343) to @p dst; returns its length. May be in place.
 */
size_t tern_name_lower(uint8_t *dst, const uint8_t *src);

/** Copy @p src unchanged; returns its length. */
size_t tern_name_copy(uint8_t *dst, const uint8_t *src);

/** Same name, ignoring case? */
bool tern_name_equal(const uint8_t *a, const uint8_t *b);

/** Canonical order (RFC 4034 6.1): <0, 0, >0. */
int tern_name_compare(const uint8_t *a, const uint8_t *b);

/** Is @p name equal to @p zone or below it? */
bool tern_name_is_below_or_equal(const uint8_t *name, const uint8_t *zone);

/** Is @p name strictly below @p zone? */
bool tern_name_is_below(const uint8_t *name, const uint8_t *zone);

/** The rightmost @p labels labels of @p name, a pointer into it. @p labels must not exceed its own.
 */
const uint8_t *tern_name_suffix(const uint8_t *name, unsigned labels);

/** The parent, a pointer into @p name; the root's parent is the root. */
const uint8_t *tern_name_parent(const uint8_t *name);

/** How many labels (from the right) @p a and @p b share. */
unsigned tern_name_common_labels(const uint8_t *a, const uint8_t *b);

/** Is the leftmost label exactly "*"? (RFC 4592) */
bool tern_name_is_wildcard(const uint8_t *name);

/**
 * Replace the suffix @p from of @p name by @p to (DNAME, RFC 6672 2.2).
 * @p name must be below @p from. @return TERN_OK or TERN_ENAME (YXDOMAIN).
 */
TERN_MUST_USE enum tern_status tern_name_replace_suffix(const uint8_t *name, const uint8_t *from,
							const uint8_t *to,
							uint8_t out[TERN_NAME_MAX]);

/**
 * Read presentation format: escapes \DDD and \X; a missing final dot is
 * taken as fully qualified. "." is the root. @p text_len octets are read.
 * @return TERN_OK, TERN_ETEXT, TERN_ELABEL or TERN_ENAME
 */
TERN_MUST_USE enum tern_status tern_name_from_text(const char *text, size_t text_len,
						   uint8_t out[TERN_NAME_MAX]);

/**
 * Write presentation format with a final dot and NUL.
 *
 * Octets below 0x21, above 0x7e and any of . \ " ; ( ) @ $ are escaped, so
 * the result is safe in zone files, logs and terminals.
 * @param out  TERN_NAME_TEXT_MAX octets
 * @return @p out
 */
char *tern_name_to_text(const uint8_t *name, char out[TERN_NAME_TEXT_MAX]);

TERN_DECLS_END

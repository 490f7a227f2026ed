/*
 * reply.h - look into a parsed reply: owners, sets, the records that matter.
 *
 * Everything is linear in the records of the reply; sets are gathered in the
 * job's arena, in packed form, without doubles.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tern/message.h>
#include <tern/rrset.h>

#include "resolver/job.h"

#define REPLY_SET_MAX 4096 /* records of one set: what 64 KiB hold; the rest are left out */

/** Is the owner of @p rr exactly @p name (any case)? */
bool rr_is_owned_by(const struct tern_message *m, const struct tern_rr_ref *rr,
		    const uint8_t *name);

/** Owner of @p rr into @p out. False when it can't be read (checked at parsing: never). */
bool rr_owner(const struct tern_message *m, const struct tern_rr_ref *rr,
	      uint8_t out[TERN_NAME_MAX]);

/** First record of (@p owner, @p type) in @p section, or NULL; any owner when @p owner is NULL. */
const struct tern_rr_ref *reply_find(const struct tern_message *m, enum tern_section section,
				     const uint8_t *owner, uint16_t type);

/**
 * Gather the RRset (@p owner, @p type) of @p section with its RRSIGs.
 *
 * The TTL is the least of the set (RFC 2181 5.2). Records whose rdata is
 * malformed are left out. @return false when nothing is left, when the set is
 * larger than any real one, or memory is out.
 */
bool reply_take_set(const struct tern_message *m, enum tern_section section, const uint8_t *owner,
		    uint16_t type, struct job *job, struct tern_rrset *out);

/** Does a CNAME at a name stand for this type too (RFC 1034 3.6.2, RFC 4034)? */
bool alias_hides(uint16_t type);

/**
 * Of data and a CNAME at one name, which must not be (RFC 2181 10.1), the first
 * counts: is it the CNAME? Also true when there is only that.
 */
bool reply_alias_first(const struct tern_message *m, const uint8_t *name, uint16_t type);

/** The target of the first CNAME at @p name in the answer; false when there is none. */
bool reply_alias(const struct tern_message *m, const uint8_t *name, uint8_t target[TERN_NAME_MAX]);

/** The first DNAME of the answer whose owner is strictly above @p name and inside @p zone. */
const struct tern_rr_ref *reply_dname(const struct tern_message *m, const uint8_t *name,
				      const uint8_t *zone, uint8_t owner[TERN_NAME_MAX]);

/*
 * keys.h - is a zone's DNSKEY set vouched for, by a trust anchor or by the DS
 * above it?
 *
 * Standards  RFC 4035 5.2, RFC 4509 3 (SHA-1 where nothing better is there),
 *            RFC 6840 5.2 (unknown algorithms).
 */
#pragma once

#include <tern/rrset.h>

#include "resolver/job.h"

enum vouched {
	VOUCHED_NO,
	VOUCHED_YES,
	VOUCHED_UNKNOWN, /* by algorithms that nobody here knows: as good as unsigned */
	VOUCHED_NOT_YET, /* others should have a turn: yield, then ask again */
};

/**
 * Does a vouched key sign @p keys, a DNSKEY set at the apex where the chain ends?
 * Bounds its TTL by the signature's and by that of @p ds. Signatures are paid for
 * by the job.
 *
 * @param ds  the validated DS of the zone, from the chain (chain.h); not looked at
 *            where the zone has trust anchors
 */
enum vouched keys_vouched(struct job *job, struct tern_rrset *keys, const struct tern_rrset *ds);

/** Has @p zone a trust anchor whose algorithm and digest are known here? */
bool keys_have_anchor(const struct job *job, const uint8_t *zone);

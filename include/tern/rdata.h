/*
 * rdata.h - one record's rdata: check, expand, canonicalise, find its names.
 *
 * Standards  RFC 1035 3.3, RFC 3597 4, RFC 4034 6.2, RFC 6840 5.1, RFC 9460.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <tern/message.h>
#include <tern/status.h>

TERN_DECLS_BEGIN

/**
 * Copy a record's rdata with its names expanded, checking the layout.
 *
 * Types not in the table are copied as they are (RFC 3597 4). Records with
 * rdata that does not fill its layout exactly are TERN_ERDATA. Only the
 * parameters of SVCB and HTTPS pass unread, as a resolver has to hand them on
 * whatever they say (RFC 9460 4.3); tern_rdata_check() does read them.
 *
 * @param out      @p out_max octets; an expanded rdata is at most 65535
 * @param out_len  octets written
 * @return TERN_OK, TERN_ERDATA, TERN_ESPACE
 */
TERN_MUST_USE enum tern_status tern_rdata_expand(const struct tern_message *m,
						 const struct tern_rr_ref *rr, uint8_t *out,
						 size_t out_max, size_t *out_len);

/**
 * Does @p rdata (uncompressed) have the layout of @p type, SVCB parameters
 * included? @return TERN_OK or TERN_ERDATA
 */
TERN_MUST_USE enum tern_status tern_rdata_check(uint16_t type, const uint8_t *rdata, size_t len);

/**
 * Lower-case in place the names that RFC 4034 6.2 with RFC 6840 5.1 lists
 * for @p type. @p rdata must have passed tern_rdata_expand().
 */
void tern_rdata_canonicalise(uint16_t type, uint8_t *rdata, size_t len);

/**
 * The name that an additional-section or alias chase follows: target of NS,
 * CNAME, DNAME, PTR, MX, SRV, SVCB, HTTPS, ...; NULL when the type has none.
 * @p rdata must have passed tern_rdata_expand(); points into it.
 */
const uint8_t *tern_rdata_target(uint16_t type, const uint8_t *rdata, size_t len);

TERN_DECLS_END

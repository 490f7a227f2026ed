/*
 * ternq_transfer.c - where a zone transfer ends.
 *
 *   AXFR  SOA(n) record ... SOA(n)
 *   IXFR  SOA(n)                                   nothing is newer
 *         SOA(n) record ... SOA(n)                 the whole zone
 *         SOA(n) SOA(a) gone ... SOA(b) new ...    a is what the client has
 *                SOA(b) gone ... SOA(n) new ...
 *         SOA(n)
 *
 * Every message takes from an account of octets, an empty one too, so that a
 * server can't go on for ever.
 */
#include "tools/ternq_transfer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <tern/rdata.h>
#include <tern/rr.h>

#include "base/bytes.h"

#define SOA_FIXED_LEN 20 /* octets behind the names of an SOA; the serial is first */
#define SOA_MAX       (2 * TERN_NAME_MAX + SOA_FIXED_LEN)
#define WORD_MAX      16

void transfer_begin(struct transfer *t, const uint8_t *zone, uint16_t type, uint16_t rclass,
		    uint32_t have)
{
	*t = (struct transfer){
		.type = type,
		.rclass = rclass,
		.have = have,
		.octets_max = TRANSFER_OCTETS_MAX,
	};
	tern_name_copy(t->zone, zone);
}

void transfer_expect_id(struct transfer *t, uint16_t id)
{
	t->id = id;
}

static enum transfer_step PRINTF(2, 3) fail(struct transfer *t, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(t->why, sizeof t->why, format, arguments);
	va_end(arguments);
	t->phase = TRANSFER_END;
	return TRANSFER_FAILED;
}

/* RFC 1982 3.2 */
static bool is_newer(uint32_t a, uint32_t b)
{
	return a != b && a - b < 0x80000000u;
}

static bool is_outside(const struct transfer *t, const struct tern_message *m,
		       const struct tern_rr_ref *rr)
{
	uint8_t owner[TERN_NAME_MAX];

	return tern_name_parse(m->octets, m->len, rr->owner_at, owner, NULL) != TERN_OK ||
	       !tern_name_is_below_or_equal(owner, t->zone);
}

/* Is the record the zone's SOA? Its serial goes to @p serial. */
static bool is_soa(const struct transfer *t, const struct tern_message *m,
		   const struct tern_rr_ref *rr, uint32_t *serial)
{
	uint8_t owner[TERN_NAME_MAX];
	uint8_t rdata[SOA_MAX];
	size_t len;

	if (rr->type != TERN_TYPE_SOA || rr->rclass != t->rclass ||
	    tern_name_parse(m->octets, m->len, rr->owner_at, owner, NULL) != TERN_OK ||
	    !tern_name_equal(owner, t->zone) ||
	    tern_rdata_expand(m, rr, rdata, sizeof rdata, &len) != TERN_OK || len < SOA_FIXED_LEN)
		return false;
	*serial = get_u32(rdata + len - SOA_FIXED_LEN);
	return true;
}

/* ---- one record ---- */

static enum transfer_step finish(struct transfer *t)
{
	t->phase = TRANSFER_END;
	return TRANSFER_DONE;
}

static enum transfer_step take_first(struct transfer *t, bool soa, uint32_t serial)
{
	if (!soa)
		return fail(t, "the first record is not the zone's SOA");
	t->serial = serial;
	t->phase = t->type == TERN_TYPE_IXFR ? TRANSFER_SECOND : TRANSFER_ZONE;
	if (t->type == TERN_TYPE_IXFR && !is_newer(serial, t->have))
		return finish(t);
	return TRANSFER_MORE;
}

static enum transfer_step take_last_of_zone(struct transfer *t, uint32_t serial)
{
	if (serial == t->serial)
		return finish(t);
	return fail(t, "it begins with serial %u and ends with %u", t->serial, serial);
}

static enum transfer_step take_second(struct transfer *t, bool soa, uint32_t serial)
{
	t->phase = TRANSFER_ZONE;
	if (!soa)
		return TRANSFER_MORE;
	if (serial != t->have)
		return take_last_of_zone(t, serial);
	t->phase = TRANSFER_DELETED;
	t->at = serial;
	return TRANSFER_MORE;
}

/* An SOA between differences: the next one begins, or all is there. */
static enum transfer_step take_next(struct transfer *t, uint32_t serial)
{
	if (serial != t->at)
		return fail(t, "differences up to serial %u are followed by %u", t->at, serial);
	if (serial == t->serial)
		return finish(t);
	t->phase = TRANSFER_DELETED;
	return TRANSFER_MORE;
}

static enum transfer_step take_record(struct transfer *t, bool soa, uint32_t serial)
{
	switch (t->phase) {
	case TRANSFER_FIRST: return take_first(t, soa, serial);
	case TRANSFER_SECOND: return take_second(t, soa, serial);
	case TRANSFER_ZONE: return soa ? take_last_of_zone(t, serial) : TRANSFER_MORE;
	case TRANSFER_DELETED:
		if (soa) {
			t->phase = TRANSFER_ADDED;
			t->at = serial;
		}
		return TRANSFER_MORE;
	case TRANSFER_ADDED: return soa ? take_next(t, serial) : TRANSFER_MORE;
	case TRANSFER_END: break;
	}
	return fail(t, "records behind the end");
}

/* ---- one message ---- */

/* Is the message part of this transfer at all? */
static enum transfer_step judge(struct transfer *t, const struct tern_message *m)
{
	char rcode[WORD_MAX];

	if (m->id != t->id)
		return fail(t, "id %u instead of %u", m->id, t->id);
	if (!(m->flags & TERN_FLAG_QR))
		return fail(t, "a query instead of a response");
	if (m->rcode != TERN_RCODE_NOERROR)
		return fail(t, "the server says %s",
			    tern_rcode_to_text(m->rcode, rcode, sizeof rcode));
	if (m->flags & TERN_FLAG_TC)
		return fail(t, "a message is truncated");
	if (m->qdcount == 1 && (m->qtype != t->type || !tern_name_equal(m->qname, t->zone)))
		return fail(t, "an answer to another question");
	if (m->section_n[TERN_ANSWER] == 0 && t->phase == TRANSFER_FIRST)
		return fail(t, "a message without records");
	return TRANSFER_MORE;
}

enum transfer_step transfer_take(struct transfer *t, const uint8_t *octets, size_t len,
				 struct tern_rr_ref *rrs, size_t rrs_max, struct tern_message *m)
{
	t->fresh_n = 0;
	t->messages_n++;
	t->octets_n += len;
	if (t->octets_n > t->octets_max)
		return fail(t, "more than %llu octets", (unsigned long long)t->octets_max);
	enum tern_status status = tern_message_parse(octets, len, rrs, rrs_max, m);

	if (status != TERN_OK)
		return fail(t, "a broken message: %s", tern_status_text(status));
	enum transfer_step step = judge(t, m);

	for (unsigned i = 0; step == TRANSFER_MORE && i < m->section_n[TERN_ANSWER]; i++) {
		const struct tern_rr_ref *rr = tern_message_rr(m, TERN_ANSWER, i);
		uint32_t serial = 0;
		bool soa = is_soa(t, m, rr, &serial);

		step = take_record(t, soa, serial);
		if (step == TRANSFER_FAILED)
			break;
		t->fresh_n++;
		t->outside_n += is_outside(t, m, rr);
	}
	t->records_n += t->fresh_n;
	if (step == TRANSFER_DONE && t->fresh_n < m->section_n[TERN_ANSWER])
		return fail(t, "records behind the last SOA");
	return step;
}

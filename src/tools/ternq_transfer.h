/*
 * ternq_transfer.h - read a zone transfer message by message, and know where the transfer ends.
 *
 *     struct transfer t;
 *     transfer_begin(&t, zone, TERN_TYPE_AXFR, TERN_CLASS_IN, 0);
 *     transfer_expect_id(&t, id);
 *     do {
 *             (read a message)
 *             step = transfer_take(&t, octets, len, rrs, rrs_max, &m);
 *             (print the first t.fresh_n records of the answer section)
 *     } while (step == TRANSFER_MORE);
 *
 * Standards  RFC 5936 (AXFR), RFC 1995 (IXFR), RFC 1982 (serials).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <tern/message.h>

#include "base/compiler.h"

#define TRANSFER_OCTETS_MAX (16ull << 30) /* of all messages; the largest zones have less */
#define TRANSFER_WHY_MAX    160           /* octets with NUL */

enum transfer_step {
	TRANSFER_MORE,   /* another message has to come */
	TRANSFER_DONE,   /* all is there */
	TRANSFER_FAILED, /* see why */
};

/** What the next record is. */
enum transfer_phase {
	TRANSFER_FIRST,   /* the SOA that begins it all */
	TRANSFER_SECOND,  /* of an IXFR: tells whether differences or the zone follow */
	TRANSFER_ZONE,    /* records, up to the same SOA */
	TRANSFER_DELETED, /* records that go, up to an SOA */
	TRANSFER_ADDED,   /* records that come, up to an SOA */
	TRANSFER_END,     /* nothing may follow */
};

struct transfer {
	uint8_t zone[TERN_NAME_MAX];
	uint16_t type;
	uint16_t rclass;
	uint16_t id;
	enum transfer_phase phase;
	uint32_t have;    /* IXFR: the serial that was asked from */
	uint32_t serial;  /* of the first SOA */
	uint32_t at;      /* the serial that the differences have come to */
	unsigned fresh_n; /* records of the latest message that belong to the transfer */
	uint64_t records_n;
	uint64_t outside_n; /* of them, neither at the zone's name nor below it */
	uint64_t messages_n;
	uint64_t octets_n;
	uint64_t octets_max;
	char why[TRANSFER_WHY_MAX]; /* of TRANSFER_FAILED */
};

/** What was asked for: @p type is AXFR, or IXFR from the serial @p have. */
void transfer_begin(struct transfer *t, const uint8_t *zone, uint16_t type, uint16_t rclass,
		    uint32_t have);

/** Messages with another id than @p id are refused. To be told before the first message. */
void transfer_expect_id(struct transfer *t, uint16_t id);

/**
 * Take one message. @p m and @p rrs are filled as by tern_message_parse().
 * Not to be called again after anything but TRANSFER_MORE.
 */
MUST_USE enum transfer_step transfer_take(struct transfer *t, const uint8_t *octets, size_t len,
					  struct tern_rr_ref *rrs, size_t rrs_max,
					  struct tern_message *m);

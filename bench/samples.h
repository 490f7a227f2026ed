/*
 * samples.h - messages that the benchmarks of parser, builder and classifier share.
 */
#pragma once

#include <tern/builder.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "micro.h"

#define SAMPLE_MAX 1232 /* octets */

/** What is asked and where from, in wire format. */
struct sample_names {
	uint8_t qname[TERN_NAME_MAX];
	uint8_t zone[TERN_NAME_MAX];
	uint8_t parent[TERN_NAME_MAX];
};

static inline void sample_names_init(struct sample_names *s)
{
	micro_name(s->qname, "www.Registry-Example.com");
	micro_name(s->zone, "registry-example.com");
	micro_name(s->parent, "com");
}

static inline void sample_add(struct tern_builder *b, enum tern_section section,
			      const uint8_t *owner, uint16_t type, const void *rdata, size_t len)
{
	micro_need(tern_builder_rr(b, section, owner, type, TERN_CLASS_IN, 86400, rdata, len) ==
			   TERN_OK,
		   "sample record");
}

static inline void sample_start(struct tern_builder *b, uint8_t *out, const uint8_t *qname,
				uint16_t flags, unsigned rcode)
{
	tern_builder_init(b, out, SAMPLE_MAX, SAMPLE_MAX);
	tern_builder_header(b, 0x1234, flags, rcode);
	micro_need(tern_builder_question(b, qname, TERN_TYPE_A, TERN_CLASS_IN) == TERN_OK,
		   "sample question");
}

static inline size_t sample_finish(struct tern_builder *b)
{
	micro_need(tern_builder_opt(b, 1232, 0, 0, 0) == TERN_OK, "sample OPT");
	return tern_builder_finish(b);
}

/** A client's query with OPT. */
static inline size_t sample_query(const struct sample_names *s, uint8_t out[SAMPLE_MAX])
{
	struct tern_builder b;

	sample_start(&b, out, s->qname, TERN_FLAG_RD, TERN_RCODE_NOERROR);
	return sample_finish(&b);
}

/** An authority's answer: one A record. */
static inline size_t sample_answer(const struct sample_names *s, uint8_t out[SAMPLE_MAX])
{
	static const uint8_t address[4] = {192, 0, 2, 1};
	struct tern_builder b;

	sample_start(&b, out, s->qname, TERN_FLAG_QR | TERN_FLAG_AA, TERN_RCODE_NOERROR);
	sample_add(&b, TERN_ANSWER, s->qname, TERN_TYPE_A, address, sizeof address);
	return sample_finish(&b);
}

/** A referral: four servers with two addresses each. */
static inline size_t sample_referral(const struct sample_names *s, uint8_t out[SAMPLE_MAX])
{
	static const uint8_t v4[4] = {192, 0, 2, 53}, v6[16] = {0x20, 1, 0xd, 0xb8, [15] = 53};
	struct tern_builder b;
	uint8_t server[4][TERN_NAME_MAX];

	sample_start(&b, out, s->qname, TERN_FLAG_QR, TERN_RCODE_NOERROR);
	for (unsigned i = 0; i < 4; i++) {
		char text[] = "ns0.registry-example.com";
		text[2] = (char)('1' + i);
		micro_name(server[i], text);
		sample_add(&b, TERN_AUTHORITY, s->zone, TERN_TYPE_NS, server[i],
			   tern_name_len(server[i]));
	}
	for (unsigned i = 0; i < 4; i++) {
		sample_add(&b, TERN_ADDITIONAL, server[i], TERN_TYPE_A, v4, sizeof v4);
		sample_add(&b, TERN_ADDITIONAL, server[i], TERN_TYPE_AAAA, v6, sizeof v6);
	}
	return sample_finish(&b);
}

/** NXDOMAIN with the zone's SOA. */
static inline size_t sample_nxdomain(const struct sample_names *s, uint8_t out[SAMPLE_MAX])
{
	struct tern_builder b;
	uint8_t rdata[2 * TERN_NAME_MAX + 20] = {0};
	size_t len = tern_name_copy(rdata, s->zone);

	len += tern_name_copy(rdata + len, s->zone);
	for (unsigned i = 0; i < 5; i++, len += 4)
		put_u32(rdata + len, 3600);
	sample_start(&b, out, s->qname, TERN_FLAG_QR | TERN_FLAG_AA, TERN_RCODE_NXDOMAIN);
	sample_add(&b, TERN_AUTHORITY, s->zone, TERN_TYPE_SOA, rdata, len);
	return sample_finish(&b);
}

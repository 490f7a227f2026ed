/*
 * message.c - one pass over a DNS message.
 *
 *   header -> counts plausible? -> question -> answer, authority, additional
 *                                              (OPT and TSIG taken out)
 *
 * The counts are compared with the octets before anything else is done, and
 * all owners together may have so many labels and pointers, so the work is
 * bounded by the message's length: here and for everybody who reads it later.
 */
#include <tern/message.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "wire/name_private.h"

#define QUESTION_MIN     5                 /* octets: root, type, class */
#define RECORD_MIN       11                /* octets: root, type, class, TTL, length */
#define OWNER_STEPS(len) (256 + 2 * (len)) /* labels and pointers: 24 in the smallest record */
#define TTL_SIGN         0x80000000u
#define EDNS_DO          0x8000u
#define EDNS_CO          0x4000u

struct parse {
	struct tern_message *m;
	size_t at;
	size_t rrs_max;    /* 0: step over records */
	size_t steps_left; /* for owners */
	uint16_t counts[TERN_SECTIONS];
};

static void start_message(struct tern_message *m, const uint8_t *octets, size_t len,
			  struct tern_rr_ref *rrs)
{
	m->octets = octets;
	m->len = len;
	m->id = 0;
	m->flags = 0;
	m->opcode = 0;
	m->rcode = 0;
	m->qdcount = 0;
	m->qname[0] = 0;
	m->qname_len = 1;
	m->qtype = 0;
	m->qclass = 0;
	m->edns = (struct tern_edns){0};
	m->tsig_at = 0;
	m->rrs = rrs;
	m->rr_n = 0;
	for (unsigned i = 0; i < TERN_SECTIONS; i++)
		m->section_at[i] = m->section_n[i] = 0;
}

static enum tern_status read_header(struct parse *p)
{
	struct tern_message *m = p->m;
	const uint8_t *h = m->octets;
	size_t least;

	m->id = get_u16(h);
	m->flags = get_u16(h + 2);
	m->opcode = (m->flags >> 11) & 0xf;
	m->rcode = m->flags & 0xf;
	m->qdcount = get_u16(h + 4);
	least = (size_t)m->qdcount * QUESTION_MIN;
	for (unsigned i = 0; i < TERN_SECTIONS; i++) {
		p->counts[i] = get_u16(h + 6 + 2 * i);
		least += (size_t)p->counts[i] * RECORD_MIN;
	}
	p->at = TERN_HEADER_LEN;
	return least <= m->len - TERN_HEADER_LEN ? TERN_OK : TERN_ECOUNT;
}

static enum tern_status read_question(struct parse *p)
{
	struct tern_message *m = p->m;
	size_t next = 0;
	enum tern_status st = tern_name_parse(m->octets, m->len, p->at, m->qname, &next);

	if (likely(st == TERN_OK) && unlikely(m->len - next < 4))
		st = TERN_ETRUNCATED;
	if (unlikely(st != TERN_OK)) {
		m->qname[0] = 0;
		return st;
	}
	m->qname_len = (uint8_t)tern_name_len(m->qname);
	m->qtype = get_u16(m->octets + next);
	m->qclass = get_u16(m->octets + next + 2);
	p->at = next + 4;
	return TERN_OK;
}

/* Lengths must fit; what is beyond the limit of edns.h is left out of @p kept_len. */
static enum tern_status check_options(const uint8_t *at, const uint8_t *end, uint16_t *kept_len)
{
	const uint8_t *first = at;

	for (unsigned n = 0; at < end; n++) {
		if (end - at < 4)
			return TERN_EOPT;
		uint16_t len = get_u16(at + 2);

		at += 4;
		if (end - at < len)
			return TERN_EOPT;
		at += len;
		if (n < TERN_EDNS_OPTIONS_MAX)
			*kept_len = (uint16_t)(at - first);
	}
	return TERN_OK;
}

/*
 * RFC 6891 6.1. @p fixed is at the record's type. What the OPT says is there also
 * when its options are bad, so that the error reply can have an OPT; the options of
 * a version that isn't known are not looked at.
 */
static enum tern_status take_opt(struct parse *p, const struct tern_rr_ref *rr,
				 const uint8_t *fixed)
{
	struct tern_message *m = p->m;
	struct tern_edns *e = &m->edns;
	const uint8_t *options = m->octets + rr->rdata_at;

	if (e->present || rr->section != TERN_ADDITIONAL || m->octets[rr->owner_at] != 0)
		return TERN_EOPT;
	e->present = true;
	e->udp_size = rr->rclass;
	e->extended_rcode = fixed[4];
	e->version = fixed[5];
	e->dnssec_ok = (get_u16(fixed + 6) & EDNS_DO) != 0;
	e->compact_ok = (get_u16(fixed + 6) & EDNS_CO) != 0;
	e->options_at = rr->rdata_at;
	m->rcode |= (uint16_t)(e->extended_rcode << 4);
	if (e->version > 0)
		return TERN_OK;
	enum tern_status st = check_options(options, options + rr->rdata_len, &e->options_len);

	if (st != TERN_OK)
		e->options_len = 0;
	return st;
}

static enum tern_status take_record(struct parse *p, const struct tern_rr_ref *rr,
				    const uint8_t *fixed, bool is_last)
{
	struct tern_message *m = p->m;

	if (unlikely(rr->type == TERN_TYPE_OPT))
		return take_opt(p, rr, fixed);
	if (unlikely(rr->type == TERN_TYPE_TSIG)) {
		m->tsig_at = rr->owner_at;
		return is_last && rr->section == TERN_ADDITIONAL ? TERN_OK : TERN_EOPT;
	}
	if (p->rrs_max == 0)
		return TERN_OK;
	if (unlikely(m->rr_n == p->rrs_max))
		return TERN_ECOUNT;
	m->rrs[m->rr_n++] = *rr;
	m->section_n[rr->section]++;
	return TERN_OK;
}

/* Most owners point to the question's name, which is known to be good. */
static inline enum tern_status check_owner(struct parse *p, size_t *next)
{
	const struct tern_message *m = p->m;

	if (likely(m->len - p->at >= 2 && m->qdcount == 1 &&
		   get_u16(m->octets + p->at) == (0xc000 | TERN_HEADER_LEN))) {
		*next = p->at + 2;
		return TERN_OK;
	}
	return name_verify_within(m->octets, m->len, p->at, next, &p->steps_left);
}

static enum tern_status read_record(struct parse *p, unsigned section, bool is_last)
{
	const struct tern_message *m = p->m;
	size_t next;
	enum tern_status st = check_owner(p, &next);

	if (unlikely(st != TERN_OK))
		return st;
	if (unlikely(m->len - next < 10))
		return TERN_ETRUNCATED;
	const uint8_t *fixed = m->octets + next;
	uint32_t ttl_s = get_u32(fixed + 4);
	struct tern_rr_ref rr = {
		.ttl_s = ttl_s & TTL_SIGN ? 0 : ttl_s,
		.owner_at = (uint16_t)p->at,
		.type = get_u16(fixed),
		.rclass = get_u16(fixed + 2),
		.rdata_at = (uint16_t)(next + 10),
		.rdata_len = get_u16(fixed + 8),
		.section = (uint16_t)section,
	};

	if (unlikely(m->len - (next + 10) < rr.rdata_len))
		return TERN_ETRUNCATED;
	p->at = next + 10 + rr.rdata_len;
	return take_record(p, &rr, fixed, is_last);
}

static enum tern_status read_sections(struct parse *p)
{
	struct tern_message *m = p->m;

	for (unsigned section = 0; section < TERN_SECTIONS; section++) {
		m->section_at[section] = m->rr_n;
		for (unsigned left = p->counts[section]; left > 0; left--) {
			enum tern_status st = read_record(p, section, left == 1);
			if (unlikely(st != TERN_OK))
				return st;
		}
	}
	return p->at == m->len ? TERN_OK : TERN_ETRAILING;
}

/* For NOTIFY, UPDATE and the rest: what an error reply wants to know, if it can be had. */
static COLD enum tern_status read_other_opcode(struct parse *p)
{
	p->rrs_max = 0;
	if (p->m->qdcount == 0 || (p->m->qdcount == 1 && read_question(p) == TERN_OK))
		(void)read_sections(p);
	return TERN_EOPCODE;
}

/* The OPT behind none or several questions, for the error reply. */
static COLD enum tern_status read_other_qdcount(struct parse *p)
{
	const struct tern_message *m = p->m;
	size_t next;

	p->rrs_max = 0;
	for (unsigned i = 0; i < m->qdcount; i++) {
		if (name_verify_within(m->octets, m->len, p->at, &next, &p->steps_left) !=
			    TERN_OK ||
		    m->len - next < 4)
			return TERN_EQDCOUNT;
		p->at = next + 4;
	}
	(void)read_sections(p);
	return TERN_EQDCOUNT;
}

enum tern_status tern_message_parse(const uint8_t *octets, size_t len, struct tern_rr_ref *rrs,
				    size_t rrs_max, struct tern_message *out)
{
	struct parse p = {.m = out, .rrs_max = rrs ? rrs_max : 0, .steps_left = OWNER_STEPS(len)};
	bool is_response;

	start_message(out, octets, len, rrs);
	if (unlikely(len < TERN_HEADER_LEN))
		return TERN_ETRUNCATED;
	if (unlikely(len > TERN_MESSAGE_MAX))
		return TERN_ETRAILING;
	enum tern_status st = read_header(&p);

	if (unlikely(out->opcode != TERN_OPCODE_QUERY))
		return st == TERN_OK ? read_other_opcode(&p) : TERN_EOPCODE;
	if (unlikely(st != TERN_OK))
		return st;
	is_response = (out->flags & TERN_FLAG_QR) != 0;
	if (unlikely(out->qdcount != 1))
		return out->qdcount == 0 && is_response ? read_sections(&p)
							: read_other_qdcount(&p);
	st = read_question(&p);
	return likely(st == TERN_OK) ? read_sections(&p) : st;
}

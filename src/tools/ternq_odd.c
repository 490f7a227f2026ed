/*
 * ternq_odd.c - read a broken reply as far as it goes.
 *
 *   header -> questions -> records of each section -> octets behind them
 *                              |-> an owner that can't be read: left out
 *                              '-> octets end inside a record: the rest is left out
 *
 * Every step moves on by a record's octets at least, so the message's length
 * ends the walk whatever its counts say. The index has places for as many
 * records as fit into a message.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <tern/rdata.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "tools/ternq_odd.h"

#define FIXED_LEN     10 /* octets of a record between owner and rdata */
#define OPTION_HEADER 4  /* octets */
#define EDNS_FLAG_DO  0x8000
#define EDNS_FLAG_CO  0x4000

static const char *const section_names[TERN_SECTIONS] = {"ANSWER", "AUTHORITY", "ADDITIONAL"};

struct walk {
	struct tern_message *m;
	struct odd *odd;
	size_t at;
	size_t rrs_max;
};

void odd_note(struct odd *odd, const char *format, ...)
{
	va_list arguments;

	if (odd->n == ODD_LINES_MAX) {
		odd->more++;
		return;
	}
	va_start(arguments, format);
	vsnprintf(odd->lines[odd->n++], ODD_LINE_MAX, format, arguments);
	va_end(arguments);
}

static void start(struct walk *w, const uint8_t *octets, size_t len, struct tern_rr_ref *rrs)
{
	uint16_t flags = get_u16(octets + 2);

	*w->m = (struct tern_message){
		.octets = octets,
		.len = len,
		.id = get_u16(octets),
		.flags = flags,
		.opcode = (flags >> 11) & 0xf,
		.rcode = flags & 0xf,
		.qname_len = 1,
		.rrs = rrs,
	};
	if (w->m->opcode != TERN_OPCODE_QUERY)
		odd_note(w->odd, "the opcode is %u, not QUERY", w->m->opcode);
}

/* The first question goes into the message; the others are stepped over. */
static bool read_questions(struct walk *w)
{
	struct tern_message *m = w->m;
	unsigned announced = get_u16(m->octets + 4);
	uint8_t name[TERN_NAME_MAX];
	size_t next = 0;

	for (unsigned i = 0; i < announced; i++) {
		enum tern_status why = tern_name_parse(m->octets, m->len, w->at, name, &next);

		if (why == TERN_OK && m->len - next < 4)
			why = TERN_ETRUNCATED;
		if (why != TERN_OK) {
			odd_note(w->odd, "question %u of %u: %s", i + 1, announced,
				 tern_status_text(why));
			return false;
		}
		if (i == 0) {
			m->qdcount = 1;
			m->qname_len = (uint8_t)tern_name_copy(m->qname, name);
			m->qtype = get_u16(m->octets + next);
			m->qclass = get_u16(m->octets + next + 2);
		}
		w->at = next + 4;
	}
	if (announced > 1)
		odd_note(w->odd, "%u questions, 1 was asked", announced);
	return true;
}

/* Octets of @p len that are whole options. */
static uint16_t whole_options(const uint8_t *options, size_t len)
{
	size_t at = 0;

	while (len - at >= OPTION_HEADER) {
		size_t option_len = OPTION_HEADER + (size_t)get_u16(options + at + 2);

		if (len - at < option_len)
			break;
		at += option_len;
	}
	return (uint16_t)at;
}

/* The first OPT that stands where an OPT belongs. Others are records like any. */
static bool take_opt(struct walk *w, const struct tern_rr_ref *rr, const uint8_t *fixed)
{
	struct tern_edns *e = &w->m->edns;
	uint16_t flags = get_u16(fixed + 6);

	if (e->present) {
		odd_note(w->odd, "one more OPT in %s", section_names[rr->section]);
		return false;
	}
	if (rr->section != TERN_ADDITIONAL || w->m->octets[rr->owner_at] != 0) {
		odd_note(w->odd, "an OPT in %s%s", section_names[rr->section],
			 w->m->octets[rr->owner_at] != 0 ? " that is not at the root" : "");
		return false;
	}
	*e = (struct tern_edns){
		.present = true,
		.version = fixed[5],
		.extended_rcode = fixed[4],
		.dnssec_ok = (flags & EDNS_FLAG_DO) != 0,
		.compact_ok = (flags & EDNS_FLAG_CO) != 0,
		.udp_size = rr->rclass,
		.options_at = rr->rdata_at,
	};
	w->m->rcode |= (uint16_t)(e->extended_rcode << 4);
	if (e->version == 0)
		e->options_len = whole_options(w->m->octets + rr->rdata_at, rr->rdata_len);
	if (e->version == 0 && e->options_len < rr->rdata_len)
		odd_note(w->odd, "the OPT's last %u octets are no option",
			 rr->rdata_len - e->options_len);
	return true;
}

static void take_record(struct walk *w, const struct tern_rr_ref *rr, const uint8_t *fixed,
			bool is_last)
{
	struct tern_message *m = w->m;

	if (rr->type == TERN_TYPE_OPT && take_opt(w, rr, fixed))
		return;
	if (rr->type == TERN_TYPE_TSIG && is_last && rr->section == TERN_ADDITIONAL) {
		m->tsig_at = rr->owner_at;
		return;
	}
	if (rr->type == TERN_TYPE_TSIG)
		odd_note(w->odd, "a TSIG in %s that is not the message's last record",
			 section_names[rr->section]);
	if (m->rr_n == w->rrs_max)
		return;
	m->rrs[m->rr_n++] = *rr;
	m->section_n[rr->section]++;
}

/* One record, @p i of @p announced. False when nothing behind it can be read. */
static bool read_record(struct walk *w, unsigned section, unsigned i, unsigned announced)
{
	const struct tern_message *m = w->m;
	const char *in = section_names[section];
	size_t owner_at = w->at;
	size_t next = 0;
	enum tern_status why = tern_name_skip(m->octets, m->len, owner_at, &next);

	if (w->at == m->len) {
		odd_note(w->odd, "%s: %u records announced, %u there", in, announced, i);
		return false;
	}
	if (why == TERN_OK && (m->len - next < FIXED_LEN ||
			       m->len - next - FIXED_LEN < get_u16(m->octets + next + 8)))
		why = TERN_ETRUNCATED;
	if (why != TERN_OK) {
		odd_note(w->odd, "%s: record %u of %u: %s", in, i + 1, announced,
			 tern_status_text(why));
		return false;
	}
	const uint8_t *fixed = m->octets + next;
	struct tern_rr_ref rr = {
		.ttl_s = get_u32(fixed + 4),
		.owner_at = (uint16_t)owner_at,
		.type = get_u16(fixed),
		.rclass = get_u16(fixed + 2),
		.rdata_at = (uint16_t)(next + FIXED_LEN),
		.rdata_len = get_u16(fixed + 8),
		.section = (uint16_t)section,
	};

	w->at = next + FIXED_LEN + rr.rdata_len;
	why = tern_name_verify(m->octets, m->len, owner_at, &next);
	if (why != TERN_OK)
		odd_note(w->odd, "%s: record %u of %u left out, its name: %s", in, i + 1, announced,
			 tern_status_text(why));
	else
		take_record(w, &rr, fixed, i + 1 == announced);
	return true;
}

static bool read_section(struct walk *w, unsigned section)
{
	unsigned announced = get_u16(w->m->octets + 6 + 2 * section);

	w->m->section_at[section] = w->m->rr_n;
	for (unsigned i = 0; i < announced; i++) {
		if (!read_record(w, section, i, announced))
			return false;
	}
	return true;
}

void odd_read(const uint8_t *octets, size_t len, struct tern_rr_ref *rrs, size_t rrs_max,
	      struct tern_message *m, struct odd *odd)
{
	struct walk w = {.m = m, .odd = odd, .at = TERN_HEADER_LEN, .rrs_max = rrs_max};
	bool more = true;

	start(&w, octets, len, rrs);
	more = read_questions(&w);
	for (unsigned section = 0; section < TERN_SECTIONS && more; section++)
		more = read_section(&w, section);
	if (more && w.at < len)
		odd_note(odd, "%zu octets behind the message", len - w.at);
}

void odd_look(const struct tern_message *m, struct odd *odd)
{
	static uint8_t rdata[TERN_MESSAGE_MAX];
	char type[16];
	size_t len;

	if (m->tsig_at > 0)
		odd_note(odd, "signed by a TSIG, which was not asked for and is not checked");
	for (unsigned i = 0; i < m->rr_n; i++) {
		const struct tern_rr_ref *rr = &m->rrs[i];

		if (tern_rdata_expand(m, rr, rdata, sizeof rdata, &len) != TERN_OK)
			odd_note(odd, "%s: data that %s does not allow", section_names[rr->section],
				 tern_type_to_text(rr->type, type, sizeof type));
	}
}

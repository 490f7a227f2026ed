/*
 * fuzz_message.c - whole messages.
 *
 * The parser is compared with a plain twin that is written here without
 * looking for speed. Accepted messages are written again by the builder, each
 * record through its expanded rdata, and must read the same.
 */
#include <stdint.h>
#include <string.h>

#include <tern/builder.h>
#include <tern/message.h>
#include <tern/rdata.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "base/check.h"

#define RRS_MAX 6000 /* more don't fit into 64 kB */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the plain twin ---- */

struct plain_rr {
	uint8_t owner[TERN_NAME_MAX];
	size_t owner_len;
	unsigned section, type, rclass, rdata_len;
	unsigned long ttl;
	size_t rdata_at;
};

struct plain {
	const uint8_t *msg;
	size_t len;
	size_t at;
	bool bad;
	unsigned opts, tsigs;
	unsigned rr_n;
	unsigned question_n;
	size_t steps; /* labels and pointers of owners */
};

static struct plain_rr plain_rrs[RRS_MAX];

static unsigned plain_number(struct plain *p, unsigned octets)
{
	unsigned v = 0;

	for (; octets > 0; octets--) {
		if (p->at >= p->len) {
			p->bad = true;
			return 0;
		}
		v = v * 256 + p->msg[p->at++];
	}
	return v;
}

/* Octet by octet; `return_to` is where reading goes on after the first pointer. */
static size_t plain_name(struct plain *p, uint8_t out[TERN_NAME_MAX])
{
	size_t n = 0;
	size_t return_to = 0;
	size_t lowest = p->at;

	for (unsigned hops = 0; !p->bad;) {
		unsigned label = plain_number(p, 1);

		p->steps++;

		if (label >= 192) {
			size_t target = (label - 192) * 256 + plain_number(p, 1);
			if (return_to == 0)
				return_to = p->at;
			if (target >= lowest || ++hops > 64)
				p->bad = true;
			p->at = lowest = target;
			continue;
		}
		if (label >= 64 || n + 1 + label + (label > 0) > 255)
			p->bad = true;
		if (p->bad)
			break;
		out[n++] = (uint8_t)label;
		if (label == 0)
			break;
		for (; label > 0; label--)
			out[n++] = (uint8_t)plain_number(p, 1);
	}
	if (return_to != 0)
		p->at = return_to;
	return n;
}

static void plain_options(struct plain *p, size_t end)
{
	while (!p->bad && p->at < end) {
		(void)plain_number(p, 2);
		p->at += plain_number(p, 2);
		if (p->at > end)
			p->bad = true;
	}
}

static void plain_record(struct plain *p, unsigned section, bool last)
{
	struct plain_rr *rr = &plain_rrs[p->rr_n];
	size_t start = p->at;
	size_t steps = p->steps;

	rr->section = section;
	rr->owner_len = plain_name(p, rr->owner);
	if (p->question_n == 1 && !p->bad && p->msg[start] == 0xc0 && p->msg[start + 1] == 12)
		p->steps = steps;
	if (p->steps > 256 + 2 * p->len)
		p->bad = true;
	rr->type = plain_number(p, 2);
	rr->rclass = plain_number(p, 2);
	rr->ttl = plain_number(p, 4);
	rr->rdata_len = plain_number(p, 2);
	rr->rdata_at = p->at;
	if (p->bad || p->len - p->at < rr->rdata_len) {
		p->bad = true;
		return;
	}
	if (rr->type == 41) {
		if (++p->opts > 1 || section != 2 || p->msg[start] != 0)
			p->bad = true;
		/* the second octet of the TTL is the version; what others than 0 say is not looked
		 * at */
		if ((rr->ttl >> 16 & 0xff) == 0)
			plain_options(p, rr->rdata_at + rr->rdata_len);
		else
			p->at = rr->rdata_at + rr->rdata_len;
	} else if (rr->type == 250) {
		if (section != 2 || !last)
			p->bad = true;
	} else {
		p->rr_n++;
	}
	p->at = rr->rdata_at + rr->rdata_len;
}

/* Is it a message that the parser must take? QUERY only. */
static bool plain_parse(struct plain *p, const uint8_t *msg, size_t len)
{
	unsigned counts[4];
	uint8_t name[TERN_NAME_MAX];

	*p = (struct plain){.msg = msg, .len = len, .at = 4, .bad = len < 12 || len > 65535};
	if (p->bad)
		return false;
	for (unsigned i = 0; i < 4; i++)
		counts[i] = plain_number(p, 2);
	if (counts[0] * 5ul + (counts[1] + counts[2] + counts[3]) * 11ul > len - 12)
		return false;
	if (counts[0] > 1 || (counts[0] == 0 && !(msg[2] & 0x80)))
		return false;
	if (counts[0] == 1) {
		plain_name(p, name);
		plain_number(p, 4);
	}
	p->question_n = counts[0];
	p->steps = 0;
	for (unsigned section = 0; section < 3; section++) {
		for (unsigned i = 0; i < counts[1 + section] && !p->bad; i++)
			plain_record(p, section, i + 1 == counts[1 + section]);
	}
	return !p->bad && p->at == p->len;
}

/* ---- comparing ---- */

static struct tern_rr_ref rrs[RRS_MAX];
static struct tern_rr_ref rrs_again[RRS_MAX];
static uint8_t rebuilt[TERN_MESSAGE_MAX];
static uint8_t rdata[UINT16_MAX];
static uint8_t rdata_again[UINT16_MAX];
static char text[TERN_RDATA_TEXT_MAX + TERN_NAME_TEXT_MAX + 64];

static void compare_with_plain(const struct tern_message *m, const struct plain *p)
{
	check_always(m->rr_n == p->rr_n);
	for (unsigned i = 0; i < m->rr_n; i++) {
		const struct plain_rr *rr = &plain_rrs[i];
		uint8_t owner[TERN_NAME_MAX];

		check_always(tern_name_parse(m->octets, m->len, m->rrs[i].owner_at, owner, NULL) ==
			     TERN_OK);
		check_always(tern_name_len(owner) == rr->owner_len);
		check_always(memcmp(owner, rr->owner, rr->owner_len) == 0);
		check_always(m->rrs[i].section == rr->section);
		check_always(m->rrs[i].type == rr->type && m->rrs[i].rclass == rr->rclass);
		check_always(m->rrs[i].ttl_s == (rr->ttl > 0x7fffffff ? 0 : rr->ttl));
		check_always(m->rrs[i].rdata_at == rr->rdata_at);
		check_always(m->rrs[i].rdata_len == rr->rdata_len);
	}
}

/* RFC 9460 4.3: a resolver hands parameters on whatever they say. */
static bool passes_unread(unsigned type)
{
	return type == TERN_TYPE_SVCB || type == TERN_TYPE_HTTPS;
}

/* Write what can be expanded; `kept[i]` is the index of the i-th record written. */
static unsigned rebuild(const struct tern_message *m, struct tern_builder *b, uint16_t *kept)
{
	unsigned kept_n = 0;
	uint8_t owner[TERN_NAME_MAX];
	size_t len;

	tern_builder_init(b, rebuilt, sizeof rebuilt, sizeof rebuilt);
	tern_builder_header(b, m->id, m->flags, m->rcode);
	if (m->qdcount == 1)
		check_always(tern_builder_question(b, m->qname, m->qtype, m->qclass) == TERN_OK);
	for (unsigned i = 0; i < m->rr_n; i++) {
		const struct tern_rr_ref *rr = &m->rrs[i];

		check_always(tern_rr_to_text(m, rr, text, sizeof text) == TERN_OK);
		if (tern_rdata_expand(m, rr, rdata, sizeof rdata, &len) != TERN_OK)
			continue;
		check_always(tern_rdata_check(rr->type, rdata, len) == TERN_OK ||
			     passes_unread(rr->type));
		check_always(tern_name_parse(m->octets, m->len, rr->owner_at, owner, NULL) ==
			     TERN_OK);
		if (tern_builder_rr(b, (enum tern_section)rr->section, owner, rr->type, rr->rclass,
				    rr->ttl_s, rdata, len) == TERN_OK)
			kept[kept_n++] = (uint16_t)i;
	}
	return kept_n;
}

static void compare_records(const struct tern_message *a, const struct tern_rr_ref *x,
			    const struct tern_message *b, const struct tern_rr_ref *y)
{
	uint8_t owner_x[TERN_NAME_MAX], owner_y[TERN_NAME_MAX];
	size_t x_len, y_len;

	check_always(tern_name_parse(a->octets, a->len, x->owner_at, owner_x, NULL) == TERN_OK);
	check_always(tern_name_parse(b->octets, b->len, y->owner_at, owner_y, NULL) == TERN_OK);
	check_always(tern_name_equal(owner_x, owner_y));
	check_always(x->type == y->type && x->rclass == y->rclass && x->ttl_s == y->ttl_s &&
		     x->section == y->section);
	check_always(tern_rdata_expand(a, x, rdata, sizeof rdata, &x_len) == TERN_OK);
	check_always(tern_rdata_expand(b, y, rdata_again, sizeof rdata_again, &y_len) == TERN_OK);
	/* compression may change the case of names */
	tern_rdata_canonicalise(x->type, rdata, x_len);
	tern_rdata_canonicalise(y->type, rdata_again, y_len);
	check_always(x_len == y_len && memcmp(rdata, rdata_again, x_len) == 0);
}

static void write_and_read_again(const struct tern_message *m)
{
	static uint16_t kept[RRS_MAX];
	struct tern_builder b;
	struct tern_message again;
	unsigned kept_n = rebuild(m, &b, kept);
	size_t len = tern_builder_finish(&b);

	check_always(tern_message_parse(rebuilt, len, rrs_again, RRS_MAX, &again) == TERN_OK);
	check_always(again.rr_n == kept_n && again.qdcount == m->qdcount);
	check_always(tern_name_equal(again.qname, m->qname));
	for (unsigned i = 0; i < kept_n; i++)
		compare_records(m, &m->rrs[kept[i]], &again, &again.rrs[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tern_message m;
	struct tern_message stepped;
	struct plain p;
	enum tern_status st = tern_message_parse(data, size, rrs, RRS_MAX, &m);

	check_always(tern_message_parse(data, size, NULL, 0, &stepped) == st);
	if (st == TERN_EOPCODE) {
		check_always(m.opcode != TERN_OPCODE_QUERY);
		return 0;
	}
	check_always(plain_parse(&p, data, size) == (st == TERN_OK));
	if (st != TERN_OK)
		return 0;
	compare_with_plain(&m, &p);
	struct tern_edns_iter it = tern_edns_options(data, &m.edns);
	struct tern_edns_option option;
	unsigned options_n = 0;

	while (tern_edns_next(&it, &option))
		options_n += option.data + option.len <= data + size;
	check_always(options_n <= TERN_EDNS_OPTIONS_MAX && it.at == it.end);
	write_and_read_again(&m);
	return 0;
}

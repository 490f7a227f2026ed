/*
 * ternq_json.c - a reply as one line of JSON, RFC 8427, with what that RFC has
 * no place for (EDNS, the server, times) under names of our own.
 */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include <tern/rdata.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "base/bytes.h"
#include "tools/ternq_print.h"

#define WORD_MAX 16

/* Jansson gives NULL when it has no memory, and takes NULL as a failure; it sticks. */
static bool put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

static json_t *hex(const uint8_t *octets, size_t len)
{
	static char text[2 * TERN_MESSAGE_MAX + 1];

	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02X", octets[i]);
	text[2 * len] = '\0';
	return json_string(text);
}

static json_t *type_name(uint16_t type)
{
	char word[WORD_MAX];

	return json_string(tern_type_to_text(type, word, sizeof word));
}

static json_t *class_name(uint16_t rclass)
{
	char word[WORD_MAX];

	return json_string(tern_class_to_text(rclass, word, sizeof word));
}

static json_t *name_text(const uint8_t *name)
{
	char text[TERN_NAME_TEXT_MAX];

	return json_string(tern_name_to_text(name, text));
}

/* "rdataA": "192.0.2.1" for known types, and the octets for all, RFC 8427 2.2. */
static bool put_rdata(json_t *record, const struct tern_message *m, const struct tern_rr_ref *rr)
{
	static uint8_t rdata[UINT16_MAX];
	static char text[TERN_RDATA_TEXT_MAX];
	const char *mnemonic = tern_type_info(rr->type)->mnemonic;
	char key[WORD_MAX + 8];
	size_t len;

	if (tern_rdata_expand(m, rr, rdata, sizeof rdata, &len) != TERN_OK)
		return put(record, "RDATAHEX", hex(m->octets + rr->rdata_at, rr->rdata_len));
	if (!put(record, "RDLENGTH", json_integer((json_int_t)len)) ||
	    !put(record, "RDATAHEX", hex(rdata, len)))
		return false;
	if (!mnemonic || tern_rdata_to_text(rr->type, rdata, len, text, sizeof text) != TERN_OK)
		return true;
	snprintf(key, sizeof key, "rdata%s", mnemonic);
	return put(record, key, json_string(text));
}

static json_t *record_json(const struct tern_message *m, const struct tern_rr_ref *rr)
{
	uint8_t owner[TERN_NAME_MAX];
	json_t *record = json_object();
	bool good = tern_name_parse(m->octets, m->len, rr->owner_at, owner, NULL) == TERN_OK;

	good = good && put(record, "NAME", name_text(owner));
	good = good && put(record, "TYPE", json_integer(rr->type));
	good = good && put(record, "TYPEname", type_name(rr->type));
	good = good && put(record, "CLASS", json_integer(rr->rclass));
	good = good && put(record, "CLASSname", class_name(rr->rclass));
	good = good && put(record, "TTL", json_integer(rr->ttl_s));
	good = good && put_rdata(record, m, rr);
	if (good)
		return record;
	json_decref(record);
	return NULL;
}

static json_t *section_json(const struct tern_message *m, enum tern_section section)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < m->section_n[section]; i++) {
		if (json_array_append_new(list, record_json(m, tern_message_rr(m, section, i))) !=
		    0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* RFC 8914 2 promises UTF-8; what isn't is shown as octets. */
static bool put_extra_text(json_t *ede, const uint8_t *text, size_t len)
{
	json_t *utf8 = json_stringn((const char *)text, len);

	return utf8 ? put(ede, "EXTRA-TEXT", utf8) : put(ede, "EXTRA-TEXTHEX", hex(text, len));
}

static json_t *ede_json(const struct tern_edns_option *option)
{
	json_t *ede = json_object();
	uint16_t code = get_u16(option->data);

	if (put(ede, "INFO-CODE", json_integer(code)) &&
	    put(ede, "Purpose", json_string(tern_ede_text(code))) &&
	    put_extra_text(ede, option->data + 2, option->len - 2u))
		return ede;
	json_decref(ede);
	return NULL;
}

static json_t *option_json(const struct tern_edns_option *option)
{
	json_t *object = json_object();
	bool good = put(object, "code", json_integer(option->code));

	good = good && put(object, "HEX", hex(option->data, option->len));
	if (option->code == TERN_EDNS_EDE && option->len >= 2)
		good = good && put(object, "EDE", ede_json(option));
	if (good)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *edns_json(const struct tern_message *m)
{
	json_t *edns = json_object();
	json_t *options = json_array();
	struct tern_edns_iter it = tern_edns_options(m->octets, &m->edns);
	struct tern_edns_option option;
	bool good = true;

	while (good && tern_edns_next(&it, &option))
		good = json_array_append_new(options, option_json(&option)) == 0;
	good = put(edns, "options", options) && good;
	good = good && put(edns, "version", json_integer(m->edns.version));
	good = good && put(edns, "DO", json_boolean(m->edns.dnssec_ok));
	good = good && put(edns, "CO", json_boolean(m->edns.compact_ok));
	good = good && put(edns, "udpSize", json_integer(m->edns.udp_size));
	if (good)
		return edns;
	json_decref(edns);
	return NULL;
}

static bool put_header(json_t *top, const struct tern_message *m)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} flags[] = {
		{TERN_FLAG_QR, "QR"}, {TERN_FLAG_AA, "AA"}, {TERN_FLAG_TC, "TC"},
		{TERN_FLAG_RD, "RD"}, {TERN_FLAG_RA, "RA"}, {TERN_FLAG_AD, "AD"},
		{TERN_FLAG_CD, "CD"},
	};
	static const char *const counts[] = {"QDCOUNT", "ANCOUNT", "NSCOUNT", "ARCOUNT"};
	char rcode[WORD_MAX];
	bool good = put(top, "ID", json_integer(m->id));

	good = good && put(top, "Opcode", json_integer(m->opcode));
	for (size_t i = 0; good && i < ARRAY_LEN(flags); i++)
		good = put(top, flags[i].name, json_integer((m->flags & flags[i].bit) != 0));
	good = good && put(top, "RCODE", json_integer(m->rcode));
	good = good && put(top, "RCODEname",
			   json_string(tern_rcode_to_text(m->rcode, rcode, sizeof rcode)));
	for (size_t i = 0; good && i < ARRAY_LEN(counts); i++)
		good = put(top, counts[i], json_integer(get_u16(m->octets + 4 + 2 * i)));
	return good;
}

static bool put_question(json_t *top, const struct tern_message *m)
{
	if (m->qdcount == 0)
		return true;
	return put(top, "QNAME", name_text(m->qname)) &&
	       put(top, "QTYPE", json_integer(m->qtype)) &&
	       put(top, "QTYPEname", type_name(m->qtype)) &&
	       put(top, "QCLASS", json_integer(m->qclass)) &&
	       put(top, "QCLASSname", class_name(m->qclass));
}

static bool put_sections(json_t *top, const struct tern_message *m)
{
	bool good = put(top, "answerRRs", section_json(m, TERN_ANSWER));

	good = good && put(top, "authorityRRs", section_json(m, TERN_AUTHORITY));
	good = good && put(top, "additionalRRs", section_json(m, TERN_ADDITIONAL));
	return good && (!m->edns.present || put(top, "EDNS", edns_json(m)));
}

static bool put_transport(json_t *top, const struct reply *r)
{
	return put(top, "server", json_string(r->server)) &&
	       put(top, "transport", json_string(r->tcp ? "TCP" : "UDP")) &&
	       put(top, "queryTimeUs", json_integer((json_int_t)r->elapsed_us)) &&
	       put(top, "msgLength", json_integer((json_int_t)r->m.len));
}

/* Each fault of the message in words; absent when there is none. */
static bool put_odd(json_t *top, const struct odd *odd)
{
	json_t *list = odd->n > 0 ? json_array() : NULL;
	bool good = true;

	if (odd->n == 0)
		return true;
	for (unsigned i = 0; good && i < odd->n; i++)
		good = json_array_append_new(list, json_string(odd->lines[i])) == 0;
	return put(top, "warnings", list) && good;
}

static bool put_verdict(json_t *top, const struct verdict *verdict)
{
	if (!verdict)
		return true;
	json_t *object = json_object();
	bool good = put(object, "verdict", json_string(verdict->word));

	if (verdict->reason)
		good = good && put(object, "reason", json_string(verdict->reason));
	return put(top, "validation", object) && good;
}

bool print_json(const struct reply *r, const struct verdict *verdict)
{
	json_t *top = json_object();
	bool good = put_header(top, &r->m) && put_question(top, &r->m) &&
		    put_sections(top, &r->m) && put_transport(top, r) && put_odd(top, &r->odd) &&
		    put_verdict(top, verdict) &&
		    json_dumpf(top, stdout, JSON_COMPACT | JSON_ENSURE_ASCII) == 0;

	json_decref(top);
	if (good)
		putchar('\n');
	return good;
}

/*
 * upstream_query.c - the octets of a question to a server, and what counts as its reply.
 */
#include <string.h>

#include <tern/builder.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "worker/upstream_private.h"

#define FLAG_DO 0x8000

/* Letters get random case (0x20): up to one bit each against forgers. */
static bool randomise_case(struct worker *w, uint8_t *name, size_t len)
{
	bool mixed = false;
	uint8_t bits[(TERN_NAME_MAX + 7) / 8];

	random_bytes(&w->random, bits, (len + 7) / 8);
	for (size_t i = 0; i < len; i++) {
		uint8_t c = name[i];

		/* Length octets are below 64, so they are never letters. */
		if (c < 'a' || c > 'z' || !(bits[i / 8] & 1u << i % 8))
			continue;
		name[i] = (uint8_t)(c - 'a' + 'A');
		mixed = true;
	}
	return mixed;
}

/* RFC 7871 6: as many octets as the prefix has, the bits behind it 0. */
static bool add_subnet(struct tern_builder *b, const struct prefix *subnet)
{
	uint8_t option[4 + 16];
	size_t octets = (subnet->bits + 7u) / 8;

	put_u16(option, subnet->base.family == 4 ? 1 : 2);
	option[2] = subnet->bits;
	option[3] = 0;
	memcpy(option + 4, subnet->base.octets, octets);
	return tern_builder_option(b, TERN_EDNS_CLIENT_SUBNET, option, 4 + octets) == TERN_OK;
}

/* How long a question is would tell which it is. */
static bool pad(struct tern_builder *b)
{
	static const uint8_t zeros[PADDING_BLOCK];
	size_t rest = (b->at + 4) % PADDING_BLOCK;

	return tern_builder_option(b, TERN_EDNS_PADDING, zeros,
				   rest > 0 ? PADDING_BLOCK - rest : 0) == TERN_OK;
}

/* Header, question and OPT with the id of the exchange and the name in lower case. */
static bool build(struct exchange *x, const struct upstream_query *q)
{
	struct tern_builder b;

	tern_builder_init(&b, x->wire, sizeof x->wire, sizeof x->wire);
	tern_builder_header(&b, x->id,
			    (uint16_t)((q->recurse ? TERN_FLAG_RD : 0) |
				       (q->checking_disabled ? TERN_FLAG_CD : 0)),
			    0);
	if (tern_builder_question(&b, q->name, q->type, TERN_CLASS_IN) != TERN_OK)
		return false;
	if (q->edns && tern_builder_opt(&b, q->udp_size, 0, 0, FLAG_DO) != TERN_OK)
		return false;
	if (q->edns && q->cookie_len &&
	    tern_builder_option(&b, TERN_EDNS_COOKIE, q->cookie, q->cookie_len) != TERN_OK)
		return false;
	if (q->edns && q->subnet.base.family && !add_subnet(&b, &q->subnet))
		return false;
	if (q->edns && transport_is_encrypted(q->to.transport) && !pad(&b))
		return false;
	x->wire_len = (uint16_t)tern_builder_finish(&b);
	x->edns = q->edns;
	x->subnet = q->subnet;
	return true;
}

bool upstream_write(struct worker *w, struct exchange *x, const struct upstream_query *q)
{
	size_t name_len = tern_name_len(q->name);

	x->id = random_u16(&w->random);
	x->question_len = (uint16_t)(name_len + 4);
	if (!build(x, q))
		return false;
	if (q->random_case)
		x->mixed = randomise_case(w, x->wire + TERN_HEADER_LEN, name_len);
	return true;
}

bool upstream_rewrite(struct exchange *x, const struct upstream_query *q)
{
	uint8_t name[TERN_NAME_MAX];
	size_t name_len = x->question_len - 4u;

	memcpy(name, x->wire + TERN_HEADER_LEN, name_len);
	if (!build(x, q))
		return false;
	memcpy(x->wire + TERN_HEADER_LEN, name, name_len);
	return true;
}

/* Some servers answer FORMERR to an OPT with nothing but a header. */
static bool is_bare_refusal(const struct exchange *x, const uint8_t *octets, size_t len)
{
	unsigned rcode = octets[3] & 0x0f;

	return len == TERN_HEADER_LEN && get_u16(octets + 4) == 0 && x->edns &&
	       (rcode == TERN_RCODE_FORMERR || rcode == TERN_RCODE_NOTIMP);
}

static uint8_t lower(uint8_t c)
{
	/* Length octets are below 64, so they are never letters. */
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* All octets count: a label may hold a 0. */
static bool differs_by_case_only(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (lower(a[i]) != lower(b[i]))
			return false;
	}
	return true;
}

enum reply_match upstream_match(const struct exchange *x, const uint8_t *octets, size_t len)
{
	if (len < TERN_HEADER_LEN || get_u16(octets) != x->id || (octets[2] & 0xf8) != 0x80)
		return REPLY_IS_FOREIGN;
	if (is_bare_refusal(x, octets, len))
		return REPLY_MATCHES;
	if (get_u16(octets + 4) != 1 || len < TERN_HEADER_LEN + (size_t)x->question_len)
		return REPLY_IS_FOREIGN;
	const uint8_t *theirs = octets + TERN_HEADER_LEN;
	const uint8_t *ours = x->wire + TERN_HEADER_LEN;
	size_t name_len = x->question_len - 4u;

	if (memcmp(theirs, ours, x->question_len) == 0)
		return REPLY_MATCHES;
	if (memcmp(theirs + name_len, ours + name_len, 4) == 0 &&
	    differs_by_case_only(theirs, ours, name_len))
		return REPLY_OTHER_CASE;
	return REPLY_IS_FOREIGN;
}

/* Compressed names in rdata point into the question: our random case would reach the client. */
void upstream_undo_case(const struct exchange *x, uint8_t *octets, size_t len)
{
	if (len >= TERN_HEADER_LEN + (size_t)x->question_len)
		tern_name_lower(octets + TERN_HEADER_LEN, octets + TERN_HEADER_LEN);
}

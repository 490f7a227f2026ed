/*
 * ternq_query.c - build queries, recognise their replies.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <tern/builder.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "tools/idn.h"
#include "tools/ternq_query.h"

#define FLAG_ZERO    0x0040 /* Z, RFC 1035 4.1.1 */
#define SOA_LEN      22     /* octets of an SOA whose two names are the root */
#define EDNS_FLAG_DO 0x8000
#define EDNS_FLAG_CO 0x4000

bool query_name(const char *text, bool idn, uint8_t name[TERN_NAME_MAX])
{
	const char *why;
	char *dns = idn ? idn_to_dns(text, &why) : NULL;
	const char *plain = idn ? dns : text;
	bool good = plain && tern_name_from_text(plain, strlen(plain), name) == TERN_OK;

	free(dns);
	return good;
}

static bool random_octets(void *out, size_t len)
{
	return getrandom(out, len, 0) == (ssize_t)len;
}

static uint16_t flags_of(const struct lookup *l)
{
	unsigned flags = 0;

	flags |= l->recurse ? TERN_FLAG_RD : 0u;
	flags |= l->authentic ? TERN_FLAG_AD : 0u;
	flags |= l->checking_disabled ? TERN_FLAG_CD : 0u;
	flags |= l->authoritative ? TERN_FLAG_AA : 0u;
	flags |= l->zero_flag ? FLAG_ZERO : 0u;
	return (uint16_t)flags;
}

static bool choose_cookie(const struct lookup *l, struct query *q)
{
	if (!l->cookie)
		return true;
	if (l->cookie_len > 0) {
		memcpy(q->cookie, l->cookie_octets, l->cookie_len);
		q->cookie_len = l->cookie_len;
		return true;
	}
	q->cookie_len = TERN_COOKIE_CLIENT;
	return random_octets(q->cookie, TERN_COOKIE_CLIENT);
}

/* RFC 7871 6: family, source bits, scope 0, as many octets as the bits need. */
static bool put_subnet(struct tern_builder *b, const struct subnet *s)
{
	uint8_t option[4 + sizeof s->address] = {0, s->family, s->bits, 0};
	size_t len = (s->bits + 7u) / 8;

	memcpy(option + 4, s->address, len);
	return tern_builder_option(b, TERN_EDNS_CLIENT_SUBNET, option, 4 + len) == TERN_OK;
}

/* Fill up to the next multiple of the block, RFC 8467 4.1. */
static bool put_padding(struct tern_builder *b, size_t block)
{
	static const uint8_t zeros[512];
	size_t rest = (b->at + 4) % block;

	return tern_builder_option(b, TERN_EDNS_PADDING, zeros, rest == 0 ? 0 : block - rest) ==
	       TERN_OK;
}

static bool put_opt(struct tern_builder *b, const struct lookup *l, const struct query *q)
{
	unsigned flags = (l->dnssec ? EDNS_FLAG_DO : 0u) | (l->compact ? EDNS_FLAG_CO : 0u);
	bool good =
		tern_builder_opt(b, l->udp_size, 0, l->edns_version, (uint16_t)flags) == TERN_OK;

	if (l->nsid)
		good = good && tern_builder_option(b, TERN_EDNS_NSID, NULL, 0) == TERN_OK;
	if (l->subnet.present)
		good = good && put_subnet(b, &l->subnet);
	if (l->expire)
		good = good && tern_builder_option(b, TERN_EDNS_EXPIRE, NULL, 0) == TERN_OK;
	if (l->keepalive)
		good = good && tern_builder_option(b, TERN_EDNS_TCP_KEEPALIVE, NULL, 0) == TERN_OK;
	if (q->cookie_len > 0)
		good = good && tern_builder_option(b, TERN_EDNS_COOKIE, q->cookie, q->cookie_len) ==
				       TERN_OK;
	if (l->padding > 0)
		good = good && put_padding(b, l->padding);
	return good;
}

/* The serial that the client has, in an SOA without anything else, RFC 1995 3. */
static bool put_serial(struct tern_builder *b, const struct lookup *l, const uint8_t *qname)
{
	uint8_t soa[SOA_LEN] = {0};

	put_u32(soa + 2, l->serial);
	return tern_builder_rr(b, TERN_AUTHORITY, qname, TERN_TYPE_SOA, l->rclass, 0, soa,
			       sizeof soa) == TERN_OK;
}

bool query_build(const struct lookup *l, const uint8_t *qname, struct query *q)
{
	struct tern_builder b;

	memset(q, 0, sizeof *q);
	tern_name_copy(q->qname, qname);
	q->type = l->type;
	q->rclass = l->rclass;
	q->id = (uint16_t)l->id;
	if ((l->id < 0 && !random_octets(&q->id, sizeof q->id)) || !choose_cookie(l, q))
		return false;
	tern_builder_init(&b, q->octets, sizeof q->octets, sizeof q->octets);
	tern_builder_header(&b, q->id, flags_of(l), 0);
	if (tern_builder_question(&b, qname, l->type, l->rclass) != TERN_OK)
		return false;
	if (l->type == TERN_TYPE_IXFR && !put_serial(&b, l, qname))
		return false;
	if (l->edns && !put_opt(&b, l, q))
		return false;
	q->len = tern_builder_finish(&b);
	return true;
}

static bool same_question(const struct query *q, const struct tern_message *m)
{
	return m->qtype == q->type && m->qclass == q->rclass && tern_name_equal(m->qname, q->qname);
}

/* The reply, or what can be read of it. False when it answers another question. */
static bool read_reply(const struct query *q, struct reply *r, size_t len)
{
	enum tern_status why = tern_message_parse(r->octets, len, r->rrs, REPLY_RRS, &r->m);

	if (why != TERN_OK)
		odd_read(r->octets, len, r->rrs, REPLY_RRS, &r->m, &r->odd);
	if (why != TERN_OK && r->odd.n == 0)
		odd_note(&r->odd, "%s", tern_status_text(why));
	odd_look(&r->m, &r->odd);
	if (!(r->m.flags & TERN_FLAG_QR))
		odd_note(&r->odd, "the flag QR is not set: a query, not a response");
	if (r->m.qdcount == 1)
		return same_question(q, &r->m);
	/* Servers that can't read a query may leave the question out of their error. */
	if (r->odd.n == 0 && (r->m.flags & 0xf) == TERN_RCODE_NOERROR)
		odd_note(&r->odd, "no question");
	return true;
}

enum match query_match(const struct query *q, struct reply *r, size_t len, bool ignore_tc)
{
	r->odd = (struct odd){.n = 0};
	if (len < TERN_HEADER_LEN)
		return MATCH_TOO_SHORT;
	if (get_u16(r->octets) != q->id)
		return MATCH_WRONG_ID;
	if (!read_reply(q, r, len))
		return MATCH_WRONG_QUESTION;
	return (r->m.flags & TERN_FLAG_TC) && !ignore_tc ? MATCH_TRUNCATED : MATCH_REPLY;
}

#include "worker/request.h"

#include <string.h>

#include <tern/message.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "net/cookie.h"
#include "net/udp.h"

#define UDP_ANSWER_MIN 512 /* octets a client without EDNS takes, RFC 1035 4.2.1 */

static enum request_verdict fail(struct request *r, uint16_t rcode)
{
	r->rcode = rcode;
	return REQUEST_ERROR;
}

static bool read_cookie(const struct tern_edns_option *o, const struct request_context *context,
			struct request *r)
{
	if (o->len != 8 && (o->len < 16 || o->len > TERN_COOKIE_MAX))
		return false;
	r->cookie_len = TERN_COOKIE_CLIENT;
	memcpy(r->client_cookie, o->data, TERN_COOKIE_CLIENT);
	r->cookie_valid = o->len == COOKIE_LEN && cookie_is_valid(context->cookie_secret, o->data,
								  context->client, context->wall_s);
	return true;
}

/* RFC 7871 6: as many octets as the prefix has, the bits behind it 0. Family 0 tells nothing. */
static bool is_subnet(const struct tern_edns_option *o)
{
	static const uint8_t bits_max[] = {0, 32, 128};
	uint16_t family = o->len >= REQUEST_SUBNET_HEAD ? get_u16(o->data) : UINT16_MAX;

	if (family >= ARRAY_LEN(bits_max) || o->data[2] > bits_max[family] || o->data[3] != 0)
		return false;
	unsigned bits = o->data[2], octets = (bits + 7) / 8;

	return o->len == REQUEST_SUBNET_HEAD + octets &&
	       (bits % 8 == 0 || (o->data[o->len - 1] & 0xff >> bits % 8) == 0);
}

static bool read_subnet(const struct tern_edns_option *o, struct request *r)
{
	if (!is_subnet(o))
		return false;
	/* The first one counts. */
	if (r->subnet_len == 0) {
		r->subnet_len = (uint8_t)o->len;
		memcpy(r->subnet, o->data, o->len);
	}
	return true;
}

static bool read_options(const struct tern_message *m, const struct request_context *context,
			 struct request *r)
{
	struct tern_edns_iter it = tern_edns_options(m->octets, &m->edns);
	struct tern_edns_option o;

	while (tern_edns_next(&it, &o)) {
		/* The first cookie counts. */
		if (o.code == TERN_EDNS_COOKIE && r->cookie_len == 0 &&
		    !read_cookie(&o, context, r))
			return false;
		if (o.code == TERN_EDNS_TCP_KEEPALIVE)
			r->keepalive = context->tcp;
		/* Where everybody can read there is nothing to hide. */
		if (o.code == TERN_EDNS_PADDING)
			r->padding = context->encrypted;
		if (o.code == TERN_EDNS_NSID)
			r->nsid = true;
		if (o.code == TERN_EDNS_CLIENT_SUBNET && context->subnets && !read_subnet(&o, r))
			return false;
	}
	return true;
}

static uint16_t answer_limit(const struct request *r, const struct tern_message *m)
{
	if (r->tcp)
		return TERN_MESSAGE_MAX;
	uint16_t size = r->edns ? m->edns.udp_size : UDP_ANSWER_MIN;

	return MIN(MAX(size, (uint16_t)UDP_ANSWER_MIN), (uint16_t)UDP_ANSWER_MAX);
}

static void copy_question(struct request *r, const struct tern_message *m)
{
	r->name_len = m->qdcount == 1 ? m->qname_len : 0;
	memcpy(r->name, m->qname, r->name_len);
	r->type = m->qtype;
	r->rclass = m->qclass;
}

/* RFC 6895: types that mean something else than data, and opcodes nobody speaks here. */
static enum request_verdict judge(struct request *r)
{
	if (r->type == TERN_TYPE_AXFR || r->type == TERN_TYPE_IXFR)
		return fail(r, TERN_RCODE_REFUSED);
	if (r->type != TERN_TYPE_ANY && tern_type_is_meta(r->type))
		/* RFC 9824: NXNAME exists in bitmaps only. */
		return fail(r,
			    r->type == TERN_TYPE_NXNAME ? TERN_RCODE_FORMERR : TERN_RCODE_NOTIMP);
	return REQUEST_QUERY;
}

/* Octets behind the message are ignored, as everybody does. */
static bool is_readable(enum tern_status status)
{
	return status == TERN_OK || status == TERN_ETRAILING;
}

/* What the OPT says also counts for the error reply. */
static void take_edns(struct request *r, const struct tern_message *m)
{
	r->edns = m->edns.present;
	r->dnssec_ok = m->edns.dnssec_ok;
	r->compact_ok = m->edns.dnssec_ok & m->edns.compact_ok;
	r->limit = answer_limit(r, m);
}

/* RFC 7873 5.4: no question, but a cookie, asks for a cookie. */
static enum request_verdict judge_cookie_query(struct request *r, const struct tern_message *m,
					       const struct request_context *context)
{
	bool good = read_options(m, context, r);

	return fail(r, good && r->cookie_len > 0 ? TERN_RCODE_NOERROR : TERN_RCODE_FORMERR);
}

enum request_verdict request_parse(const uint8_t *octets, size_t len,
				   const struct request_context *context, struct request *out)
{
	struct tern_message m;

	memset((uint8_t *)out + offsetof(struct request, name_len), 0,
	       sizeof *out - offsetof(struct request, name_len));
	/* Answering what says that it is an answer would let two servers talk for ever. */
	if (len < TERN_HEADER_LEN || (octets[2] & 0x80) || context->client->port == 0)
		return REQUEST_DROP;
	enum tern_status status = tern_message_parse(octets, len, NULL, 0, &m);

	/* Who sends so much without EDNS asks for something else than an answer. */
	if (!context->tcp && len > UDP_ANSWER_MIN && !m.edns.present)
		return REQUEST_DROP;
	out->id = m.id;
	out->flags = m.flags;
	out->tcp = context->tcp;
	out->encrypted = context->encrypted;
	take_edns(out, &m);
	if (status == TERN_EOPCODE)
		return fail(out, TERN_RCODE_NOTIMP);
	/* RFC 6891 6.1.3: a version that isn't known, before whatever else it may mean. */
	if (m.edns.present && m.edns.version > 0) {
		if (is_readable(status))
			copy_question(out, &m);
		return fail(out, TERN_RCODE_BADVERS);
	}
	if (status == TERN_EQDCOUNT && m.qdcount == 0)
		return judge_cookie_query(out, &m, context);
	if (!is_readable(status))
		return fail(out, TERN_RCODE_FORMERR);
	copy_question(out, &m);
	if (!read_options(&m, context, out))
		return fail(out, TERN_RCODE_FORMERR);
	out->tsig_at = m.tsig_at;
	/* RFC 8945 5.2.1: no key is known here. */
	if (m.tsig_at)
		return fail(out, TERN_RCODE_NOTAUTH);
	return judge(out);
}

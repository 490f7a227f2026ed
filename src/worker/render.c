#include "worker/render.h"

#include <string.h>

#include <tern/message.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "cache/answers.h"
#include "net/cookie.h"
#include "net/udp.h"

#define OPT_LEN       11 /* octets without options */
#define FLAG_DO_AT    15 /* bits of the OPT's flags */
#define FLAG_CO_AT    14
#define EDE_TEXT_MAX  (JOB_TEXT_MAX + 1)
#define IDENTITY_MAX  255 /* octets, as id.server can have in one string */
#define PADDING_BLOCK 468 /* octets */

static uint16_t response_flags(const struct request *r)
{
	/* Opcode, RD and CD are echoed. */
	return (uint16_t)(TERN_FLAG_QR | TERN_FLAG_RA |
			  (r->flags & (0x7800 | TERN_FLAG_RD | TERN_FLAG_CD)));
}

static void add_option(struct tern_builder *b, uint16_t code, const void *data, size_t len)
{
	/* An option that does not fit is left out: the data matters more. */
	enum tern_status ignored = tern_builder_option(b, code, data, len);

	(void)ignored;
}

static void add_error_option(struct tern_builder *b, uint16_t ede, const char *text)
{
	uint8_t option[2 + EDE_TEXT_MAX];
	size_t len = text ? strnlen(text, EDE_TEXT_MAX) : 0;

	if (ede == TERN_EDE_NONE)
		return;
	put_u16(option, ede);
	memcpy(option + 2, text ? text : "", len);
	/* Without its text an error code is still worth telling. */
	if (tern_builder_option(b, TERN_EDNS_EDE, option, 2 + len) == TERN_ESPACE)
		add_option(b, TERN_EDNS_EDE, option, 2);
}

/* What was understood of the query's OPT: DO is echoed, CO tells that we know it (RFC 9824 5.1). */
static uint16_t opt_flags(const struct request *r)
{
	return (uint16_t)((unsigned)r->dnssec_ok << FLAG_DO_AT | (unsigned)r->compact_ok
									 << FLAG_CO_AT);
}

/* What goes into an answer to @p r as NSID: octets, 0 for none. */
static size_t identity_len(const struct request *r, const struct render_context *context)
{
	return r->nsid ? strnlen(context->identity, IDENTITY_MAX) : 0;
}

/*
 * Zeros after which a message of @p len octets is as long as many others: in blocks of
 * 468 octets (RFC 8467 4.1). @p limit is kept to; -1 where not even the option fits.
 */
static int padding_for(size_t len, size_t limit)
{
	size_t bare = len + 4;
	size_t whole = (bare + PADDING_BLOCK - 1) / PADDING_BLOCK * PADDING_BLOCK;

	return bare > limit ? -1 : (int)(MIN(whole, limit) - bare);
}

static void add_padding(struct tern_builder *b, const struct request *r)
{
	static const uint8_t zeros[PADDING_BLOCK];
	int padding = padding_for(b->at, MIN(b->limit, (size_t)r->limit));

	if (padding >= 0)
		add_option(b, TERN_EDNS_PADDING, zeros, (size_t)padding);
}

/* Octets of the client subnet option that is due to @r; 0 for none. */
static size_t subnet_octets(const struct request *r)
{
	return r->subnet_len > 0 ? 4u + r->subnet_len : 0;
}

/*
 * RFC 7871 7.2.2: who tells of a network hears of it. The scope is 0: servers were told the
 * client's own address, so whatever network it tells of is answered alike.
 */
static void add_subnet(struct tern_builder *b, const struct request *r)
{
	add_option(b, TERN_EDNS_CLIENT_SUBNET, r->subnet, r->subnet_len);
}

static void add_opt(struct tern_builder *b, const struct request *r, unsigned rcode, uint16_t ede,
		    const char *text, const struct render_context *context, bool by_network)
{
	uint8_t cookie[COOKIE_LEN];
	uint8_t keepalive[2];

	if (!r->edns || tern_builder_opt(b, UDP_ANSWER_MAX, rcode, 0, opt_flags(r)) != TERN_OK)
		return;
	if (r->cookie_len) {
		cookie_make(context->cookie_secret, r->client_cookie, context->client,
			    context->wall_s, cookie);
		add_option(b, TERN_EDNS_COOKIE, cookie, sizeof cookie);
	}
	if (r->keepalive) {
		put_u16(keepalive, (uint16_t)(context->keepalive_ms / 100));
		add_option(b, TERN_EDNS_TCP_KEEPALIVE, keepalive, sizeof keepalive);
	}
	if (by_network)
		add_subnet(b, r);
	add_error_option(b, ede, text);
	if (identity_len(r, context) > 0)
		add_option(b, TERN_EDNS_NSID, context->identity, identity_len(r, context));
	if (r->padding)
		add_padding(b, r);
}

static size_t opt_reserve(const struct request *r)
{
	if (!r->edns)
		return 0;
	return OPT_LEN + (r->cookie_len ? 4u + COOKIE_LEN : 0) + (r->keepalive ? 6u : 0);
}

static void start(struct tern_builder *b, const struct request *r, uint16_t flags, unsigned rcode,
		  uint8_t *out, size_t out_max)
{
	tern_builder_init(b, out, out_max, MIN(out_max, (size_t)r->limit));
	tern_builder_header(b, r->id, flags, rcode);
	/* A header and one question always fit 512 octets. */
	if (r->name_len && tern_builder_question(b, r->name, r->type, r->rclass) != TERN_OK)
		return;
	tern_builder_reserve(b, opt_reserve(r));
}

size_t render_error(const struct request *r, unsigned rcode, uint16_t ede, const char *text,
		    const struct render_context *context, uint8_t *out, size_t out_max)
{
	struct tern_builder b;

	start(&b, r, response_flags(r), rcode, out, out_max);
	add_opt(&b, r, rcode, ede, text, context, false);
	return tern_builder_finish(&b);
}

size_t render_chaos(const struct request *r, const char *text, const struct render_context *context,
		    uint8_t *out, size_t out_max)
{
	struct tern_builder b;
	uint8_t rdata[256];
	size_t len = strnlen(text, 255);

	rdata[0] = (uint8_t)len;
	memcpy(rdata + 1, text, len);
	start(&b, r, response_flags(r), TERN_RCODE_NOERROR, out, out_max);
	if (tern_builder_rr(&b, TERN_ANSWER, r->name, TERN_TYPE_TXT, TERN_CLASS_CH, 0, rdata,
			    len + 1) != TERN_OK)
		tern_builder_set_flag(&b, TERN_FLAG_TC);
	add_opt(&b, r, TERN_RCODE_NOERROR, TERN_EDE_NONE, NULL, context, false);
	return tern_builder_finish(&b);
}

/* False when something of the answer section did not fit. */
static bool add_answer(struct tern_builder *b, const struct result *result, bool dnssec_ok,
		       bool only_first)
{
	for (const struct kept *k = result->answer.first; k; k = k->next) {
		if (tern_builder_rrset(b, TERN_ANSWER, &k->set, dnssec_ok) != TERN_OK)
			return false;
		if (only_first)
			break;
	}
	return true;
}

/* A denial needs its SOA; proofs go to those who asked for them. */
static bool add_authority(struct tern_builder *b, const struct result *result, bool dnssec_ok)
{
	for (const struct kept *k = result->authority.first; k; k = k->next) {
		if (k->set.type != TERN_TYPE_SOA && !dnssec_ok)
			continue;
		if (tern_builder_rrset(b, TERN_AUTHORITY, &k->set, dnssec_ok) != TERN_OK)
			return !dnssec_ok;
	}
	return true;
}

/* Nobody asked for it: what does not fit is left out, and that is no truncation. */
static void add_additional(struct tern_builder *b, const struct result *result, bool dnssec_ok)
{
	for (const struct kept *k = result->additional.first; k; k = k->next) {
		if (tern_builder_rrset(b, TERN_ADDITIONAL, &k->set, dnssec_ok) != TERN_OK)
			return;
	}
}

/*
 * RFC 9824 5, the rcode of a name that a compact proof denies:
 *
 *   DO=0        NXDOMAIN: gets no proof that could contradict it
 *   DO=1, CO=0  NOERROR: who validates by himself and does not know NXNAME would
 *               take NXDOMAIN beside an NSEC at that very name for bogus
 *   DO=1, CO=1  NXDOMAIN: knows what the NSEC means
 */
static unsigned rcode_for(const struct result *result, unsigned variant)
{
	bool unaware = (variant & (ANSWER_DO | ANSWER_CO)) == ANSWER_DO;

	return result->compact && unaware ? TERN_RCODE_NOERROR : result->rcode;
}

static bool is_authentic(const struct request *r, const struct result *result)
{
	return result->security == CACHE_SECURE && !(r->flags & TERN_FLAG_CD) &&
	       (r->dnssec_ok || (r->flags & TERN_FLAG_AD));
}

size_t render_result(const struct request *r, const struct result *result,
		     const struct render_context *context, uint8_t *out, size_t out_max)
{
	struct tern_builder b;
	uint16_t flags = response_flags(r);
	/* RFC 8482: by UDP one set is enough of an answer to ANY. */
	bool only_first = r->type == TERN_TYPE_ANY && !r->tcp;

	unsigned rcode = rcode_for(result, request_variant(r));

	if (is_authentic(r, result))
		flags |= TERN_FLAG_AD;
	size_t subnet = result->by_network ? subnet_octets(r) : 0;

	start(&b, r, flags, rcode, out, out_max);
	tern_builder_reserve(&b, opt_reserve(r) + subnet);
	if (!add_answer(&b, result, r->dnssec_ok, only_first) ||
	    !add_authority(&b, result, r->dnssec_ok))
		tern_builder_set_flag(&b, TERN_FLAG_TC);
	else
		add_additional(&b, result, r->dnssec_ok);
	add_opt(&b, r, rcode, result->ede, result->text, context, subnet > 0);
	return tern_builder_finish(&b);
}

size_t render_for_cache(const struct question *q, const struct result *result, unsigned variant,
			uint8_t *out, size_t out_max, uint16_t *ttl_at, uint16_t *ttl_n,
			uint16_t ttl_max)
{
	bool dnssec_ok = variant & ANSWER_DO;
	struct tern_builder b;
	uint16_t flags = TERN_FLAG_QR | TERN_FLAG_RA;

	if (result->security == CACHE_SECURE && !(variant & ANSWER_CD))
		flags |= TERN_FLAG_AD;
	tern_builder_init(&b, out, out_max, out_max);
	tern_builder_record_ttls(&b, ttl_at, ttl_max);
	tern_builder_header(&b, 0, flags, rcode_for(result, variant));
	if (tern_builder_question(&b, q->name, q->type, TERN_CLASS_IN) != TERN_OK ||
	    !add_answer(&b, result, dnssec_ok, false) || !add_authority(&b, result, dnssec_ok))
		return 0;
	add_additional(&b, result, dnssec_ok);
	if (b.ttl_overflow)
		return 0;
	*ttl_n = b.ttl_n;
	return tern_builder_finish(&b);
}

/* To the OPT at @p opt_at, which ends the message of @p len octets. */
static size_t append_padding(size_t opt_at, size_t len, size_t limit, uint8_t *out)
{
	int padding = padding_for(len, limit);
	uint8_t *options_len = out + opt_at + OPT_LEN - 2;

	if (padding < 0)
		return len;
	put_u16(options_len, (uint16_t)(get_u16(options_len) + 4 + padding));
	put_u16(out + len, TERN_EDNS_PADDING);
	put_u16(out + len + 2, (uint16_t)padding);
	memset(out + len + 4, 0, (size_t)padding);
	return len + 4 + (size_t)padding;
}

static size_t append_opt(const struct request *r, size_t len, const struct render_context *context,
			 uint8_t *out, size_t out_max)
{
	uint8_t *at = out + len;
	size_t options = (r->cookie_len ? 4u + COOKIE_LEN : 0) + (r->keepalive ? 6u : 0);
	size_t identity = identity_len(r, context);

	/* Where there is no room for it, the data matters more. */
	if (unlikely(identity > 0) &&
	    len + OPT_LEN + options + 4 + identity > MIN(out_max, (size_t)r->limit))
		identity = 0;
	if (unlikely(identity > 0))
		options += 4 + identity;

	at[0] = 0;
	put_u16(at + 1, TERN_TYPE_OPT);
	put_u16(at + 3, UDP_ANSWER_MAX);
	put_u32(at + 5, opt_flags(r));
	put_u16(at + 9, (uint16_t)options);
	at += OPT_LEN;
	if (r->cookie_len) {
		put_u16(at, TERN_EDNS_COOKIE);
		put_u16(at + 2, COOKIE_LEN);
		cookie_make(context->cookie_secret, r->client_cookie, context->client,
			    context->wall_s, at + 4);
		at += 4 + COOKIE_LEN;
	}
	if (r->keepalive) {
		put_u16(at, TERN_EDNS_TCP_KEEPALIVE);
		put_u16(at + 2, 2);
		put_u16(at + 4, (uint16_t)(context->keepalive_ms / 100));
		at += 6;
	}
	if (unlikely(identity > 0)) {
		put_u16(at, TERN_EDNS_NSID);
		put_u16(at + 2, (uint16_t)identity);
		memcpy(at + 4, context->identity, identity);
	}
	put_u16(out + 10, (uint16_t)(get_u16(out + 10) + 1));
	if (r->padding)
		return append_padding(len, len + OPT_LEN + options, MIN(out_max, (size_t)r->limit),
				      out);
	return len + OPT_LEN + options;
}

/* The length of a cached answer without its additional section. */
static COLD size_t cut_additional(uint8_t *out, size_t len)
{
	struct tern_rr_ref rrs[ANSWER_TTLS_MAX];
	struct tern_message m;

	if (tern_message_parse(out, len, rrs, ARRAY_LEN(rrs), &m) != TERN_OK)
		return len;
	put_u16(out + 10, 0);
	return tern_message_rr(&m, TERN_ADDITIONAL, 0)->owner_at;
}

size_t render_cached(const struct request *r, size_t len, const struct render_context *context,
		     uint8_t *out, size_t out_max)
{
	size_t opt = opt_reserve(r);
	uint16_t flags = get_u16(out + 2);

	if (len + opt > MIN(out_max, (size_t)r->limit) && get_u16(out + 10) > 0)
		len = cut_additional(out, len);
	if (len + opt > MIN(out_max, (size_t)r->limit)) {
		len = TERN_HEADER_LEN + r->name_len + 4u;
		memset(out + 6, 0, 6);
		flags |= TERN_FLAG_TC;
	}
	/* AD is told to those who asked for it, by DO or by AD (RFC 6840 5.8). */
	if (!r->dnssec_ok && !(r->flags & TERN_FLAG_AD))
		flags &= (uint16_t)~TERN_FLAG_AD;
	put_u16(out, r->id);
	put_u16(out + 2, (uint16_t)(flags | (r->flags & (TERN_FLAG_RD | TERN_FLAG_CD))));
	memcpy(out + TERN_HEADER_LEN, r->name, r->name_len);
	return opt ? append_opt(r, len, context, out, out_max) : len;
}

#define TSIG_FIXED  10 /* octets of a record between owner and rdata */
#define TSIG_TIMES  8  /* octets: time signed and fudge */
#define TSIG_REST   8  /* octets: size of no MAC, id, error, size of nothing else */
#define TSIG_BADKEY 17

size_t render_bad_key(const struct request *r, const uint8_t *query, size_t query_len, size_t len,
		      uint8_t *out, size_t out_max)
{
	uint8_t key[TERN_NAME_MAX], algorithm[TERN_NAME_MAX];
	size_t at, times_at;

	if (tern_name_parse(query, query_len, r->tsig_at, key, &at) != TERN_OK ||
	    tern_name_parse(query, query_len, at + TSIG_FIXED, algorithm, &times_at) != TERN_OK ||
	    query_len - times_at < TSIG_TIMES)
		return len;
	size_t key_len = tern_name_len(key), algorithm_len = tern_name_len(algorithm);
	size_t rdata_len = algorithm_len + TSIG_TIMES + TSIG_REST;

	if (len + key_len + TSIG_FIXED + rdata_len > MIN(out_max, (size_t)r->limit))
		return len;
	uint8_t *to = out + len;

	memcpy(to, key, key_len);
	to += key_len;
	put_u16(to, TERN_TYPE_TSIG);
	put_u16(to + 2, TERN_CLASS_ANY);
	put_u32(to + 4, 0);
	put_u16(to + 8, (uint16_t)rdata_len);
	to += TSIG_FIXED;
	memcpy(to, algorithm, algorithm_len);
	memcpy(to + algorithm_len, query + times_at, TSIG_TIMES);
	to += algorithm_len + TSIG_TIMES;
	put_u16(to, 0); /* no MAC */
	put_u16(to + 2, r->id);
	put_u16(to + 4, TSIG_BADKEY);
	put_u16(to + 6, 0);
	put_u16(out + 10, (uint16_t)(get_u16(out + 10) + 1));
	return len + key_len + TSIG_FIXED + rdata_len;
}

/*
 * text_special.c - the records whose text follows rules of their own: APL
 * (RFC 3123), WKS (RFC 1035 3.4.2), HIP (RFC 8005), IPSECKEY (RFC 4025),
 * AMTRELAY (RFC 8777).
 */
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "wire/text_private.h"

#define APL_NEGATED  0x80
#define APL_IPV4     1
#define APL_IPV6     2
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define PORTS        65536

static int apl_family(uint16_t family)
{
	return family == APL_IPV4 ? AF_INET : AF_INET6;
}

void write_apl(struct text_out *o, const struct piece *p)
{
	const uint8_t *end = p->at + p->len;

	for (const uint8_t *at = p->at; at < end;) {
		uint16_t family = get_u16(at);
		size_t len = at[3] & (APL_NEGATED - 1);
		uint8_t address[16] = {0};

		if (family != APL_IPV4 && family != APL_IPV6) {
			o->unfit = true;
			return;
		}
		memcpy(address, at + 4, len);
		out_format(o, "%s%s%u:", at == p->at ? "" : " ", at[3] & APL_NEGATED ? "!" : "",
			   family);
		out_address(o, apl_family(family), address);
		out_format(o, "/%u", at[2]);
		at += 4 + len;
	}
}

/* "[!]family:address/bits" */
static bool read_prefix(struct text_in *in, struct token t)
{
	static const char expected[] = "[!]1:IPv4/bits or [!]2:IPv6/bits";
	bool negated = t.len > 0 && *t.at == '!';
	const char *start = t.at + negated;
	const char *end = t.at + t.len;
	const char *slash = memchr(t.at, '/', t.len);
	uint8_t address[16] = {0};
	uint64_t bits;

	if (!slash || slash - start < 3 || start[1] != ':' || (*start != '1' && *start != '2'))
		return text_fail(in, TERN_ETEXT, expected);
	uint16_t family = (uint16_t)(*start - '0');
	size_t len = family == APL_IPV4 ? 4 : 16;
	struct token address_text = {start + 2, (size_t)(slash - start) - 2, false};
	struct token bits_text = {slash + 1, (size_t)(end - slash) - 1, false};

	if (!token_address(&address_text, apl_family(family), address) ||
	    !token_number(&bits_text, 8 * len, &bits))
		return text_fail(in, TERN_ETEXT, expected);
	while (len > 0 && address[len - 1] == 0)
		len--;
	return put_number(in, family, 2) && put_number(in, bits, 1) &&
	       put_number(in, len | (negated ? APL_NEGATED : 0), 1) && put_wire(in, address, len);
}

bool read_apl(struct text_in *in)
{
	struct token t;

	while (in_token(in, &t)) {
		if (!read_prefix(in, t))
			return false;
	}
	return in->status == TERN_OK;
}

/* Protocol and one bit for each port; the address before is a field of its own. */
void write_wks(struct text_out *o, const struct piece *p)
{
	if (p->len > 1 && p->at[p->len - 1] == 0)
		o->unfit = true;
	out_format(o, "%u", p->at[0]);
	for (size_t port = 0; port < 8 * (p->len - 1); port++) {
		if (p->at[1 + port / 8] & 0x80u >> port % 8)
			out_format(o, " %zu", port);
	}
}

static bool token_protocol(const struct token *t, uint64_t *protocol)
{
	if (token_is(t, "tcp"))
		*protocol = PROTOCOL_TCP;
	else if (token_is(t, "udp"))
		*protocol = PROTOCOL_UDP;
	else
		return token_number(t, UINT8_MAX, protocol);
	return true;
}

bool read_wks(struct text_in *in)
{
	uint8_t bits[PORTS / 8] = {0};
	uint64_t number;
	size_t len = 0;
	struct token t;

	if (!in_need(in, &t, "a protocol"))
		return false;
	if (!token_protocol(&t, &number))
		return text_fail(in, TERN_ETEXT, "tcp, udp or a protocol number");
	if (!put_number(in, number, 1))
		return false;
	while (in_token(in, &t)) {
		if (!token_number(&t, PORTS - 1, &number))
			return text_fail(in, TERN_ETEXT, "a port number");
		bits[number / 8] |= (uint8_t)(0x80u >> number % 8);
		len = MAX(len, number / 8 + 1);
	}
	return in->status == TERN_OK && put_wire(in, bits, len);
}

void write_hip(struct text_out *o, const struct piece *p)
{
	const uint8_t *end = p->at + p->len;
	const uint8_t *hit = p->at + HIP_HEADER;
	const uint8_t *key = hit + p->at[0];
	const uint8_t *server = key + get_u16(p->at + 2);

	out_format(o, "%u ", p->at[1]);
	out_hex(o, hit, p->at[0]);
	out_char(o, ' ');
	out_base64(o, key, (size_t)(server - key));
	for (; server < end; server += tern_name_len(server)) {
		out_char(o, ' ');
		out_name(o, server);
	}
}

bool read_hip(struct text_in *in)
{
	size_t start = in->out_n;
	uint64_t algorithm;
	struct token t;

	if (!in_need(in, &t, "a key algorithm") || !put_number(in, 0, HIP_HEADER))
		return false;
	if (!token_number(&t, UINT8_MAX, &algorithm))
		return text_fail(in, TERN_ETEXT, "a key algorithm");
	if (!in_need(in, &t, "a host identity tag in hex") || !put_token_hex(in, &t))
		return false;
	size_t hit_len = in->out_n - start - HIP_HEADER;

	if (!in_need(in, &t, "a public key in base64") || !put_token_base64(in, &t))
		return false;
	size_t key_len = in->out_n - start - HIP_HEADER - hit_len;

	if (hit_len == 0 || hit_len > UINT8_MAX || key_len == 0)
		return text_fail(in, TERN_ETEXT, "a tag of 1 to 255 octets and a key");
	in->out[start] = (uint8_t)hit_len;
	in->out[start + 1] = (uint8_t)algorithm;
	put_u16(in->out + start + 2, (uint16_t)key_len);
	while (in_token(in, &t)) {
		uint8_t name[TERN_NAME_MAX];

		if (!token_name(in, &t, name) || !put_wire(in, name, tern_name_len(name)))
			return false;
	}
	return in->status == TERN_OK;
}

/* Writes the gateway; returns its octets. */
static size_t write_gateway(struct text_out *o, unsigned type, const uint8_t *gateway)
{
	switch (type) {
	case GATEWAY_A: out_address(o, AF_INET, gateway); return 4;
	case GATEWAY_AAAA: out_address(o, AF_INET6, gateway); return 16;
	case GATEWAY_NAME: out_name(o, gateway); return tern_name_len(gateway);
	default: out_char(o, '.'); return 0;
	}
}

void write_ipseckey(struct text_out *o, const struct piece *p)
{
	out_format(o, "%u %u %u ", p->at[0], p->at[1], p->at[2]);
	size_t key_at = IPSECKEY_HEADER + write_gateway(o, p->at[1], p->at + IPSECKEY_HEADER);

	if (key_at < p->len) {
		out_char(o, ' ');
		out_base64(o, p->at + key_at, p->len - key_at);
	}
}

static bool read_gateway(struct text_in *in, unsigned type)
{
	struct token t;

	switch (type) {
	case GATEWAY_NONE:
		if (!in_need(in, &t, "\".\" as no gateway"))
			return false;
		return token_is(&t, ".") || text_fail(in, TERN_ETEXT, "\".\" as no gateway");
	case GATEWAY_A: return in_address(in, AF_INET);
	case GATEWAY_AAAA: return in_address(in, AF_INET6);
	case GATEWAY_NAME: return in_name(in);
	default: return text_fail(in, TERN_ETEXT, "a gateway type from 0 to 3");
	}
}

bool read_ipseckey(struct text_in *in)
{
	size_t start = in->out_n;

	for (unsigned i = 0; i < IPSECKEY_HEADER; i++) {
		if (!in_number(in, 1))
			return false;
	}
	return read_gateway(in, in->out[start + 1]) && in_base64_rest(in, true);
}

void write_amtrelay(struct text_out *o, const struct piece *p)
{
	unsigned type = p->at[1] & AMTRELAY_TYPE;

	if (type > GATEWAY_NAME)
		o->unfit = true;
	out_format(o, "%u %u %u ", p->at[0], p->at[1] >> 7, type);
	(void)write_gateway(o, type, p->at + AMTRELAY_HEADER);
}

bool read_amtrelay(struct text_in *in)
{
	static const char expected[] = "0 or 1, then a relay type from 0 to 3";
	uint64_t optional, type;
	struct token t;

	if (!in_number(in, 1) || !in_need(in, &t, expected))
		return false;
	if (!token_number(&t, 1, &optional))
		return text_fail(in, TERN_ETEXT, expected);
	if (!in_need(in, &t, expected))
		return false;
	if (!token_number(&t, GATEWAY_NAME, &type))
		return text_fail(in, TERN_ETEXT, expected);
	return put_number(in, optional << 7 | type, 1) && read_gateway(in, (unsigned)type);
}

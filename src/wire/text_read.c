/*
 * text_read.c - rdata from text, field by field from the type table.
 */
#include <string.h>
#include <sys/socket.h>

#include <tern/rdata.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "base/bytes.h"
#include "wire/text_private.h"

#define STRING_MAX 255 /* octets of a character-string */

static bool read_u8(struct text_in *in)
{
	return in_number(in, 1);
}

static bool read_u16(struct text_in *in)
{
	return in_number(in, 2);
}

static bool read_u32(struct text_in *in)
{
	return in_number(in, 4);
}

static bool read_u64(struct text_in *in)
{
	return in_number(in, 8);
}

static bool read_period(struct text_in *in)
{
	static const char expected[] = "seconds or a period like 1h30m";
	uint32_t seconds;
	struct token t;

	if (!in_need(in, &t, expected))
		return false;
	if (!token_period(&t, &seconds))
		return text_fail(in, TERN_ETEXT, expected);
	return put_number(in, seconds, 4);
}

static bool read_type(struct text_in *in)
{
	uint16_t type;
	struct token t;

	if (!in_need(in, &t, "a record type"))
		return false;
	if (tern_type_from_text(t.at, t.len, &type) != TERN_OK)
		return text_fail(in, TERN_ETEXT, "a record type");
	return put_number(in, type, 2);
}

static bool read_a(struct text_in *in)
{
	return in_address(in, AF_INET);
}

static bool read_aaaa(struct text_in *in)
{
	return in_address(in, AF_INET6);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Groups of hex digits with @p separator between them, as identifiers are
 * written: 4 of up to 4 digits, or 6 and 8 of exactly 2.
 */
static bool read_groups(struct text_in *in, unsigned groups, unsigned width, char separator,
			const char *expected)
{
	struct token t;
	size_t i = 0;

	if (!in_need(in, &t, expected))
		return false;
	for (unsigned g = 0; g < groups; g++) {
		unsigned value = 0;
		unsigned digits = 0;

		if (g > 0 && (i == t.len || t.at[i++] != separator))
			return text_fail(in, TERN_ETEXT, expected);
		for (; i < t.len && hex_digit(t.at[i]) >= 0 && digits < 2 * width; i++, digits++)
			value = value << 4 | (unsigned)hex_digit(t.at[i]);
		if (digits == 0 || (width == 1 && digits != 2))
			return text_fail(in, TERN_ETEXT, expected);
		if (!put_number(in, value, width))
			return false;
	}
	return i == t.len || text_fail(in, TERN_ETEXT, expected);
}

static bool read_node64(struct text_in *in)
{
	return read_groups(in, 4, 2, ':', "four groups like 14:4fff:ff20:ee64");
}

static bool read_eui48(struct text_in *in)
{
	return read_groups(in, 6, 1, '-', "six groups like 00-00-5e-00-53-2a");
}

static bool read_eui64(struct text_in *in)
{
	return read_groups(in, 8, 1, '-', "eight groups like 00-00-5e-ef-10-00-00-2a");
}

/* The octets that @p t gives, with a length octet in front. */
static bool put_string(struct text_in *in, const struct token *t)
{
	size_t at = in->out_n;

	if (!put_number(in, 0, 1) || !put_token_octets(in, t, STRING_MAX))
		return false;
	in->out[at] = (uint8_t)(in->out_n - at - 1);
	return true;
}

static bool read_string(struct text_in *in)
{
	struct token t;

	return in_need(in, &t, "a string") && put_string(in, &t);
}

static bool read_strings(struct text_in *in)
{
	struct token t;

	if (!read_string(in))
		return false;
	while (in_token(in, &t)) {
		if (!put_string(in, &t))
			return false;
	}
	return in->status == TERN_OK;
}

static bool read_quoted(struct text_in *in)
{
	struct token t;

	return in_need(in, &t, "a string") && put_token_octets(in, &t, SIZE_MAX);
}

static bool read_base64(struct text_in *in)
{
	return in_base64_rest(in, false);
}

/* Set the length octet at @p at to what has been put behind it. */
static bool close_len8(struct text_in *in, size_t at)
{
	size_t len = in->out_n - at - 1;

	if (len > UINT8_MAX)
		return text_fail(in, TERN_ETEXT, "at most 255 octets");
	in->out[at] = (uint8_t)len;
	return true;
}

static bool read_salt(struct text_in *in)
{
	size_t at = in->out_n;
	struct token t;

	if (!in_need(in, &t, "a salt in hex or -") || !put_number(in, 0, 1))
		return false;
	if (token_is(&t, "-"))
		return true;
	return put_token_hex(in, &t) && close_len8(in, at);
}

static bool read_base32(struct text_in *in)
{
	size_t at = in->out_n;
	struct token t;

	return in_need(in, &t, "a hash in base32hex") && put_number(in, 0, 1) &&
	       put_token_base32(in, &t) && close_len8(in, at);
}

/* "\# len hex" without its first token. */
static bool read_generic_rest(struct text_in *in)
{
	size_t at = in->out_n;
	uint64_t len;
	struct token t;

	if (!in_need(in, &t, "a length after \\#"))
		return false;
	if (!token_number(&t, UINT16_MAX, &len))
		return text_fail(in, TERN_ETEXT, "a length after \\#");
	if (!in_hex_rest(in))
		return false;
	return in->out_n - at == len ||
	       text_fail(in, TERN_ETEXT, "as many octets as the length says");
}

static bool read_generic(struct text_in *in)
{
	struct token t;

	if (!in_need(in, &t, "\\# for a type without text of its own"))
		return false;
	if (!token_is(&t, "\\#"))
		return text_fail(in, TERN_ETEXT, "\\# for a type without text of its own");
	return read_generic_rest(in);
}

/* Dots may stand anywhere between the digits, RFC 1706 6. */
static bool read_nsap(struct text_in *in)
{
	static const char expected[] = "0x and hexadecimal digits";
	struct token t;
	unsigned pending = 1; /* a 1 before the digits of an open octet */

	if (!in_need(in, &t, expected))
		return false;
	if (t.len < 2 || t.at[0] != '0' || (t.at[1] | 0x20) != 'x')
		return text_fail(in, TERN_ETEXT, expected);
	for (size_t i = 2; i < t.len; i++) {
		if (t.at[i] == '.')
			continue;
		if (hex_digit(t.at[i]) < 0)
			return text_fail(in, TERN_ETEXT, expected);
		pending = pending << 4 | (unsigned)hex_digit(t.at[i]);
		if (pending < 0x100)
			continue;
		if (!put_number(in, pending & 0xff, 1))
			return false;
		pending = 1;
	}
	return pending == 1 || text_fail(in, TERN_ETEXT, expected);
}

static bool (*const readers[])(struct text_in *) = {
	[TERN_FIELD_NAME_COMPRESSED] = in_name,
	[TERN_FIELD_NAME] = in_name,
	[TERN_FIELD_NAME_LITERAL] = in_name,
	[TERN_FIELD_U8] = read_u8,
	[TERN_FIELD_U16] = read_u16,
	[TERN_FIELD_U32] = read_u32,
	[TERN_FIELD_PERIOD] = read_period,
	[TERN_FIELD_TIME] = read_time,
	[TERN_FIELD_TYPE] = read_type,
	[TERN_FIELD_CERT_TYPE] = read_cert_type,
	[TERN_FIELD_A] = read_a,
	[TERN_FIELD_AAAA] = read_aaaa,
	[TERN_FIELD_NODE64] = read_node64,
	[TERN_FIELD_EUI48] = read_eui48,
	[TERN_FIELD_EUI64] = read_eui64,
	[TERN_FIELD_STRING] = read_string,
	[TERN_FIELD_STRINGS] = read_strings,
	[TERN_FIELD_TEXT] = read_quoted,
	[TERN_FIELD_TAG] = read_string,
	[TERN_FIELD_BASE64] = read_base64,
	[TERN_FIELD_HEX] = in_hex_rest,
	[TERN_FIELD_HEX_LEN8] = read_salt,
	[TERN_FIELD_BASE32_LEN8] = read_base32,
	[TERN_FIELD_BITMAP] = read_bitmap,
	[TERN_FIELD_SVC_PARAMS] = read_svc_params,
	[TERN_FIELD_APL] = read_apl,
	[TERN_FIELD_LOC] = read_loc,
	[TERN_FIELD_WKS] = read_wks,
	[TERN_FIELD_HIP] = read_hip,
	[TERN_FIELD_IPSECKEY] = read_ipseckey,
	[TERN_FIELD_GENERIC] = read_generic,
	[TERN_FIELD_ALGORITHM] = read_algorithm,
	[TERN_FIELD_NSAP] = read_nsap,
	[TERN_FIELD_U64] = read_u64,
	[TERN_FIELD_SCHEME] = read_scheme,
	[TERN_FIELD_AMTRELAY] = read_amtrelay,
};

static bool read_fields(struct text_in *in, const struct tern_type_info *info)
{
	for (unsigned i = 0; info->fields[i] != TERN_FIELD_END; i++) {
		if (!readers[info->fields[i]](in))
			return false;
	}
	return true;
}

/* Every type may be given as "\# len hex", RFC 3597 5. */
static bool starts_generic(const struct text_in *in)
{
	struct text_in ahead = *in;
	struct token t;

	return in_token(&ahead, &t) && token_is(&t, "\\#");
}

static bool read_rdata(struct text_in *in, uint16_t type)
{
	struct token t;
	bool read = starts_generic(in) ? read_generic(in) : read_fields(in, tern_type_info(type));

	if (!read)
		return false;
	if (in_token(in, &t))
		return text_fail(in, TERN_ETEXT, "nothing more");
	if (in->status == TERN_OK && tern_rdata_check(type, in->out, in->out_n) != TERN_OK)
		return text_fail(in, TERN_ETEXT, "data of the type's layout");
	return in->status == TERN_OK;
}

enum tern_status tern_rdata_from_text(uint16_t type, const char *text, const uint8_t *origin,
				      uint8_t *out, size_t out_max, size_t *out_len,
				      const char **error)
{
	struct text_in in = {
		.at = text,
		.end = text + strlen(text),
		.origin = origin,
		.out = out,
		.out_max = MIN(out_max, UINT16_MAX),
	};

	if (read_rdata(&in, type))
		*out_len = in.out_n;
	else if (error)
		*error = in.error;
	return in.status;
}

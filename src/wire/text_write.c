/*
 * text_write.c - text of rdata, field by field from the type table.
 */
#include <sys/socket.h>

#include <tern/rdata.h>
#include <tern/text.h>

#include "base/bytes.h"
#include "wire/text_private.h"

static void write_name(struct text_out *o, const struct piece *p)
{
	out_name(o, p->at);
}

static void write_u8(struct text_out *o, const struct piece *p)
{
	out_format(o, "%u", p->at[0]);
}

static void write_u16(struct text_out *o, const struct piece *p)
{
	out_format(o, "%u", get_u16(p->at));
}

static void write_u32(struct text_out *o, const struct piece *p)
{
	out_format(o, "%u", get_u32(p->at));
}

static void write_u64(struct text_out *o, const struct piece *p)
{
	out_format(o, "%llu",
		   (unsigned long long)get_u32(p->at) << 32 |
			   (unsigned long long)get_u32(p->at + 4));
}

static void write_type(struct text_out *o, const struct piece *p)
{
	char mnemonic[16];

	out_text(o, tern_type_to_text(get_u16(p->at), mnemonic, sizeof mnemonic));
}

static void write_cert_type(struct text_out *o, const struct piece *p)
{
	const char *name = cert_type_name(get_u16(p->at));

	if (name)
		out_text(o, name);
	else
		write_u16(o, p);
}

static void write_a(struct text_out *o, const struct piece *p)
{
	out_address(o, AF_INET, p->at);
}

static void write_aaaa(struct text_out *o, const struct piece *p)
{
	out_address(o, AF_INET6, p->at);
}

static void write_node64(struct text_out *o, const struct piece *p)
{
	out_format(o, "%x:%x:%x:%x", get_u16(p->at), get_u16(p->at + 2), get_u16(p->at + 4),
		   get_u16(p->at + 6));
}

static void write_eui(struct text_out *o, const struct piece *p)
{
	for (size_t i = 0; i < p->len; i++)
		out_format(o, "%s%02x", i > 0 ? "-" : "", p->at[i]);
}

/* One or more character-strings. */
static void write_strings(struct text_out *o, const struct piece *p)
{
	for (size_t i = 0; i < p->len; i += 1u + p->at[i]) {
		if (i > 0)
			out_char(o, ' ');
		out_quoted(o, p->at + i + 1, p->at[i]);
	}
}

static void write_quoted(struct text_out *o, const struct piece *p)
{
	out_quoted(o, p->at, p->len);
}

static void write_tag(struct text_out *o, const struct piece *p)
{
	for (unsigned i = 1; i <= p->at[0]; i++)
		out_char(o, (char)p->at[i]);
}

static void write_base64(struct text_out *o, const struct piece *p)
{
	if (p->len == 0)
		o->unfit = true;
	out_base64(o, p->at, p->len);
}

static void write_hex(struct text_out *o, const struct piece *p)
{
	out_hex(o, p->at, p->len);
}

static void write_salt(struct text_out *o, const struct piece *p)
{
	if (p->at[0] == 0)
		out_char(o, '-');
	out_hex(o, p->at + 1, p->at[0]);
}

static void write_base32(struct text_out *o, const struct piece *p)
{
	out_base32(o, p->at + 1, p->at[0]);
}

static void write_generic(struct text_out *o, const struct piece *p)
{
	out_generic(o, p->at, p->len);
}

static void write_nsap(struct text_out *o, const struct piece *p)
{
	out_text(o, "0x");
	for (size_t i = 0; i < p->len; i++)
		out_format(o, "%02x", p->at[i]);
}

static void (*const writers[])(struct text_out *, const struct piece *) = {
	[TERN_FIELD_NAME_COMPRESSED] = write_name,
	[TERN_FIELD_NAME] = write_name,
	[TERN_FIELD_NAME_LITERAL] = write_name,
	[TERN_FIELD_U8] = write_u8,
	[TERN_FIELD_U16] = write_u16,
	[TERN_FIELD_U32] = write_u32,
	[TERN_FIELD_PERIOD] = write_u32,
	[TERN_FIELD_TIME] = write_time,
	[TERN_FIELD_TYPE] = write_type,
	[TERN_FIELD_CERT_TYPE] = write_cert_type,
	[TERN_FIELD_A] = write_a,
	[TERN_FIELD_AAAA] = write_aaaa,
	[TERN_FIELD_NODE64] = write_node64,
	[TERN_FIELD_EUI48] = write_eui,
	[TERN_FIELD_EUI64] = write_eui,
	[TERN_FIELD_STRING] = write_strings,
	[TERN_FIELD_STRINGS] = write_strings,
	[TERN_FIELD_TEXT] = write_quoted,
	[TERN_FIELD_TAG] = write_tag,
	[TERN_FIELD_BASE64] = write_base64,
	[TERN_FIELD_HEX] = write_hex,
	[TERN_FIELD_HEX_LEN8] = write_salt,
	[TERN_FIELD_BASE32_LEN8] = write_base32,
	[TERN_FIELD_BITMAP] = write_bitmap,
	[TERN_FIELD_SVC_PARAMS] = write_svc_params,
	[TERN_FIELD_APL] = write_apl,
	[TERN_FIELD_LOC] = write_loc,
	[TERN_FIELD_WKS] = write_wks,
	[TERN_FIELD_HIP] = write_hip,
	[TERN_FIELD_IPSECKEY] = write_ipseckey,
	[TERN_FIELD_GENERIC] = write_generic,
	[TERN_FIELD_ALGORITHM] = write_u8,
	[TERN_FIELD_NSAP] = write_nsap,
	[TERN_FIELD_U64] = write_u64,
	[TERN_FIELD_SCHEME] = write_scheme,
	[TERN_FIELD_AMTRELAY] = write_amtrelay,
};

/* Fields that may be empty and then have no text, not even a space before it. */
static bool has_no_text(const struct piece *p)
{
	return p->len == 0 && (p->field == TERN_FIELD_HEX || p->field == TERN_FIELD_BITMAP ||
			       p->field == TERN_FIELD_SVC_PARAMS || p->field == TERN_FIELD_APL);
}

/* False when the rdata isn't of its type's layout or has no text of its own. */
static bool write_pieces(struct text_out *o, uint16_t type, const uint8_t *rdata, size_t len)
{
	struct piece_iter it = pieces_of(type, rdata, len);
	struct piece piece;
	bool first = true;

	while (piece_next(&it, &piece)) {
		if (has_no_text(&piece))
			continue;
		if (!first)
			out_char(o, ' ');
		first = false;
		writers[piece.field](o, &piece);
	}
	return it.status == TERN_OK && !o->unfit;
}

enum tern_status tern_rdata_to_text(uint16_t type, const uint8_t *rdata, size_t len, char *out,
				    size_t out_max)
{
	if (out_max == 0)
		return TERN_ESPACE;
	const struct text_out empty = {.at = out, .end = out + out_max - 1};
	struct text_out o = empty;

	/* Bitmaps and port lists can grow eighty times; where the largest buffer is too small, hex
	 * fits. */
	if (!write_pieces(&o, type, rdata, len) || (o.full && out_max >= TERN_RDATA_TEXT_MAX)) {
		o = empty;
		out_generic(&o, rdata, len);
	}
	*o.at = '\0';
	return o.full ? TERN_ESPACE : TERN_OK;
}

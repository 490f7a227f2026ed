/*
 * text_names.c - numbers inside rdata that have names: certificate types
 * (RFC 4398 2.1), DNSSEC algorithms (IANA) and the schemes of DSYNC (RFC 9859).
 */
#include <string.h>

#include "wire/text_private.h"

struct named {
	uint16_t value;
	const char *name;
};

static const struct named cert_types[] = {
	{1, "PKIX"}, {2, "SPKI"},   {3, "PGP"},     {4, "IPKIX"}, {5, "ISPKI"},
	{6, "IPGP"}, {7, "ACPKIX"}, {8, "IACPKIX"}, {253, "URI"}, {254, "OID"},
};

static const struct named algorithms[] = {
	{1, "RSAMD5"},
	{2, "DH"},
	{3, "DSA"},
	{5, "RSASHA1"},
	{6, "DSA-NSEC3-SHA1"},
	{7, "RSASHA1-NSEC3-SHA1"},
	{8, "RSASHA256"},
	{10, "RSASHA512"},
	{12, "ECC-GOST"},
	{13, "ECDSAP256SHA256"},
	{14, "ECDSAP384SHA384"},
	{15, "ED25519"},
	{16, "ED448"},
	{252, "INDIRECT"},
	{253, "PRIVATEDNS"},
	{254, "PRIVATEOID"},
};

static const struct named schemes[] = {
	{1, "NOTIFY"},
};

const char *cert_type_name(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(cert_types); i++) {
		if (cert_types[i].value == type)
			return cert_types[i].name;
	}
	return NULL;
}

/* A name of the table, or a number of @p width octets. */
static bool read_named(struct text_in *in, const struct named *table, size_t n, unsigned width)
{
	static const char expected[] = "a mnemonic or a number";
	struct token t;
	uint64_t value;

	if (!in_need(in, &t, expected))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (token_is(&t, table[i].name))
			return put_number(in, table[i].value, width);
	}
	if (!token_number(&t, (UINT64_C(1) << 8 * width) - 1, &value))
		return text_fail(in, TERN_ETEXT, expected);
	return put_number(in, value, width);
}

bool read_cert_type(struct text_in *in)
{
	return read_named(in, cert_types, ARRAY_LEN(cert_types), 2);
}

bool read_algorithm(struct text_in *in)
{
	return read_named(in, algorithms, ARRAY_LEN(algorithms), 1);
}

void write_scheme(struct text_out *o, const struct piece *p)
{
	if (p->at[0] == schemes[0].value)
		out_text(o, schemes[0].name);
	else
		out_format(o, "%u", p->at[0]);
}

bool read_scheme(struct text_in *in)
{
	return read_named(in, schemes, ARRAY_LEN(schemes), 1);
}

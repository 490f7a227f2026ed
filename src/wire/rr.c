/*
 * rr.c - the type table, and the mnemonics of types, classes and codes.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <tern/rr.h>

#include "base/compiler.h"

#define TYPES_LOW       128 /* types below are found by index */
#define TYPES_HIGH      248 /* so are TYPES_HIGH_N types from here on */
#define TYPES_HIGH_N    17
#define CODE_DIGITS_MAX 5

/* Each spells its # and ## itself: handed on, the name NULL would be expanded. */
#define F(name)         TERN_FIELD_##name
#define LOW(name, ...)  [TERN_TYPE_##name] = {TERN_TYPE_##name, #name, {__VA_ARGS__}}
#define HIGH(name, ...) [TERN_TYPE_##name - TYPES_HIGH] = {TERN_TYPE_##name, #name, {__VA_ARGS__}}

static const struct tern_type_info low_types[TYPES_LOW] = {
	LOW(A, F(A)),
	LOW(NS, F(NAME_COMPRESSED)),
	LOW(MD, F(NAME_COMPRESSED)),
	LOW(MF, F(NAME_COMPRESSED)),
	LOW(CNAME, F(NAME_COMPRESSED)),
	LOW(SOA, F(NAME_COMPRESSED), F(NAME_COMPRESSED), F(U32), F(PERIOD), F(PERIOD), F(PERIOD),
	    F(PERIOD)),
	LOW(MB, F(NAME_COMPRESSED)),
	LOW(MG, F(NAME_COMPRESSED)),
	LOW(MR, F(NAME_COMPRESSED)),
	LOW(NULL, F(GENERIC)),
	LOW(WKS, F(A), F(WKS)),
	LOW(PTR, F(NAME_COMPRESSED)),
	LOW(HINFO, F(STRING), F(STRING)),
	LOW(MINFO, F(NAME_COMPRESSED), F(NAME_COMPRESSED)),
	LOW(MX, F(U16), F(NAME_COMPRESSED)),
	LOW(TXT, F(STRINGS)),
	LOW(RP, F(NAME), F(NAME)),
	LOW(AFSDB, F(U16), F(NAME)),
	LOW(X25, F(STRING)),
	LOW(ISDN, F(STRINGS)),
	LOW(RT, F(U16), F(NAME)),
	LOW(NSAP, F(NSAP)),
	LOW(SIG, F(TYPE), F(ALGORITHM), F(U8), F(U32), F(TIME), F(TIME), F(U16), F(NAME),
	    F(BASE64)),
	LOW(KEY, F(U16), F(U8), F(ALGORITHM), F(BASE64)),
	LOW(PX, F(U16), F(NAME), F(NAME)),
	LOW(GPOS, F(STRING), F(STRING), F(STRING)),
	LOW(AAAA, F(AAAA)),
	LOW(LOC, F(LOC)),
	LOW(NXT, F(NAME), F(HEX)),
	LOW(EID, F(HEX)),
	LOW(NIMLOC, F(HEX)),
	LOW(SRV, F(U16), F(U16), F(U16), F(NAME)),
	LOW(NAPTR, F(U16), F(U16), F(STRING), F(STRING), F(STRING), F(NAME)),
	LOW(KX, F(U16), F(NAME)),
	LOW(CERT, F(CERT_TYPE), F(U16), F(ALGORITHM), F(BASE64)),
	LOW(DNAME, F(NAME)),
	LOW(OPT, F(GENERIC)),
	LOW(APL, F(APL)),
	LOW(DS, F(U16), F(ALGORITHM), F(U8), F(HEX)),
	LOW(SSHFP, F(U8), F(U8), F(HEX)),
	LOW(IPSECKEY, F(IPSECKEY)),
	LOW(RRSIG, F(TYPE), F(ALGORITHM), F(U8), F(U32), F(TIME), F(TIME), F(U16), F(NAME),
	    F(BASE64)),
	LOW(NSEC, F(NAME_LITERAL), F(BITMAP)),
	LOW(DNSKEY, F(U16), F(U8), F(ALGORITHM), F(BASE64)),
	LOW(DHCID, F(BASE64)),
	LOW(NSEC3, F(U8), F(U8), F(U16), F(HEX_LEN8), F(BASE32_LEN8), F(BITMAP)),
	LOW(NSEC3PARAM, F(U8), F(U8), F(U16), F(HEX_LEN8)),
	LOW(TLSA, F(U8), F(U8), F(U8), F(HEX)),
	LOW(SMIMEA, F(U8), F(U8), F(U8), F(HEX)),
	LOW(HIP, F(HIP)),
	LOW(NINFO, F(STRINGS)),
	LOW(RKEY, F(U16), F(U8), F(ALGORITHM), F(BASE64)),
	LOW(TALINK, F(NAME_LITERAL), F(NAME_LITERAL)),
	LOW(CDS, F(U16), F(ALGORITHM), F(U8), F(HEX)),
	LOW(CDNSKEY, F(U16), F(U8), F(ALGORITHM), F(BASE64)),
	LOW(OPENPGPKEY, F(BASE64)),
	LOW(CSYNC, F(U32), F(U16), F(BITMAP)),
	LOW(ZONEMD, F(U32), F(U8), F(U8), F(HEX)),
	LOW(SVCB, F(U16), F(NAME_LITERAL), F(SVC_PARAMS)),
	LOW(HTTPS, F(U16), F(NAME_LITERAL), F(SVC_PARAMS)),
	LOW(DSYNC, F(TYPE), F(SCHEME), F(U16), F(NAME_LITERAL)),
	LOW(HHIT, F(BASE64)),
	LOW(BRID, F(BASE64)),
	LOW(SPF, F(STRINGS)),
	LOW(NID, F(U16), F(NODE64)),
	LOW(L32, F(U16), F(A)),
	LOW(L64, F(U16), F(NODE64)),
	LOW(LP, F(U16), F(NAME_LITERAL)),
	LOW(EUI48, F(EUI48)),
	LOW(EUI64, F(EUI64)),
};

static const struct tern_type_info high_types[TYPES_HIGH_N] = {
	HIGH(TKEY, F(GENERIC)),
	HIGH(TSIG, F(GENERIC)),
	HIGH(IXFR, F(GENERIC)),
	HIGH(AXFR, F(GENERIC)),
	HIGH(MAILB, F(GENERIC)),
	HIGH(MAILA, F(GENERIC)),
	HIGH(ANY, F(GENERIC)),
	HIGH(URI, F(U16), F(U16), F(TEXT)),
	HIGH(CAA, F(U8), F(TAG), F(TEXT)),
	HIGH(AVC, F(STRINGS)),
	HIGH(AMTRELAY, F(AMTRELAY)),
	HIGH(RESINFO, F(STRINGS)),
	HIGH(WALLET, F(STRINGS)),
	HIGH(CLA, F(STRINGS)),
	HIGH(IPN, F(U64)),
};

/* The few that are far from the others. */
static const struct tern_type_info lone_types[] = {
	{TERN_TYPE_NXNAME, "NXNAME", {F(GENERIC)}},
	{TERN_TYPE_TA, "TA", {F(U16), F(ALGORITHM), F(U8), F(HEX)}},
	{TERN_TYPE_DLV, "DLV", {F(U16), F(ALGORITHM), F(U8), F(HEX)}},
};
static const struct tern_type_info unknown_type = {.fields = {F(GENERIC)}};

static const struct tern_type_info *lone_type(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(lone_types); i++) {
		if (lone_types[i].type == type)
			return &lone_types[i];
	}
	return &unknown_type;
}

const struct tern_type_info *tern_type_info(uint16_t type)
{
	const struct tern_type_info *info = &unknown_type;

	if (likely(type < TYPES_LOW))
		info = &low_types[type];
	else if (type >= TYPES_HIGH && type < TYPES_HIGH + TYPES_HIGH_N)
		info = &high_types[type - TYPES_HIGH];
	else
		info = lone_type(type);
	return info->mnemonic ? info : &unknown_type;
}

bool tern_type_is_meta(uint16_t type)
{
	return type == TERN_TYPE_OPT || (type >= 128 && type <= 255);
}

/* A number and its name. */
struct code {
	uint16_t value;
	const char *name;
};

static const struct code classes[] = {
	{TERN_CLASS_IN, "IN"},     {TERN_CLASS_CH, "CH"},   {TERN_CLASS_HS, "HS"},
	{TERN_CLASS_NONE, "NONE"}, {TERN_CLASS_ANY, "ANY"},
};

static const struct code rcodes[] = {
	{TERN_RCODE_NOERROR, "NOERROR"},   {TERN_RCODE_FORMERR, "FORMERR"},
	{TERN_RCODE_SERVFAIL, "SERVFAIL"}, {TERN_RCODE_NXDOMAIN, "NXDOMAIN"},
	{TERN_RCODE_NOTIMP, "NOTIMP"},     {TERN_RCODE_REFUSED, "REFUSED"},
	{TERN_RCODE_YXDOMAIN, "YXDOMAIN"}, {TERN_RCODE_YXRRSET, "YXRRSET"},
	{TERN_RCODE_NXRRSET, "NXRRSET"},   {TERN_RCODE_NOTAUTH, "NOTAUTH"},
	{TERN_RCODE_NOTZONE, "NOTZONE"},   {TERN_RCODE_DSOTYPENI, "DSOTYPENI"},
	{TERN_RCODE_BADVERS, "BADVERS"},   {TERN_RCODE_BADCOOKIE, "BADCOOKIE"},
};

static const struct code opcodes[] = {
	{TERN_OPCODE_QUERY, "QUERY"},   {TERN_OPCODE_IQUERY, "IQUERY"},
	{TERN_OPCODE_STATUS, "STATUS"}, {TERN_OPCODE_NOTIFY, "NOTIFY"},
	{TERN_OPCODE_UPDATE, "UPDATE"}, {TERN_OPCODE_DSO, "DSO"},
};

/* The name of @p value, or @p prefix and the number. */
static char *code_to_text(const struct code *codes, size_t n, const char *prefix, unsigned value,
			  char *out, size_t out_len)
{
	for (size_t i = 0; i < n; i++) {
		if (codes[i].value == value) {
			snprintf(out, out_len, "%s", codes[i].name);
			return out;
		}
	}
	snprintf(out, out_len, "%s%u", prefix, value);
	return out;
}

/* Is the text @p word, in any case? */
static bool is_word(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(text, word, len) == 0;
}

/* "TYPE123": @p prefix in any case and a decimal u16. */
static bool prefixed_number(const char *text, size_t len, const char *prefix, uint16_t *value)
{
	size_t skip = strlen(prefix);
	unsigned v = 0;

	if (len <= skip || len > skip + CODE_DIGITS_MAX || strncasecmp(text, prefix, skip) != 0)
		return false;
	for (size_t i = skip; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		v = v * 10 + (unsigned)(text[i] - '0');
	}
	if (v > UINT16_MAX)
		return false;
	*value = (uint16_t)v;
	return true;
}

char *tern_type_to_text(uint16_t type, char *out, size_t out_len)
{
	const struct tern_type_info *info = tern_type_info(type);

	if (info->mnemonic)
		snprintf(out, out_len, "%s", info->mnemonic);
	else
		snprintf(out, out_len, "TYPE%u", type);
	return out;
}

static bool find_mnemonic(const struct tern_type_info *infos, size_t n, const char *text,
			  size_t len, uint16_t *type)
{
	for (size_t i = 0; i < n; i++) {
		if (infos[i].mnemonic && is_word(text, len, infos[i].mnemonic)) {
			*type = infos[i].type;
			return true;
		}
	}
	return false;
}

enum tern_status tern_type_from_text(const char *text, size_t len, uint16_t *type)
{
	bool found = find_mnemonic(low_types, TYPES_LOW, text, len, type) ||
		     find_mnemonic(high_types, TYPES_HIGH_N, text, len, type) ||
		     find_mnemonic(lone_types, ARRAY_LEN(lone_types), text, len, type) ||
		     prefixed_number(text, len, "TYPE", type);

	return found ? TERN_OK : TERN_ETEXT;
}

char *tern_class_to_text(uint16_t rclass, char *out, size_t out_len)
{
	return code_to_text(classes, ARRAY_LEN(classes), "CLASS", rclass, out, out_len);
}

enum tern_status tern_class_from_text(const char *text, size_t len, uint16_t *rclass)
{
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		if (is_word(text, len, classes[i].name)) {
			*rclass = classes[i].value;
			return TERN_OK;
		}
	}
	return prefixed_number(text, len, "CLASS", rclass) ? TERN_OK : TERN_ETEXT;
}

char *tern_rcode_to_text(unsigned rcode, char *out, size_t out_len)
{
	return code_to_text(rcodes, ARRAY_LEN(rcodes), "RCODE", rcode, out, out_len);
}

char *tern_opcode_to_text(unsigned opcode, char *out, size_t out_len)
{
	return code_to_text(opcodes, ARRAY_LEN(opcodes), "OPCODE", opcode, out, out_len);
}

/*
 * rr.c - the type table, and the mnemonics of types, classes and codes.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <tern/rr.h>

#include "base/compiler.h"

#define CODE_DIGITS_MAX 5

#define F(name) TERN_FIELD_##name

/* It spells its # and ## itself: handed on, the name NULL would be expanded. */
#define TYPE(name, ...) {TERN_TYPE_##name, #name, {__VA_ARGS__}},

static const struct tern_type_info types[] = {
#include "wire/types.def"
};

#undef TYPE
#define TYPE(name, ...) case TERN_TYPE_##name:

/* Never called: the compiler complains of a type without a row. */
static bool MAYBE_UNUSED has_row(enum tern_type type)
{
	switch (type) {
#include "wire/types.def"
		return true;
	}
	return false;
}

#undef TYPE

static const struct tern_type_info unknown_type = {.fields = {F(GENERIC)}};

const struct tern_type_info *tern_type_info(uint16_t type)
{
	size_t low = 0, high = ARRAY_LEN(types);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (types[middle].type == type)
			return &types[middle];
		if (types[middle].type < type)
			low = middle + 1;
		else
			high = middle;
	}
	return &unknown_type;
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

static bool find_mnemonic(const char *text, size_t len, uint16_t *type)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (is_word(text, len, types[i].mnemonic)) {
			*type = types[i].type;
			return true;
		}
	}
	return false;
}

enum tern_status tern_type_from_text(const char *text, size_t len, uint16_t *type)
{
	bool found = find_mnemonic(text, len, type) || prefixed_number(text, len, "TYPE", type);

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

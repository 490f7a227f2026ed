/*
 * rdata_field.c - the layout of each field that isn't a name.
 */
#include <string.h>

#include <tern/name.h>

#include "base/bytes.h"
#include "wire/rdata_private.h"

#define BITMAP_WINDOW_MAX 32   /* octets, RFC 4034 4.1.2 */
#define LOC_LEN           16   /* octets, RFC 1876 2 */
#define WKS_BITMAP_MAX    8192 /* octets: one bit for each port */
#define APL_NEGATED       0x80

static enum tern_status fixed(size_t want, size_t left, size_t *len)
{
	*len = want;
	return left >= want ? TERN_OK : TERN_ERDATA;
}

/* A length octet and as many octets. */
static enum tern_status counted(const uint8_t *at, size_t left, size_t *len)
{
	if (left == 0)
		return TERN_ERDATA;
	return fixed(1u + at[0], left, len);
}

/* One or more character-strings up to the end. */
static bool strings_are_valid(const uint8_t *at, size_t left)
{
	size_t len = 0;

	do {
		if (counted(at, left, &len) != TERN_OK)
			return false;
		at += len;
		left -= len;
	} while (left > 0);
	return true;
}

/* RFC 4034 4.1.2: windows ascend and have 1..32 octets, the last of them not zero. */
static bool bitmap_is_valid(const uint8_t *at, size_t left)
{
	int last_window = -1;

	while (left > 0) {
		if (left < 2 || at[0] <= last_window || at[1] == 0 || at[1] > BITMAP_WINDOW_MAX ||
		    left - 2 < at[1] || at[1 + at[1]] == 0)
			return false;
		last_window = at[0];
		left -= 2u + at[1];
		at += 2 + at[1];
	}
	return true;
}

/* RFC 8659 4.1: letters and digits. */
static bool tag_is_valid(const uint8_t *tag)
{
	for (unsigned i = 1; i <= tag[0]; i++) {
		uint8_t letter = tag[i] | 0x20;

		if (!(tag[i] >= '0' && tag[i] <= '9') && !(letter >= 'a' && letter <= 'z'))
			return false;
	}
	return tag[0] > 0;
}

/* Ascending keys, at least one, without key0 itself (RFC 9460 8). */
static bool mandatory_is_valid(const uint8_t *value, size_t len)
{
	uint16_t last = SVC_MANDATORY;

	if (len == 0 || len % 2 != 0)
		return false;
	for (size_t i = 0; i < len; i += 2) {
		if (get_u16(value + i) <= last)
			return false;
		last = get_u16(value + i);
	}
	return true;
}

/* One or more protocol ids, none of them empty (RFC 9460 7.1.1). */
static bool alpn_is_valid(const uint8_t *value, size_t len)
{
	if (!strings_are_valid(value, len))
		return false;
	for (size_t i = 0; i < len; i += 1u + value[i]) {
		if (value[i] == 0)
			return false;
	}
	return true;
}

bool svc_value_is_valid(uint16_t key, const uint8_t *value, size_t len)
{
	switch (key) {
	case SVC_MANDATORY: return mandatory_is_valid(value, len);
	case SVC_ALPN: return alpn_is_valid(value, len);
	case SVC_NO_DEFAULT_ALPN: return len == 0;
	case SVC_PORT: return len == 2;
	case SVC_IPV4HINT: return len > 0 && len % 4 == 0;
	case SVC_ECH: return len > 0;
	case SVC_IPV6HINT: return len > 0 && len % 16 == 0;
	case SVC_DOHPATH: return len > 0;
	case SVC_OHTTP: return len == 0;
	default: return true;
	}
}

static bool svc_params_are_valid(const uint8_t *at, size_t left)
{
	int last_key = -1;

	while (left > 0) {
		if (left < 4)
			return false;
		uint16_t key = get_u16(at);
		size_t len = get_u16(at + 2);

		if (key <= last_key || left - 4 < len || !svc_value_is_valid(key, at + 4, len))
			return false;
		last_key = key;
		at += 4 + len;
		left -= 4 + len;
	}
	return true;
}

/* RFC 3123 4: family, prefix length, negation and length, address without trailing zeros. */
static bool apl_is_valid(const uint8_t *at, size_t left)
{
	while (left > 0) {
		if (left < 4)
			return false;
		uint16_t family = get_u16(at);
		uint8_t prefix = at[2];
		size_t len = at[3] & (APL_NEGATED - 1);

		if (left - 4 < len || (len > 0 && at[4 + len - 1] == 0))
			return false;
		if ((family == 1 && (prefix > 32 || len > 4)) ||
		    (family == 2 && (prefix > 128 || len > 16)))
			return false;
		at += 4 + len;
		left -= 4 + len;
	}
	return true;
}

/* Version 0; sizes are digit and power of ten, each at most 9 (RFC 1876 2). */
static bool loc_is_valid(const uint8_t *loc)
{
	for (unsigned i = 1; i <= 3; i++) {
		if (loc[0] == 0 && (loc[i] >> 4 > 9 || (loc[i] & 0xf) > 9))
			return false;
	}
	return true;
}

static bool wks_is_valid(size_t left)
{
	return left >= 1 && left - 1 <= WKS_BITMAP_MAX;
}

/* RFC 8005 5: lengths, algorithm, HIT, public key, rendezvous servers. */
static bool hip_is_valid(const uint8_t *at, size_t left)
{
	size_t hit_len, key_len, name_len;

	if (left < HIP_HEADER)
		return false;
	hit_len = at[0];
	key_len = get_u16(at + 2);
	if (hit_len == 0 || key_len == 0 || left - HIP_HEADER < hit_len + key_len)
		return false;
	at += HIP_HEADER + hit_len + key_len;
	left -= HIP_HEADER + hit_len + key_len;
	while (left > 0) {
		if (tern_name_check(at, left, &name_len) != TERN_OK)
			return false;
		at += name_len;
		left -= name_len;
	}
	return true;
}

/* RFC 4025 2: precedence, gateway type, algorithm, gateway, key. */
static bool ipseckey_is_valid(const uint8_t *at, size_t left)
{
	size_t name_len;

	if (left < IPSECKEY_HEADER)
		return false;
	left -= IPSECKEY_HEADER;
	switch (at[1]) {
	case GATEWAY_NONE: return true;
	case GATEWAY_A: return left >= 4;
	case GATEWAY_AAAA: return left >= 16;
	case GATEWAY_NAME: return tern_name_check(at + IPSECKEY_HEADER, left, &name_len) == TERN_OK;
	default: return false;
	}
}

/* RFC 8777 4.2: precedence, D and relay type, relay. The types are those of IPSECKEY's gateways. */
static bool amtrelay_is_valid(const uint8_t *at, size_t left)
{
	size_t len;

	if (left < AMTRELAY_HEADER)
		return false;
	left -= AMTRELAY_HEADER;
	switch (at[1] & AMTRELAY_TYPE) {
	case GATEWAY_NONE: return left == 0;
	case GATEWAY_A: return left == 4;
	case GATEWAY_AAAA: return left == 16;
	case GATEWAY_NAME:
		return tern_name_check(at + AMTRELAY_HEADER, left, &len) == TERN_OK && len == left;
	default: return true; /* a type of the future: whatever it says */
	}
}

/* Fields that take everything up to the end. */
static bool rest_is_valid(uint8_t field, const uint8_t *at, size_t left)
{
	switch (field) {
	case TERN_FIELD_STRINGS: return strings_are_valid(at, left);
	case TERN_FIELD_BITMAP: return bitmap_is_valid(at, left);
	case TERN_FIELD_SVC_PARAMS: return svc_params_are_valid(at, left);
	case TERN_FIELD_APL: return apl_is_valid(at, left);
	case TERN_FIELD_WKS: return wks_is_valid(left);
	case TERN_FIELD_HIP: return hip_is_valid(at, left);
	case TERN_FIELD_IPSECKEY: return ipseckey_is_valid(at, left);
	case TERN_FIELD_AMTRELAY: return amtrelay_is_valid(at, left);
	default: return true;
	}
}

enum tern_status field_len(uint8_t field, const uint8_t *at, size_t left, size_t *len)
{
	switch (field) {
	case TERN_FIELD_U8:
	case TERN_FIELD_SCHEME:
	case TERN_FIELD_ALGORITHM: return fixed(1, left, len);
	case TERN_FIELD_U16:
	case TERN_FIELD_TYPE:
	case TERN_FIELD_CERT_TYPE: return fixed(2, left, len);
	case TERN_FIELD_U32:
	case TERN_FIELD_PERIOD:
	case TERN_FIELD_TIME:
	case TERN_FIELD_A: return fixed(4, left, len);
	case TERN_FIELD_EUI48: return fixed(6, left, len);
	case TERN_FIELD_U64:
	case TERN_FIELD_EUI64:
	case TERN_FIELD_NODE64: return fixed(8, left, len);
	case TERN_FIELD_AAAA: return fixed(16, left, len);
	case TERN_FIELD_LOC:
		if (fixed(LOC_LEN, left, len) != TERN_OK)
			return TERN_ERDATA;
		return loc_is_valid(at) ? TERN_OK : TERN_ERDATA;
	case TERN_FIELD_STRING:
	case TERN_FIELD_HEX_LEN8: return counted(at, left, len);
	case TERN_FIELD_TAG:
		if (counted(at, left, len) != TERN_OK)
			return TERN_ERDATA;
		return tag_is_valid(at) ? TERN_OK : TERN_ERDATA;
	case TERN_FIELD_BASE32_LEN8:
		if (counted(at, left, len) != TERN_OK)
			return TERN_ERDATA;
		return at[0] > 0 ? TERN_OK : TERN_ERDATA;
	default: *len = left; return rest_is_valid(field, at, left) ? TERN_OK : TERN_ERDATA;
	}
}

#include "policy/rebinding.h"

#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "policy/nat64.h"

/* --- addresses -------------------------------------------------------------------------- */

static bool is_inside_v4(const uint8_t *o)
{
	return o[0] == 0 || o[0] == 10 || o[0] == 127 || (o[0] == 100 && (o[1] & 0xc0) == 64) ||
	       (o[0] == 169 && o[1] == 254) || (o[0] == 172 && (o[1] & 0xf0) == 16) ||
	       (o[0] == 192 && o[1] == 168);
}

/* IPv4 at octet @at behind @bits of @base. */
struct holder {
	uint8_t base[12];
	uint8_t octets; /* of base that count */
	uint8_t at;
};

static const struct holder holders[] = {
	{{0}, 12, 12},                                        /* compatible, and :: and ::1 */
	{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 12, 12}, /* mapped */
	{{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}, 12, 12}, /* SIIT, RFC 7915 */
	{{0x00, 0x64, 0xff, 0x9b}, 12, 12},                   /* NAT64, RFC 6052 */
	{{0x20, 0x02}, 2, 2},                                 /* 6to4, RFC 3056 */
};

static bool holds_inside(const uint8_t *o, const struct prefix *nat64)
{
	uint8_t v4[4];

	for (unsigned i = 0; i < ARRAY_LEN(holders); i++) {
		if (memcmp(o, holders[i].base, holders[i].octets) == 0 &&
		    is_inside_v4(o + holders[i].at))
			return true;
	}
	return nat64->base.family && nat64_extract(nat64, o, v4) && is_inside_v4(v4);
}

static bool is_inside_v6(const uint8_t *o, const struct prefix *nat64)
{
	static const uint8_t local_nat64[6] = {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}; /* RFC 8215 */

	return (o[0] & 0xfe) == 0xfc || (o[0] == 0xfe && (o[1] & 0x80) != 0) ||
	       memcmp(o, local_nat64, sizeof local_nat64) == 0 || holds_inside(o, nat64);
}

bool rebinding_is_inside(const struct address *a, const struct prefix *nat64)
{
	if (a->family == 4)
		return is_inside_v4(a->octets);
	return a->family == 6 && is_inside_v6(a->octets, nat64);
}

/* --- records ------------------------------------------------------------------------------ */

#define SVC_IPV4HINT 4 /* RFC 9460 14.3.2 */
#define SVC_IPV6HINT 6

/* A row of addresses. */
static bool find_in_row(const uint8_t *at, size_t len, uint8_t family, const struct prefix *nat64,
			struct address *out)
{
	size_t each = family == 4 ? 4 : 16;

	for (; len >= each; at += each, len -= each) {
		struct address a = {.family = family};

		memcpy(a.octets, at, each);
		if (!rebinding_is_inside(&a, nat64))
			continue;
		*out = a;
		return true;
	}
	return false;
}

/* Priority, target, then parameters: key, length, value. */
static bool find_in_service(const uint8_t *at, size_t len, const struct prefix *nat64,
			    struct address *out)
{
	size_t behind;
	uint8_t target[TERN_NAME_MAX];

	if (len < 2 || tern_name_parse(at, len, 2, target, &behind) != TERN_OK)
		return false;
	while (len - behind >= 4) {
		unsigned key = get_u16(at + behind), value_len = get_u16(at + behind + 2);

		behind += 4;
		if (value_len > len - behind)
			return false;
		if ((key == SVC_IPV4HINT || key == SVC_IPV6HINT) &&
		    find_in_row(at + behind, value_len, key == SVC_IPV4HINT ? 4 : 6, nat64, out))
			return true;
		behind += value_len;
	}
	return false;
}

static bool find_in_record(uint16_t type, const struct tern_rdata *record,
			   const struct prefix *nat64, struct address *out)
{
	switch (type) {
	case TERN_TYPE_A: return find_in_row(record->octets, record->len, 4, nat64, out);
	case TERN_TYPE_AAAA: return find_in_row(record->octets, record->len, 6, nat64, out);
	case TERN_TYPE_SVCB:
	case TERN_TYPE_HTTPS: return find_in_service(record->octets, record->len, nat64, out);
	default: return false;
	}
}

bool rebinding_find(const struct tern_rrset *set, const struct prefix *nat64, struct address *out)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(set);
	struct tern_rdata record;

	while (tern_rdata_next(&it, &record)) {
		if (find_in_record(set->type, &record, nat64, out))
			return true;
	}
	return false;
}

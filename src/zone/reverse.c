/* reverse.c - see reverse.h. */
#include "zone/reverse.h"

#include <stdio.h>
#include <string.h>

#include "zone/store.h"

#define APEX_TEXT_MAX 96 /* octets of "1.0. ... .0.ip6.arpa." with NUL */

void reverse_name(const uint8_t *address, size_t len, uint8_t out[TERN_NAME_MAX])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t *at = out;

	for (size_t i = len; i-- > 0;) {
		if (len == 4) {
			at[0] = (uint8_t)snprintf((char *)at + 1, 4, "%u", address[i]);
			at += 1 + at[0];
			continue;
		}
		*at++ = 1;
		*at++ = (uint8_t)hex[address[i] & 15];
		*at++ = 1;
		*at++ = (uint8_t)hex[address[i] >> 4];
	}
	if (len == 4)
		memcpy(at, "\7in-addr\4arpa", sizeof "\7in-addr\4arpa");
	else
		memcpy(at, "\3ip6\4arpa", sizeof "\3ip6\4arpa");
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four labels of decimal digits before in-addr.arpa; what they were written like is seen later. */
static bool read_v4(const uint8_t *name, uint8_t out[16])
{
	for (unsigned i = 4; i-- > 0; name += 1 + name[0]) {
		unsigned value = 0;

		if (name[0] > 3)
			return false;
		for (unsigned j = 1; j <= name[0]; j++)
			value = 10 * value + (name[j] - '0' + 0u);
		out[i] = (uint8_t)value;
	}
	return true;
}

static bool read_v6(const uint8_t *name, uint8_t out[16])
{
	for (unsigned i = 16; i-- > 0; name += 4) {
		int low = hex_digit(name[1]), high = hex_digit(name[3]);

		if (name[0] != 1 || name[2] != 1 || low < 0 || high < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

size_t reverse_address(const uint8_t *name, uint8_t out[16])
{
	static const uint8_t in_addr[] = "\7in-addr\4arpa", ip6[] = "\3ip6\4arpa";
	uint8_t again[TERN_NAME_MAX];
	unsigned labels = tern_name_labels(name);
	size_t len = 0;

	if (labels == 6 && tern_name_is_below(name, in_addr))
		len = read_v4(name, out) ? 4 : 0;
	else if (labels == 34 && tern_name_is_below(name, ip6))
		len = read_v6(name, out) ? 16 : 0;
	if (len == 0)
		return 0;
	/* There is one way only to write an address. */
	reverse_name(out, len, again);
	return tern_name_equal(name, again) ? len : 0;
}

#define ZEROS_15 "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
#define ZEROS_31 "0." ZEROS_15 ZEROS_15

/* Below in-addr.arpa or ip6.arpa; %u stands for each number from low to high. */
static const struct {
	const char *apex;
	unsigned low, high;
	const char *record; /* NULL for none */
} zones[] = {
	{"0.in-addr.arpa.", 0, 0, NULL},
	{"10.in-addr.arpa.", 0, 0, NULL},
	{"%u.100.in-addr.arpa.", 64, 127, NULL},
	{"127.in-addr.arpa.", 0, 0, "1.0.0 10800 PTR localhost."},
	{"254.169.in-addr.arpa.", 0, 0, NULL},
	{"%u.172.in-addr.arpa.", 16, 31, NULL},
	{"168.192.in-addr.arpa.", 0, 0, NULL},
	{"2.0.192.in-addr.arpa.", 0, 0, NULL},
	{"100.51.198.in-addr.arpa.", 0, 0, NULL},
	{"113.0.203.in-addr.arpa.", 0, 0, NULL},
	{"255.255.255.255.in-addr.arpa.", 0, 0, NULL},
	{"0." ZEROS_31 "ip6.arpa.", 0, 0, NULL},
	{"1." ZEROS_31 "ip6.arpa.", 0, 0, "@ 10800 PTR localhost."},
	{"d.f.ip6.arpa.", 0, 0, NULL},
	{"8.e.f.ip6.arpa.", 0, 0, NULL},
	{"9.e.f.ip6.arpa.", 0, 0, NULL},
	{"a.e.f.ip6.arpa.", 0, 0, NULL},
	{"b.e.f.ip6.arpa.", 0, 0, NULL},
	{"8.b.d.0.1.0.0.2.ip6.arpa.", 0, 0, NULL},
};

/* SOA and NS as RFC 6303 3 has them. */
static bool add(struct zone_store *s, const uint8_t *apex, const char *record)
{
	const char *why;

	return zone_store_add_zone(s, apex, ZONE_STATIC, 0) &&
	       zone_store_add(s, "@ 10800 SOA @ nobody.invalid. 1 3600 1200 604800 10800", apex, 0,
			      &why) &&
	       zone_store_add(s, "@ 10800 NS @", apex, 0, &why) &&
	       (!record || zone_store_add(s, record, apex, 0, &why));
}

static void make_apex(const char *pattern, unsigned number, uint8_t out[TERN_NAME_MAX])
{
	char text[APEX_TEXT_MAX];
	int prefix = pattern[0] == '%' ? snprintf(text, sizeof text, "%u", number) : 0;

	snprintf(text + prefix, sizeof text - (size_t)prefix, "%s", pattern + (prefix > 0 ? 2 : 0));
	if (tern_name_from_text(text, strlen(text), out) != TERN_OK)
		out[0] = 0;
}

bool reverse_zones_add(struct zone_store *s,
		       bool (*is_left_out)(const void *context, const uint8_t *apex),
		       const void *context)
{
	uint8_t apex[TERN_NAME_MAX];

	for (unsigned i = 0; i < ARRAY_LEN(zones); i++) {
		for (unsigned n = zones[i].low; n <= zones[i].high; n++) {
			make_apex(zones[i].apex, n, apex);
			if (!is_left_out(context, apex) && !add(s, apex, zones[i].record))
				return false;
		}
	}
	return true;
}

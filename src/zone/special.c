/* special.c - see special.h. */
#include "zone/special.h"

#include <stddef.h>

#include <tern/name.h>

#include "zone/reverse.h"
#include "zone/store.h"

#define RECORDS_MAX 4

static const struct special {
	const uint8_t *apex;
	const char *records[RECORDS_MAX + 1];
	const uint8_t *empty; /* a name that exists, without records; NULL for none */
} zones[] = {
	{(const uint8_t *)"\11localhost",
	 {"localhost. 10800 A 127.0.0.1", "localhost. 10800 AAAA ::1",
	  "*.localhost. 10800 A 127.0.0.1", "*.localhost. 10800 AAAA ::1"},
	 NULL},
	{(const uint8_t *)"\7invalid", {NULL}, NULL},
	{(const uint8_t *)"\4test", {NULL}, NULL},
	{(const uint8_t *)"\5local", {NULL}, NULL},
	{(const uint8_t *)"\5onion", {NULL}, NULL},
	{(const uint8_t *)"\3alt", {NULL}, NULL},
	{(const uint8_t *)"\10internal", {NULL}, NULL},
	{(const uint8_t *)"\4home\4arpa", {NULL}, NULL},
	{(const uint8_t *)"\10resolver\4arpa", {NULL}, (const uint8_t *)"\4_dns\10resolver\4arpa"},
	{(const uint8_t *)"\7service\4arpa", {NULL}, NULL},
	{(const uint8_t *)"\10ipv4only\4arpa",
	 {"ipv4only.arpa. 10800 A 192.0.0.170", "ipv4only.arpa. 10800 A 192.0.0.171"},
	 NULL},
	{(const uint8_t *)"\003170\0010\0010\003192\007in-addr\4arpa",
	 {"170.0.0.192.in-addr.arpa. 10800 PTR ipv4only.arpa."},
	 NULL},
	{(const uint8_t *)"\003171\0010\0010\003192\007in-addr\4arpa",
	 {"171.0.0.192.in-addr.arpa. 10800 PTR ipv4only.arpa."},
	 NULL},
};

static bool add(struct zone_store *s, const struct special *zone)
{
	const char *why;

	if (!zone_store_add_zone(s, zone->apex, ZONE_STATIC, 0))
		return false;
	for (const char *const *text = zone->records; *text; text++) {
		if (!zone_store_add(s, *text, NULL, 0, &why))
			return false;
	}
	return !zone->empty || zone_store_add_empty(s, zone->empty);
}

bool special_zones_add(struct zone_store *s,
		       bool (*is_left_out)(const void *context, const uint8_t *apex),
		       const void *context)
{
	for (unsigned i = 0; i < ARRAY_LEN(zones); i++) {
		if (!is_left_out(context, zones[i].apex) && !add(s, &zones[i]))
			return false;
	}
	return reverse_zones_add(s, is_left_out, context);
}

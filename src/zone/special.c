/* special.c - see special.h. */
#include "zone/special.h"

#include <stddef.h>

#include <tern/name.h>

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
	return true;
}

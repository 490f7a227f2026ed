/* local.c - see local.h. Sources are numbered as they stand, from 1: zones with their records. */
#include "zone/local.h"

#include <stdio.h>

struct adding {
	struct zone_store *store;
	local_told *tell;
	void *context;
	uint32_t source; /* of what was added last */
	bool good;
};

static void add_record(struct adding *a, const char *text, const uint8_t *origin, const char *key)
{
	const char *why;

	if (zone_store_add(a->store, text, origin, ++a->source, &why))
		return;
	a->tell(a->context, key, why, NULL);
	a->good = false;
}

static void add_zone(struct adding *a, const struct local_zone *zone, unsigned index)
{
	char key[LOCAL_KEY_MAX];

	if (!zone_store_add_zone(a->store, zone->name, zone->behaviour, ++a->source)) {
		snprintf(key, sizeof key, "local-zones[%u]", index);
		a->tell(a->context, key, "out of memory", NULL);
		a->good = false;
	}
	for (unsigned i = 0; i < zone->records_n; i++) {
		snprintf(key, sizeof key, "local-zones[%u].records[%u]", index, i);
		add_record(a, zone->records[i], zone->name, key);
	}
}

bool local_add(struct zone_store *store, const struct local_options *options, local_told *tell,
	       void *context)
{
	struct adding a = {store, tell, context, LOCAL_FIRST_SOURCE - 1, true};
	char key[LOCAL_KEY_MAX];

	for (unsigned i = 0; i < options->zones_n; i++)
		add_zone(&a, &options->zones[i], i);
	for (unsigned i = 0; i < options->data_n; i++) {
		snprintf(key, sizeof key, "local-data[%u]", i);
		add_record(&a, options->data[i], NULL, key);
	}
	return a.good;
}

uint32_t local_sources(const struct local_zone *zone)
{
	return 1 + zone->records_n;
}

char *local_key(const struct local_options *options, uint32_t source, char out[LOCAL_KEY_MAX])
{
	uint32_t left = source - LOCAL_FIRST_SOURCE;

	for (unsigned i = 0; i < options->zones_n; i++) {
		const struct local_zone *zone = &options->zones[i];

		if (left == 0)
			snprintf(out, LOCAL_KEY_MAX, "local-zones[%u].name", i);
		else if (left <= zone->records_n)
			snprintf(out, LOCAL_KEY_MAX, "local-zones[%u].records[%u]", i, left - 1);
		if (left <= zone->records_n)
			return out;
		left -= local_sources(zone);
	}
	snprintf(out, LOCAL_KEY_MAX, "local-data[%u]", left);
	return out;
}

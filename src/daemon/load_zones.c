/* load_zones.c - zone files of `local-zones`; see load_private.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "daemon/followed.h"
#include "daemon/load_private.h"
#include "zone/local.h"
#include "zone/store.h"
#include "zone/zone_text.h"

#define INCLUDED_MAX 256 /* files of one zone */

struct zone_load {
	struct zone_store *store;
	struct followed *followed; /* NULL: the files are read once */
	const uint8_t *apex;
	uint32_t source;
	bool may_be_empty;
	bool as_before;            /* the texts that were good last */
	char *texts[INCLUDED_MAX]; /* of files that nobody follows */
	unsigned texts_n;
};

static bool take(void *context, const struct zone_record *r, const char **why)
{
	struct zone_load *x = context;

	return zone_store_add_of_zone(x->store, x->apex, r->owner, r->type, r->ttl_s, r->rdata,
				      r->rdata_len, x->source, why);
}

static const char *read_file(void *context, const char *path, size_t *len, const char **why)
{
	struct zone_load *x = context;

	if (x->as_before) {
		*why = "it was never good before";
		return followed_read_good(x->followed, FOLLOWED_HOSTS, path, len);
	}
	if (x->followed)
		return followed_read(x->followed, FOLLOWED_HOSTS, path, len, why);
	*why = "too many files";
	if (x->texts_n == INCLUDED_MAX)
		return NULL;
	char *text = file_read_up_to(path, FOLLOWED_OCTETS_MAX, len);

	*why = text ? NULL : strerror(errno);
	if (text)
		x->texts[x->texts_n++] = text;
	return text;
}

static bool add_file(struct zone_load *x, const char *path, struct zone_text_fault *fault)
{
	const struct zone_text reader = {take, read_file, x};
	const char *why;
	size_t len;
	const char *text = read_file(x, path, &len, &why);

	if (text && len == 0 && !x->may_be_empty) {
		why = "it is empty";
		text = NULL;
	}
	if (text)
		return zone_text_read(&reader, path, text, len, x->apex, fault);
	snprintf(fault->file, sizeof fault->file, "%s", path);
	snprintf(fault->why, sizeof fault->why, "%s", why);
	fault->line = 0;
	return false;
}

/* Is another group of files begun for the zone, or are those of before taken? */
static bool begin_group(struct followed *followed, unsigned *group)
{
	if (*group == LOAD_ZONE_AS_BEFORE)
		return true;
	*group = followed_group(followed);
	return false;
}

int load_zone_of_source(const struct local_options *local, uint32_t source)
{
	uint32_t at = LOCAL_FIRST_SOURCE;

	for (unsigned i = 0; i < local->zones_n; i++) {
		if (source == at && *local->zones[i].file)
			return (int)i;
		at += local_sources(&local->zones[i]);
	}
	return -1;
}

bool load_zone_files(struct zone_store *store, const struct local_options *local,
		     struct followed *followed, unsigned *groups, load_zone_told *tell,
		     void *context)
{
	struct zone_text_fault *fault = malloc(sizeof *fault);
	bool good = fault != NULL;
	uint32_t source = LOCAL_FIRST_SOURCE;

	for (unsigned i = 0; fault && i < local->zones_n; i++) {
		const struct local_zone *zone = &local->zones[i];
		struct zone_load x = {.store = store,
				      .followed = followed,
				      .apex = zone->name,
				      .source = source,
				      .may_be_empty = groups == NULL};

		if (*zone->file && groups)
			x.may_be_empty = x.as_before = begin_group(followed, &groups[i]);
		if (*zone->file && !add_file(&x, zone->file, fault)) {
			tell(context, i, fault->file, fault->line, fault->why);
			good = false;
		}
		for (unsigned k = 0; k < x.texts_n; k++)
			free(x.texts[k]);
		source += local_sources(zone);
	}
	free(fault);
	return good;
}

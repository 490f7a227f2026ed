/*
 * fuzz_zone.c - zone_text_read() on any octets: each record is one, and a fault has its place.
 *
 * The buffer has its exact size, so an overrun of one octet is seen.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>
#include <tern/rdata.h>

#include "base/check.h"
#include "zone/zone_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *context, const struct zone_record *r, const char **why)
{
	size_t len;

	(void)context;
	*why = "enough";
	check_always(tern_name_check(r->owner, TERN_NAME_MAX, &len) == TERN_OK);
	check_always(tern_rdata_check(r->type, r->rdata, r->rdata_len) == TERN_OK);
	return true;
}

static const char *include(void *context, const char *path, size_t *len, const char **why)
{
	(void)context;
	check_always(strncmp(path, "/zones/", 7) == 0 && !strstr(path, "/../"));
	*len = 0;
	*why = "there is none";
	return path[strlen(path) - 1] == 'x' ? "" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t origin[] = "\3lan";
	static struct zone_text_fault fault;
	const struct zone_text reader = {take, include, NULL};
	char *text = malloc(size > 0 ? size : 1);

	check_always(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	if (!zone_text_read(&reader, "/zones/db", text, size, origin, &fault))
		check_always(fault.why[0] && fault.file[0]);
	free(text);
	return 0;
}

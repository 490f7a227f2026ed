/* import_policy.c - see import_values.h: policy zones, whose files must be good for ternd to start.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/rpz.h"
#include "tools/import_values.h"
#include "zone/zone_text.h"

static bool take(void *context, const struct zone_record *r, const char **why)
{
	return rpz_add(context, r->owner, r->type, r->ttl_s, r->rdata, r->rdata_len, why);
}

static const char *include(void *context, const char *path, size_t *len, const char **why)
{
	(void)context;
	(void)path;
	*len = 0;
	*why = "it includes another file";
	return NULL;
}

/* What is wrong with the text of a policy zone; NULL when nothing is. */
static const char *fault_of(const char *name, const char *path, const char *text, size_t len,
			    struct zone_text_fault *fault)
{
	uint8_t apex[TERN_NAME_MAX];
	struct zone_text reader = {.take = take, .include = include};
	bool good;

	if (tern_name_from_text(name, strlen(name), apex) != TERN_OK)
		return "the name is no domain name";
	reader.context = rpz_create(apex, RPZ_GIVEN);
	good = reader.context && zone_text_read(&reader, path, text, len, apex, fault);
	if (!reader.context)
		snprintf(fault->why, sizeof fault->why, "out of memory");
	rpz_destroy(reader.context);
	return good ? NULL : fault->why;
}

void import_policy(struct import *im, const struct import_place *place, const char *name,
		   const char *file, const char *action)
{
	struct doc_node *list = doc_list(&im->doc, im->doc.root, "response-policy-zones");
	struct zone_text_fault *fault = calloc(1, sizeof *fault);
	char *path = import_good_path(im, place, file);
	size_t len = 0;
	char *text = path ? import_read_file(im, place, path, &len) : NULL;
	const char *why = text && fault ? fault_of(name, path, text, len, fault) : "no file";

	if (doc_len(list) == RPZ_ZONES_MAX)
		why = "there are 32 already";
	if (why) {
		import_leave(im, place, "the policy zone %s is left out: %s", name, why);
	} else {
		struct doc_node *item = doc_add_map(&im->doc, list);

		doc_set_text(&im->doc, item, "name", name);
		doc_set_text(&im->doc, item, "file", path);
		if (action)
			doc_set_word(&im->doc, item, "action", action);
	}
	free(text);
	free(path);
	free(fault);
}

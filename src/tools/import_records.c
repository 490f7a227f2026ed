/*
 * import_records.c - see import_values.h: names of our own.
 *
 * A zone may come behind the records in it, so records wait until all is read.
 */
#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>
#include <tern/text.h>

#include "tools/import_values.h"
#include "zone/reverse.h"
#include "zone/special.h"
#include "zone/store.h"

#define TTL_S       3600  /* of a record without one; the text keeps none either */
#define TEXT_MAX    65535 /* of a record, as tern.yaml takes it */
#define REDIRECTS   1u
#define IS_STATIC   2u
#define RECORDS_MAX (IMPORT_OCTETS_MAX / 22) /* more than ternd takes in any case */
#define IS_CNAME    1u
#define IS_OTHER    2u
#define HAS_SOA     4u
#define KEY_MAX     (TERN_NAME_TEXT_MAX + 32)

static void make_key(char out[KEY_MAX], char kind, unsigned view, const uint8_t *name)
{
	char text[TERN_NAME_TEXT_MAX];

	snprintf(out, KEY_MAX, "%c:%u:%s", kind, view, tern_name_to_text(name, text));
}

static const unsigned *find_zone(const struct import *im, unsigned view, const uint8_t *name)
{
	char key[KEY_MAX];

	make_key(key, 'z', view, name);
	return import_map_find(&im->seen, key);
}

void import_zone(struct import *im, const struct import_place *place, unsigned view,
		 const char *name, const char *behaviour)
{
	char text[TERN_NAME_TEXT_MAX], key[KEY_MAX];
	unsigned is = strcmp(behaviour, "redirect") == 0 ? REDIRECTS
		      : strcmp(behaviour, "static") == 0 ? IS_STATIC
							 : 0;
	uint8_t wire[TERN_NAME_MAX];
	struct doc_node *item;

	if (!import_name(im, place, name, text) ||
	    tern_name_from_text(text, strlen(text), wire) != TERN_OK)
		return;
	make_key(key, 'z', view, wire);
	if (import_map_find(&im->seen, key)) {
		import_leave(im, place, "the zone %s is there already", text);
		return;
	}
	if (!import_map_add(&im->seen, key, is))
		im->broken = true;
	item = doc_add_map(&im->doc, doc_list(&im->doc, im->views[view], "local-zones"));
	doc_set_text(&im->doc, item, "name", text);
	doc_set_word(&im->doc, item, "behaviour", behaviour);
}

bool import_is_full(const struct import *im)
{
	return im->records_n >= RECORDS_MAX;
}

static bool make_room(struct import *im)
{
	size_t room = im->records_room > 0 ? 2 * im->records_room : 64;
	struct import_record *records;

	if (im->records_n < im->records_room)
		return true;
	records = realloc(im->records, room * sizeof *records);
	if (!records)
		return false;
	im->records = records;
	im->records_room = room;
	return true;
}

static void free_record(struct import_record *r)
{
	free(r->text);
	free(r->owner);
	free(r->option);
}

/* Takes over @p text. */
static void keep(struct import *im, const struct import_place *place, unsigned view, char *text)
{
	struct import_record r = {.text = text,
				  .owner = malloc(TERN_NAME_MAX),
				  .option = strdup(place->option),
				  .place = *place,
				  .view = view,
				  .type = im->rr->type};

	if (!r.owner || !r.option || !make_room(im)) {
		free_record(&r);
		im->broken = true;
		return;
	}
	tern_name_lower(r.owner, im->rr->owner);
	im->records[im->records_n++] = r;
}

void import_record(struct import *im, const struct import_place *place, unsigned view,
		   const char *text)
{
	char *copy = strdup(text);
	const char *why = NULL;

	if (!copy) {
		im->broken = true;
		return;
	}
	for (char *c = copy; *c; c++) {
		if (*c == '\t')
			*c = ' ';
	}
	if (!import_is_text(copy, TEXT_MAX))
		why = "expected a record without control characters";
	else if (tern_rr_from_zone_text(copy, NULL, TTL_S, im->rr, &why) != TERN_OK)
		why = why ? why : "expected a record";
	else if (im->rr->rclass != TERN_CLASS_IN)
		why = "expected class IN";
	else if (im->rr->type == TERN_TYPE_DNAME)
		why = "DNAME is not supported in local data";
	else if (import_is_full(im))
		why = "there are too many records";
	if (!why) {
		keep(im, place, view, copy);
		return;
	}
	import_leave(im, place, "%s", why);
	free(copy);
}

void import_record_of(struct import *im, const struct import_place *place, const char *name,
		      const char *ttl, const char *type, const char *rdata)
{
	char owner[TERN_NAME_TEXT_MAX];
	char *text;

	if (!import_name(im, place, name, owner))
		return;
	if (asprintf(&text, "%s %s%sIN %s %s", owner, ttl ? ttl : "", ttl ? " " : "", type, rdata) <
	    0) {
		im->broken = true;
		return;
	}
	import_record(im, place, 0, text);
	free(text);
}

void import_address_of(struct import *im, const struct import_place *place, const char *name,
		       const char *ttl, const char *address)
{
	char text[ADDRESS_TEXT_MAX];
	struct address a;

	if (strpbrk(address, "@%") || !address_from_text(address, 53, &a)) {
		import_leave(im, place, "\"%.80s\" is no address", address);
		return;
	}
	address_to_text(&a, text);
	text[strcspn(text, "@")] = '\0';
	import_record_of(im, place, name, ttl, a.family == 4 ? "A" : "AAAA", text);
}

void import_pointer(struct import *im, const struct import_place *place, const char *address,
		    const char *ttl, const char *name)
{
	char to[TERN_NAME_TEXT_MAX], owner[TERN_NAME_TEXT_MAX];
	uint8_t wire[TERN_NAME_MAX];
	struct address a;

	if (strpbrk(address, "@%") || !address_from_text(address, 53, &a)) {
		import_leave(im, place, "\"%.80s\" is no address", address);
		return;
	}
	if (!import_name(im, place, name, to))
		return;
	reverse_name(a.octets, a.family == 4 ? 4 : 16, wire);
	import_record_of(im, place, tern_name_to_text(wire, owner), ttl, "PTR", to);
}

/* --- once all is read ------------------------------------------------------------------ */

/* The deepest zone at or above @p name; NULL for none. */
static const uint8_t *zone_above(const struct import *im, unsigned view, const uint8_t *name,
				 unsigned *behaviour)
{
	for (;; name = tern_name_parent(name)) {
		const unsigned *zone = find_zone(im, view, name);

		if (zone) {
			*behaviour = *zone;
			return name;
		}
		if (*name == 0)
			return NULL;
	}
}

void import_except(struct import *im, const char *name)
{
	struct doc_node *section = import_section(im, "special-zones");
	char key[KEY_MAX];

	snprintf(key, sizeof key, "x:0:%s", name);
	if (import_map_find(&im->seen, key))
		return;
	if (!import_map_add(&im->seen, key, 0))
		im->broken = true;
	doc_add_text(&im->doc, doc_list(&im->doc, section, "except"), name);
}

/* A zone of that name is somebody's own: the special one is not there then. */
static bool is_left_out(const void *context, const uint8_t *apex)
{
	static const char kinds[] = {'x', 'z', 'f'};
	const struct import *im = context;
	char key[KEY_MAX];

	for (unsigned i = 0; i < sizeof kinds; i++) {
		make_key(key, kinds[i], 0, apex);
		if (import_map_find(&im->seen, key))
			return true;
	}
	return false;
}

/* The special zones that ternd has beside what was read; NULL when memory is short. */
static struct zone_store *make_special(const struct import *im)
{
	struct zone_store *store = zone_store_create();
	struct zone_fault fault;

	if (store && special_zones_add(store, is_left_out, im) && zone_store_seal(store, &fault))
		return store;
	zone_store_destroy(store);
	return NULL;
}

/* All of them begin with an SOA, and *.localhost has addresses. */
static bool has_records(const struct zone_store *special, const uint8_t *name)
{
	const uint8_t *apex = zone_store_apex(special, name);
	struct zone_answer a;

	if (apex && tern_name_equal(apex, name))
		return true;
	return tern_name_is_wildcard(name) &&
	       zone_store_find(special, name, TERN_TYPE_A, NULL, &a) == ZONE_ANSWER;
}

/* Notes what the record is; why it can't stand beside what is there already, or NULL. */
static const char *clash(struct import *im, const struct import_record *r,
			 const struct zone_store *special)
{
	unsigned is = r->type == TERN_TYPE_CNAME ? IS_CNAME : IS_OTHER;
	unsigned *before, behaviour = 0;
	const uint8_t *zone = zone_above(im, r->view, r->owner, &behaviour);
	bool at_apex = zone && tern_name_equal(zone, r->owner);
	char key[KEY_MAX];

	if (r->type == TERN_TYPE_SOA && !at_apex)
		return "an SOA stands only where a zone begins";
	if (zone && behaviour == REDIRECTS && !at_apex)
		return "the zone above it gives all names the records of its own name";
	if (is == IS_CNAME && at_apex && behaviour == IS_STATIC)
		return "an alias (CNAME) can't stand where a zone begins";
	if (is == IS_CNAME && r->view == 0 && has_records(special, r->owner))
		return "an alias (CNAME) can't stand at a name of special-zones";
	make_key(key, 'r', r->view, r->owner);
	before = import_map_find(&im->seen, key);
	if (!before) {
		if (!import_map_add(&im->seen, key, is | (r->type == TERN_TYPE_SOA ? HAS_SOA : 0)))
			im->broken = true;
		return NULL;
	}
	if (is == IS_CNAME || *before & IS_CNAME)
		return "an alias (CNAME) stands alone at its name";
	if (r->type == TERN_TYPE_SOA && *before & HAS_SOA)
		return "a zone has one SOA only";
	*before |= r->type == TERN_TYPE_SOA ? HAS_SOA : 0;
	return NULL;
}

void import_records_finish(struct import *im)
{
	struct zone_store *special = im->records_n > 0 ? make_special(im) : NULL;

	im->broken = im->broken || (im->records_n > 0 && !special);
	for (size_t i = 0; i < im->records_n; i++) {
		struct import_record *r = &im->records[i];
		const char *why = special ? clash(im, r, special) : NULL;

		r->place.option = r->option;
		if (why)
			import_leave(im, &r->place, "%s", why);
		else
			doc_add_text(&im->doc, doc_list(&im->doc, im->views[r->view], "local-data"),
				     r->text);
		free_record(r);
	}
	zone_store_destroy(special);
	free(im->records);
	im->records = NULL;
	im->records_n = im->records_room = 0;
}

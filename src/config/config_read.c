/*
 * config_read.c - see config_read.h.
 *
 *   document -> read_section -> per key: read_list -> read_item -> read_scalar
 *                   ^                                    |
 *                   '------- zones are sections ---------'
 *   all files read -> zones that are there twice, sections that contradict themselves
 *
 * Every read_*() is called with its first event in r->event and leaves its last one there. A
 * complaint does not stop the pass; r->stopped does (broken YAML, too deep, too many complaints),
 * and then every step returns at once.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_read_private.h"

/** What one mapping has seen so far. */
struct section {
	const struct schema_key *keys; /* that it may hold */
	void *mapping;                 /* the struct that its values go to */
	unsigned line;                 /* where it starts */
	struct place *given;           /* where each key stood last; line 0: not there */
};

static void read_value(struct config_reader *r, const struct schema_key *key, void *mapping,
		       bool again);
static void read_section(struct config_reader *r, const struct schema_key *keys, void *mapping,
			 struct place *given);

/* --- values ------------------------------------------------------------------------------ */

static void read_scalar(struct config_reader *r, const struct schema_key *key, void *at)
{
	char why[SCHEMA_WHY_MAX];

	if (r->event.type != YAML_SCALAR_EVENT) {
		refuse_node(r, value_expected(key, why));
		return;
	}
	struct value v = event_value(r);
	if (!value_read(key, &v, at, why))
		complain(r, event_line(r), "%s", why);
}

static void note_place(struct config_reader *r, unsigned line)
{
	places_note(r->config->places, r->path, (struct place){r->file, line});
}

/**
 * What only the whole mapping can tell; asked when its parts are good.
 *
 * @param given  where its keys stood
 * @param line   to blame when the key to blame was not given
 */
static void finish_section(struct config_reader *r, const struct schema_key *key, void *mapping,
			   const struct schema_key *keys, const struct place *given, unsigned line)
{
	struct schema_fault fault;

	if (!key->finish || key->finish(mapping, &fault))
		return;
	const struct schema_key *blamed = schema_find(keys, fault.key, strlen(fault.key));
	const struct place *place = blamed ? &given[blamed - keys] : NULL;
	size_t outside = path_enter(r, fault.key, strlen(fault.key));

	if (place && place->line > 0) {
		r->report->file = place->file;
		line = place->line;
	}
	complain(r, line, "%s", fault.why);
	path_leave(r, outside);
}

static void remember_zone(struct config_reader *r, const struct schema_key *key, unsigned index,
			  const struct route *route, unsigned line)
{
	if ((r->zones_n & (r->zones_n - 1)) == 0) {
		size_t n = r->zones_n > 0 ? 2 * (size_t)r->zones_n : 1;
		struct zone_seen *more = reallocarray(r->zones, n, sizeof(*more));

		if (!more) {
			out_of_memory(r);
			return;
		}
		r->zones = more;
	}
	struct zone_seen *seen = &r->zones[r->zones_n++];
	tern_name_copy(seen->name, route->zone);
	seen->list = key->name;
	seen->index = index;
	seen->order = r->zones_n;
	seen->place = (struct place){r->file, line};
}

/** An element of a list of mappings, which starts with the event at hand. */
static void read_mapping(struct config_reader *r, const struct schema_key *key, void *item,
			 unsigned index)
{
	struct place given[SCHEMA_KEYS_MAX] = {{NULL, 0}};
	unsigned errors_before = r->report->lines_n;
	unsigned line = event_line(r);

	read_section(r, key->keys, item, given);
	if (r->stopped || r->report->lines_n > errors_before)
		return;
	finish_section(r, key, item, key->keys, given, line);
	if (key->routes && r->report->lines_n == errors_before)
		remember_zone(r, key, index, item, line);
}

/** An element of a list of mappings that is written as the value of one key. */
static void read_plain(struct config_reader *r, const struct schema_key *key, void *item)
{
	const struct place given[SCHEMA_KEYS_MAX] = {{NULL, 0}};
	unsigned errors_before = r->report->lines_n;
	unsigned line = event_line(r);

	read_scalar(r, key->plain, (char *)item + key->plain->offset);
	if (!r->stopped && r->report->lines_n == errors_before)
		finish_section(r, key, item, key->keys, given, line);
}

/** One element of a list, which starts with the event at hand. */
static void read_item(struct config_reader *r, const struct schema_key *key, void *mapping)
{
	unsigned index = schema_list_len(key, mapping);
	void *item = schema_list_add(key, mapping);

	if (!item) {
		out_of_memory(r);
		return;
	}
	if (key->kind != SCHEMA_SECTION) {
		read_scalar(r, key, item);
		return;
	}
	if (!value_read_defaults(key->keys, item)) {
		out_of_memory(r);
		return;
	}
	if (key->plain && r->event.type == YAML_SCALAR_EVENT)
		read_plain(r, key, item);
	else
		read_mapping(r, key, item, index);
}

/** @param again  there are items of another file already */
static void read_list(struct config_reader *r, const struct schema_key *key, void *mapping,
		      bool again)
{
	unsigned line = event_line(r);

	if (r->event.type != YAML_SEQUENCE_START_EVENT) {
		refuse_node(r, "a list");
		return;
	}
	/* The first list takes the place of the default. */
	if (!again)
		schema_list_clear(key, mapping);
	while (next_event(r) != YAML_SEQUENCE_END_EVENT && !r->stopped) {
		unsigned n = schema_list_len(key, mapping);
		size_t outside = path_enter_item(r, n);

		note_place(r, event_line(r));
		read_item(r, key, mapping);
		path_leave(r, outside);
		if (key->items_max > 0 && n == key->items_max) {
			complain(r, line, "expected at most %u items", key->items_max);
			r->stopped = true;
		}
	}
	if (!r->stopped && schema_list_len(key, mapping) < key->items_min)
		complain(r, line, "expected at least one item");
}

/* --- mappings ---------------------------------------------------------------------------- */

static void refuse_key(struct config_reader *r, const struct section *s, const struct value *name)
{
	char nearest[SCHEMA_PATH_MAX];
	unsigned line = event_line(r);
	bool similar = schema_nearest(s->keys, r->path, name->text, name->len, nearest);
	size_t outside = path_enter(r, name->text, name->len);

	if (name->plain && strcmp(name->text, "<<") == 0)
		complain(r, line, "YAML merge keys are not accepted");
	else if (schema_is_planned(r->path))
		complain(r, line, "not supported by this version");
	else if (similar)
		complain(r, line, "unknown key, the nearest is %s", nearest);
	else
		complain(r, line, "unknown key");
	next_event(r);
	skip_value(r);
	path_leave(r, outside);
}

/** May each file give this key once? */
static bool may_be_in_several(const struct schema_key *key)
{
	return key->list || key->kind == SCHEMA_SECTION || key->kind == SCHEMA_INCLUDE;
}

/** A key and its value. */
static void read_pair(struct config_reader *r, struct section *s)
{
	if (r->event.type != YAML_SCALAR_EVENT) {
		refuse_node(r, "a key");
		next_event(r);
		skip_value(r);
		return;
	}
	struct value name = event_value(r);
	const struct schema_key *key = schema_find(s->keys, name.text, name.len);
	if (!key) {
		refuse_key(r, s, &name);
		return;
	}
	struct place here = {r->file, event_line(r)};
	struct place *before = &s->given[key - s->keys];
	bool again = before->line > 0;
	size_t outside = path_enter(r, name.text, name.len);
	char where[VALUE_PLACE_MAX];

	next_event(r);
	if (again && (before->file == r->file || !may_be_in_several(key))) {
		complain(r, here.line, "duplicate key, first given %s",
			 say_where(r, before, where));
		skip_value(r);
	} else {
		*before = here;
		note_place(r, here.line);
		read_value(r, key, s->mapping, again);
	}
	path_leave(r, outside);
}

static void check_required(struct config_reader *r, const struct section *s)
{
	for (const struct schema_key *k = s->keys; k->name; k++) {
		if (!k->required || s->given[k - s->keys].line > 0)
			continue;
		size_t outside = path_enter(r, k->name, strlen(k->name));
		complain(r, s->line, "is missing");
		path_leave(r, outside);
	}
}

/**
 * A mapping of @p keys into the struct @p mapping; nothing at all counts as an empty one.
 * @param given  where its keys stood so far
 */
static void read_section(struct config_reader *r, const struct schema_key *keys, void *mapping,
			 struct place *given)
{
	struct section s = {keys, mapping, event_line(r), given};

	if (r->event.type == YAML_MAPPING_START_EVENT) {
		while (next_event(r) != YAML_MAPPING_END_EVENT && !r->stopped)
			read_pair(r, &s);
	} else if (!event_is_null(r)) {
		refuse_node(r, "a mapping of keys");
		return;
	}
	if (!r->stopped)
		check_required(r, &s);
}

/** A section that is no list's element is one of the document, and may go on in another file. */
static void read_top_section(struct config_reader *r, const struct schema_key *key, void *mapping)
{
	struct section_seen *seen = &r->sections[key - schema_root];
	unsigned errors_before = r->report->lines_n;

	read_section(r, key->keys, (char *)mapping + key->offset, seen->given);
	seen->faulty |= r->stopped || r->report->lines_n > errors_before;
}

/** A section inside a list's element begins and ends with it. */
static void read_inner_section(struct config_reader *r, const struct schema_key *key, void *mapping)
{
	struct place given[SCHEMA_KEYS_MAX] = {{NULL, 0}};

	read_section(r, key->keys, (char *)mapping + key->offset, given);
}

static bool is_of_document(const struct schema_key *key)
{
	const struct schema_key *k = schema_root;

	while (k->name && k != key)
		k++;
	return k->name != NULL;
}

static void read_include_item(struct config_reader *r)
{
	static const struct schema_key path = {.kind = SCHEMA_STRING, .max = PATH_MAX - 1};
	struct config_includes *to = r->includes;
	char *text = NULL;

	read_scalar(r, &path, &text);
	if (text && !text[0])
		complain(r, event_line(r), "expected the path of a file, found nothing");
	if (!text || !text[0] || !to) {
		free(text);
		return;
	}
	if ((to->n & (to->n - 1)) == 0) {
		size_t n = to->n > 0 ? 2 * (size_t)to->n : 1;
		struct config_include *more = reallocarray(to->list, n, sizeof(*more));

		if (!more) {
			free(text);
			out_of_memory(r);
			return;
		}
		to->list = more;
	}
	to->list[to->n++] = (struct config_include){text, event_line(r)};
}

static void read_include(struct config_reader *r)
{
	if (!r->includes)
		complain(r, event_line(r), "is known in files only");
	if (r->event.type == YAML_MAPPING_START_EVENT) {
		refuse_node(r, "a path or a list of paths");
	} else if (r->event.type != YAML_SEQUENCE_START_EVENT) {
		read_include_item(r);
	} else {
		while (next_event(r) != YAML_SEQUENCE_END_EVENT && !r->stopped)
			read_include_item(r);
	}
}

static void read_value(struct config_reader *r, const struct schema_key *key, void *mapping,
		       bool again)
{
	if (key->list)
		read_list(r, key, mapping, again);
	else if (key->kind == SCHEMA_INCLUDE)
		read_include(r);
	else if (key->kind == SCHEMA_SECTION && is_of_document(key))
		read_top_section(r, key, mapping);
	else if (key->kind == SCHEMA_SECTION)
		read_inner_section(r, key, mapping);
	else
		read_scalar(r, key, (char *)mapping + key->offset);
}

/* --- the document ------------------------------------------------------------------------ */

static int compare_zones(const void *a, const void *b)
{
	const struct zone_seen *x = a;
	const struct zone_seen *y = b;
	int order = tern_name_compare(x->name, y->name);

	if (order != 0)
		return order;
	return x->order < y->order ? -1 : x->order > y->order;
}

/** One zone, one way to resolve it: neither list may name it twice, nor both once. */
static void check_zones(struct config_reader *r)
{
	char where[VALUE_PLACE_MAX];

	if (r->zones_n > 1)
		qsort(r->zones, r->zones_n, sizeof(r->zones[0]), compare_zones);
	for (unsigned i = 1; i < r->zones_n && !r->finished; i++) {
		const struct zone_seen *z = &r->zones[i];
		const struct zone_seen *first = &r->zones[i - 1];

		if (!tern_name_equal(z->name, first->name))
			continue;
		snprintf(r->path, sizeof(r->path), "%s[%u].name", z->list, z->index);
		r->report->file = z->place.file;
		complain(r, z->place.line, "zone is already configured as %s[%u] %s", first->list,
			 first->index, say_where(r, &first->place, where));
	}
}

static void finish_sections(struct config_reader *r)
{
	for (const struct schema_key *k = schema_root; k->name && !r->finished; k++) {
		const struct place *start = &r->given[k - schema_root];
		struct section_seen *seen = &r->sections[k - schema_root];

		if (k->list || start->line == 0 || seen->faulty)
			continue;
		path_set(r, 0, k->name);
		r->report->file = start->file;
		finish_section(r, k, (char *)r->config + k->offset, k->keys, seen->given,
			       start->line);
	}
}

static void read_document(struct config_reader *r)
{
	next_event(r); /* the stream begins */
	if (next_event(r) != YAML_DOCUMENT_START_EVENT)
		return; /* nothing but comments: the defaults */
	next_event(r);
	if (!r->stopped)
		read_section(r, schema_root, r->config, r->given);
	next_event(r); /* the document ends */
	if (next_event(r) != YAML_STREAM_END_EVENT && !r->stopped)
		complain(r, event_line(r), "expected one YAML document, found another");
}

struct config_reader *config_read_begin(struct config *config, struct report *report)
{
	struct config_reader *r = calloc(1, sizeof(*r));

	if (r) {
		r->config = config;
		r->report = report;
	}
	return r;
}

const char *config_read_text(struct config_reader *r, const char *name, const char *text,
			     size_t len, struct config_includes *includes)
{
	r->file = places_add_file(r->config->places, name);
	r->text = text;
	r->text_len = len;
	r->includes = includes;
	r->stopped = r->finished;
	path_set(r, 0, "");
	if (!r->file || !yaml_parser_initialize(&r->parser)) {
		out_of_memory(r);
		return NULL;
	}
	r->report->file = r->file;
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, len);
	read_document(r);
	yaml_event_delete(&r->event);
	yaml_parser_delete(&r->parser);
	return r->file;
}

bool config_read_is_stopped(const struct config_reader *r)
{
	return r->finished;
}

void config_read_end(struct config_reader *r)
{
	check_zones(r);
	finish_sections(r);
	free(r->zones);
	free(r);
}

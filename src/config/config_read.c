/*
 * config_read.c - see config_read.h.
 *
 *   document -> read_section -> per key: read_list -> read_item -> read_scalar
 *                   ^                                    |
 *                   '------- zones are sections ---------'
 *
 * Every read_*() is called with its first event in r->event and leaves its last one there. A
 * complaint does not stop the pass; r->stopped does (broken YAML, too deep, too many complaints),
 * and then every step returns at once.
 */
#include "config/config_read.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include <tern/name.h>

#include "config/config_value.h"
#include "config/schema.h"

/** A zone that was read and where, to find doubles at the end. */
struct zone_seen {
	uint8_t name[TERN_NAME_MAX];
	const char *list; /* "forward-zones" or "stub-zones" */
	unsigned index;
	unsigned line;
};

struct reader {
	yaml_parser_t parser;
	yaml_event_t event;
	const char *text;
	struct report *report;
	struct zone_seen *zones;
	unsigned zones_n;
	char path[SCHEMA_PATH_MAX]; /* of the value being read: "forward-zones[0].tls" */
	size_t path_len;
	bool stopped;
};

/** What one mapping has seen so far. */
struct section {
	const struct schema_key *keys;       /* that it may hold */
	void *mapping;                       /* the struct that its values go to */
	unsigned line;                       /* where it starts */
	unsigned key_lines[SCHEMA_KEYS_MAX]; /* where each key stands; 0: not there */
};

static void read_value(struct reader *r, const struct schema_key *key, void *mapping);
static void read_section(struct reader *r, const struct schema_key *key,
			 const struct schema_key *keys, void *mapping);

/* --- events and complaints --------------------------------------------------------------- */

static unsigned event_line(const struct reader *r)
{
	return (unsigned)MIN(r->event.start_mark.line, UINT32_MAX - 1) + 1;
}

#define complain(r, line, ...)                                                                     \
	do {                                                                                       \
		report_add((r)->report, (line), (r)->path, __VA_ARGS__);                           \
		if ((r)->report->lines_n >= CONFIG_ERRORS_MAX)                                     \
			(r)->stopped = true;                                                       \
	} while (0)

static void out_of_memory(struct reader *r)
{
	r->stopped = true;
	report_add(r->report, 0, "", "out of memory");
}

/** Line of the octet at @p offset: for encoding errors the parser knows only that. */
static unsigned line_at(const struct reader *r, size_t offset)
{
	unsigned line = 1;

	for (size_t i = 0; i < offset; i++)
		line += r->text[i] == '\n';
	return line;
}

static void tell_parser_error(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem ? p->problem : "cannot be read";

	r->stopped = true;
	if (p->error == YAML_READER_ERROR)
		report_add(r->report, line_at(r, p->problem_offset), r->path,
			   "expected UTF-8 text: %s", problem);
	else if (p->error == YAML_MEMORY_ERROR)
		out_of_memory(r);
	else
		report_add(r->report, (unsigned)p->problem_mark.line + 1, r->path,
			   "not valid YAML: %s%s%s", problem, p->context ? " " : "",
			   p->context ? p->context : "");
}

/** Anchors, aliases and tags would make a value something else than what is written there. */
static void refuse_indirection(struct reader *r)
{
	const yaml_char_t *anchor = NULL;
	const yaml_char_t *tag = NULL;

	if (r->event.type == YAML_SCALAR_EVENT) {
		anchor = r->event.data.scalar.anchor;
		tag = r->event.data.scalar.tag;
	} else if (r->event.type == YAML_SEQUENCE_START_EVENT) {
		anchor = r->event.data.sequence_start.anchor;
		tag = r->event.data.sequence_start.tag;
	} else if (r->event.type == YAML_MAPPING_START_EVENT) {
		anchor = r->event.data.mapping_start.anchor;
		tag = r->event.data.mapping_start.tag;
	}
	if (anchor)
		complain(r, event_line(r), "YAML anchors are not accepted");
	if (tag)
		complain(r, event_line(r), "YAML tags are not accepted");
}

static yaml_event_type_t next_event(struct reader *r)
{
	yaml_event_delete(&r->event); /* also makes it YAML_NO_EVENT */
	if (r->stopped)
		return YAML_NO_EVENT;
	if (!yaml_parser_parse(&r->parser, &r->event)) {
		tell_parser_error(r);
		return YAML_NO_EVENT;
	}
	refuse_indirection(r);
	return r->event.type;
}

static struct value event_value(const struct reader *r)
{
	return (struct value){
		.text = (const char *)r->event.data.scalar.value,
		.len = r->event.data.scalar.length,
		.plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
	};
}

/** A key with nothing behind it. */
static bool event_is_null(const struct reader *r)
{
	if (r->event.type != YAML_SCALAR_EVENT)
		return false;
	struct value v = event_value(r);
	return value_is_null(&v);
}

/** Pass over a value that is not wanted. */
static void skip_value(struct reader *r)
{
	unsigned depth = 0;

	for (;;) {
		switch (r->event.type) {
		case YAML_SEQUENCE_START_EVENT:
		case YAML_MAPPING_START_EVENT: depth++; break;
		case YAML_SEQUENCE_END_EVENT:
		case YAML_MAPPING_END_EVENT: depth--; break;
		case YAML_NO_EVENT: return;
		case YAML_STREAM_START_EVENT:
		case YAML_STREAM_END_EVENT:
		case YAML_DOCUMENT_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
		case YAML_ALIAS_EVENT:
		case YAML_SCALAR_EVENT: break;
		}
		if (depth > CONFIG_DEPTH_MAX) {
			complain(r, event_line(r), "nested deeper than %u", CONFIG_DEPTH_MAX);
			r->stopped = true;
		}
		if (depth == 0 || r->stopped)
			return;
		next_event(r);
	}
}

/* --- where we are, for messages ---------------------------------------------------------- */

static void path_set(struct reader *r, size_t len, const char *more)
{
	size_t room = sizeof(r->path) - len;
	int n = snprintf(r->path + len, room, "%s", more);

	r->path_len = len + MIN((size_t)n, room - 1);
}

/** Go into @p key; gives what path_leave() needs. */
static size_t path_enter(struct reader *r, const char *key, size_t key_len)
{
	char quoted[VALUE_QUOTED_MAX];
	char more[VALUE_QUOTED_MAX + 1];
	size_t outside = r->path_len;

	snprintf(more, sizeof(more), "%s%s", outside > 0 ? "." : "",
		 value_quote(key, key_len, quoted));
	path_set(r, outside, more);
	return outside;
}

static size_t path_enter_item(struct reader *r, unsigned index)
{
	char more[16];
	size_t outside = r->path_len;

	snprintf(more, sizeof(more), "[%u]", index);
	path_set(r, outside, more);
	return outside;
}

static void path_leave(struct reader *r, size_t outside)
{
	path_set(r, outside, "");
}

/* --- values ------------------------------------------------------------------------------ */

/** An event that is not the kind of node that @p key wants. */
static void refuse_node(struct reader *r, const char *expected)
{
	switch (r->event.type) {
	case YAML_ALIAS_EVENT: complain(r, event_line(r), "YAML aliases are not accepted"); return;
	case YAML_SCALAR_EVENT:
		complain(r, event_line(r), "expected %s, found one value", expected);
		return;
	case YAML_SEQUENCE_START_EVENT:
		complain(r, event_line(r), "expected %s, found a list", expected);
		break;
	case YAML_MAPPING_START_EVENT:
		complain(r, event_line(r), "expected %s, found a mapping", expected);
		break;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT: return;
	}
	skip_value(r);
}

static void read_scalar(struct reader *r, const struct schema_key *key, void *at)
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

static void remember_zone(struct reader *r, const struct schema_key *key, unsigned index,
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
	seen->line = line;
}

/** One element of a list, which starts with the event at hand. */
static void read_item(struct reader *r, const struct schema_key *key, void *mapping)
{
	unsigned index = schema_list_len(key, mapping);
	unsigned errors_before = r->report->lines_n;
	unsigned line = event_line(r);
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
		read_scalar(r, key->plain, (char *)item + key->plain->offset);
	else
		read_section(r, key, key->keys, item);
	if (key->routes && r->report->lines_n == errors_before)
		remember_zone(r, key, index, item, line);
}

static void read_list(struct reader *r, const struct schema_key *key, void *mapping)
{
	unsigned line = event_line(r);

	if (r->event.type != YAML_SEQUENCE_START_EVENT) {
		refuse_node(r, "a list");
		return;
	}
	schema_list_clear(key, mapping);
	while (next_event(r) != YAML_SEQUENCE_END_EVENT && !r->stopped) {
		unsigned n = schema_list_len(key, mapping);
		size_t outside = path_enter_item(r, n);

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

static void refuse_key(struct reader *r, const struct section *s, const struct value *name)
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

/** A key and its value. */
static void read_pair(struct reader *r, struct section *s)
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
	unsigned line = event_line(r);
	unsigned *first_line = &s->key_lines[key - s->keys];
	size_t outside = path_enter(r, name.text, name.len);
	next_event(r);
	if (*first_line > 0) {
		complain(r, line, "duplicate key, first given in line %u", *first_line);
		skip_value(r);
	} else {
		*first_line = line;
		read_value(r, key, s->mapping);
	}
	path_leave(r, outside);
}

static void check_required(struct reader *r, const struct section *s)
{
	for (const struct schema_key *k = s->keys; k->name; k++) {
		if (!k->required || s->key_lines[k - s->keys] > 0)
			continue;
		size_t outside = path_enter(r, k->name, strlen(k->name));
		complain(r, s->line, "is missing");
		path_leave(r, outside);
	}
}

/** What only the whole mapping can tell; asked when its parts are good. */
static void finish_section(struct reader *r, const struct section *s, const struct schema_key *key)
{
	struct schema_fault fault;

	if (key->finish(s->mapping, &fault))
		return;
	const struct schema_key *blamed = schema_find(s->keys, fault.key, strlen(fault.key));
	unsigned line = blamed ? s->key_lines[blamed - s->keys] : 0;
	size_t outside = path_enter(r, fault.key, strlen(fault.key));
	complain(r, line > 0 ? line : s->line, "%s", fault.why);
	path_leave(r, outside);
}

/**
 * A mapping of @p keys into the struct @p mapping; nothing at all counts as an empty one.
 * @param key  whose value it is, or NULL for the document
 */
static void read_section(struct reader *r, const struct schema_key *key,
			 const struct schema_key *keys, void *mapping)
{
	struct section s = {.keys = keys, .mapping = mapping, .line = event_line(r)};
	unsigned errors_before = r->report->lines_n;

	if (r->event.type == YAML_MAPPING_START_EVENT) {
		while (next_event(r) != YAML_MAPPING_END_EVENT && !r->stopped)
			read_pair(r, &s);
	} else if (!event_is_null(r)) {
		refuse_node(r, "a mapping of keys");
		return;
	}
	if (r->stopped)
		return;
	check_required(r, &s);
	if (key && key->finish && r->report->lines_n == errors_before)
		finish_section(r, &s, key);
}

static void read_value(struct reader *r, const struct schema_key *key, void *mapping)
{
	if (key->list)
		read_list(r, key, mapping);
	else if (key->kind == SCHEMA_SECTION)
		read_section(r, key, key->keys, (char *)mapping + key->offset);
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
	return x->line < y->line ? -1 : x->line > y->line;
}

/** One zone, one way to resolve it: neither list may name it twice, nor both once. */
static void check_zones(struct reader *r)
{
	if (r->zones_n > 1)
		qsort(r->zones, r->zones_n, sizeof(r->zones[0]), compare_zones);
	for (unsigned i = 1; i < r->zones_n && !r->stopped; i++) {
		const struct zone_seen *z = &r->zones[i];
		const struct zone_seen *first = &r->zones[i - 1];

		if (!tern_name_equal(z->name, first->name))
			continue;
		snprintf(r->path, sizeof(r->path), "%s[%u].name", z->list, z->index);
		complain(r, z->line, "zone is already configured as %s[%u] in line %u", first->list,
			 first->index, first->line);
	}
}

static void read_document(struct reader *r, struct config *config)
{
	next_event(r); /* the stream begins */
	if (next_event(r) != YAML_DOCUMENT_START_EVENT)
		return; /* nothing but comments: the defaults */
	next_event(r);
	if (!r->stopped)
		read_section(r, NULL, schema_root, config);
	check_zones(r);
	next_event(r); /* the document ends */
	if (next_event(r) != YAML_STREAM_END_EVENT && !r->stopped)
		complain(r, event_line(r), "expected one YAML document, found another");
}

void config_read(struct config *config, const char *text, size_t len, struct report *report)
{
	struct reader r = {.text = text, .report = report};

	if (!yaml_parser_initialize(&r.parser)) {
		report_add(report, 0, "", "out of memory");
		return;
	}
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	read_document(&r, config);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	free(r.zones);
}

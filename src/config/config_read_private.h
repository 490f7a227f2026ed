/*
 * config_read_private.h - the parts of the reader.
 *
 *   config_events.c   libyaml's events, complaints, and the path of what is being read
 *   config_read.c     what the events mean
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include <tern/name.h>

#include "config/config_place.h"
#include "config/config_read.h"
#include "config/config_value.h"
#include "config/schema.h"

/** A zone that was read and where, to find doubles at the end. */
struct zone_seen {
	uint8_t name[TERN_NAME_MAX];
	const char *list; /* "forward-zones" or "stub-zones" */
	unsigned index;
	unsigned order; /* in which they were read */
	struct place place;
};

/** A section of the document, over all files. */
struct section_seen {
	struct place given[SCHEMA_KEYS_MAX]; /* where each key stood last; line 0: nowhere */
	bool faulty;
};

struct config_reader {
	struct config *config;
	struct report *report;
	/* Of all files: */
	struct place given[SCHEMA_KEYS_MAX];           /* where each section stood last */
	struct section_seen sections[SCHEMA_KEYS_MAX]; /* by their places in schema_root */
	struct zone_seen *zones;
	unsigned zones_n;
	bool finished; /* no use reading on: no memory, or too many complaints */
	/* Of the one that is being read: */
	yaml_parser_t parser;
	yaml_event_t event;
	const char *file;
	const char *text;
	size_t text_len;
	struct config_includes *includes;
	char path[SCHEMA_PATH_MAX]; /* of the value being read: "forward-zones[0].tls" */
	size_t path_len;
	bool stopped;
};

/* --- config_events.c --- */

#define complain(r, line, ...)                                                                     \
	do {                                                                                       \
		report_add((r)->report, (line), (r)->path, __VA_ARGS__);                           \
		if ((r)->report->lines_n >= CONFIG_ERRORS_MAX)                                     \
			(r)->stopped = (r)->finished = true;                                       \
	} while (0)

/** Line of the event at hand. */
unsigned event_line(const struct config_reader *r);

/** "in line 3", or "at other.yaml:3" when that is not the file that is spoken of. */
const char *say_where(const struct config_reader *r, const struct place *place,
		      char out[VALUE_PLACE_MAX]);

void out_of_memory(struct config_reader *r);

/** Take the next event. YAML_NO_EVENT once the reader is stopped, or when the text is broken. */
yaml_event_type_t next_event(struct config_reader *r);

/** The scalar at hand; its text lives as long as the event. */
struct value event_value(const struct config_reader *r);

/** Is there nothing behind the key? */
bool event_is_null(const struct config_reader *r);

/** Pass over a value that is not wanted. */
void skip_value(struct config_reader *r);

/** Complain of an event that is not the kind of node that is @p expected, and pass over it. */
void refuse_node(struct config_reader *r, const char *expected);

/** Make the path its first @p len octets and @p more. */
void path_set(struct config_reader *r, size_t len, const char *more);

/** Go into @p key, or into item @p index; gives what path_leave() needs. */
size_t path_enter(struct config_reader *r, const char *key, size_t key_len);
size_t path_enter_item(struct config_reader *r, unsigned index);
void path_leave(struct config_reader *r, size_t outside);

/* config_events.c - see config_read_private.h: the events of one file, and where the reader is. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "config/config_read_private.h"

/* --- events and complaints --------------------------------------------------------------- */

unsigned event_line(const struct config_reader *r)
{
	return (unsigned)MIN(r->event.start_mark.line, UINT32_MAX - 1) + 1;
}

const char *say_where(const struct config_reader *r, const struct place *place,
		      char out[VALUE_PLACE_MAX])
{
	if (strcmp(place->file, r->report->file) == 0)
		snprintf(out, VALUE_PLACE_MAX, "in line %u", place->line);
	else
		snprintf(out, VALUE_PLACE_MAX, "at %s:%u", place->file, place->line);
	return out;
}

void out_of_memory(struct config_reader *r)
{
	r->stopped = r->finished = true;
	report_add(r->report, 0, "", "out of memory");
}

/** Line of the octet at @p offset: for encoding errors the parser knows only that. */
static unsigned line_at(const struct config_reader *r, size_t offset)
{
	unsigned line = 1;

	for (size_t i = 0; i < offset; i++)
		line += r->text[i] == '\n';
	return line;
}

/** Does line @p line, counted from 0, begin with blanks of which one is a tab? */
static bool is_indented_by_tab(const struct config_reader *r, size_t line)
{
	const char *p = r->text, *end = r->text + r->text_len;

	for (; line > 0 && p; line--) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		p = newline ? newline + 1 : NULL;
	}
	while (p && p < end && *p == ' ')
		p++;
	return p && p < end && *p == '\t';
}

static void tell_parser_error(struct config_reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem ? p->problem : "cannot be read";

	r->stopped = true;
	if (p->error == YAML_READER_ERROR)
		report_add(r->report, line_at(r, p->problem_offset), r->path,
			   "expected UTF-8 text: %s", problem);
	else if (p->error == YAML_MEMORY_ERROR)
		out_of_memory(r);
	else if (is_indented_by_tab(r, p->problem_mark.line))
		report_add(r->report, (unsigned)p->problem_mark.line + 1, r->path,
			   "not valid YAML: the line is indented by a tab; only spaces may indent");
	else
		report_add(r->report, (unsigned)p->problem_mark.line + 1, r->path,
			   "not valid YAML: %s%s%s", problem, p->context ? " " : "",
			   p->context ? p->context : "");
}

/** Anchors, aliases and tags would make a value something else than what is written there. */
static void refuse_indirection(struct config_reader *r)
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

yaml_event_type_t next_event(struct config_reader *r)
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

struct value event_value(const struct config_reader *r)
{
	return (struct value){
		.text = (const char *)r->event.data.scalar.value,
		.len = r->event.data.scalar.length,
		.plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
	};
}

bool event_is_null(const struct config_reader *r)
{
	if (r->event.type != YAML_SCALAR_EVENT)
		return false;
	struct value v = event_value(r);
	return value_is_null(&v);
}

void skip_value(struct config_reader *r)
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

void path_set(struct config_reader *r, size_t len, const char *more)
{
	size_t room = sizeof(r->path) - len;
	int n = snprintf(r->path + len, room, "%s", more);

	r->path_len = len + MIN((size_t)n, room - 1);
}

size_t path_enter(struct config_reader *r, const char *key, size_t key_len)
{
	char quoted[VALUE_QUOTED_MAX];
	char more[VALUE_QUOTED_MAX + 1];
	size_t outside = r->path_len;

	snprintf(more, sizeof(more), "%s%s", outside > 0 ? "." : "",
		 value_quote(key, key_len, quoted));
	path_set(r, outside, more);
	return outside;
}

size_t path_enter_item(struct config_reader *r, unsigned index)
{
	char more[16];
	size_t outside = r->path_len;

	snprintf(more, sizeof(more), "[%u]", index);
	path_set(r, outside, more);
	return outside;
}

void path_leave(struct config_reader *r, size_t outside)
{
	path_set(r, outside, "");
}

void refuse_node(struct config_reader *r, const char *expected)
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

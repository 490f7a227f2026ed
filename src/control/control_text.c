/*
 * control_text.c - a client's unsent octets, and how replies end.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_private.h"

#define ERROR_MAX 8192 /* octets of an error's text before escaping */

static bool make_room(struct unsent *u, size_t len)
{
	size_t max = u->max ? u->max : 4096;

	if (u->broken || len > UNSENT_MAX - u->len)
		return false;
	while (max < u->len + len)
		max *= 2;
	if (max == u->max)
		return true;
	char *octets = realloc(u->octets, max);

	if (!octets)
		return false;
	u->octets = octets;
	u->max = max;
	return true;
}

void unsent_add(struct unsent *u, const void *octets, size_t len)
{
	if (!make_room(u, len)) {
		u->broken = true;
		return;
	}
	memcpy(u->octets + u->len, octets, len);
	u->len += len;
}

void unsent_print(struct unsent *u, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	size_t len = (size_t)vsnprintf(NULL, 0, format, args);

	/* With room for the NUL, which is not counted. */
	if (make_room(u, len + 1)) {
		vsnprintf(u->octets + u->len, len + 1, format, again);
		u->len += len;
	} else {
		u->broken = true;
	}
	va_end(again);
	va_end(args);
}

void unsent_add_json_line(struct unsent *u, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	if (!text) {
		u->broken = true;
		return;
	}
	unsent_add(u, text, strlen(text));
	unsent_add(u, "\n", 1);
	free(text);
}

void unsent_drop_sent(struct unsent *u)
{
	if (u->at < u->len)
		return;
	u->at = u->len = 0;
}

void unsent_free(struct unsent *u)
{
	free(u->octets);
	memset(u, 0, sizeof *u);
}

void reply_end(struct client *k)
{
	unsent_add(&k->unsent, "", 1);
	k->work = WORK_NONE;
	k->ended = true;
}

void reply_error(struct client *k, const char *format, ...)
{
	char text[ERROR_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	reply_end(k);
	for (const char *p = text; *p; p++) {
		if ((*p >= ' ' && *p <= '~') || *p == '\n')
			unsent_add(&k->unsent, p, 1);
		else
			unsent_print(&k->unsent, "\\%03u", (unsigned char)*p);
	}
}

/* --- objects as text ---------------------------------------------------------- */

#define PATH_TEXT_MAX 128

static void print_value(struct unsent *u, const char *path, const json_t *value)
{
	if (json_is_string(value))
		unsent_print(u, "%-36s %s\n", path, json_string_value(value));
	else if (json_is_integer(value))
		unsent_print(u, "%-36s %lld\n", path, (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		unsent_print(u, "%-36s %s\n", path, json_is_true(value) ? "yes" : "no");
}

/* An object in a list on one line: its values, which say by themselves what they are. */
static void print_item(struct unsent *u, const char *path, json_t *item)
{
	const char *key;
	json_t *value;

	unsent_print(u, "%-36s", path);
	json_object_foreach(item, key, value)
	{
		if (json_is_string(value))
			unsent_print(u, " %s", json_string_value(value));
		else if (json_is_integer(value))
			unsent_print(u, " %lld", (long long)json_integer_value(value));
	}
	unsent_print(u, "\n");
}

static void print_element(struct unsent *u, const char *path, json_t *element)
{
	if (json_is_object(element))
		print_item(u, path, element);
	else
		print_value(u, path, element);
}

/* Members of members, two levels as the replies have, in the order in which they were made. */
static void print_object(struct unsent *u, json_t *object)
{
	const char *outer, *inner;
	json_t *value, *part;
	char path[PATH_TEXT_MAX];

	json_object_foreach(object, outer, value)
	{
		print_value(u, outer, value);
		for (size_t i = 0; i < json_array_size(value); i++)
			print_element(u, outer, json_array_get(value, i));
		json_object_foreach(value, inner, part)
		{
			snprintf(path, sizeof path, "%s.%s", outer, inner);
			print_value(u, path, part);
		}
	}
}

void reply_object(struct client *k, json_t *object)
{
	char *text = k->json && object ? json_dumps(object, JSON_INDENT(2)) : NULL;

	if (!object || (k->json && !text))
		k->unsent.broken = true;
	else if (k->json)
		unsent_print(&k->unsent, "%s\n", text);
	else
		print_object(&k->unsent, object);
	free(text);
	json_decref(object);
	reply_end(k);
}

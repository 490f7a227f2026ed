/* load_text.c - reasons and notes of a load; see load_private.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/load_private.h"

static void PRINTF(3, 0) add_line(char *lines, size_t max, const char *format, va_list args)
{
	size_t n = strlen(lines);

	if (n > 0 && n + 1 < max)
		lines[n++] = '\n';
	vsnprintf(lines + n, max - n, format, args);
}

void load_add_reason(char why[LOAD_WHY_MAX], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_line(why, LOAD_WHY_MAX, format, args);
	va_end(args);
}

void load_add_note(struct load *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_line(l->notes, sizeof l->notes, format, args);
	va_end(args);
}

const char *load_say_key(const struct config *c, const char *key, char out[LOAD_KEY_MAX])
{
	struct place place = config_place(c, key);

	if (place.line > 0)
		snprintf(out, LOAD_KEY_MAX, "%s:%u: %s: ", place.file, place.line, key);
	else
		snprintf(out, LOAD_KEY_MAX, "%s: ", key);
	return out;
}

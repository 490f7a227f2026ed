/* import_notes.c - see import_notes.h. */
#include "tools/import_notes.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/import.h"

#define SHOWN_MAX 256 /* octets of a path, an option or a reason */

/* Whatever a foreign file says must neither end the comment nor reach the terminal. */
static char *show(const char *text, char out[SHOWN_MAX])
{
	size_t n = 0;

	for (const uint8_t *s = (const uint8_t *)text; *s; s++) {
		if (n + sizeof "\\xff..." > SHOWN_MAX) {
			memcpy(out + n, "...", sizeof "...");
			return out;
		}
		if (*s >= 0x20 && *s < 0x7f)
			out[n++] = (char)*s;
		else
			n += (size_t)snprintf(out + n, 5, "\\x%02x", *s);
	}
	out[n] = '\0';
	return out;
}

static bool make_room(struct import_notes *notes)
{
	size_t room = notes->room > 0 ? 2 * notes->room : 64;
	char **lines;

	if (notes->n < notes->room)
		return true;
	lines = realloc(notes->lines, room * sizeof *lines);
	if (!lines)
		return false;
	notes->lines = lines;
	notes->room = room;
	return true;
}

void import_leave(struct import *im, const struct import_place *place, const char *format, ...)
{
	char why[2 * SHOWN_MAX], file[SHOWN_MAX], option[SHOWN_MAX], reason[SHOWN_MAX];
	char line[3 * SHOWN_MAX + 32];
	struct import_notes *notes = &im->notes;
	va_list arguments;

	if (notes->n >= IMPORT_NOTES_MAX) {
		notes->lost++;
		return;
	}
	va_start(arguments, format);
	vsnprintf(why, sizeof why, format, arguments);
	va_end(arguments);
	snprintf(line, sizeof line, "%s:%u: %s: %s", show(place->file, file), place->line,
		 show(place->option, option), show(why, reason));
	if (!make_room(notes) || !(notes->lines[notes->n] = strdup(line))) {
		im->broken = true;
		return;
	}
	notes->n++;
}

void import_notes_write(const struct import_notes *notes, const char *before, FILE *to)
{
	for (size_t i = 0; i < notes->n; i++)
		fprintf(to, "%s%s\n", before, notes->lines[i]);
	if (notes->lost > 0)
		fprintf(to, "%sand %zu more\n", before, notes->lost);
}

void import_notes_fini(struct import_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		free(notes->lines[i]);
	free(notes->lines);
	*notes = (struct import_notes){0};
}

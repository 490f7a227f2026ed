/*
 * import_notes.h - what an import could not take over, line by line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define IMPORT_NOTES_MAX 10000 /* those beyond are only counted */

struct import;

/** A line of a file that says something. Texts belong to whoever reads. */
struct import_place {
	const char *file; /* interned: lives as long as the import */
	unsigned line;    /* 0: of the file as a whole */
	const char *option;
};

struct import_notes {
	char **lines;
	size_t n, room;
	size_t lost; /* beyond IMPORT_NOTES_MAX */
};

/** "FILE:LINE: OPTION: why". What is not printable ASCII is escaped, long texts are cut. */
__attribute__((format(printf, 3, 4))) void
import_leave(struct import *im, const struct import_place *place, const char *format, ...);

/** Write all, each behind @p before. */
void import_notes_write(const struct import_notes *notes, const char *before, FILE *to);

void import_notes_fini(struct import_notes *notes);

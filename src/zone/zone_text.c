/* zone_text.c - see zone_text.h. */
#include "zone/zone_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libzscanner/scanner.h>

#include <tern/name.h>
#include <tern/rdata.h>
#include <tern/rr.h>

struct reading {
	const struct zone_text *reader;
	struct zone_text_fault *fault;
	uint32_t records_n;
	uint32_t includes_n;
};

struct file {
	const char *path;
	const char *text;
	size_t len;
	const char *origin; /* as text */
	uint32_t ttl_s;
	unsigned depth;
};

static bool read_file(struct reading *r, const struct file *file);

static bool blame(struct reading *r, const char *path, uint64_t line, const char *why)
{
	snprintf(r->fault->file, sizeof r->fault->file, "%s", path);
	r->fault->line = (unsigned)line;
	snprintf(r->fault->why, sizeof r->fault->why, "%s", why);
	return false;
}

/* The scanner knows more types than the codec: what that one can't read it would never answer. */
static const char *fault_of(const zs_scanner_t *s)
{
	size_t len;

	if (s->r_class != TERN_CLASS_IN)
		return "expected class IN";
	if (tern_name_check(s->r_owner, s->r_owner_length, &len) != TERN_OK)
		return "the owner is no name";
	if (s->r_data_length > UINT16_MAX ||
	    tern_rdata_check(s->r_type, s->r_data, s->r_data_length) != TERN_OK)
		return "the data does not fit the type";
	return NULL;
}

static bool take_record(struct reading *r, const struct file *file, const zs_scanner_t *s)
{
	uint8_t owner[TERN_NAME_MAX];
	const char *why = fault_of(s);

	if (!why && ++r->records_n > ZONE_TEXT_RECORDS)
		why = "too many records";
	if (why)
		return blame(r, file->path, s->line_counter, why);
	tern_name_lower(owner, s->r_owner);
	const struct zone_record record = {.owner = owner,
					   .rdata = s->r_data,
					   .ttl_s = s->r_ttl & 0x80000000u ? 0 : s->r_ttl,
					   .line = (unsigned)s->line_counter,
					   .type = s->r_type,
					   .rdata_len = (uint16_t)s->r_data_length};

	return r->reader->take(r->reader->context, &record, &why) ||
	       blame(r, file->path, s->line_counter, why);
}

/* --- $INCLUDE -------------------------------------------------------------------------- */

/* Below the folder of the file that includes it, and nowhere else. */
static bool is_inside(const char *name)
{
	if (*name == '/' || *name == '\0')
		return false;
	for (const char *at = name; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL) {
		size_t len = strcspn(at, "/");

		if (len == 2 && at[0] == '.' && at[1] == '.')
			return false;
	}
	return true;
}

static bool include(struct reading *r, const struct file *file, const zs_scanner_t *s)
{
	const char *slash = strrchr(file->path, '/'), *why;
	/* The scanner puts "./" before what is relative. */
	const char *name =
		s->include_filename + (strncmp(s->include_filename, "./", 2) == 0 ? 2 : 0);
	char path[ZONE_TEXT_PATH];
	struct file inner = {.path = path,
			     .origin = (const char *)s->buffer,
			     .ttl_s = s->default_ttl,
			     .depth = file->depth + 1};

	/* Each file may include the next one a hundred times: then depth is no limit. */
	if (++r->includes_n > ZONE_TEXT_INCLUDES)
		return blame(r, file->path, s->line_counter, "too many files are included");
	if (inner.depth > ZONE_TEXT_DEPTH)
		return blame(r, file->path, s->line_counter, "files include each other too deep");
	if (!is_inside(name) ||
	    snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - file->path) + 1 : 0,
		     file->path, name) >= (int)sizeof path)
		return blame(r, file->path, s->line_counter,
			     "$INCLUDE: expected a path inside the folder of this file");
	inner.text = r->reader->include(r->reader->context, path, &inner.len, &why);
	if (!inner.text)
		return blame(r, path, 0, why);
	return read_file(r, &inner);
}

/* --- files -------------------------------------------------------------------------------- */

static bool read_with(struct reading *r, const struct file *file, zs_scanner_t *s)
{
	if (zs_init(s, file->origin, TERN_CLASS_IN, file->ttl_s) != 0 ||
	    zs_set_input_string(s, file->text, file->len) != 0)
		return blame(r, file->path, 0, "out of memory");
	while (zs_parse_record(s) == 0) {
		switch (s->state) {
		case ZS_STATE_DATA:
			if (!take_record(r, file, s))
				return false;
			break;
		case ZS_STATE_INCLUDE:
			if (!include(r, file, s))
				return false;
			/* libzscanner 3.2 leaves a call on its stack of sixteen each time. */
			s->top = 0;
			break;
		case ZS_STATE_ERROR:
			return blame(r, file->path, s->line_counter, zs_strerror(s->error.code));
		case ZS_STATE_EOF:
		case ZS_STATE_STOP: return true;
		case ZS_STATE_NONE: break;
		}
	}
	return blame(r, file->path, s->line_counter, "it can't be read");
}

static bool read_file(struct reading *r, const struct file *file)
{
	zs_scanner_t *s = calloc(1, sizeof *s);
	bool good = s && read_with(r, file, s);

	if (!s)
		return blame(r, file->path, 0, "out of memory");
	zs_deinit(s);
	free(s);
	return good;
}

bool zone_text_read(const struct zone_text *reader, const char *path, const char *text, size_t len,
		    const uint8_t *origin, struct zone_text_fault *fault)
{
	struct reading r = {.reader = reader, .fault = fault};
	char name[TERN_NAME_TEXT_MAX];
	const struct file file = {.path = path,
				  .text = text,
				  .len = len,
				  .origin = tern_name_to_text(origin, name),
				  .ttl_s = ZONE_TEXT_TTL_S,
				  .depth = 1};

	return read_file(&r, &file);
}

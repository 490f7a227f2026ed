/*
 * ternq_record.c - the parts of a record as text, and where they stand in the line.
 */
#include "tools/ternq_record.h"

#include <string.h>

#include <tern/rdata.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "tools/ternq_shape.h"

#define COLUMN 8 /* characters of a tab stop */

/* A record in words. */
struct parts {
	char owner[TERN_NAME_TEXT_MAX];
	char ttl[RECORD_WORD_MAX];
	char rclass[RECORD_WORD_MAX];
	char type[RECORD_WORD_MAX];
	struct shape data;
};

void record_names(const struct show *show, uint16_t class_number, uint16_t type_number,
		  char rclass[RECORD_WORD_MAX], char type[RECORD_WORD_MAX])
{
	if (show->unknown_format) {
		snprintf(rclass, RECORD_WORD_MAX, "CLASS%u", class_number);
		snprintf(type, RECORD_WORD_MAX, "TYPE%u", type_number);
		return;
	}
	tern_class_to_text(class_number, rclass, RECORD_WORD_MAX);
	tern_type_to_text(type_number, type, RECORD_WORD_MAX);
}

/* The data; text and octets live until the next call. Broken data is shown in RFC 3597 form. */
static void read_data(const struct show *show, const struct tern_message *m,
		      const struct tern_rr_ref *rr, struct shape *out)
{
	static uint8_t rdata[UINT16_MAX];
	static char text[TERN_RDATA_TEXT_MAX];
	uint16_t as_type = show->unknown_format ? UINT16_MAX : rr->type;
	size_t len = rr->rdata_len;
	bool whole = tern_rdata_expand(m, rr, rdata, sizeof rdata, &len) == TERN_OK;

	if (!whole) {
		len = rr->rdata_len;
		memcpy(rdata, m->octets + rr->rdata_at, len);
		as_type = UINT16_MAX;
	}
	if (tern_rdata_to_text(as_type, rdata, len, text, sizeof text) != TERN_OK)
		snprintf(text, sizeof text, "; data too long to print");
	*out = (struct shape){
		.show = show,
		.type = as_type,
		.rdata = whole ? rdata : NULL,
		.rdata_len = len,
		.text = text,
	};
}

static void read_parts(const struct show *show, const struct tern_message *m,
		       const struct tern_rr_ref *rr, struct parts *out)
{
	uint8_t owner[TERN_NAME_MAX];

	if (tern_name_parse(m->octets, m->len, rr->owner_at, owner, NULL) == TERN_OK)
		tern_name_to_text(owner, out->owner);
	else
		snprintf(out->owner, sizeof out->owner, "?");
	snprintf(out->ttl, sizeof out->ttl, "%u", rr->ttl_s);
	record_names(show, rr->rclass, rr->type, out->rclass, out->type);
	read_data(show, m, rr, &out->data);
}

void record_column(const struct show *show, const char *text, size_t *width, size_t columns)
{
	size_t column = columns * COLUMN;

	shape_text(show, text, stdout);
	*width += strlen(text);
	if (*width >= column) {
		putchar(' ');
		++*width;
	}
	for (; *width < column; *width += COLUMN - *width % COLUMN)
		putchar('\t');
}

void record_print(const struct show *show, const struct tern_message *m,
		  const struct tern_rr_ref *rr)
{
	struct parts parts;
	size_t column = 3;
	size_t width = 0;

	read_parts(show, m, rr, &parts);
	record_column(show, parts.owner, &width, column);
	if (show->multiline) {
		printf("%s%s%s%s%s ", show->ttl ? parts.ttl : "", show->ttl ? " " : "",
		       show->rclass ? parts.rclass : "", show->rclass ? " " : "", parts.type);
	} else {
		if (show->ttl)
			record_column(show, parts.ttl, &width, ++column);
		if (show->rclass)
			record_column(show, parts.rclass, &width, ++column);
		record_column(show, parts.type, &width, column + 1);
	}
	shape_write(&parts.data, stdout);
	putchar('\n');
}

void record_print_data(const struct show *show, const struct tern_message *m,
		       const struct tern_rr_ref *rr)
{
	struct shape data;

	read_data(show, m, rr, &data);
	data.one_line = true;
	shape_write(&data, stdout);
}

void record_write_line(const struct show *show, const struct tern_message *m,
		       const struct tern_rr_ref *rr, FILE *to)
{
	struct parts parts;

	read_parts(show, m, rr, &parts);
	parts.data.one_line = true;
	shape_text(show, parts.owner, to);
	if (show->ttl)
		fprintf(to, " %s", parts.ttl);
	if (show->rclass)
		fprintf(to, " %s", parts.rclass);
	fprintf(to, " %s ", parts.type);
	shape_write(&parts.data, to);
}

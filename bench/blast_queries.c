#include "blast_queries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/builder.h>
#include <tern/rr.h>

#define EDNS_DO 0x8000

/* Growing arrays; `octets_max` and `n_max` are what is allocated. */
struct reader {
	struct queries *q;
	size_t octets_max;
	size_t n_max;
	const struct query_form *form;
};

static bool has_room(struct reader *r)
{
	struct queries *q = r->q;

	if (q->n + 1 >= r->n_max) {
		size_t n = r->n_max * 2 + 1024;
		uint32_t *at = reallocarray(q->at, n, sizeof *at);
		if (!at)
			return false;
		if (!q->at)
			at[0] = 0;
		q->at = at;
		r->n_max = n;
	}
	if (q->at[q->n] + (size_t)QUERY_MAX > r->octets_max) {
		size_t size = r->octets_max * 2 + 65536;
		uint8_t *octets = realloc(q->octets, size);
		if (!octets || size > UINT32_MAX)
			return false;
		q->octets = octets;
		r->octets_max = size;
	}
	return true;
}

static const char *add_query(struct reader *r, const char *name, const char *type)
{
	uint8_t qname[TERN_NAME_MAX];
	uint16_t qtype;
	struct tern_builder b;

	if (tern_name_from_text(name, strlen(name), qname) != TERN_OK)
		return "not a name";
	if (tern_type_from_text(type, strlen(type), &qtype) != TERN_OK)
		return "not a type";
	if (!has_room(r))
		return "out of memory";
	struct queries *q = r->q;
	const struct query_form *form = r->form;
	tern_builder_init(&b, q->octets + q->at[q->n], QUERY_MAX, QUERY_MAX);
	tern_builder_header(&b, 0, TERN_FLAG_RD | (form->authentic ? TERN_FLAG_AD : 0),
			    TERN_RCODE_NOERROR);
	if (tern_builder_question(&b, qname, qtype, TERN_CLASS_IN) != TERN_OK)
		return "too long";
	if (form->edns_size &&
	    tern_builder_opt(&b, form->edns_size, 0, 0, form->dnssec_ok ? EDNS_DO : 0) != TERN_OK)
		return "too long";
	q->at[q->n + 1] = q->at[q->n] + (uint32_t)tern_builder_finish(&b);
	q->n++;
	return NULL;
}

static const char *read_lines(struct reader *r, FILE *file, unsigned *line)
{
	char text[1200];

	for (*line = 1; fgets(text, sizeof text, file); ++*line) {
		char *rest;
		const char *name = strtok_r(text, " \t\r\n", &rest);
		const char *type = name && *name != ';' ? strtok_r(NULL, " \t\r\n", &rest) : NULL;
		if (!name || *name == ';')
			continue;
		const char *why = type ? add_query(r, name, type) : "no type";
		if (why)
			return why;
	}
	return r->q->n ? NULL : "no questions";
}

const char *queries_read(struct queries *q, const char *path, const struct query_form *form,
			 unsigned *line)
{
	struct reader r = {.q = q, .form = form};
	FILE *file = fopen(path, "re");

	*q = (struct queries){0};
	*line = 0;
	if (!file)
		return "can't be opened";
	const char *why = read_lines(&r, file, line);
	fclose(file);
	if (why)
		queries_fini(q);
	return why;
}

void queries_fini(struct queries *q)
{
	free(q->octets);
	free(q->at);
	*q = (struct queries){0};
}

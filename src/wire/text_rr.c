/*
 * text_rr.c - whole records as lines.
 */
#include <stdio.h>
#include <string.h>

#include <tern/rdata.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "wire/text_private.h"

#define TTL_MAX 0x7fffffffu /* RFC 2181 8 */
#define TAB     8

/* Columns where dig lets TTL, class, type and rdata begin. */
enum column { COLUMN_TTL = 24, COLUMN_CLASS = 32, COLUMN_TYPE = 40, COLUMN_RDATA = 48 };

/* A line whose next character comes at column `width`. */
struct line {
	struct text_out out;
	size_t width;
};

static void add_text(struct line *l, const char *text)
{
	out_text(&l->out, text);
	l->width += strlen(text);
}

/* Tabs up to @p column; one space when the line is there already. */
static void fill_to(struct line *l, enum column column)
{
	if (l->width >= column)
		add_text(l, " ");
	while (l->width < column) {
		out_char(&l->out, '\t');
		l->width += TAB - l->width % TAB;
	}
}

static void add_rdata(struct line *l, const struct tern_message *m, const struct tern_rr_ref *rr)
{
	uint8_t rdata[UINT16_MAX];
	size_t len;
	size_t room = (size_t)(l->out.end - l->out.at) + 1;

	/* What cannot be expanded is shown as it stands in the message. */
	if (tern_rdata_expand(m, rr, rdata, sizeof rdata, &len) != TERN_OK)
		out_generic(&l->out, m->octets + rr->rdata_at, rr->rdata_len);
	else if (tern_rdata_to_text(rr->type, rdata, len, l->out.at, room) != TERN_OK)
		l->out.full = true;
	else
		l->out.at += strlen(l->out.at);
}

enum tern_status tern_rr_to_text(const struct tern_message *m, const struct tern_rr_ref *rr,
				 char *out, size_t out_max)
{
	struct line l = {.width = 0};
	uint8_t owner[TERN_NAME_MAX];
	char word[TERN_NAME_TEXT_MAX];

	if (out_max == 0)
		return TERN_ESPACE;
	l.out = (struct text_out){.at = out, .end = out + out_max - 1};
	enum tern_status st = tern_name_parse(m->octets, m->len, rr->owner_at, owner, NULL);

	if (st != TERN_OK)
		return st;
	add_text(&l, tern_name_to_text(owner, word));
	fill_to(&l, COLUMN_TTL);
	snprintf(word, sizeof word, "%u", rr->ttl_s);
	add_text(&l, word);
	fill_to(&l, COLUMN_CLASS);
	add_text(&l, tern_class_to_text(rr->rclass, word, sizeof word));
	fill_to(&l, COLUMN_TYPE);
	add_text(&l, tern_type_to_text(rr->type, word, sizeof word));
	fill_to(&l, COLUMN_RDATA);
	add_rdata(&l, m, rr);
	*l.out.at = '\0';
	return l.out.full ? TERN_ESPACE : TERN_OK;
}

/* TTL and class, each at most once, in either order; @p t ends up at the type. */
static bool read_ttl_and_class(struct text_in *in, struct tern_rr_text *rr, struct token *t)
{
	bool ttl_seen = false;
	bool class_seen = false;

	for (;;) {
		if (!in_need(in, t, "a record type"))
			return false;
		if (!ttl_seen && token_period(t, &rr->ttl_s))
			ttl_seen = true;
		else if (!class_seen && tern_class_from_text(t->at, t->len, &rr->rclass) == TERN_OK)
			class_seen = true;
		else
			break;
	}
	return rr->ttl_s <= TTL_MAX || text_fail(in, TERN_ETEXT, "a TTL up to 2147483647");
}

static bool read_head(struct text_in *in, struct tern_rr_text *rr)
{
	struct token t;

	if (!in_need(in, &t, "an owner name") || !token_name(in, &t, rr->owner) ||
	    !read_ttl_and_class(in, rr, &t))
		return false;
	if (tern_type_from_text(t.at, t.len, &rr->type) != TERN_OK || tern_type_is_meta(rr->type))
		return text_fail(in, TERN_ETEXT, "a TTL, a class or a record type");
	return true;
}

enum tern_status tern_rr_from_zone_text(const char *line, const uint8_t *origin,
					uint32_t default_ttl_s, struct tern_rr_text *out,
					const char **error)
{
	struct text_in in = {.at = line, .end = line + strlen(line), .origin = origin};
	size_t len;

	out->ttl_s = default_ttl_s;
	out->rclass = TERN_CLASS_IN;
	if (!read_head(&in, out)) {
		if (error)
			*error = in.error;
		return in.status;
	}
	enum tern_status st = tern_rdata_from_text(out->type, in.at, origin, out->rdata,
						   sizeof out->rdata, &len, error);

	if (st == TERN_OK)
		out->rdata_len = (uint16_t)len;
	return st;
}

enum tern_status tern_rr_from_text(const char *line, uint32_t default_ttl_s,
				   struct tern_rr_text *out, const char **error)
{
	return tern_rr_from_zone_text(line, NULL, default_ttl_s, out, error);
}

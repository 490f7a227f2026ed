/*
 * name_text.c - presentation format of names, RFC 1035 5.1 and RFC 4343 2.1.
 */
#include <string.h>

#include <tern/name.h>

#include "wire/name_private.h"
#include "wire/text_private.h"

/* A name being assembled: `label` is where the length octet of the open label is. */
struct assembly {
	uint8_t *out;
	size_t label;
	size_t at;
};

static enum tern_status add_octet(struct assembly *a, uint8_t octet)
{
	if (a->at - a->label > TERN_LABEL_MAX)
		return TERN_ELABEL;
	if (a->at >= TERN_NAME_MAX - 1)
		return TERN_ENAME;
	a->out[a->at++] = octet;
	return TERN_OK;
}

/* The dot after a label. */
static enum tern_status close_label(struct assembly *a)
{
	size_t len = a->at - a->label - 1;

	if (len == 0)
		return TERN_ETEXT;
	a->out[a->label] = (uint8_t)len;
	a->label = a->at++;
	return TERN_OK;
}

enum tern_status name_from_text(const char *text, size_t text_len, uint8_t out[TERN_NAME_MAX],
				bool *absolute)
{
	uint8_t name[TERN_NAME_MAX + 1];
	struct assembly a = {.out = name, .label = 0, .at = 1};
	const char *end = text + text_len;

	*absolute = text_len > 0 && end[-1] == '.';
	if (text_len == 1 && *absolute) {
		out[0] = 0;
		return TERN_OK;
	}
	while (text < end) {
		enum tern_status st;
		uint8_t octet;

		*absolute = *text == '.';
		if (*absolute) {
			text++;
			st = close_label(&a);
		} else if (text_octet(&text, end, &octet)) {
			st = add_octet(&a, octet);
		} else {
			st = TERN_ETEXT;
		}
		if (st != TERN_OK)
			return st;
	}
	if (!*absolute) {
		enum tern_status st = close_label(&a);
		if (st != TERN_OK)
			return st;
	}
	name[a.label] = 0;
	memcpy(out, name, a.label + 1);
	return TERN_OK;
}

enum tern_status tern_name_from_text(const char *text, size_t text_len, uint8_t out[TERN_NAME_MAX])
{
	bool absolute;

	return name_from_text(text, text_len, out, &absolute);
}

static char *put_octet(char *p, uint8_t octet)
{
	if (octet < 0x21 || octet > 0x7e) {
		*p++ = '\\';
		*p++ = (char)('0' + octet / 100);
		*p++ = (char)('0' + octet / 10 % 10);
		*p++ = (char)('0' + octet % 10);
		return p;
	}
	if (strchr(".\\\";()@$", octet))
		*p++ = '\\';
	*p++ = (char)octet;
	return p;
}

char *tern_name_to_text(const uint8_t *name, char out[TERN_NAME_TEXT_MAX])
{
	char *p = out;

	if (*name == 0)
		*p++ = '.';
	while (*name) {
		for (unsigned len = *name++; len > 0; len--)
			p = put_octet(p, *name++);
		*p++ = '.';
	}
	*p = '\0';
	return out;
}

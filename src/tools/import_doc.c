/* import_doc.c - see import_doc.h. */
#include "tools/import_doc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum doc_kind { DOC_MAP, DOC_LIST, DOC_TEXT, DOC_WORD };

struct doc_node {
	enum doc_kind kind;
	char *key;  /* NULL: an item of a list, or the root */
	char *text; /* of DOC_TEXT, DOC_WORD */
	struct doc_node *first, *last, *next;
	unsigned n;
	bool kept; /* a list: written though empty */
};

static struct doc_node *node_create(enum doc_kind kind, const char *key, const char *text)
{
	struct doc_node *n = calloc(1, sizeof *n);

	if (!n)
		return NULL;
	n->kind = kind;
	n->key = key ? strdup(key) : NULL;
	n->text = text ? strdup(text) : NULL;
	if ((!key || n->key) && (!text || n->text))
		return n;
	free(n->key);
	free(n->text);
	free(n);
	return NULL;
}

/* Depth is that of the keys, never of what was read. */
static void node_destroy(struct doc_node *n)
{
	while (n && n->first) {
		struct doc_node *child = n->first;

		n->first = child->next;
		node_destroy(child);
	}
	if (!n)
		return;
	free(n->key);
	free(n->text);
	free(n);
}

static struct doc_node *node_find(const struct doc_node *parent, const char *key)
{
	struct doc_node *n = parent ? parent->first : NULL;

	while (n && strcmp(n->key, key) != 0)
		n = n->next;
	return n;
}

static struct doc_node *node_add(struct doc *d, struct doc_node *parent, enum doc_kind kind,
				 const char *key, const char *text)
{
	struct doc_node *n = parent ? node_create(kind, key, text) : NULL;

	if (!n) {
		d->broken = true;
		return NULL;
	}
	if (parent->last)
		parent->last->next = n;
	else
		parent->first = n;
	parent->last = n;
	parent->n++;
	return n;
}

void doc_init(struct doc *d)
{
	d->root = node_create(DOC_MAP, NULL, NULL);
	d->broken = !d->root;
}

void doc_fini(struct doc *d)
{
	node_destroy(d->root);
	d->root = NULL;
}

struct doc_node *doc_map(struct doc *d, struct doc_node *parent, const char *key)
{
	struct doc_node *n = node_find(parent, key);

	return n ? n : node_add(d, parent, DOC_MAP, key, NULL);
}

struct doc_node *doc_list(struct doc *d, struct doc_node *parent, const char *key)
{
	struct doc_node *n = node_find(parent, key);

	return n ? n : node_add(d, parent, DOC_LIST, key, NULL);
}

void doc_keep_list(struct doc *d, struct doc_node *parent, const char *key)
{
	struct doc_node *n = doc_list(d, parent, key);

	if (n)
		n->kept = true;
}

struct doc_node *doc_add_map(struct doc *d, struct doc_node *list)
{
	return node_add(d, list, DOC_MAP, NULL, NULL);
}

void doc_add_text(struct doc *d, struct doc_node *list, const char *text)
{
	(void)node_add(d, list, DOC_TEXT, NULL, text);
}

static void set(struct doc *d, struct doc_node *parent, enum doc_kind kind, const char *key,
		const char *text)
{
	struct doc_node *n = node_find(parent, key);
	char *copy;

	if (!n) {
		(void)node_add(d, parent, kind, key, text);
		return;
	}
	copy = strdup(text);
	if (!copy) {
		d->broken = true;
		return;
	}
	free(n->text);
	n->text = copy;
	n->kind = kind;
}

void doc_set_text(struct doc *d, struct doc_node *parent, const char *key, const char *text)
{
	set(d, parent, DOC_TEXT, key, text);
}

void doc_set_word(struct doc *d, struct doc_node *parent, const char *key, const char *word)
{
	set(d, parent, DOC_WORD, key, word);
}

const char *doc_get(const struct doc_node *parent, const char *key)
{
	const struct doc_node *n = node_find(parent, key);

	return n ? n->text : NULL;
}

unsigned doc_len(const struct doc_node *node)
{
	return node ? node->n : 0;
}

void doc_remove(struct doc_node *parent, const char *key)
{
	struct doc_node *before = NULL, *n = node_find(parent, key);

	if (!n)
		return;
	for (struct doc_node *c = parent->first; c != n; c = c->next)
		before = c;
	if (before)
		before->next = n->next;
	else
		parent->first = n->next;
	if (parent->last == n)
		parent->last = before;
	parent->n--;
	node_destroy(n);
}

/* --- writing ----------------------------------------------------------------------- */

/* Octets of the UTF-8 character at @p s and its code point; 0 when there is none. RFC 3629 */
static unsigned decode(const uint8_t *s, uint32_t *point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (n == 1) {
		*point = s[0];
		return 1;
	}
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	*point = s[0] & (0x7fu >> n);
	for (unsigned i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (s[i] & 0x3f);
	}
	if (*point < least[n] || *point > 0x10ffff || (*point >= 0xd800 && *point < 0xe000))
		return 0;
	return n;
}

static void write_quoted(const char *text, FILE *to)
{
	const uint8_t *s = (const uint8_t *)text;

	fputc('"', to);
	while (*s) {
		uint32_t point = 0xfffd;
		unsigned n = decode(s, &point);

		if (n == 1 && (*s == '"' || *s == '\\'))
			fprintf(to, "\\%c", *s);
		else if (n == 1 && *s >= 0x20 && *s < 0x7f)
			fputc(*s, to);
		else
			fprintf(to, "\\U%08X", point);
		s += n > 0 ? n : 1;
	}
	fputc('"', to);
}

static bool is_empty(const struct doc_node *n)
{
	if (n->kind == DOC_LIST && !n->first)
		return !n->kept;
	if (n->kind != DOC_MAP)
		return false;
	for (const struct doc_node *c = n->first; c; c = c->next) {
		if (!is_empty(c))
			return false;
	}
	return true;
}

/** @p as_item: the first line has its indentation already, as "- ". */
static void write_node(const struct doc_node *n, int depth, bool as_item, FILE *to)
{
	for (const struct doc_node *c = n->first; c; c = c->next) {
		if (is_empty(c))
			continue;
		if (!as_item)
			fprintf(to, "%*s", 2 * depth, "");
		as_item = false;
		if (n->kind == DOC_LIST)
			fputs("- ", to);
		else
			fprintf(to, "%s:", c->key);
		if (c->kind == DOC_MAP || (c->kind == DOC_LIST && c->first)) {
			if (n->kind == DOC_MAP)
				fputc('\n', to);
			write_node(c, depth + 1, n->kind == DOC_LIST, to);
			continue;
		}
		if (n->kind == DOC_MAP)
			fputc(' ', to);
		if (c->kind == DOC_TEXT)
			write_quoted(c->text, to);
		else
			fputs(c->kind == DOC_WORD ? c->text : "[]", to);
		fputc('\n', to);
	}
}

void doc_write(const struct doc *d, FILE *to)
{
	if (d->root)
		write_node(d->root, 0, false, to);
}

/* import_map.c - see import_map.h: open addressing, at most half full. */
#include "tools/import_map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct import_entry {
	char *text; /* NULL: free */
	unsigned value;
};

void import_map_init(struct import_map *m)
{
	*m = (struct import_map){0};
	/* Without entropy the table is only slower. */
	(void)!getrandom(&m->key, sizeof m->key, GRND_NONBLOCK);
}

void import_map_fini(struct import_map *m)
{
	for (size_t i = 0; i < m->room; i++)
		free(m->entries[i].text);
	free(m->entries);
	m->entries = NULL;
	m->room = m->n = 0;
}

static struct import_entry *slot(const struct import_map *m, const char *text)
{
	size_t i = (size_t)hash_bytes(&m->key, 0, text, strlen(text));

	for (;; i++) {
		struct import_entry *e = &m->entries[i & (m->room - 1)];

		if (!e->text || strcmp(e->text, text) == 0)
			return e;
	}
}

unsigned *import_map_find(const struct import_map *m, const char *text)
{
	struct import_entry *e = m->room > 0 ? slot(m, text) : NULL;

	return e && e->text ? &e->value : NULL;
}

static bool grow(struct import_map *m)
{
	struct import_map bigger = *m;

	bigger.room = m->room > 0 ? 2 * m->room : 64;
	bigger.entries = calloc(bigger.room, sizeof *bigger.entries);
	if (!bigger.entries)
		return false;
	for (size_t i = 0; i < m->room; i++) {
		if (m->entries[i].text)
			*slot(&bigger, m->entries[i].text) = m->entries[i];
	}
	free(m->entries);
	*m = bigger;
	return true;
}

bool import_map_add(struct import_map *m, const char *text, unsigned value)
{
	char *copy;

	if (2 * (m->n + 1) > m->room && !grow(m))
		return false;
	copy = strdup(text);
	if (!copy)
		return false;
	*slot(m, text) = (struct import_entry){copy, value};
	m->n++;
	return true;
}

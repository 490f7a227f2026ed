/* config_place.c - see config_place.h. */
#include "config/config_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema.h"

struct noted {
	char *path;
	struct place place;
};

struct places {
	char **files;
	unsigned files_n;
	struct noted *noted;
	unsigned noted_n;
};

struct places *places_create(void)
{
	return calloc(1, sizeof(struct places));
}

void places_destroy(struct places *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < p->files_n; i++)
		free(p->files[i]);
	for (unsigned i = 0; i < p->noted_n; i++)
		free(p->noted[i].path);
	free(p->files);
	free(p->noted);
	free(p);
}

/* Capacities are powers of two, so nobody has to keep them. */
static void *make_room(void *list, unsigned n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return list;
	return reallocarray(list, n > 0 ? 2 * (size_t)n : 1, size);
}

const char *places_add_file(struct places *p, const char *name)
{
	char **files = make_room(p->files, p->files_n, sizeof(*files));

	if (!files)
		return NULL;
	p->files = files;
	files[p->files_n] = strdup(name);
	return files[p->files_n] ? files[p->files_n++] : NULL;
}

void places_note(struct places *p, const char *path, struct place place)
{
	struct noted *noted;
	char *copy;

	if (p->noted_n == PLACES_MAX)
		return;
	noted = make_room(p->noted, p->noted_n, sizeof(*noted));
	copy = noted ? strdup(path) : NULL;
	if (noted)
		p->noted = noted;
	if (copy)
		noted[p->noted_n++] = (struct noted){copy, place};
}

static const struct noted *find(const struct places *p, const char *path)
{
	for (unsigned i = 0; i < p->noted_n; i++) {
		if (strcmp(p->noted[i].path, path) == 0)
			return &p->noted[i];
	}
	return NULL;
}

bool places_has(const struct places *p, const char *path)
{
	return find(p, path) != NULL;
}

struct place places_find(const struct places *p, const char *path)
{
	char part[SCHEMA_PATH_MAX];

	snprintf(part, sizeof(part), "%s", path);
	while (p && part[0]) {
		const struct noted *noted = find(p, part);

		if (noted)
			return noted->place;
		char *dot = strrchr(part, '.'), *bracket = strrchr(part, '[');
		char *end = dot > bracket ? dot : bracket;

		if (!end)
			break;
		*end = '\0';
	}
	return (struct place){NULL, 0};
}

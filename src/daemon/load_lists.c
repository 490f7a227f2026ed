/* load_lists.c - lists of names; see load_private.h. */
#include <stdio.h>
#include <string.h>

#include "daemon/followed.h"
#include "daemon/list_shelf.h"
#include "daemon/load_private.h"

struct telling {
	struct load *load;
	const struct config *config;
};

static void note(void *context, unsigned index, const char *text)
{
	const struct telling *t = context;
	char name[32], key[LOAD_KEY_MAX];

	snprintf(name, sizeof name, "lists[%u]", index);
	load_add_note(t->load, "%s%s", load_say_key(t->config, name, key), text);
}

/* Counters, exceptions and views speak of lists by their names. */
static void refuse_twins(const struct config *c, char why[LOAD_WHY_MAX])
{
	char name[32], key[LOAD_KEY_MAX];

	for (unsigned i = 1; i < c->lists_n; i++) {
		unsigned j = 0;

		while (j < i && strcmp(c->lists[i].name, c->lists[j].name) != 0)
			j++;
		if (j == i)
			continue;
		snprintf(name, sizeof name, "lists[%u].name", i);
		load_add_reason(why, "%slists[%u] has that name already",
				load_say_key(c, name, key), j);
	}
}

void load_lists(struct load *l, const struct load_ground *g, struct followed *given,
		char why[LOAD_WHY_MAX])
{
	const struct config *c = g->config;
	struct followed *followed = given ? given : followed_create();
	struct list_shelf *shelf = followed ? followed_lists(followed) : NULL;
	struct telling t = {l, c};

	refuse_twins(c, why);
	if (shelf) {
		followed_begin(followed, FOLLOWED_LISTS);
		l->lists = list_shelf_load(shelf, c->lists, c->lists_n, followed, note, &t);
		followed_end(followed, FOLLOWED_LISTS);
	}
	if (!l->lists)
		load_add_reason(why, "lists: out of memory");
	if (!given)
		followed_destroy(followed);
}

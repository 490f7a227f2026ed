/* rpz_names.c - see rpz_names.h. */
#include "policy/rpz_names.h"

#include <tern/name.h>

bool rpz_names_begin(struct rpz_names *n)
{
	n->exact = name_index_create();
	n->below = name_index_create();
	n->inside = name_index_create();
	return n->exact && n->below && n->inside;
}

void rpz_names_end(struct rpz_names *n)
{
	name_index_destroy(n->exact);
	name_index_destroy(n->below);
	name_index_destroy(n->inside);
}

bool rpz_names_add(struct rpz_names *n, const uint8_t *name, bool wildcard, uint32_t rule)
{
	return name_index_add(wildcard ? n->below : n->exact, name, rule);
}

/* The next wildcard that is above @name. */
static uint32_t wildcard_above(const struct rpz_names *n, const uint8_t *name)
{
	return *name == 0 ? NAME_INDEX_NONE : name_index_deepest(n->below, tern_name_parent(name));
}

bool rpz_names_settle(struct rpz_names *n, const uint8_t *name)
{
	/* With a name all that is between it and the wildcard's parent exists. */
	for (const uint8_t *at = name; *at; at = tern_name_parent(at)) {
		uint32_t above = wildcard_above(n, at);

		if (above == NAME_INDEX_NONE || name_index_get(n->inside, at) != NAME_INDEX_NONE)
			return true;
		if (!name_index_add(n->inside, at, above))
			return false;
	}
	return true;
}

uint32_t rpz_names_find(const struct rpz_names *n, const uint8_t *name)
{
	uint32_t rule = name_index_get(n->exact, name);

	if (rule != NAME_INDEX_NONE)
		return rule;
	rule = wildcard_above(n, name);
	/* What exists between the two is the closest encloser, and has no wildcard of its own. */
	return rule != NAME_INDEX_NONE && name_index_deepest(n->inside, name) == rule
		       ? NAME_INDEX_NONE
		       : rule;
}

/* nft_sets.c - see nft_sets.h. */
#include "policy/nft_sets.h"

#include <string.h>

#include <tern/name.h>

bool nft_sets_make(struct nft_sets *out, const struct nft_set *sets, unsigned n)
{
	*out = (struct nft_sets){.sets = sets, .n = n};
	if (n == 0)
		return true;
	out->index = name_index_create();
	if (!out->index)
		return false;
	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < sets[i].names_n; k++) {
			if (!name_index_add(out->index, sets[i].names[k], i))
				return false;
		}
	}
	return true;
}

void nft_sets_end(struct nft_sets *sets)
{
	name_index_destroy(sets->index);
	*sets = (struct nft_sets){0};
}

const struct nft_set *nft_sets_find(const struct nft_sets *sets, const uint8_t *name)
{
	uint32_t i = sets->index ? name_index_deepest(sets->index, name) : NAME_INDEX_NONE;

	return i == NAME_INDEX_NONE ? NULL : &sets->sets[i];
}

static bool set_equal(const struct nft_set *a, const struct nft_set *b)
{
	if (a->names_n != b->names_n || strcmp(a->table, b->table) != 0 ||
	    strcmp(a->ipv4, b->ipv4) != 0 || strcmp(a->ipv6, b->ipv6) != 0 ||
	    a->timeout_s != b->timeout_s)
		return false;
	for (unsigned i = 0; i < a->names_n; i++) {
		if (!tern_name_equal(a->names[i], b->names[i]))
			return false;
	}
	return true;
}

bool nft_sets_equal(const struct nft_sets *a, const struct nft_sets *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++) {
		if (!set_equal(&a->sets[i], &b->sets[i]))
			return false;
	}
	return true;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What nft's own grammar takes as a name without quotes. */
bool nft_name_is_good(const char *set)
{
	size_t len = strlen(set);

	if (len == 0 || len >= NFT_WORD_MAX || !is_letter(set[0]))
		return false;
	for (size_t i = 1; i < len; i++) {
		if (!is_letter(set[i]) && !(set[i] >= '0' && set[i] <= '9') &&
		    !strchr("_-./\\", set[i]))
			return false;
	}
	return true;
}

bool nft_table_is_good(const char *table, const char **why)
{
	static const char *const families[] = {"inet ", "ip ", "ip6 ", "bridge ", "netdev "};

	for (unsigned i = 0; i < ARRAY_LEN(families); i++) {
		size_t len = strlen(families[i]);

		if (strncmp(table, families[i], len) != 0)
			continue;
		*why = "expected the name of a table behind its family";
		return nft_name_is_good(table + len);
	}
	*why = "expected family and name of a table, as \"inet filter\"";
	return false;
}

/* lists.c - see lists.h. */
#include "policy/lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

struct list_set *list_set_create(const struct hash_key *key)
{
	struct list_set *set = calloc(1, sizeof *set);

	if (set)
		set->key = *key;
	return set;
}

void list_set_destroy(struct list_set *set)
{
	if (!set)
		return;
	for (unsigned i = 0; i < set->n; i++)
		name_list_release(set->lists[i].names);
	free(set);
}

static bool read_addresses(const char *text, struct list_options *out)
{
	const char *at = text;

	out->action = LIST_ADDRESS;
	out->addresses_n = 0;
	for (;;) {
		char one[ADDRESS_TEXT_MAX];
		size_t len;

		at += strspn(at, " ");
		len = strcspn(at, " ");
		if (len == 0)
			return out->addresses_n > 0;
		if (len >= sizeof one || memchr(at, '@', len) || memchr(at, '%', len) ||
		    out->addresses_n == LIST_ADDRESSES_MAX)
			return false;
		memcpy(one, at, len);
		one[len] = '\0';
		if (!address_from_text(one, 0, &out->addresses[out->addresses_n++]))
			return false;
		at += len;
	}
}

bool list_action_read(const char *text, struct list_options *out)
{
	static const struct {
		const char *word;
		enum list_action action;
	} words[] = {{"nxdomain", LIST_NXDOMAIN},
		     {"nodata", LIST_NODATA},
		     {"null", LIST_NULL},
		     {"refuse", LIST_REFUSE},
		     {"drop", LIST_DROP}};

	for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i].word, text) == 0) {
			out->action = words[i].action;
			return true;
		}
	}
	return read_addresses(text, out);
}

static void take_address(struct listed *l, const struct address *a)
{
	bool ipv4 = a->family == 4;
	uint8_t *n = ipv4 ? &l->a_n : &l->aaaa_n;

	if (*n == LIST_ADDRESSES_MAX)
		return;
	uint8_t *out = ipv4 ? l->a[*n] : l->aaaa[*n];

	put_u16(out, ipv4 ? 4 : 16);
	memcpy(out + 2, a->octets, ipv4 ? 4 : 16);
	(*n)++;
}

void list_set_add(struct list_set *set, const struct list_options *options, struct name_list *names,
		  const struct list_state *state)
{
	static const struct address null[] = {{.family = 4}, {.family = 6}};
	struct listed *l = &set->lists[set->n++];

	snprintf(l->name, sizeof l->name, "%s", options->name);
	l->names = names;
	l->state = *state;
	l->action = options->action;
	l->allow = options->allow;
	for (unsigned i = 0; i < options->addresses_n; i++)
		take_address(l, &options->addresses[i]);
	for (unsigned i = 0; l->action == LIST_NULL && i < ARRAY_LEN(null); i++)
		take_address(l, &null[i]);
}

/* Of all lists: the strongest entry, and the first list that has one as strong. */
struct strongest {
	struct list_verdict verdict;
	unsigned strength;
};

/* Important exceptions, then important entries, exceptions, entries. */
static unsigned strength_of(unsigned how)
{
	return 1u + !!(how & NAME_LIST_EXCEPT) + 2u * !!(how & NAME_LIST_IMPORTANT);
}

static void weigh(struct strongest *s, const struct listed *l, const struct name_list_found *found)
{
	unsigned strength = strength_of(found->how);

	if (strength <= s->strength)
		return;
	bool except = found->how & NAME_LIST_EXCEPT;

	s->strength = strength;
	s->verdict = (struct list_verdict){.list = except ? NULL : l,
					   .spared_by = except ? l : NULL,
					   .line = found->line,
					   .labels = found->labels};
}

struct list_verdict list_set_ask(const struct list_set *set, uint64_t mask, const uint8_t *name,
				 uint16_t type)
{
	struct strongest strongest = {.strength = 0};
	struct hashed_name hashed;

	hashed_name_make(&hashed, &set->key, name);
	for (unsigned i = 0; i < set->n; i++) {
		if ((mask >> i & 1) && set->lists[i].names)
			name_list_prefetch(set->lists[i].names, &hashed);
	}
	for (unsigned i = 0; i < set->n; i++) {
		if (!(mask >> i & 1) || !set->lists[i].names)
			continue;
		struct name_list_found found = name_list_find(set->lists[i].names, &hashed, type);

		if (found.line > 0)
			weigh(&strongest, &set->lists[i], &found);
	}
	return strongest.verdict;
}

static bool alike(const struct listed *a, const struct listed *b)
{
	return a->names == b->names && a->action == b->action && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->state.error, b->state.error) == 0 && a->a_n == b->a_n &&
	       a->aaaa_n == b->aaaa_n && memcmp(a->a, b->a, sizeof a->a) == 0 &&
	       memcmp(a->aaaa, b->aaaa, sizeof a->aaaa) == 0;
}

bool list_set_equal(const struct list_set *a, const struct list_set *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++) {
		if (!alike(&a->lists[i], &b->lists[i]))
			return false;
	}
	return true;
}

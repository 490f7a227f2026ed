/* changes.c - see changes.h. */
#include "policy/changes.h"

#include <string.h>

#include <tern/name.h>

static bool dns64_is_equal(const struct dns64_options *a, const struct dns64_options *b)
{
	if (!prefix_equal(&a->prefix, &b->prefix) || a->exclude_n != b->exclude_n)
		return false;
	for (unsigned i = 0; i < a->exclude_n; i++) {
		if (!prefix_equal(&a->exclude[i], &b->exclude[i]))
			return false;
	}
	return true;
}

static bool rebinding_is_equal(const struct rebinding_options *a, const struct rebinding_options *b)
{
	if (a->enabled != b->enabled || a->allow_n != b->allow_n)
		return false;
	for (unsigned i = 0; i < a->allow_n; i++) {
		if (!tern_name_equal(a->allow[i], b->allow[i]))
			return false;
	}
	return true;
}

bool changes_are_equal(const struct answer_changes *a, const struct answer_changes *b)
{
	return dns64_is_equal(&a->dns64, &b->dns64) &&
	       rebinding_is_equal(&a->rebinding, &b->rebinding) &&
	       a->safe_search == b->safe_search && a->filter_types_n == b->filter_types_n &&
	       (a->filter_types_n == 0 ||
		memcmp(a->filter_types, b->filter_types,
		       a->filter_types_n * sizeof a->filter_types[0]) == 0);
}

bool changes_filter(const struct answer_changes *c, uint16_t type)
{
	for (unsigned i = 0; i < c->filter_types_n; i++) {
		if (c->filter_types[i] == type)
			return true;
	}
	return false;
}

bool changes_exclude(const struct answer_changes *c, const uint8_t address[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	bool is_mapped = memcmp(address, mapped, sizeof mapped) == 0;
	struct address whole = {.family = 6}, inside = {.family = is_mapped ? 4 : 0};

	memcpy(whole.octets, address, 16);
	if (is_mapped)
		memcpy(inside.octets, address + 12, 4);
	/* A prefix of mapped addresses is kept as that of IPv4 ones. */
	for (unsigned i = 0; i < c->dns64.exclude_n; i++) {
		if (prefix_holds(&c->dns64.exclude[i], &whole) ||
		    (is_mapped && prefix_holds(&c->dns64.exclude[i], &inside)))
			return true;
	}
	return false;
}

bool changes_allow_inside(const struct answer_changes *c, const uint8_t *name)
{
	for (unsigned i = 0; i < c->rebinding.allow_n; i++) {
		if (tern_name_is_below_or_equal(name, c->rebinding.allow[i]))
			return true;
	}
	return false;
}

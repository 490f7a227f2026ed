/* leases_compare.c - see leases.h: what has changed from one table to the next. */
#include <string.h>

#include <tern/name.h>

#include "zone/leases_private.h"

/* The lease of the same address, if it has the same name. */
static const struct lease *counterpart(const struct leases *l, const struct lease *of)
{
	uint32_t i = *leases_find_address(l, of->address, of->address_len);
	const struct lease *other = i == NOBODY ? NULL : &l->leases[i];

	return other && other->naming == LEASE_NAMED && tern_name_equal(other->name, of->name)
		       ? other
		       : NULL;
}

/* Is something gone, or over before answers that were given are? What has ended was not given. */
static bool takes_away(const struct leases *before, const struct leases *after)
{
	for (unsigned i = 0; i < before->n; i++) {
		const struct lease *x = &before->leases[i], *y;

		if (x->naming != LEASE_NAMED || lease_is_over(x, after->made_at))
			continue;
		y = counterpart(after, x);
		if (!y || (y->until_s < x->until_s && y->until_s <= after->made_at + LEASES_TTL_S))
			return true;
	}
	return false;
}

/* Is something there that was not, or was over and is renewed? */
static bool adds(const struct leases *before, const struct leases *after)
{
	for (unsigned i = 0; i < after->n; i++) {
		const struct lease *y = &after->leases[i], *x;

		if (y->naming != LEASE_NAMED)
			continue;
		x = counterpart(before, y);
		if (!x || lease_is_over(x, after->made_at))
			return true;
	}
	return false;
}

bool leases_differ(const struct leases *before, const struct leases *after)
{
	if (!before || !after)
		return (before && before->named > 0) || (after && after->named > 0);
	return takes_away(before, after) || adds(before, after);
}

static bool same_octets(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static bool same_lease(const struct lease *a, const struct lease *b)
{
	return lease_has_address(a, b->address, b->address_len) && a->since_s == b->since_s &&
	       a->until_s == b->until_s && a->naming == b->naming && a->file == b->file &&
	       same_octets(a->mac, a->mac_len, b->mac, b->mac_len) &&
	       same_octets(a->id, a->id_len, b->id, b->id_len) &&
	       same_octets(a->hostname, a->hostname_len, b->hostname, b->hostname_len) &&
	       (a->name == NULL) == (b->name == NULL) &&
	       (!a->name || tern_name_equal(a->name, b->name));
}

static bool same_file(const struct lease_file *a, const struct lease_file *b)
{
	for (unsigned i = 0; i < LEASE_TOLD_MAX; i++) {
		if (a->bad[i].line != b->bad[i].line || a->bad[i].why != b->bad[i].why)
			return false;
	}
	return strcmp(a->path, b->path) == 0 && tern_name_equal(a->domain, b->domain) &&
	       a->format == b->format && a->bad_n == b->bad_n &&
	       (a->wrong == NULL) == (b->wrong == NULL) &&
	       (!a->wrong || strcmp(a->wrong, b->wrong) == 0);
}

bool leases_equal(const struct leases *a, const struct leases *b)
{
	if (a->n != b->n || a->files_n != b->files_n)
		return false;
	for (unsigned i = 0; i < a->files_n; i++) {
		if (!same_file(&a->files[i], &b->files[i]))
			return false;
	}
	for (unsigned i = 0; i < a->n; i++) {
		if (!same_lease(&a->leases[i], &b->leases[i]))
			return false;
	}
	return true;
}

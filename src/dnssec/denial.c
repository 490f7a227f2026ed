#include "dnssec/denial.h"

#include <tern/name.h>
#include <tern/rr.h>

#include "dnssec/denial_private.h"
#include "dnssec/nsec.h"

void denial_use(const struct denial *d, unsigned i)
{
	if (d->used && i < DENIAL_SETS_MAX)
		*d->used |= 1u << i;
}

bool denial_has_type(const struct denial *d, uint16_t type)
{
	for (unsigned i = 0; i < d->n; i++) {
		if (d->sets[i]->type == type)
			return true;
	}
	return false;
}

static bool read_nsec(const struct denial *d, unsigned i, struct nsec *out)
{
	/* Owner and next name both belong to the zone, or the record lies about others'. */
	return d->sets[i]->type == TERN_TYPE_NSEC && nsec_read(d->sets[i], out) &&
	       tern_name_is_below_or_equal(out->owner, d->zone) &&
	       tern_name_is_below_or_equal(out->next, d->zone);
}

static bool find_nsec_at(const struct denial *d, const uint8_t *name, struct nsec *out)
{
	for (unsigned i = 0; i < d->n; i++) {
		if (read_nsec(d, i, out) && tern_name_equal(out->owner, name)) {
			denial_use(d, i);
			return true;
		}
	}
	return false;
}

bool denial_bitmap_is_delegation(const struct type_bitmap *types)
{
	return bitmap_has(types, TERN_TYPE_NS) && !bitmap_has(types, TERN_TYPE_SOA);
}

/* A delegation or DNAME at the owner: what is below it is not this zone's to deny. */
static bool is_cut_above(const struct nsec *n, const uint8_t *name)
{
	return tern_name_is_below(name, n->owner) &&
	       (denial_bitmap_is_delegation(&n->types) || bitmap_has(&n->types, TERN_TYPE_DNAME));
}

static bool find_nsec_over(const struct denial *d, const uint8_t *name, struct nsec *out)
{
	for (unsigned i = 0; i < d->n; i++) {
		if (read_nsec(d, i, out) && nsec_covers(out, name) && !is_cut_above(out, name)) {
			denial_use(d, i);
			return true;
		}
	}
	return false;
}

bool denial_bitmap_denies(const struct type_bitmap *types, uint16_t type)
{
	if (bitmap_has(types, type) || bitmap_has(types, TERN_TYPE_CNAME))
		return false;
	/* ANY is in no bitmap: what is there at all answers it. */
	if (type == TERN_TYPE_ANY)
		return bitmap_is_bare(types);
	/* A DS is the parent's to deny, everything else at a cut is the child's. */
	if (type == TERN_TYPE_DS)
		return !bitmap_has(types, TERN_TYPE_SOA);
	return !denial_bitmap_is_delegation(types);
}

/* Labels of the longest name that is known to exist: shared with the covering range's ends. */
static unsigned closest_encloser(const struct nsec *over, const uint8_t *name)
{
	unsigned a = tern_name_common_labels(over->owner, name);
	unsigned b = tern_name_common_labels(over->next, name);

	return a > b ? a : b;
}

static void wildcard_of(const uint8_t *name, unsigned labels, uint8_t out[TERN_NAME_MAX + 2])
{
	out[0] = 1;
	out[1] = '*';
	tern_name_copy(out + 2, tern_name_suffix(name, labels));
}

static enum proof nsec_of_type(const struct denial *d, const uint8_t *name, uint16_t type)
{
	uint8_t wildcard[TERN_NAME_MAX + 2];
	struct nsec n, w;

	if (find_nsec_at(d, name, &n))
		return denial_bitmap_denies(&n.types, type) ||
				       (type == TERN_TYPE_DS && tern_name_len(name) == 1)
			       ? PROOF_GOOD
			       : PROOF_NONE;
	if (!find_nsec_over(d, name, &n))
		return PROOF_NONE;
	if (tern_name_is_below(n.next, name))
		return PROOF_GOOD; /* an empty non-terminal */
	wildcard_of(name, closest_encloser(&n, name), wildcard);
	if (find_nsec_at(d, wildcard, &w))
		return denial_bitmap_denies(&w.types, type) ? PROOF_GOOD : PROOF_NONE;
	/* The wildcard itself may be an empty non-terminal (RFC 4592 2.2.2): it has no type. */
	return find_nsec_over(d, wildcard, &w) && tern_name_is_below(w.next, wildcard) ? PROOF_GOOD
										       : PROOF_NONE;
}

static enum proof nsec_of_name(const struct denial *d, const uint8_t *name)
{
	uint8_t wildcard[TERN_NAME_MAX + 2];
	struct nsec n, w;

	if (!find_nsec_over(d, name, &n) || tern_name_is_below(n.next, name))
		return PROOF_NONE;
	wildcard_of(name, closest_encloser(&n, name), wildcard);
	/* With a name below it the wildcard exists, and matches. */
	return find_nsec_over(d, wildcard, &w) && !tern_name_is_below(w.next, wildcard)
		       ? PROOF_GOOD
		       : PROOF_NONE;
}

/* A range that reaches around the end of its zone covers no name of another. */
static bool is_own(const struct denial *d, const uint8_t *name)
{
	return tern_name_is_below_or_equal(name, d->zone);
}

enum proof denial_of_type(const struct denial *d, const uint8_t *name, uint16_t type)
{
	if (!is_own(d, name))
		return PROOF_NONE;
	if (denial_has_type(d, TERN_TYPE_NSEC) && nsec_of_type(d, name, type) == PROOF_GOOD)
		return PROOF_GOOD;
	return nsec3_of_type(d, name, type);
}

enum proof denial_of_name(const struct denial *d, const uint8_t *name)
{
	if (!is_own(d, name))
		return PROOF_NONE;
	if (denial_has_type(d, TERN_TYPE_NSEC) && nsec_of_name(d, name) == PROOF_GOOD)
		return PROOF_GOOD;
	return nsec3_of_name(d, name);
}

enum proof denial_of_closer(const struct denial *d, const uint8_t *name, unsigned labels)
{
	struct nsec n;

	if (!is_own(d, name))
		return PROOF_NONE;
	/* The wildcard's parent must be the closest encloser: nothing longer may be shared. */
	if (find_nsec_over(d, name, &n) && closest_encloser(&n, name) <= labels &&
	    !tern_name_is_below(n.next, name))
		return PROOF_GOOD;
	return nsec3_of_closer(d, name, labels);
}

enum cut_kind denial_of_ds(const struct denial *d, const uint8_t *name)
{
	struct nsec n;

	if (!is_own(d, name))
		return CUT_UNPROVEN;
	if (find_nsec_at(d, name, &n)) {
		if (!denial_bitmap_denies(&n.types, TERN_TYPE_DS))
			return bitmap_has(&n.types, TERN_TYPE_CNAME) ? CUT_NOT : CUT_UNPROVEN;
		return bitmap_has(&n.types, TERN_TYPE_NS) ? CUT_UNSIGNED : CUT_NOT;
	}
	if (find_nsec_over(d, name, &n))
		return CUT_NOT;
	return nsec3_of_ds(d, name);
}

bool denial_is_compact(const struct denial *d, const uint8_t *name)
{
	struct nsec n;

	return find_nsec_at(d, name, &n) && bitmap_has(&n.types, TERN_TYPE_NXNAME);
}

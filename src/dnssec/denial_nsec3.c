/*
 * denial_nsec3.c - proofs by hashed names (RFC 5155 8).
 *
 * All proofs need the closest encloser: an ancestor of the name whose hash is
 * there, with the next longer name's hash covered. It is looked for from the
 * zone down: what exists is near its apex, while an asker may add labels without
 * end. Each name is hashed once per message and set of parameters, and every
 * hash is paid for out of one account.
 */
#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "dnssec/denial_private.h"

struct ring {
	const struct denial *d;
	struct nsec3 records[DENIAL_NSEC3_MAX];
	uint8_t sets[DENIAL_NSEC3_MAX]; /* where they stand in the denial */
	unsigned n;
	unsigned costly; /* 1 + where the first with too many iterations to be looked at stands; 0:
			    none */
	bool mixed;      /* records of several chains */
	bool exhausted;
};

struct encloser {
	const uint8_t *name;
	const struct nsec3 *next_closer; /* covers the next closer name; NULL: not covered */
	unsigned labels;
};

static bool same_parameters(const struct nsec3 *a, const struct nsec3 *b)
{
	return a->iterations == b->iterations && a->salt_len == b->salt_len &&
	       (a->salt_len == 0 || memcmp(a->salt, b->salt, a->salt_len) == 0);
}

/* Records right below the zone's apex, of one set of parameters, to prove something of @p name. */
static void open_ring(struct ring *r, const struct denial *d, const uint8_t *name)
{
	struct nsec3 first;
	bool any = false;

	*r = (struct ring){.d = d};
	for (unsigned i = 0; i < d->n && r->n < DENIAL_NSEC3_MAX; i++) {
		struct nsec3 *record = &r->records[r->n];

		if (d->sets[i]->type != TERN_TYPE_NSEC3 || !nsec3_read(d->sets[i], record) ||
		    !tern_name_equal(tern_name_parent(record->owner), d->zone))
			continue;
		if (!any)
			first = *record;
		any = true;
		r->mixed = r->mixed || d->sets[i]->rr_n > 1 || !same_parameters(record, &first);
		if (record->iterations > NSEC3_ITERATIONS_MAX)
			r->costly = i + 1;
		else if (r->n == 0 || same_parameters(record, &r->records[0]))
			r->sets[r->n++] = (uint8_t)i;
	}
	if (d->memo && r->n > 0)
		nsec3_memo_open(d->memo, &r->records[0], name);
}

static bool pay_and_hash(struct ring *r, const uint8_t *name, uint8_t out[NSEC3_HASH_LEN])
{
	const struct nsec3 *like = &r->records[0];
	uint32_t blocks = nsec3_blocks(like, name);

	if (*r->d->blocks_left < blocks) {
		r->exhausted = true;
		return false;
	}
	*r->d->blocks_left -= blocks;
	nsec3_hash(like, name, out);
	return true;
}

static bool hash(struct ring *r, const uint8_t *name, uint8_t out[NSEC3_HASH_LEN])
{
	bool *known;

	if (!r->d->memo)
		return pay_and_hash(r, name, out);
	uint8_t *place = nsec3_memo_place(r->d->memo, name, &known);

	*known = *known || pay_and_hash(r, name, place);
	if (*known)
		memcpy(out, place, NSEC3_HASH_LEN);
	return *known;
}

static const struct nsec3 *use(const struct ring *r, unsigned i)
{
	denial_use(r->d, r->sets[i]);
	return &r->records[i];
}

static const struct nsec3 *find_match(struct ring *r, const uint8_t *name)
{
	uint8_t h[NSEC3_HASH_LEN];

	if (r->n == 0 || !hash(r, name, h))
		return NULL;
	for (unsigned i = 0; i < r->n; i++) {
		if (memcmp(r->records[i].hash, h, NSEC3_HASH_LEN) == 0)
			return use(r, i);
	}
	return NULL;
}

static const struct nsec3 *find_cover(struct ring *r, const uint8_t *name)
{
	uint8_t h[NSEC3_HASH_LEN];

	if (r->n == 0 || !hash(r, name, h))
		return NULL;
	for (unsigned i = 0; i < r->n; i++) {
		if (nsec3_covers(&r->records[i], h))
			return use(r, i);
	}
	return NULL;
}

/* A cut or DNAME at the encloser means that the names below it are not this zone's. */
static bool may_enclose(const struct nsec3 *match)
{
	return !denial_bitmap_is_delegation(&match->types) &&
	       !bitmap_has(&match->types, TERN_TYPE_DNAME);
}

static bool find_encloser(struct ring *r, const uint8_t *name, struct encloser *out)
{
	unsigned full = tern_name_labels(name);
	bool found = false;

	for (unsigned labels = tern_name_labels(r->d->zone); labels < full && !r->exhausted;
	     labels++) {
		const uint8_t *candidate = tern_name_suffix(name, labels);
		const struct nsec3 *match = find_match(r, candidate);

		if (!match)
			continue;
		if (!may_enclose(match))
			return false;
		*out = (struct encloser){candidate,
					 find_cover(r, tern_name_suffix(name, labels + 1)), labels};
		found = true;
		if (out->next_closer)
			break;
	}
	return found;
}

static enum proof unproven(const struct ring *r)
{
	/* Together they prove nothing, whatever the hashes would be (RFC 5155 8.2). */
	if (!r->costly || r->mixed)
		return r->exhausted ? PROOF_EXHAUSTED : PROOF_NONE;
	denial_use(r->d, r->costly - 1);
	return PROOF_INSECURE;
}

static enum proof proven_by(const struct nsec3 *cover)
{
	return cover->flags & NSEC3_OPT_OUT ? PROOF_OPT_OUT : PROOF_GOOD;
}

static void wildcard_of(const uint8_t *name, uint8_t out[TERN_NAME_MAX + 2])
{
	out[0] = 1;
	out[1] = '*';
	tern_name_copy(out + 2, name);
}

/*
 * Records that cost too much to hash for: could any hash make them deny a DS?
 * Either one is the delegation's own, or one opts out around it and one is the
 * encloser's; a range made for one name can't be both.
 */
static bool may_deny_ds(const struct denial *d)
{
	unsigned n = 0, opt_out = 0, wide = 0;
	struct nsec3 record;

	for (unsigned i = 0; i < d->n; i++) {
		if (d->sets[i]->type != TERN_TYPE_NSEC3 || !nsec3_read(d->sets[i], &record))
			continue;
		if (denial_bitmap_denies(&record.types, TERN_TYPE_DS))
			return true;
		n++;
		opt_out += (record.flags & NSEC3_OPT_OUT) != 0;
		wide += !nsec3_is_minimal(&record);
	}
	return opt_out > 0 && (n > 1 || wide > 0);
}

enum proof nsec3_of_type(const struct denial *d, const uint8_t *name, uint16_t type)
{
	uint8_t wildcard[TERN_NAME_MAX + 2];
	struct encloser e;
	struct ring r;

	open_ring(&r, d, name);
	const struct nsec3 *match = find_match(&r, name);

	if (match)
		return denial_bitmap_denies(&match->types, type) ||
				       (type == TERN_TYPE_DS && tern_name_len(name) == 1)
			       ? PROOF_GOOD
			       : PROOF_NONE;
	if (!find_encloser(&r, name, &e) || !e.next_closer)
		return type == TERN_TYPE_DS && !may_deny_ds(d) ? PROOF_NONE : unproven(&r);
	wildcard_of(e.name, wildcard);
	match = find_match(&r, wildcard);
	if (match && denial_bitmap_denies(&match->types, type))
		return proven_by(e.next_closer);
	/* RFC 5155 8.6, 9.2: an unsigned delegation may be there, which the range does not show. */
	return e.next_closer->flags & NSEC3_OPT_OUT ? PROOF_OPT_OUT : unproven(&r);
}

enum proof nsec3_of_name(const struct denial *d, const uint8_t *name)
{
	uint8_t wildcard[TERN_NAME_MAX + 2];
	struct encloser e;
	struct ring r;

	open_ring(&r, d, name);
	if (!find_encloser(&r, name, &e) || !e.next_closer)
		return unproven(&r);
	wildcard_of(e.name, wildcard);
	return find_cover(&r, wildcard) ? proven_by(e.next_closer) : unproven(&r);
}

enum proof nsec3_of_closer(const struct denial *d, const uint8_t *name, unsigned labels)
{
	struct ring r;

	open_ring(&r, d, name);
	const struct nsec3 *cover = find_cover(&r, tern_name_suffix(name, labels + 1));

	return cover ? proven_by(cover) : unproven(&r);
}

enum cut_kind nsec3_of_ds(const struct denial *d, const uint8_t *name)
{
	struct encloser e;
	struct ring r;

	open_ring(&r, d, name);
	const struct nsec3 *match = find_match(&r, name);

	if (match) {
		if (!denial_bitmap_denies(&match->types, TERN_TYPE_DS))
			return bitmap_has(&match->types, TERN_TYPE_CNAME) ? CUT_NOT : CUT_UNPROVEN;
		return bitmap_has(&match->types, TERN_TYPE_NS) ? CUT_UNSIGNED : CUT_NOT;
	}
	if (find_encloser(&r, name, &e) && e.next_closer)
		return e.next_closer->flags & NSEC3_OPT_OUT ? CUT_UNSIGNED : CUT_NOT;
	if (r.exhausted)
		return CUT_EXHAUSTED;
	return may_deny_ds(d) && unproven(&r) == PROOF_INSECURE ? CUT_UNSIGNED : CUT_UNPROVEN;
}

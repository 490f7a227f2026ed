/*
 * store.c - see store.h.
 *
 * Sealed, a store is two sorted arrays: the apexes, and the sets by owner and type. In
 * canonical order the names below a name follow it, so whether an empty
 * non-terminal exists is seen in the next entry.
 */
#include "zone/store.h"

#include <stdlib.h>
#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "base/bytes.h"

#define SOA_TTL_S 300
#define TYPE_NONE 0 /* of an entry without records: its name exists */

/** One record while the store is filled; then one set, with all its records. */
struct entry {
	uint8_t *owner; /* lower case */
	uint8_t *rdata; /* packed as an RRset's */
	uint32_t rdata_len;
	uint32_t ttl_s;
	uint16_t type;
	uint16_t rr_n;
};

struct zone_store {
	uint8_t **apexes;
	unsigned apexes_n;
	struct entry *entries;
	unsigned entries_n;
	bool sealed;
};

struct zone_store *zone_store_create(void)
{
	return calloc(1, sizeof(struct zone_store));
}

static void free_entry(struct entry *e)
{
	free(e->owner);
	free(e->rdata);
}

void zone_store_destroy(struct zone_store *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->apexes_n; i++)
		free(s->apexes[i]);
	for (unsigned i = 0; i < s->entries_n; i++)
		free_entry(&s->entries[i]);
	free(s->apexes);
	free(s->entries);
	free(s);
}

/* --- filling ---------------------------------------------------------------------- */

/* Capacities are powers of two, so nobody has to keep them. */
static void *grow(void *items, unsigned n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return items;
	return reallocarray(items, n > 0 ? 2 * (size_t)n : 1, size);
}

static uint8_t *copy_lower(const uint8_t *name)
{
	uint8_t *copy = malloc(tern_name_len(name));

	if (copy)
		tern_name_lower(copy, name);
	return copy;
}

bool zone_store_add_zone(struct zone_store *s, const uint8_t *apex)
{
	uint8_t **more = grow(s->apexes, s->apexes_n, sizeof *more);

	if (!more)
		return false;
	s->apexes = more;
	more[s->apexes_n] = copy_lower(apex);
	if (!more[s->apexes_n])
		return false;
	s->apexes_n++;
	return true;
}

static bool add_entry(struct zone_store *s, const uint8_t *owner, uint16_t type, uint32_t ttl_s,
		      const uint8_t *rdata, uint16_t len)
{
	struct entry *more = grow(s->entries, s->entries_n, sizeof *more);
	struct entry e = {.ttl_s = ttl_s, .type = type, .rr_n = 1, .rdata_len = 2u + len};

	if (!more)
		return false;
	s->entries = more;
	e.owner = copy_lower(owner);
	e.rdata = malloc(e.rdata_len);
	if (!e.owner || !e.rdata) {
		free_entry(&e);
		return false;
	}
	put_u16(e.rdata, len);
	memcpy(e.rdata + 2, rdata, len);
	more[s->entries_n++] = e;
	return true;
}

bool zone_store_add_empty(struct zone_store *s, const uint8_t *name)
{
	struct entry *more = grow(s->entries, s->entries_n, sizeof *more);
	uint8_t *owner = copy_lower(name);

	if (more)
		s->entries = more;
	if (!more || !owner) {
		free(owner);
		return false;
	}
	more[s->entries_n++] = (struct entry){.owner = owner, .type = TYPE_NONE};
	return true;
}

static bool has_zone_of(const struct zone_store *s, const uint8_t *name)
{
	for (unsigned i = 0; i < s->apexes_n; i++) {
		if (tern_name_is_below_or_equal(name, s->apexes[i]))
			return true;
	}
	return false;
}

bool zone_store_add(struct zone_store *s, const char *text, const char **why)
{
	struct tern_rr_text *rr = malloc(sizeof *rr); /* 64 KiB is much for a stack */
	enum tern_status status;
	bool good = false;

	*why = "out of memory";
	if (!rr)
		return false;
	*why = NULL;
	status = tern_rr_from_text(text, SOA_TTL_S, rr, why);
	if (status != TERN_OK)
		*why = *why ? *why : tern_status_text(status);
	else if (rr->rclass != TERN_CLASS_IN)
		*why = "expected class IN";
	else if (!has_zone_of(s, rr->owner))
		*why = "in none of the zones";
	else if (!(good = add_entry(s, rr->owner, rr->type, rr->ttl_s, rr->rdata, rr->rdata_len)))
		*why = "out of memory";
	free(rr);
	return good;
}

/* --- sealing ---------------------------------------------------------------------- */

static int compare_apexes(const void *a, const void *b)
{
	uint8_t *const *x = a, *const *y = b;

	return tern_name_compare(*x, *y);
}

static int compare_keys(const struct entry *x, const struct entry *y)
{
	int order = tern_name_compare(x->owner, y->owner);

	return order != 0 ? order : (int)x->type - (int)y->type;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = compare_keys(x, y);

	if (order != 0)
		return order;
	order = memcmp(x->rdata, y->rdata, MIN(x->rdata_len, y->rdata_len));
	return order != 0 ? order : (x->rdata_len > y->rdata_len) - (x->rdata_len < y->rdata_len);
}

static int find_apex(const struct zone_store *s, const uint8_t *name)
{
	unsigned low = 0, high = s->apexes_n;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		int order = tern_name_compare(s->apexes[middle], name);

		if (order == 0)
			return (int)middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

static void sort_apexes(struct zone_store *s)
{
	unsigned kept = 0;

	if (s->apexes_n > 1)
		qsort(s->apexes, s->apexes_n, sizeof *s->apexes, compare_apexes);
	for (unsigned i = 0; i < s->apexes_n; i++) {
		if (kept > 0 && tern_name_equal(s->apexes[kept - 1], s->apexes[i]))
			free(s->apexes[i]);
		else
			s->apexes[kept++] = s->apexes[i];
	}
	s->apexes_n = kept;
}

/* The records of @e join those of @set; the least TTL is the set's (RFC 2181 5.2). */
static bool join(struct entry *set, const struct entry *e)
{
	uint8_t *more = realloc(set->rdata, set->rdata_len + e->rdata_len);

	if (!more)
		return false;
	set->rdata = more;
	memcpy(more + set->rdata_len, e->rdata, e->rdata_len);
	set->rdata_len += e->rdata_len;
	set->rr_n++;
	set->ttl_s = MIN(set->ttl_s, e->ttl_s);
	return true;
}

static bool make_sets(struct zone_store *s)
{
	unsigned kept = 0;
	bool good = true;

	if (s->entries_n > 1)
		qsort(s->entries, s->entries_n, sizeof *s->entries, compare_entries);
	for (unsigned i = 0; i < s->entries_n; i++) {
		struct entry *e = &s->entries[i];
		struct entry *set = kept > 0 ? &s->entries[kept - 1] : NULL;

		if (!set || compare_keys(set, e) != 0) {
			s->entries[kept++] = *e;
			continue;
		}
		/* Sorted, a double stands right behind its like: at the end of the set. */
		if (e->rdata_len > 0 && !(set->rdata_len >= e->rdata_len &&
					  memcmp(set->rdata + set->rdata_len - e->rdata_len,
						 e->rdata, e->rdata_len) == 0))
			good = join(set, e) && good;
		free_entry(e);
	}
	s->entries_n = kept;
	return good;
}

/* "apex. SOA apex. nobody.invalid. 1 3600 1200 604800 300" */
static bool add_soa(struct zone_store *s, const uint8_t *apex)
{
	static const uint8_t mailbox[] = "\6nobody\7invalid";
	static const uint32_t numbers[] = {1, 3600, 1200, 604800, SOA_TTL_S};
	uint8_t rdata[TERN_NAME_MAX + sizeof mailbox + sizeof numbers];
	size_t len = tern_name_len(apex);

	memcpy(rdata, apex, len);
	memcpy(rdata + len, mailbox, sizeof mailbox);
	len += sizeof mailbox;
	for (unsigned i = 0; i < ARRAY_LEN(numbers); i++, len += 4)
		put_u32(rdata + len, numbers[i]);
	return add_entry(s, apex, TERN_TYPE_SOA, SOA_TTL_S, rdata, (uint16_t)len);
}

static bool has_soa(const struct zone_store *s, const uint8_t *apex)
{
	for (unsigned i = 0; i < s->entries_n; i++) {
		if (s->entries[i].type == TERN_TYPE_SOA &&
		    tern_name_equal(s->entries[i].owner, apex))
			return true;
	}
	return false;
}

bool zone_store_seal(struct zone_store *s)
{
	sort_apexes(s);
	for (unsigned i = 0; i < s->apexes_n; i++) {
		if (!has_soa(s, s->apexes[i]) && !add_soa(s, s->apexes[i]))
			return false;
	}
	s->sealed = make_sets(s);
	return s->sealed;
}

/* --- finding ---------------------------------------------------------------------- */

const uint8_t *zone_store_apex(const struct zone_store *s, const uint8_t *name)
{
	for (const uint8_t *at = name;; at = tern_name_parent(at)) {
		int i = find_apex(s, at);

		if (i >= 0)
			return s->apexes[i];
		if (*at == 0)
			return NULL;
	}
}

/* The first entry whose name is not before @name. */
static unsigned lower_bound(const struct zone_store *s, const uint8_t *name)
{
	unsigned low = 0, high = s->entries_n;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (tern_name_compare(s->entries[middle].owner, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool exists(const struct zone_store *s, const uint8_t *name, unsigned at)
{
	return at < s->entries_n && tern_name_is_below_or_equal(s->entries[at].owner, name);
}

/* The set of @type at the name whose entries begin at @at, or its alias. */
static const struct entry *find_set(const struct zone_store *s, const uint8_t *name, unsigned at,
				    uint16_t type)
{
	const struct entry *alias = NULL;

	for (; at < s->entries_n && tern_name_equal(s->entries[at].owner, name); at++) {
		const struct entry *e = &s->entries[at];

		if (e->type == TYPE_NONE)
			continue;
		if (e->type == type || type == TERN_TYPE_ANY)
			return e;
		if (e->type == TERN_TYPE_CNAME)
			alias = e;
	}
	return alias;
}

static struct tern_rrset set_of(const struct entry *e, const uint8_t *owner)
{
	return (struct tern_rrset){.owner = owner,
				   .rdata = e->rdata,
				   .rdata_len = e->rdata_len,
				   .ttl_s = e->ttl_s,
				   .type = e->type,
				   .rclass = TERN_CLASS_IN,
				   .rr_n = e->rr_n};
}

/* RFC 4592: the wildcard below the closest ancestor that exists, and no other. */
static bool wildcard_for(const struct zone_store *s, const uint8_t *name, const uint8_t *apex,
			 uint8_t out[TERN_NAME_MAX + 2], unsigned *at)
{
	const uint8_t *encloser = name;

	do
		encloser = tern_name_parent(encloser);
	while (!tern_name_equal(encloser, apex) && !exists(s, encloser, lower_bound(s, encloser)));
	if (tern_name_len(encloser) + 2 > TERN_NAME_MAX)
		return false;
	memcpy(out, "\1*", 2);
	tern_name_copy(out + 2, encloser);
	*at = lower_bound(s, out);
	return exists(s, out, *at);
}

/* RFC 2308 5: a denial lives as long as the SOA and its minimum allow. */
static void deny(const struct zone_store *s, const uint8_t *apex, struct zone_answer *out)
{
	const struct entry *soa = find_set(s, apex, lower_bound(s, apex), TERN_TYPE_SOA);

	out->soa = set_of(soa, apex);
	out->soa.ttl_s = MIN(soa->ttl_s, get_u32(soa->rdata + soa->rdata_len - 4));
}

enum zone_outcome zone_store_find(const struct zone_store *s, const uint8_t *name, uint16_t type,
				  struct zone_answer *out)
{
	const uint8_t *apex = s->sealed ? zone_store_apex(s, name) : NULL;
	uint8_t wildcard[TERN_NAME_MAX + 2];
	const struct entry *e = NULL;
	bool there;
	unsigned at;

	if (!apex)
		return ZONE_NOT_HERE;
	out->apex = apex;
	at = lower_bound(s, name);
	there = exists(s, name, at);
	if (there) {
		e = find_set(s, name, at, type);
	} else if (wildcard_for(s, name, apex, wildcard, &at)) {
		there = true;
		e = find_set(s, wildcard, at, type);
	}
	if (e) {
		out->set = set_of(e, name);
		return ZONE_ANSWER;
	}
	deny(s, apex, out);
	return there ? ZONE_NODATA : ZONE_NXDOMAIN;
}

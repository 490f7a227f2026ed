/* store_fill.c - see store_private.h: from records in any order to sorted sets. */
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "base/bytes.h"
#include "zone/reverse.h"
#include "zone/store_private.h"

#define TTL_S 3600 /* of a record that is written without */

struct zone_store *zone_store_create(void)
{
	struct zone_store *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	arena_init(&s->arena, SIZE_MAX);
	s->apexes = name_index_create();
	s->owners = name_index_create();
	if (s->apexes && s->owners)
		return s;
	zone_store_destroy(s);
	return NULL;
}

void zone_store_destroy(struct zone_store *s)
{
	if (!s)
		return;
	arena_reset(&s->arena);
	name_index_destroy(s->apexes);
	name_index_destroy(s->owners);
	name_index_destroy(s->dnames);
	free(s->zones);
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

static const uint8_t *copy_lower(struct zone_store *s, const uint8_t *name)
{
	uint8_t *copy = arena_take(&s->arena, tern_name_len(name));

	if (copy)
		tern_name_lower(copy, name);
	return copy;
}

bool zone_store_add_zone(struct zone_store *s, const uint8_t *apex, enum zone_behaviour behaviour,
			 uint32_t source)
{
	struct own_zone *more = grow(s->zones, s->zones_n, sizeof *more);
	struct own_zone zone = {copy_lower(s, apex), behaviour, source};

	if (more)
		s->zones = more;
	if (!more || !zone.apex)
		return false;
	more[s->zones_n++] = zone;
	return true;
}

static bool add_entry(struct zone_store *s, const uint8_t *owner, struct entry e)
{
	struct entry *more = grow(s->entries, s->entries_n, sizeof *more);
	const struct entry *last = s->entries_n > 0 && more ? &more[s->entries_n - 1] : NULL;

	if (!more)
		return false;
	s->entries = more;
	/* Records of one name mostly stand together. */
	e.owner = last && tern_name_equal(last->owner, owner) ? last->owner : copy_lower(s, owner);
	if (!e.owner)
		return false;
	more[s->entries_n++] = e;
	return true;
}

bool zone_store_add_rdata(struct zone_store *s, const uint8_t *owner, uint16_t type, uint32_t ttl_s,
			  const uint8_t *rdata, uint16_t len, uint32_t source)
{
	uint8_t *copy = arena_take(&s->arena, 2 + (size_t)len);

	if (!copy)
		return false;
	put_u16(copy, len);
	memcpy(copy + 2, rdata, len);
	return add_entry(s, owner,
			 (struct entry){.rdata = copy,
					.rdata_len = 2u + len,
					.ttl_s = ttl_s,
					.source = source,
					.type = type,
					.rr_n = 1});
}

bool zone_store_add_empty(struct zone_store *s, const uint8_t *name)
{
	return add_entry(s, name, (struct entry){.rdata = (const uint8_t *)"", .type = TYPE_NONE});
}

/* NULL when the record may be here. */
static const char *refuse(const struct tern_rr_text *rr, const uint8_t *origin)
{
	if (rr->rclass != TERN_CLASS_IN)
		return "expected class IN";
	if (rr->type == TERN_TYPE_DNAME && tern_name_is_wildcard(rr->owner))
		return "a DNAME is not at a wildcard"; /* RFC 6672 3.3 */
	if (origin && !tern_name_is_below_or_equal(rr->owner, origin))
		return "the name is outside of the zone";
	return NULL;
}

/* Outside of all zones an asterisk stands for what is below its parent, a DNAME for what is below
 * its owner, and for nothing else. */
static bool add_zone_of_record(struct zone_store *s, const struct tern_rr_text *rr, uint32_t source)
{
	const uint8_t *parent = tern_name_parent(rr->owner);

	if (rr->type == TERN_TYPE_DNAME)
		return zone_store_add_zone(s, rr->owner, ZONE_OF_WILDCARD, source);
	return !tern_name_is_wildcard(rr->owner) ||
	       zone_store_add_zone(s, parent, ZONE_OF_WILDCARD, source);
}

bool zone_store_add(struct zone_store *s, const char *text, const uint8_t *origin, uint32_t source,
		    const char **why)
{
	struct tern_rr_text *rr = malloc(sizeof *rr); /* 64 KiB is much for a stack */
	enum tern_status status;

	*why = "out of memory";
	if (!rr)
		return false;
	*why = NULL;
	status = tern_rr_from_zone_text(text, origin, TTL_S, rr, why);
	if (status != TERN_OK)
		*why = *why ? *why : tern_status_text(status);
	else
		*why = refuse(rr, origin);
	if (!*why && (!zone_store_add_rdata(s, rr->owner, rr->type, rr->ttl_s, rr->rdata,
					    rr->rdata_len, source) ||
		      (!origin && !add_zone_of_record(s, rr, source))))
		*why = "out of memory";
	free(rr);
	return !*why;
}

/* Of a zone that is not served as signed. */
static bool is_signing(uint16_t type)
{
	return type == TERN_TYPE_RRSIG || type == TERN_TYPE_NSEC || type == TERN_TYPE_NSEC3 ||
	       type == TERN_TYPE_NSEC3PARAM;
}

bool zone_store_add_of_zone(struct zone_store *s, const uint8_t *apex, const uint8_t *owner,
			    uint16_t type, uint32_t ttl_s, const uint8_t *rdata, uint16_t len,
			    uint32_t source, const char **why)
{
	*why = NULL;
	if (type == TERN_TYPE_DNAME && tern_name_is_wildcard(owner))
		*why = "a DNAME is not at a wildcard";
	else if (!tern_name_is_below_or_equal(owner, apex))
		*why = "the name is outside of the zone";
	else if (!is_signing(type) &&
		 !zone_store_add_rdata(s, owner, type, ttl_s, rdata, len, source))
		*why = "out of memory";
	return !*why;
}

/* --- sealing ---------------------------------------------------------------------- */

static int compare_zones(const void *a, const void *b)
{
	const struct own_zone *x = a, *y = b;
	int order = tern_name_compare(x->apex, y->apex);

	/* Those of wildcards give way to others, so they stand behind them. */
	return order != 0 ? order : (int)x->behaviour - (int)y->behaviour;
}

static int compare_keys(const struct entry *x, const struct entry *y)
{
	int order = x->owner == y->owner ? 0 : tern_name_compare(x->owner, y->owner);

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

static bool blame(struct zone_fault *fault, const char *why, uint32_t source, uint32_t against)
{
	fault->why = why;
	fault->source = MAX(source, against);
	fault->against = MIN(source, against);
	return false;
}

static bool sort_zones(struct zone_store *s, struct zone_fault *fault)
{
	unsigned kept = 0;

	if (s->zones_n > 1)
		qsort(s->zones, s->zones_n, sizeof *s->zones, compare_zones);
	for (unsigned i = 0; i < s->zones_n; i++) {
		const struct own_zone *z = &s->zones[i];
		const struct own_zone *before = kept > 0 ? &s->zones[kept - 1] : NULL;

		if (!before || !tern_name_equal(before->apex, z->apex))
			s->zones[kept++] = *z;
		else if (z->behaviour != ZONE_OF_WILDCARD)
			return blame(fault, "the zone is there twice", z->source, before->source);
	}
	s->zones_n = kept;
	return true;
}

/* A zone made for a wildcard is none where another zone has the name already. */
static bool index_zones(struct zone_store *s)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->zones_n; i++) {
		/* In canonical order what is above comes before, and is settled. */
		const struct own_zone z = s->zones[i], *above = find_zone_above(s, z.apex);

		if (z.behaviour == ZONE_OF_WILDCARD && above &&
		    above->behaviour != ZONE_OF_WILDCARD)
			continue;
		s->zones[kept] = z;
		if (!name_index_add(s->apexes, z.apex, kept++))
			return false;
	}
	s->zones_n = kept;
	return true;
}

static bool has_names_of_its_own(const struct own_zone *zone)
{
	switch (zone->behaviour) {
	case ZONE_STATIC:
	case ZONE_TRANSPARENT:
	case ZONE_TYPETRANSPARENT:
	case ZONE_REFUSE:
	case ZONE_DENY:
	case ZONE_INFORM:
	case ZONE_INFORM_DENY:
	case ZONE_OF_WILDCARD: return true;
	case ZONE_NOVIEW:
	case ZONE_REDIRECT:
	case ZONE_ALWAYS_NXDOMAIN:
	case ZONE_ALWAYS_NODATA:
	case ZONE_ALWAYS_NULL: break;
	}
	return false;
}

/* Neither an address that nobody has, nor a name that stands for many. */
static bool wants_pointer(const struct zone_store *s, const struct entry *e)
{
	static const uint8_t nobody[16];
	size_t len = e->type == TERN_TYPE_A ? 4 : e->type == TERN_TYPE_AAAA ? 16 : 0;

	if (len == 0 || e->source == 0 || (e->source & ZONE_SOURCE_ALIAS) ||
	    e->rdata_len != 2 + len || memcmp(e->rdata + 2, nobody, len) == 0 ||
	    tern_name_is_wildcard(e->owner))
		return false;
	const struct own_zone *zone = find_zone_above(s, e->owner);

	return !zone || has_names_of_its_own(zone);
}

/* The zones are sorted already. */
static bool add_pointers(struct zone_store *s)
{
	uint8_t name[TERN_NAME_MAX];

	for (unsigned i = 0, n = s->entries_n; i < n; i++) {
		const struct entry e = s->entries[i];

		if (!wants_pointer(s, &e))
			continue;
		reverse_name(e.rdata + 2, e.rdata_len - 2u, name);
		if (!zone_store_add_rdata(s, name, TERN_TYPE_PTR, e.ttl_s, e.owner,
					  (uint16_t)tern_name_len(e.owner), e.source | SOURCE_MADE))
			return false;
	}
	return true;
}

static void sort_entries(struct zone_store *s)
{
	if (s->entries_n > 1)
		qsort(s->entries, s->entries_n, sizeof *s->entries, compare_entries);
}

static bool same_rdata(const struct entry *a, const struct entry *b)
{
	return a->rdata_len == b->rdata_len && memcmp(a->rdata, b->rdata, a->rdata_len) == 0;
}

/* @n sorted records of one name and type become the set @out; doubles are there once. The
 * least TTL is the set's (RFC 2181 5.2). */
static bool join(struct zone_store *s, const struct entry *from, unsigned n, struct entry *out)
{
	struct entry set = *from;
	size_t len = 0;
	uint8_t *rdata;

	for (unsigned i = 0; i < n; i++)
		len += from[i].rdata_len;
	rdata = n > 1 && len <= UINT32_MAX ? arena_take(&s->arena, MAX(len, 1)) : NULL;
	if (n > 1 && !rdata)
		return false;
	if (rdata) {
		set.rdata_len = set.rr_n = 0;
		for (unsigned i = 0; i < n; i++) {
			if (i > 0 && same_rdata(&from[i - 1], &from[i]))
				continue;
			memcpy(rdata + set.rdata_len, from[i].rdata, from[i].rdata_len);
			set.rdata_len += from[i].rdata_len;
			set.rr_n = (uint16_t)(set.rr_n + from[i].rr_n);
			set.ttl_s = MIN(set.ttl_s, from[i].ttl_s);
		}
		set.rdata = rdata;
	}
	*out = set;
	return true;
}

static bool make_sets(struct zone_store *s, struct zone_fault *fault)
{
	unsigned kept = 0, n;

	for (unsigned i = 0; i < s->entries_n; i += n) {
		n = 1;
		while (i + n < s->entries_n &&
		       compare_keys(&s->entries[i], &s->entries[i + n]) == 0)
			n++;
		if (s->entries[i].type == TYPE_NONE) {
			s->entries[kept++] = s->entries[i];
			continue;
		}
		fault->name = s->entries[i].owner;
		uint32_t first = s->entries[i].source, last = s->entries[i + n - 1].source;

		if (n > UINT16_MAX)
			return blame(fault, "too many records", last, first);
		if (!join(s, &s->entries[i], n, &s->entries[kept]))
			return false;
		const struct entry *set = &s->entries[kept++];

		if (set->rr_n > 1 && set->type == TERN_TYPE_CNAME)
			return blame(fault, "a name has one CNAME only", last, first);
		if (set->rr_n > 1 && set->type == TERN_TYPE_DNAME)
			return blame(fault, "a name has one DNAME only", last, first);
		if (set->rr_n > 1 && set->type == TERN_TYPE_SOA)
			return blame(fault, "a zone has one SOA only", last, first);
	}
	s->entries_n = kept;
	fault->name = NULL;
	return true;
}

/* What is at one name, and where it is. */
static bool check_sets(const struct zone_store *s, struct zone_fault *fault)
{
	const struct own_zone *zone = NULL;

	for (unsigned i = 0; i < s->entries_n; i++) {
		const struct entry *e = &s->entries[i];
		const struct entry *before = i > 0 ? e - 1 : NULL;

		if (before && before->owner != e->owner &&
		    !tern_name_equal(before->owner, e->owner))
			before = NULL;
		if (before && before->type != TYPE_NONE &&
		    (e->type == TERN_TYPE_CNAME || before->type == TERN_TYPE_CNAME))
			return blame(fault, "a CNAME stands beside other data", e->source,
				     before->source);
		if (!before)
			zone = find_zone_above(s, e->owner);
		bool at_apex = zone && tern_name_equal(zone->apex, e->owner);

		if (e->type == TERN_TYPE_SOA && !at_apex)
			return blame(fault, "an SOA is at the apex of a zone only", e->source,
				     e->source);
		if (zone && zone->behaviour == ZONE_REDIRECT && !at_apex &&
		    !(e->source & (SOURCE_MADE | ZONE_SOURCE_HOSTS | ZONE_SOURCE_ADDED)))
			return blame(fault, "the zone redirects all names to its apex", e->source,
				     zone->source);
	}
	return true;
}

/* Which of the @n entries of one name was made first, if none was written that takes its place? */
static const struct entry *first_made(const struct entry *entries, unsigned n)
{
	const struct entry *first = NULL;

	for (unsigned i = 0; i < n; i++) {
		const struct entry *e = &entries[i];

		if (!(e->source & SOURCE_MADE)) {
			if (e->type == TERN_TYPE_PTR || e->type == TERN_TYPE_CNAME)
				return NULL;
			continue;
		}
		if (!first || e->source < first->source)
			first = e;
	}
	return first;
}

/* Has somebody written what takes the place of records of @type that files of hosts have? */
static bool is_written(const struct entry *entries, unsigned n, uint16_t type)
{
	for (unsigned i = 0; i < n; i++) {
		if (!(entries[i].source & (ZONE_SOURCE_HOSTS | SOURCE_MADE)) &&
		    (entries[i].type == type || entries[i].type == TERN_TYPE_CNAME))
			return true;
	}
	return false;
}

/* The @n entries of one name from @first on: those that stay are put at @kept on. */
static unsigned choose_at(struct zone_store *s, unsigned first, unsigned n, unsigned kept)
{
	const struct entry *made = first_made(&s->entries[first], n);
	uint32_t source = made ? made->source : 0;
	struct entry *all = &s->entries[first];
	bool written = false;

	/* Marked first, for what stays is moved over what is still compared. */
	for (unsigned i = 0; i < n; i++) {
		if (i == 0 || all[i].type != all[i - 1].type)
			written = is_written(all, n, all[i].type);
		bool other = (all[i].source & SOURCE_MADE) && all[i].source != source;
		bool hosts = (all[i].source & ZONE_SOURCE_HOSTS) &&
			     !(all[i].source & SOURCE_MADE) && written;

		bool added = is_added(all[i].source) &&
			     (added_gives_way(all, n, &all[i]) || is_alias_at_apex(s, &all[i]));

		if (other || hosts || added)
			all[i].rr_n = 0;
		/* A name written twice is still one. */
		else if (source != 0 && all[i].source == source)
			source = 0;
	}
	for (unsigned i = 0; i < n; i++) {
		if (all[i].rr_n > 0 || all[i].type == TYPE_NONE)
			s->entries[kept++] = all[i];
	}
	return kept;
}

/* One PTR for each address, and what is written instead of what hosts say. @s is sorted, and stays
 * so. */
static void choose_entries(struct zone_store *s)
{
	unsigned kept = 0, n;

	for (unsigned i = 0; i < s->entries_n; i += n) {
		const struct entry *e = &s->entries[i];

		n = 1;
		while (i + n < s->entries_n && tern_name_equal(e->owner, e[n].owner))
			n++;
		kept = choose_at(s, i, n, kept);
	}
	s->entries_n = kept;
}

/* Those that are resolved elsewhere have their SOA there. */
static bool add_soas(struct zone_store *s)
{
	unsigned sorted_n = s->entries_n;
	uint8_t rdata[ZONE_SOA_RDATA_MAX];

	for (unsigned i = 0; i < s->zones_n; i++) {
		const struct own_zone *z = &s->zones[i];
		unsigned all = s->entries_n;

		s->entries_n = sorted_n;
		bool there = find_soa(s, z->apex) != NULL;
		s->entries_n = all;
		if (there || z->behaviour != ZONE_STATIC)
			continue;
		size_t len = make_soa(z->apex, rdata);

		if (!zone_store_add_rdata(s, z->apex, TERN_TYPE_SOA, ZONE_SOA_TTL_S, rdata + 2,
					  (uint16_t)(len - 2), z->source))
			return false;
	}
	return true;
}

static bool index_owners(struct zone_store *s)
{
	for (unsigned i = 0; i < s->entries_n; i++) {
		const uint8_t *owner = s->entries[i].owner;

		if ((i == 0 || !tern_name_equal(owner, s->entries[i - 1].owner)) &&
		    !name_index_add(s->owners, owner, i))
			return false;
	}
	return true;
}

bool zone_store_seal(struct zone_store *s, struct zone_fault *fault)
{
	*fault = (struct zone_fault){.why = NULL};
	if (!sort_zones(s, fault) || !index_zones(s) || !add_pointers(s))
		return false;
	sort_entries(s);
	choose_entries(s);
	if (!add_soas(s))
		return false;
	sort_entries(s);
	s->sealed = make_sets(s, fault) && check_sets(s, fault) && index_owners(s) &&
		    index_dnames(s, fault);
	return s->sealed;
}

/* --- comparing ---------------------------------------------------------------------- */

static bool entries_are_equal(const struct entry *a, const struct entry *b)
{
	return a->type == b->type && a->rr_n == b->rr_n && a->ttl_s == b->ttl_s &&
	       same_rdata(a, b) && tern_name_equal(a->owner, b->owner);
}

bool zone_store_equal(const struct zone_store *a, const struct zone_store *b)
{
	if (a->zones_n != b->zones_n || a->entries_n != b->entries_n)
		return false;
	for (unsigned i = 0; i < a->zones_n; i++) {
		if (a->zones[i].behaviour != b->zones[i].behaviour ||
		    !tern_name_equal(a->zones[i].apex, b->zones[i].apex))
			return false;
	}
	for (unsigned i = 0; i < a->entries_n; i++) {
		if (!entries_are_equal(&a->entries[i], &b->entries[i]))
			return false;
	}
	return true;
}

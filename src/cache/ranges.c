#include "cache/ranges.h"

#include <string.h>

#include <tern/name.h>

#include "cache/cache_private.h"

#define LIST_MAX (RANGES_MAX * TERN_NAME_MAX)

/* A list being made: where each name begins, then the names in canonical order. */
struct list {
	size_t len; /* of the names */
	unsigned n;
	uint16_t starts[RANGES_MAX];
	uint8_t octets[LIST_MAX];
};

_Static_assert(LIST_MAX < UINT16_MAX, "names are found by 16-bit offsets");

static void append(struct list *list, const uint8_t *name)
{
	if (list->n == RANGES_MAX)
		return;
	list->starts[list->n++] = (uint16_t)list->len;
	list->len += tern_name_lower(list->octets + list->len, name);
}

static const uint8_t *name_at(const struct entry *e, unsigned i)
{
	const uint8_t *starts = entry_body(e);
	uint16_t start;

	memcpy(&start, starts + i * sizeof start, sizeof start);
	return starts + e->rr_n * sizeof start + start;
}

/* How many of its names are at or before @p name. */
static unsigned count_upto(const struct entry *e, const uint8_t *name)
{
	unsigned low = 0, high = e->rr_n;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (tern_name_compare(name_at(e, middle), name) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The names of @p old with @p owner among them. */
static void merge(const struct entry *old, const uint8_t *owner, struct list *out)
{
	unsigned n = old ? old->rr_n : 0;
	unsigned before = old ? count_upto(old, owner) : 0;
	/* A full list loses one name, another one each time, by where the new one belongs. */
	unsigned lost = n == RANGES_MAX ? MIN(before, n - 1) : n;

	for (unsigned i = 0; i < before; i++) {
		if (i != lost)
			append(out, name_at(old, i));
	}
	append(out, owner);
	for (unsigned i = before; i < n; i++) {
		if (i != lost)
			append(out, name_at(old, i));
	}
}

static struct entry *find_fresh(struct cache *c, const uint8_t *zone, uint32_t now_s)
{
	struct entry *e = cache_find_name(c, zone, TAG_RANGES);

	return e && entry_is_fresh(e, now_s) ? e : NULL;
}

static bool has(const struct entry *e, const uint8_t *owner)
{
	unsigned n = count_upto(e, owner);

	return n > 0 && tern_name_equal(name_at(e, n - 1), owner);
}

/* The same names for longer. */
static struct entry *renew(struct cache *c, const uint8_t *zone, const struct entry *old)
{
	struct entry *e = entry_build(c, zone, TAG_RANGES, old->body_len);

	if (e) {
		e->rr_n = old->rr_n;
		memcpy(entry_body_to_fill(e), entry_body(old), old->body_len);
	}
	return e;
}

static struct entry *extend(struct cache *c, const uint8_t *zone, const struct entry *old,
			    const uint8_t *owner)
{
	struct list list;

	list.len = list.n = 0;
	merge(old, owner, &list);
	size_t starts = list.n * sizeof list.starts[0];
	struct entry *e = entry_build(c, zone, TAG_RANGES, starts + list.len);

	if (e) {
		e->rr_n = (uint16_t)list.n;
		memcpy(entry_body_to_fill(e), list.starts, starts);
		memcpy(entry_body_to_fill(e) + starts, list.octets, list.len);
	}
	return e;
}

static uint32_t tag_of(const uint8_t *zone, const uint8_t *owner, uint16_t type)
{
	return tern_name_equal(zone, owner) ? TAG_RANGE_APEX(type) : TAG_RANGE_SET(type);
}

static void put_owner(struct cache *c, const uint8_t *zone, uint16_t type, const uint8_t *owner,
		      uint32_t ttl_s, uint32_t now_s)
{
	struct entry *old = find_fresh(c, zone, now_s);

	if (old && old->ranges_type != type)
		old = NULL;
	bool known = old && has(old, owner);

	if (known && entry_left_s(old, now_s) >= ttl_s)
		return;
	struct entry *e = known ? renew(c, zone, old) : extend(c, zone, old, owner);

	if (!e)
		return;
	e->ranges_type = type;
	e->stored_s = now_s;
	e->ttl_s = old ? MAX(ttl_s, entry_left_s(old, now_s)) : ttl_s;
	shard_publish(c, e, NULL);
}

void cache_put_range(struct cache *c, const uint8_t *zone, const struct tern_rrset *set,
		     uint32_t now_s)
{
	struct cache_positive p = {.set = set,
				   .security = CACHE_SECURE,
				   .rank = CACHE_RANK_AUTH_ANSWER,
				   .ede = TERN_EDE_NONE};

	if (set->ttl_s == 0)
		return;
	cache_put_positive_as(c, &p, tag_of(zone, set->owner, set->type), now_s);
	put_owner(c, zone, set->type, set->owner, set->ttl_s, now_s);
}

bool cache_get_range_set(struct cache *c, const uint8_t *zone, const uint8_t *owner, uint16_t type,
			 uint32_t now_s, struct cache_hit *out)
{
	return cache_get_tagged_set(c, owner, tag_of(zone, owner, type), now_s, out);
}

uint16_t cache_ranges_type(struct cache *c, const uint8_t *zone, uint32_t now_s)
{
	const struct entry *e = find_fresh(c, zone, now_s);

	return e ? e->ranges_type : 0;
}

const uint8_t *cache_find_range(struct cache *c, const uint8_t *zone, const uint8_t *name,
				uint32_t now_s)
{
	struct entry *e = find_fresh(c, zone, now_s);

	if (!e)
		return NULL;
	unsigned before = count_upto(e, name);

	entry_touch(e);
	return name_at(e, (before > 0 ? before : e->rr_n) - 1);
}

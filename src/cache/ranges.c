#include "cache/ranges.h"

#include <string.h>

#include <tern/name.h>

#include "cache/cache_private.h"

#define LIST_MAX (RANGES_MAX * TERN_NAME_MAX)

/* A list being made: names in canonical order, one after the other. */
struct list {
	size_t len;
	unsigned n;
	uint8_t octets[LIST_MAX];
};

static void append(struct list *list, const uint8_t *name)
{
	if (list->n == RANGES_MAX)
		return;
	list->len += tern_name_lower(list->octets + list->len, name);
	list->n++;
}

/* Merge @p owner into the old list. False when it is there already. */
static bool merge(const struct entry *old, const uint8_t *owner, struct list *out)
{
	const uint8_t *at = old ? entry_body(old) : NULL;
	const uint8_t *end = old ? at + old->body_len : NULL;
	/* A full list loses one name, another one each time, by where the new one belongs. */
	bool full = old && old->rr_n == RANGES_MAX;
	bool placed = false;

	for (; at < end; at += tern_name_len(at)) {
		int order = tern_name_compare(at, owner);

		if (order == 0)
			return false;
		if (order > 0 && !placed) {
			append(out, owner);
			placed = true;
			if (full)
				continue;
		}
		append(out, at);
	}
	if (!placed)
		append(out, owner);
	return true;
}

void cache_put_range(struct cache *c, const uint8_t *zone, const uint8_t *owner, uint32_t ttl_s,
		     uint32_t now_s)
{
	struct entry *old = cache_find_name(c, zone, TAG_RANGES);
	struct list list;

	list.len = list.n = 0;
	if (old && !entry_is_fresh(old, now_s))
		old = NULL;
	if (!merge(old, owner, &list) && entry_left_s(old, now_s) >= ttl_s)
		return;
	size_t len = list.n ? list.len : old->body_len;
	struct entry *e = entry_build(c, zone, TAG_RANGES, len);

	if (!e)
		return;
	e->stored_s = now_s;
	e->ttl_s = old ? MAX(ttl_s, entry_left_s(old, now_s)) : ttl_s;
	e->rr_n = (uint16_t)(list.n ? list.n : old->rr_n);
	memcpy(entry_body_to_fill(e), list.n ? list.octets : entry_body(old), len);
	shard_publish(c, e, NULL);
}

const uint8_t *cache_find_range(struct cache *c, const uint8_t *zone, const uint8_t *name,
				uint32_t now_s)
{
	struct entry *e = cache_find_name(c, zone, TAG_RANGES);

	if (!e || !entry_is_fresh(e, now_s))
		return NULL;
	const uint8_t *at = entry_body(e);
	const uint8_t *end = at + e->body_len;
	const uint8_t *before = NULL, *last = NULL;

	entry_touch(e);
	for (; at < end; at += tern_name_len(at)) {
		if (tern_name_compare(at, name) <= 0)
			before = at;
		last = at;
	}
	return before ? before : last;
}

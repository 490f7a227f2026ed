/* store_check.c - see store_private.h: what can't be beside each other. */
#include <tern/name.h>
#include <tern/rr.h>

#include "zone/store_private.h"

static const char beside_alias[] = "a CNAME stands beside other data";
static const char below_dname[] = "there are names below the DNAME";

const char *zone_store_contradiction(const uint8_t *a, uint16_t a_type, const uint8_t *b,
				     uint16_t b_type)
{
	if (tern_name_equal(a, b)) {
		if (a_type == b_type && a_type == TERN_TYPE_CNAME)
			return "a name has one CNAME only";
		if (a_type == b_type && a_type == TERN_TYPE_DNAME)
			return "a name has one DNAME only";
		return a_type != b_type && (a_type == TERN_TYPE_CNAME || b_type == TERN_TYPE_CNAME)
			       ? beside_alias
			       : NULL;
	}
	if ((a_type == TERN_TYPE_DNAME && tern_name_is_below(b, a)) ||
	    (b_type == TERN_TYPE_DNAME && tern_name_is_below(a, b)))
		return below_dname;
	return NULL;
}

bool added_gives_way(const struct entry *entries, unsigned n, const struct entry *e)
{
	for (unsigned i = 0; i < n; i++) {
		const struct entry *other = &entries[i];

		if (gives_room(other->source) || other->type == TYPE_NONE)
			continue;
		if (zone_store_contradiction(other->owner, other->type, e->owner, e->type))
			return true;
	}
	return false;
}

bool is_alias_at_apex(const struct zone_store *s, const struct entry *e)
{
	const struct own_zone *zone =
		e->type == TERN_TYPE_CNAME ? find_zone_above(s, e->owner) : NULL;

	return zone && zone->behaviour == ZONE_STATIC && tern_name_equal(zone->apex, e->owner);
}

/* A zone below @owner has @name: what is there is no business of a DNAME at @owner. */
static bool is_in_zone_below(const struct zone_store *s, const uint8_t *name, const uint8_t *owner)
{
	const struct own_zone *zone = find_zone_above(s, name);

	return zone && zone->behaviour != ZONE_OF_WILDCARD && tern_name_is_below(zone->apex, owner);
}

/* A written entry below @owner, whose entries begin at @at; NULL for none. */
static const struct entry *written_below(const struct zone_store *s, const uint8_t *owner,
					 unsigned at)
{
	for (; at < s->entries_n && tern_name_is_below_or_equal(s->entries[at].owner, owner);
	     at++) {
		const struct entry *e = &s->entries[at];

		if (!gives_room(e->source) && e->type != TYPE_NONE &&
		    !tern_name_equal(e->owner, owner) && !is_in_zone_below(s, e->owner, owner))
			return e;
	}
	return NULL;
}

static bool index_dname(struct zone_store *s, unsigned at, struct zone_fault *fault)
{
	const struct entry *e = &s->entries[at], *below = written_below(s, e->owner, at);

	if (below && is_added(e->source))
		return true; /* it gives way: nothing is led on */
	if (below) {
		*fault = (struct zone_fault){.why = below_dname,
					     .source = MAX(e->source, below->source),
					     .against = MIN(e->source, below->source),
					     .name = below->owner};
		return false;
	}
	if (!s->dnames)
		s->dnames = name_index_create();
	return s->dnames && name_index_add(s->dnames, e->owner, at);
}

bool index_dnames(struct zone_store *s, struct zone_fault *fault)
{
	for (unsigned i = 0; i < s->entries_n; i++) {
		if (s->entries[i].type == TERN_TYPE_DNAME && !index_dname(s, i, fault))
			return false;
	}
	return true;
}

static const char *objection_of_zone(const struct own_zone *zone, const uint8_t *owner)
{
	switch (zone->behaviour) {
	case ZONE_REDIRECT:
		return tern_name_equal(zone->apex, owner)
			       ? NULL
			       : "the zone redirects all names to its apex";
	case ZONE_NOVIEW:
	case ZONE_ALWAYS_NXDOMAIN:
	case ZONE_ALWAYS_NODATA:
	case ZONE_ALWAYS_NULL: return "its zone says the same of all names (local-zones)";
	case ZONE_STATIC:
	case ZONE_TRANSPARENT:
	case ZONE_TYPETRANSPARENT:
	case ZONE_REFUSE:
	case ZONE_DENY:
	case ZONE_INFORM:
	case ZONE_INFORM_DENY:
	case ZONE_OF_WILDCARD: break;
	}
	return NULL;
}

const char *zone_store_objection(const struct zone_store *s, const uint8_t *owner, uint16_t type)
{
	const struct own_zone *zone = find_zone_above(s, owner);
	const char *why = zone ? objection_of_zone(zone, owner) : NULL;
	unsigned at = lower_bound(s, owner), n = 0;
	const struct entry e = {.owner = owner, .type = type};
	const struct entry *dname = zone ? find_dname(s, owner, zone->apex) : NULL;

	while (at + n < s->entries_n && tern_name_equal(s->entries[at + n].owner, owner))
		n++;
	if (why)
		return why;
	if ((dname && !gives_room(dname->source)) ||
	    (type == TERN_TYPE_DNAME && written_below(s, owner, at)))
		return below_dname;
	for (unsigned i = 0; i < n; i++) {
		if (added_gives_way(&s->entries[at + i], 1, &e))
			return zone_store_contradiction(owner, s->entries[at + i].type, owner,
							type);
	}
	return NULL;
}

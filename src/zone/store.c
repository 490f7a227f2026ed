/* store.c - see store.h and store_private.h: a sealed store is asked. */
#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "zone/store_private.h"

/* --- searching --------------------------------------------------------------------- */

const struct own_zone *find_zone_above(const struct zone_store *s, const uint8_t *name)
{
	uint32_t at = name_index_deepest(s->apexes, name);

	return at == NAME_INDEX_NONE ? NULL : &s->zones[at];
}

const uint8_t *zone_store_apex(const struct zone_store *s, const uint8_t *name)
{
	const struct own_zone *zone = find_zone_above(s, name);

	return zone ? zone->apex : NULL;
}

unsigned lower_bound(const struct zone_store *s, const uint8_t *name)
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

const struct entry *find_dname(const struct zone_store *s, const uint8_t *name, const uint8_t *apex)
{
	uint32_t at;

	if (likely(!s->dnames) || tern_name_equal(name, apex))
		return NULL;
	at = name_index_deepest(s->dnames, tern_name_parent(name));
	return at != NAME_INDEX_NONE && tern_name_is_below_or_equal(s->entries[at].owner, apex)
		       ? &s->entries[at]
		       : NULL;
}

/* Not only below it, and not only in name. */
static bool has_records(const struct zone_store *s, const uint8_t *name, unsigned at)
{
	for (; at < s->entries_n && tern_name_equal(s->entries[at].owner, name); at++) {
		if (s->entries[at].type != TYPE_NONE)
			return true;
	}
	return false;
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

const struct entry *find_soa(const struct zone_store *s, const uint8_t *apex)
{
	const struct entry *e = find_set(s, apex, lower_bound(s, apex), TERN_TYPE_SOA);

	return e && e->type == TERN_TYPE_SOA ? e : NULL;
}

/* RFC 4592: the wildcard below the closest ancestor that exists, and no other. */
static bool wildcard_for(const struct zone_store *s, const uint8_t *name, const uint8_t *apex,
			 uint8_t out[TERN_NAME_MAX + 2], unsigned *at)
{
	const uint8_t *encloser = name;

	if (tern_name_equal(name, apex))
		return false;
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

/* --- answers ------------------------------------------------------------------------ */

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

size_t make_soa(const uint8_t *apex, uint8_t out[ZONE_SOA_RDATA_MAX])
{
	static const uint8_t mailbox[] = "\6nobody\7invalid";
	static const uint32_t numbers[] = {1, 3600, 1200, 604800, ZONE_SOA_TTL_S};
	size_t len = 2;

	len += tern_name_copy(out + len, apex);
	memcpy(out + len, mailbox, sizeof mailbox);
	len += sizeof mailbox;
	for (unsigned i = 0; i < ARRAY_LEN(numbers); i++, len += 4)
		put_u32(out + len, numbers[i]);
	put_u16(out, (uint16_t)(len - 2));
	return len;
}

void zone_answer_deny(const uint8_t *apex, uint32_t ttl_s, struct zone_answer *out)
{
	struct entry made = {.ttl_s = ttl_s, .type = TERN_TYPE_SOA, .rr_n = 1};

	made.rdata_len = (uint32_t)make_soa(apex, out->made);
	made.rdata = out->made;
	out->soa = set_of(&made, apex);
}

/* The name is @apex, or below it. RFC 2308 5: a denial lives as long as the SOA and its minimum
 * allow. */
static enum zone_outcome deny(const struct zone_store *s, const uint8_t *apex,
			      enum zone_outcome how, struct zone_answer *out)
{
	const struct entry *soa = find_soa(s, apex);

	if (!soa) {
		zone_answer_deny(apex, ZONE_SOA_TTL_S, out);
		return how;
	}
	out->soa = set_of(soa, apex);
	out->soa.ttl_s = MIN(soa->ttl_s, get_u32(soa->rdata + soa->rdata_len - 4));
	return how;
}

static enum zone_outcome give_set(const struct entry *e, const uint8_t *name,
				  struct zone_answer *out)
{
	out->set = set_of(e, name);
	out->source = e->source;
	return ZONE_ANSWER;
}

/* RFC 1034 4.3.2, or out of a zone in which other names are resolved. */
static enum zone_outcome find_in_zone(const struct zone_store *s, const struct own_zone *zone,
				      const uint8_t *name, uint16_t type, struct zone_answer *out)
{
	bool is_static = zone->behaviour == ZONE_STATIC;
	uint8_t wildcard[TERN_NAME_MAX + 2];
	unsigned at = lower_bound(s, name);
	bool there = exists(s, name, at);
	const struct entry *e = find_dname(s, name, zone->apex);

	/* Nothing else counts below it: RFC 6672 3.2. */
	if (e)
		return give_set(e, tern_name_suffix(name, tern_name_labels(e->owner)), out);
	if (!there && wildcard_for(s, name, zone->apex, wildcard, &at)) {
		there = is_static || has_records(s, wildcard, at);
		e = find_set(s, wildcard, at, type);
	} else {
		there = is_static ? there : has_records(s, name, at);
		e = find_set(s, name, at, type);
	}
	if (e)
		return give_set(e, name, out);
	if (zone->behaviour == ZONE_REFUSE)
		return ZONE_REFUSED;
	if (zone->behaviour == ZONE_DENY || zone->behaviour == ZONE_INFORM_DENY)
		return ZONE_DROPPED;
	if (zone->behaviour == ZONE_TYPETRANSPARENT || (!there && !is_static))
		return ZONE_NOT_HERE;
	return deny(s, zone->apex, there ? ZONE_NODATA : ZONE_NXDOMAIN, out);
}

static enum zone_outcome redirect(const struct zone_store *s, const uint8_t *apex,
				  const uint8_t *name, uint16_t type, struct zone_answer *out)
{
	const struct entry *e = find_set(s, apex, lower_bound(s, apex), type);

	return e ? give_set(e, name, out) : deny(s, apex, ZONE_NODATA, out);
}

static enum zone_outcome give_null(const struct zone_store *s, const uint8_t *apex,
				   const uint8_t *name, uint16_t type, struct zone_answer *out)
{
	static const uint8_t null[2][2 + 16] = {{0, 4}, {0, 16}};
	bool ipv6 = type == TERN_TYPE_AAAA;
	const struct entry e = {.rdata = null[ipv6],
				.rdata_len = ipv6 ? 18 : 6,
				.ttl_s = ZONE_SOA_TTL_S,
				.type = ipv6 ? TERN_TYPE_AAAA : TERN_TYPE_A,
				.rr_n = 1};

	if (type == TERN_TYPE_A || type == TERN_TYPE_AAAA || type == TERN_TYPE_ANY)
		return give_set(&e, name, out);
	return deny(s, apex, ZONE_NODATA, out);
}

static enum zone_outcome find_alone(const struct zone_store *s, const uint8_t *name, uint16_t type,
				    struct zone_answer *out)
{
	uint32_t at = name_index_get(s->owners, name);
	const struct entry *e;

	if (at == NAME_INDEX_NONE)
		return ZONE_NOT_HERE;
	e = find_set(s, name, at, type);
	out->source = s->entries[at].source;
	if (e)
		return give_set(e, name, out);
	return has_records(s, name, at) ? deny(s, name, ZONE_NODATA, out) : ZONE_NOT_HERE;
}

/* Is the name in another zone, below this one? One that nobody wrote
 * wins over no route. */
static bool gives_way(const struct own_zone *zone, const uint8_t *elsewhere)
{
	if (!elsewhere)
		return false;
	return tern_name_is_below(elsewhere, zone->apex) ||
	       (zone->source == 0 && tern_name_equal(elsewhere, zone->apex));
}

enum zone_outcome zone_store_find(const struct zone_store *s, const uint8_t *name, uint16_t type,
				  const uint8_t *elsewhere, struct zone_answer *out)
{
	const struct own_zone *zone = s->sealed ? find_zone_above(s, name) : NULL;

	out->informs = false;
	if (!s->sealed)
		return ZONE_NOT_HERE;
	if (!zone || gives_way(zone, elsewhere))
		return find_alone(s, name, type, out);
	out->source = zone->source;
	out->informs = zone->behaviour == ZONE_INFORM || zone->behaviour == ZONE_INFORM_DENY;
	switch (zone->behaviour) {
	case ZONE_STATIC:
	case ZONE_TRANSPARENT:
	case ZONE_TYPETRANSPARENT:
	case ZONE_OF_WILDCARD:
	case ZONE_DENY:
	case ZONE_INFORM:
	case ZONE_INFORM_DENY:
	case ZONE_REFUSE: return find_in_zone(s, zone, name, type, out);
	case ZONE_NOVIEW: break;
	case ZONE_REDIRECT: return redirect(s, zone->apex, name, type, out);
	case ZONE_ALWAYS_NXDOMAIN: return deny(s, zone->apex, ZONE_NXDOMAIN, out);
	case ZONE_ALWAYS_NODATA: return deny(s, zone->apex, ZONE_NODATA, out);
	case ZONE_ALWAYS_NULL: return give_null(s, zone->apex, name, type, out);
	}
	return ZONE_NOT_HERE;
}

/* --- beside others ------------------------------------------------------------------- */

bool zone_store_claims(const struct zone_store *s, const uint8_t *name, const uint8_t *elsewhere)
{
	const struct own_zone *zone = find_zone_above(s, name);
	uint8_t wildcard[TERN_NAME_MAX + 2];
	unsigned at = lower_bound(s, name);

	if (exists(s, name, at))
		return true;
	if (!zone || gives_way(zone, elsewhere))
		return false;
	if (find_dname(s, name, zone->apex))
		return true;
	switch (zone->behaviour) {
	case ZONE_STATIC:
	case ZONE_TRANSPARENT:
	case ZONE_TYPETRANSPARENT:
	case ZONE_OF_WILDCARD:
	case ZONE_DENY:
	case ZONE_INFORM:
	case ZONE_INFORM_DENY:
	case ZONE_REFUSE:
		return tern_name_equal(zone->apex, name) ||
		       wildcard_for(s, name, zone->apex, wildcard, &at);
	case ZONE_NOVIEW: return false;
	case ZONE_REDIRECT:
	case ZONE_ALWAYS_NXDOMAIN:
	case ZONE_ALWAYS_NODATA:
	case ZONE_ALWAYS_NULL: break;
	}
	return true;
}

void zone_store_deny(const struct zone_store *s, const uint8_t *name, const uint8_t *apex,
		     struct zone_answer *out)
{
	static const struct zone_store nothing;
	const struct own_zone *zone = s ? find_zone_above(s, name) : NULL;

	(void)deny(s ? s : &nothing, zone ? zone->apex : apex, ZONE_NODATA, out);
}

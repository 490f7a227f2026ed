/* discovery.c - see discovery.h. */
#include "zone/discovery.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <tern/rr.h>

#include "zone/store_private.h"

#define NAME_LABEL "\4_dns" /* RFC 9461 2 */

static const uint8_t arpa[] = "\10resolver\4arpa", service_arpa[] = "\4_dns\10resolver\4arpa";

/* --- as text --------------------------------------------------------------------------- */

struct line {
	char *text;
	size_t len;
};

static void PRINTF(2, 3) add_text(struct line *l, const char *format, ...)
{
	size_t left = DISCOVERY_TEXT_MAX - l->len;
	va_list args;

	va_start(args, format);
	int n = vsnprintf(l->text + l->len, left, format, args);

	va_end(args);
	l->len += MIN((size_t)MAX(n, 0), left - 1);
}

static void add_hints(struct line *l, const char *key, const struct address *hints, unsigned n)
{
	char text[ADDRESS_TEXT_MAX];

	for (unsigned i = 0; i < n; i++) {
		struct address plain = hints[i];

		plain.scope = 0;
		address_to_text(&plain, text);
		*strchrnul(text, '@') = '\0';
		add_text(l, "%s%s", i == 0 ? key : ",", text);
	}
}

char *discovery_record(const struct discovery *d, unsigned index, const char *owner,
		       char out[DISCOVERY_TEXT_MAX])
{
	const struct discovery_service *service = &d->services[index];
	char name[TERN_NAME_TEXT_MAX];
	struct line l = {.text = out};

	add_text(&l, "%s %d SVCB %u %s alpn=%s port=%u", owner, DISCOVERY_TTL_S, index + 1,
		 tern_name_to_text(d->name, name), service->alpn, service->port);
	add_hints(&l, " ipv4hint=", service->ipv4, service->ipv4_n);
	add_hints(&l, " ipv6hint=", service->ipv6, service->ipv6_n);
	if (*service->path)
		add_text(&l, " dohpath=\"%s{?dns}\"", service->path);
	return out;
}

/* --- as records ------------------------------------------------------------------------- */

/* Has somebody else said something that our record can't be beside, or would only repeat? */
static bool is_taken(const struct zone_store *s, const uint8_t *owner, uint16_t type)
{
	for (unsigned i = 0; i < s->entries_n; i++) {
		const struct entry *e = &s->entries[i];

		if ((e->type == type || e->type == TERN_TYPE_CNAME) &&
		    tern_name_equal(e->owner, owner))
			return true;
		if (e->type == TERN_TYPE_DNAME && tern_name_is_below(owner, e->owner))
			return true;
	}
	return false;
}

static bool has_entries(const struct zone_store *s, const uint8_t *owner)
{
	for (unsigned i = 0; i < s->entries_n; i++) {
		if (tern_name_equal(s->entries[i].owner, owner))
			return true;
	}
	return false;
}

/* The deepest one at or above @name; the store is not sealed. */
static const struct own_zone *zone_above(const struct zone_store *s, const uint8_t *name)
{
	const struct own_zone *deepest = NULL;

	for (unsigned i = 0; i < s->zones_n; i++) {
		const struct own_zone *z = &s->zones[i];

		if (z->behaviour != ZONE_OF_WILDCARD &&
		    tern_name_is_below_or_equal(name, z->apex) &&
		    (!deepest || tern_name_is_below(z->apex, deepest->apex)))
			deepest = z;
	}
	return deepest;
}

static bool may_have_records(const struct own_zone *zone)
{
	return !zone || zone->behaviour == ZONE_STATIC || zone->behaviour == ZONE_TRANSPARENT ||
	       zone->behaviour == ZONE_TYPETRANSPARENT;
}

static bool add_services(struct zone_store *s, const struct discovery *d, const uint8_t *owner)
{
	char text[DISCOVERY_TEXT_MAX], name[TERN_NAME_TEXT_MAX];
	const char *why;

	if (is_taken(s, owner, TERN_TYPE_SVCB))
		return true;
	tern_name_to_text(owner, name);
	for (unsigned i = 0; i < d->services_n; i++) {
		discovery_record(d, i, name, text);
		if (!zone_store_add(s, text, NULL, 0, &why))
			return false;
	}
	return true;
}

static bool add_info(struct zone_store *s, const struct discovery *d, const uint8_t *owner)
{
	uint8_t rdata[ARRAY_LEN(d->info) * DISCOVERY_INFO_MAX];
	uint16_t len = 0;

	for (unsigned i = 0; i < ARRAY_LEN(d->info); i++) {
		size_t n = strlen(d->info[i]);

		if (n == 0)
			continue;
		rdata[len] = (uint8_t)n;
		memcpy(rdata + len + 1, d->info[i], n);
		len = (uint16_t)(len + 1 + n);
	}
	return len == 0 || is_taken(s, owner, TERN_TYPE_RESINFO) ||
	       zone_store_add_rdata(s, owner, TERN_TYPE_RESINFO, DISCOVERY_TTL_S, rdata, len, 0);
}

/* What else is to be found at the name, and below, is to be found as ever. */
static bool add_names(struct zone_store *s, const struct discovery *d)
{
	const struct own_zone *above = zone_above(s, d->name);
	uint8_t owner[TERN_NAME_MAX + sizeof NAME_LABEL];

	if (!may_have_records(above))
		return true;
	if (!above && !has_entries(s, d->name) &&
	    !zone_store_add_zone(s, d->name, ZONE_TYPETRANSPARENT, 0))
		return false;
	memcpy(owner, NAME_LABEL, sizeof NAME_LABEL - 1);
	tern_name_copy(owner + sizeof NAME_LABEL - 1, d->name);
	if (tern_name_len(owner) <= TERN_NAME_MAX && !add_services(s, d, owner))
		return false;
	return add_info(s, d, d->name);
}

bool discovery_add(struct zone_store *s, const struct discovery *d, bool names)
{
	if (!add_services(s, d, service_arpa) || !add_info(s, d, arpa))
		return false;
	return !names || d->services_n == 0 || add_names(s, d);
}

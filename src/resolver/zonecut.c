#include "resolver/zonecut.h"

#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>

struct zone_cut *zone_cut_make(struct arena *arena, const uint8_t *zone, enum cut_source source)
{
	struct zone_cut *cut = arena_take(arena, sizeof *cut);
	uint8_t *copy = arena_take(arena, tern_name_len(zone));

	if (!cut || !copy)
		return NULL;
	memset(cut, 0, sizeof *cut);
	tern_name_lower(copy, zone);
	cut->zone = copy;
	cut->labels = (uint8_t)tern_name_labels(zone);
	cut->source = source;
	cut->arena = arena;
	return cut;
}

#define ROOM_FIRST 4 /* names and addresses: enough for most zones */

/* Room for one more in a list of @p n of @p size octets each; false when there is none. */
static bool grow(struct arena *arena, void **list, uint8_t n, uint8_t *room, uint8_t max,
		 size_t size)
{
	if (n < *room)
		return true;
	unsigned larger = MIN(*room ? 2u * *room : ROOM_FIRST, (unsigned)max);
	void *copy = n < max ? arena_take(arena, larger * size) : NULL;

	if (!copy)
		return false;
	if (n > 0)
		memcpy(copy, *list, n * size);
	*list = copy;
	*room = (uint8_t)larger;
	return true;
}

int zone_cut_add_ns(struct zone_cut *cut, const uint8_t *name)
{
	for (int i = 0; i < cut->ns_n; i++) {
		if (tern_name_equal(cut->ns[i].name, name))
			return i;
	}
	void *list = cut->ns;

	if (!grow(cut->arena, &list, cut->ns_n, &cut->ns_room, CUT_NS_MAX, sizeof *cut->ns))
		return -1;
	cut->ns = list;
	uint8_t *copy = arena_take(cut->arena, tern_name_len(name));

	if (!copy)
		return -1;
	tern_name_lower(copy, name);
	cut->ns[cut->ns_n] = (struct cut_ns){.name = copy};
	return cut->ns_n++;
}

void zone_cut_add_server(struct zone_cut *cut, const struct address *addr, unsigned ns)
{
	unsigned of_ns = 0;

	if (addr->family == 0 || address_is_unusable(addr))
		return;
	for (unsigned i = 0; i < cut->servers_n; i++) {
		if (address_equal(&cut->servers[i].addr, addr))
			return;
		of_ns += cut->servers[i].ns == ns;
	}
	if (ns < CUT_NS_MAX && of_ns >= CUT_NS_ADDRS)
		return;
	void *list = cut->servers;

	if (!grow(cut->arena, &list, cut->servers_n, &cut->servers_room, CUT_SERVERS_MAX,
		  sizeof *cut->servers))
		return;
	cut->servers = list;
	cut->servers[cut->servers_n++] = (struct cut_server){.addr = *addr, .ns = (uint8_t)ns};
}

bool zone_cut_borrow(struct zone_cut *cut, unsigned ns, const struct zone_cut *other)
{
	unsigned before = cut->servers_n;

	for (unsigned i = 0; other && i < other->servers_n; i++) {
		const struct cut_server *s = &other->servers[i];

		if (s->ns < other->ns_n && tern_name_equal(other->ns[s->ns].name, cut->ns[ns].name))
			zone_cut_add_server(cut, &s->addr, ns);
	}
	return cut->servers_n > before;
}

bool zone_cut_take_doubtful(struct zone_cut *cut)
{
	bool found = false;

	for (unsigned i = 0; i < cut->servers_n && !cut->take_doubtful; i++) {
		struct cut_server *s = &cut->servers[i];

		if (s->aside) {
			s->failed = s->aside = false;
			found = true;
		}
	}
	cut->take_doubtful = true;
	return found;
}

struct address address_from_rdata(uint16_t type, const uint8_t *rdata, size_t len)
{
	struct address a = {.port = 53};

	if (type == TERN_TYPE_A && len == 4)
		a.family = 4;
	else if (type == TERN_TYPE_AAAA && len == 16)
		a.family = 6;
	if (a.family)
		memcpy(a.octets, rdata, len);
	return a;
}

static size_t pack_addresses(const struct zone_cut *cut, unsigned ns, uint8_t *out)
{
	size_t at = 1;

	out[0] = 0;
	for (unsigned i = 0; i < cut->servers_n; i++) {
		const struct address *a = &cut->servers[i].addr;
		size_t len = a->family == 4 ? 4 : 16;

		if (cut->servers[i].ns != ns)
			continue;
		out[0]++;
		out[at] = a->family;
		memcpy(out + at + 1, a->octets, len);
		at += 1 + len;
	}
	return at;
}

size_t zone_cut_pack(const struct zone_cut *cut, uint8_t *out)
{
	size_t at = 1;

	out[0] = cut->ns_n;
	for (unsigned i = 0; i < cut->ns_n; i++) {
		at += tern_name_copy(out + at, cut->ns[i].name);
		at += pack_addresses(cut, i, out + at);
	}
	return at;
}

static const uint8_t *unpack_addresses(struct zone_cut *cut, unsigned ns, const uint8_t *at)
{
	unsigned n = *at++;

	cut->ns[ns].has_glue = n > 0;
	for (; n > 0; n--) {
		uint16_t type = at[0] == 4 ? TERN_TYPE_A : TERN_TYPE_AAAA;
		size_t octets = at[0] == 4 ? 4 : 16;
		struct address a = address_from_rdata(type, at + 1, octets);

		zone_cut_add_server(cut, &a, ns);
		at += 1 + octets;
	}
	return at;
}

struct zone_cut *zone_cut_unpack(struct arena *arena, const struct cache_delegation *delegation)
{
	struct zone_cut *cut = zone_cut_make(arena, delegation->zone, CUT_DELEGATION);
	const uint8_t *at = delegation->body + 1;

	if (!cut)
		return NULL;
	cut->age_s = delegation->age_s;
	cut->ttl_s = delegation->ttl_s;
	for (unsigned n = delegation->body[0]; n > 0; n--) {
		int ns = zone_cut_add_ns(cut, at);

		if (ns < 0)
			return NULL; /* packed from a cut, so only a full arena says no */
		at = unpack_addresses(cut, (unsigned)ns, at + tern_name_len(at));
	}
	return cut;
}

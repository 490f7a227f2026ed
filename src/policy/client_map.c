/* client_map.c - see client_map.h. */
#include "policy/client_map.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

struct wide {
	uint64_t high;
	uint64_t low;
};

static uint64_t read_u64(const uint8_t *octets)
{
	return (uint64_t)get_u32(octets) << 32 | get_u32(octets + 4);
}

static struct wide wide_of(const struct address *a)
{
	if (a->family == 4)
		return (struct wide){0, get_u32(a->octets)};
	return (struct wide){read_u64(a->octets), read_u64(a->octets + 8)};
}

static int compare(struct wide a, struct wide b)
{
	if (a.high != b.high)
		return a.high < b.high ? -1 : 1;
	return (a.low > b.low) - (a.low < b.low);
}

static unsigned width_of(const struct address *a)
{
	return a->family == 4 ? 32 : 128;
}

/* The first address behind @p; false when there is none. */
static bool behind(const struct prefix *p, struct wide *out)
{
	unsigned host_bits = width_of(&p->base) - p->bits;
	struct wide w = wide_of(&p->base);
	uint64_t low = w.low;

	if (p->base.family == 4) {
		out->high = 0;
		out->low = w.low + ((uint64_t)1 << host_bits);
		return out->low <= UINT32_MAX;
	}
	if (host_bits >= 64) {
		uint64_t step = host_bits == 128 ? 0 : (uint64_t)1 << (host_bits - 64);

		*out = (struct wide){w.high + step, 0};
		return step != 0 && out->high > w.high;
	}
	w.low += (uint64_t)1 << host_bits;
	w.high += w.low < low;
	*out = w;
	return w.low >= low || w.high != 0;
}

/* IPv4 first, then by where they begin; the wider ones first. */
static int compare_networks(const void *a, const void *b)
{
	const struct client_network *x = a, *y = b;
	int order = (int)x->prefix.base.family - (int)y->prefix.base.family;

	if (order == 0)
		order = compare(wide_of(&x->prefix.base), wide_of(&y->prefix.base));
	if (order == 0)
		order = (int)x->prefix.bits - (int)y->prefix.bits;
	if (order == 0)
		order = (x->rank > y->rank) - (x->rank < y->rank);
	return order != 0 ? order : (x->value > y->value) - (x->value < y->value);
}

/* From @at on the value is @value; what began there before has no length. */
static void begin(struct client_map *m, unsigned first, struct wide at, uint32_t value)
{
	if (m->n > first && m->starts[m->n - 1].high == at.high &&
	    m->starts[m->n - 1].low == at.low)
		m->n--;
	m->starts[m->n].high = at.high;
	m->starts[m->n].low = at.low;
	m->values[m->n++] = value;
}

/* The networks around the one at hand, the widest first. */
struct around {
	const struct client_network *networks[129];
	unsigned n;
};

/* Those that end before @at end: what is around them goes on. */
static void end_before(struct client_map *m, unsigned first, struct around *around,
		       const struct wide *at)
{
	while (around->n > 0) {
		const struct client_network *inner = around->networks[around->n - 1];
		struct wide end;
		bool ends = behind(&inner->prefix, &end);

		if (at && (!ends || compare(end, *at) > 0))
			return;
		around->n--;
		if (ends)
			begin(m, first, end,
			      around->n > 0 ? around->networks[around->n - 1]->value
					    : CLIENT_MAP_NONE);
	}
}

static void add_family(struct client_map *m, const struct client_network *networks, unsigned n)
{
	struct around around = {.n = 0};
	unsigned first = m->n;

	for (unsigned i = 0; i < n; i++) {
		const struct client_network *c = &networks[i];
		struct wide at = wide_of(&c->prefix.base);

		end_before(m, first, &around, &at);
		/* Of equal ones the first counts. */
		if (around.n > 0 && around.networks[around.n - 1]->prefix.bits == c->prefix.bits)
			continue;
		begin(m, first, at, c->value);
		around.networks[around.n++] = c;
	}
	end_before(m, first, &around, NULL);
}

bool client_map_make(struct client_map *m, struct client_network *networks, unsigned n)
{
	unsigned ipv4_n = 0;

	*m = (struct client_map){.n = 0};
	if (n == 0)
		return true;
	/* Each begins a range, and ends one. */
	m->starts = calloc(2 * (size_t)n, sizeof *m->starts);
	m->values = calloc(2 * (size_t)n, sizeof *m->values);
	if (!m->starts || !m->values) {
		client_map_free(m);
		return false;
	}
	qsort(networks, n, sizeof *networks, compare_networks);
	while (ipv4_n < n && networks[ipv4_n].prefix.base.family == 4)
		ipv4_n++;
	add_family(m, networks, ipv4_n);
	m->ipv4_n = m->n;
	add_family(m, networks + ipv4_n, n - ipv4_n);
	return true;
}

void client_map_free(struct client_map *m)
{
	free(m->starts);
	free(m->values);
	*m = (struct client_map){.n = 0};
}

uint32_t client_map_find(const struct client_map *m, const struct address *client)
{
	struct wide at = wide_of(client);
	unsigned low = client->family == 4 ? 0 : m->ipv4_n;
	unsigned high = client->family == 4 ? m->ipv4_n : m->n, first = low;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		struct wide start = {m->starts[middle].high, m->starts[middle].low};

		if (compare(start, at) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > first ? m->values[low - 1] : CLIENT_MAP_NONE;
}

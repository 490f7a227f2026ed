/* leases_make.c - see leases.h and leases_private.h: a table is made of lists. */
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>

#include "base/bytes.h"
#include "base/random.h"
#include "zone/lease_list.h"
#include "zone/lease_name.h"
#include "zone/leases_private.h"

static bool make_index(struct index *x, unsigned n)
{
	uint32_t size = 16;

	while (size < 2 * (uint64_t)n)
		size *= 2;
	x->places = malloc(size * sizeof *x->places);
	x->mask = size - 1;
	if (!x->places)
		return false;
	memset(x->places, 0xff, size * sizeof *x->places);
	return true;
}

void leases_destroy(struct leases *l)
{
	if (!l)
		return;
	arena_reset(&l->arena);
	free(l->by_address.places);
	free(l->by_name.places);
	free(l->files);
	free(l->leases);
	free(l->next);
	free(l);
}

static struct leases *begin(unsigned files_n, unsigned most)
{
	struct leases *l = calloc(1, sizeof *l);
	struct random random;

	if (!l)
		return NULL;
	arena_init(&l->arena, SIZE_MAX);
	random_init(&random);
	random_bytes(&random, &l->key, sizeof l->key);
	l->files = calloc(files_n + 1u, sizeof *l->files);
	l->leases = calloc(most + 1u, sizeof *l->leases);
	l->next = malloc((most + 1u) * sizeof *l->next);
	if (l->files && l->leases && l->next && make_index(&l->by_address, most) &&
	    make_index(&l->by_name, most))
		return l;
	leases_destroy(l);
	return NULL;
}

/* Is @a later than @b? By its begin where both tell, else by its end; then the later entry. */
static bool is_later(const struct lease *a, const struct lease *b)
{
	if (a->since_s > 0 && b->since_s > 0 && a->since_s != b->since_s)
		return a->since_s > b->since_s;
	return a->until_s >= b->until_s;
}

/* The copy owns what it points to. */
static bool copy_lease(struct leases *l, struct lease *to, const struct lease *from,
		       const struct lease_source *source, unsigned file)
{
	uint8_t name[TERN_NAME_MAX];

	*to = *from;
	to->file = (uint16_t)file;
	to->naming = lease_name(from->hostname, from->hostname_len, source->options->domain, name);
	to->id = from->id_len ? arena_copy(&l->arena, from->id, from->id_len) : NULL;
	to->hostname = from->hostname_len
			       ? arena_copy(&l->arena, from->hostname, from->hostname_len)
			       : NULL;
	to->name =
		to->naming == LEASE_NAMED ? arena_copy(&l->arena, name, tern_name_len(name)) : NULL;
	return (to->id || !from->id_len) && (to->hostname || !from->hostname_len) &&
	       (to->name || to->naming != LEASE_NAMED);
}

/* Of an address in several files the latest lease counts. */
static bool add(struct leases *l, const struct lease *from, const struct lease_source *source,
		unsigned file)
{
	uint32_t *place = leases_find_address(l, from->address, from->address_len);

	if (*place != NOBODY && !is_later(from, &l->leases[*place]))
		return true;
	if (!copy_lease(l, &l->leases[*place == NOBODY ? l->n : *place], from, source, file))
		return false;
	if (*place == NOBODY)
		*place = l->n++;
	return true;
}

static bool copy_file(struct leases *l, const struct lease_source *from)
{
	struct lease_file *to = &l->files[l->files_n];

	*to = (struct lease_file){
		.path = arena_copy(&l->arena, from->options->file, strlen(from->options->file) + 1),
		.domain = arena_copy(&l->arena, from->options->domain,
				     tern_name_len(from->options->domain)),
		.format = from->options->format,
		.wrong = from->wrong ? arena_copy(&l->arena, from->wrong, strlen(from->wrong) + 1)
				     : NULL,
		.bad_n = from->list->bad_n};
	for (unsigned i = 0; i < LEASE_TOLD_MAX; i++) {
		to->bad[i].line = from->list->bad[i].line;
		to->bad[i].why = from->list->bad[i].why;
	}
	l->files_n++;
	return to->path && to->domain && (to->wrong || !from->wrong);
}

static bool add_list(struct leases *l, const struct lease_source *source, unsigned file)
{
	for (unsigned i = 0; i < source->list->n; i++) {
		const struct lease *from = &source->list->leases[i];

		if (!from->ended && !lease_is_over(from, l->made_at) && !add(l, from, source, file))
			return false;
	}
	return true;
}

/* --- one name, several leases --------------------------------------------------------- */

/* The link-layer address in a DUID (RFC 8415 11.2, 11.4); 0 for none. */
static size_t mac_in_duid(const uint8_t *id, size_t len, const uint8_t **mac)
{
	size_t head = len >= 2 && get_u16(id) == 1 ? 8 : len >= 2 && get_u16(id) == 3 ? 4 : 0;

	if (head == 0 || len <= head || len - head > LEASE_MAC_MAX)
		return 0;
	*mac = id + head;
	return len - head;
}

/* The DUID of a client: of IPv4 in its identifier (RFC 4361 6.1), if there. */
static size_t duid_of(const struct lease *l, const uint8_t **duid)
{
	if (l->address_len == 16) {
		*duid = l->id;
		return l->id_len;
	}
	if (l->id_len <= 5 || l->id[0] != 0xff)
		return 0;
	*duid = l->id + 5;
	return l->id_len - 5u;
}

size_t lease_mac(const struct lease *l, const uint8_t **mac)
{
	const uint8_t *duid;
	size_t len;

	*mac = l->mac;
	if (l->mac_len > 0)
		return l->mac_len;
	len = duid_of(l, &duid);
	return len > 0 ? mac_in_duid(duid, len, mac) : 0;
}

enum kinship { SAME_CLIENT, OTHER_CLIENT, CANT_TELL };

static enum kinship compare_clients(const struct lease *a, const struct lease *b)
{
	const uint8_t *x, *y;
	size_t x_len, y_len;
	bool told = false;

	if (a->address_len == b->address_len && a->id_len > 0 && b->id_len > 0) {
		if (a->id_len == b->id_len && memcmp(a->id, b->id, a->id_len) == 0)
			return SAME_CLIENT;
		told = true;
	}
	x_len = duid_of(a, &x);
	y_len = duid_of(b, &y);
	if (x_len > 0 && y_len > 0) {
		if (x_len == y_len && memcmp(x, y, x_len) == 0)
			return SAME_CLIENT;
		told = true;
	}
	x_len = lease_mac(a, &x);
	y_len = lease_mac(b, &y);
	if (x_len > 0 && y_len > 0)
		return x_len == y_len && memcmp(x, y, x_len) == 0 ? SAME_CLIENT : OTHER_CLIENT;
	return told ? OTHER_CLIENT : CANT_TELL;
}

/* While names are dealt out, the place of a name has the latest lease, and @rival of that lease is
 * the latest of the other family whose client can't be told. */
static void deal_first(struct leases *l, uint32_t *rivals)
{
	for (uint32_t i = 0; i < l->n; i++) {
		if (l->leases[i].naming != LEASE_NAMED)
			continue;
		uint32_t *place = leases_find_name(l, l->leases[i].name);

		if (*place == NOBODY || is_later(&l->leases[i], &l->leases[*place]))
			*place = i;
	}
	for (uint32_t i = 0; i < l->n; i++) {
		const struct lease *lease = &l->leases[i];

		if (lease->naming != LEASE_NAMED)
			continue;
		uint32_t first = *leases_find_name(l, lease->name);
		const struct lease *holder = &l->leases[first];

		if (lease->address_len != holder->address_len &&
		    compare_clients(lease, holder) == CANT_TELL &&
		    (rivals[first] == NOBODY || is_later(lease, &l->leases[rivals[first]])))
			rivals[first] = i;
	}
}

/* Does the name that @holder and @rival have lead to lease @i, too? Of IPv4 the latest only. */
static bool may_share(const struct leases *l, uint32_t i, uint32_t holder, uint32_t rival)
{
	const struct lease *lease = &l->leases[i];

	if (i == holder || i == rival)
		return true;
	for (unsigned k = 0; k < 2; k++) {
		uint32_t with = k == 0 ? holder : rival;

		if (with == NOBODY || compare_clients(lease, &l->leases[with]) != SAME_CLIENT)
			continue;
		return lease->address_len == 16 || l->leases[with].address_len == 16;
	}
	return false;
}

/* A second address of IPv4 in the chain gives way to the later one. */
static void link_lease(struct leases *l, uint32_t i, uint32_t holder)
{
	for (uint32_t at = holder; at != NOBODY && l->leases[i].address_len == 4;
	     at = l->next[at]) {
		struct lease *other = &l->leases[at];

		if (at == i || other->address_len != 4 || other->naming != LEASE_NAMED)
			continue;
		if (!is_later(&l->leases[i], other)) {
			l->leases[i].naming = LEASE_LOST;
			return;
		}
		other->naming = LEASE_LOST;
	}
	if (i == holder)
		return;
	l->next[i] = l->next[holder];
	l->next[holder] = i;
}

/* What lost is taken out of the chains; the first of a chain never does. */
static void unlink_lost(struct leases *l)
{
	for (uint32_t i = 0; i < l->n; i++) {
		while (l->next[i] != NOBODY && l->leases[l->next[i]].naming == LEASE_LOST)
			l->next[i] = l->next[l->next[i]];
	}
}

static bool deal_names(struct leases *l)
{
	uint32_t *rivals = malloc((l->n + 1u) * sizeof *rivals);

	if (!rivals)
		return false;
	memset(rivals, 0xff, (l->n + 1u) * sizeof *rivals);
	memset(l->next, 0xff, (l->n + 1u) * sizeof *l->next);
	deal_first(l, rivals);
	for (uint32_t i = 0; i < l->n; i++) {
		struct lease *lease = &l->leases[i];

		if (lease->naming != LEASE_NAMED)
			continue;
		uint32_t holder = *leases_find_name(l, lease->name);

		if (may_share(l, i, holder, rivals[holder]))
			link_lease(l, i, holder);
		else
			lease->naming = LEASE_LOST;
	}
	unlink_lost(l);
	free(rivals);
	return true;
}

struct leases *leases_make(const struct lease_source *sources, unsigned n, int64_t now_s)
{
	unsigned most = 0;

	for (unsigned i = 0; i < n; i++)
		most += sources[i].list->n;
	struct leases *l = begin(n, most);
	bool good = l != NULL;

	if (l)
		l->made_at = now_s;
	for (unsigned i = 0; good && i < n; i++)
		good = copy_file(l, &sources[i]) && add_list(l, &sources[i], i);
	if (!good || !deal_names(l)) {
		leases_destroy(l);
		return NULL;
	}
	l->next_end = LEASE_FOR_EVER;
	for (unsigned i = 0; i < l->n; i++) {
		l->next_end = MIN(l->next_end, l->leases[i].until_s);
		l->named += l->leases[i].naming == LEASE_NAMED;
	}
	return l;
}

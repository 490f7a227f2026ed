/*
 * view_clients.c - see view_clients.h.
 *
 *   entries that name clients, sorted ─┐
 *   leases, one by one ────────────────┴─► found ─┐
 *   networks ─────────────────────────────────────┴─► client map
 */
#include "daemon/view_clients.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>

#include "base/clock.h"
#include "daemon/load_private.h"
#include "daemon/server_private.h"
#include "zone/lease_name.h"
#include "zone/leases.h"

/* An entry of a view that names a client. */
struct named {
	const struct view_client *client;
	uint16_t view, at;
};

struct making {
	const struct view_set *set;
	const struct leases *leases;
	int64_t wall_s;
	struct named *named;
	unsigned named_n;
	unsigned found_max;
	struct view_clients *out;
};

static void end_clients(void *what)
{
	struct view_clients *c = what;

	if (!c)
		return;
	client_map_free(&c->map);
	free(c->found);
	free(c);
}

static bool is_asleep(const struct making *m, unsigned view)
{
	return view_bits_get(&m->out->asleep, view);
}

/* --- finding clients -------------------------------------------------------------------- */

static int compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = view_client_compare(x->client, y->client);

	if (order == 0)
		order = (int)x->view - (int)y->view;
	return order != 0 ? order : (int)x->at - (int)y->at;
}

static bool gather_named(struct making *m)
{
	unsigned most = 0;

	for (unsigned i = 0; i < m->set->n; i++)
		most += m->set->views[i].clients_n;
	m->named = calloc(most + 1u, sizeof *m->named);
	if (!m->named)
		return false;
	for (unsigned i = 0; i < m->set->n; i++) {
		const struct view *v = &m->set->views[i];

		for (unsigned k = 0; k < v->clients_n && !is_asleep(m, i); k++) {
			if (v->clients[k].kind != VIEW_NETWORK)
				m->named[m->named_n++] =
					(struct named){&v->clients[k], (uint16_t)i, (uint16_t)k};
		}
	}
	qsort(m->named, m->named_n, sizeof *m->named, compare_named);
	return true;
}

/* The first entry that is like @wanted; NULL for none. */
static const struct named *find_named(const struct making *m, const struct view_client *wanted)
{
	unsigned low = 0, high = m->named_n;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (view_client_compare(m->named[middle].client, wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->named_n && view_client_compare(m->named[low].client, wanted) == 0
		       ? &m->named[low]
		       : NULL;
}

static const struct named *by_mac(const struct making *m, const struct lease *lease)
{
	struct view_client wanted = {.kind = VIEW_MAC};
	const uint8_t *mac;
	size_t len = lease_mac(lease, &mac);

	if (len < VIEW_MAC_MIN || len > VIEW_MAC_MAX)
		return NULL;
	wanted.mac_len = (uint8_t)len;
	memcpy(wanted.mac, mac, len);
	return find_named(m, &wanted);
}

/* Also a name that another client has by now: to claim somebody's name moves nobody out of a view.
 */
static const struct named *by_name(const struct making *m, const struct lease *lease)
{
	uint8_t name[TERN_NAME_MAX];
	struct view_client wanted = {.kind = VIEW_NAME, .name = name};
	const struct named *found;

	if (!lease->name)
		return NULL;
	tern_name_copy(name, lease->name);
	found = find_named(m, &wanted);
	if (found)
		return found;
	name[1 + name[0]] = 0; /* its first label alone */
	return find_named(m, &wanted);
}

static bool add_found(struct making *m, const struct lease *lease, const struct named *named)
{
	struct view_clients *out = m->out;
	struct view_found *f;

	if (out->found_n == m->found_max) {
		unsigned max = m->found_max > 0 ? 2 * m->found_max : 16;

		f = reallocarray(out->found, max, sizeof *f);
		if (!f)
			return false;
		out->found = f;
		m->found_max = max;
	}
	f = &out->found[out->found_n++];
	*f = (struct view_found){.view = named->view, .client = named->at};
	f->address.family = lease->address_len == 4 ? 4 : 6;
	memcpy(f->address.octets, lease->address, lease->address_len);
	out->until_s = MIN(out->until_s, lease->until_s);
	return true;
}

static bool find_clients(struct making *m)
{
	m->out->until_s = LEASE_FOR_EVER;
	if (!gather_named(m))
		return false;
	for (unsigned i = 0; m->named_n > 0 && m->leases && i < leases_count(m->leases); i++) {
		const struct lease *lease = leases_at(m->leases, i);
		const struct named *found;

		if (lease->until_s <= m->wall_s)
			continue;
		found = by_mac(m, lease);
		if (!found)
			found = by_name(m, lease);
		if (found && !add_found(m, lease, found))
			return false;
	}
	return true;
}

/* --- the map ---------------------------------------------------------------------------- */

static bool make_map(struct making *m)
{
	struct client_network *networks;
	unsigned most = m->out->found_n, n = 0;

	for (unsigned i = 0; i < m->set->n; i++)
		most += m->set->views[i].clients_n;
	networks = calloc(most + 1u, sizeof *networks);
	if (!networks)
		return false;
	for (unsigned i = 0; i < m->set->n; i++) {
		const struct view *v = &m->set->views[i];

		for (unsigned k = 0; k < v->clients_n && !is_asleep(m, i); k++) {
			if (v->clients[k].kind == VIEW_NETWORK)
				networks[n++] =
					(struct client_network){v->clients[k].network, i, 0};
		}
	}
	for (unsigned i = 0; i < m->out->found_n; i++) {
		const struct view_found *f = &m->out->found[i];
		const struct prefix host = {f->address, f->address.family == 4 ? 32 : 128};

		networks[n++] = (struct client_network){
			host, f->view, m->set->views[f->view].clients[f->client].kind};
	}
	bool good = client_map_make(&m->out->map, networks, n);

	free(networks);
	return good;
}

static const struct view_bits nobody; /* asleep: every view applies */

static struct view_clients *make(const struct rules *r, int64_t wall_s,
				 const struct view_bits *asleep)
{
	struct making m = {.set = r->views, .leases = r->leases, .wall_s = wall_s};

	m.out = calloc(1, sizeof *m.out);
	if (m.out)
		m.out->asleep = *asleep;
	if (!m.out || !find_clients(&m) || !make_map(&m)) {
		end_clients(m.out);
		m.out = NULL;
	}
	free(m.named);
	return m.out;
}

/* --- in force --------------------------------------------------------------------------- */

static bool maps_are_equal(const struct client_map *a, const struct client_map *b)
{
	return a->n == b->n && a->ipv4_n == b->ipv4_n &&
	       (a->n == 0 || (memcmp(a->starts, b->starts, a->n * sizeof *a->starts) == 0 &&
			      memcmp(a->values, b->values, a->n * sizeof *a->values) == 0));
}

static bool are_equal(const struct view_clients *a, const struct view_clients *b)
{
	return a->until_s == b->until_s && view_bits_equal(&a->asleep, &b->asleep) &&
	       a->found_n == b->found_n &&
	       (a->found_n == 0 ||
		memcmp(a->found, b->found, a->found_n * sizeof *a->found) == 0) &&
	       maps_are_equal(&a->map, &b->map);
}

/* The views that do not apply at @wall_s. */
static struct view_bits asleep_at(const struct view_set *set, int64_t wall_s)
{
	struct view_bits asleep = {{0}};

	for (unsigned i = 0; i < set->n; i++) {
		const struct schedule *s = &set->views[i].schedule;

		if (s->n > 0 && !schedule_applies(s, (time_t)wall_s))
			view_bits_set(&asleep, i);
	}
	return asleep;
}

bool view_clients_fill(struct rules *r, int64_t wall_s)
{
	struct view_clients *fresh;

	if (!r->views) {
		rules_drop_part(r, RULES_VIEW_CLIENTS);
		r->view_clients = NULL;
		return true;
	}
	struct view_bits asleep = asleep_at(r->views, wall_s);

	fresh = make(r, wall_s, &asleep);
	if (fresh && r->view_clients && are_equal(fresh, r->view_clients)) {
		end_clients(fresh);
		return true;
	}
	if (!fresh || !rules_set_part(r, RULES_VIEW_CLIENTS, fresh, end_clients))
		return false;
	r->view_clients = fresh;
	return true;
}

static int64_t wall_now_s(void)
{
	return (int64_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);
}

static bool has_schedules(const struct view_set *set)
{
	for (unsigned i = 0; i < set->n; i++) {
		if (set->views[i].schedule.n > 0)
			return true;
	}
	return false;
}

static void log_schedules(struct server *s, const struct view_set *set,
			  const struct view_bits *before, const struct view_bits *after)
{
	for (unsigned i = 0; i < set->n; i++) {
		if (view_bits_get(before, i) != view_bits_get(after, i))
			log_notice(&s->log, "view %s %s by its schedule", set->views[i].name,
				   view_bits_get(after, i) ? "is passed over from here on,"
							   : "applies");
	}
}

void view_clients_tick(struct server *s)
{
	struct rulebook *book = &s->shared.rules;
	const struct rules *now = rulebook_current(book);
	int64_t wall_s = wall_now_s();
	struct view_bits before, after = {{0}};
	struct rules *fresh;

	if (!now->views)
		return;
	before = now->view_clients->asleep;
	if (has_schedules(now->views)) {
		tzset(); /* the system's zone may have been set */
		after = asleep_at(now->views, wall_s);
	}
	if (view_bits_equal(&before, &after) && wall_s < now->view_clients->until_s)
		return;
	fresh = rules_derive(now);
	if (!fresh || !view_clients_fill(fresh, wall_s)) {
		rules_destroy(fresh);
		return;
	}
	rulebook_publish(book, fresh, RULES_CHANGE_SERVING);
	log_schedules(s, rulebook_current(book)->views, &before, &after);
}

const struct view *view_clients_passed(const struct rules *r, const struct address *client)
{
	struct view_clients *awake;
	uint32_t at;

	if (!view_bits_any(&r->view_clients->asleep))
		return NULL;
	awake = make(r, wall_now_s(), &nobody);
	at = awake ? client_map_find(&awake->map, client) : CLIENT_MAP_NONE;
	end_clients(awake);
	return at != CLIENT_MAP_NONE && view_bits_get(&r->view_clients->asleep, at)
		       ? &r->views->views[at]
		       : NULL;
}

unsigned view_clients_devices(const struct rules *r, unsigned view, unsigned client)
{
	const struct view_clients *c = r->view_clients;
	const uint8_t *first = NULL, *mac;
	size_t first_len = 0, len;
	unsigned n = 0;

	for (unsigned i = 0; i < c->found_n && n < 2; i++) {
		const struct view_found *f = &c->found[i];
		const struct lease *lease;

		if (f->view != view || f->client != client)
			continue;
		lease = leases_of_address(r->leases, f->address.octets,
					  f->address.family == 4 ? 4 : 16, 0);
		len = lease ? lease_mac(lease, &mac) : 0;
		if (len == 0 || (first && len == first_len && memcmp(first, mac, len) == 0))
			continue;
		first = mac;
		first_len = len;
		n++;
	}
	return n;
}

/* --- doubts ----------------------------------------------------------------------------- */

static void note(struct load *l, const struct config *c, const struct named *e, const char *what)
{
	char key[48], where[LOAD_KEY_MAX], text[VIEW_TEXT_MAX];

	snprintf(key, sizeof key, "views[%u].clients[%u]", e->view, e->at);
	load_add_note(l, "%s%s: %s", load_say_key(c, key, where), view_client_text(e->client, text),
		      what);
}

static bool may_be_of_client(const struct view_client *c)
{
	uint8_t name[TERN_NAME_MAX];

	return c->kind != VIEW_NAME ||
	       lease_name(c->name + 1, c->name[0], tern_name_root, name) == LEASE_NAMED;
}

static unsigned count_found(const struct view_clients *c, const struct named *e)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->found_n; i++)
		n += c->found[i].view == e->view && c->found[i].client == e->at;
	return n;
}

static void doubt_entry(struct load *l, const struct config *c, const struct rules *r,
			const struct named *e)
{
	unsigned n = count_found(r->view_clients, e);

	if (!may_be_of_client(e->client))
		note(l, c, e, "no DHCP client may have that name");
	else if (n == 0)
		note(l, c, e, "no lease is of such a client at this time");
	else if (n > 1 && e->client->kind == VIEW_NAME &&
		 view_clients_devices(r, e->view, e->at) > 1)
		note(l, c, e, "several devices say that this is their name; all of them count");
}

void view_clients_doubt(struct load *l, const struct config *c)
{
	struct rules r = {.views = l->views, .leases = l->leases};
	struct view_clients *now = make(&r, wall_now_s(), &nobody);
	struct making m = {.set = l->views, .out = now};

	r.view_clients = now;
	if (now && gather_named(&m) && m.named_n > 0 && c->leases_n == 0)
		note(l, c, &m.named[0], "without leases no such client is found");
	for (unsigned i = 0; c->leases_n > 0 && i < m.named_n; i++) {
		if (i > 0 && view_client_compare(m.named[i].client, m.named[i - 1].client) == 0)
			note(l, c, &m.named[i], "an earlier entry has the same, and counts");
		else
			doubt_entry(l, c, &r, &m.named[i]);
	}
	free(m.named);
	end_clients(now);
}

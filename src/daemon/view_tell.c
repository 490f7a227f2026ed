/* view_tell.c - what is told of views: what each has, and whom. */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "daemon/server_private.h"
#include "daemon/view_clients.h"

#define ADDRESSES_MAX 64 /* of an entry that are named */

static json_t *addresses_of(const struct rules *r, unsigned view, unsigned client)
{
	const struct view_clients *now = r->view_clients;
	json_t *array = json_array();

	for (unsigned i = 0; i < now->found_n && json_array_size(array) < ADDRESSES_MAX; i++) {
		const struct view_found *f = &now->found[i];
		char text[ADDRESS_TEXT_MAX];

		/* Another view may have that address in its networks. */
		if (f->view != view || f->client != client ||
		    client_map_find(&now->map, &f->address) != view)
			continue;
		address_to_text(&f->address, text);
		*strchrnul(text, '@') = '\0';
		(void)json_array_append_new(array, json_string(text));
	}
	return array;
}

static unsigned count_networks(const struct view *v)
{
	unsigned n = 0;

	for (unsigned i = 0; i < v->clients_n; i++)
		n += v->clients[i].kind == VIEW_NETWORK;
	return n;
}

/* Those that are named, with what was found. */
static json_t *clients_of(const struct rules *r, unsigned view)
{
	const struct view *v = &r->views->views[view];
	json_t *array = json_array();

	for (unsigned i = 0; i < v->clients_n; i++) {
		char text[VIEW_TEXT_MAX];

		if (v->clients[i].kind == VIEW_NETWORK)
			continue;
		(void)json_array_append_new(
			array,
			json_pack("{s:s,s:o,s:b}", "client", view_client_text(&v->clients[i], text),
				  "addresses", addresses_of(r, view, i), "claimed_by_several",
				  v->clients[i].kind == VIEW_NAME &&
					  view_clients_devices(r, view, i) > 1));
	}
	return array;
}

static time_t now(void)
{
	return (time_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);
}

/* "until Sun 08:00"; "" for 0. */
static char *until_text(time_t at, char out[VIEW_UNTIL_MAX])
{
	struct tm tm;

	out[0] = '\0';
	if (at != 0 && localtime_r(&at, &tm))
		(void)strftime(out, VIEW_UNTIL_MAX, "until %a %H:%M", &tm);
	return out;
}

char *view_until(const struct view *v, char out[VIEW_UNTIL_MAX])
{
	return until_text(schedule_change(&v->schedule, now()), out);
}

/* Only of views that have a schedule. */
static void add_schedule(json_t *to, const struct rules *r, unsigned view)
{
	const struct view *v = &r->views->views[view];
	char until[VIEW_UNTIL_MAX];
	time_t at;

	if (!to || v->schedule.n == 0)
		return;
	at = schedule_change(&v->schedule, now());
	(void)json_object_set_new(to, "applies",
				  json_boolean(!view_bits_get(&r->view_clients->asleep, view)));
	(void)json_object_set_new(to, "until", json_string(until_text(at, until)));
	(void)json_object_set_new(to, "changes_at", json_integer(at));
}

static json_t *view_to_json(const struct server *s, const struct rules *r, unsigned view)
{
	const struct view *v = &r->views->views[view];
	const struct view_options *o = &r->config->views[view];
	struct cache *cache = rules_view_cache(r, v->class);
	struct cache_counts counts = {.entries = 0};

	if (cache)
		cache_count(cache, &counts);
	json_t *told = json_pack(
		"{s:s,s:i,s:o,s:i,s:i,s:b,s:I,s:i}", "name", v->name, "networks",
		(int)count_networks(v), "clients", clients_of(r, view), "lists",
		__builtin_popcountll(v->has_lists ? v->lists_asked : r->lists_asked), "zones",
		(int)(o->forward_zones_n + o->stub_zones_n), "own_cache", cache != NULL, "cached",
		(json_int_t)counts.entries, "paused_s", (int)pause_left_s(s, v->class));

	add_schedule(told, r, view);
	return told;
}

json_t *views_to_json(const struct server *s)
{
	const struct rules *r = rulebook_current(&s->shared.rules);
	json_t *array = json_array();

	for (unsigned i = 0; r->views && i < r->views->n; i++)
		(void)json_array_append_new(array, view_to_json(s, r, i));
	return array;
}

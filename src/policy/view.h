/*
 * view.h - clients that are answered by rules of their own.
 *
 * Purpose    A view says who belongs to it, and what is different for them; all else is as it is
 *            for everybody. struct rules has a rule set for each view (rules_for_view()).
 * Classes    A view has a number, its class, which it keeps over reloads. Rendered answers,
 *            and questions that are under way, are told apart by it. Class 0 are the clients of
 *            no view.
 * Threads    made by one thread, then read by all.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy/access.h"
#include "policy/changes.h"
#include "policy/client_map.h"
#include "policy/endpoint.h"
#include "policy/route.h"

#define VIEWS_MAX     31 /* classes 1 .. VIEWS_MAX */
#define VIEW_NAME_MAX 64 /* octets, with NUL */

struct zone_store; /* zone/store.h */

struct view {
	char name[VIEW_NAME_MAX];
	uint8_t class;             /* 1 .. VIEWS_MAX */
	bool has_access;           /* its own one, */
	bool has_routes;           /* its own ones, and a cache for what they lead to, */
	bool has_lists;            /* and its own choice of lists */
	struct access_list access; /* texts and arrays belong to whoever made the set */
	struct routes routes;      /* those of everybody are among them */
	struct answer_changes changes;
	uint64_t lists_asked;
	const struct zone_store *zones; /* asked before those of everybody; NULL for none */
	uint64_t cache_octets;          /* of a cache of its own */
};

/** A listener whose clients belong to a view, wherever they are. */
struct view_listener {
	struct address at;
	uint16_t view; /* its place in the set */
};

struct view_set {
	struct view *views;
	unsigned n;
	unsigned classes_n;        /* the greatest class */
	struct client_map clients; /* to places in the set */
	struct view_listener *listeners;
	unsigned listeners_n;
};

/** The class of whoever asks at the listener @p at, whatever the address; 0 when any may come. */
static inline unsigned view_of_listener(const struct view_set *views, const struct address *at)
{
	for (unsigned i = 0; views && i < views->listeners_n; i++) {
		if (address_equal(&views->listeners[i].at, at))
			return views->views[views->listeners[i].view].class;
	}
	return 0;
}

/** The class of @p client. */
static inline unsigned view_of_client(const struct view_set *views, const struct address *client)
{
	uint32_t found = client_map_find(&views->clients, client);

	return found == CLIENT_MAP_NONE ? 0 : views->views[found].class;
}

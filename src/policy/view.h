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
#include "policy/options.h"
#include "policy/route.h"
#include "policy/schedule.h"
#include "policy/view_bits.h"
#include "policy/view_client.h"

#define VIEW_NAME_MAX 64 /* octets, with NUL */

struct zone_store; /* zone/store.h */

struct view {
	char name[VIEW_NAME_MAX];
	uint8_t class;                     /* 1 .. VIEWS_MAX */
	const struct view_client *clients; /* of the configuration, as texts and arrays are */
	unsigned clients_n;
	struct schedule schedule; /* when the view applies; else its clients are not its */
	bool has_access;          /* its own one, */
	bool has_routes;          /* its own ones, and a cache for what they lead to, */
	bool has_lists;           /* its own choice of lists, */
	bool has_policies;        /* its own choice of policy zones, */
	bool has_rates;           /* and its own limits of clients */
	uint32_t policies_asked;  /* a bit each */
	struct rate_options rates;
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
	unsigned classes_n; /* the greatest class */
	struct view_listener *listeners;
	unsigned listeners_n;
};

/** A client that DHCP knows was found: it has @c address. */
struct view_found {
	struct address address;
	uint16_t view;   /* its place in the set, */
	uint16_t client; /* and that of the entry among the view's clients */
};

/** Which view each client is in right now. */
struct view_clients {
	struct client_map map; /* to places in the set of views */
	struct view_found *found;
	unsigned found_n;
	int64_t until_s;         /* wall clock: the first of what was found has ended by then */
	struct view_bits asleep; /* places in the set of those that do not apply now */
};

/**
 * The class of whoever asks at the listener @p at, whatever the address; 0 when any may come. @p
 * now was made for @p views, which may both be NULL.
 */
static inline unsigned view_of_listener(const struct view_set *views,
					const struct view_clients *now, const struct address *at)
{
	for (unsigned i = 0; views && i < views->listeners_n; i++) {
		unsigned view = views->listeners[i].view;

		if (address_equal(&views->listeners[i].at, at) &&
		    !view_bits_get(&now->asleep, view))
			return views->views[view].class;
	}
	return 0;
}

/** The class of @p client; @p now was made for @p views. */
static inline unsigned view_of_client(const struct view_set *views, const struct view_clients *now,
				      const struct address *client)
{
	uint32_t found = client_map_find(&now->map, client);

	return found == CLIENT_MAP_NONE ? 0 : views->views[found].class;
}

/*
 * access.h - which clients may ask.
 */
#pragma once

#include <stdbool.h>

#include "base/address.h"

/** Networks that may ask; the caller owns the array. */
struct access_list {
	const struct prefix *allow;
	unsigned allow_n;
	bool drop; /* others get silence instead of REFUSED */
	/* The networks of the host's interfaces, if one of the above is `connected`. */
	const struct prefix *near;
	unsigned near_n;
};

/** Does this one, which holds no address, stand for the networks of the host's interfaces? */
static inline bool prefix_is_connected(const struct prefix *p)
{
	return p->base.family == 0;
}

/** May @p client ask? */
static inline bool access_allows(const struct access_list *list, const struct address *client)
{
	for (unsigned i = 0; i < list->allow_n; i++) {
		if (prefix_holds(&list->allow[i], client))
			return true;
	}
	for (unsigned i = 0; i < list->near_n; i++) {
		if (prefix_holds(&list->near[i], client))
			return true;
	}
	return false;
}

/*
 * interfaces.h - the networks that this host is connected to, as they come and go.
 *
 * Purpose    what `connected` in access.allow means: the networks of the addresses of
 *            all interfaces that are up, global ones of IPv6 too; and the addresses of an
 *            interface in server.listen.
 * Threads    main thread only.
 */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"
#include "config/config.h"
#include "policy/rules.h"

#define NETWORKS_MAX 256

struct interfaces;

/** NULL when memory is short. Without netlink changes are seen within NETWORKS_LOOK_MS. */
MUST_USE struct interfaces *interfaces_create(void);

/** NULL is allowed. */
void interfaces_destroy(struct interfaces *n);

#define NETWORKS_LOOK_MS 10000

/** Readable when something may have changed; -1 for none. */
int interfaces_fd(const struct interfaces *n);

/** Give @p rules the networks as they are now, if they want them; false when memory is short. */
MUST_USE bool interfaces_fill(struct interfaces *n, struct rules *rules);

/** May something have changed? So if @p told, and if nobody looked for NETWORKS_LOOK_MS. */
bool interfaces_changed(struct interfaces *n, bool told);

/** Look again; publishes another rule set in @p book when it must. */
void interfaces_follow(struct interfaces *n, struct rulebook *book);

/**
 * Write down where @p options say to listen, an interface being what addresses it has right now;
 * no double. Returns how many were written, or a number above @p max when these were not all.
 */
unsigned interfaces_endpoints(const struct listen_options *options, unsigned n,
			      struct endpoint *out, unsigned max);

/**
 * Write down where clients reach who listens as @p options say: as interfaces_endpoints(), but what
 * is listened on at all addresses is each address of the interfaces that are up, without loopback,
 * unless there is nothing else, and without link-local ones.
 */
unsigned interfaces_reached(const struct listen_options *options, unsigned n, struct endpoint *out,
			    unsigned max);

/** Is an interface listened on? */
bool interfaces_are_listened_on(const struct config *config);

/*
 * view_clients.h - which view each client is in right now.
 *
 * Purpose    views name networks, and clients that DHCP knows: the leases in force tell their
 *            addresses. Views out of their schedule have none. What workers read is made anew when
 *            leases change or end, or a view begins or ceases to apply.
 * Threads    view_clients_doubt(): any. All else: main thread.
 */
#pragma once

#include "daemon/load.h"
#include "policy/rules.h"

struct server;

/**
 * Give @p rules, whose views and leases are set, the clients of the views as they are at @p wall_s
 * (CLOCK_REALTIME); what is as it was stays shared. False when memory is short.
 */
MUST_USE bool view_clients_fill(struct rules *rules, int64_t wall_s);

/** Some leases may have ended, and some views begin or cease to apply. */
void view_clients_tick(struct server *s);

/** Note what is doubtful about the clients that the views of @p load name. */
void view_clients_doubt(struct load *load, const struct config *config);

/** The view that @p client would be in if every view applied, when it is one that does not; else
 * NULL. */
const struct view *view_clients_passed(const struct rules *rules, const struct address *client);

/** How many devices entry @p client of view @p view has found, 2 for more; 0 when that is not
 * known. */
unsigned view_clients_devices(const struct rules *rules, unsigned view, unsigned client);

/*
 * firewall.h - puts addresses into sets of nftables, in a thread of its own, and sends the letters
 * of answers that wait for that back (worker/gate.h).
 *
 * Threads    the caller's, and its own.
 * Rights     CAP_NET_ADMIN in the network namespace of the daemon.
 */
#pragma once

#include "base/compiler.h"
#include "base/log.h"
#include "worker/mailbox.h"

struct firewall;

/** Begin; NULL when memory, threads or libnftables are short. @p log outlives it. */
MUST_USE struct firewall *firewall_start(struct log *log);

/** Where letters go. */
struct mailbox *firewall_box(struct firewall *f);

/** The thread ends; letters that come after that are not read. NULL is allowed. */
void firewall_stop(struct firewall *f);

/** Free what stopped; nobody may write to it any more. NULL is allowed. */
void firewall_destroy(struct firewall *f);

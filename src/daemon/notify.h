/*
 * notify.h - what the service manager is told, and the sockets that it may hand over.
 *
 * Every call is harmless without systemd: nothing is sent, no socket is found.
 * Threads    main thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"

struct log;

/** A bound socket that was opened for us (sd_listen_fds(3)); ours to close. */
struct notify_socket {
	int fd;               /**< non-blocking and close-on-exec; a TCP one listens */
	bool tcp;             /**< else UDP */
	struct address local; /**< what it is bound to */
};

/** Start-up is done: queries are answered. */
void notify_ready(void);

/** Another configuration is being taken; notify_ready() ends that. */
void notify_reloading(void);

/** An orderly stop has begun. */
void notify_stopping(void);

/** Still alive. To be called well within WatchdogSec of the unit. */
void notify_watchdog(void);

/**
 * Take the sockets that the service manager passed; to be called once.
 *
 * What is neither a UDP socket nor a listening TCP socket of IPv4 or IPv6, or is beyond @p max, is
 * closed with a warning.
 * @return how many of @p out were filled
 */
unsigned notify_listen_fds(struct notify_socket *out, unsigned max, struct log *log);

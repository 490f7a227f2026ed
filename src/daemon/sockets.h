/*
 * sockets.h - the listening sockets of all workers.
 *
 * Each worker has its own per address (SO_REUSEPORT). Sockets that the service
 * manager hands over are shared by all workers instead.
 */
#pragma once

#include "base/compiler.h"
#include "base/log.h"
#include "config/config.h"
#include "worker/worker.h"

#define SOCKETS_TEXT_MAX 512

struct sockets {
	unsigned workers_n; /* set by the caller */
	unsigned listeners_n;
	struct listener_fds fds[WORKERS_MAX][LISTENERS_MAX];
	char text[SOCKETS_TEXT_MAX]; /* the addresses, for the log */
};

/** Open what the configuration says; false after telling @p log why and closing all. */
MUST_USE bool sockets_open(struct sockets *s, const struct config *config, struct log *log);

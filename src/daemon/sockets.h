/*
 * sockets.h - where clients ask: the listening sockets of all workers, by slot.
 *
 * Each worker has its own per address (SO_REUSEPORT). Sockets that the service
 * manager hands over are shared by all workers instead, and stay.
 *
 * Threads    main thread only.
 */
#pragma once

#include <sys/types.h>

#include "base/compiler.h"
#include "base/log.h"
#include "worker/worker.h"

#define SOCKETS_TEXT_MAX 512

enum slot_state {
	SLOT_FREE,
	SLOT_OPEN,
	SLOT_WANTED, /* could not be opened yet */
};

struct socket_slot {
	struct address at;
	enum slot_state state;
	uint64_t free_ms; /* SLOT_FREE: from then on, CLOCK_MONOTONIC: its socket may linger */
	bool told;        /* SLOT_WANTED: why */
};

struct sockets {
	struct log *log;    /* set by the caller, */
	unsigned workers_n; /* as this, */
	uid_t owner;        /* and who the daemon is going to be: sockets of one port are one
			       user's; (uid_t)-1 for who it is */
	unsigned slots_n;   /* ever used */
	bool passed;        /* by the service manager */
	uint64_t tried_ms;
	uint64_t wait_until_ms;               /* for workers, whatever the number of addresses */
	struct address listen[LISTENERS_MAX]; /* all that are wanted, with a place or without */
	unsigned listen_n;                    /* 0 until they were changed */
	struct socket_slot slots[LISTENERS_MAX];
	struct listener_fds fds[WORKERS_MAX][LISTENERS_MAX]; /* for worker_create() */
	char text[SOCKETS_TEXT_MAX];                         /* the open addresses */
};

/** Open @p listen, or take what was passed; false after logging why and closing all. */
MUST_USE bool sockets_open(struct sockets *s, const struct address *listen, unsigned listen_n);

/**
 * Listen on @p listen from here on: what is new is opened before what is old is closed. @p fail is
 * called with each that can't be opened now, and will be tried again.
 */
void sockets_change(struct sockets *s, struct worker **workers, const struct address *listen,
		    unsigned listen_n, void (*fail)(void *context, const char *why), void *context);

/** Try again what could not be opened. Call it now and then. */
void sockets_tick(struct sockets *s, struct worker **workers);

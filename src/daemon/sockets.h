/*
 * sockets.h - where clients ask: the listening sockets of all workers, by slot.
 *
 * Each worker has its own per address (SO_REUSEPORT). Sockets that the service
 * manager hands over are shared by all workers instead, and stay. A worker that rests
 * has UDP sockets too, for answers that it owes, but nothing comes in there.
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
	struct endpoint at;
	enum slot_state state;
	uint64_t free_ms; /* SLOT_FREE: from then on, CLOCK_MONOTONIC: its socket may linger */
	bool told;        /* SLOT_WANTED: why */
};

struct sockets {
	struct log *log;    /* set by the caller, */
	unsigned workers_n; /* that serve, set as this at the start, */
	uid_t owner;        /* and who the daemon is going to be: sockets of one port are one
			       user's; (uid_t)-1 for who it is */
	unsigned made_n;    /* workers with sockets: those that rest, too */
	unsigned slots_n;   /* ever used */
	bool passed;        /* by the service manager */
	uint64_t tried_ms;
	uint64_t wait_until_ms;                /* for workers, whatever the number of addresses */
	uint64_t accept_until_ms;              /* do workers that rest; 0: none does, */
	uint64_t steer_until_ms;               /* are connections kept from them; 0: no more */
	struct endpoint listen[LISTENERS_MAX]; /* all that are wanted, with a place or without */
	unsigned listen_n;
	struct socket_slot slots[LISTENERS_MAX];
	struct listener_fds fds[WORKERS_MAX][LISTENERS_MAX]; /* for worker_create() */
	char text[SOCKETS_TEXT_MAX];                         /* the open addresses */
};

/** Open @p listen, or take what was passed; false after logging why and closing all. */
MUST_USE bool sockets_open(struct sockets *s, const struct endpoint *listen, unsigned listen_n);

/** Is one of @p listen not open, or something else open? */
bool sockets_differ(const struct sockets *s, const struct endpoint *listen, unsigned listen_n);

/** Is @p listen something else than what is listened on, or would be if it could? */
bool sockets_want(const struct sockets *s, const struct endpoint *listen, unsigned listen_n);

/**
 * Listen on @p listen from here on: what is new is opened before what is old is closed. @p fail is
 * called with each that can't be opened now, and will be tried again.
 */
void sockets_change(struct sockets *s, struct worker **workers, const struct endpoint *listen,
		    unsigned listen_n, void (*fail)(void *context, const char *why), void *context);

/**
 * Let the first @p n of @p workers serve, all of which are made, and the others rest. Whoever
 * asks meanwhile is served. False with errno when there can't be sockets for so many: as many as
 * there are sockets for serve (s->workers_n).
 */
MUST_USE bool sockets_resize(struct sockets *s, struct worker **workers, unsigned n);

/**
 * Open what another worker needs, when all that are made serve: s->fds[s->made_n], for
 * worker_create(). Until sockets_conclude_new() no connection comes in there. False with errno, and
 * nothing is open.
 */
MUST_USE bool sockets_open_for_new(struct sockets *s);

/** It has been @p made, and serves; or its sockets are closed by now, and there is none. */
void sockets_conclude_new(struct sockets *s, bool made);

/** Descriptors that the sockets take, or took if @p workers_n of @p made_n served. */
unsigned long sockets_descriptors(const struct sockets *s, unsigned workers_n, unsigned made_n);

/** Try again what could not be opened. Call it now and then. */
void sockets_tick(struct sockets *s, struct worker **workers);

/*
 * worker.h - one thread that serves clients: sockets, loop, pools, jobs.
 *
 * Purpose    a worker per CPU; each owns everything it touches but the cache,
 *            the server table, the in-flight table and its mailbox.
 * Threads    worker_create/start/stop/destroy: main thread. worker_tally(),
 *            worker_trace(), worker_run_errand(), worker_listen() and kin: any
 *            thread.
 */
#pragma once

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/address.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/readers.h"
#include "cache/answers.h"
#include "cache/cache.h"
#include "cache/infra.h"
#include "dnssec/anchor.h"
#include "net/quic.h"
#include "policy/endpoint.h"
#include "policy/rules.h"
#include "resolver/job.h"
#include "worker/inflight.h"
#include "worker/tally.h"

#define WORKERS_MAX     256
#define LISTENERS_MAX   64
#define TCP_CLIENTS_MAX 65535 /* connections of clients, per worker */

/** Sockets of a worker at one endpoint, which the worker closes. */
struct listener_fds {
	struct endpoint at; /* its address has family 0 when there is nothing */
	int udp;            /* -1 for a transport without, */
	int tcp;            /* and for this a worker that rests, too */
	bool wildcard;
	bool shared; /* all workers have the same sockets, not their own */
};

static inline bool listener_fds_are_there(const struct listener_fds *fds)
{
	return fds->at.address.family != 0;
}

/** Close those that are open. */
void listener_fds_close(const struct listener_fds *fds);

/** What all workers share; owned by main, constant while workers run but for the rule set. */
struct worker_shared {
	struct log *log;
	struct infra *infra;
	struct inflight *inflight;
	struct fill *fill;        /* of the cache, by clients */
	struct rates *rates;      /* of clients and zones; NULL: nobody is counted */
	struct hash_key hash_key; /* of the in-flight table */
	struct hash_key cookie_secret;
	struct quic_secret quic_secret;
	struct rulebook rules;            /* a worker looks once per turn */
	_Atomic uint32_t tcp_clients_max; /* per worker, so that descriptors are left for servers;
					     0: TCP_CLIENTS_MAX */
	_Atomic uint32_t tcp_servers_max; /* above so many connections to servers, per worker, those
					     without a question give way; 0: never */
	struct mailbox *firewall;         /* fills sets; NULL: nobody does (keeper/firewall.h) */
	struct worker **workers; /* WORKERS_MAX places, NULL for one that was never hired */
	unsigned workers_n;      /* those that rest, too; main thread only */
};

struct mailbox;
struct worker;

/** The cache in force; for a reader, until it rests. */
static inline struct cache *shared_cache(const struct worker_shared *shared)
{
	return rulebook_current(&shared->rules)->cache;
}

/** All caches in force: that one, and those of views. Main thread. */
void shared_each_cache(const struct worker_shared *shared,
		       void (*visit)(void *context, struct cache *cache), void *context);

/** Forget a name, or a zone and all below it, in all of them; how much it was. Main thread. */
size_t shared_flush_name(const struct worker_shared *shared, const uint8_t *name);
size_t shared_flush_zone(const struct worker_shared *shared, const uint8_t *zone);

/**
 * Make worker @p index with sockets in the slots below @p listeners_n (taken over), of which some
 * may have none. NULL with errno when memory or the system refuses: all of them are closed then.
 */
MUST_USE struct worker *worker_create(const struct worker_shared *shared, unsigned index,
				      const struct listener_fds *listeners, unsigned listeners_n);

/**
 * Start its thread, on CPU @p cpu unless that is negative: it begins there, and moves when that CPU
 * is busy with others. False with errno when the system refuses.
 */
MUST_USE bool worker_start(struct worker *w, int cpu);

/**
 * Have @p w open @p fds (taken over) in @p slot, which is free in all workers; start to serve
 * there, once it is open in all of them; and close it again. False when memory is short: the
 * sockets are closed then.
 */
MUST_USE bool worker_listen(struct worker *w, unsigned slot, const struct listener_fds *fds);
MUST_USE bool worker_start_listening(struct worker *w, unsigned slot);
MUST_USE bool worker_stop_listening(struct worker *w, unsigned slot);

/**
 * Have @p w take no more datagrams in @p slot, then no more connections either: others do. What was
 * taken is answered, and worker_listen() there makes it begin anew. False when memory is short.
 */
MUST_USE bool worker_rest(struct worker *w, unsigned slot);
MUST_USE bool worker_stop_accepting(struct worker *w, unsigned slot);

/** Has @p w something open in @p slot? A closed one is for some seconds more. */
bool worker_listens(const struct worker *w, unsigned slot);

/**
 * Have it finish what clients have asked, before worker_stop(); returns at once. Until then it goes
 * on serving, but sockets that others have as well are read no more: what comes in there is theirs.
 */
void worker_drain(struct worker *w);

/** Has everybody been answered who had asked before worker_drain()? */
bool worker_is_drained(const struct worker *w);

/** Ask it to end; returns at once. Who still waits then gets nothing, and asks again. */
void worker_stop(struct worker *w);

/** Wait for the thread's end. */
void worker_join(struct worker *w);

/** Free everything of a joined worker; no other worker may run any more. */
void worker_destroy(struct worker *w);

/** Its counters; read them relaxed at any time. */
const struct tally *worker_tally(const struct worker *w);

/** Connections of clients that it has. */
uint32_t worker_tcp_clients(const struct worker *w);

/** Loop turns so far: a worker that hangs does not move. */
uint64_t worker_beat(const struct worker *w);

/** CPU time of its thread; 0 when that can't be told. */
uint64_t worker_cpu_ns(const struct worker *w);

/** The signal that its thread takes: whoever installs a handler sees where the thread is. */
#define WORKER_STACK_SIGNAL SIGUSR2

/** Its thread, once started; and the system's number of it, 0 while it has not run yet. */
pthread_t worker_thread(const struct worker *w);
pid_t worker_thread_id(const struct worker *w);

#define ERRAND_ADDRESSES_MAX 8 /* that are told; others are in the cache */

/** What an errand came to. */
struct errand_found {
	struct address addresses[ERRAND_ADDRESSES_MAX]; /* of the type asked for; ports are 0 */
	unsigned n;
	uint16_t rcode;
	char why[JOB_TEXT_MAX]; /* as in the extended error; "" for nothing */
};

/**
 * A question of the daemon's own, resolved apart from what clients see: what is
 * found goes into a cache of its own, and nothing is known beforehand. What it
 * points to is the sender's, and stays until a letter is in @c back: the errand has
 * ended then, whatever came of it. That letter is the sender's to free.
 */
struct errand {
	struct question question;
	unsigned flags; /* enum job_flag, besides JOB_NO_SERVE */
	struct cache *cache;
	const struct trust_anchors *anchors;
	struct mailbox *back;
	struct errand_found *found; /* zeroed; names of our own and aliases are followed. NULL for
				       nothing */
};

/** Run @p errand on @p w. False when memory is short or the mailbox is full: no letter comes. */
MUST_USE bool worker_run_errand(struct worker *w, const struct errand *errand);

/**
 * Resolve @p question on @p w and write every step as a line to @p fd, which is
 * closed at the end. @p fd must be non-blocking: what it doesn't take is lost.
 * False when the mailbox is full (@p fd stays open).
 */
MUST_USE bool worker_trace(struct worker *w, const struct question *question, int fd);

/*
 * helpers.h - what the tests of the worker share: what workers share, a worker
 * on a port of the loopback, answers in its cache and queries for them.
 */
#pragma once

#include "../names.h"
#include "../sockets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tern/builder.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "resolver/hints.h"
#include "worker/worker.h"

/* There when the program was built with a sanitizer: then everything takes longer. */
void __asan_init(void) __attribute__((weak));
void __tsan_init(void) __attribute__((weak));

static inline bool is_sanitized(void)
{
	return __asan_init || __tsan_init;
}

#define TEST_WORKERS_MAX 8

/** There from shared_open() to shared_close(). */
extern struct rules rules; /* in force; may be changed in place */
extern struct root_hints hints;
extern struct worker_shared shared;
extern struct worker *workers[TEST_WORKERS_MAX];

/** Everything that @p workers_n workers share; whoever is on the loopback may ask. */
void shared_open(uint64_t cache_size, unsigned workers_n);
void shared_close(void);

/** Sockets on a port of the loopback, for worker_create(). */
struct listener_fds listen_somewhere(void);

/** A client's socket, connected to where @p udp listens. */
int client_of(int udp);

/** Stop, join and destroy all workers that there are. */
void workers_end(void);

/** The rendered answer "name<i>.example. A 192.0.2.<i>", without and with DO, into the cache. */
void put_answer(unsigned i);

/** Octets that a query of these tests may have. */
#define QUERY_MAX 100

/** Header and question (@p name A) of a query, to be gone on with; @p to has QUERY_MAX octets. */
struct tern_builder begin_query(uint8_t *to, uint16_t id, const char *name);

/*
 * worker.c - making, running and ending a worker.
 */
#include "worker/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/readers.h"
#include "worker/ending.h"
#include "worker/scheduling.h"
#include "worker/upstream_private.h"
#include "worker/worker_private.h"

#define TURN_MAX_MS 250 /* a worker beats at least this often */

_Static_assert(_Alignof(struct worker) == CACHE_LINE && sizeof(struct worker) % CACHE_LINE == 0 &&
		       offsetof(struct worker, mailbox) % CACHE_LINE == 0 &&
		       sizeof(struct mailbox) % CACHE_LINE == 0,
	       "no line of a worker is another's, and the mailbox has its own");

static bool make_pools(struct worker *w)
{
	return pool_init(&w->tasks, sizeof(struct task), TASKS_MAX) &&
	       pool_init(&w->waiters, sizeof(struct waiter), WAITERS_MAX) &&
	       pool_init(&w->exchanges, sizeof(struct exchange), EXCHANGES_MAX) &&
	       pool_init(&w->tcp_clients, sizeof(struct tcp_client), TCP_CLIENTS_MAX) &&
	       hosts_init(&w->client_hosts, TCP_CLIENTS_MAX) && crowd_init(&w->clients) &&
	       pool_init(&w->tcp_servers, tcp_server_size(), TCP_SERVERS_MAX) &&
	       pool_init(&w->tcp_connections, tcp_connection_size(), TCP_CONNECTIONS_MAX);
}

/* A class that is no view's any more has what everybody has. */
static void take_views(struct worker *w)
{
	const struct view_set *views = w->rules->views;

	if (views && w->view_resolvers_n < views->classes_n)
		w->view_resolvers_n = views->classes_n;
	for (unsigned class = 1; class <= w->view_resolvers_n; class ++) {
		struct resolver *r = &w->view_resolvers[class - 1];

		r->rules = rules_for_view(w->rules, class);
		r->cache = r->rules->cache;
	}
	for (unsigned i = 0; i < w->listeners_n; i++) {
		struct listener *l = &w->listeners[i];

		l->view = (uint8_t)view_of_listener(views, w->rules->view_clients, &l->at.address);
		l->had_view |= l->view != 0;
	}
}

/* What the rules say of a listener is found once for each rule set. */
static void take_listen_options(struct worker *w)
{
	for (unsigned i = 0; i < w->listeners_n; i++)
		w->listeners[i].options = listen_options_of(w->rules, &w->listeners[i].at);
	w->rules_seen = w->rules->generation;
}

static void take_rules(struct worker *w)
{
	uint32_t clients_max =
		atomic_load_explicit(&w->shared->tcp_clients_max, memory_order_relaxed);

	w->client_shares.max =
		clients_max ? MIN(clients_max, (uint32_t)TCP_CLIENTS_MAX) : TCP_CLIENTS_MAX;
	w->rules = rulebook_current(&w->shared->rules);
	w->resolver.rules = w->rules;
	w->resolver.cache = w->rules->cache;
	w->http.path = w->rules->serve.https.path;
	/* Not by its address: the next rule set may have the place of one that was freed. */
	if (unlikely(w->rules->generation != w->rules_seen))
		take_listen_options(w);
	if (unlikely(w->rules->views || w->view_resolvers_n > 0))
		take_views(w);
}

static void init_resolver(struct worker *w)
{
	const struct worker_shared *s = w->shared;

	w->resolver = (struct resolver){
		.rules = w->rules,
		.cache = w->rules->cache,
		.infra = s->infra,
		.random = &w->random,
		.rrs = w->rrs,
		.crypto = w->crypto,
		.scratch = w->signed_data,
	};
	for (unsigned i = 0; i < VIEWS_MAX; i++)
		w->view_resolvers[i] = w->resolver;
}

/* All of them, or none is open any more. */
static bool take_listeners(struct worker *w, const struct listener_fds *fds, unsigned n)
{
	bool good = w != NULL;

	for (unsigned i = 0; i < n; i++) {
		if (!listener_fds_are_there(&fds[i]))
			continue;
		if (good) {
			good = listen_open(w, i, &fds[i]) && listen_start(w, i);
			continue;
		}
		listener_fds_close(&fds[i]);
	}
	return good;
}

static struct worker *make(const struct worker_shared *shared, unsigned index)
{
	struct worker *w = aligned_alloc(CACHE_LINE, sizeof *w);

	if (!w)
		return NULL;
	memset(w, 0, sizeof *w);
	w->task_shares.max = TASKS_MAX;
	CDS_INIT_LIST_HEAD(&w->clients_idle);
	CDS_INIT_LIST_HEAD(&w->clients_owed);
	w->waiter_shares.max = WAITERS_MAX;
	CDS_INIT_LIST_HEAD(&w->idle);
	CDS_INIT_LIST_HEAD(&w->yielded);
	CDS_INIT_LIST_HEAD(&w->tcp_servers_idle);
	CDS_INIT_LIST_HEAD(&w->idle_connections);
	w->connection_shares.max = TCP_CONNECTIONS_MAX;
	w->shared = shared;
	w->index = index;
	random_init(&w->random);
	quic_start(w);
	timer_init(&w->accept_timer, tcp_resume_accepting);
	complaint_init(w);
	w->loop.epoll_fd = -1; /* not there yet, should the mailbox fail */
	w->crypto = crypto_create();
	if (!mailbox_init(&w->mailbox) || !w->crypto || !loop_init(&w->loop) || !make_pools(w) ||
	    !tls_turns_init(&w->tls, &w->loop) || !tls_turns_init(&w->tls_upstream, &w->loop))
		goto failed;
	w->loop.interlude = listen_serve_datagrams;
	w->mail_watch = (struct watch){w->mailbox.event_fd, mail_ready};
	if (!loop_add(&w->loop, &w->mail_watch, EPOLLIN))
		goto failed;
	take_rules(w);
	init_resolver(w);
	return w;
failed:
	worker_destroy(w);
	return NULL;
}

struct worker *worker_create(const struct worker_shared *shared, unsigned index,
			     const struct listener_fds *listeners, unsigned listeners_n)
{
	struct worker *w = make(shared, index);

	if (take_listeners(w, listeners, listeners_n))
		return w;
	int error = errno;

	if (w)
		worker_destroy(w);
	errno = error;
	return NULL;
}

/*
 * First what came in, so that who can be answered at once does not wait for
 * signatures; these are for the jobs that gave way, in the order they did, and who
 * wants some now as well goes behind them. In all a turn has one share of them.
 */
static void take_turn(struct worker *w)
{
	bool queue = !cds_list_empty(&w->yielded);

	crypto_rest(w->crypto);
	if (queue)
		crypto_tire(w->crypto);
	loop_dispatch(&w->loop);
	quic_flush_all(w);
	listen_flush_all(w);
	if (queue)
		crypto_rest(w->crypto);
	client_run_yielded(w);
	if (unlikely(w->resolver.impostors_n == IMPOSTORS_MAX))
		complaint_of_interception(w);
	if (w->resolver.prime_wanted)
		client_prime(w, 0);
	for (unsigned class = 1; class <= w->view_resolvers_n; class ++) {
		if (w->view_resolvers[class - 1].prime_wanted)
			client_prime(w, class);
	}
	quic_flush_all(w);
	listen_flush_all(w);
}

/* What the network layer counts is plain, and the worker's own: others read the tally. */
static void tell_counts(struct worker *w)
{
	struct tally *t = &w->tally;

	tally_set(&t->tls_handshakes, w->tls.handshakes);
	tally_set(&t->tls_resumed, w->tls.resumed);
	tally_set(&t->tls_failed, w->tls.failed);
	tally_set(&t->tls_upstream_handshakes, w->tls_upstream.handshakes);
	tally_set(&t->tls_upstream_resumed, w->tls_upstream.resumed);
	tally_set(&t->tls_upstream_failed, w->tls_upstream.failed);
	tally_set(&t->quic_retries, w->quic.retries);
	tally_set(&t->quic_refused, w->quic.refused);
	tally_set(&t->quic_dropped, w->quic.dropped);
	tally_set(&t->http_requests, w->http.requests);
	tally_set(&t->http_errors, w->http.errors);
	tally_set(&t->http_abuses, w->http.abuses);
}

static void *run(void *argument)
{
	struct worker *w = argument;

	scheduling_begin(w->cpu);
	atomic_store_explicit(&w->thread_id, gettid(), memory_order_relaxed);
	readers_enter();
	bool last = false;

	/* The turn after the order is the last: what others have written before is read in it. */
	while (!last) {
		last = atomic_load_explicit(&w->stopping, memory_order_acquire);
		/* Asleep, this thread holds no reclamation up; awake, a turn is one read section.
		 */
		readers_sleep();
		loop_wait(&w->loop, last || !cds_list_empty(&w->yielded) ? 0 : TURN_MAX_MS);
		readers_wake();
		take_rules(w);
		tcp_heed_limit(w);
		take_turn(w);
		if (unlikely(atomic_load_explicit(&w->draining, memory_order_relaxed)))
			ending_take_turn(w);
		tell_counts(w);
		atomic_store_explicit(&w->clients_n, w->client_shares.taken_n,
				      memory_order_relaxed);
		atomic_fetch_add_explicit(&w->beat, 1, memory_order_relaxed);
	}
	ending_finish(w);
	readers_leave();
	return NULL;
}

/* Signals are main's, but a fault, or who wants to know where it is, is the thread's own. */
static void choose_blocked(sigset_t *set)
{
	static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, WORKER_STACK_SIGNAL};

	sigfillset(set);
	for (unsigned i = 0; i < ARRAY_LEN(own); i++)
		sigdelset(set, own[i]);
}

bool worker_start(struct worker *w, int cpu)
{
	sigset_t blocked, before;

	w->cpu = cpu;
	choose_blocked(&blocked);
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	int error = pthread_create(&w->thread, NULL, run, w);

	w->started = error == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		errno = error;
	return w->started;
}

void worker_drain(struct worker *w)
{
	atomic_store_explicit(&w->draining, true, memory_order_relaxed);
	mailbox_ring(&w->mailbox);
}

bool worker_is_drained(const struct worker *w)
{
	return !w->started || atomic_load_explicit(&w->drained, memory_order_acquire);
}

void worker_stop(struct worker *w)
{
	atomic_store_explicit(&w->stopping, true, memory_order_release);
	mailbox_ring(&w->mailbox);
}

void worker_join(struct worker *w)
{
	if (w->started)
		pthread_join(w->thread, NULL);
	w->started = false;
}

void worker_destroy(struct worker *w)
{
	listen_end_all(w);
	crypto_destroy(w->crypto);
	mail_finish_all(w);
	mailbox_fini(&w->mailbox);
	loop_fini(&w->loop);
	quic_front_end(&w->quic);
	quic_front_end(&w->quic_upstream);
	tls_turns_end(&w->tls);
	tls_turns_end(&w->tls_upstream);
	pool_fini(&w->tasks);
	pool_fini(&w->waiters);
	pool_fini(&w->exchanges);
	pool_fini(&w->tcp_clients);
	hosts_fini(&w->client_hosts);
	crowd_fini(&w->clients);
	pool_fini(&w->tcp_servers);
	pool_fini(&w->tcp_connections);
	free(w);
}

bool worker_listens(const struct worker *w, unsigned slot)
{
	return atomic_load_explicit(&w->listeners[slot].open, memory_order_acquire);
}

const struct tally *worker_tally(const struct worker *w)
{
	return &w->tally;
}

uint32_t worker_tcp_clients(const struct worker *w)
{
	return atomic_load_explicit(&w->clients_n, memory_order_relaxed);
}

uint64_t worker_beat(const struct worker *w)
{
	return atomic_load_explicit(&w->beat, memory_order_relaxed);
}

uint64_t worker_cpu_ns(const struct worker *w)
{
	clockid_t clock;

	if (!w->started || pthread_getcpuclockid(w->thread, &clock) != 0)
		return 0;
	return clock_ns(clock);
}

pthread_t worker_thread(const struct worker *w)
{
	return w->thread;
}

pid_t worker_thread_id(const struct worker *w)
{
	return atomic_load_explicit(&w->thread_id, memory_order_relaxed);
}

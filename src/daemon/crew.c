/*
 * crew.c - the workers: how many, made and started, more of them or fewer while they run, ended.
 *
 * Who is not needed any more rests: a thread that others may still write to never ends alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/server_private.h"

static unsigned list_cpus(int cpus[WORKERS_MAX])
{
	cpu_set_t set;
	unsigned n = 0;

	if (sched_getaffinity(0, sizeof set, &set) != 0)
		return 0;
	for (int i = 0; i < CPU_SETSIZE && n < WORKERS_MAX; i++) {
		if (CPU_ISSET((size_t)i, &set))
			cpus[n++] = i;
	}
	return n;
}

unsigned crew_count(struct server *s, unsigned wanted)
{
	unsigned cpus = list_cpus(s->cpus);
	unsigned n = wanted ? wanted : MAX(cpus, 1u);

	/* Only when there is a CPU for each. */
	for (unsigned i = 0; i < n; i++) {
		if (n != cpus)
			s->cpus[i] = -1;
	}
	return n;
}

#define WORKER_FDS  2 /* a worker's own: epoll and mailbox */
#define CONTROL_FDS (CONTROL_CLIENTS_MAX + 2 * CONTROL_TRACES_MAX) /* a trace has a pipe */

void crew_count_descriptors(struct server *s)
{
	/* At a start those in use are the lowest ones. */
	int next = fcntl(s->signal_fd, F_DUPFD_CLOEXEC, 0);

	if (next >= 0)
		close(next);
	s->descriptors_begun = next >= 0 ? (unsigned long)next : 0;
}

/*
 * What the daemon itself needs when @n workers serve. This is told by what there is, not by what is
 * open: at a reload clients and servers have connections.
 */
static unsigned long own_descriptors(const struct server *s, unsigned n)
{
	unsigned made = MAX(n, s->shared.workers_n);

	return s->descriptors_begun + CONTROL_FDS + WORKER_FDS * made +
	       sockets_descriptors(s->sockets, n, made);
}

/* The last quarter is for asking servers (limits.md rows 60 and 83). */
static unsigned long most_descriptors(const struct server *s)
{
	return s->descriptors / 4 * 3;
}

/* Connections for each of @n workers, as configured, when all those of @others are kept. */
static unsigned long clients_of_each(const struct server *s, unsigned n, unsigned long others)
{
	unsigned long most = most_descriptors(s);
	unsigned long used = own_descriptors(s, n) + others;
	unsigned long each = most > used ? (most - used) / n : 0;

	unsigned long wanted = server_config(s)->server.tcp_clients;

	if (s->descriptors == 0)
		return wanted;
	return MIN(MAX(each, 1ul), wanted);
}

static unsigned long clients_of_resting(const struct server *s)
{
	unsigned long n = 0;

	for (unsigned i = s->sockets->workers_n; i < s->shared.workers_n; i++)
		n += worker_tcp_clients(s->workers[i]);
	return n;
}

void crew_divide_descriptors(struct server *s)
{
	unsigned long each = clients_of_each(s, s->sockets->workers_n, clients_of_resting(s));

	/* The other half of the last quarter is for datagrams. */
	unsigned long servers = s->descriptors / 8 / s->sockets->workers_n;

	atomic_store_explicit(&s->shared.tcp_clients_max, (uint32_t)each, memory_order_relaxed);
	servers = MIN(MAX(servers, 1ul), (unsigned long)UINT32_MAX);
	atomic_store_explicit(&s->shared.tcp_servers_max,
			      s->descriptors > 0 ? (uint32_t)servers : 0, memory_order_relaxed);
}

void crew_tell_descriptors(struct server *s)
{
	unsigned long each = clients_of_each(s, s->sockets->workers_n, 0);

	bool all = each == server_config(s)->server.tcp_clients;

	if (each == s->clients_told || (all && s->clients_told == 0))
		return;
	s->clients_told = all ? 0 : each;
	log_notice(&s->log, "%lu open files are allowed: %lu TCP clients for each worker at most",
		   s->descriptors, each);
}

bool crew_fits(const struct server *s, unsigned n)
{
	/* One client each at least. */
	return s->descriptors == 0 ||
	       own_descriptors(s, n) + clients_of_resting(s) + n <= most_descriptors(s);
}

unsigned crew_affordable(struct server *s, unsigned wanted, unsigned listen_n)
{
	unsigned n = wanted;

	/* None is open yet, so the sockets come on top. One worker there is in any case. */
	while (n > 1 && s->descriptors > 0 &&
	       own_descriptors(s, n) + 2ul * n * listen_n + n > most_descriptors(s))
		n--;
	if (n < wanted)
		log_warning(&s->log,
			    "server.workers: %u workers serve, more need too many of the %lu open "
			    "files that are allowed",
			    n, s->descriptors);
	return n;
}

/* False after logging why. */
static bool make_one(struct server *s, const struct listener_fds *fds, unsigned fds_n)
{
	unsigned i = s->shared.workers_n;

	s->workers[i] = worker_create(&s->shared, i, fds, fds_n);
	if (s->workers[i]) {
		s->shared.workers_n++;
		return true;
	}
	log_error(&s->log, "worker %u: %s", i, strerror(errno));
	return false;
}

static bool start_one(struct server *s, unsigned i)
{
	if (worker_start(s->workers[i], s->cpus[i]))
		return true;
	log_error(&s->log, "worker %u: %s", i, strerror(errno));
	return false;
}

bool crew_make(struct server *s)
{
	const struct sockets *sockets = s->sockets;

	for (unsigned i = 0; i < sockets->workers_n; i++) {
		if (!make_one(s, sockets->fds[i], sockets->slots_n))
			return false;
	}
	for (unsigned i = 0; i < sockets->workers_n; i++) {
		if (!start_one(s, i))
			return false;
	}
	s->watchdog = watchdog_create(s->workers, s->shared.workers_n, WATCHDOG_LIMITS, &s->log);
	return s->watchdog != NULL;
}

/*
 * The thread comes last, and nobody knows of a worker without one: whatever fails leaves nothing
 * behind. False with errno.
 */
static bool add_one(struct server *s)
{
	unsigned i = s->shared.workers_n;

	if (!sockets_open_for_new(s->sockets))
		return false;
	s->workers[i] = worker_create(&s->shared, i, s->sockets->fds[i], s->sockets->slots_n);

	bool good = s->workers[i] && worker_start(s->workers[i], s->cpus[i]);
	int error = errno;

	if (good) {
		s->shared.workers_n++;
		watchdog_watch(s->watchdog, s->workers[i]);
	} else if (s->workers[i]) {
		worker_destroy(s->workers[i]);
		s->workers[i] = NULL;
	}
	sockets_conclude_new(s->sockets, good);
	errno = error;
	return good;
}

/* Those that rest come first. */
static bool one_more(struct server *s)
{
	unsigned n = s->sockets->workers_n;

	return n < s->shared.workers_n ? sockets_resize(s->sockets, s->workers, n + 1) : add_one(s);
}

bool crew_resize(struct server *s, unsigned n, char *why, size_t max)
{
	struct sockets *sockets = s->sockets;

	if (n < sockets->workers_n)
		return sockets_resize(sockets, s->workers, n);
	while (sockets->workers_n < n) {
		if (!crew_fits(s, sockets->workers_n + 1)) {
			snprintf(why, max,
				 "%u workers serve, more need too many of the %lu open files that "
				 "are allowed",
				 sockets->workers_n, s->descriptors);
			return false;
		}
		if (!one_more(s)) {
			snprintf(why, max, "%s; %u workers serve", strerror(errno),
				 sockets->workers_n);
			return false;
		}
	}
	return true;
}

/* Meanwhile nobody serves at sockets that the next daemon opens by itself. */
#define DRAIN_MAX_MS 500

static bool all_drained(const struct server *s)
{
	for (unsigned i = 0; i < s->shared.workers_n; i++) {
		if (!worker_is_drained(s->workers[i]))
			return false;
	}
	return true;
}

/* All wait for all: one may resolve what the client of another has asked. */
void crew_drain(struct server *s)
{
	uint64_t until_ns = clock_ns(CLOCK_MONOTONIC) + DRAIN_MAX_MS * NS_PER_MS;

	for (unsigned i = 0; i < s->shared.workers_n; i++)
		worker_drain(s->workers[i]);
	while (!all_drained(s) && clock_ns(CLOCK_MONOTONIC) < until_ns)
		usleep(1000);
}

void crew_stop(struct server *s)
{
	for (unsigned i = 0; i < s->shared.workers_n; i++)
		worker_stop(s->workers[i]);
	/* A worker's last letters may be for any other: all threads end before any memory goes. */
	for (unsigned i = 0; i < s->shared.workers_n; i++)
		worker_join(s->workers[i]);
	for (unsigned i = 0; i < s->shared.workers_n; i++)
		worker_destroy(s->workers[i]);
}

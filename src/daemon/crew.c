/*
 * crew.c - the workers: how many, made and started, more of them or fewer while they run, ended.
 *
 * Who is not needed any more rests: a thread that others may still write to never ends alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

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

/* Descriptors in use: those of a start are the lowest ones. */
static unsigned long count_descriptors(const struct server *s)
{
	int next = fcntl(s->signal_fd, F_DUPFD_CLOEXEC, 0);

	if (next >= 0)
		close(next);
	return next >= 0 ? (unsigned long)next : 0;
}

#define WORKER_FDS 2 /* a worker's own: epoll and mailbox */

/*
 * The last quarter of the descriptors is for asking servers: clients' connections
 * get what is left of the other three (limits.md rows 60 and 83).
 */
void crew_divide_descriptors(struct server *s, unsigned workers_n)
{
	unsigned long limit = s->descriptors;
	unsigned long used = count_descriptors(s) + WORKER_FDS * workers_n + CONTROL_CLIENTS_MAX;
	unsigned long part = limit / 4 * 3;
	unsigned long each = part > used ? (part - used) / workers_n : 0;

	if (limit == 0)
		return;
	each = MIN(MAX(each, 1ul), (unsigned long)TCP_CLIENTS_MAX);
	atomic_store_explicit(&s->shared.tcp_clients_max, (uint32_t)each, memory_order_relaxed);
	if (each < TCP_CLIENTS_MAX)
		log_notice(&s->log,
			   "%lu open files are allowed: %lu TCP clients for each worker at most",
			   limit, each);
}

/* The watchdog knows those that there are. */
static bool watch_all(struct server *s)
{
	watchdog_destroy(s->watchdog);
	s->watchdog = watchdog_create(s->workers, s->shared.workers_n, WATCHDOG_LIMITS, &s->log);
	return s->watchdog != NULL;
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
	return watch_all(s);
}

/* One that can't be started is no worker. */
static bool add_one(struct server *s)
{
	unsigned i = s->shared.workers_n;

	if (!make_one(s, NULL, 0))
		return false;
	if (start_one(s, i))
		return true;
	s->shared.workers_n = i;
	worker_destroy(s->workers[i]);
	s->workers[i] = NULL;
	return false;
}

bool crew_resize(struct server *s, unsigned n)
{
	while (s->shared.workers_n < n) {
		if (!add_one(s) || !watch_all(s)) {
			errno = ENOMEM;
			return false;
		}
	}
	return sockets_resize(s->sockets, s->workers, n);
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

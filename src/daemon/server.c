/*
 * server.c - making everything, in order, and undoing it:
 *
 *   hints, caches -> sockets -> privileges dropped -> workers -> ready
 *   signal -> workers stopped and joined -> caches freed
 */
#include "daemon/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/control.h"
#include "daemon/file.h"
#include "daemon/keeper.h"
#include "daemon/notify.h"
#include "daemon/privilege.h"
#include "daemon/sockets.h"
#include "daemon/watchdog.h"
#include "worker/worker.h"

#define TICK_MS 250

struct server {
	const struct config *config;
	struct log log;
	struct worker_shared shared;
	struct worker *workers[WORKERS_MAX];
	struct route *routes;
	struct control *control;
	struct keeper *keeper;
	struct watchdog *watchdog;
	uint64_t watched_ms;
	int signal_fd;
	int cpus[WORKERS_MAX];
	bool cache_joined;
};

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

static unsigned count_workers(struct server *s)
{
	unsigned cpus = list_cpus(s->cpus);
	unsigned n = s->config->server.workers ? s->config->server.workers : MAX(cpus, 1u);

	/* Only when there is a CPU for each. */
	for (unsigned i = 0; i < n; i++) {
		if (n != cpus)
			s->cpus[i] = -1;
	}
	return n;
}

static bool load_hints(struct server *s)
{
	const char *path = s->config->resolver.root_hints;
	const char *why;
	unsigned line;
	size_t len;

	if (!*path) {
		root_hints_builtin(&s->shared.hints);
		return true;
	}
	char *text = file_read(path, &len, &s->log);

	if (!text)
		return false;
	bool good = root_hints_parse(text, len, &s->shared.hints, &line, &why);

	free(text);
	if (!good)
		log_error(&s->log, "%s:%u: %s", path, line, why);
	return good;
}

static enum qmin_mode qmin_mode(enum config_qmin mode)
{
	switch (mode) {
	case CONFIG_QMIN_STRICT: return QMIN_STRICT;
	case CONFIG_QMIN_RELAXED: return QMIN_RELAXED;
	case CONFIG_QMIN_OFF: break;
	}
	return QMIN_OFF;
}

static enum validation_mode validation_mode(enum config_validation mode)
{
	switch (mode) {
	case CONFIG_VALIDATION_ON: return VALIDATION_ON;
	case CONFIG_VALIDATION_PERMISSIVE: return VALIDATION_PERMISSIVE;
	case CONFIG_VALIDATION_OFF: break;
	}
	return VALIDATION_OFF;
}

static void add_routes(struct server *s, const struct config_zone *zones, unsigned n,
		       enum route_kind kind)
{
	for (unsigned i = 0; i < n; i++) {
		s->routes[s->shared.routes.n++] = (struct route){
			.zone = zones[i].name,
			.servers = zones[i].addresses,
			.servers_n = zones[i].addresses_n,
			.kind = kind,
			.first = zones[i].first,
		};
	}
}

static bool make_routes(struct server *s)
{
	const struct config *c = s->config;

	s->routes = calloc(c->forward_zones_n + c->stub_zones_n + 1u, sizeof *s->routes);
	if (!s->routes)
		return false;
	add_routes(s, c->forward_zones, c->forward_zones_n, ROUTE_FORWARD);
	add_routes(s, c->stub_zones, c->stub_zones_n, ROUTE_STUB);
	s->shared.routes.routes = s->routes;
	return true;
}

static void take_options(struct server *s)
{
	const struct config *c = s->config;

	s->shared.resolver = (struct resolver_options){
		.validation = validation_mode(c->dnssec.validation),
		.sha1 = c->dnssec.sha1 == CONFIG_SHA1_VALIDATE,
		.aggressive = c->cache.aggressive_nsec,
		.qmin = qmin_mode(c->resolver.qname_minimization),
		.ipv4 = c->resolver.ipv4,
		.ipv6 = c->resolver.ipv6,
		.do_not_query_localhost = c->resolver.do_not_query_localhost,
		.serve_stale = c->cache.serve_stale,
		.stale_ttl_s = c->cache.stale_ttl_s,
		.min_ttl_s = c->cache.min_ttl_s,
		.max_ttl_s = c->cache.max_ttl_s,
		.max_negative_ttl_s = c->cache.max_negative_ttl_s,
	};
	s->shared.access = (struct access_list){c->access.allow, c->access.allow_n, c->access.drop};
	s->shared.prefetch = c->cache.prefetch;
	s->shared.stale_wait_ms = c->cache.stale_client_timeout_ms;
	s->shared.identity = c->server.identity;
	s->shared.version = c->server.version;
	s->shared.workers = s->workers;
}

static bool is_askable(const struct config *c, const struct address *a)
{
	if (a->family == 4 ? !c->resolver.ipv4 : !c->resolver.ipv6)
		return false;
	return !c->resolver.do_not_query_localhost || !address_is_loopback(a);
}

/* Every name of such a zone fails, which is hard to see from outside. */
static void warn_about_routes(struct server *s, const struct config_zone *zones, unsigned n,
			      const char *key)
{
	char name[TERN_NAME_TEXT_MAX];

	for (unsigned i = 0; i < n; i++) {
		unsigned askable = 0;

		for (unsigned j = 0; j < zones[i].addresses_n; j++)
			askable += is_askable(s->config, &zones[i].addresses[j]);
		if (askable == 0)
			log_warning(&s->log,
				    "%s: %s: none of its addresses is ever asked, because of "
				    "resolver.do-not-query-localhost, ipv4 or ipv6",
				    key, tern_name_to_text(zones[i].name, name));
	}
}

/* What the configuration asks for and will not get. */
static void warn_about_config(struct server *s)
{
	const struct config *c = s->config;

	if (*c->cache.snapshot)
		log_warning(&s->log, "cache.snapshot: not supported by this version, ignored");
	warn_about_routes(s, c->forward_zones, c->forward_zones_n, "forward-zones");
	warn_about_routes(s, c->stub_zones, c->stub_zones_n, "stub-zones");
}

/* A zone that was to be forwarded encrypted must not leak: without TLS there is no way to serve it.
 */
static bool wants_tls(const struct config *c)
{
	for (unsigned i = 0; i < c->forward_zones_n; i++) {
		if (c->forward_zones[i].tls)
			return true;
	}
	return false;
}

static bool make_caches(struct server *s)
{
	struct cache_options options = {
		.size = s->config->cache.size,
		.stale_s = s->config->cache.serve_stale ? s->config->cache.stale_max_age_s : 0,
	};
	struct hash_key key;
	struct random random;

	random_init(&random);
	random_bytes(&random, &key, sizeof key);
	random_bytes(&random, &s->shared.hash_key, sizeof s->shared.hash_key);
	random_bytes(&random, &s->shared.cookie_secret, sizeof s->shared.cookie_secret);
	s->shared.cache = cache_create(&options, &key);
	s->shared.infra = infra_create(&s->shared.hash_key);
	s->shared.inflight = inflight_create();
	if (s->shared.cache && s->shared.infra && s->shared.inflight) {
		cache_thread_enter();
		s->cache_joined = true;
		return true;
	}
	log_error(&s->log, "not enough memory for a cache of %llu octets",
		  (unsigned long long)options.size);
	return false;
}

static bool make_signals(struct server *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return s->signal_fd >= 0;
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
static void divide_descriptors(struct server *s, unsigned long limit, unsigned workers_n)
{
	unsigned long used = count_descriptors(s) + WORKER_FDS * workers_n + CONTROL_CLIENTS_MAX;
	unsigned long part = limit / 4 * 3;
	unsigned long each = part > used ? (part - used) / workers_n : 0;

	if (limit == 0)
		return;
	s->shared.tcp_clients_max = (uint32_t)MIN(MAX(each, 1ul), (unsigned long)TCP_CLIENTS_MAX);
	if (s->shared.tcp_clients_max < TCP_CLIENTS_MAX)
		log_notice(&s->log,
			   "%lu open files are allowed: %u TCP clients for each worker at most",
			   limit, s->shared.tcp_clients_max);
}

static bool make_workers(struct server *s, const struct sockets *sockets)
{
	for (unsigned i = 0; i < sockets->workers_n; i++) {
		s->workers[i] = worker_create(&s->shared, i, sockets->fds[i], sockets->listeners_n);
		if (!s->workers[i]) {
			log_error(&s->log, "worker %u: %s", i, strerror(errno));
			return false;
		}
		s->shared.workers_n++;
	}
	return true;
}

static bool start_workers(struct server *s)
{
	for (unsigned i = 0; i < s->shared.workers_n; i++) {
		if (!worker_start(s->workers[i], s->cpus[i])) {
			log_error(&s->log, "worker %u: %s", i, strerror(errno));
			return false;
		}
	}
	s->watchdog = watchdog_create(s->workers, s->shared.workers_n, WATCHDOG_LIMITS, &s->log);
	return s->watchdog != NULL;
}

/* True when it is time to stop. */
static bool read_signals(struct server *s)
{
	struct signalfd_siginfo info;
	bool stop = false;

	while (read(s->signal_fd, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGHUP)
			log_notice(&s->log, "SIGHUP: reload is not supported by this version");
		else
			stop = true;
	}
	return stop;
}

/* No sooner than a tick after the last time, for the watchdog counts them. */
static void watch_workers(struct server *s, uint64_t now_ms)
{
	if (now_ms - s->watched_ms < TICK_MS)
		return;
	s->watched_ms = now_ms;
	watchdog_tick(s->watchdog);
}

static void serve_until_stopped(struct server *s)
{
	uint64_t watchdog_ms = 0;

	for (;;) {
		struct pollfd fds[1 + CONTROL_FDS_MAX] = {{.fd = s->signal_fd, .events = POLLIN}};
		unsigned n = 1 + control_poll_fds(s->control, fds + 1);

		cache_sleep();
		poll(fds, n, TICK_MS);
		cache_wake();
		uint64_t now_ms = clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;

		if (fds[0].revents && read_signals(s))
			return;
		control_serve(s->control, fds + 1, n - 1);
		keeper_tick(s->keeper);
		watch_workers(s, now_ms);
		if (now_ms - watchdog_ms >= 1000) {
			watchdog_ms = now_ms;
			notify_watchdog();
		}
	}
}

static void stop_workers(struct server *s)
{
	for (unsigned i = 0; i < s->shared.workers_n; i++)
		worker_stop(s->workers[i]);
	/* A worker's last letters may be for any other: all threads end before any memory goes. */
	for (unsigned i = 0; i < s->shared.workers_n; i++)
		worker_join(s->workers[i]);
	for (unsigned i = 0; i < s->shared.workers_n; i++)
		worker_destroy(s->workers[i]);
}

static bool run(struct server *s)
{
	struct sockets sockets = {.workers_n = count_workers(s)};
	bool good = false;
	uid_t uid;
	gid_t gid;

	unsigned long descriptors = privilege_raise_nofile();

	if (!sockets_open(&sockets, s->config, &s->log))
		return false;
	s->control = control_create(s->config->control.socket, &s->shared, sockets.text, s->keeper);
	if (!s->control && *s->config->control.socket)
		log_warning(&s->log, "control.socket: %s: %s; ternctl will not work",
			    s->config->control.socket, strerror(errno));
	if (s->control && privilege_future_owner(s->config->server.user, &uid, &gid))
		control_hand_over(s->control, uid, gid);
	keeper_tick(s->keeper);
	divide_descriptors(s, descriptors, sockets.workers_n);
	if (privilege_drop(s->config->server.user, &s->log) && make_workers(s, &sockets) &&
	    start_workers(s)) {
		log_notice(&s->log, "tern " TERN_VERSION " serves on %s with %u workers",
			   sockets.text, s->shared.workers_n);
		notify_ready();
		serve_until_stopped(s);
		notify_stopping();
		good = true;
	}
	cache_sleep();
	stop_workers(s);
	watchdog_destroy(s->watchdog);
	cache_wake();
	control_destroy(s->control);
	return good;
}

static enum server_end prepare_and_run(struct server *s, bool test)
{
	s->keeper = keeper_create(s->config, &s->shared, test);
	if (!load_hints(s) || !s->keeper)
		return SERVER_MISCONFIGURED;
	if (wants_tls(s->config)) {
		log_error(&s->log, "forward-zones: tls is not supported by this version");
		return SERVER_MISCONFIGURED;
	}
	if (test)
		return SERVER_STOPPED;
	take_options(s);
	warn_about_config(s);
	if (!make_signals(s) || !make_routes(s) || !make_caches(s))
		return SERVER_FAILED;
	return run(s) ? SERVER_STOPPED : SERVER_FAILED;
}

enum server_end server_run(const struct config *config, bool test)
{
	struct server *s = calloc(1, sizeof *s);

	if (!s)
		return SERVER_FAILED;
	s->config = config;
	s->signal_fd = -1;
	log_init(&s->log, config->logging.level);
	s->shared.log = &s->log;
	enum server_end end = prepare_and_run(s, test);

	keeper_destroy(s->keeper);
	inflight_destroy(s->shared.inflight);
	infra_destroy(s->shared.infra);
	if (s->cache_joined)
		cache_thread_leave();
	if (s->shared.cache)
		cache_destroy(s->shared.cache);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	free(s->routes);
	free(s);
	return end;
}

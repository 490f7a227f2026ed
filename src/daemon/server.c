/*
 * server.c - making everything, in order, and undoing it:
 *
 *   configuration, trust, cache -> sockets -> privileges dropped -> workers -> ready
 *   signal -> workers stopped and joined -> rule set freed
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
#include <time.h>
#include <unistd.h>

#include "base/readers.h"
#include "daemon/holder.h"
#include "daemon/notify.h"
#include "daemon/privilege.h"
#include "daemon/ruleset.h"
#include "daemon/server_private.h"

#define TICK_MS 250

const struct config *server_config(const struct server *s)
{
	return ruleset_config(rulebook_current(&s->shared.rules));
}

enum log_level server_log_level(const struct server *s, const struct config *config)
{
	return s->start->verbose ? LOG_LEVEL_DEBUG : config->logging.level;
}

/* --- what the configuration asks for and will not get ----------------------------- */

static bool is_askable(const struct config *c, const struct address *a)
{
	return a->family == 4 ? c->resolver.ipv4 : c->resolver.ipv6;
}

/* Every name of such a zone fails, which is hard to see from outside. */
static void doubt_routes(struct server *s, const struct config *c, const struct route *routes,
			 unsigned n, const char *key)
{
	char name[TERN_NAME_TEXT_MAX];

	for (unsigned i = 0; i < n; i++) {
		unsigned askable = 0;

		for (unsigned j = 0; j < routes[i].servers_n; j++)
			askable += is_askable(c, &routes[i].servers[j]);
		if (askable == 0)
			log_warning(&s->log,
				    "%s: %s: none of its addresses is ever asked, because of "
				    "resolver.ipv4 or ipv6",
				    key, tern_name_to_text(routes[i].zone, name));
	}
}

void server_doubt(struct server *s, const struct config *c)
{
	if (*c->snapshot)
		log_warning(&s->log, "cache.snapshot: not supported by this version, ignored");
	doubt_routes(s, c, c->forward_zones, c->forward_zones_n, "forward-zones");
	doubt_routes(s, c, c->stub_zones, c->stub_zones_n, "stub-zones");
}

/* --- the rule set ----------------------------------------------------------------- */

struct cache *server_make_cache(struct server *s, const struct config *config)
{
	return cache_create(&config->cache, &s->cache_key);
}

void server_end_cache(void *cache)
{
	cache_destroy(cache);
}

/* The cache is joined by the main thread, too. */
static bool make_shared(struct server *s)
{
	struct random random;

	random_init(&random);
	random_bytes(&random, &s->cache_key, sizeof s->cache_key);
	random_bytes(&random, &s->shared.hash_key, sizeof s->shared.hash_key);
	random_bytes(&random, &s->shared.cookie_secret, sizeof s->shared.cookie_secret);
	s->shared.infra = infra_create(&s->shared.hash_key);
	s->shared.inflight = inflight_create();
	return s->shared.infra && s->shared.inflight;
}

static bool take_cache(struct server *s, struct rules *rules)
{
	const struct config *c = ruleset_config(rules);
	struct cache *cache = server_make_cache(s, c);

	if (cache && rules_set_part(rules, RULES_CACHE, cache, server_end_cache)) {
		rules->cache = cache;
		return true;
	}
	log_error(&s->log, "not enough memory for a cache of %llu octets",
		  (unsigned long long)c->cache.size);
	return false;
}

/* What is in force from the start; false when memory is short. */
static bool make_rules(struct server *s, struct rules *rules)
{
	if (!make_shared(s) || !take_cache(s, rules) || !interfaces_fill(s->interfaces, rules)) {
		rules_destroy(rules);
		return false;
	}
	rulebook_publish(&s->shared.rules, rules, RULES_CHANGE_ANSWERS);
	s->loaded_at = time(NULL);
	return true;
}

/* To a person who checks a file as compilers do, to the journal with its priority. */
static void tell_reasons(struct server *s, char *why)
{
	char *line;

	while ((line = strsep(&why, "\n")) != NULL) {
		if (s->start->test)
			fprintf(stderr, "%s\n", line);
		else
			log_error(&s->log, "%s", line);
	}
}

/* The first rule set, without a cache; NULL after logging what is wrong. */
static struct rules *read_rules(struct server *s)
{
	char why[LOAD_WHY_MAX] = "out of memory";
	struct rules *rules = NULL;
	struct load load;

	if (load_read(s->start->path, &load, why)) {
		log_set_level(&s->log, server_log_level(s, load.config));
		rules = ruleset_make(&load, NULL);
		snprintf(why, sizeof why, "out of memory");
	}
	if (rules && s->keeper) {
		const struct config *c = ruleset_config(rules);
		const struct keeper_terms terms = {&c->trust, c->resolver.validation,
						   c->resolver.sha1};

		if (keeper_take(s->keeper, &terms, s->start->test ? NULL : rules, why))
			return rules;
	}
	rules_destroy(rules);
	tell_reasons(s, why);
	return NULL;
}

/* --- workers ------------------------------------------------------------------------ */

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
	unsigned wanted = server_config(s)->server.workers;
	unsigned n = wanted ? wanted : MAX(cpus, 1u);

	/* Only when there is a CPU for each. */
	for (unsigned i = 0; i < n; i++) {
		if (n != cpus)
			s->cpus[i] = -1;
	}
	return n;
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

static bool make_workers(struct server *s)
{
	const struct sockets *sockets = s->sockets;

	for (unsigned i = 0; i < sockets->workers_n; i++) {
		s->workers[i] = worker_create(&s->shared, i, sockets->fds[i], sockets->slots_n);
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
			(void)loader_ask(s->loader);
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

static void end_retired(struct server *s)
{
	if (!s->retired || !control_is_idle(s->retired))
		return;
	control_destroy(s->retired);
	s->retired = NULL;
}

enum { FD_SIGNAL, FD_LOADER, FD_INTERFACES, FDS_OWN };

/* One look at everything that the main thread does; false when it is time to stop. */
static bool take_turn(struct server *s)
{
	struct pollfd fds[FDS_OWN + 2 * CONTROL_FDS_MAX] = {
		[FD_SIGNAL] = {.fd = s->signal_fd, .events = POLLIN},
		[FD_LOADER] = {.fd = loader_fd(s->loader), .events = POLLIN},
		[FD_INTERFACES] = {.fd = interfaces_fd(s->interfaces), .events = POLLIN},
	};
	struct pollfd *of_control = fds + FDS_OWN;
	unsigned n = control_poll_fds(s->control, of_control);
	unsigned retired_n = control_poll_fds(s->retired, of_control + n);

	readers_sleep();
	poll(fds, FDS_OWN + n + retired_n, TICK_MS);
	readers_wake();
	if (fds[FD_SIGNAL].revents && read_signals(s))
		return false;
	control_serve(s->control, of_control, n);
	control_serve(s->retired, of_control + n, retired_n);
	end_retired(s);
	if (fds[FD_LOADER].revents)
		reload_take(s);
	keeper_tick(s->keeper);
	sockets_tick(s->sockets, s->workers);
	interfaces_tick(s->interfaces, &s->shared.rules, fds[FD_INTERFACES].revents != 0);
	(void)rulebook_tidy(&s->shared.rules);
	return true;
}

static void serve_until_stopped(struct server *s)
{
	uint64_t watchdog_ms = 0;

	while (take_turn(s)) {
		uint64_t now_ms = clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;

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

struct control *server_open_control(struct server *s, const struct config *config)
{
	struct control *c = control_create(config->control.socket, &s->shared, &s->host);
	uid_t uid;
	gid_t gid;

	if (c && privilege_future_owner(config->server.user, &uid, &gid))
		control_hand_over(c, uid, gid);
	return c;
}

static void open_control(struct server *s)
{
	const struct config *c = server_config(s);

	s->control = server_open_control(s, c);
	if (!s->control && *c->control.socket)
		log_warning(&s->log, "control.socket: %s: %s; ternctl will not work",
			    c->control.socket, strerror(errno));
}

static bool serve(struct server *s)
{
	if (!privilege_drop(server_config(s)->server.user, &s->log) || !make_workers(s) ||
	    !start_workers(s))
		return false;
	log_notice(&s->log, "tern " TERN_VERSION " serves on %s with %u workers", s->sockets->text,
		   s->shared.workers_n);
	notify_ready();
	serve_until_stopped(s);
	notify_stopping();
	return true;
}

static bool is_open(const struct sockets *s, const struct address *a)
{
	for (unsigned i = 0; i < s->slots_n; i++) {
		if (address_equal(&s->slots[i].at, a))
			return true;
	}
	return false;
}

/* What is passed is served, whatever the configuration says. */
static void doubt_passed(struct server *s, const struct config *c)
{
	char text[ADDRESS_TEXT_MAX];

	for (unsigned i = 0; i < c->server.listen_n; i++) {
		if (!is_open(s->sockets, &c->server.listen[i]))
			log_warning(&s->log,
				    "server.listen: %s is not served: the service manager has "
				    "opened other sockets (tern.socket), %s",
				    address_to_text(&c->server.listen[i], text), s->sockets->text);
	}
}

static bool open_sockets(struct server *s)
{
	const struct config *c = server_config(s);
	gid_t group;

	s->sockets->log = &s->log;
	s->sockets->workers_n = count_workers(s);
	if (!privilege_future_owner(c->server.user, &s->sockets->owner, &group))
		s->sockets->owner = (uid_t)-1;
	if (!sockets_open(s->sockets, c->server.listen, c->server.listen_n)) {
		holder_tell(&s->log, c->server.listen, c->server.listen_n);
		return false;
	}
	if (s->sockets->passed)
		doubt_passed(s, c);
	return true;
}

static bool run(struct server *s)
{
	unsigned long descriptors = privilege_raise_nofile();
	bool good;

	if (!open_sockets(s))
		return false;
	open_control(s);
	keeper_tick(s->keeper);
	divide_descriptors(s, descriptors, s->sockets->workers_n);
	good = serve(s);
	readers_sleep();
	stop_workers(s);
	watchdog_destroy(s->watchdog);
	readers_wake();
	control_destroy(s->retired);
	control_destroy(s->control);
	return good;
}

static enum server_end prepare_and_run(struct server *s)
{
	struct rules *rules = read_rules(s);

	if (!rules)
		return SERVER_MISCONFIGURED;
	server_doubt(s, ruleset_config(rules));
	if (s->start->test) {
		printf("%s: ok\n", s->start->path ? s->start->path : "the defaults");
		rules_destroy(rules);
		return SERVER_STOPPED;
	}
	s->shared.workers = s->workers;
	s->host = host_of(s);
	s->loader = loader_create(s->start->path);
	s->interfaces = interfaces_create();
	s->sockets = calloc(1, sizeof *s->sockets);
	if (!s->loader || !s->sockets || !s->interfaces || !make_signals(s)) {
		rules_destroy(rules);
		return SERVER_FAILED;
	}
	return make_rules(s, rules) && run(s) ? SERVER_STOPPED : SERVER_FAILED;
}

enum server_end server_run(const struct server_start *start)
{
	struct server *s = calloc(1, sizeof *s);

	if (!s)
		return SERVER_FAILED;
	s->start = start;
	s->signal_fd = -1;
	log_init(&s->log, start->verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_NOTICE);
	s->shared.log = &s->log;
	s->keeper = keeper_create(&s->shared);
	readers_enter();
	enum server_end end = prepare_and_run(s);

	keeper_destroy(s->keeper);
	loader_destroy(s->loader);
	interfaces_destroy(s->interfaces);
	rulebook_end(&s->shared.rules);
	readers_leave();
	inflight_destroy(s->shared.inflight);
	infra_destroy(s->shared.infra);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	free(s->sockets);
	free(s);
	return end;
}

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

#include "base/rates.h"
#include "base/readers.h"
#include "daemon/doubt.h"
#include "daemon/holder.h"
#include "daemon/notify.h"
#include "daemon/privilege.h"
#include "daemon/ruleset.h"
#include "daemon/server_private.h"
#include "daemon/view_clients.h"
#include "keeper/firewall.h"
#include "worker/fill.h"
#include "zone/added.h"

#define TICK_MS 250

const struct config *server_config(const struct server *s)
{
	return ruleset_config(rulebook_current(&s->shared.rules));
}

enum log_level server_log_level(const struct server *s, const struct config *config)
{
	return s->start->verbose ? LOG_LEVEL_DEBUG : config->logging.level;
}

static void warn(void *context, struct place place, const char *text)
{
	struct server *s = context;

	if (place.line > 0)
		log_warning(&s->log, "%s:%u: %s", place.file, place.line, text);
	else
		log_warning(&s->log, "%s", text);
}

void server_doubt(struct server *s, const struct config *config)
{
	doubt_all(config, warn, s);
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
	quic_secret_draw(&s->shared.quic_secret, &random);
	random_bytes(&random, &s->shared.cookie_secret, sizeof s->shared.cookie_secret);
	s->shared.infra = infra_create(&s->shared.hash_key);
	s->shared.inflight = inflight_create();
	s->shared.rates = rates_create();
	s->shared.fill = calloc(1, sizeof *s->shared.fill);
	return s->shared.fill && s->shared.infra && s->shared.inflight && s->shared.rates;
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
	if (!make_shared(s) || !take_cache(s, rules) || !server_make_view_caches(s, rules, NULL) ||
	    !interfaces_fill(s->interfaces, rules)) {
		rules_destroy(rules);
		return false;
	}
	rulebook_publish(&s->shared.rules, rules, RULES_CHANGE_ANSWERS);
	s->loaded_at = time(NULL);
	return true;
}

static void log_reasons(struct server *s, char *why)
{
	char *line;

	while ((line = strsep(&why, "\n")) != NULL)
		log_error(&s->log, "%s", line);
}

void server_tell_notes(struct server *s, char *notes)
{
	char *rest = *notes ? notes : NULL, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		log_warning(&s->log, "%s", line);
}

/* The first rule set, without a cache; NULL after logging what is wrong. */
static struct rules *read_rules(struct server *s)
{
	char why[LOAD_WHY_MAX] = "out of memory";
	struct rules *rules = NULL;
	struct load load;

	if (load_read(s->start->path, s->followed, &load, why)) {
		log_set_level(&s->log, server_log_level(s, load.config));
		server_tell_notes(s, load.notes);
		refresh_note_names(s, &load);
		rules = ruleset_make(&load, NULL);
		snprintf(why, sizeof why, "out of memory");
	}
	if (rules && s->keeper) {
		const struct config *c = ruleset_config(rules);
		const struct keeper_terms terms = {&c->trust, c->resolver.validation,
						   c->resolver.sha1};

		if (keeper_take(s->keeper, &terms, rules, why))
			return rules;
	}
	rules_destroy(rules);
	log_reasons(s, why);
	return NULL;
}

/* --- turns -------------------------------------------------------------------------- */

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

unsigned server_endpoints(struct server *s, const struct config *c,
			  struct endpoint out[LISTENERS_MAX])
{
	unsigned n = interfaces_endpoints(c->server.listen, c->server.listen_n, out, LISTENERS_MAX);

	if (n > LISTENERS_MAX)
		log_warning(&s->log, "server.listen: %u addresses, of which the first %u are used",
			    n, LISTENERS_MAX);
	return MIN(n, (unsigned)LISTENERS_MAX);
}

static void warn_unopened(void *context, const char *why)
{
	struct server *s = context;

	log_warning(&s->log, "server.listen: %s", why);
}

/* Interfaces have other addresses than before, perhaps. */
static void follow_listeners(struct server *s)
{
	struct endpoint at[LISTENERS_MAX];
	unsigned n;

	if (s->sockets->passed || !interfaces_are_listened_on(server_config(s)))
		return;
	n = server_endpoints(s, server_config(s), at);
	if (!sockets_want(s->sockets, at, n))
		return;
	sockets_change(s->sockets, s->workers, at, n, warn_unopened, s);
	log_notice(&s->log, "listening on %s", s->sockets->text);
}

static void follow_files(struct server *s, bool told)
{
	uint64_t now_ms = clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
	unsigned changed = followed_changed(s->followed, told, now_ms), what = 0;

	what |= changed & FOLLOWED_HOSTS ? LOAD_HOSTS : 0;
	what |= changed & FOLLOWED_LEASES ? LOAD_LEASES : 0;
	what |= changed & FOLLOWED_LISTS ? LOAD_LISTS : 0;
	what |= changed & FOLLOWED_POLICIES ? LOAD_POLICIES : 0;
	what |= changed & FOLLOWED_TLS ? LOAD_TLS | LOAD_HOSTS : 0;
	if (what)
		loader_ask_files(s->loader, what);
	refresh_tick(s, now_ms);
}

static void end_retired(struct server *s)
{
	if (!s->retired || !control_is_idle(s->retired))
		return;
	control_destroy(s->retired);
	s->retired = NULL;
}

enum { FD_SIGNAL, FD_LOADER, FD_INTERFACES, FD_FOLLOWED, FDS_OWN };

/* One look at everything that the main thread does; false when it is time to stop. */
static bool take_turn(struct server *s)
{
	struct pollfd fds[FDS_OWN + 2 * CONTROL_FDS_MAX] = {
		[FD_SIGNAL] = {.fd = s->signal_fd, .events = POLLIN},
		[FD_LOADER] = {.fd = loader_fd(s->loader), .events = POLLIN},
		[FD_FOLLOWED] = {.fd = followed_fd(s->followed), .events = POLLIN},
		[FD_INTERFACES] = {.fd = interfaces_fd(s->interfaces), .events = POLLIN},
	};
	struct pollfd *of_control = fds + FDS_OWN;
	unsigned n = control_poll_fds(s->control, of_control);
	unsigned retired_n = control_poll_fds(s->retired, of_control + n);

	readers_sleep();
	poll(fds, FDS_OWN + n + retired_n, s->loaded ? 0 : TICK_MS);
	readers_wake();
	if (fds[FD_SIGNAL].revents && read_signals(s))
		return false;
	control_serve(s->control, of_control, n);
	control_serve(s->retired, of_control + n, retired_n);
	end_retired(s);
	follow_files(s, fds[FD_FOLLOWED].revents != 0);
	pause_tick(s);
	view_clients_tick(s);
	s->loaded = fds[FD_LOADER].revents != 0;
	if (s->loaded)
		reload_take(s);
	keeper_tick(s->keeper);
	fetching_tick(s);
	sockets_tick(s->sockets, s->workers);
	crew_divide_descriptors(s);
	bool interfaces = interfaces_changed(s->interfaces, fds[FD_INTERFACES].revents != 0);

	if (interfaces) {
		interfaces_follow(s->interfaces, &s->shared.rules);
		follow_listeners(s);
	}
	certificates_tick(s, interfaces);
	ways_tick(s);
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
	const struct config *c = server_config(s);

	if (!privilege_drop(c->server.user, c->nft_sets_n > 0, &s->log))
		return false;
	filtering_begin(s, rulebook_current(&s->shared.rules));
	if (!crew_make(s))
		return false;
	fetching_take(s);
	ways_tick(s);
	log_notice(&s->log, "tern " TERN_VERSION " serves on %s with %u workers", s->sockets->text,
		   s->shared.workers_n);
	notify_ready();
	serve_until_stopped(s);
	notify_stopping();
	return true;
}

static bool is_open(const struct sockets *s, const struct endpoint *at)
{
	for (unsigned i = 0; i < s->slots_n; i++) {
		if (endpoint_equal(&s->slots[i].at, at))
			return true;
	}
	return false;
}

/* What is passed is served, whatever the configuration says. */
static void doubt_passed(struct server *s, const struct endpoint *at, unsigned n)
{
	char text[ADDRESS_TEXT_MAX];

	for (unsigned i = 0; i < n; i++) {
		if (!is_open(s->sockets, &at[i]))
			log_warning(&s->log,
				    "server.listen: %s is not served: the service manager has "
				    "opened other sockets (tern.socket), %s",
				    address_to_text(&at[i].address, text), s->sockets->text);
	}
}

static bool open_sockets(struct server *s)
{
	const struct config *c = server_config(s);
	gid_t group;

	s->sockets->log = &s->log;
	if (!privilege_future_owner(c->server.user, &s->sockets->owner, &group))
		s->sockets->owner = (uid_t)-1;
	struct endpoint at[LISTENERS_MAX];
	unsigned n = server_endpoints(s, c, at);

	s->sockets->workers_n = crew_affordable(s, crew_count(s, c->server.workers), n);
	if (!sockets_open(s->sockets, at, n)) {
		holder_tell(&s->log, at, n);
		return false;
	}
	if (s->sockets->passed)
		doubt_passed(s, at, n);
	return true;
}

static bool run(struct server *s)
{
	bool good;

	s->descriptors = privilege_raise_nofile();
	crew_count_descriptors(s);
	if (!open_sockets(s))
		return false;
	open_control(s);
	keeper_tick(s->keeper);
	crew_divide_descriptors(s);
	crew_tell_descriptors(s);
	good = serve(s);
	sources_stop(s->sources);
	readers_sleep();
	crew_drain(s);
	firewall_stop(s->firewall);
	crew_stop(s);
	firewall_destroy(s->firewall);
	watchdog_destroy(s->watchdog);
	readers_wake();
	ways_end(s);
	control_destroy(s->retired);
	control_destroy(s->control);
	return good;
}

static enum server_end prepare_and_run(struct server *s)
{
	if (s->start->test)
		return server_check(s);

	s->followed = followed_create();
	bool prepared = s->followed && fetching_prepare(s) && local_data_begin(s);
	struct rules *rules = prepared ? read_rules(s) : NULL;

	if (!rules)
		return SERVER_MISCONFIGURED;
	server_doubt(s, ruleset_config(rules));
	s->shared.workers = s->workers;
	s->host = host_of(s);
	s->loader = loader_create(s->start->path, s->followed, &s->shared.rules);
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

	sources_destroy(s->sources);
	keeper_destroy(s->keeper);
	loader_destroy(s->loader);
	followed_destroy(s->followed);
	added_destroy(s->added);
	free(s->copies);
	interfaces_destroy(s->interfaces);
	rulebook_end(&s->shared.rules);
	readers_leave();
	rates_destroy(s->shared.rates);
	free(s->shared.fill);
	inflight_destroy(s->shared.inflight);
	infra_destroy(s->shared.infra);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	free(s->sockets);
	free(s);
	return end;
}

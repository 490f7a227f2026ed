/*
 * reload.c - another configuration put in force while workers run.
 *
 *   load ─► rule set ─► cache ─► trust   each may say no: then nothing has changed
 *     └─► published ─► what it made wrong is dropped ─► sockets, log ─► told
 *
 * What can't be changed while the daemon runs stays as it is, is named, and the rest is applied.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "config/config_diff.h"
#include "daemon/notify.h"
#include "daemon/ruleset.h"
#include "daemon/server_private.h"

#define CHANGES_TEXT_MAX 512

struct reload {
	struct server *server;
	const struct config *before;
	struct config *after;
	struct rules *rules;
	json_t *changed;             /* paths */
	json_t *kept;                /* objects: key and why */
	char text[CHANGES_TEXT_MAX]; /* the paths, for the log */
};

/* --- what changes ---------------------------------------------------------------- */

static void keep(struct reload *r, const char *path, const char *why)
{
	log_warning(&r->server->log, "%s stays as it was: %s", path, why);
	(void)json_array_append_new(r->kept, json_pack("{s:s,s:s}", "key", path, "why", why));
}

static bool differs(const char *a, const char *b)
{
	return strcmp(a, b) != 0;
}

static void note_change(void *context, const char *path)
{
	struct reload *r = context;
	size_t at = strlen(r->text);

	/* What the service manager has opened stays, which is told. */
	if (r->server->sockets->passed && !differs(path, "server.listen"))
		return;

	(void)json_array_append_new(r->changed, json_string(path));
	snprintf(r->text + at, sizeof r->text - at, "%s%s", at > 0 ? ", " : "", path);
}

/* Has anything changed that names tell of this resolver itself (daemon/discovered.h)? */
static bool tells_otherwise(const struct reload *r)
{
	static const char *const keys[] = {"dnssec.validation",
					   "qname-minimization",
					   "serve-stale",
					   "rebinding-protection",
					   "filter-types",
					   "response-policy-zones",
					   "views",
					   "server.listen",
					   "tls.",
					   "https."};

	for (unsigned i = 0; i < ARRAY_LEN(keys); i++) {
		if (strstr(r->text, keys[i]))
			return true;
	}
	return false;
}

/* What local names are made of is the same, but for what stands in files. */
static void note_files(struct reload *r)
{
	static const char *const keys[] = {"hosts",         "local-",     "special-zones",
					   "forward-zones", "stub-zones", "root-hints",
					   "trust-anchors", "leases",     "lists"};
	const struct rules *before = rulebook_current(&r->server->shared.rules);

	for (unsigned i = 0; i < ARRAY_LEN(keys); i++) {
		if (strstr(r->text, keys[i]))
			return;
	}
	if (before->zones != r->rules->zones && !tells_otherwise(r))
		note_change(r, "hosts");
	if (before->leases != r->rules->leases)
		note_change(r, "leases");
	if (before->lists != r->rules->lists)
		note_change(r, "lists");
	if (before->rpz != r->rules->rpz)
		note_change(r, "response-policy-zones");
}

/* Take back what can't change now, so that the next time it is told again. */
static void keep_what_must(struct reload *r)
{
	const struct config *b = r->before;
	struct config *a = r->after;

	if (differs(b->server.user, a->server.user)) {
		char *user = strdup(b->server.user);

		if (user) {
			free(a->server.user);
			a->server.user = user;
		}
		keep(r, "server.user", "privileges are given up once, at the start");
	}
}

/* --- putting it in force ----------------------------------------------------------- */

static bool take_cache(struct reload *r)
{
	const struct cache_options *b = &r->before->cache, *a = &r->after->cache;
	struct cache *cache, *old = shared_cache(&r->server->shared);

	if (a->size == b->size && a->stale_s == b->stale_s)
		return true;
	cache = server_make_cache(r->server, r->after);
	if (!cache || !rules_set_part(r->rules, RULES_CACHE, cache, server_end_cache))
		return false;
	cache_take_from(cache, old, (uint32_t)(clock_ns(CLOCK_BOOTTIME) / NS_PER_S));
	r->rules->cache = cache;
	return true;
}

static bool take_trust(struct reload *r, char why[LOAD_WHY_MAX])
{
	const struct keeper_terms terms = {&r->after->trust, r->after->resolver.validation,
					   r->after->resolver.sha1};

	_Static_assert(LOAD_WHY_MAX >= KEEPER_WHY_MAX, "a reason of the keeper's fits");
	return keeper_take(r->server->keeper, &terms, r->rules, why);
}

struct zones {
	const uint8_t **names;
	size_t n;
	bool all; /* there was no memory for the list */
};

static void note_zone(void *context, const uint8_t *zone)
{
	struct zones *z = context;
	/* Capacities are powers of two, so nobody has to keep them. */
	const uint8_t **more =
		(z->n & (z->n - 1)) != 0
			? z->names
			: reallocarray(z->names, z->n > 0 ? 2 * z->n : 1, sizeof *more);

	if (!more) {
		z->all = true;
		return;
	}
	z->names = more;
	more[z->n++] = zone;
}

static void drop_from(struct cache *cache, const struct zones *z)
{
	if (!cache)
		return;
	if (z->all)
		cache_flush_zone(cache, tern_name_root);
	else if (z->n > 0)
		cache_flush_zones(cache, z->names, z->n);
}

/* However many zones have changed, one walk over the cache has to do. */
static void drop_outdated(struct rulebook *book, const struct rules *before,
			  const struct rules *after)
{
	struct zones z = {.all = false};

	ruleset_outdated(before, after, note_zone, &z);
	drop_from(after->cache, &z);
	for (unsigned class = 1; after->views && class <= after->views->classes_n; class ++)
		drop_from(rules_view_cache(after, class), &z);
	/* Short of memory, what was made during the walk lives on for its TTL. */
	if (z.all || z.n > 0)
		(void)!rulebook_publish_again(book);
	free(z.names);
}

static void publish(struct reload *r)
{
	struct rulebook *book = &r->server->shared.rules;
	const struct rules *before = rulebook_current(book);
	bool answers = ruleset_changes_answers(before, r->rules);

	/* What is compared must outlive the publishing. */
	rules_hold(before);
	rulebook_publish(book, r->rules, answers ? RULES_CHANGE_ANSWERS : RULES_CHANGE_SERVING);
	drop_outdated(book, before, r->rules);
	r->rules = without_const(rulebook_current(book));
	rules_release(before);
	(void)rulebook_tidy(book);
}

static void move_control(struct reload *r)
{
	struct server *s = r->server;
	struct control *fresh;

	if (!differs(r->before->control.socket, r->after->control.socket))
		return;
	fresh = server_open_control(s, r->after);
	if (!fresh && *r->after->control.socket) {
		keep(r, "control.socket", strerror(errno));

		char *path = strdup(r->before->control.socket);

		if (path) {
			free(r->after->control.socket);
			r->after->control.socket = path;
		}
		return;
	}
	control_destroy(s->retired);
	s->retired = s->control;
	control_retire(s->retired);
	s->control = fresh;
}

static void note_unopened(void *context, const char *why)
{
	keep(context, "server.listen", why);
}

static void move_listeners(struct reload *r)
{
	struct server *s = r->server;
	struct endpoint at[LISTENERS_MAX];

	unsigned n = server_endpoints(s, r->after, at);

	if (!s->sockets->passed)
		sockets_change(s->sockets, s->workers, at, n, note_unopened, r);
	else if (sockets_differ(s->sockets, at, n))
		keep(r, "server.listen", "the service manager has opened the sockets");
}

/* Automatic, the number follows the CPUs that there are. */
static void move_workers(struct reload *r)
{
	struct server *s = r->server;
	unsigned n = crew_count(s, r->after->server.workers);
	char why[160];

	if (n == s->sockets->workers_n)
		return;
	if (!crew_resize(s, n, why, sizeof why))
		keep(r, "server.workers", why);
}

static json_t *report(struct reload *r)
{
	const struct rules *rules = rulebook_current(&r->server->shared.rules);

	return json_pack("{s:I,s:O,s:O}", "generation", (json_int_t)rules->generation, "changed",
			 r->changed, "kept", r->kept);
}

static void apply(struct reload *r)
{
	struct server *s = r->server;

	move_control(r);
	config_diff(r->before, r->after, note_change, r);
	note_files(r);
	if (r->before->logging.level != r->after->logging.level)
		log_set_level(&s->log, server_log_level(s, r->after));
	filtering_begin(r->server, r->rules);
	publish(r);
	fetching_take(s);
	move_listeners(r);
	move_workers(r);
	crew_divide_descriptors(s);
	crew_tell_descriptors(s);
	s->loaded_at = time(NULL);
	server_doubt(s, r->after);
	log_notice(&s->log, "configuration loaded again: generation %llu, %s%s",
		   (unsigned long long)r->rules->generation, r->text[0] ? "changed: " : "no change",
		   r->text);
}

/* False with a reason, and nothing has changed. */
static bool prepare(struct reload *r, struct load *load, char why[LOAD_WHY_MAX])
{
	snprintf(why, LOAD_WHY_MAX, "out of memory");
	r->rules = ruleset_make(load, rulebook_current(&r->server->shared.rules));
	if (!r->rules || !r->changed || !r->kept)
		return false;
	r->after = without_const(ruleset_config(r->rules));
	keep_what_must(r);
	return take_cache(r) &&
	       server_make_view_caches(r->server, r->rules,
				       rulebook_current(&r->server->shared.rules)) &&
	       interfaces_fill(r->server->interfaces, r->rules) && take_trust(r, why);
}

static void tell_failure(struct server *s, unsigned number, char *why)
{
	char *rest = why, *line;

	control_end_reload(s->control, number, NULL, why);
	control_end_reload(s->retired, number, NULL, why);
	while ((line = strsep(&rest, "\n")) != NULL)
		log_error(&s->log, "not loaded again: %s", line);
}

static void take_all(struct server *s, struct load *load, unsigned number, bool good, char *why)
{
	struct reload r = {.server = s, .before = server_config(s)};

	notify_reloading();
	if (good) {
		server_tell_notes(s, load->notes);
		refresh_note_names(s, load);
		r.changed = json_array();
		r.kept = json_array();
		good = prepare(&r, load, why);
		if (good)
			apply(&r);
		else
			rules_destroy(r.rules);
	}
	if (good) {
		json_t *told = report(&r);

		control_end_reload(s->control, number, told, "out of memory");
		control_end_reload(s->retired, number, told, "out of memory");
		json_decref(told);
	} else {
		tell_failure(s, number, why);
		/* The files that are followed are those that were named by what failed, perhaps. */
		loader_ask_files(s->loader, LOAD_ALL & ~LOAD_CONFIG);
	}
	json_decref(r.changed);
	json_decref(r.kept);
	notify_ready();
}

void reload_take(struct server *s)
{
	char why[LOAD_WHY_MAX];
	struct load load;
	unsigned number;
	bool good = loader_take(s->loader, &load, &number, why);

	if (load.what == LOAD_ALL)
		take_all(s, &load, number, good, why);
	else
		refresh_take(s, &load, good, why);
	loader_go_on(s->loader);
}

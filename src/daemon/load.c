/* load.c - see load.h. */
#include "daemon/load.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tern/name.h>

#include "base/file.h"
#include "daemon/followed.h"
#include "resolver/hints.h"
#include "zone/hosts.h"
#include "zone/local.h"
#include "zone/special.h"
#include "zone/store.h"

#define LOAD_KEY_MAX (PATH_MAX + 64) /* octets of "FILE:LINE: KEY: " */

/* --- reading ------------------------------------------------------------------- */

static void PRINTF(3, 0) add_line(char *lines, size_t max, const char *format, va_list args)
{
	size_t n = strlen(lines);

	if (n > 0 && n + 1 < max)
		lines[n++] = '\n';
	vsnprintf(lines + n, max - n, format, args);
}

/* Another line of @p why. */
static void PRINTF(2, 3) add_reason(char why[LOAD_WHY_MAX], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_line(why, LOAD_WHY_MAX, format, args);
	va_end(args);
}

static void PRINTF(2, 3) add_note(struct load *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_line(l->notes, sizeof l->notes, format, args);
	va_end(args);
}

/* "FILE:LINE: KEY: ", for a line of @p why that is about what stands there. */
static const char *say_key(const struct config *c, const char *key, char out[LOAD_KEY_MAX])
{
	struct place place = config_place(c, key);

	if (place.line > 0)
		snprintf(out, LOAD_KEY_MAX, "%s:%u: %s: ", place.file, place.line, key);
	else
		snprintf(out, LOAD_KEY_MAX, "%s: ", key);
	return out;
}

static void read_hints(const struct config *c, struct root_hints *hints, char why[LOAD_WHY_MAX])
{
	const char *path = c->root_hints;
	char key[LOAD_KEY_MAX];
	const char *wrong = NULL;
	unsigned line = 0;
	size_t len;

	if (!*path) {
		root_hints_builtin(hints);
		return;
	}
	char *text = file_read(path, &len);

	if (!text) {
		add_reason(why, "%s%s: %s", say_key(c, "resolver.root-hints", key), path,
			   strerror(errno));
		return;
	}
	bool good = root_hints_parse(text, len, hints, &line, &wrong);

	free(text);
	if (!good && line > 0)
		add_reason(why, "%s:%u: %s", path, line, wrong);
	else if (!good)
		add_reason(why, "%s: %s", path, wrong);
}

static void join_routes(struct load *l)
{
	const struct config *c = l->config;
	size_t n = c->forward_zones_n;

	if (n > 0)
		memcpy(l->routes, c->forward_zones, n * sizeof *l->routes);
	if (c->stub_zones_n > 0)
		memcpy(l->routes + n, c->stub_zones, c->stub_zones_n * sizeof *l->routes);
	l->routes_n = c->forward_zones_n + c->stub_zones_n;
}

/* A zone that was to be forwarded encrypted must not leak. */
static void refuse_tls(const struct config *c, char why[LOAD_WHY_MAX])
{
	char path[32], key[LOAD_KEY_MAX];

	for (unsigned i = 0; i < c->forward_zones_n; i++) {
		if (c->forward_zones[i].transport == TRANSPORT_UDP)
			continue;
		snprintf(path, sizeof path, "forward-zones[%u].tls", i);
		add_reason(why, "%snot supported by this version", say_key(c, path, key));
	}
}

/* What is said of @zone is said of @apex: but who speaks of the root doesn't mean this one. */
static bool speaks_of(const uint8_t *zone, const uint8_t *apex)
{
	return *zone != 0 && tern_name_is_below_or_equal(apex, zone);
}

/*
 * Who has a root of his own has a tree of his own: reverse zones may be in it, and `test` is there
 * for such (RFC 6761 6.2).
 */
static bool is_in_own_tree(const struct load *l, const uint8_t *apex)
{
	static const uint8_t test[] = "\4test", in_addr[] = "\7in-addr\4arpa",
			     ip6[] = "\3ip6\4arpa";

	return l->own_root &&
	       (tern_name_equal(apex, test) || tern_name_is_below_or_equal(apex, in_addr) ||
		tern_name_is_below_or_equal(apex, ip6));
}

/*
 * Who speaks of a special name in the configuration, or of one above it, has a zone of that name.
 */
static bool is_owners(const void *context, const uint8_t *apex)
{
	const struct load *l = context;
	const struct config *c = l->config;

	if (is_in_own_tree(l, apex))
		return true;
	for (unsigned i = 0; i < c->special.except_n; i++) {
		if (tern_name_equal(c->special.except[i], apex))
			return true;
	}
	for (unsigned i = 0; i < l->routes_n; i++) {
		if (speaks_of(l->routes[i].zone, apex))
			return true;
	}
	for (unsigned i = 0; i < c->local.zones_n; i++) {
		if (speaks_of(c->local.zones[i].name, apex))
			return true;
	}
	for (unsigned i = 0; i < c->trust.anchors_n; i++) {
		uint8_t zone[TERN_NAME_MAX];
		size_t len = strcspn(c->trust.anchors[i], " \t");

		if (tern_name_from_text(c->trust.anchors[i], len, zone) == TERN_OK &&
		    (tern_name_is_below_or_equal(zone, apex) || speaks_of(zone, apex)))
			return true;
	}
	return false;
}

struct local_telling {
	const struct config *config;
	char *why;
};

static void tell_local(void *context, const char *key, const char *why, const char *against)
{
	const struct local_telling *t = context;
	char where[LOAD_KEY_MAX], other[LOAD_KEY_MAX];

	if (against)
		say_key(t->config, against, other);
	add_reason(t->why, "%s%s%s%.*s", say_key(t->config, key, where), why,
		   against ? ", see " : "", against ? (int)strlen(other) - 2 : 0,
		   against ? other : "");
}

static void seal_zones(struct load *l, struct local_telling *t)
{
	const struct local_options *local = &l->config->local;
	char key[LOCAL_KEY_MAX], against[LOCAL_KEY_MAX];
	struct zone_fault fault;

	if (zone_store_seal(l->zones, &fault))
		return;
	if (!fault.why)
		add_reason(t->why, "out of memory");
	else if (fault.source >= ZONE_SOURCE_ALIAS)
		add_reason(t->why, "hosts: %s", fault.why);
	else
		tell_local(t, local_key(local, fault.source, key), fault.why,
			   fault.against == fault.source || fault.against == 0
				   ? NULL
				   : local_key(local, fault.against, against));
}

static void note_bad_lines(struct load *l, const char *path, const struct hosts_report *report)
{
	for (unsigned i = 0; i < MIN(report->bad_n, (unsigned)HOSTS_TOLD_MAX); i++)
		add_note(l, "%s:%u: %s; the rest of the line is passed over", path,
			 report->bad[i].line, report->bad[i].why);
	if (report->bad_n > HOSTS_TOLD_MAX)
		add_note(l, "%s: %u more lines like these", path, report->bad_n - HOSTS_TOLD_MAX);
}

/* False when memory is short. */
static bool add_hosts_of(struct load *l, struct followed *followed, unsigned index,
			 uint32_t *lines_n)
{
	const char *path = l->config->hosts[index], *wrong, *text;
	struct hosts_report report;
	char name[32], key[LOAD_KEY_MAX];
	size_t len;

	text = followed_read(followed, path, &len, &wrong);
	snprintf(name, sizeof name, "hosts[%u]", index);
	if (wrong)
		add_note(l, "%s%s: %s%s", say_key(l->config, name, key), path, wrong,
			 text ? "; what was read before stays" : "");
	if (!text)
		return true;
	if (!hosts_add(l->zones, text, len, lines_n, &report))
		return false;
	note_bad_lines(l, path, &report);
	return true;
}

static bool add_hosts(struct load *l, struct followed *given)
{
	struct followed *followed = given ? given : followed_create();
	uint32_t lines_n = 0;
	bool good = followed != NULL;

	if (followed)
		followed_begin(followed);
	for (unsigned i = 0; i < l->config->hosts_n && good; i++)
		good = add_hosts_of(l, followed, i, &lines_n);
	if (followed)
		followed_end(followed);
	if (!given)
		followed_destroy(followed);
	return good;
}

static void make_zones(struct load *l, struct followed *followed, char why[LOAD_WHY_MAX])
{
	const struct config *c = l->config;
	struct local_telling t = {c, why};

	l->zones = zone_store_create();
	if (!l->zones || (c->special.serve && !special_zones_add(l->zones, is_owners, l)))
		add_reason(why, "out of memory");
	else if (!add_hosts(l, followed))
		add_reason(why, "hosts: out of memory");
	else if (local_add(l->zones, &c->local, tell_local, &t))
		seal_zones(l, &t);
}

static bool read_named_files(struct load *l, struct followed *followed, char why[LOAD_WHY_MAX])
{
	const struct config *c = l->config;

	why[0] = '\0';
	l->hints = calloc(1, sizeof *l->hints);
	l->routes = calloc(c->forward_zones_n + c->stub_zones_n + 1u, sizeof *l->routes);
	if (!l->hints || !l->routes) {
		add_reason(why, "out of memory");
		return false;
	}
	join_routes(l);
	l->routes_index = route_index_create(l->routes, l->routes_n);
	if (!l->routes_index)
		add_reason(why, "out of memory");
	read_hints(c, l->hints, why);
	l->own_root = root_hints_are_own(l->hints);
	make_zones(l, followed, why);
	refuse_tls(c, why);
	return why[0] == '\0';
}

bool load_read_most(const char *path, struct followed *followed, struct load *out,
		    char why[LOAD_WHY_MAX])
{
	*out = (struct load){.config = config_load(path, why, LOAD_WHY_MAX)};
	return out->config && read_named_files(out, followed, why);
}

bool load_read(const char *path, struct followed *followed, struct load *out,
	       char why[LOAD_WHY_MAX])
{
	if (load_read_most(path, followed, out, why))
		return true;
	load_free(out);
	return false;
}

void load_free(struct load *l)
{
	zone_store_destroy(l->zones);
	name_index_destroy(l->routes_index);
	free(l->routes);
	free(l->hints);
	config_destroy(l->config);
	*l = (struct load){0};
}

/* --- beside the main thread ------------------------------------------------------ */

struct loader {
	const char *path;
	struct followed *followed;
	int event_fd;
	pthread_t thread;
	unsigned number; /* of the load under way, or of the last one */
	bool busy;       /* from its start until it is taken */
	bool threaded;
	bool again; /* asked for while one was under way */
	bool good;
	struct load load;
	char why[LOAD_WHY_MAX];
};

/* Somebody is about to write it, or something went wrong: nobody wants all defaults that way. */
static bool is_emptied(struct loader *l)
{
	struct stat st;

	if (!l->path || stat(l->path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > 0)
		return false;
	snprintf(l->why, LOAD_WHY_MAX, "%s: is empty", l->path);
	return true;
}

static void *run(void *argument)
{
	struct loader *l = argument;

	l->good = !is_emptied(l) && load_read(l->path, l->followed, &l->load, l->why);
	(void)!eventfd_write(l->event_fd, 1);
	return NULL;
}

static void start(struct loader *l)
{
	l->number++;
	l->again = false;
	l->busy = true;
	l->threaded = pthread_create(&l->thread, NULL, run, l) == 0;
	/* Better late than never: the main thread waits for it. */
	if (!l->threaded)
		run(l);
}

struct loader *loader_create(const char *path, struct followed *followed)
{
	struct loader *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->path = path;
	l->followed = followed;
	l->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->event_fd >= 0)
		return l;
	free(l);
	return NULL;
}

static void join(struct loader *l)
{
	if (l->threaded)
		pthread_join(l->thread, NULL);
	l->threaded = l->busy = false;
}

void loader_destroy(struct loader *l)
{
	if (!l)
		return;
	join(l);
	load_free(&l->load);
	close(l->event_fd);
	free(l);
}

int loader_fd(const struct loader *l)
{
	return l->event_fd;
}

unsigned loader_ask(struct loader *l)
{
	if (l->busy) {
		l->again = true;
		return l->number + 1;
	}
	start(l);
	return l->number;
}

bool loader_take(struct loader *l, struct load *out, unsigned *number, char why[LOAD_WHY_MAX])
{
	eventfd_t told;
	bool good;

	(void)!eventfd_read(l->event_fd, &told);
	join(l);
	*out = l->load;
	*number = l->number;
	good = l->good;
	memcpy(why, l->why, LOAD_WHY_MAX);
	l->load = (struct load){0};
	if (l->again)
		start(l);
	return good;
}

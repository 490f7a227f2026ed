/* load_names.c - names of our own, of the configuration and of files of hosts; see load_private.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>

#include "daemon/discovered.h"
#include "daemon/followed.h"
#include "daemon/load_private.h"
#include "zone/added.h"
#include "zone/hosts.h"
#include "zone/leases.h"
#include "zone/local.h"
#include "zone/special.h"
#include "zone/store.h"

/* What is said of @zone is said of @apex: but who speaks of the root doesn't mean this one. */
static bool speaks_of(const uint8_t *zone, const uint8_t *apex)
{
	return *zone != 0 && tern_name_is_below_or_equal(apex, zone);
}

/*
 * Who has a root of his own has a tree of his own: reverse zones may be in it, and `test` is there
 * for such (RFC 6761 6.2).
 */
static bool is_in_own_tree(const struct load_ground *g, const uint8_t *apex)
{
	static const uint8_t test[] = "\4test", in_addr[] = "\7in-addr\4arpa",
			     ip6[] = "\3ip6\4arpa";

	return g->own_root &&
	       (tern_name_equal(apex, test) || tern_name_is_below_or_equal(apex, in_addr) ||
		tern_name_is_below_or_equal(apex, ip6));
}

/*
 * Who speaks of a special name in the configuration, or of one above it, has a zone of that name.
 */
static bool is_owners(const void *context, const uint8_t *apex)
{
	const struct load_ground *g = context;
	const struct config *c = g->config;

	if (is_in_own_tree(g, apex))
		return true;
	for (unsigned i = 0; i < c->special.except_n; i++) {
		if (tern_name_equal(c->special.except[i], apex))
			return true;
	}
	for (unsigned i = 0; i < g->routes_n; i++) {
		if (speaks_of(g->routes[i].zone, apex))
			return true;
	}
	for (unsigned i = 0; i < c->local.zones_n; i++) {
		if (speaks_of(c->local.zones[i].name, apex))
			return true;
	}
	for (unsigned i = 0; i < c->leases_n; i++) {
		if (tern_name_equal(c->leases[i].domain, apex))
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
	unsigned *groups; /* of zone files: load_zone_files() */
	bool *broken;     /* zones whose files are */
};

static void tell_local(void *context, const char *key, const char *why, const char *against)
{
	const struct local_telling *t = context;
	char where[LOAD_KEY_MAX], other[LOAD_KEY_MAX];

	if (against)
		load_say_key(t->config, against, other);
	load_add_reason(t->why, "%s%s%s%.*s", load_say_key(t->config, key, where), why,
			against ? ", see " : "", against ? (int)strlen(other) - 2 : 0,
			against ? other : "");
}

static void note_broken(const struct local_telling *t, int zone)
{
	if (zone >= 0 && t->broken)
		t->broken[zone] = true;
}

static void seal_zones(struct load *l, struct local_telling *t)
{
	const struct local_options *local = &t->config->local;
	char key[LOCAL_KEY_MAX], against[LOCAL_KEY_MAX], name[TERN_NAME_TEXT_MAX];
	struct zone_fault fault;

	if (zone_store_seal(l->zones, &fault))
		return;
	note_broken(t, fault.why ? load_zone_of_source(local, fault.source) : -1);
	note_broken(t, fault.why ? load_zone_of_source(local, fault.against) : -1);
	if (!fault.why)
		load_add_reason(t->why, "out of memory");
	else if (fault.source >= ZONE_SOURCE_ALIAS)
		load_add_reason(t->why, "hosts: %s%s%s",
				fault.name ? tern_name_to_text(fault.name, name) : "",
				fault.name ? ": " : "", fault.why);
	else
		tell_local(t, local_key(local, fault.source, key), fault.why,
			   fault.against == fault.source || fault.against == 0
				   ? NULL
				   : local_key(local, fault.against, against));
}

static void note_bad_lines(struct load *l, const char *path, const struct hosts_report *report)
{
	for (unsigned i = 0; i < MIN(report->bad_n, (unsigned)HOSTS_TOLD_MAX); i++)
		load_add_note(l, "%s:%u: %s; the rest of the line is passed over", path,
			      report->bad[i].line, report->bad[i].why);
	if (report->bad_n > HOSTS_TOLD_MAX)
		load_add_note(l, "%s: %u more lines like these", path,
			      report->bad_n - HOSTS_TOLD_MAX);
}

/* False when memory is short. */
static bool add_hosts_of(struct load *l, const struct config *c, struct followed *followed,
			 unsigned index, uint32_t *lines_n)
{
	const char *path = c->hosts[index], *wrong, *text;
	struct hosts_report report;
	char name[32], key[LOAD_KEY_MAX];
	size_t len;

	text = followed_read(followed, FOLLOWED_HOSTS, path, &len, &wrong);
	snprintf(name, sizeof name, "hosts[%u]", index);
	l->hosts_unread += wrong != NULL;
	if (wrong)
		load_add_note(l, "%s%s: %s%s", load_say_key(c, name, key), path, wrong,
			      text ? "; what was read before stays" : "");
	if (!text)
		return true;
	if (!hosts_add(l->zones, text, len, lines_n, &report))
		return false;
	l->hosts_names += report.names_n;
	l->hosts_bad += report.bad_n;
	note_bad_lines(l, path, &report);
	return true;
}

static bool add_hosts(struct load *l, const struct config *c, struct followed *followed)
{
	uint32_t lines_n = 0;
	bool good = true;

	for (unsigned i = 0; i < c->hosts_n && good; i++)
		good = add_hosts_of(l, c, followed, i, &lines_n);
	return good;
}

static void tell_zone_file(void *context, unsigned index, const char *file, unsigned line,
			   const char *why)
{
	const struct local_telling *t = context;
	char key[48], where[LOAD_KEY_MAX];

	note_broken(t, (int)index);
	snprintf(key, sizeof key, "local-zones[%u].file", index);
	if (line > 0)
		load_add_reason(t->why, "%s:%u: %s", file, line, why);
	else
		load_add_reason(t->why, "%s%s: %s", load_say_key(t->config, key, where), file, why);
}

/* --- the domains of leases ----------------------------------------------------------- */

/* A local zone or a route of the same name says what becomes of the names there. */
static bool is_spoken_of(const struct load_ground *g, unsigned index)
{
	const struct config *c = g->config;
	const uint8_t *domain = c->leases[index].domain;

	for (unsigned i = 0; i < index; i++) {
		if (tern_name_equal(c->leases[i].domain, domain))
			return true;
	}
	for (unsigned i = 0; i < c->local.zones_n; i++) {
		if (tern_name_equal(c->local.zones[i].name, domain))
			return true;
	}
	for (unsigned i = 0; i < g->routes_n; i++) {
		if (tern_name_equal(g->routes[i].zone, domain))
			return true;
	}
	return false;
}

/* Denials of names that may be there soon don't last. */
static bool add_domains(struct load *l, const struct load_ground *g)
{
	char text[2 * TERN_NAME_TEXT_MAX + 64], name[TERN_NAME_TEXT_MAX];
	const char *why;

	for (unsigned i = 0; i < g->config->leases_n; i++) {
		const uint8_t *domain = g->config->leases[i].domain;

		if (is_spoken_of(g, i))
			continue;
		tern_name_to_text(domain, name);
		snprintf(text, sizeof text, "%s %d SOA %s nobody.invalid. 1 3600 1200 604800 %d",
			 name, LEASES_TTL_S, name, LEASES_TTL_S);
		if (!zone_store_add_zone(l->zones, domain, ZONE_STATIC, 0) ||
		    !zone_store_add(l->zones, text, NULL, 0, &why))
			return false;
	}
	return true;
}

/* --- what clients may find out -------------------------------------------------------- */

/* Names of leases come and go, and a name with records is none of theirs. */
static bool is_leased(const struct config *c, const uint8_t *name)
{
	for (unsigned i = 0; i < c->leases_n; i++) {
		if (tern_name_is_below_or_equal(name, c->leases[i].domain))
			return true;
	}
	return false;
}

/* Who speaks for resolver.arpa speaks of what there is to be found. */
static bool add_discovery(struct load *l, const struct load_ground *g)
{
	static const uint8_t arpa[] = "\10resolver\4arpa";
	struct discovery d;

	if (!g->config->special.serve || is_owners(g, arpa))
		return true;
	discovered_fill(g->config, l->tls ? l->tls : g->tls, &d);
	return discovery_add(l->zones, &d, !is_leased(g->config, d.name));
}

static void add_all(struct load *l, const struct load_ground *g, struct followed *followed,
		    struct local_telling *t)
{
	const struct config *c = g->config;

	l->zones = zone_store_create();
	if (!l->zones || (c->special.serve && !special_zones_add(l->zones, is_owners, g)) ||
	    !add_domains(l, g))
		load_add_reason(t->why, "out of memory");
	else if (!add_hosts(l, c, followed))
		load_add_reason(t->why, "hosts: out of memory");
	else if (followed_added(followed) &&
		 !added_fill(followed_added(followed), l->zones, &l->added_serial))
		load_add_reason(t->why, "local-data: out of memory");
	else if (local_add(l->zones, &c->local, tell_local, t) &&
		 load_zone_files(l->zones, &c->local, followed, t->groups, tell_zone_file, t)) {
		if (add_discovery(l, g))
			seal_zones(l, t);
		else
			load_add_reason(t->why, "out of memory");
	}
}

/* Those that are broken are to be as before: is there one more? */
static bool hold_broken(struct followed *followed, const struct local_telling *t)
{
	bool any = false;

	for (unsigned i = 0; i < t->config->local.zones_n; i++) {
		if (!t->broken[i] || t->groups[i] == LOAD_ZONE_AS_BEFORE)
			continue;
		followed_hold(followed, t->groups[i]);
		t->groups[i] = LOAD_ZONE_AS_BEFORE;
		any = true;
	}
	return any;
}

/* What was built with files that are broken is thrown away, and they are a note. */
static void begin_again(struct load *l, const char *notes_before, char why[LOAD_WHY_MAX])
{
	zone_store_destroy(l->zones);
	l->zones = NULL;
	l->hosts_names = l->hosts_bad = l->hosts_unread = 0;
	snprintf(l->notes, sizeof l->notes, "%s", notes_before);
	load_add_note(l, "%s; what was read before stays", why);
	why[0] = '\0';
}

/* Each zone file stands for itself: what is broken is taken as it was good last. */
static void add_each(struct load *l, const struct load_ground *g, struct followed *followed,
		     struct local_telling *t)
{
	char *notes = malloc(LOAD_NOTES_MAX);

	t->groups = calloc(g->config->local.zones_n + 1u, sizeof *t->groups);
	t->broken = calloc(g->config->local.zones_n + 1u, sizeof *t->broken);
	if (notes && t->groups && t->broken) {
		snprintf(notes, LOAD_NOTES_MAX, "%s", l->notes);
		add_all(l, g, followed, t);
		while (t->why[0] && hold_broken(followed, t)) {
			begin_again(l, notes, t->why);
			snprintf(notes, LOAD_NOTES_MAX, "%s", l->notes);
			add_all(l, g, followed, t);
		}
	} else {
		load_add_reason(t->why, "out of memory");
	}
	free(notes);
	free(t->groups);
	free(t->broken);
}

void load_names(struct load *l, const struct load_ground *g, struct followed *given,
		char why[LOAD_WHY_MAX])
{
	struct followed *followed = given ? given : followed_create();
	struct local_telling t = {.config = g->config, .why = why};

	if (!followed) {
		load_add_reason(why, "out of memory");
		return;
	}
	followed_begin(followed, FOLLOWED_HOSTS);
	if (g->each)
		add_each(l, g, followed, &t);
	else
		add_all(l, g, followed, &t);
	/* What a load that comes to nothing did not read may be needed by the next one. */
	if (!why[0]) {
		followed_settle(followed, FOLLOWED_HOSTS);
		followed_end(followed, FOLLOWED_HOSTS);
	}
	if (!given)
		followed_destroy(followed);
}

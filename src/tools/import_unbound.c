/*
 * import_unbound.c - unbound.conf as unbound's own lexer reads it: words, quotes, comments.
 *
 * An option is a word with a colon, and then as many values as that option has, on whatever lines.
 * Sections gather what belongs to one zone or view, and are settled when the next one begins.
 */
#include "tools/import_unbound.h"

#include <stdlib.h>
#include <string.h>

#define OPTION_MAX 64

/* How many values an option has when there is not one. */
static const struct {
	const char *name;
	unsigned n;
} of_several[] = {
	{"access-control", 2},
	{"access-control-tag", 2},
	{"access-control-view", 2},
	{"access-control-tag-action", 3},
	{"access-control-tag-data", 3},
	{"interface-action", 2},
	{"interface-tag", 2},
	{"interface-view", 2},
	{"interface-tag-action", 3},
	{"interface-tag-data", 3},
	{"local-zone", 2},
	{"local-zone-tag", 2},
	{"local-zone-override", 3},
	{"response-ip", 2},
	{"response-ip-tag", 2},
	{"response-ip-data", 2},
	{"ratelimit-for-domain", 2},
	{"ratelimit-below-domain", 2},
	{"edns-client-string", 2},
	{"wait-limit-netblock", 2},
	{"wait-limit-cookie-netblock", 2},
};

static const char *const sections[] = {
	"server", "forward-zone", "stub-zone", "view",    "auth-zone", "rpz",   "remote-control",
	"python", "dynlib",       "dnscrypt",  "cachedb", "dnstap",    "ipset", NULL};

static bool is_section(const char *word)
{
	for (const char *const *s = sections; *s; s++) {
		if (strcmp(*s, word) == 0)
			return true;
	}
	return false;
}

static unsigned values_of(const char *option)
{
	for (size_t i = 0; i < sizeof of_several / sizeof *of_several; i++) {
		if (strcmp(of_several[i].name, option) == 0)
			return of_several[i].n;
	}
	return 1;
}

/* --- words ----------------------------------------------------------------------------- */

struct lexer {
	char *at;
	const char *end;
	unsigned line;
};

static void skip_blank(struct lexer *x)
{
	while (x->at < x->end) {
		if (*x->at == '#') {
			while (x->at < x->end && *x->at != '\n')
				x->at++;
			continue;
		}
		if (!strchr(" \t\r\n", *x->at) && *x->at)
			return;
		x->line += *x->at == '\n';
		x->at++;
	}
}

/* The name before the next colon; false at the end, with @p wrong when there is something else. */
static bool next_option(struct lexer *x, char out[OPTION_MAX], bool *wrong)
{
	size_t n = 0;

	*wrong = false;
	skip_blank(x);
	if (x->at == x->end)
		return false;
	while (x->at + n < x->end && n < OPTION_MAX - 1 &&
	       strchr("abcdefghijklmnopqrstuvwxyz0123456789-", x->at[n]) && x->at[n])
		n++;
	snprintf(out, OPTION_MAX, "%.*s", (int)n, x->at);
	*wrong = n == 0 || x->at + n == x->end || x->at[n] != ':';
	x->at += n;
	if (!*wrong)
		x->at++;
	return true;
}

/* What is no option: the rest of its line. */
static void skip_line(struct lexer *x)
{
	while (x->at < x->end && *x->at != '\n')
		x->at++;
}

/* A word or a quoted text, cut off in place; NULL at the end, or when a quote is not closed. */
static char *next_value(struct lexer *x)
{
	char *word, quote;

	skip_blank(x);
	if (x->at == x->end)
		return NULL;
	quote = *x->at;
	word = x->at;
	if (quote == '"' || quote == '\'') {
		char *close = ++word;

		while (close < x->end && *close != quote && *close != '\n')
			close++;
		x->at = close;
		if (close == x->end || *close == '\n')
			return NULL;
		x->at++;
		*close = '\0';
		for (char *c = word; c < close; c++)
			*c = *c ? *c : ' ';
		return word;
	}
	while (x->at < x->end && *x->at && !strchr(" \t\r\n", *x->at))
		x->at++;
	if (x->at == x->end)
		return word; /* the text has a NUL behind it */
	x->line += *x->at == '\n';
	*x->at++ = '\0';
	return word;
}

/* --- sections -------------------------------------------------------------------------- */

static void end_section(struct unbound *u)
{
	struct import *im = u->im;

	u->route.tls = u->tls || u->all_tls;
	if (u->is_zone && u->route.tls && strcmp(u->route.list, "stub-zones") == 0)
		import_leave(im, &u->route.place,
			     "the zone %s is left out: stub zones are not asked by TLS",
			     u->route.name);
	else if (u->is_zone)
		import_route_write(im, &u->route);
	if (strcmp(u->section, "rpz") == 0)
		unbound_end_policy(u);
	free(u->file);
	free(u->action);
	u->file = u->action = NULL;
	u->is_zone = u->tls = u->is_remote = false;
	u->view = 0;
}

static void begin_section(struct unbound *u, const char *section, const struct import_place *place)
{
	end_section(u);
	snprintf(u->section, sizeof u->section, "%s", section);
	for (const char *const *s = sections; *s; s++) {
		if (strcmp(*s, section) == 0)
			u->place = (struct import_place){place->file, place->line, *s};
	}
	memset(&u->route, 0, sizeof u->route);
	u->route.place = u->place;
	u->is_zone = strcmp(section, "forward-zone") == 0 || strcmp(section, "stub-zone") == 0;
	u->route.list = strcmp(section, "stub-zone") == 0 ? "stub-zones" : "forward-zones";
	if (strcmp(section, "auth-zone") == 0 || strcmp(section, "cachedb") == 0 ||
	    strncmp(section, "dn", 2) == 0 || strncmp(section, "py", 2) == 0 ||
	    strncmp(section, "dy", 2) == 0)
		import_leave(u->im, &u->place, "the section is left out: there is no such thing");
}

static void read_file(struct unbound *u, const char *path, char *text, size_t len);

static void include(struct import *im, const char *path, char *text, size_t len)
{
	read_file(im->reader, path, text, len);
}

static void take_option(struct unbound *u, const struct import_place *place, char *values[3])
{
	if (strcmp(place->option, "include") == 0 ||
	    strcmp(place->option, "include-toplevel") == 0) {
		if (place->option[7])
			begin_section(u, "", place);
		u->im->reader = u;
		import_include(u->im, place, values[0], include);
	} else if (strcmp(u->section, "server") == 0 || !*u->section) {
		unbound_server(u, place, values);
	} else if (u->is_zone) {
		unbound_zone(u, place, values[0]);
	} else if (strcmp(u->section, "view") == 0) {
		unbound_view(u, place, values);
	} else if (strcmp(u->section, "rpz") == 0) {
		unbound_policy(u, place, values[0]);
	}
	/* What there is in remote-control has no counterpart but the socket, and that has its
	 * place. */
}

static void read_file(struct unbound *u, const char *path, char *text, size_t len)
{
	struct lexer x = {text, text + len, 1};
	char option[OPTION_MAX];
	struct import_place place = {import_intern(u->im, path), 0, option};
	bool wrong;

	while (next_option(&x, option, &wrong)) {
		char *values[3] = {NULL, NULL, NULL};
		bool whole = true;

		place.line = x.line;
		if (wrong) {
			import_leave(u->im, &place, "not an option with a colon behind it");
			skip_line(&x);
			continue;
		}
		if (is_section(option)) {
			begin_section(u, option, &place);
			continue;
		}
		for (unsigned i = 0; i < values_of(option) && whole; i++)
			whole = (values[i] = next_value(&x)) != NULL;
		if (whole)
			take_option(u, &place, values);
		else
			import_leave(u->im, &place, "a value is missing, or its quote");
	}
}

void import_unbound(struct import *im, const char *path, char *text, size_t len)
{
	struct unbound u = {.im = im};

	im->is_local_only = true;
	u.nat64_place = (struct import_place){import_intern(im, path), 0, "module-config"};
	read_file(&u, path, text, len);
	end_section(&u);
	unbound_end_dns64(&u);
}

/*
 * check.c - a configuration looked at and nothing done: `ternd -t`.
 *
 * Errors are told as a start would tell them, all that can be found, and then the doubts. To a
 * person, as compilers do, so both go to standard error.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/doubt.h"
#include "daemon/privilege.h"
#include "daemon/server_private.h"

struct findings {
	unsigned errors;
	unsigned doubts;
};

static void tell(const char *what, struct place place, const char *text)
{
	if (place.line > 0)
		fprintf(stderr, "%s:%u: %s%s\n", place.file, place.line, what, text);
	else
		fprintf(stderr, "%s%s\n", what, text);
}

static void tell_error(struct findings *f, struct place place, const char *text)
{
	f->errors++;
	tell("", place, text);
}

static void tell_doubt(void *context, struct place place, const char *text)
{
	struct findings *f = context;

	f->doubts++;
	tell("doubt: ", place, text);
}

static void tell_reasons(struct findings *f, char *why)
{
	char *line;

	while ((line = strsep(&why, "\n")) != NULL)
		tell_error(f, (struct place){NULL, 0}, line);
}

static void tell_notes(struct findings *f, char *notes)
{
	char *rest = *notes ? notes : NULL, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		tell_doubt(f, (struct place){NULL, 0}, line);
}

/* The default may be right on another machine. What was written was meant for this one. */
static void check_user(const struct config *c, struct findings *f)
{
	struct place place = config_place(c, "server.user");
	bool written = config_writes(c, "server.user");
	char text[512];

	if (privilege_is_known(c->server.user))
		return;
	snprintf(text, sizeof text,
		 "server.user: no user \"%s\"; create it, or set server.user to \"\"",
		 c->server.user);
	if (written && geteuid() == 0)
		tell_error(f, place, text);
	else
		tell_doubt(f, place, text);
}

/* Another user than the daemon's may not read the file: that says nothing. */
static void check_states(const struct config *c, struct findings *f)
{
	const struct place place = config_place(c, "dnssec.trust-anchor-file");
	char why[KEEPER_WHY_MAX], text[KEEPER_WHY_MAX + 64];

	if (c->resolver.validation == VALIDATION_OFF)
		return;
	enum state_found found = keeper_look(&c->trust, why);

	snprintf(text, sizeof text, "dnssec.trust-anchor-file: %s", why);
	if (found == STATE_UNREADABLE && geteuid() == 0)
		tell_error(f, place, text);
	else if (found == STATE_UNREADABLE || found == STATE_DAMAGED)
		tell_doubt(f, place, text);
}

static void check_trust(struct server *s, const struct config *c, struct findings *f)
{
	const struct keeper_terms terms = {&c->trust, c->resolver.validation, c->resolver.sha1};
	char why[KEEPER_WHY_MAX] = "out of memory";

	if (!s->keeper || !keeper_take(s->keeper, &terms, NULL, why))
		tell_reasons(f, why);
}

enum server_end server_check(struct server *s)
{
	const char *path = s->start->path;
	struct findings f = {0, 0};
	char why[LOAD_WHY_MAX];
	struct load load;

	if (!load_read_most(path, NULL, &load, why))
		tell_reasons(&f, why);
	if (load.config) {
		check_trust(s, load.config, &f);
		check_user(load.config, &f);
		check_states(load.config, &f);
		doubt_all(load.config, tell_doubt, &f);
		tell_notes(&f, load.notes);
	}
	load_free(&load);
	if (f.errors + f.doubts == 0)
		printf("%s: ok\n", path ? path : "the defaults");
	return f.errors > 0 ? SERVER_MISCONFIGURED : SERVER_STOPPED;
}

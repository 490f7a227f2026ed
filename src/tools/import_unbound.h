/*
 * import_unbound.h - what the lexer of unbound.conf and the options share.
 */
#pragma once

#include <stdbool.h>

#include "tools/import_values.h"

/** A file of unbound's and those that it includes, as they are read. */
struct unbound {
	struct import *im;
	char section[32];          /* "" before the first one */
	struct import_place place; /* where it begins */
	struct import_route route; /* of forward-zone and stub-zone; the name of an rpz */
	char *file;                /* of an rpz */
	char *action;              /* of an rpz */
	unsigned view;             /* of a view */
	bool is_zone;              /* forward-zone or stub-zone */
	bool tls;                  /* of such a zone */
	bool all_tls;              /* every server is asked by TLS from here on */
	bool is_remote;            /* an rpz that is transferred */
	bool has_dns64;            /* module-config names it */
	char *nat64;               /* dns64-prefix; NULL: none was said */
	struct import_place nat64_place;
};

/** An option of `server:`. @p values has as many as the option, the others are NULL. */
void unbound_server(struct unbound *u, const struct import_place *place, char *values[3]);

/** All was read: the prefix of DNS64. */
void unbound_end_dns64(struct unbound *u);

/** An option of `forward-zone:` or `stub-zone:`. */
void unbound_zone(struct unbound *u, const struct import_place *place, const char *value);

/** An option of `view:`. */
void unbound_view(struct unbound *u, const struct import_place *place, char *values[3]);

/** An option of `rpz:`, and its end. */
void unbound_policy(struct unbound *u, const struct import_place *place, const char *value);
void unbound_end_policy(struct unbound *u);

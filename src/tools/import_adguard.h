/*
 * import_adguard.h - the parts of AdGuardHome.yaml that are read apart.
 */
#pragma once

#include <stdbool.h>
#include <yaml.h>

#include "tools/import_values.h"

/** A file, as it is read. */
struct adguard {
	struct import *im;
	const char *path;
	yaml_document_t document;
	unsigned items;   /* that were seen */
	char action[128]; /* of lists */
	bool forwards;    /* all names go to other servers */
	bool bootstrap_told;
};

typedef void adguard_item(struct adguard *g, const struct import_place *place, yaml_node_t *n);

/** The value of @p key in @p map, or NULL. */
yaml_node_t *adguard_find(struct adguard *g, yaml_node_t *map, const char *key);

/** The same as text; "" when there is none. With @p key NULL the text of @p map itself. */
const char *adguard_text(struct adguard *g, yaml_node_t *map, const char *key);

/** Is the value true? */
bool adguard_is_on(struct adguard *g, yaml_node_t *map, const char *key);

/** Call @p take for each item of the list @p key. */
void adguard_each(struct adguard *g, yaml_node_t *map, const char *key, adguard_item *take);

/** Where the value of @p key is. */
struct import_place adguard_place(struct adguard *g, yaml_node_t *map, const char *key);

/** A server, "ADDRESS" or "[/NAME/.../]ADDRESS", of everybody or a view. */
void adguard_upstream(struct adguard *g, const struct import_place *place, const char *text,
		      unsigned view);

/** Rewrites and safe search of @p map, the section that has them. */
void adguard_names(struct adguard *g, yaml_node_t *map);

/** Lists by URL, and the rules that the user wrote. */
void adguard_lists(struct adguard *g, yaml_node_t *root);

/** Clients with settings of their own. */
void adguard_clients(struct adguard *g, yaml_node_t *root);

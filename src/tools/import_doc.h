/*
 * import_doc.h - a small tree of mappings, lists and texts that becomes YAML.
 *
 * Purpose    What is imported is collected in any order and written once, strictly:
 *            every text in double quotes, with all but printable ASCII escaped, so that no
 *            octet of a foreign file can end a line, a quote or a mapping.
 * Memory     one `struct doc` owns all nodes; when memory is short the document is
 *            `broken`, nodes are NULL, and every function takes NULL for a parent.
 * Standards  YAML 1.1, double-quoted scalars (5.7).
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/compiler.h"

struct doc_node;

struct doc {
	struct doc_node *root; /* a mapping */
	bool broken;           /* memory was short: do not write */
};

/** An empty document. */
void doc_init(struct doc *d);

/** Free all nodes. */
void doc_fini(struct doc *d);

/** The mapping @p key of the mapping @p parent, made when there is none; NULL: memory is short. */
struct doc_node *doc_map(struct doc *d, struct doc_node *parent, const char *key);

/** The list @p key of the mapping @p parent, likewise. */
struct doc_node *doc_list(struct doc *d, struct doc_node *parent, const char *key);

/** The same, which is written as [] when nothing comes into the list. */
void doc_keep_list(struct doc *d, struct doc_node *parent, const char *key);

/** A new mapping at the end of @p list. */
struct doc_node *doc_add_map(struct doc *d, struct doc_node *list);

/** A text, quoted, at the end of @p list. */
void doc_add_text(struct doc *d, struct doc_node *list, const char *text);

/** The value of @p key in the mapping @p parent, in the place of one that is there: quoted, */
void doc_set_text(struct doc *d, struct doc_node *parent, const char *key, const char *text);

/** or as it is: a word, number, size or duration that the caller made. */
void doc_set_word(struct doc *d, struct doc_node *parent, const char *key, const char *word);

/** The value of @p key in the mapping @p parent as text; NULL when there is none. */
const char *doc_get(const struct doc_node *parent, const char *key);

/** How many values or items @p node has; 0 of NULL. */
unsigned doc_len(const struct doc_node *node);

/** Take @p key away from the mapping @p parent. */
void doc_remove(struct doc_node *parent, const char *key);

/** Write the document; mappings and lists without anything in them are left out. */
void doc_write(const struct doc *d, FILE *to);

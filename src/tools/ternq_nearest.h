/*
 * ternq_nearest.h - which word was perhaps meant.
 *
 *     struct nearest n = nearest_begin("shrot", 5);
 *     nearest_offer(&n, "short");
 *     nearest_offer(&n, "stats");
 *     if (n.name) ...  "short"
 */
#pragma once

#include <stddef.h>

struct nearest {
	const char *word;
	size_t len;
	const char *name;  /* the best so far; NULL when none is near */
	unsigned distance; /* of it */
};

/** @p word of @p len octets is what was typed. */
struct nearest nearest_begin(const char *word, size_t len);

/** Is @p name nearer than those before? Case does not count. @p name must live as long as @p n. */
void nearest_offer(struct nearest *n, const char *name);

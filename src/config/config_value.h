/*
 * config_value.h - one scalar of the configuration, from text to its member.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "config/schema.h"

#define VALUE_PLACE_MAX  512 /* octets of "at FILE:LINE" */
#define VALUE_QUOTED_MAX 72  /* octets of an escaped, shortened value in a message, with NUL */

/** A scalar as the YAML parser gave it. */
struct value {
	const char *text; /**< @c len octets and NUL; may hold NUL itself */
	size_t len;
	bool plain; /**< neither quoted nor a block: `true` is a boolean, nothing is null */
};

/** Is it YAML's null: written as nothing, ~ or null? */
bool value_is_null(const struct value *v);

/**
 * Convert @p v as @p key says and store it at @p at (the member, or one element of a list).
 *
 * A string is copied to the heap and owned by @p at; the one that it replaces is freed.
 * @param why  what was expected and what was found, when the result is false; @p at untouched
 */
MUST_USE bool value_read(const struct schema_key *key, const struct value *v, void *at,
			 char why[SCHEMA_WHY_MAX]);

/** Set all members of a zeroed @p mapping to the defaults of @p keys. False: out of memory. */
MUST_USE bool value_read_defaults(const struct schema_key *keys, void *mapping);

/** What @p key takes, for messages: "true or false". */
char *value_expected(const struct schema_key *key, char out[SCHEMA_WHY_MAX]);

/** @p text for a message: other than printable ASCII as \DDD, "..." where it was cut. */
char *value_quote(const char *text, size_t len, char out[VALUE_QUOTED_MAX]);

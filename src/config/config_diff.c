/*
 * config_diff.c - see config_diff.h: the schema walked over two structs at once.
 */
#include "config/config_diff.h"

#include <stdio.h>
#include <string.h>

#include <tern/name.h>

#include "base/compiler.h"
#include "config/schema.h"
#include "policy/view_client.h"

static bool is_equal(const struct schema_key *key, const void *a, const void *b);

static bool servers_are_equal(const void *a, const void *b)
{
	const struct route_server *x = a, *y = b;

	return address_equal(&x->address, &y->address) && strcmp(x->name, y->name) == 0;
}

static bool mappings_are_equal(const struct schema_key *keys, const void *a, const void *b)
{
	for (const struct schema_key *k = keys; k->name; k++) {
		if (!is_equal(k, (const char *)a + k->offset, (const char *)b + k->offset))
			return false;
	}
	return true;
}

static bool texts_are_equal(const void *a, const void *b)
{
	const char *x, *y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return strcmp(x, y) == 0;
}

static bool names_are_equal(const void *a, const void *b)
{
	const uint8_t *x, *y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return tern_name_equal(x, y);
}

static bool one_is_equal(const struct schema_key *key, const void *a, const void *b)
{
	switch (key->kind) {
	case SCHEMA_SECTION: return mappings_are_equal(key->keys, a, b);
	case SCHEMA_INCLUDE: return true;
	case SCHEMA_STRING:
	case SCHEMA_NAME_TEXT:
	case SCHEMA_ANCHOR: return texts_are_equal(a, b);
	case SCHEMA_ZONE: return names_are_equal(a, b);
	case SCHEMA_LISTEN: return address_equal(a, b);
	case SCHEMA_SERVER: return servers_are_equal(a, b);
	case SCHEMA_NETWORK:
	case SCHEMA_NAT64:
	case SCHEMA_CLIENTS: return prefix_equal(a, b);
	case SCHEMA_MEMBER: return view_client_compare(a, b) == 0;
	case SCHEMA_BOOL:
	case SCHEMA_WORD:
	case SCHEMA_WORKERS:
	case SCHEMA_TYPE:
	case SCHEMA_NUMBER:
	case SCHEMA_SIZE:
	case SCHEMA_SCHEDULE:
	case SCHEMA_SECONDS:
	case SCHEMA_MILLIS: break;
	}
	return memcmp(a, b, key->size) == 0;
}

/* The member's own struct, from the member: lists have their count beside them. */
static const void *mapping_of(const struct schema_key *key, const void *at)
{
	return (const char *)at - key->offset;
}

static bool is_equal(const struct schema_key *key, const void *a, const void *b)
{
	if (!key->list)
		return one_is_equal(key, a, b);
	unsigned n = schema_list_len(key, mapping_of(key, a));

	if (schema_list_len(key, mapping_of(key, b)) != n)
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (!one_is_equal(key, schema_list_item(key, mapping_of(key, a), i),
				  schema_list_item(key, mapping_of(key, b), i)))
			return false;
	}
	return true;
}

void config_diff(const struct config *a, const struct config *b,
		 void (*visit)(void *context, const char *path), void *context)
{
	char path[SCHEMA_PATH_MAX];

	for (const struct schema_key *top = schema_root; top->name; top++) {
		if (top->list || !top->keys) {
			if (!is_equal(top, (const char *)a + top->offset,
				      (const char *)b + top->offset))
				visit(context, top->name);
			continue;
		}
		for (const struct schema_key *k = top->keys; k && k->name; k++) {
			if (is_equal(k, (const char *)a + k->offset, (const char *)b + k->offset))
				continue;
			snprintf(path, sizeof path, "%s.%s", top->name, k->name);
			visit(context, path);
		}
	}
}

/* schema.c - see schema.h: what walks the table. */
#include "config/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "net/tls.h"
#include "policy/route.h"
#include "policy/view_client.h"

#define KEY_LEN_SEEN 64 /* octets of an unknown key that are compared */

const struct schema_key *schema_find(const struct schema_key *keys, const char *name, size_t len)
{
	for (; keys->name; keys++) {
		if (strlen(keys->name) == len && memcmp(keys->name, name, len) == 0)
			return keys;
	}
	return NULL;
}

/** Edits (insert, delete, replace, swap neighbours) between @p a and the key @p b. */
static unsigned edit_distance(const char *a, size_t a_len, const char *b)
{
	unsigned rows[3][KEY_LEN_SEEN + 1];
	size_t b_len = MIN(strlen(b), KEY_LEN_SEEN);

	a_len = MIN(a_len, KEY_LEN_SEEN);
	for (unsigned j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= a_len; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *up = rows[(i + 2) % 3];
		const unsigned *up2 = rows[(i + 1) % 3];

		row[0] = i;
		for (unsigned j = 1; j <= b_len; j++) {
			unsigned replaced = up[j - 1] + (a[i - 1] != b[j - 1]);

			row[j] = MIN(replaced, MIN(up[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], up2[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

struct nearest {
	const char *name;
	size_t len;
	unsigned best;
	char *out;
};

/** Offer every key of one mapping, at @p penalty for not standing where the typo stood. */
static void offer(struct nearest *n, const struct schema_key *keys, const char *at,
		  unsigned penalty)
{
	for (const struct schema_key *k = keys; k->name; k++) {
		unsigned cost = edit_distance(n->name, n->len, k->name) + penalty;

		if (cost >= n->best)
			continue;
		n->best = cost;
		snprintf(n->out, SCHEMA_PATH_MAX, "%s%s%s", at, at[0] ? "." : "", k->name);
	}
}

bool schema_nearest(const struct schema_key *keys, const char *at, const char *name, size_t len,
		    char out[SCHEMA_PATH_MAX])
{
	struct nearest n = {name, len, UINT32_MAX, out};

	offer(&n, keys, at, 0);
	offer(&n, schema_root, "", 1);
	for (const struct schema_key *k = schema_root; k->name; k++) {
		if (k->keys)
			offer(&n, k->keys, k->name, 1);
	}
	return n.best <= (len + 2) / 3;
}

bool schema_is_planned(const char *path)
{
	static const char *const planned[] = {
		"https.http3", "lists.url", "lists.refresh", "zones",     "keys",
		"metrics",     "dashboard", "dnstap",        "query-log", "server.memory",
	};
	char plain[SCHEMA_PATH_MAX];
	const char *index = strchr(path, '['), *behind = index ? strchr(index, ']') : NULL;

	snprintf(plain, sizeof plain, "%.*s%s", behind ? (int)(index - path) : (int)strlen(path),
		 path, behind ? behind + 1 : "");
	for (unsigned i = 0; i < ARRAY_LEN(planned); i++) {
		if (strcmp(planned[i], plain) == 0)
			return true;
	}
	return false;
}

/* Members are reached by offset and copied, so no pointer type is pretended. */

unsigned schema_list_len(const struct schema_key *key, const void *mapping)
{
	unsigned n;

	memcpy(&n, (const char *)mapping + key->count_offset, sizeof(n));
	return n;
}

static void set_list(const struct schema_key *key, void *mapping, char *items, unsigned n)
{
	memcpy((char *)mapping + key->offset, &items, sizeof(items));
	memcpy((char *)mapping + key->count_offset, &n, sizeof(n));
}

static char *list_items(const struct schema_key *key, const void *mapping)
{
	char *items;

	memcpy(&items, (const char *)mapping + key->offset, sizeof(items));
	return items;
}

void *schema_list_add(const struct schema_key *key, void *mapping)
{
	char *items = list_items(key, mapping);
	unsigned n = schema_list_len(key, mapping);

	if (n == UINT32_MAX)
		return NULL;
	if ((n & (n - 1)) == 0) { /* capacities are powers of two, so nobody has to keep them */
		items = reallocarray(items, n > 0 ? 2 * (size_t)n : 1, key->size);
		if (!items)
			return NULL;
	}
	memset(items + n * key->size, 0, key->size);
	set_list(key, mapping, items, n + 1);
	return items + n * key->size;
}

const void *schema_list_item(const struct schema_key *key, const void *mapping, unsigned i)
{
	return list_items(key, mapping) + i * key->size;
}

/** Release what element or member @p at of @p key owns. */
static void free_server(struct route_server *server)
{
	tls_peer_release(server->peer);
	free(server->name);
}

static void free_value(const struct schema_key *key, void *at)
{
	char *text;

	switch (key->kind) {
	case SCHEMA_STRING:
	case SCHEMA_NAME_TEXT:
	case SCHEMA_ANCHOR:
	case SCHEMA_ZONE:
		memcpy(&text, at, sizeof(text));
		free(text);
		break;
	case SCHEMA_SECTION: schema_free(key->keys, at); break;
	case SCHEMA_MEMBER: view_client_free(at); break;
	case SCHEMA_SERVER: free_server(at); break;
	case SCHEMA_INCLUDE:
	case SCHEMA_BOOL:
	case SCHEMA_WORD:
	case SCHEMA_WORKERS:
	case SCHEMA_NUMBER:
	case SCHEMA_SIZE:
	case SCHEMA_SECONDS:
	case SCHEMA_MILLIS:
	case SCHEMA_LISTEN:
	case SCHEMA_SCHEDULE:
	case SCHEMA_NETWORK:
	case SCHEMA_NAT64:
	case SCHEMA_TYPE:
	case SCHEMA_CLIENTS: break;
	}
}

void schema_list_clear(const struct schema_key *key, void *mapping)
{
	char *items = list_items(key, mapping);
	unsigned n = schema_list_len(key, mapping);

	for (unsigned i = 0; i < n; i++)
		free_value(key, items + i * key->size);
	free(items);
	set_list(key, mapping, NULL, 0);
}

void schema_free(const struct schema_key *keys, void *mapping)
{
	for (const struct schema_key *k = keys; k->name; k++) {
		if (k->list)
			schema_list_clear(k, mapping);
		else
			free_value(k, (char *)mapping + k->offset);
	}
}

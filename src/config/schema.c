/* schema.c - see schema.h: the table first, then what walks it. */
#include "config/schema.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "config/config.h"
#include "resolver/job.h"
#include "resolver/zonecut.h"
#include "worker/worker.h"

#define MIB ((uint64_t)1 << 20)
#define TIB ((uint64_t)1 << 40)

#define TTL_MAX_S       INT32_MAX /* RFC 2181 8: the sign bit is never set */
#define STALE_AGE_MAX_S 604800    /* RFC 8767 5 speaks of one to three days */
#define PATH_OCTETS     4095      /* PATH_MAX without NUL */
#define SOCK_OCTETS     107       /* sockaddr_un.sun_path without NUL */
#define TXT_OCTETS      255       /* one character-string */
#define USER_OCTETS     255
#define HOSTS_FILES_MAX 64
#define RECORD_OCTETS   65535 /* in presentation format */
#define KEY_LEN_SEEN    64    /* octets of an unknown key that are compared */

/* Where a value goes: a member of struct config, or of struct route. */
#define SIZE_OF(type, member)   sizeof(((type *)0)->member)
#define MEMBER_OF(type, member) .offset = offsetof(type, member), .size = SIZE_OF(type, member)
#define LIST_OF(type, member)                                                                      \
	.list = true, .offset = offsetof(type, member), .size = SIZE_OF(type, member[0]),          \
	.count_offset = offsetof(type, member##_n)
#define TO(member)        MEMBER_OF(struct config, member)
#define TO_LIST(member)   LIST_OF(struct config, member)
#define IN_ZONE(member)   MEMBER_OF(struct route, member)
#define IN_LOCAL(member)  MEMBER_OF(struct local_zone, member)
#define IN_LISTEN(member) MEMBER_OF(struct listen_options, member)

static bool finish_listen(void *mapping, struct schema_fault *fault)
{
	struct listen_options *l = mapping;
	bool at_address = l->at.address.family != 0;

	fault->key = "transport";
	if (l->at.transport != TRANSPORT_UDP) {
		snprintf(fault->why, sizeof fault->why, "not supported by this version");
		return false;
	}
	fault->key = "address";
	if (at_address == (*l->interface != '\0')) {
		snprintf(fault->why, sizeof fault->why, "expected either it or interface");
		return false;
	}
	fault->key = "port";
	if (at_address && l->port != 0) {
		snprintf(fault->why, sizeof fault->why, "expected with interface only: ADDR@PORT");
		return false;
	}
	if (!at_address && l->port == 0)
		l->port = 53;
	return true;
}

static bool listen_alike(const struct listen_options *a, const struct listen_options *b)
{
	return endpoint_equal(&a->at, &b->at) && strcmp(a->interface, b->interface) == 0 &&
	       a->port == b->port;
}

static bool finish_server(void *mapping, struct schema_fault *fault)
{
	const struct config *c = mapping;

	for (unsigned i = 1; i < c->server.listen_n; i++) {
		const struct listen_options *l = &c->server.listen[i];
		char text[ADDRESS_TEXT_MAX];

		for (unsigned j = 0; j < i; j++) {
			if (!listen_alike(l, &c->server.listen[j]))
				continue;
			fault->key = "listen";
			snprintf(
				fault->why, sizeof(fault->why), "lists %s twice",
				*l->interface ? l->interface : address_to_text(&l->at.address, text));
			return false;
		}
	}
	return true;
}

static bool finish_resolver(void *mapping, struct schema_fault *fault)
{
	const struct config *c = mapping;

	if (c->resolver.ipv4 || c->resolver.ipv6)
		return true;
	fault->key = "ipv4";
	snprintf(fault->why, sizeof(fault->why),
		 "expected true when ipv6 is false: no server could be asked");
	return false;
}

static bool finish_cache(void *mapping, struct schema_fault *fault)
{
	struct config *c = mapping;

	if (!c->resolver.serve_stale)
		c->cache.stale_s = 0;
	if (c->resolver.min_ttl_s <= c->resolver.max_ttl_s)
		return true;
	fault->key = "min-ttl";
	snprintf(fault->why, sizeof(fault->why), "expected at most max-ttl (%us), found %us",
		 c->resolver.max_ttl_s, c->resolver.min_ttl_s);
	return false;
}

/** The default port depends on `tls`, which may stand behind `addresses`. */
static void set_ports(struct route *route)
{
	for (unsigned i = 0; i < route->servers_n; i++) {
		if (route->servers[i].port == 0)
			route->servers[i].port = route->transport == TRANSPORT_TLS ? 853 : 53;
	}
}

static bool finish_forward(void *mapping, struct schema_fault *fault)
{
	struct route *route = mapping;

	(void)fault;
	route->kind = ROUTE_FORWARD;
	set_ports(route);
	return true;
}

static bool finish_stub(void *mapping, struct schema_fault *fault)
{
	struct route *route = mapping;

	(void)fault;
	route->kind = ROUTE_STUB;
	set_ports(route);
	return true;
}

static const struct schema_word qmin_words[] = {
	{"strict", QMIN_STRICT},
	{"relaxed", QMIN_RELAXED},
	{"off", QMIN_OFF},
	{NULL, 0},
};

static const struct schema_word validation_words[] = {
	{"on", VALIDATION_ON},
	{"off", VALIDATION_OFF},
	{"permissive", VALIDATION_PERMISSIVE},
	{NULL, 0},
};

static const struct schema_word sha1_words[] = {
	{"validate", true},
	{"insecure", false},
	{NULL, 0},
};

static const struct schema_word unset_clock_words[] = {
	{"accept", true},
	{"refuse", false},
	{NULL, 0},
};

static const struct schema_word validate_words[] = {
	{"auto", VALIDATE_AUTO},
	{"require", VALIDATE_REQUIRE},
	{"off", VALIDATE_OFF},
	{NULL, 0},
};

static const struct schema_word transport_words[] = {
	{"dns", TRANSPORT_UDP},
	{"tls", TRANSPORT_TLS},
	{"https", TRANSPORT_HTTPS},
	{"quic", TRANSPORT_QUIC},
	{NULL, 0},
};

static const struct schema_word tls_words[] = {
	{"true", TRANSPORT_TLS},
	{"false", TRANSPORT_UDP},
	{NULL, 0},
};

static const struct schema_word deny_words[] = {{"refuse", false}, {"drop", true}, {NULL, 0}};

static const struct schema_word behaviour_words[] = {
	{"static", ZONE_STATIC},
	{"transparent", ZONE_TRANSPARENT},
	{"typetransparent", ZONE_TYPETRANSPARENT},
	{"redirect", ZONE_REDIRECT},
	{"refuse", ZONE_REFUSE},
	{"always-nxdomain", ZONE_ALWAYS_NXDOMAIN},
	{"always-nodata", ZONE_ALWAYS_NODATA},
	{"always-null", ZONE_ALWAYS_NULL},
	{NULL, 0},
};

static const struct schema_word level_words[] = {
	{"error", LOG_LEVEL_ERROR}, {"warning", LOG_LEVEL_WARNING}, {"notice", LOG_LEVEL_NOTICE},
	{"info", LOG_LEVEL_INFO},   {"debug", LOG_LEVEL_DEBUG},     {NULL, 0},
};

/* clang-format off: one key per line reads as the table it is */

static const struct schema_key listen_keys[] = {
	{.name = "address", .kind = SCHEMA_LISTEN, IN_LISTEN(at.address), .optional = true},
	{.name = "interface",
	 .kind = SCHEMA_STRING,
	 IN_LISTEN(interface),
	 .max = IF_NAMESIZE - 1,
	 .initial = ""},
	{.name = "port",
	 .kind = SCHEMA_NUMBER,
	 IN_LISTEN(port),
	 .min = 1,
	 .max = 65535,
	 .optional = true},
	{.name = "transport",
	 .kind = SCHEMA_WORD,
	 IN_LISTEN(at.transport),
	 .words = transport_words,
	 .initial = "dns"},
	{0},
};

static const struct schema_key server_keys[] = {
	{.name = "listen",
	 .keys = listen_keys,
	 .plain = &listen_keys[0],
	 .finish = finish_listen,
	 TO_LIST(server.listen),
	 .items_min = 1,
	 .items_max = LISTENERS_MAX,
	 .initial = "127.0.0.1@53 ::1@53"},
	{.name = "workers",
	 .kind = SCHEMA_WORKERS,
	 TO(server.workers),
	 .max = WORKERS_MAX,
	 .initial = "auto"},
	{.name = "user",
	 .kind = SCHEMA_STRING,
	 TO(server.user),
	 .max = USER_OCTETS,
	 .initial = "tern"},
	{.name = "identity",
	 .kind = SCHEMA_STRING,
	 TO(serve.identity),
	 .max = TXT_OCTETS,
	 .initial = ""},
	{.name = "version",
	 .kind = SCHEMA_STRING,
	 TO(serve.version),
	 .max = TXT_OCTETS,
	 .initial = ""},
	{0},
};

static const struct schema_key resolver_keys[] = {
	{.name = "root-hints",
	 .kind = SCHEMA_STRING,
	 TO(root_hints),
	 .max = PATH_OCTETS,
	 .initial = ""},
	{.name = "qname-minimization",
	 .kind = SCHEMA_WORD,
	 TO(resolver.qmin),
	 .words = qmin_words,
	 .initial = "relaxed"},
	{.name = "ipv4", .kind = SCHEMA_BOOL, TO(resolver.ipv4), .initial = "true"},
	{.name = "ipv6", .kind = SCHEMA_BOOL, TO(resolver.ipv6), .initial = "true"},
	{.name = "do-not-query-localhost",
	 .kind = SCHEMA_BOOL,
	 TO(resolver.do_not_query_localhost),
	 .initial = "true"},
	{0},
};

static const struct schema_key cache_keys[] = {
	{.name = "size",
	 .kind = SCHEMA_SIZE,
	 TO(cache.size),
	 .min = MIB,
	 .max = TIB,
	 .initial = "256MiB"},
	{.name = "min-ttl",
	 .kind = SCHEMA_SECONDS,
	 TO(resolver.min_ttl_s),
	 .max = TTL_MAX_S,
	 .initial = "0s"},
	{.name = "max-ttl",
	 .kind = SCHEMA_SECONDS,
	 TO(resolver.max_ttl_s),
	 .max = TTL_MAX_S,
	 .initial = "1d"},
	{.name = "max-negative-ttl",
	 .kind = SCHEMA_SECONDS,
	 TO(resolver.max_negative_ttl_s),
	 .max = TTL_MAX_S,
	 .initial = "1h"},
	{.name = "prefetch", .kind = SCHEMA_BOOL, TO(serve.prefetch), .initial = "true"},
	{.name = "serve-stale", .kind = SCHEMA_BOOL, TO(resolver.serve_stale), .initial = "true"},
	{.name = "stale-max-age",
	 .kind = SCHEMA_SECONDS,
	 TO(cache.stale_s),
	 .max = STALE_AGE_MAX_S,
	 .initial = "1d"},
	{.name = "stale-ttl",
	 .kind = SCHEMA_SECONDS,
	 TO(resolver.stale_ttl_s),
	 .max = TTL_MAX_S,
	 .initial = "30s"},
	{.name = "stale-client-timeout",
	 .kind = SCHEMA_MILLIS,
	 TO(serve.stale_wait_ms),
	 .max = JOB_STALE_WAIT_MAX_MS,
	 .initial = "1800ms"},
	{.name = "aggressive-nsec",
	 .kind = SCHEMA_BOOL,
	 TO(resolver.aggressive),
	 .initial = "true"},
	{.name = "snapshot",
	 .kind = SCHEMA_STRING,
	 TO(snapshot),
	 .max = PATH_OCTETS,
	 .initial = ""},
	{0},
};

static const struct schema_key dnssec_keys[] = {
	{.name = "validation",
	 .kind = SCHEMA_WORD,
	 TO(resolver.validation),
	 .words = validation_words,
	 .initial = "on"},
	{.name = "trust-anchors", .kind = SCHEMA_ANCHOR, TO_LIST(trust.anchors)},
	{.name = "negative-trust-anchors", .kind = SCHEMA_NAME_TEXT, TO_LIST(trust.negative)},
	{.name = "sha1",
	 .kind = SCHEMA_WORD,
	 TO(resolver.sha1),
	 .words = sha1_words,
	 .initial = "validate"},
	{.name = "unset-clock",
	 .kind = SCHEMA_WORD,
	 TO(trust.accept_unset_clock),
	 .words = unset_clock_words,
	 .initial = "accept"},
	{.name = "trust-anchor-file",
	 .kind = SCHEMA_STRING,
	 TO(trust.file),
	 .max = PATH_OCTETS - 16, /* ".old.damaged" is put behind it */
	 .initial = "auto"},
	{.name = "trust-anchor-signaling",
	 .kind = SCHEMA_BOOL,
	 TO(trust.signaling),
	 .initial = "true"},
	{.name = "negative-trust-anchor-recheck",
	 .kind = SCHEMA_SECONDS,
	 TO(trust.recheck_s),
	 .max = 604800,
	 .initial = "5m"},
	{0},
};

#define ZONE_NAME                                                                                  \
	{                                                                                          \
		.name = "name", .kind = SCHEMA_ZONE, IN_ZONE(zone), .required = true               \
	}
#define ZONE_ADDRESSES                                                                             \
	{                                                                                          \
		.name = "addresses", .kind = SCHEMA_SERVER, LIST_OF(struct route, servers),        \
		.required = true, .items_min = 1, .items_max = CUT_SERVERS_MAX                     \
	}

#define ZONE_VALIDATE                                                                              \
	{                                                                                          \
		.name = "validate", .kind = SCHEMA_WORD, IN_ZONE(validate),                        \
		.words = validate_words, .initial = "auto"                                         \
	}

static const struct schema_key forward_keys[] = {
	ZONE_NAME,
	ZONE_ADDRESSES,
	ZONE_VALIDATE,
	{.name = "tls",
	 .kind = SCHEMA_WORD,
	 IN_ZONE(transport),
	 .words = tls_words,
	 .initial = "false"},
	{.name = "first", .kind = SCHEMA_BOOL, IN_ZONE(first), .initial = "false"},
	{0},
};

static const struct schema_key stub_keys[] = {
	ZONE_NAME,
	ZONE_ADDRESSES,
	ZONE_VALIDATE,
	{0},
};

static const struct schema_key access_keys[] = {
	{.name = "allow",
	 .kind = SCHEMA_CLIENTS,
	 TO_LIST(access.allow),
	 .initial = "connected 127.0.0.0/8 ::1/128 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 "
		    "169.254.0.0/16 "
		    "fc00::/7 fe80::/10"},
	{.name = "deny-action",
	 .kind = SCHEMA_WORD,
	 TO(access.drop),
	 .words = deny_words,
	 .initial = "refuse"},
	{0},
};

static const struct schema_key special_keys[] = {
	{.name = "serve", .kind = SCHEMA_BOOL, TO(special.serve), .initial = "true"},
	{.name = "except", .kind = SCHEMA_ZONE, TO_LIST(special.except)},
	{0},
};

static const struct schema_key local_keys[] = {
	{.name = "name", .kind = SCHEMA_ZONE, IN_LOCAL(name), .required = true},
	{.name = "behaviour",
	 .kind = SCHEMA_WORD,
	 IN_LOCAL(behaviour),
	 .words = behaviour_words,
	 .initial = "static"},
	{.name = "records",
	 .kind = SCHEMA_STRING,
	 LIST_OF(struct local_zone, records),
	 .max = RECORD_OCTETS},
	{0},
};

static const struct schema_key control_keys[] = {
	{.name = "socket",
	 .kind = SCHEMA_STRING,
	 TO(control.socket),
	 .max = SOCK_OCTETS,
	 .initial = "/run/tern/control.sock"},
	{0},
};

static const struct schema_key logging_keys[] = {
	{.name = "level",
	 .kind = SCHEMA_WORD,
	 TO(logging.level),
	 .words = level_words,
	 .initial = "notice"},
	{0},
};

const struct schema_key schema_root[] = {
	{.name = "include", .kind = SCHEMA_INCLUDE},
	{.name = "server", .keys = server_keys, .finish = finish_server},
	{.name = "resolver", .keys = resolver_keys, .finish = finish_resolver},
	{.name = "cache", .keys = cache_keys, .finish = finish_cache},
	{.name = "dnssec", .keys = dnssec_keys},
	{.name = "forward-zones",
	 TO_LIST(forward_zones),
	 .routes = true,
	 .keys = forward_keys,
	 .finish = finish_forward},
	{.name = "stub-zones",
	 TO_LIST(stub_zones),
	 .routes = true,
	 .keys = stub_keys,
	 .finish = finish_stub},
	{.name = "access", .keys = access_keys},
	{.name = "special-zones", .keys = special_keys},
	{.name = "local-zones", TO_LIST(local.zones), .keys = local_keys},
	{.name = "local-data", .kind = SCHEMA_STRING, TO_LIST(local.data), .max = RECORD_OCTETS},
	{.name = "hosts",
	 .kind = SCHEMA_STRING,
	 TO_LIST(hosts),
	 .max = PATH_OCTETS,
	 .items_max = HOSTS_FILES_MAX},
	{.name = "control", .keys = control_keys},
	{.name = "logging", .keys = logging_keys},
	{0},
};

/* clang-format on */

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
		"tls",
		"https",
		"local-zones.file",
		"leases",
		"lists",
		"response-policy-zones",
		"dns64",
		"rebinding-protection",
		"rate-limits",
		"views",
		"zones",
		"keys",
		"metrics",
		"dashboard",
		"dnstap",
		"query-log",
		"server.memory",
		"forward-zones.transport",
		"forward-zones.policy",
		"forward-zones.pins",
		"forward-zones.ca",
		"forward-zones.url",
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
	case SCHEMA_INCLUDE:
	case SCHEMA_BOOL:
	case SCHEMA_WORD:
	case SCHEMA_WORKERS:
	case SCHEMA_NUMBER:
	case SCHEMA_SIZE:
	case SCHEMA_SECONDS:
	case SCHEMA_MILLIS:
	case SCHEMA_LISTEN:
	case SCHEMA_SERVER:
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

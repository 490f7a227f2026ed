/* schema_table.c - every key with its kind, default, limits and place; see schema.h. */
#include "config/schema.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>

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
#define IN_LEASE(member)  MEMBER_OF(struct lease_options, member)
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

/* Names of clients there would be taken for something else. */
static bool is_no_domain(const uint8_t *name)
{
	static const uint8_t localhost[] = "\11localhost", in_addr[] = "\7in-addr\4arpa",
			     ip6[] = "\3ip6\4arpa";

	return *name == 0 || tern_name_is_below_or_equal(name, localhost) ||
	       tern_name_is_below_or_equal(name, in_addr) || tern_name_is_below_or_equal(name, ip6);
}

static bool finish_lease(void *mapping, struct schema_fault *fault)
{
	const struct lease_options *o = mapping;

	if (!*o->file) {
		fault->key = "file";
		snprintf(fault->why, sizeof fault->why, "expected a path");
		return false;
	}
	fault->key = "domain";
	snprintf(fault->why, sizeof fault->why,
		 "expected a name that is neither the root, localhost nor a reverse zone");
	return !is_no_domain(o->domain);
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

static const struct schema_word lease_words[] = {
	{"dnsmasq", LEASE_DNSMASQ}, {"isc", LEASE_ISC},           {"kea", LEASE_KEA},
	{"odhcpd", LEASE_ODHCPD},   {"networkd", LEASE_NETWORKD}, {NULL, 0},
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

static const struct schema_key lease_keys[] = {
	{.name = "file",
	 .kind = SCHEMA_STRING,
	 IN_LEASE(file),
	 .max = PATH_OCTETS - 16, /* ".completed" is put behind it */
	 .required = true},
	{.name = "format",
	 .kind = SCHEMA_WORD,
	 IN_LEASE(format),
	 .words = lease_words,
	 .required = true},
	{.name = "domain", .kind = SCHEMA_ZONE, IN_LEASE(domain), .required = true},
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
	{.name = "leases",
	 TO_LIST(leases),
	 .keys = lease_keys,
	 .finish = finish_lease,
	 .items_max = LEASE_FILES_MAX},
	{.name = "control", .keys = control_keys},
	{.name = "logging", .keys = logging_keys},
	{0},
};

/* clang-format on */

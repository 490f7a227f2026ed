/* schema_table.c - every key with its kind, default, limits and place; see schema.h. */
#include "config/schema_private.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>

#include "base/compiler.h"
#include "base/rates.h"
#include "base/url.h"
#include "config/config.h"
#include "config/schema_words.h"
#include "net/tls.h"
#include "resolver/job.h"
#include "resolver/zonecut.h"
#include "worker/worker.h"

#define MIB ((uint64_t)1 << 20)
#define TIB ((uint64_t)1 << 40)

#define TTL_MAX_S       INT32_MAX /* RFC 2181 8: the sign bit is never set */
#define STALE_AGE_MAX_S 604800    /* RFC 8767 5 speaks of one to three days */
#define PATH_OCTETS     4095      /* PATH_MAX without NUL */
#define SOCK_OCTETS     107       /* sockaddr_un.sun_path without NUL */
#define HOSTS_FILES_MAX 64
#define RECORD_OCTETS   65535 /* in presentation format */

/* Where a value goes. */
#define TO(member)        MEMBER_OF(struct config, member)
#define TO_LIST(member)   LIST_OF(struct config, member)
#define IN_ZONE(member)   MEMBER_OF(struct route, member)
#define IN_LOCAL(member)  MEMBER_OF(struct local_zone, member)
#define IN_VIEW(member)   MEMBER_OF(struct view_options, member)
#define VIEW_LIST(member) LIST_OF(struct view_options, member)
#define IN_POLICY(member) MEMBER_OF(struct policy_zone_options, member)
#define IN_LIST(member)   MEMBER_OF(struct list_options, member)
#define IN_TTL(member)    MEMBER_OF(struct ttl_rule, member)
#define IN_LEASE(member)  MEMBER_OF(struct lease_options, member)

/* clang-format off: one key per line reads as the table it is */

static const struct schema_key subnet_keys[] = {
	{.name = "zones", .kind = SCHEMA_ZONE, TO_LIST(resolver.subnet.zones)},
	{.name = "ipv4-prefix",
	 .kind = SCHEMA_NUMBER,
	 TO(resolver.subnet.ipv4_bits),
	 .max = 32,
	 .initial = "24"},
	{.name = "ipv6-prefix",
	 .kind = SCHEMA_NUMBER,
	 TO(resolver.subnet.ipv6_bits),
	 .max = 128,
	 .initial = "56"},
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
	{.name = "nat64", .kind = SCHEMA_NAT64, TO(resolver.nat64), .initial = ""},
	{.name = "ipv6", .kind = SCHEMA_BOOL, TO(resolver.ipv6), .initial = "true"},
	{.name = "client-subnet", .keys = subnet_keys},
	{.name = "encryption",
	 .kind = SCHEMA_WORD,
	 TO(resolver.encryption.opportunistic),
	 .words = encryption_words,
	 .initial = "off"},
	{.name = "encrypted-zones",
	 .kind = SCHEMA_ZONE,
	 TO_LIST(resolver.encryption.zones),
	 .items_max = 256},
	{.name = "error-reporting",
	 .kind = SCHEMA_BOOL,
	 TO(resolver.error_reporting),
	 .initial = "false"},
	{.name = "do-not-query-localhost",
	 .kind = SCHEMA_BOOL,
	 TO(resolver.do_not_query_localhost),
	 .initial = "true"},
	{0},
};

static const struct schema_key ttl_keys[] = {
	{.name = "name", .kind = SCHEMA_ZONE, IN_TTL(zone), .required = true},
	{.name = "min", .kind = SCHEMA_SECONDS, IN_TTL(min_s), .max = TTL_MAX_S, .initial = "0s"},
	{.name = "max", .kind = SCHEMA_SECONDS, IN_TTL(max_s), .max = TTL_MAX_S, .initial = "1d"},
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
	{.name = "ttl",
	 TO_LIST(resolver.ttl_rules),
	 .items_max = TTL_RULES_MAX,
	 .keys = ttl_keys,
	 .finish = finish_ttl},
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

#define ZONE_FIRST                                                                                 \
	{                                                                                          \
		.name = "first", .kind = SCHEMA_BOOL, IN_ZONE(first), .initial = "false"           \
	}
#define ZONE_POLICY                                                                                \
	{                                                                                          \
		.name = "policy", .kind = SCHEMA_WORD, IN_ZONE(policy), .words = policy_words,     \
		.initial = "fastest"                                                               \
	}

#define ZONE_TRUST                                                                                 \
	{.name = "pins",                                                                           \
	 .kind = SCHEMA_STRING,                                                                    \
	 LIST_OF(struct route, trust.pins),                                                        \
	 .max = 64,                                                                                \
	 .items_max = TLS_PINS_MAX},                                                               \
		{.name = "ca",                                                                     \
		 .kind = SCHEMA_STRING,                                                            \
		 IN_ZONE(trust.ca),                                                                \
		 .max = PATH_OCTETS,                                                               \
		 .initial = ""},                                                                   \
		{.name = "crl",                                                                    \
		 .kind = SCHEMA_STRING,                                                            \
		 IN_ZONE(trust.crl),                                                               \
		 .max = PATH_OCTETS,                                                               \
		 .initial = ""},                                                                   \
		{.name = "authentication",                                                         \
		 .kind = SCHEMA_WORD,                                                              \
		 IN_ZONE(trust.opportunistic),                                                     \
		 .words = authentication_words,                                                    \
		 .initial = "strict"},                                                             \
		{.name = "certificate",                                                            \
		 .kind = SCHEMA_STRING,                                                            \
		 IN_ZONE(trust.certificate),                                                       \
		 .max = PATH_OCTETS,                                                               \
		 .initial = ""},                                                                   \
	{                                                                                          \
		.name = "key", .kind = SCHEMA_STRING, IN_ZONE(trust.key), .max = PATH_OCTETS,      \
		.initial = ""                                                                      \
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
	{.name = "transport",
	 .kind = SCHEMA_WORD,
	 IN_ZONE(transport),
	 .words = transport_words,
	 .initial = "dns"},
	{.name = "url", .kind = SCHEMA_STRING, IN_ZONE(url), .max = URL_MAX, .initial = ""},
	ZONE_TRUST,
	ZONE_FIRST,
	ZONE_POLICY,
	{0},
};

static const struct schema_key stub_keys[] = {
	ZONE_NAME,
	ZONE_ADDRESSES,
	ZONE_VALIDATE,
	{.name = "transport",
	 .kind = SCHEMA_WORD,
	 IN_ZONE(transport),
	 .words = stub_transport_words,
	 .initial = "dns"},
	ZONE_TRUST,
	ZONE_FIRST,
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

static const struct schema_key rate_keys[] = {
	{.name = "client-rate",
	 .kind = SCHEMA_NUMBER,
	 TO(rates.client_rate),
	 .max = RATES_MAX,
	 .initial = "0"},
	{.name = "client-slip",
	 .kind = SCHEMA_NUMBER,
	 TO(rates.client_slip),
	 .max = 100,
	 .initial = "2"},
	{.name = "zone-rate",
	 .kind = SCHEMA_NUMBER,
	 TO(rates.zone_rate),
	 .max = RATES_MAX,
	 .initial = "0"},
	{.name = "exempt", .kind = SCHEMA_CLIENTS, TO_LIST(rates.exempt)},
	{.name = "zone-exempt", .kind = SCHEMA_ZONE, TO_LIST(rates.zone_exempt)},
	{0},
};

/* What is said for everybody, and of each view. */
#define DNS64_KEYS(type)                                                                           \
	{                                                                                          \
		{.name = "prefix",                                                                 \
		 .kind = SCHEMA_NAT64,                                                             \
		 MEMBER_OF(type, changes.dns64.prefix),                                            \
		 .initial = ""},                                                                   \
			{.name = "exclude",                                                        \
			 .kind = SCHEMA_NETWORK,                                                   \
			 LIST_OF(type, changes.dns64.exclude),                                     \
			 .items_max = 64,                                                          \
			 .initial = "::ffff:0:0/96"},                                              \
			{0},                                                                       \
	}
#define REBINDING_KEYS(type)                                                                       \
	{                                                                                          \
		{.name = "enabled",                                                                \
		 .kind = SCHEMA_BOOL,                                                              \
		 MEMBER_OF(type, changes.rebinding.enabled),                                       \
		 .initial = "false"},                                                              \
			{.name = "allow",                                                          \
			 .kind = SCHEMA_ZONE,                                                      \
			 LIST_OF(type, changes.rebinding.allow),                                   \
			 .items_max = 1024},                                                       \
			{0},                                                                       \
	}
#define SAFE_SEARCH(type)                                                                          \
	{                                                                                          \
		.name = "safe-search", .kind = SCHEMA_WORD, MEMBER_OF(type, changes.safe_search),  \
		.words = safe_search_words, .initial = "false"                                     \
	}
#define FILTER_TYPES(type)                                                                         \
	{                                                                                          \
		.name = "filter-types", .kind = SCHEMA_TYPE, LIST_OF(type, changes.filter_types),  \
		.items_max = 64                                                                    \
	}

static const struct schema_key dns64_keys[] = DNS64_KEYS(struct config);
static const struct schema_key rebinding_keys[] = REBINDING_KEYS(struct config);
static const struct schema_key view_dns64_keys[] = DNS64_KEYS(struct view_options);
static const struct schema_key view_rebinding_keys[] = REBINDING_KEYS(struct view_options);

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
	{.name = "file", .kind = SCHEMA_STRING, IN_LOCAL(file), .max = PATH_OCTETS, .initial = ""},
	{.name = "records",
	 .kind = SCHEMA_STRING,
	 LIST_OF(struct local_zone, records),
	 .max = RECORD_OCTETS},
	{0},
};

static const struct schema_key list_keys[] = {
	{.name = "name",
	 .kind = SCHEMA_STRING,
	 IN_LIST(name),
	 .required = true,
	 .max = LIST_NAME_MAX - 1},
	{.name = "file", .kind = SCHEMA_STRING, IN_LIST(file), .max = PATH_OCTETS, .initial = ""},
	{.name = "url", .kind = SCHEMA_STRING, IN_LIST(url), .max = URL_MAX, .initial = ""},
	{.name = "refresh",
	 .kind = SCHEMA_SECONDS,
	 IN_LIST(refresh_s),
	 .min = LIST_REFRESH_MIN_S,
	 .max = LIST_REFRESH_MAX_S,
	 .initial = "1d"},
	{.name = "ca", .kind = SCHEMA_STRING, IN_LIST(ca), .max = PATH_OCTETS, .initial = ""},
	{.name = "action",
	 .kind = SCHEMA_STRING,
	 IN_LIST(action_text),
	 .max = LIST_ADDRESSES_MAX * ADDRESS_TEXT_MAX,
	 .initial = "nxdomain"},
	{.name = "allow", .kind = SCHEMA_BOOL, IN_LIST(allow), .initial = "false"},
	{.name = "default", .kind = SCHEMA_BOOL, IN_LIST(of_everybody), .initial = "true"},
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

static const struct schema_key policy_zone_keys[] = {
	{.name = "name", .kind = SCHEMA_ZONE, IN_POLICY(name), .required = true},
	{.name = "file",
	 .kind = SCHEMA_STRING,
	 IN_POLICY(file),
	 .max = PATH_OCTETS,
	 .required = true},
	{.name = "action",
	 .kind = SCHEMA_WORD,
	 IN_POLICY(action),
	 .words = policy_action_words,
	 .initial = "given"},
	{.name = "default", .kind = SCHEMA_BOOL, IN_POLICY(of_everybody), .initial = "true"},
	{0},
};

static const struct schema_key view_access_keys[] = {
	{.name = "allow", .kind = SCHEMA_CLIENTS, VIEW_LIST(access.allow)},
	{.name = "deny-action",
	 .kind = SCHEMA_WORD,
	 IN_VIEW(access.drop),
	 .words = deny_words,
	 .initial = "refuse"},
	{0},
};

/* The servers of a zone are asked for everybody: only clients are counted by view. */
static const struct schema_key view_rate_keys[] = {
	{.name = "client-rate",
	 .kind = SCHEMA_NUMBER,
	 IN_VIEW(rates.client_rate),
	 .max = RATES_MAX,
	 .initial = "0"},
	{.name = "client-slip",
	 .kind = SCHEMA_NUMBER,
	 IN_VIEW(rates.client_slip),
	 .max = 100,
	 .initial = "2"},
	{.name = "exempt", .kind = SCHEMA_CLIENTS, VIEW_LIST(rates.exempt)},
	{0},
};

static const struct schema_key view_keys[] = {
	{.name = "name",
	 .kind = SCHEMA_STRING,
	 IN_VIEW(name),
	 .required = true,
	 .max = VIEW_NAME_MAX - 1},
	{.name = "clients", .kind = SCHEMA_MEMBER, VIEW_LIST(clients)},
	{.name = "schedule",
	 .kind = SCHEMA_SCHEDULE,
	 VIEW_LIST(schedule),
	 .items_max = SCHEDULE_RANGES_MAX},
	{.name = "access", .keys = view_access_keys},
	{.name = "lists",
	 .kind = SCHEMA_STRING,
	 VIEW_LIST(lists),
	 .max = LIST_NAME_MAX - 1,
	 .items_max = LISTS_MAX},
	{.name = "response-policy-zones",
	 .kind = SCHEMA_ZONE,
	 VIEW_LIST(policies),
	 .items_max = RPZ_ZONES_MAX},
	{.name = "rate-limits", .keys = view_rate_keys},
	{.name = "local-zones", VIEW_LIST(local.zones), .keys = local_keys},
	{.name = "local-data", .kind = SCHEMA_STRING, VIEW_LIST(local.data), .max = RECORD_OCTETS},
	{.name = "forward-zones",
	 VIEW_LIST(forward_zones),
	 .keys = forward_keys,
	 .finish = finish_forward},
	{.name = "stub-zones", VIEW_LIST(stub_zones), .keys = stub_keys, .finish = finish_stub},
	{.name = "dns64", .keys = view_dns64_keys},
	{.name = "rebinding-protection", .keys = view_rebinding_keys},
	SAFE_SEARCH(struct view_options),
	FILTER_TYPES(struct view_options),
	{.name = "cache-size",
	 .kind = SCHEMA_SIZE,
	 IN_VIEW(cache_size),
	 .min = MIB,
	 .max = TIB,
	 .optional = true},
	{0},
};

const struct schema_key schema_root[] = {
	{.name = "include", .kind = SCHEMA_INCLUDE},
	{.name = "server", .keys = schema_server_keys, .finish = finish_server},
	{.name = "tls", .keys = schema_tls_keys, .finish = finish_tls},
	{.name = "https", .keys = schema_https_keys, .finish = finish_https},
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
	{.name = "rate-limits", .keys = rate_keys, .finish = finish_rates},
	{.name = "special-zones", .keys = special_keys},
	{.name = "local-zones", TO_LIST(local.zones), .keys = local_keys},
	{.name = "local-data", .kind = SCHEMA_STRING, TO_LIST(local.data), .max = RECORD_OCTETS},
	{.name = "lists",
	 TO_LIST(lists),
	 .items_max = LISTS_MAX,
	 .keys = list_keys,
	 .finish = finish_list},
	{.name = "dns64", .keys = dns64_keys},
	{.name = "rebinding-protection", .keys = rebinding_keys},
	SAFE_SEARCH(struct config),
	FILTER_TYPES(struct config),
	{.name = "response-policy-zones",
	 TO_LIST(policies),
	 .items_max = RPZ_ZONES_MAX,
	 .keys = policy_zone_keys},
	{.name = "nft-sets",
	 TO_LIST(nft_sets),
	 .items_max = NFT_SETS_MAX,
	 .keys = schema_nft_keys,
	 .finish = finish_nft},
	{.name = "views",
	 TO_LIST(views),
	 .items_max = VIEWS_MAX,
	 .keys = view_keys,
	 .finish = finish_view},
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

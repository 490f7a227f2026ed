/*
 * options.h - what a configuration can say of resolving, of serving clients, and of trust.
 *
 * Each layer above reads its own struct here; the configuration's reader fills
 * them in place. They are plain values that nobody changes once they are part of
 * a rule set (rules.h). Texts belong to whoever filled the struct.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "policy/endpoint.h"

enum validation_mode { VALIDATION_OFF, VALIDATION_ON, VALIDATION_PERMISSIVE };

enum qmin_mode { QMIN_RELAXED, QMIN_STRICT, QMIN_OFF };

/** How long the records of a zone, and of all below, are believed. */
struct ttl_rule {
	uint8_t *zone; /* lower case */
	uint32_t min_s;
	uint32_t max_s;
};

#define TTL_RULES_MAX 256

/** How questions are resolved. */
struct resolver_options {
	enum validation_mode validation;
	bool sha1;       /* signatures and digests with SHA-1 count, RFC 9905 */
	bool aggressive; /* denials out of the cache for names not asked yet, RFC 8198 */
	enum qmin_mode qmin;
	bool ipv4;
	bool ipv6;
	struct prefix nat64; /* without ipv4: where its addresses are reached (RFC 9872); family 0
				for nowhere */
	bool do_not_query_localhost;
	struct {
		uint8_t **zones; /* lower case; none: nobody is told */
		unsigned zones_n;
		unsigned ipv4_bits;
		unsigned ipv6_bits;
	} subnet; /* of clients, told to servers of these zones, RFC 7871 */
	struct {
		bool opportunistic;    /* authorities are asked encrypted where they answer so,
					  RFC 9539 */
		uint8_t **zones;       /* lower case: their servers, and those of all below, are */
		unsigned zones_n;      /* asked in no other way */
		struct tls_peer *peer; /* held: whoever answers; NULL: neither of both */
	} encryption;
	bool error_reporting; /* zones that want to know are told of their failures, RFC 9567 */
	bool serve_stale;
	uint32_t stale_ttl_s; /* that expired data is given out with, RFC 8767 4 */
	uint32_t min_ttl_s;
	uint32_t max_ttl_s;
	uint32_t max_negative_ttl_s;
	struct ttl_rule *ttl_rules; /* of them, the longest zone's counts, instead of the above */
	unsigned ttl_rules_n;
};

/** Can servers that have IPv4 addresses only be asked? */
static inline bool options_reach_ipv4(const struct resolver_options *o)
{
	return o->ipv4 || o->nat64.base.family != 0;
}

/** Where clients ask: an endpoint, or one at each address that an interface has. */
struct listen_options {
	struct endpoint at;     /* its address has family 0 when an interface is named */
	char *interface;        /* "" for none */
	unsigned port;          /* at the interface's addresses; 0 when none was written */
	char *view;             /* of whoever asks there; "" for none */
	struct prefix *proxies; /* who asks there, and says for whom; none: clients themselves */
	unsigned proxies_n;
};

#define TLS_PAIRS_MAX 64

/** Paths of PEM files: a chain of certificates, and its key. */
struct tls_pair_options {
	char *certificate;
	char *key;
};

/** How often, a second; 0: as often as they like. */
struct rate_options {
	unsigned client_rate;  /* questions by UDP of one client: an address, or a /64 */
	unsigned client_slip;  /* each so many that is too much is answered, truncated; 0: none */
	unsigned zone_rate;    /* questions to the servers of one zone */
	struct prefix *exempt; /* clients that are not counted */
	unsigned exempt_n;
	uint8_t **zone_exempt; /* zones, with all below; lower case */
	unsigned zone_exempt_n;
};

/** Which addresses come first for whom. */
struct sort_rule {
	struct prefix *clients;
	unsigned clients_n;
	struct prefix *prefer; /* those in the first of them come first, and so on */
	unsigned prefer_n;
};

/** How clients are served. */
struct serve_options {
	bool prefetch;              /* what is popular is fetched anew before it expires */
	uint32_t stale_wait_ms;     /* a client waits so long before stale data will do; at most
				       JOB_STALE_WAIT_MAX_MS */
	char *identity;             /* CH TXT id.server, and NSID; "" refuses */
	char *version;              /* CH TXT version.bind; "" refuses */
	bool rotate;                /* each answer has another one of several addresses first */
	struct sort_rule *sortlist; /* the first for a client counts */
	unsigned sortlist_n;
	uint32_t tcp_idle_ms; /* that a client's connection may be idle, while there are places */
	struct {
		char *path;             /* where queries are taken */
		struct prefix *trusted; /* proxies that say who a client is */
		unsigned trusted_n;
	} https;
};

#define HTTP_PATH_MAX 256 /* octets */

#define EXCEPTION_LIFE_S     3600   /* of a negative trust anchor, unless told otherwise, */
#define EXCEPTION_LIFE_MAX_S 604800 /* and at most: a week, RFC 7646 2 */

/** Names that no public server knows of: see zone/special.h. */
struct special_options {
	bool serve;
	uint8_t **except; /* apexes, lower case */
	unsigned except_n;
};

/** What trust rests on. */
struct trust_options {
	char **anchors; /* DS and DNSKEY records in presentation format; none: the built-in ones */
	unsigned anchors_n;
	char **negative; /* names excepted from validation, RFC 7646 */
	unsigned negative_n;
	char *file;              /* states of anchors, RFC 5011. "auto": in systemd's state folder;
				    "": not kept */
	bool accept_unset_clock; /* a clock that can't be right dates no signature */
	bool signaling;          /* zones are told which keys are trusted, RFC 8145 */
	uint32_t recheck_s;      /* between looks whether an exception is still needed; 0 never */
};

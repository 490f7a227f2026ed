/*
 * rpz.h - response policy zones: what a zone file says of other people's names.
 *
 * Purpose    Rules by the name that is asked for, by the client's address, by addresses in answers,
 *            and by the names and addresses of servers; what becomes of an answer then
 *            (draft-vixie-dnsop-dns-rpz).
 * Order      Zones in the order of the configuration, the first rule that fits. In a zone: the
 *            client, the name (itself, else its wildcard: rpz_names.h), addresses in the
 *            answer (longer prefixes first), servers' names, servers' addresses.
 * Threads    made by one thread, then sealed, then read by all.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tern/name.h>
#include <tern/rrset.h>

#include "base/address.h"
#include "base/compiler.h"

#define RPZ_ZONES_MAX 32
#define RPZ_NAME_MAX  64 /* octets of a zone's name in messages, with NUL */
#define RPZ_RULES_MAX 10000000u

#define RPZ_RECORDS_MAX 1024 /* of one name: all are put beside each other */

enum rpz_action {
	RPZ_GIVEN, /* of a zone: as each rule says; never of a rule */
	RPZ_NXDOMAIN,
	RPZ_NODATA,
	RPZ_PASSTHRU, /* no zone says anything more */
	RPZ_DROP,
	RPZ_TCP_ONLY, /* by UDP an empty truncated answer */
	RPZ_CNAME,    /* the name is an alias */
	RPZ_DATA,     /* it has these records */
};

/** What a rule looks at. */
enum rpz_trigger { RPZ_QNAME, RPZ_CLIENT_IP, RPZ_IP, RPZ_NSDNAME, RPZ_NSIP, RPZ_TRIGGERS };

struct rpz_zone;

/** An empty zone whose apex (lower case) is @p apex; NULL when memory is short. */
MUST_USE struct rpz_zone *rpz_create(const uint8_t *apex, enum rpz_action override);

/** NULL is allowed. */
void rpz_destroy(struct rpz_zone *z);

/**
 * Add a record of the zone; SOA and NS of the apex are passed over. False with a static @p why.
 *
 * @param owner  lower case
 * @param rdata  uncompressed
 */
MUST_USE bool rpz_add(struct rpz_zone *z, const uint8_t *owner, uint16_t type, uint32_t ttl_s,
		      const uint8_t *rdata, uint16_t len, const char **why);

/** Nothing is added any more. False when memory is short. */
MUST_USE bool rpz_seal(struct rpz_zone *z);

/** Rules, and has it any of @p trigger? */
unsigned rpz_rules_n(const struct rpz_zone *z);
bool rpz_has(const struct rpz_zone *z, enum rpz_trigger trigger);

/** Do both (sealed) say the same? */
bool rpz_equal(const struct rpz_zone *a, const struct rpz_zone *b);

/** A rule that fits. */
struct rpz_rule {
	enum rpz_action action;
	enum rpz_trigger trigger;
	uint32_t ttl_s;
	const uint8_t *owner; /* in the zone, as written */
	const void *records;  /* of RPZ_DATA and RPZ_CNAME: for rpz_set() and rpz_alias() */
};

/** The rule of @p z for the name @p name, of a question or of a server (RPZ_NSDNAME). */
bool rpz_find_name(const struct rpz_zone *z, enum rpz_trigger trigger, const uint8_t *name,
		   struct rpz_rule *out);

/** The rule of @p z for the address @p a: of a client, in an answer, or of a server. */
bool rpz_find_address(const struct rpz_zone *z, enum rpz_trigger trigger, const struct address *a,
		      struct rpz_rule *out);

/** The records of @p type that the rule gives @p name; false when it has none. */
bool rpz_set(const struct rpz_rule *rule, const uint8_t *name, uint16_t type,
	     struct tern_rrset *out);

/**
 * What @p name becomes an alias of. A wildcard as the target has the name put before its parent.
 * False when that is too long.
 */
bool rpz_alias(const struct rpz_rule *rule, const uint8_t *name, uint8_t out[TERN_NAME_MAX]);

/** The zones of a rule set, in order. */
struct rpz_set {
	unsigned n;
	struct {
		char name[RPZ_NAME_MAX];
		struct rpz_zone *zone;
	} zones[RPZ_ZONES_MAX];
	bool has[RPZ_TRIGGERS]; /* any zone */
};

/** Find out what it has; the zones are sealed. */
void rpz_set_finish(struct rpz_set *set);

/** NULL is allowed. */
void rpz_set_destroy(struct rpz_set *set);
bool rpz_set_equal(const struct rpz_set *a, const struct rpz_set *b);

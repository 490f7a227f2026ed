/* discovered.c - see discovered.h. */
#include "daemon/discovered.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <tern/edns.h>

#include "base/hash.h"
#include "daemon/interfaces.h"
#include "net/tls.h"
#include "worker/worker.h"

/* --- the name --------------------------------------------------------------------------- */

static bool is_address(const char *text)
{
	struct address a;

	return address_from_text(text, 0, &a);
}

/* A name that every host has, or that stands for many, leads nobody here. */
bool discovered_name(const struct tls_service *tls, uint8_t out[TERN_NAME_MAX])
{
	static const uint8_t localhost[] = "\11localhost";
	const struct tls_shown *shown;
	uint8_t name[TERN_NAME_MAX];

	if (!tls || tls_service_shown(tls, &shown) == 0 || is_address(shown->name) ||
	    tern_name_from_text(shown->name, strlen(shown->name), name) != TERN_OK || *name == 0 ||
	    tern_name_is_wildcard(name))
		return false;
	tern_name_lower(out, name);
	return !tern_name_is_below_or_equal(out, localhost);
}

/* --- services ---------------------------------------------------------------------------- */

static const char *alpn_of(enum transport t)
{
	if (t == TRANSPORT_TLS)
		return "dot";
	if (t == TRANSPORT_QUIC)
		return "doq";
	if (t == TRANSPORT_HTTP3)
		return "h3";
	return t == TRANSPORT_HTTPS ? "h2" : NULL;
}

static struct discovery_service *service_for(struct discovery *d, const char *alpn, uint16_t port,
					     const char *path)
{
	for (unsigned i = 0; i < d->services_n; i++) {
		if (strcmp(d->services[i].alpn, alpn) == 0 && d->services[i].port == port)
			return &d->services[i];
	}
	if (d->services_n == DISCOVERY_SERVICES_MAX)
		return NULL;
	struct discovery_service *service = &d->services[d->services_n++];

	*service = (struct discovery_service){.port = port};
	snprintf(service->alpn, sizeof service->alpn, "%s", alpn);
	snprintf(service->path, sizeof service->path, "%s", path);
	return service;
}

static void add_hint(struct address *hints, unsigned *n, const struct address *a)
{
	if (*n < DISCOVERY_HINTS_MAX)
		hints[(*n)++] = *a;
}

/* Only what is loopback, or only what is not. */
static void add_services(struct discovery *d, const struct config *c, const struct endpoint *at,
			 unsigned n, bool loopback)
{
	for (unsigned i = 0; i < n; i++) {
		const struct address *a = &at[i].address;
		const char *alpn = alpn_of(at[i].transport);

		if (!alpn || address_is_link_local(a) || address_is_loopback(a) != loopback)
			continue;
		struct discovery_service *service = service_for(
			d, alpn, a->port,
			at[i].transport == TRANSPORT_HTTPS || at[i].transport == TRANSPORT_HTTP3
				? c->serve.https.path
				: "");

		if (service && a->family == 4)
			add_hint(service->ipv4, &service->ipv4_n, a);
		else if (service)
			add_hint(service->ipv6, &service->ipv6_n, a);
	}
}

/* --- what it does ------------------------------------------------------------------------- */

#define CODES_MAX 64

static void mark(bool codes[CODES_MAX], const uint16_t *given, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		codes[given[i]] = true;
}

static bool filters(const struct answer_changes *c)
{
	return c->rebinding.enabled || c->filter_types_n > 0;
}

/* Which extended errors clients may get. */
static void find_codes(const struct config *c, bool codes[CODES_MAX])
{
	static const uint16_t always[] = {TERN_EDE_OTHER,         TERN_EDE_CACHED_ERROR,
					  TERN_EDE_PROHIBITED,    TERN_EDE_NOT_AUTHORITATIVE,
					  TERN_EDE_NOT_SUPPORTED, TERN_EDE_NO_REACHABLE_AUTHORITY,
					  TERN_EDE_NETWORK_ERROR, TERN_EDE_INVALID_DATA};
	static const uint16_t validating[] = {TERN_EDE_UNSUPPORTED_DNSKEY_ALG,
					      TERN_EDE_UNSUPPORTED_DS_DIGEST,
					      TERN_EDE_BOGUS,
					      TERN_EDE_SIG_EXPIRED,
					      TERN_EDE_SIG_NOT_YET_VALID,
					      TERN_EDE_DNSKEY_MISSING,
					      TERN_EDE_RRSIGS_MISSING,
					      TERN_EDE_NO_ZONE_KEY_BIT,
					      TERN_EDE_NSEC_MISSING,
					      TERN_EDE_SIG_EXPIRED_BEFORE_VALID,
					      TERN_EDE_NSEC3_ITERATIONS,
					      TERN_EDE_NTA};
	static const uint16_t stale[] = {TERN_EDE_STALE_ANSWER, TERN_EDE_STALE_NXDOMAIN};
	bool filtered = filters(&c->changes);

	for (unsigned i = 0; i < c->views_n; i++)
		filtered |= filters(&c->views[i].changes);
	mark(codes, always, ARRAY_LEN(always));
	if (c->resolver.validation != VALIDATION_OFF)
		mark(codes, validating, ARRAY_LEN(validating));
	if (c->resolver.serve_stale)
		mark(codes, stale, ARRAY_LEN(stale));
	codes[TERN_EDE_BLOCKED] = c->lists_n > 0 || c->policies_n > 0;
	codes[TERN_EDE_FILTERED] = filtered;
}

/* "exterr=0-3,6": RFC 9606 5. */
static void print_codes(const bool codes[CODES_MAX], char out[DISCOVERY_INFO_MAX])
{
	size_t at = (size_t)snprintf(out, DISCOVERY_INFO_MAX, "exterr=");
	const char *comma = "";

	for (unsigned i = 0, last; i < CODES_MAX && at < DISCOVERY_INFO_MAX; i = last + 1) {
		for (last = i; last + 1 < CODES_MAX && codes[i] && codes[last + 1];)
			last++;
		if (!codes[i])
			continue;
		at += (size_t)snprintf(out + at, DISCOVERY_INFO_MAX - at,
				       last > i ? "%s%u-%u" : "%s%u", comma, i, last);
		comma = ",";
	}
}

uint64_t discovered_sum(const struct config *c)
{
	static const struct hash_key key = {0, 0};
	struct endpoint at[LISTENERS_MAX];
	char host[TLS_NAME_MAX] = "";
	unsigned n = interfaces_reached(c->server.listen, c->server.listen_n, at, LISTENERS_MAX);

	(void)gethostname(host, sizeof host - 1);
	uint64_t sum = hash_bytes(&key, 0, host, strlen(host));

	for (unsigned i = 0; i < MIN(n, (unsigned)LISTENERS_MAX); i++) {
		sum = hash_bytes(&key, sum, &at[i].address, sizeof at[i].address);
		sum = hash_bytes(&key, sum, &at[i].transport, sizeof at[i].transport);
	}
	return sum;
}

void discovered_fill(const struct config *c, const struct tls_service *tls, struct discovery *out)
{
	struct endpoint at[LISTENERS_MAX];
	bool codes[CODES_MAX] = {false};

	*out = (struct discovery){.services_n = 0};
	if (c->resolver.qmin != QMIN_OFF)
		snprintf(out->info[0], DISCOVERY_INFO_MAX, "qnamemin");
	find_codes(c, codes);
	print_codes(codes, out->info[1]);
	if (!discovered_name(tls, out->name))
		return;
	unsigned n =
		MIN(interfaces_reached(c->server.listen, c->server.listen_n, at, LISTENERS_MAX),
		    (unsigned)LISTENERS_MAX);

	add_services(out, c, at, n, false);
	if (out->services_n == 0)
		add_services(out, c, at, n, true);
}

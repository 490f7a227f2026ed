/* doubt.c - see doubt.h: one function for each thing that may be meant otherwise. */
#include "daemon/doubt.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "base/quantity.h"
#include "daemon/interfaces.h"
#include "daemon/memory.h"
#include "dnssec/anchor.h"
#include "dnssec/key.h"
#include "worker/worker.h"

#define KEY_MAX  128
#define TEXT_MAX 1400

struct doubts {
	const struct config *config;
	doubt_tell *tell;
	void *context;
	unsigned n;
	struct endpoint listen[LISTENERS_MAX]; /* interfaces are their addresses */
	unsigned listen_n;
	struct ifaddrs *interfaces; /* NULL when they can't be told */
};

static void PRINTF(3, 4) doubt(struct doubts *d, const char *key, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	if (d->n++ >= DOUBTS_MAX)
		return;
	int n = snprintf(text, sizeof text, "%s: ", key);

	va_start(args, format);
	vsnprintf(text + n, sizeof text - (size_t)n, format, args);
	va_end(args);
	d->tell(d->context, config_place(d->config, key), text);
}

/* --- addresses ---------------------------------------------------------------------- */

static bool is_any(const struct address *a)
{
	static const uint8_t zero[sizeof a->octets];

	return memcmp(a->octets, zero, sizeof zero) == 0;
}

static bool is_same_host(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->octets, b->octets, sizeof a->octets) == 0;
}

/* Has an interface of this host the address @p a? */
static bool is_own(const struct doubts *d, const struct address *a)
{
	struct address own;

	if (address_is_loopback(a))
		return true;
	for (const struct ifaddrs *i = d->interfaces; i; i = i->ifa_next) {
		if (i->ifa_addr && address_from_sockaddr(i->ifa_addr, &own) &&
		    is_same_host(a, &own))
			return true;
	}
	return false;
}

static void doubt_listen(struct doubts *d)
{
	const struct config *c = d->config;
	char key[KEY_MAX], text[ADDRESS_TEXT_MAX];

	for (unsigned i = 0; d->interfaces && i < c->server.listen_n; i++) {
		const struct listen_options *l = &c->server.listen[i];
		const struct address *a = &l->at.address;

		snprintf(key, sizeof key, "server.listen[%u]", i);
		if (*l->interface && if_nametoindex(l->interface) == 0)
			doubt(d, key,
			      "there is no interface %s: nothing comes in there until it is",
			      l->interface);
		if (*l->interface || is_any(a) || is_own(d, a))
			continue;
		doubt(d, key,
		      "no interface has the address of %s: nothing comes in there until one has",
		      address_to_text(a, text));
	}
}

/* Do we listen where a question to @p a arrives? */
static bool is_ourselves(const struct doubts *d, const struct address *a)
{
	for (unsigned i = 0; i < d->listen_n; i++) {
		const struct address *l = &d->listen[i].address;

		if (l->port != a->port || l->family != a->family)
			continue;
		if (is_same_host(l, a) || (is_any(l) && is_own(d, a)))
			return true;
	}
	return false;
}

/* Every name of such a zone fails, which is hard to see from outside. */
static void doubt_routes(struct doubts *d, const struct route *routes, unsigned n, const char *list)
{
	const struct resolver_options *o = &d->config->resolver;
	char name[TERN_NAME_TEXT_MAX], key[KEY_MAX], text[ADDRESS_TEXT_MAX];

	for (unsigned i = 0; i < n; i++) {
		unsigned askable = 0;

		tern_name_to_text(routes[i].zone, name);
		for (unsigned j = 0; j < routes[i].servers_n; j++) {
			const struct address *a = &routes[i].servers[j].address;

			askable += a->family == 4 ? options_reach_ipv4(o) : o->ipv6;
			if (!is_ourselves(d, a))
				continue;
			snprintf(key, sizeof key, "%s[%u].addresses[%u]", list, i, j);
			doubt(d, key,
			      "%s: questions to %s come back to this daemon (server.listen)", name,
			      address_to_text(a, text));
		}
		if (askable > 0)
			continue;
		snprintf(key, sizeof key, "%s[%u]", list, i);
		doubt(d, key,
		      "%s: none of its addresses is ever asked, because of resolver.ipv4 or ipv6",
		      name);
	}
}

/* --- memory --------------------------------------------------------------------------- */

static void doubt_cache(struct doubts *d)
{
	uint64_t size = d->config->cache.size;
	char wanted[32], there[32];
	bool of_group;
	uint64_t limit = memory_limit("", &of_group);

	if (limit == 0 || size <= limit)
		return;
	quantity_octets_to_text(size, wanted);
	quantity_octets_to_text(limit >> 20 << 20, there);
	doubt(d, "cache.size",
	      "%s is more than the memory of %s (%s): the kernel will end the daemon", wanted,
	      of_group ? "the control group that this runs in" : "this machine", there);
}

/* --- trust ------------------------------------------------------------------------------ */

/* Why nothing is ever validated by @p a; NULL when it may be. */
static const char *why_useless(const struct trust_anchor *a, bool sha1, char text[KEY_MAX])
{
	struct dnskey key;
	struct ds ds;
	unsigned algorithm;

	if (a->type == TERN_TYPE_DS) {
		if (!ds_read(a->rdata, a->rdata_len, &ds))
			return "is no DS";
		algorithm = ds.algorithm;
		if (!dnssec_digest_is_known(ds.digest_type, sha1)) {
			snprintf(text, KEY_MAX, "digest type %u is not known, or switched off",
				 ds.digest_type);
			return text;
		}
	} else {
		if (!dnskey_read(a->rdata, a->rdata_len, &key))
			return "is no DNSKEY";
		if (!dnskey_signs_zones(&key))
			return "a key with such flags signs no zone";
		algorithm = key.algorithm;
	}
	if (dnssec_algorithm_is_known((uint8_t)algorithm, sha1))
		return NULL;
	snprintf(text, KEY_MAX, "algorithm %u is not known, or switched off", algorithm);
	return text;
}

static void doubt_anchors(struct doubts *d)
{
	const struct trust_options *o = &d->config->trust;
	struct trust_anchors *anchors = calloc(1, sizeof *anchors);
	char key[KEY_MAX], text[KEY_MAX], name[TERN_NAME_TEXT_MAX];
	const char *error;

	for (unsigned i = 0; anchors && i < o->anchors_n; i++) {
		anchors->n = 0;
		if (!trust_anchors_add(anchors, o->anchors[i], &error))
			continue; /* told as an error */
		const char *why = why_useless(&anchors->anchors[0], d->config->resolver.sha1, text);

		if (!why)
			continue;
		snprintf(key, sizeof key, "dnssec.trust-anchors[%u]", i);
		doubt(d, key, "%s: %s: nothing is validated by it",
		      tern_name_to_text(anchors->anchors[0].zone, name), why);
	}
	free(anchors);
}

static void doubt_exceptions(struct doubts *d)
{
	const struct trust_options *o = &d->config->trust;
	char key[KEY_MAX];

	for (unsigned i = 0; i < o->negative_n; i++) {
		if (strcmp(o->negative[i], ".") != 0)
			continue;
		snprintf(key, sizeof key, "dnssec.negative-trust-anchors[%u]", i);
		doubt(d, key, "excepts every name: nothing is validated");
	}
}

static void doubt_dns64(struct doubts *d, const char *key, const struct prefix *prefix)
{
	if (prefix->base.family && !nat64_keeps_unused(prefix))
		doubt(d, key, "bits 64 to 71 should be 0 (RFC 6052): translators may refuse it");
}

static void doubt_prefixes(struct doubts *d)
{
	const struct config *c = d->config;
	char key[KEY_MAX];

	doubt_dns64(d, "dns64.prefix", &c->changes.dns64.prefix);
	for (unsigned i = 0; i < c->views_n; i++) {
		snprintf(key, sizeof key, "views[%u].dns64.prefix", i);
		doubt_dns64(d, key, &c->views[i].changes.dns64.prefix);
	}
}

/* --- lists -------------------------------------------------------------------------------- */

static void doubt_lists(struct doubts *d)
{
	char key[KEY_MAX];

	for (unsigned i = 0; i < d->config->lists_n; i++) {
		if (strncasecmp(d->config->lists[i].url, "http:", 5) != 0)
			continue;
		snprintf(key, sizeof key, "lists[%u].url", i);
		doubt(d, key, "http: whoever is on the way can write the list; is there https?");
	}
}

/* Its servers would never be asked: the forwarders are, and see all names in plain text. */
static void doubt_encryption(struct doubts *d)
{
	const struct config *c = d->config;
	char key[KEY_MAX], zone[TERN_NAME_TEXT_MAX], route[TERN_NAME_TEXT_MAX];

	for (unsigned i = 0; i < c->resolver.encryption.zones_n; i++) {
		const uint8_t *name = c->resolver.encryption.zones[i];

		for (unsigned j = 0; j < c->forward_zones_n; j++) {
			const struct route *r = &c->forward_zones[j];

			if (transport_is_encrypted(r->transport) ||
			    !tern_name_is_below_or_equal(name, r->zone))
				continue;
			snprintf(key, sizeof key, "resolver.encrypted-zones[%u]", i);
			doubt(d, key, "%s: the forward zone %s is asked for it, by plain DNS",
			      tern_name_to_text(name, zone), tern_name_to_text(r->zone, route));
		}
	}
}

void doubt_all(const struct config *config, doubt_tell *tell, void *context)
{
	struct doubts d = {.config = config, .tell = tell, .context = context};

	if (getifaddrs(&d.interfaces) != 0)
		d.interfaces = NULL;
	d.listen_n = MIN(interfaces_endpoints(config->server.listen, config->server.listen_n,
					      d.listen, LISTENERS_MAX),
			 (unsigned)LISTENERS_MAX);
	doubt_listen(&d);
	if (*config->snapshot)
		doubt(&d, "cache.snapshot", "not supported by this version, ignored");
	doubt_cache(&d);
	doubt_lists(&d);
	if (config->resolver.validation != VALIDATION_OFF) {
		doubt_anchors(&d);
		doubt_exceptions(&d);
	}
	doubt_routes(&d, config->forward_zones, config->forward_zones_n, "forward-zones");
	doubt_routes(&d, config->stub_zones, config->stub_zones_n, "stub-zones");
	doubt_encryption(&d);
	doubt_prefixes(&d);
	if (d.interfaces)
		freeifaddrs(d.interfaces);
}

/*
 * load_trust.c - how servers that are asked encrypted show who they are; see load_private.h.
 *
 * A forward zone has one trust: CAs, and what is shown to its servers. Zones with the same files
 * share one, for the system's CAs are many. Servers that have to show the same to the same trust
 * are one peer, too: connections are kept for peers, and those of many zones are as good as one's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/url.h"
#include "daemon/followed.h"
#include "daemon/load_private.h"
#include "net/tls.h"

#define PEM_MAX      (1u << 20) /* octets */
#define PEERS_SHARED 1024       /* made last, that another zone may have as well */

struct trust_load {
	const struct config *config;
	char *why;
	struct tls_trust *last; /* made for the zone before, */
	const struct route_trust *last_from;
	struct tls_peer *peers[PEERS_SHARED]; /* of that trust, by identity; held */
};

static void blame(struct trust_load *x, const char *zone_key, const char *name, const char *why)
{
	char key[96], where[LOAD_KEY_MAX];

	snprintf(key, sizeof key, "%s.%s", zone_key, name);
	load_add_reason(x->why, "%s%s", load_say_key(x->config, key, where), why);
}

static bool same_files(const struct route_trust *a, const struct route_trust *b)
{
	return strcmp(a->ca, b->ca) == 0 && strcmp(a->crl, b->crl) == 0 &&
	       strcmp(a->certificate, b->certificate) == 0 && strcmp(a->key, b->key) == 0;
}

static char *read_pem(struct trust_load *x, const char *zone_key, const char *name,
		      const char *path, size_t *len)
{
	char *text = followed_read_whole(path, PEM_MAX, len);
	char why[PATH_MAX + 128];

	if (text)
		return text;
	snprintf(why, sizeof why, "%s: %s", path, strerror(errno));
	blame(x, zone_key, name, why);
	return NULL;
}

static struct tls_trust *make(struct trust_load *x, const char *zone_key,
			      const struct route_trust *t, const struct tls_pair *own)
{
	const char *why;
	char text[PATH_MAX + 256];
	struct tls_trust *trust = tls_trust_create(t->ca, own, &why);

	if (trust)
		return trust;
	snprintf(text, sizeof text, "%s: %s", *t->ca ? t->ca : "the system's CAs", why);
	blame(x, zone_key, own ? "certificate" : "ca", own && !*t->ca ? why : text);
	return NULL;
}

/* With what is shown to servers that ask for it. */
static struct tls_trust *make_with_own(struct trust_load *x, const char *zone_key,
				       const struct route_trust *t)
{
	struct tls_pair own;
	struct tls_trust *trust = NULL;
	char *certificate =
		read_pem(x, zone_key, "certificate", t->certificate, &own.certificate_len);
	char *key = read_pem(x, zone_key, "key", t->key, &own.key_len);

	own.certificate = (const uint8_t *)certificate;
	own.key = (const uint8_t *)key;
	if (certificate && key)
		trust = make(x, zone_key, t, &own);
	if (key)
		explicit_bzero(key, own.key_len);
	free(key);
	free(certificate);
	return trust;
}

static void forget_peers(struct trust_load *x)
{
	for (unsigned i = 0; i < PEERS_SHARED; i++) {
		tls_peer_release(x->peers[i]);
		x->peers[i] = NULL;
	}
}

/* Each of @trust and @identity, made anew or held once more; NULL: no memory. */
static struct tls_peer *peer_for(struct trust_load *x, struct tls_trust *trust,
				 const struct tls_identity *identity)
{
	struct tls_peer *peer = tls_peer_create(trust, identity);

	if (!peer)
		return NULL;
	struct tls_peer **at = &x->peers[tls_peer_hash(peer) % PEERS_SHARED];

	if (*at && tls_peer_alike(*at, peer)) {
		tls_peer_release(peer);
		return tls_peer_hold(*at);
	}
	tls_peer_release(*at);
	*at = tls_peer_hold(peer);
	return peer;
}

/* False when @p why has a reason more. */
static bool revoke(struct trust_load *x, const char *zone_key, const char *path,
		   struct tls_trust *trust)
{
	char text[PATH_MAX + 256];
	const char *why;
	size_t len;
	char *pem = read_pem(x, zone_key, "crl", path, &len);
	bool good = pem && tls_trust_revoke(trust, (const uint8_t *)pem, len, &why);

	if (pem && !good) {
		snprintf(text, sizeof text, "%s: %s", path, why);
		blame(x, zone_key, "crl", text);
	}
	free(pem);
	return good;
}

/* The caller's until the next call; NULL when @p why has a reason more. */
static struct tls_trust *trust_for(struct trust_load *x, const char *zone_key,
				   const struct route_trust *t)
{
	if (x->last && same_files(x->last_from, t))
		return x->last;
	forget_peers(x);
	tls_trust_release(x->last);
	x->last_from = t;
	x->last = *t->certificate ? make_with_own(x, zone_key, t) : make(x, zone_key, t, NULL);
	if (x->last && *t->crl && !revoke(x, zone_key, t->crl, x->last)) {
		tls_trust_release(x->last);
		x->last = NULL;
	}
	return x->last;
}

static bool read_pins(struct trust_load *x, const char *zone_key, const struct route_trust *t,
		      struct tls_identity *identity)
{
	char name[32];

	for (unsigned i = 0; i < t->pins_n; i++) {
		if (tls_read_pin(t->pins[i], identity->pins[identity->pins_n++]))
			continue;
		snprintf(name, sizeof name, "pins[%u]", i);
		blame(x, zone_key, name, "expected the SHA-256 of a public key in base64");
		return false;
	}
	return true;
}

/* Pins are enough, but a name that is written counts as well (RFC 8310 5). */
static void take_name(const struct route *route, const struct route_server *server,
		      struct tls_identity *identity)
{
	struct address bare = server->address;
	char text[ADDRESS_TEXT_MAX];
	size_t n;

	identity->name[0] = '\0';
	if (*server->name) {
		snprintf(identity->name, sizeof identity->name, "%s", server->name);
		n = strlen(identity->name);
		if (n > 1 && identity->name[n - 1] == '.')
			identity->name[n - 1] = '\0';
	} else if (!route->trust.opportunistic && identity->pins_n == 0) {
		bare.port = 0;
		bare.scope = 0;
		address_to_text(&bare, text);
		*strchrnul(text, '@') = '\0';
		snprintf(identity->name, sizeof identity->name, "%s", text);
	}
}

/* The path of a URL that was read; "/" when there is none. */
static const char *path_of(const char *url)
{
	const char *path = strchr(strstr(url, "://") + 3, '/');

	return path ? path : "/";
}

/* By HTTP a host of the URL is the name, unless another one is written (RFC 8484 3). */
static bool take_url(struct trust_load *x, const char *zone_key, const struct route *route,
		     const struct route_server *server, struct tls_identity *identity)
{
	const char *why, *path = "/dns-query";
	struct url url = {.host = ""};
	unsigned port = server->address.port;

	if (*route->url && url_read(route->url, &url, &why)) {
		path = path_of(route->url);
		port = url.port;
	}
	if (strlen(path) > TLS_PATH_MAX) {
		blame(x, zone_key, "url", "its path is too long");
		return false;
	}
	if (*url.host && !*server->name && !route->trust.opportunistic)
		snprintf(identity->name, sizeof identity->name, "%s", url.host);
	const char *host = *url.host ? url.host : identity->name;
	bool bare6 = strchr(host, ':') != NULL;

	snprintf(identity->path, sizeof identity->path, "%s", path);
	snprintf(identity->authority, sizeof identity->authority, "%s%.*s%s", bare6 ? "[" : "",
		 TLS_NAME_MAX - 1, host, bare6 ? "]" : "");
	if (port != 443)
		snprintf(identity->authority + strlen(identity->authority),
			 sizeof identity->authority - strlen(identity->authority), ":%u",
			 port & 0xffff);
	return true;
}

static void load_route(struct trust_load *x, const char *zone_key, struct route *route)
{
	struct tls_identity identity = {.pins_n = 0};
	struct tls_trust *trust;

	if (!transport_is_encrypted(route->transport))
		return;
	trust = trust_for(x, zone_key, &route->trust);
	if (!trust || !read_pins(x, zone_key, &route->trust, &identity))
		return;
	for (unsigned i = 0; i < route->servers_n; i++) {
		take_name(route, &route->servers[i], &identity);
		if (route->transport == TRANSPORT_HTTPS &&
		    !take_url(x, zone_key, route, &route->servers[i], &identity))
			return;
		route->servers[i].peer = peer_for(x, trust, &identity);
		if (!route->servers[i].peer)
			blame(x, zone_key, "addresses", "out of memory");
	}
}

/* @view: "views[N]." or "". */
static void load_routes(struct trust_load *x, const char *view, const char *name,
			struct route *routes, unsigned n)
{
	char key[64];

	for (unsigned i = 0; i < n; i++) {
		snprintf(key, sizeof key, "%s%s[%u]", view, name, i);
		load_route(x, key, &routes[i]);
	}
}

/* Authorities are asked encrypted whoever they show to be: no CA says whose zone it is. */
static void load_encryption(struct trust_load *x, struct resolver_options *o)
{
	static const struct tls_identity anybody;
	const char *why = "out of memory";
	struct tls_trust *trust;
	char where[LOAD_KEY_MAX];

	if (!o->encryption.opportunistic && o->encryption.zones_n == 0)
		return;
	trust = tls_trust_create(NULL, NULL, &why);
	o->encryption.peer = trust ? tls_peer_create(trust, &anybody) : NULL;
	tls_trust_release(trust);
	if (!o->encryption.peer)
		load_add_reason(x->why, "%s%s",
				load_say_key(x->config, "resolver.encryption", where), why);
}

void load_trust(struct config *c, char why[LOAD_WHY_MAX])
{
	struct trust_load x = {.config = c, .why = why};
	char view[32];

	load_encryption(&x, &c->resolver);
	load_routes(&x, "", "forward-zones", c->forward_zones, c->forward_zones_n);
	load_routes(&x, "", "stub-zones", c->stub_zones, c->stub_zones_n);
	for (unsigned v = 0; v < c->views_n; v++) {
		struct view_options *o = &c->views[v];

		snprintf(view, sizeof view, "views[%u].", v);
		load_routes(&x, view, "forward-zones", o->forward_zones, o->forward_zones_n);
		load_routes(&x, view, "stub-zones", o->stub_zones, o->stub_zones_n);
	}
	forget_peers(&x);
	tls_trust_release(x.last);
}

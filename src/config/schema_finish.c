/* schema_finish.c - what only a whole mapping can tell; see schema_private.h. */
#include "config/schema_private.h"

#include <stdio.h>
#include <string.h>

#include <tern/name.h>

#include "base/compiler.h"
#include "base/url.h"
#include "config/config.h"

/* Which networks are connected changes; an order that changes with them would surprise. */
static bool are_networks(const struct prefix *prefixes, unsigned n, const char *key,
			 struct schema_fault *fault)
{
	for (unsigned i = 0; i < n; i++) {
		if (!prefix_is_connected(&prefixes[i]))
			continue;
		fault->key = key;
		snprintf(fault->why, sizeof(fault->why),
			 "expected networks like \"192.0.2.0/24\"; `connected` is for access");
		return false;
	}
	return true;
}

static uint16_t default_port(enum transport transport)
{
	switch (transport) {
	case TRANSPORT_TLS:
	case TRANSPORT_QUIC: return 853;
	case TRANSPORT_HTTPS:
	case TRANSPORT_HTTP3: return 443;
	case TRANSPORT_HTTP: return 80;
	case TRANSPORT_UDP:
	case TRANSPORT_TCP: break;
	}
	return 53;
}

bool finish_listen(void *mapping, struct schema_fault *fault)
{
	struct listen_options *l = mapping;
	bool at_address = l->at.address.family != 0;

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
	fault->key = "view";
	if (!at_address && *l->view) {
		snprintf(fault->why, sizeof fault->why, "expected with address only");
		return false;
	}
	fault->key = "proxy-protocol";
	if (!at_address && l->proxies_n > 0) {
		snprintf(fault->why, sizeof fault->why, "expected with address only");
		return false;
	}
	if (transport_is_quic(l->at.transport) && l->proxies_n > 0) {
		snprintf(fault->why, sizeof fault->why,
			 "not expected with transport: quic or http3");
		return false;
	}
	if (!are_networks(l->proxies, l->proxies_n, "proxy-protocol", fault))
		return false;
	if (!at_address && l->port == 0)
		l->port = default_port(l->at.transport);
	if (at_address && l->at.address.port == 0)
		l->at.address.port = default_port(l->at.transport);
	return true;
}

bool finish_https(void *mapping, struct schema_fault *fault)
{
	const struct config *c = mapping;
	const char *path = c->serve.https.path;

	fault->key = "path";
	snprintf(fault->why, sizeof fault->why,
		 "expected a path, as \"/dns-query\", of letters, digits and -._~/");
	return *path == '/' &&
	       path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789-._~/")] == '\0';
}

bool finish_tls(void *mapping, struct schema_fault *fault)
{
	const struct config *c = mapping;

	fault->key = *c->tls.certificate ? "key" : "certificate";
	if (!*c->tls.certificate && (*c->tls.key || c->tls.more_n > 0)) {
		snprintf(fault->why, sizeof fault->why, "expected with key and certificates");
		return false;
	}
	bool own = strcmp(c->tls.certificate, TLS_SELF_SIGNED) == 0;

	if (own && *c->tls.key) {
		snprintf(fault->why, sizeof fault->why,
			 "a self-signed certificate has a key of its own: leave this out");
		return false;
	}
	if (!own && *c->tls.certificate && !*c->tls.key) {
		snprintf(fault->why, sizeof fault->why, "expected with certificate");
		return false;
	}
	return true;
}

static bool listen_alike(const struct listen_options *a, const struct listen_options *b)
{
	return endpoint_equal(&a->at, &b->at) && strcmp(a->interface, b->interface) == 0 &&
	       a->port == b->port;
}

bool finish_server(void *mapping, struct schema_fault *fault)
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

bool finish_resolver(void *mapping, struct schema_fault *fault)
{
	const struct config *c = mapping;

	if (c->resolver.ipv4 || c->resolver.ipv6)
		return true;
	fault->key = "ipv4";
	snprintf(fault->why, sizeof(fault->why),
		 "expected true when ipv6 is false: no server could be asked");
	return false;
}

bool finish_sort(void *mapping, struct schema_fault *fault)
{
	const struct sort_rule *rule = mapping;

	return are_networks(rule->clients, rule->clients_n, "clients", fault) &&
	       are_networks(rule->prefer, rule->prefer_n, "prefer", fault);
}

bool finish_ttl(void *mapping, struct schema_fault *fault)
{
	const struct ttl_rule *rule = mapping;

	if (rule->min_s <= rule->max_s)
		return true;
	fault->key = "min";
	snprintf(fault->why, sizeof(fault->why), "expected at most max (%us), found %us",
		 rule->max_s, rule->min_s);
	return false;
}

bool finish_cache(void *mapping, struct schema_fault *fault)
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

/** The default port depends on the transport, which may stand behind `addresses`. */
static void set_ports(struct route *route)
{
	for (unsigned i = 0; i < route->servers_n; i++) {
		if (route->servers[i].address.port == 0)
			route->servers[i].address.port = default_port(route->transport);
	}
}

bool finish_list(void *mapping, struct schema_fault *fault)
{
	struct list_options *l = mapping;
	const char *why;
	struct url url;

	fault->key = "action";
	if (!list_action_read(l->action_text, l)) {
		snprintf(fault->why, sizeof fault->why,
			 "expected nxdomain, nodata, null, refuse, drop or addresses");
		return false;
	}
	fault->key = "file";
	if (!*l->file == !*l->url) {
		snprintf(fault->why, sizeof fault->why, "expected either it or url");
		return false;
	}
	fault->key = "url";
	if (*l->url && !url_read(l->url, &url, &why)) {
		snprintf(fault->why, sizeof fault->why, "%s", why);
		return false;
	}
	fault->key = "ca";
	if (*l->ca && (!*l->url || !url.tls)) {
		snprintf(fault->why, sizeof fault->why, "expected with a url of https only");
		return false;
	}
	fault->key = "name";
	if (!*l->name) {
		snprintf(fault->why, sizeof fault->why, "expected a name");
		return false;
	}
	return true;
}

/* What `connected` stands for changes: that is for everybody's access list. */
static bool has_connected(const struct prefix *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (prefix_is_connected(&list[i]))
			return true;
	}
	return false;
}

static bool has_connected_member(const struct view_options *v)
{
	for (unsigned i = 0; i < v->clients_n; i++) {
		if (v->clients[i].kind == VIEW_NETWORK &&
		    prefix_is_connected(&v->clients[i].network))
			return true;
	}
	return false;
}

bool finish_view(void *mapping, struct schema_fault *fault)
{
	const struct view_options *v = mapping;

	fault->key = "name";
	if (!*v->name) {
		snprintf(fault->why, sizeof fault->why, "expected a name");
		return false;
	}
	fault->key = NULL;
	if (has_connected_member(v))
		fault->key = "clients";
	else if (has_connected(v->access.allow, v->access.allow_n))
		fault->key = "access";
	else if (has_connected(v->rates.exempt, v->rates.exempt_n))
		fault->key = "rate-limits";
	if (fault->key) {
		snprintf(fault->why, sizeof fault->why,
			 "expected networks: a view's are not those of the interfaces");
		return false;
	}
	return true;
}

static bool has_name(const struct route *route)
{
	for (unsigned i = 0; i < route->servers_n; i++) {
		if (*route->servers[i].name)
			return true;
	}
	return false;
}

/* What tells who a server is means nothing where nobody is asked who he is. */
static bool finish_trust(const struct route *route, struct schema_fault *fault)
{
	const struct route_trust *t = &route->trust;
	bool any = has_name(route) || t->pins_n > 0 || *t->ca || *t->crl || *t->certificate;

	fault->key = has_name(route) ? "addresses"
		     : t->pins_n > 0 ? "pins"
		     : *t->crl       ? "crl"
				     : "ca";
	if (any && !transport_is_encrypted(route->transport)) {
		snprintf(fault->why, sizeof fault->why,
			 "who a server is can be told with transport: tls%s only",
			 route->kind == ROUTE_STUB ? "" : ", https or quic");
		return false;
	}
	if (t->opportunistic && (has_name(route) || t->pins_n > 0 || *t->ca || *t->crl)) {
		snprintf(fault->why, sizeof fault->why,
			 "not expected with authentication: opportunistic");
		return false;
	}
	fault->key = *t->certificate ? "key" : "certificate";
	if (!*t->certificate != !*t->key) {
		snprintf(fault->why, sizeof fault->why, "expected both it and %s",
			 *t->certificate ? "certificate" : "key");
		return false;
	}
	return true;
}

/* What is asked there is asked by HTTPS, at the port and by the name that stand in it. */
static bool finish_url(struct route *route, struct schema_fault *fault)
{
	const char *why;
	struct url url;

	if (!*route->url)
		return true;
	fault->key = "url";
	if (!url_read(route->url, &url, &why) || !url.tls) {
		snprintf(fault->why, sizeof fault->why, "expected one of https");
		return false;
	}
	if (route->transport == TRANSPORT_TLS || route->transport == TRANSPORT_QUIC) {
		snprintf(fault->why, sizeof fault->why, "expected with transport: https");
		return false;
	}
	route->transport = TRANSPORT_HTTPS;
	for (unsigned i = 0; i < route->servers_n; i++) {
		if (route->servers[i].address.port == 0)
			route->servers[i].address.port = url.port;
	}
	return true;
}

bool finish_forward(void *mapping, struct schema_fault *fault)
{
	struct route *route = mapping;

	route->kind = ROUTE_FORWARD;
	if (!finish_url(route, fault))
		return false;
	set_ports(route);
	return finish_trust(route, fault);
}

bool finish_stub(void *mapping, struct schema_fault *fault)
{
	struct route *route = mapping;

	route->kind = ROUTE_STUB;
	set_ports(route);
	return finish_trust(route, fault);
}

/* Names of clients there would be taken for something else. */
static bool is_no_domain(const uint8_t *name)
{
	static const uint8_t localhost[] = "\11localhost", in_addr[] = "\7in-addr\4arpa",
			     ip6[] = "\3ip6\4arpa";

	return *name == 0 || tern_name_is_below_or_equal(name, localhost) ||
	       tern_name_is_below_or_equal(name, in_addr) || tern_name_is_below_or_equal(name, ip6);
}

bool finish_lease(void *mapping, struct schema_fault *fault)
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

bool finish_rates(void *mapping, struct schema_fault *fault)
{
	const struct config *c = mapping;

	fault->key = "exempt";
	snprintf(fault->why, sizeof fault->why, "expected networks, without connected");
	return !has_connected(c->rates.exempt, c->rates.exempt_n);
}

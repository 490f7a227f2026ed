/* import_dnsmasq.c - dnsmasq.conf, one option a line; see import_dnsmasq.h. */
#include "tools/import_dnsmasq.h"

#include <stdlib.h>
#include <string.h>

#define LINE_MAX_OCTETS 65535
#define OPTION_MAX      64
#define LEASES_FILE     "/var/lib/misc/dnsmasq.leases"
#define NAME_OCTETS     1024 /* of entries of the cache there, names and records */
#define CACHE_LEAST     (8u << 20)
#define TTL_MAX_S       2147483647u

/* --- servers and addresses ------------------------------------------------------------------ */

/* Cut "/a/b/VALUE" into names and the value; 0 names when there is no slash. */
static unsigned split_names(char *value, char *fields[DNSMASQ_FIELDS_MAX], char **rest)
{
	unsigned n;

	*rest = value;
	if (*value != '/')
		return 0;
	n = dnsmasq_split(value + 1, '/', fields);
	*rest = fields[n - 1];
	return n - 1;
}

static void server_for(struct dnsmasq *m, const struct import_place *place, const char *name,
		       const char *server)
{
	struct import_route *route = calloc(1, sizeof *route);

	if (!route) {
		m->im->broken = true;
		return;
	}
	route->place = *place;
	route->list = "forward-zones";
	if (import_name(m->im, place, name, route->name)) {
		import_route_add(m->im, place, route, server);
		if (route->servers_n > 0)
			import_route_join(m->im, route);
	}
	free(route);
}

/* [/NAME/.../]ADDRESS[#PORT][@SOURCE]; without an address the names are only known here. */
static void take_server(struct dnsmasq *m, const struct import_place *place, char *value)
{
	char *fields[DNSMASQ_FIELDS_MAX], *server;
	unsigned n = split_names(value, fields, &server);
	char *source = strchr(server, '@');

	if (source) {
		import_leave(m->im, place, "the server is asked from any address");
		*source = '\0';
	}
	if (strcmp(server, "#") == 0) {
		import_leave(m->im, place,
			     "names that other servers are asked for again have no "
			     "counterpart");
		return;
	}
	if (n == 0 && *server)
		import_route_add(m->im, place, &m->root, server);
	for (unsigned i = 0; i < n; i++) {
		if (!*fields[i])
			import_leave(m->im, place, "names of one label have no rule of their own");
		else if (*server)
			server_for(m, place, fields[i] + (*fields[i] == '.'), server);
		else
			import_zone(m->im, place, 0, fields[i] + (*fields[i] == '.'), "static");
	}
}

/* A name and all below it have the address: there is no zone then, so that others may be below. */
static void address_for(struct dnsmasq *m, const struct import_place *place, const char *name,
			const char *address)
{
	char below[TERN_NAME_TEXT_MAX], whole[TERN_NAME_TEXT_MAX + 2];

	if (!import_name(m->im, place, name, below))
		return;
	snprintf(whole, sizeof whole, "*.%s", below);
	import_address_of(m->im, place, below, NULL, address);
	import_address_of(m->im, place, whole, NULL, address);
}

static void take_address(struct dnsmasq *m, const struct import_place *place, char *value)
{
	char *fields[DNSMASQ_FIELDS_MAX], *address;
	unsigned n = split_names(value, fields, &address);

	if (n == 0)
		import_leave(m->im, place, "expected /NAME/ADDRESS");
	for (unsigned i = 0; i < n; i++) {
		const char *name = fields[i] + (*fields[i] == '.');

		if (!*name || strcmp(name, "#") == 0)
			import_leave(m->im, place, "one address for all names has no counterpart");
		else if (strcmp(address, "#") == 0)
			import_zone(m->im, place, 0, name, "always-null");
		else if (*address)
			address_for(m, place, name, address);
		else
			import_zone(m->im, place, 0, name, "static");
	}
}

/* NETWORK,SERVER: whole octets only, as names of the reverse tree go. */
static void take_rev_server(struct dnsmasq *m, const struct import_place *place, char *value)
{
	char *fields[DNSMASQ_FIELDS_MAX], text[ADDRESS_TEXT_MAX], name[64];
	struct prefix p;

	if (dnsmasq_split(value, ',', fields) == 2 && import_network(fields[0], text) &&
	    prefix_from_text(text, &p) && p.base.family == 4 && p.bits % 8 == 0 && p.bits > 0) {
		const uint8_t *o = p.base.octets;

		if (p.bits == 8)
			snprintf(name, sizeof name, "%u.in-addr.arpa.", o[0]);
		else if (p.bits == 16)
			snprintf(name, sizeof name, "%u.%u.in-addr.arpa.", o[1], o[0]);
		else if (p.bits == 24)
			snprintf(name, sizeof name, "%u.%u.%u.in-addr.arpa.", o[2], o[1], o[0]);
		else
			snprintf(name, sizeof name, "%u.%u.%u.%u.in-addr.arpa.", o[3], o[2], o[1],
				 o[0]);
		server_for(m, place, name, fields[1]);
		return;
	}
	import_leave(m->im, place,
		     "write it as a forward zone: only networks of IPv4 with 8, 16 "
		     "or 24 bits are taken over");
}

/* The servers in a file like resolv.conf. */
static void take_resolv(struct dnsmasq *m, const struct import_place *place, char *value)
{
	char *path = import_good_path(m->im, place, value), *line, *rest;
	size_t len = 0;
	char *text = path ? import_read_file(m->im, place, path, &len) : NULL, *at = text;

	while (text && (line = import_line(&at, text + len))) {
		const char *word = strtok_r(line, " \t", &rest);
		const char *address = strtok_r(NULL, " \t", &rest);

		if (word && address && strcmp(word, "nameserver") == 0)
			import_route_add(m->im, place, &m->root, address);
	}
	free(text);
	free(path);
}

/* --- the rest ---------------------------------------------------------------------------- */

static void set_copy(struct dnsmasq *m, char **to, const char *text)
{
	free(*to);
	*to = strdup(text);
	m->im->broken = m->im->broken || !*to;
}

static void take_listen(struct dnsmasq *m, const struct import_place *place, char *value)
{
	char *fields[DNSMASQ_FIELDS_MAX];
	unsigned n = dnsmasq_split(value, ',', fields);

	for (unsigned i = 0; i < n; i++)
		import_listen(m->im, place, fields[i], 0);
	if (strcmp(place->option, "interface") == 0 && n > 0)
		import_listen(m->im, place, "lo", 0);
}

static void take_port(struct dnsmasq *m, const struct import_place *place, char *value)
{
	uint64_t port;

	if (!import_number(m->im, place, value, 65535, &port))
		return;
	if (port == 0)
		import_leave(m->im, place, "there it switches DNS off; port 53 here");
	m->im->port = (unsigned)port;
}

static void take_cache_size(struct dnsmasq *m, const struct import_place *place, char *value)
{
	uint64_t n;

	if (!import_number(m->im, place, value, UINT32_MAX, &n))
		return;
	m->im->cache_octets = n * NAME_OCTETS < CACHE_LEAST ? CACHE_LEAST : n * NAME_OCTETS;
	if (n == 0)
		import_leave(m->im, place, "there is always a cache here");
}

static void take_rebinding(struct dnsmasq *m, const struct import_place *place, char *value)
{
	(void)place;
	(void)value;
	doc_set_word(&m->im->doc, import_section(m->im, "rebinding-protection"), "enabled", "true");
}

static void take_rebinding_name(struct dnsmasq *m, const struct import_place *place, char *value)
{
	char *fields[DNSMASQ_FIELDS_MAX];
	unsigned n = dnsmasq_split(value, '/', fields);

	for (unsigned i = 0; i < n; i++) {
		if (*fields[i])
			import_rebinding_name(m->im, place, fields[i]);
	}
}

static void take_filter(struct dnsmasq *m, const struct import_place *place, char *value)
{
	(void)value;
	import_filter_type(m->im, strcmp(place->option, "filter-A") == 0 ? "A" : "AAAA");
}

/* [CLASS,]DOMAIN,TAG,ALGORITHM,TYPE,DIGEST */
static void take_anchor(struct dnsmasq *m, const struct import_place *place, char *value)
{
	char *f[DNSMASQ_FIELDS_MAX], name[TERN_NAME_TEXT_MAX], *text;
	unsigned n = dnsmasq_split(value, ',', f), at = n == 6 ? 1 : 0;

	if (n - at != 5 || !import_name(m->im, place, f[at], name)) {
		import_leave(m->im, place, "expected DOMAIN,TAG,ALGORITHM,TYPE,DIGEST");
		return;
	}
	if (asprintf(&text, "%s IN DS %s %s %s %s", name, f[at + 1], f[at + 2], f[at + 3],
		     f[at + 4]) < 0) {
		m->im->broken = true;
		return;
	}
	import_anchor(m->im, place, text);
	free(text);
}

static void take_seconds(struct dnsmasq *m, const struct import_place *place, char *value)
{
	const char *key = strcmp(place->option, "neg-ttl") == 0         ? "max-negative-ttl"
			  : strcmp(place->option, "min-cache-ttl") == 0 ? "min-ttl"
									: "max-ttl";

	import_set_seconds(m->im, place, "cache", key, value, TTL_MAX_S);
}

static void take_hosts(struct dnsmasq *m, const struct import_place *place, char *value)
{
	import_hosts(m->im, place, value);
}

static void take_switch(struct dnsmasq *m, const struct import_place *place, char *value)
{
	static const char *const ordered = "strict-order", *const parallel = "all-servers";

	(void)value;
	m->no_hosts |= strcmp(place->option, "no-hosts") == 0;
	m->no_resolv |= strcmp(place->option, "no-resolv") == 0;
	m->validates |= strcmp(place->option, "dnssec") == 0;
	m->root.ordered |= strcmp(place->option, ordered) == 0;
	m->root.parallel |= strcmp(place->option, parallel) == 0;
}

static void take_domain(struct dnsmasq *m, const struct import_place *place, char *value)
{
	char *comma = strchr(value, ',');

	if (comma)
		import_leave(m->im, place, "a domain for some addresses only has no counterpart");
	else
		set_copy(m, &m->domain, value);
}

static void take_leases(struct dnsmasq *m, const struct import_place *place, char *value)
{
	if (strcmp(place->option, "dhcp-leasefile") == 0) {
		m->leases_place = (struct import_place){place->file, place->line, "dhcp-leasefile"};
		set_copy(m, &m->leases, value);
		m->leases_wanted = true;
		return;
	}
	if (!m->leases_wanted)
		m->leases_place = (struct import_place){place->file, place->line, "dhcp-range"};
	m->leases_wanted = true;
	import_leave(m->im, place, "this is no DHCP server: keep dnsmasq for it, with port=0");
}

static void include(struct import *im, const char *path, char *text, size_t len)
{
	dnsmasq_read(im->reader, path, text, len);
}

/* FOLDER[,.EXT or ,*.EXT]: files that end so, or without a star those that do not. */
static void take_folder(struct dnsmasq *m, const struct import_place *place, char *value)
{
	char *fields[DNSMASQ_FIELDS_MAX], *pattern;
	unsigned n = dnsmasq_split(value, ',', fields);

	m->im->reader = m;
	for (unsigned i = 1; i < n || (n == 1 && i == 1); i++) {
		const char *end = n > 1 ? fields[i] : "*";

		if (*end != '*') {
			import_leave(m->im, place,
				     "files that do not end in \"%.80s\" are not looked "
				     "for",
				     end);
			continue;
		}
		if (asprintf(&pattern, "%s/%s", fields[0], end) < 0) {
			m->im->broken = true;
			return;
		}
		import_include(m->im, place, pattern, include);
		free(pattern);
	}
}

static void take_file(struct dnsmasq *m, const struct import_place *place, char *value)
{
	m->im->reader = m;
	import_include(m->im, place, value, include);
}

static const struct {
	const char *option;
	void (*take)(struct dnsmasq *m, const struct import_place *place, char *value);
} takers[] = {
	{"server", take_server},
	{"local", take_server},
	{"address", take_address},
	{"rev-server", take_rev_server},
	{"resolv-file", take_resolv},
	{"listen-address", take_listen},
	{"interface", take_listen},
	{"port", take_port},
	{"cache-size", take_cache_size},
	{"stop-dns-rebind", take_rebinding},
	{"rebind-domain-ok", take_rebinding_name},
	{"filter-A", take_filter},
	{"filter-AAAA", take_filter},
	{"trust-anchor", take_anchor},
	{"min-cache-ttl", take_seconds},
	{"max-cache-ttl", take_seconds},
	{"neg-ttl", take_seconds},
	{"addn-hosts", take_hosts},
	{"no-hosts", take_switch},
	{"no-resolv", take_switch},
	{"dnssec", take_switch},
	{"strict-order", take_switch},
	{"all-servers", take_switch},
	{"domain", take_domain},
	{"dhcp-leasefile", take_leases},
	{"dhcp-range", take_leases},
	{"conf-file", take_file},
	{"servers-file", take_file},
	{"conf-dir", take_folder},
};

/* About what tern does anyway, or does in its own way. */
static const char *const silent[] = {
	"bogus-priv",
	"user",
	"group",
	"pid-file",
	"no-poll",
	"bind-interfaces",
	"bind-dynamic",
	"dnssec-check-unsigned",
	"local-service",
	"no-negcache",
	"clear-on-reload",
	"dns-forward-max",
	"edns-packet-max",
	"keep-in-foreground",
	"no-daemon",
	"no-ident",
	"dns-loop-detect",
	"log-async",
	"dhcp-authoritative",
	"proxy-dnssec",
	NULL,
};

static bool is_of_fields(const char *option)
{
	static const char *const whole[] = {"resolv-file",  "addn-hosts",     "conf-file",
					    "servers-file", "dhcp-leasefile", NULL};

	for (const char *const *w = whole; *w; w++) {
		if (strcmp(*w, option) == 0)
			return false;
	}
	return true;
}

void dnsmasq_take(struct dnsmasq *m, const struct import_place *place, char *value)
{
	if (!is_of_fields(place->option))
		dnsmasq_show_commas(value);
	if (dnsmasq_record(m->im, place, value))
		return;
	for (size_t i = 0; i < sizeof takers / sizeof *takers; i++) {
		if (strcmp(takers[i].option, place->option) == 0) {
			takers[i].take(m, place, value);
			return;
		}
	}
	for (const char *const *s = silent; *s; s++) {
		if (strcmp(*s, place->option) == 0)
			return;
	}
	if (strncmp(place->option, "dhcp-", 5) == 0 || strncmp(place->option, "tftp", 4) == 0 ||
	    strcmp(place->option, "enable-tftp") == 0 || strcmp(place->option, "enable-ra") == 0)
		import_leave(m->im, place,
			     "this is no DHCP server: keep dnsmasq for it, with "
			     "port=0");
	else if (strcmp(place->option, "expand-hosts") == 0)
		import_leave(m->im, place, "write names in files of hosts with their domain");
	else
		import_leave(m->im, place, "has no counterpart here");
}

/* --- lines ------------------------------------------------------------------------------- */

/* Take quotes away and cut a comment off, which has a blank before it. Commas in quotes separate
 * nothing. */
static char *clean(char *line)
{
	bool quoted = false;
	char *to = line;

	for (const char *c = line; *c; c++) {
		if (*c == '"') {
			quoted = !quoted;
			continue;
		}
		if (!quoted && *c == '#' && (c == line || c[-1] == ' ' || c[-1] == '\t'))
			break;
		if (quoted && *c == '\\' && (c[1] == '"' || c[1] == '\\'))
			c++;
		*to++ = quoted && *c == ',' ? DNSMASQ_COMMA : *c;
	}
	*to = '\0';
	return import_trim(line);
}

void dnsmasq_read(struct dnsmasq *m, const char *path, char *text, size_t len)
{
	struct import_place place = {import_intern(m->im, path), 0, ""};
	char *at = text, *line, empty[] = "";

	while ((line = import_line(&at, text + len))) {
		char *value, option[OPTION_MAX];

		place.line++;
		place.option = "line";
		if (strlen(line) > LINE_MAX_OCTETS) {
			import_leave(m->im, &place, "more than %d octets", LINE_MAX_OCTETS);
			continue;
		}
		line = clean(line);
		if (!*line)
			continue;
		value = strchr(line, '=');
		if (value)
			*value++ = '\0';
		snprintf(option, sizeof option, "%s", import_trim(line));
		place.option = option;
		dnsmasq_take(m, &place, value ? import_trim(value) : empty);
	}
}

static void finish_leases(struct dnsmasq *m)
{
	static const char *const wrong[] = {".", "localhost."};
	char domain[TERN_NAME_TEXT_MAX];
	struct doc_node *item;
	char *path;

	if (!m->leases_wanted)
		return;
	if (!m->domain) {
		import_leave(m->im, &m->leases_place, "names of clients need a domain to be in");
		return;
	}
	if (!import_name(m->im, &m->leases_place, m->domain, domain))
		return;
	if (strcmp(domain, wrong[0]) == 0 || strstr(domain, wrong[1]) || strstr(domain, ".arpa.")) {
		import_leave(m->im, &m->leases_place, "%s is no domain for clients", domain);
		return;
	}
	path = import_good_path(m->im, &m->leases_place, m->leases ? m->leases : LEASES_FILE);
	if (path) {
		item = doc_add_map(&m->im->doc, doc_list(&m->im->doc, m->im->doc.root, "leases"));
		doc_set_text(&m->im->doc, item, "file", path);
		doc_set_word(&m->im->doc, item, "format", "dnsmasq");
		doc_set_text(&m->im->doc, item, "domain", domain);
	}
	free(path);
}

static void finish(struct dnsmasq *m, const char *path)
{
	struct import_place place = {import_intern(m->im, path), 0, "resolv-file"};

	strcpy(m->root.name, ".");
	if (m->root.servers_n > 0)
		import_route_join(m->im, &m->root);
	else if (!m->no_resolv)
		import_leave(m->im, &place,
			     "the servers of /etc/resolv.conf are not asked: names "
			     "are resolved from the root on");
	finish_leases(m);
	place.option = "no-hosts";
	if (!m->no_hosts)
		import_hosts(m->im, &place, "/etc/hosts");
	place.option = "dnssec";
	if (!m->validates && m->root.servers_n > 0) {
		doc_set_word(&m->im->doc, import_section(m->im, "dnssec"), "validation", "off");
		import_leave(m->im, &place, "is not written there, and so nothing is validated");
	}
	m->im->is_at_all = true;
}

void import_dnsmasq(struct import *im, const char *path, char *text, size_t len)
{
	struct dnsmasq *m = calloc(1, sizeof *m);

	if (!m) {
		im->broken = true;
		return;
	}
	m->im = im;
	m->root.list = "forward-zones";
	m->root.place = (struct import_place){import_intern(im, path), 0, "server"};
	dnsmasq_read(m, path, text, len);
	finish(m, path);
	free(m->leases);
	free(m->domain);
	free(m);
}

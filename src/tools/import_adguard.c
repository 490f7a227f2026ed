/*
 * import_adguard.c - AdGuardHome.yaml.
 *
 * The events are looked at before the tree is made. AdGuard Home writes no aliases, and each would
 * stand for as much as is behind them; and brackets that are deep take a time that grows as their
 * square.
 */
#include "tools/import_adguard.h"

#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 100000
#define DEPTH_MAX 32 /* of mappings and lists in each other */

/* --- the tree ---------------------------------------------------------------------------- */

static yaml_node_t *find(struct adguard *g, yaml_node_t *map, const char *key)
{
	yaml_node_pair_t *pair, *end;

	if (!map || map->type != YAML_MAPPING_NODE)
		return NULL;
	pair = map->data.mapping.pairs.start;
	end = map->data.mapping.pairs.top;
	for (; pair < end; pair++) {
		yaml_node_t *k = yaml_document_get_node(&g->document, pair->key);

		if (k && k->type == YAML_SCALAR_NODE &&
		    strcmp((const char *)k->data.scalar.value, key) == 0)
			return yaml_document_get_node(&g->document, pair->value);
	}
	return NULL;
}

const char *adguard_text(struct adguard *g, yaml_node_t *map, const char *key)
{
	yaml_node_t *n = key ? find(g, map, key) : map;

	if (!n || n->type != YAML_SCALAR_NODE ||
	    strlen((const char *)n->data.scalar.value) != n->data.scalar.length)
		return "";
	return (const char *)n->data.scalar.value;
}

bool adguard_is_on(struct adguard *g, yaml_node_t *map, const char *key)
{
	return strcmp(adguard_text(g, map, key), "true") == 0;
}

yaml_node_t *adguard_find(struct adguard *g, yaml_node_t *map, const char *key)
{
	return find(g, map, key);
}

void adguard_each(struct adguard *g, yaml_node_t *map, const char *key, adguard_item *take)
{
	yaml_node_t *list = find(g, map, key);
	struct import_place place = {g->path, 0, key};

	if (!list || list->type != YAML_SEQUENCE_NODE)
		return;
	for (yaml_node_item_t *i = list->data.sequence.items.start;
	     i < list->data.sequence.items.top; i++) {
		yaml_node_t *n = yaml_document_get_node(&g->document, *i);

		if (!n)
			continue;
		if (g->items++ > ITEMS_MAX) {
			import_leave(g->im, &place, "too many items");
			return;
		}
		place.line = (unsigned)n->start_mark.line + 1;
		take(g, &place, n);
	}
}

struct import_place adguard_place(struct adguard *g, yaml_node_t *map, const char *key)
{
	yaml_node_t *n = find(g, map, key);

	return (struct import_place){g->path, n ? (unsigned)n->start_mark.line + 1 : 0, key};
}

/* --- dns: -------------------------------------------------------------------------------- */

static void take_bind_host(struct adguard *g, const struct import_place *place, yaml_node_t *n)
{
	import_listen(g->im, place, adguard_text(g, n, NULL), 0);
}

static void take_upstream(struct adguard *g, const struct import_place *place, yaml_node_t *n)
{
	adguard_upstream(g, place, adguard_text(g, n, NULL), 0);
}

/* Of a client with a name of its own only the server knows who it is. */
static void take_allowed(struct adguard *g, const struct import_place *place, yaml_node_t *n)
{
	char text[ADDRESS_TEXT_MAX];

	if (import_network(adguard_text(g, n, NULL), text))
		import_allow(g->im, place, text);
	else
		import_leave(g->im, place, "clients are known by their addresses only");
}

static void take_disallowed(struct adguard *g, const struct import_place *place, yaml_node_t *n)
{
	char text[ADDRESS_TEXT_MAX];

	if (import_network(adguard_text(g, n, NULL), text))
		import_deny(g->im, place, text, true);
	else
		import_leave(g->im, place, "clients are known by their addresses only");
}

/* Names that are not answered at all. */
static void take_blocked_host(struct adguard *g, const struct import_place *place, yaml_node_t *n)
{
	const char *text = adguard_text(g, n, NULL);
	static const char *const built_in[] = {"version.bind", "id.server", "hostname.bind"};

	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(text, built_in[i]) == 0)
			return;
	}
	if (strpbrk(text, "*|^$/"))
		import_leave(g->im, place, "write it into a list with the action drop");
	else
		import_zone(g->im, place, 0, text, "deny");
}

static void take_dns64(struct adguard *g, const struct import_place *place, yaml_node_t *n)
{
	import_dns64(g->im, place, adguard_text(g, n, NULL));
}

/* Without a prefix of one's own the well-known one counts there. */
static void take_nat64(struct adguard *g, yaml_node_t *dns)
{
	struct import_place place = adguard_place(g, dns, "use_dns64");
	yaml_node_t *list = find(g, dns, "dns64_prefixes");
	bool has_own = list && list->type == YAML_SEQUENCE_NODE &&
		       list->data.sequence.items.top > list->data.sequence.items.start;

	if (adguard_is_on(g, dns, "use_dns64") && !has_own)
		import_dns64(g->im, &place, IMPORT_NAT64);
	else if (adguard_is_on(g, dns, "use_dns64") || !*adguard_text(g, dns, "use_dns64"))
		adguard_each(g, dns, "dns64_prefixes", take_dns64);
}

static void take_bootstrap(struct adguard *g, const struct import_place *place, yaml_node_t *n)
{
	(void)n;
	if (!g->bootstrap_told)
		import_leave(g->im, place,
			     "names of servers are not looked up: servers are given "
			     "by address");
	g->bootstrap_told = true;
}

static void take_local_server(struct adguard *g, const struct import_place *place, yaml_node_t *n)
{
	import_leave(g->im, place,
		     "write \"%.80s\" as forward zones for the reverse names it knows",
		     adguard_text(g, n, NULL));
}

/* What a listed name gets: an action of lists. */
static void find_action(struct adguard *g, yaml_node_t *dns, yaml_node_t *filtering)
{
	yaml_node_t *of = *adguard_text(g, filtering, "blocking_mode") ? filtering : dns;
	const char *mode = adguard_text(g, of, "blocking_mode");
	struct import_place place = adguard_place(g, of, "blocking_mode");
	struct address four, six;

	snprintf(g->action, sizeof g->action, "%s",
		 strcmp(mode, "nxdomain") == 0  ? "nxdomain"
		 : strcmp(mode, "refused") == 0 ? "refuse"
						: "null");
	if (strcmp(mode, "custom_ip") != 0)
		return;
	const char *v4 = adguard_text(g, of, "blocking_ipv4");
	const char *v6 = adguard_text(g, of, "blocking_ipv6");

	if (address_from_text(v4, 53, &four) && !strchr(v4, '@') && four.family == 4 &&
	    address_from_text(v6, 53, &six) && !strpbrk(v6, "@%") && six.family == 6)
		snprintf(g->action, sizeof g->action, "%.20s %.50s", v4, v6);
	else
		import_leave(g->im, &place, "expected two addresses; null is taken");
}

static void take_numbers(struct adguard *g, yaml_node_t *dns)
{
	static const struct {
		const char *option, *section, *key;
		uint64_t max;
		bool seconds;
	} numbers[] = {
		{"ratelimit", "rate-limits", "client-rate", 50000, false},
		{"cache_ttl_min", "cache", "min-ttl", 2147483647, true},
		{"cache_ttl_max", "cache", "max-ttl", 2147483647, true},
	};

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		struct import_place place = adguard_place(g, dns, numbers[i].option);
		const char *text = adguard_text(g, dns, numbers[i].option);

		if (!*text || strcmp(text, "0") == 0)
			continue;
		if (numbers[i].seconds)
			import_set_seconds(g->im, &place, numbers[i].section, numbers[i].key, text,
					   numbers[i].max);
		else
			import_set_number(g->im, &place, numbers[i].section, numbers[i].key, text,
					  numbers[i].max);
	}
}

static void take_cache(struct adguard *g, yaml_node_t *dns)
{
	struct import_place place = adguard_place(g, dns, "cache_size");
	const char *text = adguard_text(g, dns, "cache_size");
	uint64_t octets;

	if (*text && import_number(g->im, &place, text, (uint64_t)1 << 40, &octets))
		g->im->cache_octets = octets > 0 && octets < 8u << 20 ? 8u << 20 : octets;
	if (*adguard_text(g, dns, "cache_optimistic"))
		doc_set_word(&g->im->doc, import_section(g->im, "cache"), "serve-stale",
			     adguard_is_on(g, dns, "cache_optimistic") ? "true" : "false");
}

static void take_dns(struct adguard *g, yaml_node_t *dns)
{
	struct import *im = g->im;
	struct import_place place = adguard_place(g, dns, "port");
	uint64_t port;

	if (*adguard_text(g, dns, "port") &&
	    import_number(im, &place, adguard_text(g, dns, "port"), 65535, &port))
		im->port = (unsigned)port;
	adguard_each(g, dns, "bind_hosts", take_bind_host);
	adguard_each(g, dns, "upstream_dns", take_upstream);
	adguard_each(g, dns, "fallback_dns", take_local_server);
	adguard_each(g, dns, "bootstrap_dns", take_bootstrap);
	adguard_each(g, dns, "local_ptr_upstreams", take_local_server);
	adguard_each(g, dns, "allowed_clients", take_allowed);
	adguard_each(g, dns, "disallowed_clients", take_disallowed);
	adguard_each(g, dns, "blocked_hosts", take_blocked_host);
	take_nat64(g, dns);
	take_numbers(g, dns);
	take_cache(g, dns);
	if (adguard_is_on(g, dns, "aaaa_disabled"))
		import_filter_type(im, "AAAA");
	place = adguard_place(g, dns, "upstream_dns_file");
	if (*adguard_text(g, dns, "upstream_dns_file"))
		import_leave(im, &place,
			     "the file of servers is not read: write them into the "
			     "configuration");
	place = adguard_place(g, dns, "enable_dnssec");
	if (g->forwards && *adguard_text(g, dns, "enable_dnssec") &&
	    !adguard_is_on(g, dns, "enable_dnssec")) {
		doc_set_word(&im->doc, import_section(im, "dnssec"), "validation", "off");
		import_leave(im, &place, "is off there, and so nothing is validated");
	}
}

/* --- the document --------------------------------------------------------------------------- */

static void tell_unsupported(struct adguard *g, yaml_node_t *map, const char *key, const char *why)
{
	struct import_place place = adguard_place(g, map, key);

	if (adguard_is_on(g, map, key))
		import_leave(g->im, &place, "%s", why);
}

static void take_document(struct adguard *g, yaml_node_t *root)
{
	yaml_node_t *dns = find(g, root, "dns"), *filtering = find(g, root, "filtering");

	find_action(g, dns, filtering);
	take_dns(g, dns);
	tell_unsupported(g, find(g, root, "tls"), "enabled",
			 "answering by TLS, HTTPS or QUIC is not supported by this version");
	tell_unsupported(g, find(g, root, "dhcp"), "enabled", "this is no DHCP server");
	/* These were keys of dns: before there was filtering: */
	for (unsigned i = 0; i < 2; i++) {
		yaml_node_t *of = i == 0 ? dns : filtering;

		tell_unsupported(g, of, "parental_enabled", "there is no service that is asked");
		tell_unsupported(g, of, "safebrowsing_enabled",
				 "there is no service that is asked");
		adguard_names(g, of);
	}
	adguard_lists(g, root);
	adguard_clients(g, root);
	g->im->is_at_all = true;
}

/* One event; what is wrong with the document as far as that, or NULL. @done: it was the last. */
static const char *look_at_event(yaml_parser_t *parser, unsigned *depth, bool *done)
{
	const char *why = NULL;
	yaml_event_t event;

	if (!yaml_parser_parse(parser, &event))
		return parser->problem ? parser->problem : "can't be read";
	if (event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT)
		++*depth;
	if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT)
		--*depth;
	if (*depth > DEPTH_MAX)
		why = "the file is left out: too deep";
	else if (event.type == YAML_ALIAS_EVENT)
		why = "the file is left out: aliases are not taken";
	/* Only the first document is taken. */
	*done = event.type == YAML_DOCUMENT_END_EVENT || event.type == YAML_STREAM_END_EVENT;
	yaml_event_delete(&event);
	return why;
}

/* Is it of a size that is known? Tells what is wrong. */
static bool is_plain(struct adguard *g, const char *text, size_t len)
{
	struct import_place place = {g->path, 0, "YAML"};
	const char *why = NULL;
	yaml_parser_t parser;
	unsigned depth = 0;
	bool done = false;

	if (!yaml_parser_initialize(&parser)) {
		g->im->broken = true;
		return false;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (!done && !why)
		why = look_at_event(&parser, &depth, &done);
	if (why) {
		place.line = (unsigned)MAX(parser.problem_mark.line, parser.mark.line) + 1;
		import_leave(g->im, &place, "%s", why);
	}
	yaml_parser_delete(&parser);
	return !why;
}

void import_adguard(struct import *im, const char *path, char *text, size_t len)
{
	struct adguard g = {.im = im, .path = import_intern(im, path)};
	struct import_place place = {g.path, 0, "YAML"};
	yaml_parser_t parser;
	yaml_node_t *root;

	if (!is_plain(&g, text, len))
		return;
	if (!yaml_parser_initialize(&parser)) {
		im->broken = true;
		return;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	if (yaml_parser_load(&parser, &g.document)) {
		root = yaml_document_get_root_node(&g.document);
		if (root)
			take_document(&g, root);
		yaml_document_delete(&g.document);
	} else {
		place.line = (unsigned)parser.problem_mark.line + 1;
		import_leave(im, &place, "%s", parser.problem ? parser.problem : "can't be read");
	}
	yaml_parser_delete(&parser);
}

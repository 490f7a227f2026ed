/* import_routes.c - see import_values.h: zones that others are asked for, trust, files. */
#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>
#include <tern/text.h>

#include "base/url.h"
#include "dnssec/anchor.h"
#include "policy/lists.h"
#include "policy/nat64.h"
#include "tools/import_values.h"

#define HOSTS_FILES_MAX 64

void import_route_add(struct import *im, const struct import_place *place,
		      struct import_route *route, const char *text)
{
	char copy[ADDRESS_TEXT_MAX];
	struct address a;

	if (strlen(text) >= sizeof copy) {
		import_leave(im, place, "\"%.80s\" is no address of a server", text);
		return;
	}
	strcpy(copy, text);
	for (char *c = copy; *c; c++) {
		if (*c == '#')
			*c = '@'; /* dnsmasq's way to write a port */
	}
	if (!address_from_text(copy, 53, &a) || address_is_unusable(&a)) {
		import_leave(im, place, "\"%.80s\" is no address of a server", text);
		return;
	}
	if (a.scope == 0)
		address_to_text(&a, copy);
	for (unsigned i = 0; i < route->servers_n; i++) {
		if (strcmp(route->servers[i], copy) == 0)
			return;
	}
	if (route->servers_n == IMPORT_SERVERS) {
		import_leave(im, place, "a zone has at most %d servers", IMPORT_SERVERS);
		return;
	}
	strcpy(route->servers[route->servers_n++], copy);
}

/* Is it told of each server who it is? */
static bool all_named(const struct import_route *r)
{
	uint8_t wire[TERN_NAME_MAX];

	for (unsigned i = 0; i < r->servers_n; i++) {
		const char *name = r->names[i];

		if (!*name || tern_name_from_text(name, strlen(name), wire) != TERN_OK)
			return false;
	}
	return true;
}

/* The list of servers of the zone that @p key stands for, made with the zone; NULL: no memory. */
static struct doc_node *make_zone(struct import *im, const struct import_route *r, const char *key)
{
	struct doc_node **routes = realloc(im->routes, (im->routes_n + 1u) * sizeof(*routes));
	struct doc_node *item;

	if (routes)
		im->routes = routes;
	if (!routes || !import_map_add(&im->seen, key, im->routes_n)) {
		im->broken = true;
		return NULL;
	}
	item = doc_add_map(&im->doc, doc_list(&im->doc, im->views[r->view], r->list));
	doc_set_text(&im->doc, item, "name", r->name);
	im->routes[im->routes_n] = doc_list(&im->doc, item, "addresses");
	if (r->tls)
		doc_set_word(&im->doc, item, "transport", "tls");
	if (r->tls && !all_named(r))
		doc_set_word(&im->doc, item, "authentication", "opportunistic");
	if (r->first)
		doc_set_word(&im->doc, item, "first", "true");
	if (r->ordered || r->parallel)
		doc_set_word(&im->doc, item, "policy", r->ordered ? "ordered" : "parallel");
	return im->routes[im->routes_n++];
}

static void write_route(struct import *im, const struct import_route *r, bool join)
{
	char key[TERN_NAME_TEXT_MAX + 32];
	struct doc_node *servers;
	const unsigned *known;

	if (!*r->name || r->servers_n == 0) {
		import_leave(im, &r->place, "the zone is left out: it has no %s",
			     *r->name ? "server that can be asked" : "name");
		return;
	}
	snprintf(key, sizeof key, "f:%u:%s", r->view, r->name);
	known = import_map_find(&im->seen, key);
	if (known && !join) {
		import_leave(im, &r->place, "servers are given already for the zone %s", r->name);
		return;
	}
	servers = known ? im->routes[*known] : make_zone(im, r, key);
	bool named = r->tls && all_named(r);

	if (r->tls && !named)
		import_leave(im, &r->place,
			     "not each server of the zone %s has a name (#NAME): none is asked who "
			     "it is",
			     r->name);
	for (unsigned i = 0; i < r->servers_n; i++) {
		char text[ADDRESS_TEXT_MAX + IMPORT_HOST_MAX + 1];

		snprintf(text, sizeof text, "%s%s%s", r->servers[i], named ? "#" : "",
			 named ? r->names[i] : "");
		if (doc_len(servers) < IMPORT_SERVERS)
			doc_add_text(&im->doc, servers, text);
		else
			import_leave(im, &r->place, "a zone has at most %d servers",
				     IMPORT_SERVERS);
	}
}

void import_route_write(struct import *im, const struct import_route *r)
{
	write_route(im, r, false);
}

void import_route_join(struct import *im, const struct import_route *r)
{
	write_route(im, r, true);
}

void import_filter_type(struct import *im, const char *type)
{
	struct doc_node *list = doc_list(&im->doc, im->doc.root, "filter-types");
	char key[16];

	snprintf(key, sizeof key, "t:%s", type);
	if (import_map_find(&im->seen, key))
		return;
	if (!import_map_add(&im->seen, key, 0))
		im->broken = true;
	doc_add_text(&im->doc, list, type);
}

/* False when @kind:@text is known already; else remembers. */
static bool is_new(struct import *im, const char *kind, const char *text)
{
	char key[TERN_NAME_TEXT_MAX + 8];

	snprintf(key, sizeof key, "%s:%s", kind, text);
	if (import_map_find(&im->seen, key))
		return false;
	if (!import_map_add(&im->seen, key, 0))
		im->broken = true;
	return true;
}

void import_insecure(struct import *im, const struct import_place *place, const char *name)
{
	struct doc_node *section = import_section(im, "dnssec");
	char text[TERN_NAME_TEXT_MAX];

	if (!import_name(im, place, name, text))
		return;
	struct doc_node *list = doc_list(&im->doc, section, "negative-trust-anchors");

	if (doc_len(list) == NEGATIVE_ANCHORS_MAX)
		import_leave(im, place, "there are %d such names already", NEGATIVE_ANCHORS_MAX);
	else if (is_new(im, "nta", text))
		doc_add_text(&im->doc, list, text);
}

/* Octets of a digest of @p type; 0: any. RFC 4509, RFC 6605 */
static unsigned digest_octets(unsigned type)
{
	return type == 1 ? 20 : type == 2 ? 32 : type == 4 ? 48 : 0;
}

static const char *fault_of_anchor(const struct tern_rr_text *rr)
{
	if (rr->rclass != TERN_CLASS_IN ||
	    (rr->type != TERN_TYPE_DS && rr->type != TERN_TYPE_DNSKEY))
		return "expected a DS or DNSKEY record";
	if (rr->type != TERN_TYPE_DS)
		return NULL;
	unsigned octets = rr->rdata_len >= 4 ? digest_octets(rr->rdata[3]) : 1;

	return octets > 0 && rr->rdata_len != 4 + octets ? "the digest has another length" : NULL;
}

void import_anchor(struct import *im, const struct import_place *place, const char *text)
{
	struct doc_node *list = doc_list(&im->doc, import_section(im, "dnssec"), "trust-anchors");
	const char *why = NULL;
	char *line = strdup(text);

	for (char *c = line; c && *c; c++) {
		if (*c == '\t')
			*c = ' ';
	}
	if (!line) {
		im->broken = true;
		return;
	}
	line[strcspn(line, ";")] = '\0';
	if (!import_is_text(line, 4095) || tern_rr_from_text(line, 0, im->rr, &why) != TERN_OK)
		why = why ? why : "expected a DS or DNSKEY record";
	else
		why = fault_of_anchor(im->rr);
	if (!why && doc_len(list) == ANCHORS_MAX)
		why = "there are 64 already";
	if (why)
		import_leave(im, place, "%s", why);
	else
		doc_add_text(&im->doc, list, import_trim(line));
	free(line);
}

void import_hosts(struct import *im, const struct import_place *place, const char *path)
{
	char *whole = import_good_path(im, place, path);
	struct doc_node *list = doc_list(&im->doc, im->doc.root, "hosts");
	char key[4200];

	if (!whole)
		return;
	snprintf(key, sizeof key, "hosts:%s", whole);
	if (doc_len(list) == HOSTS_FILES_MAX) {
		import_leave(im, place, "there are %d files of hosts already", HOSTS_FILES_MAX);
	} else if (!import_map_find(&im->seen, key)) {
		if (!import_map_add(&im->seen, key, 0))
			im->broken = true;
		doc_add_text(&im->doc, list, whole);
	}
	free(whole);
}

void import_rebinding_name(struct import *im, const struct import_place *place, const char *name)
{
	struct doc_node *section = import_section(im, "rebinding-protection");
	char text[TERN_NAME_TEXT_MAX];

	if (!import_name(im, place, name, text) || !is_new(im, "rb", text))
		return;
	struct doc_node *allow = doc_list(&im->doc, section, "allow");

	if (doc_len(allow) == 1024)
		import_leave(im, place, "there are 1024 such names already");
	else
		doc_add_text(&im->doc, allow, text);
}

void import_dns64(struct import *im, const struct import_place *place, const char *text)
{
	char network[ADDRESS_TEXT_MAX];
	struct prefix p;

	if (strchr(text, ':') && import_network(text, network) && prefix_from_text(network, &p) &&
	    nat64_is_prefix(&p))
		doc_set_text(&im->doc, import_section(im, "dns64"), "prefix", network);
	else
		import_leave(im, place,
			     "expected a prefix of IPv6 with 32, 40, 48, 56, 64 or 96 bits");
}

/* The name, or with a number behind it when there is one of that name. */
static bool name_list(struct import *im, const char *name, char out[LIST_NAME_MAX])
{
	char key[LIST_NAME_MAX + 8];

	for (unsigned i = 1; i <= LISTS_MAX + 1; i++) {
		if (i == 1)
			snprintf(out, LIST_NAME_MAX, "%.50s", name);
		else
			snprintf(out, LIST_NAME_MAX, "%.50s-%u", name, i);
		snprintf(key, sizeof key, "l:%s", out);
		if (!import_map_find(&im->seen, key))
			return import_map_add(&im->seen, key, 0);
	}
	return false;
}

void import_list(struct import *im, const struct import_place *place, const char *name,
		 const char *from, bool is_url, const char *action)
{
	const char *why = NULL;
	char called[LIST_NAME_MAX];
	struct doc_node *item;
	struct url url;

	if (im->lists_n == LISTS_MAX)
		why = "there are 64 lists already";
	else if (is_url)
		why = url_read(from, &url, &why) ? NULL : why;
	else if (*from != '/' || !import_is_text(from, 4095))
		why = "expected the absolute path of a file";
	if (why) {
		import_leave(im, place, "\"%.80s\" is left out: %s", from, why);
		return;
	}
	/* A cut in the middle of a character is no text. */
	if (!name_list(im, import_is_text(name, 50) && *name ? name : "list", called)) {
		im->broken = true;
		return;
	}
	item = doc_add_map(&im->doc, doc_list(&im->doc, im->doc.root, "lists"));
	doc_set_text(&im->doc, item, "name", called);
	doc_set_text(&im->doc, item, is_url ? "url" : "file", from);
	if (action)
		doc_set_text(&im->doc, item, "action", action);
	else
		doc_set_word(&im->doc, item, "allow", "true");
	im->lists_n++;
}

/* import_values.c - see import_values.h: values of sections, networks, views. */
#include "tools/import_values.h"

#include <inttypes.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/quantity.h"
#include "policy/view_client.h"
#include "tools/idn.h"

#define PATH_OCTETS 4079
#define DENIED_MAX  1024 /* networks that others are compared with */

struct doc_node *import_section(struct import *im, const char *section)
{
	return doc_map(&im->doc, im->doc.root, section);
}

/* Well-formed UTF-8, RFC 3629, and no control character. */
bool import_is_text(const char *text, size_t max)
{
	const uint8_t *s = (const uint8_t *)text;

	if (strlen(text) > max)
		return false;
	while (*s) {
		unsigned more = *s < 0x80 ? 0 : *s >= 0xf0 ? 3 : *s >= 0xe0 ? 2 : 1;

		if (*s < 0x20 || *s == 0x7f || (*s >= 0x80 && *s < 0xc2) || *s > 0xf4)
			return false;
		if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) ||
		    (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f))
			return false;
		for (s++; more > 0; more--, s++) {
			if ((*s & 0xc0) != 0x80)
				return false;
		}
	}
	return true;
}

bool import_number(struct import *im, const struct import_place *place, const char *text,
		   uint64_t max, uint64_t *out)
{
	if (quantity_number(text, out) && *out <= max)
		return true;
	import_leave(im, place, "expected a number of at most %" PRIu64 ", found \"%.80s\"", max,
		     text);
	return false;
}

bool import_bool(struct import *im, const struct import_place *place, const char *text, bool *out)
{
	bool yes = strcasecmp(text, "yes") == 0 || strcasecmp(text, "true") == 0;

	*out = yes;
	if (yes || strcasecmp(text, "no") == 0 || strcasecmp(text, "false") == 0)
		return true;
	import_leave(im, place, "expected yes or no, found \"%.80s\"", text);
	return false;
}

void import_set_bool(struct import *im, const struct import_place *place, const char *section,
		     const char *key, const char *text)
{
	bool yes;

	if (import_bool(im, place, text, &yes))
		doc_set_word(&im->doc, import_section(im, section), key, yes ? "true" : "false");
}

static void set_limited(struct import *im, const struct import_place *place, const char *where[2],
			const char *text, uint64_t max, const char *unit)
{
	char word[32];
	uint64_t n;

	if (!import_number(im, place, text, UINT64_MAX, &n))
		return;
	if (n > max)
		import_leave(im, place, "%" PRIu64 "%s is written, which is the most there may be",
			     max, unit);
	snprintf(word, sizeof word, "%" PRIu64 "%s", n < max ? n : max, unit);
	doc_set_word(&im->doc, import_section(im, where[0]), where[1], word);
}

void import_set_seconds(struct import *im, const struct import_place *place, const char *section,
			const char *key, const char *text, uint64_t max)
{
	set_limited(im, place, (const char *[]){section, key}, text, max, "s");
}

void import_set_number(struct import *im, const struct import_place *place, const char *section,
		       const char *key, const char *text, uint64_t max)
{
	set_limited(im, place, (const char *[]){section, key}, text, max, "");
}

void import_set_text(struct import *im, const struct import_place *place, const char *section,
		     const char *key, const char *text, size_t max)
{
	if (import_is_text(text, max))
		doc_set_text(&im->doc, import_section(im, section), key, text);
	else
		import_leave(im, place,
			     "expected at most %zu octets of text without control characters", max);
}

/* What is written may be read from anywhere. Takes @path. */
static char *make_absolute(char *path)
{
	char *folder, *whole = NULL;

	if (!path || *path == '/')
		return path;
	folder = getcwd(NULL, 0);
	if (!folder || asprintf(&whole, "%s/%s", folder, path) < 0)
		whole = NULL;
	free(folder);
	free(path);
	return whole;
}

char *import_good_path(struct import *im, const struct import_place *place, const char *path)
{
	char *whole = make_absolute(import_path(place->file, path));

	if (whole && *path && import_is_text(whole, PATH_OCTETS))
		return whole;
	import_leave(im, place, "expected the path of a file");
	free(whole);
	return NULL;
}

bool import_name(struct import *im, const struct import_place *place, const char *text,
		 char out[TERN_NAME_TEXT_MAX])
{
	uint8_t name[TERN_NAME_MAX];
	const char *why = "not a domain name";
	char *dns = import_is_text(text, TERN_NAME_TEXT_MAX) ? idn_to_dns(text, &why) : NULL;
	bool good = dns && *dns && !strpbrk(dns, " \t") &&
		    tern_name_from_text(dns, strlen(dns), name) == TERN_OK;

	free(dns);
	if (!good) {
		import_leave(im, place, "\"%.80s\" is no domain name", text);
		return false;
	}
	tern_name_lower(name, name);
	tern_name_to_text(name, out);
	return true;
}

static char *network_to_text(const struct prefix *p, char out[ADDRESS_TEXT_MAX])
{
	char address[ADDRESS_TEXT_MAX];

	address_to_text(&p->base, address);
	address[strcspn(address, "@")] = '\0';
	snprintf(out, ADDRESS_TEXT_MAX, "%.50s/%u", address, (unsigned)p->bits);
	return out;
}

bool import_network(const char *text, char out[ADDRESS_TEXT_MAX])
{
	const char *slash = strchr(text, '/');
	char copy[ADDRESS_TEXT_MAX];
	struct prefix p;
	uint64_t bits;
	unsigned most;

	if ((slash && (size_t)(slash - text) >= sizeof copy) || strlen(text) >= sizeof copy)
		return false;
	snprintf(copy, sizeof copy, "%.*s", slash ? (int)(slash - text) : (int)strlen(text), text);
	if (strpbrk(copy, "@%") || !address_from_text(copy, 53, &p.base))
		return false;
	most = p.base.family == 4 ? 32 : 128;
	bits = most;
	if (slash && (!quantity_number(slash + 1, &bits) || bits > most))
		return false;
	for (unsigned i = 0; i < most; i++) {
		if (i >= bits)
			p.base.octets[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
	}
	p.bits = (uint8_t)bits;
	return prefix_from_text(network_to_text(&p, out), &p);
}

/* --- who listens, who is answered ------------------------------------------------------ */

static bool is_listening_address(const char *text)
{
	struct address a;

	return address_from_text(text, 53, &a) && a.port != 0 && a.octets[0] != 0xff &&
	       (a.family != 4 || a.octets[0] < 224);
}

static bool is_interface(const char *text)
{
	return *text && strlen(text) < IF_NAMESIZE && import_is_text(text, IF_NAMESIZE) &&
	       !strpbrk(text, "@/*%: \"");
}

void import_listen(struct import *im, const struct import_place *place, const char *text,
		   unsigned port)
{
	bool interface = !is_listening_address(text);
	struct import_listen *bigger;
	char *copy;

	if (interface && !is_interface(text)) {
		import_leave(im, place,
			     "\"%.80s\" is neither an address of a host nor an interface", text);
		return;
	}
	bigger = realloc(im->listen, (im->listen_n + 1u) * sizeof *bigger);
	if (bigger)
		im->listen = bigger;
	copy = strdup(text);
	if (!bigger || !copy) {
		free(copy);
		im->broken = true;
		return;
	}
	im->listen[im->listen_n++] = (struct import_listen){copy, *place, port, interface};
}

/* False when @p kind:@p text is known already; else remembers. */
static bool is_new(struct import *im, const char *kind, const char *text, unsigned value)
{
	char key[TERN_NAME_TEXT_MAX + 32];

	snprintf(key, sizeof key, "%s:%s", kind, text);
	if (import_map_find(&im->seen, key))
		return false;
	if (!import_map_add(&im->seen, key, value))
		im->broken = true;
	return true;
}

static void remember(struct import *im, struct import_networks *networks, const char *network)
{
	struct prefix *list = realloc(networks->list, (networks->n + 1u) * sizeof(*list));

	if (list)
		networks->list = list;
	if (!list || !prefix_from_text(network, &list[networks->n]))
		im->broken = true;
	else
		networks->n++;
}

void import_allow(struct import *im, const struct import_place *place, const char *network)
{
	struct doc_node *access = import_section(im, "access");
	char text[ADDRESS_TEXT_MAX];

	if (!import_network(network, text))
		import_leave(im, place, "\"%.80s\" is no network", network);
	else if (is_new(im, "allow", text, 0)) {
		doc_add_text(&im->doc, doc_list(&im->doc, access, "allow"), text);
		remember(im, &im->allowed, text);
	}
}

void import_deny(struct import *im, const struct import_place *place, const char *network,
		 bool drop)
{
	const char *action = drop ? "drop" : "refuse";
	struct doc_node *access;
	char text[ADDRESS_TEXT_MAX];
	unsigned view;

	if (!import_network(network, text)) {
		import_leave(im, place, "\"%.80s\" is no network", network);
		return;
	}
	if (strcmp(text, "0.0.0.0/0") == 0 || strcmp(text, "::/0") == 0) {
		doc_set_word(&im->doc, import_section(im, "access"), "deny-action", action);
		return;
	}
	view = import_view(im, place, drop ? "not-answered" : "refused");
	if (view == 0)
		return;
	access = doc_map(&im->doc, im->views[view], "access");
	doc_keep_list(&im->doc, access, "allow");
	doc_set_word(&im->doc, access, "deny-action", action);
	import_client(im, place, view, text);
	remember(im, &im->denied, text);
}

/* The longest of @networks that @inner is properly in; NULL for none. */
static const struct prefix *longest_around(const struct import_networks *networks,
					   const struct prefix *inner)
{
	const struct prefix *longest = NULL;

	for (unsigned i = 0; i < networks->n; i++) {
		const struct prefix *p = &networks->list[i];

		if (p->bits < inner->bits && prefix_holds(p, &inner->base) &&
		    (!longest || p->bits > longest->bits))
			longest = p;
	}
	return longest;
}

/*
 * Whom a longer network allows belongs to a view without settings, else the view of a shorter one
 * that is denied would have him.
 */
void import_access_finish(struct import *im)
{
	static const struct import_place nowhere = {"access", 0, "allow"};
	char text[ADDRESS_TEXT_MAX], key[ADDRESS_TEXT_MAX + 8];
	unsigned view = 0;

	if (im->denied.n > DENIED_MAX) {
		import_leave(im, &nowhere,
			     "networks in denied ones are denied, too: there are more "
			     "than %d of these",
			     DENIED_MAX);
		return;
	}
	for (unsigned i = 0; i < im->allowed.n; i++) {
		const struct prefix *p = &im->allowed.list[i];

		if (!longest_around(&im->denied, p))
			continue;
		network_to_text(p, text);
		snprintf(key, sizeof key, "c:%s", text);
		if (import_map_find(&im->seen, key))
			continue;
		view = view > 0 ? view : import_view(im, &nowhere, "answered");
		if (view > 0)
			import_client(im, &nowhere, view, text);
	}
	for (unsigned i = 0; i < im->viewed.n && im->allowed.n <= DENIED_MAX; i++) {
		const struct prefix *denied = longest_around(&im->denied, &im->viewed.list[i]);
		const struct prefix *allowed = longest_around(&im->allowed, &im->viewed.list[i]);

		if (denied && allowed && denied->bits > allowed->bits)
			import_leave(im, &nowhere,
				     "%s is in a denied network, but answered by its "
				     "view",
				     network_to_text(&im->viewed.list[i], text));
	}
}

unsigned import_view(struct import *im, const struct import_place *place, const char *name)
{
	char key[128];
	const unsigned *known;

	if (!*name || !import_is_text(name, 63)) {
		import_leave(im, place, "the name of a view has 1 to 63 octets");
		return 0;
	}
	snprintf(key, sizeof key, "v:%s", name);
	known = import_map_find(&im->seen, key);
	if (known)
		return *known;
	if (im->views_n == IMPORT_VIEWS_MAX) {
		import_leave(im, place, "there are %d views already", IMPORT_VIEWS_MAX);
		return 0;
	}
	im->views_n++;
	if (!import_map_add(&im->seen, key, im->views_n))
		im->broken = true;
	im->views[im->views_n] = doc_add_map(&im->doc, doc_list(&im->doc, im->doc.root, "views"));
	doc_set_text(&im->doc, im->views[im->views_n], "name", name);
	return im->views_n;
}

void import_viewed(struct import *im, const char *network)
{
	char text[ADDRESS_TEXT_MAX];

	if (import_network(network, text))
		remember(im, &im->viewed, text);
}

/* A hardware address is as it is. */
static bool is_mac(const char *client)
{
	struct view_client c = {.kind = VIEW_NETWORK};
	bool is = view_client_read(client, &c) && c.kind == VIEW_MAC;

	view_client_free(&c);
	return is;
}

void import_client(struct import *im, const struct import_place *place, unsigned view,
		   const char *client)
{
	char text[ADDRESS_TEXT_MAX];

	if (is_mac(client))
		snprintf(text, sizeof text, "%s", client);
	else if (!import_network(client, text)) {
		import_leave(im, place, "\"%.80s\" is no network", client);
		return;
	}
	if (!is_new(im, "c", text, view))
		import_leave(im, place, "%s is in a view already", text);
	else
		doc_add_text(&im->doc, doc_list(&im->doc, im->views[view], "clients"), text);
}

/* import_adguard_parts.c - see import_adguard.h: servers, names, lists, clients. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/view_client.h"
#include "tools/import_adguard.h"

#define RULES_FILE "adguard-rules.txt"

/* --- servers ----------------------------------------------------------------------------- */

static void add_server(struct adguard *g, const struct import_place *place, const char *name,
		       const char *server, unsigned view)
{
	struct import_route *route = calloc(1, sizeof *route);

	if (!route) {
		g->im->broken = true;
		return;
	}
	route->place = *place;
	route->list = "forward-zones";
	route->view = view;
	if (import_name(g->im, place, name, route->name)) {
		import_route_add(g->im, place, route, server);
		if (route->servers_n > 0)
			import_route_join(g->im, route);
		g->forwards |= route->servers_n > 0 && strcmp(route->name, ".") == 0;
	}
	free(route);
}

/* "ADDRESS:PORT", "[ADDRESS]:PORT" or "udp://..." as ADDRESS@PORT. False when it is none. */
static bool read_server(const char *text, char out[ADDRESS_TEXT_MAX])
{
	char copy[ADDRESS_TEXT_MAX], *port = NULL, *start = copy;

	if (strncmp(text, "udp://", 6) == 0)
		text += 6;
	if (strlen(text) >= sizeof copy)
		return false;
	strcpy(copy, text);
	if (*copy == '[') {
		char *close = strchr(copy, ']');

		if (!close || (close[1] && close[1] != ':'))
			return false;
		port = close[1] ? close + 2 : NULL;
		*close = '\0';
		start++;
	} else if (strchr(copy, ':') && strchr(copy, ':') == strrchr(copy, ':')) {
		port = strchr(copy, ':');
		*port++ = '\0';
	}
	snprintf(out, ADDRESS_TEXT_MAX, port ? "%.50s@%.6s" : "%.60s", start, port);
	return true;
}

void adguard_upstream(struct adguard *g, const struct import_place *place, const char *text,
		      unsigned view)
{
	char server[ADDRESS_TEXT_MAX], *copy = strdup(text), *rest = NULL, *names = NULL;
	char *at = copy, dot[] = ".";

	if (!copy) {
		g->im->broken = true;
		return;
	}
	if (strncmp(at, "[/", 2) == 0 && strstr(at, "/]")) {
		names = at + 2;
		at = strstr(at, "/]");
		*at = '\0';
		at = import_trim(at + 2);
	}
	if (*at == '#' && !names) {
		free(copy); /* a comment */
		return;
	}
	if (strstr(at, "://") && strncmp(at, "udp://", 6) != 0 && strncmp(at, "tcp://", 6) != 0)
		import_leave(g->im, place, "\"%.80s\" is left out: " IMPORT_BY_HAND, text);
	else if (strpbrk(at, " \t") || *at == '#')
		import_leave(g->im, place, "\"%.80s\" is left out: write one server a line", text);
	else if (!read_server(strncmp(at, "tcp://", 6) == 0 ? at + 6 : at, server))
		import_leave(g->im, place, "\"%.80s\" is no address of a server", text);
	else {
		for (char *name = strtok_r(names ? names : dot, "/", &rest); name;
		     name = strtok_r(NULL, "/", &rest))
			add_server(g, place, name, server, view);
	}
	free(copy);
}

/* --- names ------------------------------------------------------------------------------- */

static void take_rewrite(struct adguard *g, const struct import_place *place, yaml_node_t *n)
{
	const char *name = adguard_text(g, n, "domain"), *to = adguard_text(g, n, "answer");
	char target[TERN_NAME_TEXT_MAX];
	struct address a;

	if (strcmp(adguard_text(g, n, "enabled"), "false") == 0)
		return;
	if (!*name || !*to)
		import_leave(g->im, place, "expected domain and answer");
	else if (strcmp(to, "A") == 0 || strcmp(to, "AAAA") == 0 || strcmp(to, name) == 0)
		import_leave(g->im, place, "exceptions from rewrites have no counterpart");
	else if (!strpbrk(to, "@%") && address_from_text(to, 53, &a))
		import_address_of(g->im, place, name, NULL, to);
	else if (import_name(g->im, place, to, target))
		import_record_of(g->im, place, name, NULL, "CNAME", target);
}

void adguard_names(struct adguard *g, yaml_node_t *map)
{
	yaml_node_t *search = adguard_find(g, map, "safe_search");

	adguard_each(g, map, "rewrites", take_rewrite);
	if (adguard_is_on(g, search, "enabled") || adguard_is_on(g, map, "safesearch_enabled"))
		doc_set_word(&g->im->doc, g->im->doc.root, "safe-search", "true");
}

/* --- lists ------------------------------------------------------------------------------- */

static void take_list(struct adguard *g, const struct import_place *place, yaml_node_t *n)
{
	const char *url = adguard_text(g, n, "url"), *name = adguard_text(g, n, "name");
	bool allow = strcmp(place->option, "whitelist_filters") == 0;

	if (strcmp(adguard_text(g, n, "enabled"), "false") == 0) {
		import_leave(g->im, place, "\"%.80s\" is switched off there", name);
		return;
	}
	import_list(g->im, place, *name ? name : "adguard", url, *url != '/',
		    allow ? NULL : g->action);
}

/* Rules that are written, or only counted when @to is NULL. */
static unsigned write_rules(struct adguard *g, yaml_node_t *list, FILE *to)
{
	unsigned written = 0;

	for (yaml_node_item_t *i = list->data.sequence.items.start;
	     i < list->data.sequence.items.top; i++) {
		const char *text = adguard_text(g, yaml_document_get_node(&g->document, *i), NULL);

		if (!*text || strpbrk(text, "\r\n"))
			continue;
		if (to)
			fprintf(to, "%s\n", text);
		written++;
	}
	return written;
}

static void take_rules(struct adguard *g, yaml_node_t *root)
{
	yaml_node_t *list = adguard_find(g, root, "user_rules");
	struct import_place place = adguard_place(g, root, "user_rules");
	char *folder = g->im->lists_folder ? realpath(g->im->lists_folder, NULL) : NULL;
	char *path = NULL;
	FILE *to;

	if (!list || list->type != YAML_SEQUENCE_NODE || write_rules(g, list, NULL) == 0) {
		free(folder);
		return;
	}
	if (!g->im->lists_folder) {
		import_leave(g->im, &place,
			     "%u rules are left out: --lists-folder says where a "
			     "list of them is written",
			     write_rules(g, list, NULL));
		return;
	}
	if (!folder || asprintf(&path, "%s/" RULES_FILE, folder) < 0)
		path = NULL;
	to = path ? fopen(path, "wxe") : NULL;
	if (!to) {
		import_leave(g->im, &place, "%s/" RULES_FILE " can't be written: %s",
			     g->im->lists_folder, strerror(errno));
	} else {
		(void)write_rules(g, list, to);
		if (fclose(to) == 0)
			import_list(g->im, &place, "adguard-rules", path, false, g->action);
		else
			import_leave(g->im, &place, "%s: %s", path, strerror(errno));
	}
	free(path);
	free(folder);
}

void adguard_lists(struct adguard *g, yaml_node_t *root)
{
	take_rules(g, root);
	adguard_each(g, root, "filters", take_list);
	adguard_each(g, root, "whitelist_filters", take_list);
}

/* --- clients ----------------------------------------------------------------------------- */

/* What is neither an address nor a hardware address is an identifier of encrypted DNS. */
static bool read_client(const char *id, char out[VIEW_TEXT_MAX])
{
	struct view_client c = {.kind = VIEW_NETWORK};
	bool known = import_network(id, out);

	if (!known && view_client_read(id, &c)) {
		known = c.kind == VIEW_MAC;
		view_client_text(&c, out);
		view_client_free(&c);
	}
	return known;
}

/* The number of a view with the client's addresses; 0 when none of its ids is one. */
static unsigned make_view(struct adguard *g, const struct import_place *place, yaml_node_t *ids,
			  const char *name)
{
	unsigned view = 0;
	char client[VIEW_TEXT_MAX];

	for (yaml_node_item_t *i = ids->data.sequence.items.start; i < ids->data.sequence.items.top;
	     i++) {
		const char *id = adguard_text(g, yaml_document_get_node(&g->document, *i), NULL);

		if (!read_client(id, client)) {
			import_leave(g->im, place,
				     "\"%.80s\" of \"%.80s\" is left out: clients are known "
				     "by address, or by hardware address through leases",
				     id, name);
			continue;
		}
		if (view == 0)
			view = import_view(g->im, place, name);
		if (view == 0)
			return 0;
		import_client(g->im, place, view, client);
	}
	return view;
}

static void take_client(struct adguard *g, const struct import_place *place, yaml_node_t *n)
{
	yaml_node_t *ids = adguard_find(g, n, "ids"), *servers = adguard_find(g, n, "upstreams");
	const char *name = adguard_text(g, n, "name");
	bool own = strcmp(adguard_text(g, n, "use_global_settings"), "false") == 0;
	bool asks = servers && servers->type == YAML_SEQUENCE_NODE &&
		    servers->data.sequence.items.top > servers->data.sequence.items.start;
	struct import *im = g->im;
	unsigned view;

	if ((!own && !asks) || !ids || ids->type != YAML_SEQUENCE_NODE)
		return;
	view = make_view(g, place, ids, name);
	if (view == 0)
		return;
	if (own && strcmp(adguard_text(g, n, "filtering_enabled"), "false") == 0)
		doc_keep_list(&im->doc, im->views[view], "lists");
	if (own)
		doc_set_word(&im->doc, im->views[view], "safe-search",
			     adguard_is_on(g, adguard_find(g, n, "safe_search"), "enabled") ||
					     adguard_is_on(g, n, "safesearch_enabled")
				     ? "true"
				     : "false");
	if (strcmp(adguard_text(g, n, "use_global_blocked_services"), "false") == 0)
		import_leave(im, place, "services that \"%.80s\" may not use are left out", name);
	if (!asks)
		return;
	for (yaml_node_item_t *i = servers->data.sequence.items.start;
	     i < servers->data.sequence.items.top; i++)
		adguard_upstream(g, place,
				 adguard_text(g, yaml_document_get_node(&g->document, *i), NULL),
				 view);
}

void adguard_clients(struct adguard *g, yaml_node_t *root)
{
	yaml_node_t *clients = adguard_find(g, root, "clients");

	if (clients && clients->type == YAML_SEQUENCE_NODE)
		adguard_each(g, root, "clients", take_client); /* before there was persistent: */
	else
		adguard_each(g, clients, "persistent", take_client);
}

/*
 * import_pihole.c - Pi-hole's files: setupVars.conf, custom.list, 05-pihole-custom-cname.conf,
 * adlists.list, regex.list; which one it is, the lines themselves tell.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/import_dnsmasq.h"

struct pihole {
	struct import *im;
	struct import_route root;
	bool is_setup; /* setupVars.conf */
	struct import_place reverse;
	char *reverse_network, *reverse_server, *reverse_domain;
	bool has_reverse;
};

/* What is about the web pages and the machine itself. Values may be secrets and are never told. */
static const char *const silent[] = {
	"WEB",
	"QUERY_LOGGING",
	"INSTALL_",
	"LIGHTTPD_",
	"IPV4_ADDRESS",
	"IPV6_ADDRESS",
	"PIHOLE_DOMAIN",
	"TEMPERATURE",
	"API_",
	"DNS_BOGUS_PRIV",
	"BLOCKING_ENABLED=true",
	"PIHOLE_INTERFACE",
	"ADMIN_",
	NULL,
};

static void keep_copy(struct pihole *p, char **to, const char *text)
{
	free(*to);
	*to = strdup(text);
	p->im->broken = p->im->broken || !*to;
}

static bool is_silent(const char *option)
{
	for (const char *const *s = silent; *s; s++) {
		if (strncmp(option, *s, strlen(*s)) == 0)
			return true;
	}
	return false;
}

static void take_setting(struct pihole *p, const struct import_place *place, char *value)
{
	struct import *im = p->im;
	const char *o = place->option;
	bool yes = strcmp(value, "true") == 0;

	p->is_setup = true;
	if (strncmp(o, "PIHOLE_DNS_", 11) == 0) {
		import_route_add(im, place, &p->root, value);
	} else if (strcmp(o, "DNSSEC") == 0) {
		doc_set_word(&im->doc, import_section(im, "dnssec"), "validation",
			     yes ? "on" : "off");
	} else if (strcmp(o, "CACHE_SIZE") == 0) {
		struct dnsmasq m = {.im = im};
		struct import_place as = {place->file, place->line, "cache-size"};

		dnsmasq_take(&m, &as, value);
	} else if (strcmp(o, "REV_SERVER") == 0) {
		p->has_reverse = yes;
		p->reverse = (struct import_place){place->file, place->line, "REV_SERVER"};
	} else if (strcmp(o, "REV_SERVER_CIDR") == 0) {
		keep_copy(p, &p->reverse_network, value);
	} else if (strcmp(o, "REV_SERVER_TARGET") == 0) {
		keep_copy(p, &p->reverse_server, value);
	} else if (strcmp(o, "REV_SERVER_DOMAIN") == 0) {
		keep_copy(p, &p->reverse_domain, value);
	} else if (strcmp(o, "DNSMASQ_LISTENING") == 0) {
		/* Who may ask is told by `access`, whose default is the networks of this host. */
		if (strcmp(value, "all") == 0) {
			import_allow(im, place, "0.0.0.0/0");
			import_allow(im, place, "::/0");
		}
	} else if (strcmp(o, "BLOCKING_ENABLED") == 0) {
		if (!yes)
			import_leave(im, place, "lists filter here unless they are taken out");
	} else if (strcmp(o, "DNS_FQDN_REQUIRED") == 0) {
		if (yes)
			import_leave(im, place, "names of one label have no rule of their own");
	} else if (strncmp(o, "DHCP_", 5) == 0) {
		if (strcmp(o, "DHCP_ACTIVE") == 0 && yes)
			import_leave(im, place, "this is no DHCP server");
	} else if (!is_silent(o)) {
		import_leave(im, place, "has no counterpart here");
	}
}

/* "ADDRESS NAME..." */
static bool take_host(struct pihole *p, const struct import_place *place, char *line)
{
	char *rest, *address = strtok_r(line, " \t", &rest);
	struct address a;

	if (!address || strpbrk(address, "@%") || !address_from_text(address, 53, &a))
		return false;
	for (char *name; (name = strtok_r(NULL, " \t", &rest)) && *name != '#';)
		import_address_of(p->im, place, name, NULL, address);
	return true;
}

static bool is_name_of_setting(const char *text)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n > 0 && text[n] == '=';
}

static void take_line(struct pihole *p, struct import_place *place, char *line)
{
	struct import *im = p->im;
	char option[64], *equals = strchr(line, '=');

	if (strncmp(line, "http://", 7) == 0 || strncmp(line, "https://", 8) == 0 ||
	    strncmp(line, "file://", 7) == 0) {
		bool is_file = *line == 'f';

		place->option = "adlists";
		line[strcspn(line, " \t")] = '\0';
		import_list(im, place, "pihole", line + (is_file ? 7 : 0), !is_file, "null");
	} else if (is_name_of_setting(line)) {
		*equals = '\0';
		snprintf(option, sizeof option, "%s", line);
		place->option = option;
		take_setting(p, place, import_trim(equals + 1));
	} else if (equals && strncmp(line, "cname=", 6) == 0) {
		place->option = "cname";
		(void)dnsmasq_record(im, place, equals + 1);
	} else {
		place->option = "custom.list";
		if (!take_host(p, place, line)) {
			place->option = "line";
			import_leave(im, place,
				     strpbrk(line, "^$()[]|\\*+")
					     ? "regular expressions are not supported"
					     : "neither a setting, an address with a name "
					       "nor the URL of a list");
		}
	}
	place->option = "";
}

static void finish_reverse(struct pihole *p)
{
	struct dnsmasq m = {.im = p->im};
	struct import_place place = p->reverse;
	char *line;

	if (!p->has_reverse || !p->reverse_server)
		return;
	if (p->reverse_network &&
	    asprintf(&line, "%s,%s", p->reverse_network, p->reverse_server) >= 0) {
		place.option = "rev-server";
		dnsmasq_take(&m, &place, line);
		free(line);
	}
	if (p->reverse_domain && *p->reverse_domain &&
	    asprintf(&line, "/%s/%s", p->reverse_domain, p->reverse_server) >= 0) {
		place.option = "server";
		dnsmasq_take(&m, &place, line);
		free(line);
	}
}

void import_pihole(struct import *im, const char *path, char *text, size_t len)
{
	struct pihole *p = calloc(1, sizeof *p);
	struct import_place place = {import_intern(im, path), 0, ""};
	char *at = text, *line;

	if (!p) {
		im->broken = true;
		return;
	}
	p->im = im;
	p->root.list = "forward-zones";
	p->root.place = place;
	strcpy(p->root.name, ".");
	while ((line = import_line(&at, text + len))) {
		place.line++;
		line = import_trim(line);
		if (*line && *line != '#')
			take_line(p, &place, line);
	}
	if (p->root.servers_n > 0)
		import_route_join(im, &p->root);
	finish_reverse(p);
	im->is_at_all = im->is_at_all || p->is_setup;
	free(p->reverse_network);
	free(p->reverse_server);
	free(p->reverse_domain);
	free(p);
}

/* import_unbound_options.c - see import_unbound.h: what each option of unbound is in tern.yaml. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <tern/rr.h>

#include "policy/rebinding.h"
#include "resolver/hints.h"
#include "tools/import_unbound.h"

#define TTL_MAX_S   2147483647u
#define STALE_MAX_S 604800u
#define WAIT_MAX_MS 3500u
#define RATES_MAX   50000u
#define TEXT_MAX    255

/* --- options that are one key ------------------------------------------------------------ */

enum how { YES_NO, SECONDS, MILLISECONDS, NUMBER, TEXT };

static const struct {
	const char *option, *section, *key;
	enum how how;
	uint64_t max;
} keys[] = {
	{"do-ip4", "resolver", "ipv4", YES_NO, 0},
	{"do-ip6", "resolver", "ipv6", YES_NO, 0},
	{"do-not-query-localhost", "resolver", "do-not-query-localhost", YES_NO, 0},
	{"cache-min-ttl", "cache", "min-ttl", SECONDS, TTL_MAX_S},
	{"cache-max-ttl", "cache", "max-ttl", SECONDS, TTL_MAX_S},
	{"cache-max-negative-ttl", "cache", "max-negative-ttl", SECONDS, TTL_MAX_S},
	{"prefetch", "cache", "prefetch", YES_NO, 0},
	{"serve-expired", "cache", "serve-stale", YES_NO, 0},
	{"serve-expired-reply-ttl", "cache", "stale-ttl", SECONDS, TTL_MAX_S},
	{"serve-expired-client-timeout", "cache", "stale-client-timeout", MILLISECONDS,
	 WAIT_MAX_MS},
	{"aggressive-nsec", "cache", "aggressive-nsec", YES_NO, 0},
	{"trust-anchor-signaling", "dnssec", "trust-anchor-signaling", YES_NO, 0},
	{"ratelimit", "rate-limits", "zone-rate", NUMBER, RATES_MAX},
	{"ip-ratelimit", "rate-limits", "client-rate", NUMBER, RATES_MAX},
	{"identity", "server", "identity", TEXT, TEXT_MAX},
	{"version", "server", "version", TEXT, TEXT_MAX},
};

static bool take_key(struct import *im, const struct import_place *place, const char *value)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *section = keys[i].section, *key = keys[i].key;
		char word[32];
		uint64_t n;

		if (strcmp(keys[i].option, place->option) != 0)
			continue;
		switch (keys[i].how) {
		case YES_NO: import_set_bool(im, place, section, key, value); break;
		case SECONDS:
			import_set_seconds(im, place, section, key, value, keys[i].max);
			break;
		case NUMBER: import_set_number(im, place, section, key, value, keys[i].max); break;
		case TEXT: import_set_text(im, place, section, key, value, keys[i].max); break;
		case MILLISECONDS:
			if (!import_number(im, place, value, UINT32_MAX, &n))
				break;
			if (n > keys[i].max)
				import_leave(im, place, "3500ms is written, the most there may be");
			snprintf(word, sizeof word, "%ums",
				 (unsigned)(n < keys[i].max ? n : keys[i].max));
			doc_set_word(&im->doc, import_section(im, section), key, word);
		}
		return true;
	}
	return false;
}

/* --- those that need more ----------------------------------------------------------------- */

typedef void take(struct unbound *u, const struct import_place *place, char *values[3]);

static void take_interface(struct unbound *u, const struct import_place *place, char *v[3])
{
	const char *port = strchr(v[0], '@');

	if (port && (strcmp(port, "@853") == 0 || strcmp(port, "@443") == 0))
		import_leave(u->im, place,
			     "answering by TLS or HTTPS is not supported by this "
			     "version");
	else
		import_listen(u->im, place, v[0], 0);
}

static void take_port(struct unbound *u, const struct import_place *place, char *v[3])
{
	uint64_t port;

	if (import_number(u->im, place, v[0], 65535, &port) && port > 0)
		u->im->port = (unsigned)port;
}

static void take_do_ip6(struct unbound *u, const struct import_place *place, char *v[3])
{
	u->im->no_ipv6 = strcasecmp(v[0], "no") == 0;
	(void)take_key(u->im, place, v[0]);
}

static void take_access(struct unbound *u, const struct import_place *place, char *v[3])
{
	if (strncmp(v[1], "allow", 5) == 0) {
		import_allow(u->im, place, v[0]);
		if (v[1][5])
			import_leave(u->im, place, "\"%.80s\" is taken as allow", v[1]);
	} else if (strcmp(v[1], "refuse") == 0 || strcmp(v[1], "deny") == 0) {
		import_deny(u->im, place, v[0], *v[1] == 'd');
	} else if (strcmp(v[1], "refuse_non_local") == 0 || strcmp(v[1], "deny_non_local") == 0) {
		import_deny(u->im, place, v[0], *v[1] == 'd');
		import_leave(
			u->im, place,
			"\"%.80s\" is taken as %.6s: nor are these clients answered local data",
			v[1], v[1]);
	} else {
		import_leave(u->im, place, "there is no action like \"%.80s\"", v[1]);
	}
}

static void take_access_view(struct unbound *u, const struct import_place *place, char *v[3])
{
	unsigned view = import_view(u->im, place, v[1]);

	if (view > 0)
		import_client(u->im, place, view, v[0]);
	if (view > 0)
		import_viewed(u->im, v[0]);
}

static void take_root_hints(struct unbound *u, const struct import_place *place, char *v[3])
{
	char *path = import_good_path(u->im, place, v[0]);
	size_t len = 0;
	char *text = path ? import_read_file(u->im, place, path, &len) : NULL;
	struct root_hints *hints = malloc(sizeof *hints);
	const char *why = "out of memory";
	unsigned line;

	if (text && hints && root_hints_parse(text, len, hints, &line, &why))
		import_set_text(u->im, place, "resolver", "root-hints", path, 4095);
	else
		import_leave(u->im, place, "the root servers that are built in are used%s%s",
			     text ? ": " : "", text ? why : "");
	free(hints);
	free(text);
	free(path);
}

static void take_threads(struct unbound *u, const struct import_place *place, char *v[3])
{
	uint64_t n;

	if (!import_number(u->im, place, v[0], 256, &n))
		return;
	if (n > 0)
		import_set_number(u->im, place, "server", "workers", v[0], 256);
}

/* Two caches there are one here. */
static void take_cache_size(struct unbound *u, const struct import_place *place, char *v[3])
{
	size_t len = strspn(v[0], "0123456789");
	char unit = len > 0 ? v[0][len] : 'x', digits[16];
	unsigned shift = unit == 'k' || unit == 'K'   ? 10
			 : unit == 'm' || unit == 'M' ? 20
			 : unit == 'g' || unit == 'G' ? 30
						      : 0;

	if (len > 12 || (unit && shift == 0 && unit != 'b' && unit != 'B')) {
		import_leave(u->im, place, "\"%.80s\" is no size", v[0]);
		return;
	}
	snprintf(digits, sizeof digits, "%.*s", (int)len, v[0]);
	uint64_t octets = strtoull(digits, NULL, 10);

	if (octets > ((uint64_t)1 << 40) >> shift)
		octets = ((uint64_t)1 << 40) >> shift;
	u->im->cache_octets += octets << shift;
}

static void take_stale_age(struct unbound *u, const struct import_place *place, char *v[3])
{
	char most[] = "604800";

	if (strcmp(v[0], "0") == 0)
		import_leave(u->im, place, "no limit is taken as 7 days, the most there may be");
	import_set_seconds(u->im, place, "cache", "stale-max-age",
			   strcmp(v[0], "0") == 0 ? most : v[0], STALE_MAX_S);
}

static void take_qmin(struct unbound *u, const struct import_place *place, char *v[3])
{
	struct doc_node *resolver = import_section(u->im, "resolver");
	bool strict = place->option[18] != '\0', yes;

	if (!import_bool(u->im, place, v[0], &yes) || (strict && !yes))
		return;
	if (strict || !doc_get(resolver, "qname-minimization") || !yes)
		doc_set_word(&u->im->doc, resolver, "qname-minimization",
			     strict ? "strict"
			     : yes  ? "relaxed"
				    : "off");
}

static void take_hide(struct unbound *u, const struct import_place *place, char *v[3])
{
	bool yes;

	if (import_bool(u->im, place, v[0], &yes) && !yes)
		import_leave(u->im, place, "what is to be told is written in server.%s",
			     place->option + 5);
}

static void take_anchor(struct unbound *u, const struct import_place *place, char *v[3])
{
	import_anchor(u->im, place, v[0]);
}

/* The root's keys are built in, and only wanted beside others. */
static void keep_root_key(struct import *im, const char *line)
{
	char *copy = im->root_keys_n < IMPORT_ROOT_KEYS ? strdup(line) : NULL;

	if (copy)
		im->root_keys[im->root_keys_n++] = copy;
}

/* Lines of DS and DNSKEY records. Of a file that follows its keys only those that are valid. */
static void take_anchor_file(struct unbound *u, const struct import_place *place, char *v[3])
{
	bool follows = strncmp(place->option, "auto", 4) == 0;
	char *path = import_good_path(u->im, place, v[0]);
	size_t len = 0;
	char *text = path ? import_read_file(u->im, place, path, &len) : NULL;
	char *at = text, *line;

	while (text && (line = import_line(&at, text + len))) {
		const char *state = strstr(line, ";;state=");
		bool valid = !state || state[8] == '2'; /* RFC 5011 4.2, as unbound counts */

		line[strcspn(line, ";")] = '\0';
		line = import_trim(line);
		if (follows && valid && *line == '.')
			keep_root_key(u->im, line);
		else if (*line && valid)
			import_anchor(u->im, place, line);
	}
	if (path && !text)
		import_leave(u->im, place, "only the root's keys are trusted, which are built in");
	free(text);
	free(path);
}

static void take_insecure(struct unbound *u, const struct import_place *place, char *v[3])
{
	import_insecure(u->im, place, v[0]);
}

static void take_permissive(struct unbound *u, const struct import_place *place, char *v[3])
{
	bool yes;

	if (import_bool(u->im, place, v[0], &yes) && yes)
		doc_set_word(&u->im->doc, import_section(u->im, "dnssec"), "validation",
			     "permissive");
}

static void take_modules(struct unbound *u, const struct import_place *place, char *v[3])
{
	u->has_dns64 = strstr(v[0], "dns64") != NULL;
	if (!strstr(v[0], "validator"))
		doc_set_word(&u->im->doc, import_section(u->im, "dnssec"), "validation", "off");
	if (strstr(v[0], "python") || strstr(v[0], "dynlib") || strstr(v[0], "subnetcache") ||
	    strstr(v[0], "cachedb") || strstr(v[0], "ipsecmod") || strstr(v[0], "ipset"))
		import_leave(u->im, place,
			     "of the modules only those that resolve, validate, do "
			     "DNS64 and policy zones have a counterpart");
}

static void take_private_address(struct unbound *u, const struct import_place *place, char *v[3])
{
	static const struct prefix none = {.bits = 0};
	char text[ADDRESS_TEXT_MAX];
	struct prefix p;

	if (!import_network(v[0], text) || !prefix_from_text(text, &p))
		import_leave(u->im, place, "\"%.80s\" is no network", v[0]);
	else if (!rebinding_is_inside(&p.base, &none))
		import_leave(u->im, place,
			     "%s is left out: addresses are not held back that are "
			     "reached from everywhere",
			     text);
	else
		doc_set_word(&u->im->doc, import_section(u->im, "rebinding-protection"), "enabled",
			     "true");
}

static void take_private_domain(struct unbound *u, const struct import_place *place, char *v[3])
{
	import_rebinding_name(u->im, place, v[0]);
}

static void take_tls(struct unbound *u, const struct import_place *place, char *v[3])
{
	(void)!import_bool(u->im, place, v[0], &u->all_tls);
}

static void take_slip(struct unbound *u, const struct import_place *place, char *v[3])
{
	/* There each so many is let through, here it is told to come by TCP. */
	import_set_number(u->im, place, "rate-limits", "client-slip", v[0], 100);
}

/* It counts only when there is a module for it, which may come below. */
static void take_dns64(struct unbound *u, const struct import_place *place, char *v[3])
{
	free(u->nat64);
	u->nat64 = strdup(v[0]);
	u->nat64_place = (struct import_place){place->file, place->line, "dns64-prefix"};
	u->im->broken = u->im->broken || !u->nat64;
}

void unbound_end_dns64(struct unbound *u)
{
	if (u->has_dns64)
		import_dns64(u->im, &u->nat64_place, u->nat64 ? u->nat64 : IMPORT_NAT64);
	else if (u->nat64)
		import_leave(u->im, &u->nat64_place,
			     "is not in use there: module-config does not name dns64");
	free(u->nat64);
	u->nat64 = NULL;
}

static void take_order(struct unbound *u, const struct import_place *place, char *v[3])
{
	bool rotates;

	if (import_bool(u->im, place, v[0], &rotates))
		doc_set_word(&u->im->doc, import_section(u->im, "server"), "rrset-order",
			     rotates ? "rotate" : "fixed");
}

static void take_verbosity(struct unbound *u, const struct import_place *place, char *v[3])
{
	static const char *const levels[] = {"warning", "notice", "info", "debug"};
	uint64_t n;

	if (import_number(u->im, place, v[0], 100, &n))
		doc_set_word(&u->im->doc, import_section(u->im, "logging"), "level",
			     levels[n < 3 ? n : 3]);
}

static void take_log(struct unbound *u, const struct import_place *place, char *v[3])
{
	if (*v[0])
		import_leave(u->im, place, "the log goes to standard error, which systemd keeps");
}

static void local_zone(struct unbound *u, const struct import_place *place, char *v[3])
{
	static const char *const types[][2] = {
		{"static", "static"},
		{"transparent", "transparent"},
		{"typetransparent", "typetransparent"},
		{"redirect", "redirect"},
		{"refuse", "refuse"},
		{"deny", "deny"},
		{"noview", "noview"},
		{"always_nxdomain", "always-nxdomain"},
		{"always_nodata", "always-nodata"},
		{"always_null", "always-null"},
		{"always_refuse", "refuse"},
		{"always_deny", "deny"},
		{"inform", "transparent"},
		{"inform_deny", "deny"},
		{"inform_redirect", "redirect"},
	};
	struct import *im = u->im;
	char name[TERN_NAME_TEXT_MAX];

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (strcmp(types[i][0], v[1]) != 0)
			continue;
		if (strcmp(v[1], "noview") == 0 && u->view == 0)
			break;
		if (strncmp(v[1], "inform", 6) == 0)
			import_leave(im, place, "who asks is not logged; taken as %s", types[i][1]);
		import_zone(im, place, u->view, v[0], types[i][1]);
		return;
	}
	if (strcmp(v[1], "nodefault") == 0 && u->view == 0) {
		if (import_name(im, place, v[0], name))
			import_except(im, name);
		return;
	}
	import_leave(im, place, "a zone of the type \"%.80s\" has no counterpart here", v[1]);
}

static void local_data(struct unbound *u, const struct import_place *place, char *v[3])
{
	import_record(u->im, place, u->view, v[0]);
}

/* "ADDRESS [TTL] NAME" */
static void local_pointer(struct unbound *u, const struct import_place *place, char *v[3])
{
	char *rest, *address = strtok_r(v[0], " \t", &rest);
	char *ttl = strtok_r(NULL, " \t", &rest), *name = strtok_r(NULL, " \t", &rest);

	if (u->view > 0)
		import_leave(u->im, place, "write it as local-data of the view");
	else if (!address || !ttl)
		import_leave(u->im, place, "expected an address and a name");
	else
		import_pointer(u->im, place, address, name ? ttl : NULL, name ? name : ttl);
}

static const struct {
	const char *option;
	take *take;
} takers[] = {
	{"interface", take_interface},
	{"ip-address", take_interface},
	{"port", take_port},
	{"do-ip6", take_do_ip6},
	{"access-control", take_access},
	{"access-control-view", take_access_view},
	{"root-hints", take_root_hints},
	{"num-threads", take_threads},
	{"msg-cache-size", take_cache_size},
	{"rrset-cache-size", take_cache_size},
	{"serve-expired-ttl", take_stale_age},
	{"qname-minimisation", take_qmin},
	{"qname-minimisation-strict", take_qmin},
	{"hide-identity", take_hide},
	{"hide-version", take_hide},
	{"trust-anchor", take_anchor},
	{"trust-anchor-file", take_anchor_file},
	{"auto-trust-anchor-file", take_anchor_file},
	{"domain-insecure", take_insecure},
	{"val-permissive-mode", take_permissive},
	{"module-config", take_modules},
	{"private-address", take_private_address},
	{"private-domain", take_private_domain},
	{"ip-ratelimit-slip", take_slip},
	{"ip-ratelimit-factor", take_slip},
	{"tls-upstream", take_tls},
	{"ssl-upstream", take_tls},
	{"dns64-prefix", take_dns64},
	{"rrset-roundrobin", take_order},
	{"verbosity", take_verbosity},
	{"logfile", take_log},
	{"local-zone", local_zone},
	{"local-data", local_data},
	{"local-data-ptr", local_pointer},
};

/* Options about how unbound does what tern does in its own way: nothing is lost. */
static const char *const silent[] = {
	"do-udp",
	"do-tcp",
	"username",
	"chroot",
	"directory",
	"pidfile",
	"use-syslog",
	"do-daemonize",
	"use-systemd",
	"so-reuseport",
	"so-rcvbuf",
	"so-sndbuf",
	"msg-cache-slabs",
	"rrset-cache-slabs",
	"infra-cache-slabs",
	"key-cache-slabs",
	"key-cache-size",
	"neg-cache-size",
	"outgoing-range",
	"num-queries-per-thread",
	"harden-glue",
	"harden-dnssec-stripped",
	"harden-below-nxdomain",
	"harden-short-bufsize",
	"harden-large-queries",
	"harden-algo-downgrade",
	"harden-referral-path",
	"use-caps-for-id",
	"edns-buffer-size",
	"minimal-responses",
	"prefetch-key",
	"deny-any",
	"unwanted-reply-threshold",
	"root-key-sentinel",
	"hide-trustanchor",
	"val-clean-additional",
	"statistics-interval",
	"statistics-cumulative",
	"extended-statistics",
	"tls-cert-bundle",
	"log-time-ascii",
	"ratelimit-size",
	"ratelimit-slabs",
	"ip-ratelimit-size",
	"ip-ratelimit-slabs",
	"incoming-num-tcp",
	"outgoing-num-tcp",
	NULL,
};

void unbound_server(struct unbound *u, const struct import_place *place, char *values[3])
{
	for (size_t i = 0; i < sizeof takers / sizeof *takers; i++) {
		if (strcmp(takers[i].option, place->option) == 0) {
			takers[i].take(u, place, values);
			return;
		}
	}
	if (take_key(u->im, place, values[0]))
		return;
	for (const char *const *s = silent; *s; s++) {
		if (strcmp(*s, place->option) == 0)
			return;
	}
	import_leave(u->im, place, "has no counterpart here");
}

/* --- views ------------------------------------------------------------------ */

void unbound_view(struct unbound *u, const struct import_place *place, char *values[3])
{
	static const struct {
		const char *option;
		take *take;
	} of_view[] = {
		{"local-zone", local_zone},
		{"local-data", local_data},
		{"local-data-ptr", local_pointer},
	};
	bool first;

	if (strcmp(place->option, "name") == 0) {
		u->view = import_view(u->im, place, values[0]);
		return;
	}
	if (u->view == 0) {
		import_leave(u->im, place, "the view has no name");
		return;
	}
	for (size_t i = 0; i < sizeof of_view / sizeof *of_view; i++) {
		if (strcmp(of_view[i].option, place->option) == 0) {
			of_view[i].take(u, place, values);
			return;
		}
	}
	if (strcmp(place->option, "view-first") != 0)
		import_leave(u->im, place, "has no counterpart in a view");
	else if (import_bool(u->im, place, values[0], &first) && !first)
		import_leave(u->im, place, "local data of everybody is answered here in any case");
}

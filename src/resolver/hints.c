#include "resolver/hints.h"

#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>
#include <tern/text.h>

#include "base/check.h"

static const struct {
	const char *v4;
	const char *v6;
} roots[] = {
	{"198.41.0.4", "2001:503:ba3e::2:30"}, {"170.247.170.2", "2801:1b8:10::b"},
	{"192.33.4.12", "2001:500:2::c"},      {"199.7.91.13", "2001:500:2d::d"},
	{"192.203.230.10", "2001:500:a8::e"},  {"192.5.5.241", "2001:500:2f::f"},
	{"192.112.36.4", "2001:500:12::d0d"},  {"198.97.190.53", "2001:500:1::53"},
	{"192.36.148.17", "2001:7fe::53"},     {"192.58.128.30", "2001:503:c27::2:30"},
	{"193.0.14.129", "2001:7fd::1"},       {"199.7.83.42", "2001:500:9f::42"},
	{"202.12.27.33", "2001:dc3::35"},
};

void root_hints_builtin(struct root_hints *out)
{
	memset(out, 0, sizeof *out);
	for (unsigned i = 0; i < ARRAY_LEN(roots); i++) {
		char name[] = "a.root-servers.net.";
		struct root_hint *h = &out->servers[out->servers_n++];

		name[0] = (char)('a' + i);
		check_always(tern_name_from_text(name, strlen(name), h->name) == TERN_OK);
		check_always(address_from_text(roots[i].v4, 53, &h->addresses[0]));
		check_always(address_from_text(roots[i].v6, 53, &h->addresses[1]));
		h->addresses_n = 2;
	}
}

/* A hints file being read. */
struct reading {
	struct root_hints hints;
	bool named[CUT_NS_MAX]; /* by an NS record of the root; else only its address was given */
};

static struct root_hint *find_hint(struct root_hints *hints, const uint8_t *name)
{
	for (unsigned i = 0; i < hints->servers_n; i++) {
		if (tern_name_equal(hints->servers[i].name, name))
			return &hints->servers[i];
	}
	if (hints->servers_n == CUT_NS_MAX)
		return NULL;
	struct root_hint *h = &hints->servers[hints->servers_n++];

	tern_name_lower(h->name, name);
	return h;
}

static void take_record(struct reading *reading, const struct tern_rr_text *rr)
{
	if (rr->type == TERN_TYPE_NS && tern_name_len(rr->owner) == 1) {
		struct root_hint *h = find_hint(&reading->hints, rr->rdata);

		if (h)
			reading->named[h - reading->hints.servers] = true;
		return;
	}
	struct address a = address_from_rdata(rr->type, rr->rdata, rr->rdata_len);
	/* Addresses may stand before the NS record that names them. */
	struct root_hint *h = a.family ? find_hint(&reading->hints, rr->owner) : NULL;

	if (h && h->addresses_n < CUT_NS_ADDRS)
		h->addresses[h->addresses_n++] = a;
}

static bool is_blank(const char *line)
{
	line += strspn(line, " \t\r");
	return *line == '\0' || *line == ';' || *line == '$';
}

static bool parse_line(struct reading *reading, char *line, struct tern_rr_text *rr,
		       const char **error)
{
	if (is_blank(line))
		return true;
	if (tern_rr_from_text(line, 3600000, rr, error) != TERN_OK)
		return false;
	take_record(reading, rr);
	return true;
}

/* Servers that the root names; false when none of them has an address. */
static bool take_servers(const struct reading *reading, struct root_hints *out)
{
	unsigned addresses = 0;

	memset(out, 0, sizeof *out);
	for (unsigned i = 0; i < reading->hints.servers_n; i++) {
		if (!reading->named[i])
			continue;
		out->servers[out->servers_n++] = reading->hints.servers[i];
		addresses += reading->hints.servers[i].addresses_n;
	}
	return addresses > 0;
}

static bool parse_lines(struct reading *reading, char *text, unsigned *line_n, const char **error)
{
	struct tern_rr_text *rr = malloc(sizeof *rr);
	bool good = rr != NULL;

	*error = "out of memory";
	while (good && text) {
		char *line = strsep(&text, "\n");

		++*line_n;
		good = parse_line(reading, line, rr, error);
	}
	free(rr);
	return good;
}

bool root_hints_parse(const char *text, size_t len, struct root_hints *out, unsigned *error_line,
		      const char **error)
{
	struct reading reading = {.hints.servers_n = 0};
	char *copy = strndup(text, len);

	*error = "out of memory";
	*error_line = 0;
	bool good = copy && parse_lines(&reading, copy, error_line, error);

	free(copy);
	if (!good)
		return false;
	*error_line = 0;
	*error = "no NS record of the root with an address";
	return take_servers(&reading, out);
}

static bool has_address(const struct root_hints *hints, const struct address *a)
{
	for (unsigned i = 0; i < hints->servers_n; i++) {
		for (unsigned j = 0; j < hints->servers[i].addresses_n; j++) {
			if (address_equal(&hints->servers[i].addresses[j], a))
				return true;
		}
	}
	return false;
}

bool root_hints_are_own(const struct root_hints *hints)
{
	unsigned known = 0;

	for (unsigned i = 0; i < ARRAY_LEN(roots); i++) {
		struct address a;

		known += address_from_text(roots[i].v4, 53, &a) && has_address(hints, &a);
	}
	return known < ARRAY_LEN(roots) / 2;
}

struct zone_cut *root_hints_cut(const struct root_hints *hints, struct arena *arena)
{
	struct zone_cut *cut = zone_cut_make(arena, tern_name_root, CUT_HINTS);

	for (unsigned i = 0; cut && i < hints->servers_n; i++) {
		const struct root_hint *h = &hints->servers[i];
		int ns = zone_cut_add_ns(cut, h->name);

		if (ns < 0)
			continue;
		cut->ns[ns].has_glue = true;
		for (unsigned j = 0; j < h->addresses_n; j++)
			zone_cut_add_server(cut, &h->addresses[j], (unsigned)ns);
	}
	return cut;
}

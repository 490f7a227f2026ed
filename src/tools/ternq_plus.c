/*
 * ternq_plus.c - the options that begin with a plus: "+tcp", "+norec", "+bufsize=512".
 */
#include <stdio.h>
#include <string.h>

#include "tools/ternq_nearest.h"
#include "tools/ternq_options.h"
#include "tools/ternq_values.h"

/* One option: a bool of struct lookup, or a function for all that is more than that. */
struct plus {
	const char *name;
	const char *value; /* as the help shows it: "=octets", "[=hex]"; NULL for none */
	const char *help;
	size_t offset; /* of the bool, when there is no function */
	bool (*apply)(struct lookup *l, bool on, const char *value);
	bool implies_edns;
};

#define BOOL(word, field, text)                                                                    \
	{                                                                                          \
		.name = word, .help = text, .offset = offsetof(struct lookup, field)               \
	}
#define EDNS(word, field, text)                                                                    \
	{                                                                                          \
		.name = word, .help = text, .offset = offsetof(struct lookup, field),              \
		.implies_edns = true                                                               \
	}
#define CALL(word, shape, function, text)                                                          \
	{                                                                                          \
		.name = word, .value = shape, .help = text, .apply = function                      \
	}
#define EDNS_CALL(word, shape, function, text)                                                     \
	{                                                                                          \
		.name = word, .value = shape, .help = text, .apply = function,                     \
		.implies_edns = true                                                               \
	}

/* An exact name wins; else the first name that begins with the word, so order matters. */
static const struct plus plus_table[] = {
	BOOL("aaflag", authoritative, "set AA in the query"),
	BOOL("aaonly", authoritative, "the same as +aaflag"),
	BOOL("additional", show.additional, "print the additional section"),
	BOOL("ad", authentic, "the same as +adflag"),
	BOOL("adflag", authentic, "set AD in the query"),
	CALL("all", NULL, set_all, "print all parts of the reply, or none"),
	BOOL("answer", show.answer, "print the answer section"),
	CALL("anchor", "=file", set_anchor, "+validate with these trust anchors"),
	BOOL("authority", show.authority, "print the authority section"),
	BOOL("badcookie", retry_badcookie, "ask again with the server's cookie"),
	CALL("bufsize", "=octets", set_bufsize, "UDP size in the OPT record"),
	BOOL("cd", checking_disabled, "the same as +cdflag"),
	BOOL("cdflag", checking_disabled, "set CD in the query"),
	BOOL("class", show.rclass, "print the class of records"),
	BOOL("cmd", show.cmd, "print the line with the command"),
	EDNS("co", compact, "the same as +coflag"),
	EDNS("coflag", compact, "set CO in the query"),
	BOOL("comments", show.comments, "print the header and headings"),
	EDNS_CALL("cookie", "[=hex]", set_cookie, "send a cookie"),
	BOOL("crypto", show.crypto, "print keys, signatures and digests"),
	EDNS("dnssec", dnssec, "ask for signatures"),
	EDNS("do", dnssec, "the same as +dnssec"),
	BOOL("defname", search, "the same as +search"),
	CALL("domain", "=name", set_domain, "+search with this domain only"),
	CALL("edns", "[=version]", set_edns, "send an OPT record"),
	BOOL("ednsnegotiation", retry_badvers, "ask again with an older EDNS"),
	EDNS("expire", expire, "ask when the zone's copy expires"),
	BOOL("identify", show.identify, "with +short, print who answered"),
	BOOL("idnin", idn_in, "turn Unicode names into IDN"),
	BOOL("idnout", show.idn_out, "print IDN as Unicode"),
	BOOL("ignore", ignore_tc, "keep a truncated reply"),
	BOOL("json", show.json, "print JSON, an object for each reply"),
	EDNS("keepalive", keepalive, "ask how long TCP may stay open"),
	BOOL("multiline", show.multiline, "print SOA and keys over several lines"),
	CALL("ndots", "=n", set_ndots, "names with fewer dots are searched first"),
	EDNS("nsid", nsid, "ask for the server's identity"),
	BOOL("onesoa", show.one_soa, "print a transfer's SOA once"),
	EDNS_CALL("padding", "=octets", set_padding, "fill the query up to a multiple"),
	CALL("qid", "=id", set_id, "id of the query"),
	BOOL("qr", show.query, "print the query"),
	BOOL("question", show.question, "print the question section"),
	BOOL("rdflag", recurse, "the same as +recurse"),
	BOOL("recurse", recurse, "ask for recursion"),
	CALL("retry", "=n", set_retry, "tries after the first"),
	CALL("rrcomments", NULL, set_rr_comments, "explain keys behind their records"),
	BOOL("search", search, "try the domains of resolv.conf"),
	BOOL("short", show.brief, "print the data of the answer only"),
	CALL("showsearch", NULL, set_show_search, "+search and print each reply"),
	BOOL("stats", show.stats, "print time, server and size"),
	EDNS_CALL("subnet", "=address[/bits]", set_subnet, "send a client subnet"),
	BOOL("tcp", tcp, "ask by TCP"),
	CALL("timeout", "=seconds", set_timeout, "how long a try waits"),
	CALL("trace", NULL, set_trace, "from the root down"),
	CALL("tries", "=n", set_tries, "tries of each server"),
	BOOL("ttlid", show.ttl, "print the TTL of records"),
	BOOL("unknownformat", show.unknown_format, "print data as RFC 3597 says"),
	BOOL("vc", tcp, "the same as +tcp"),
	BOOL("validate", validate, "judge the answer here, with the chain of trust"),
	BOOL("yaml", show.yaml, "print YAML, an item for each reply"),
	BOOL("zflag", zero_flag, "set the bit that must be zero"),
};

/* The option that @p word names or abbreviates. */
static const struct plus *find_plus(const char *word, size_t len)
{
	const struct plus *found = NULL;

	for (size_t i = 0; i < ARRAY_LEN(plus_table); i++) {
		const struct plus *p = &plus_table[i];

		if (len == 0 || strncmp(p->name, word, len) != 0)
			continue;
		if (p->name[len] == '\0')
			return p;
		if (!found)
			found = p;
	}
	return found;
}

static bool apply(struct lookup *l, const struct plus *p, bool on, const char *value)
{
	if (p->implies_edns && on)
		l->edns = true;
	if (p->apply)
		return p->apply(l, on, value);
	if (value)
		return false;
	*(bool *)(void *)((char *)l + p->offset) = on;
	return true;
}

/* An option that nobody knows, and the one that was perhaps meant. */
static void tell_unknown(const char *word, size_t len)
{
	struct nearest nearest = nearest_begin(word, len);
	struct nearest without_no = nearest_begin(word + 2, len > 2 ? len - 2 : 0);
	bool no = strncmp(word, "no", 2) == 0;

	for (size_t i = 0; i < ARRAY_LEN(plus_table); i++) {
		nearest_offer(&nearest, plus_table[i].name);
		if (no)
			nearest_offer(&without_no, plus_table[i].name);
	}
	bool stripped = without_no.distance < nearest.distance;
	const char *found = stripped ? without_no.name : nearest.name;

	fprintf(stderr, "ternq: unknown option \"+%s\"", word);
	if (found)
		fprintf(stderr, "; did you mean \"+%s%s\"?", stripped ? "no" : "", found);
	putc('\n', stderr);
}

static void tell_value(const struct plus *p, const char *word)
{
	fprintf(stderr, "ternq: bad value in \"+%s\"", word);
	if (p->value)
		fprintf(stderr, "; it is +%s%s", p->name, p->value);
	else
		fprintf(stderr, "; +%s has none", p->name);
	putc('\n', stderr);
}

bool plus_option(struct lookup *l, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct plus *p = find_plus(word, len);
	bool on = true;

	if (!p && len > 2 && strncmp(word, "no", 2) == 0) {
		p = find_plus(word + 2, len - 2);
		on = false;
	}
	if (!p) {
		tell_unknown(word, len);
		return false;
	}
	if (!apply(l, p, on, equals ? equals + 1 : NULL)) {
		tell_value(p, word);
		return false;
	}
	return true;
}

void plus_help(FILE *to)
{
	for (size_t i = 0; i < ARRAY_LEN(plus_table); i++) {
		const struct plus *p = &plus_table[i];
		const char *value = p->value ? p->value : "";

		fprintf(to, "  +%s%-*s %s\n", p->name, (int)(22 - strlen(p->name)), value, p->help);
	}
}

/* list_text.c - see list_text.h. */
#include "policy/list_text.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include <tern/rr.h>

#include "base/bytes.h"

#define LINE_OCTETS_MAX 16384

/* A part of a line. */
struct span {
	const char *at;
	const char *end;
};

struct reading {
	struct list_builder *builder;
	struct list_report *report;
	uint32_t line;
	bool excepted;
	bool memory_short;
	bool in_brackets;              /* of an SOA over several lines */
	uint8_t origin[TERN_NAME_MAX]; /* of a policy zone */
	bool has_origin;
};

/* --- words ------------------------------------------------------------------------- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static size_t span_len(struct span s)
{
	return (size_t)(s.end - s.at);
}

static struct span trim(struct span s)
{
	while (s.at < s.end && is_space(*s.at))
		s.at++;
	while (s.at < s.end && is_space(s.end[-1]))
		s.end--;
	return s;
}

static bool next_word(struct span *rest, struct span *word)
{
	*rest = trim(*rest);
	word->at = rest->at;
	while (rest->at < rest->end && !is_space(*rest->at))
		rest->at++;
	word->end = rest->at;
	return word->at < word->end;
}

static bool span_is(struct span s, const char *text)
{
	return span_len(s) == strlen(text) && strncasecmp(s.at, text, strlen(text)) == 0;
}

static bool begins(struct span s, const char *text)
{
	return span_len(s) >= strlen(text) && memcmp(s.at, text, strlen(text)) == 0;
}

/* What stands before @c; the rest goes behind it. False when @c isn't there. */
static bool cut_at(struct span *rest, char c, struct span *before)
{
	const char *at = rest->at < rest->end ? memchr(rest->at, c, span_len(*rest)) : NULL;

	if (!at)
		return false;
	*before = (struct span){rest->at, at};
	rest->at = at + 1;
	return true;
}

static bool has(struct span s, const char *text)
{
	return memmem(s.at, span_len(s), text, strlen(text)) != NULL;
}

/* --- names ------------------------------------------------------------------------- */

/* What may stand in a label: lower case, or 0. */
static const uint8_t label_octets[256] = {
	['-'] = '-', ['_'] = '_', ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',
	['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9', ['a'] = 'a', ['b'] = 'b',
	['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i',
	['j'] = 'j', ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p',
	['q'] = 'q', ['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w',
	['x'] = 'x', ['y'] = 'y', ['z'] = 'z', ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd',
	['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k',
	['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r',
	['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y',
	['Z'] = 'z',
};

/* Names of hosts only, a final dot or none: what lists have, and read without a detour. */
static bool read_name(struct span s, uint8_t out[TERN_NAME_MAX])
{
	size_t n = 1, label = 0;

	if (span_len(s) == 0 || span_len(s) > TERN_NAME_MAX - 1)
		return false;
	for (const char *c = s.at; c < s.end; c++) {
		uint8_t octet = label_octets[(uint8_t)*c];

		if (octet != 0) {
			if (n >= TERN_NAME_MAX - 1)
				return false;
			out[n++] = octet;
			continue;
		}
		size_t len = n - label - 1;

		if (*c != '.' || len == 0 || len > TERN_LABEL_MAX)
			return false;
		out[label] = (uint8_t)len;
		label = n++;
	}
	size_t len = n - label - 1;

	if (len > TERN_LABEL_MAX || n > TERN_NAME_MAX)
		return false;
	out[label] = (uint8_t)len;
	if (len > 0) {
		if (n >= TERN_NAME_MAX)
			return false;
		out[n] = 0;
	}
	return out[0] != 0;
}

/* --- what a line says --------------------------------------------------------------- */

static void reject(struct reading *r, struct span line, const char *why)
{
	struct list_report *report = r->report;
	size_t len = MIN(span_len(line), (size_t)LIST_EXAMPLE_MAX - 1);

	if (report->rejected_n < LIST_EXAMPLES_MAX) {
		report->examples[report->rejected_n].line = r->line;
		report->examples[report->rejected_n].why = why;
		for (size_t i = 0; i < len; i++) {
			char c = line.at[i];

			/* Whatever a stranger wrote goes into logs and terminals. */
			report->examples[report->rejected_n].text[i] =
				c >= 0x20 && c <= 0x7e ? c : '?';
		}
		report->examples[report->rejected_n].text[len] = '\0';
	}
	report->rejected_n++;
}

static void add(struct reading *r, const uint8_t *name, unsigned how,
		const struct name_list_condition *when)
{
	if (r->excepted)
		how |= NAME_LIST_EXCEPT;
	if (list_builder_add(r->builder, name, how, r->line, when))
		r->report->names_n++;
	else
		r->memory_short = true;
}

static const char *add_name(struct reading *r, struct span s, unsigned how)
{
	uint8_t name[TERN_NAME_MAX];

	if (begins(s, "*."))
		s.at += 2;
	else if (begins(s, "."))
		s.at += 1;
	else if (how == 0)
		how = NAME_LIST_ITSELF;
	if (!read_name(s, name))
		return "expected a name";
	add(r, name, how ? how : NAME_LIST_ITSELF | NAME_LIST_BELOW, NULL);
	return NULL;
}

/* 0.0.0.0, ::, and addresses of the host itself. */
static bool is_nowhere(struct span s, bool *is_address)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t a[16];

	*is_address = false;
	if (span_len(s) >= sizeof text || memchr(s.at, '\0', span_len(s)))
		return false;
	memcpy(text, s.at, span_len(s));
	text[span_len(s)] = '\0';
	if (inet_pton(AF_INET, text, a) == 1) {
		*is_address = true;
		return a[0] == 0 || a[0] == 127;
	}
	if (inet_pton(AF_INET6, text, a) != 1)
		return false;
	*is_address = true;
	for (unsigned i = 0; i < 15; i++) {
		if (a[i] != 0)
			return false;
	}
	return a[15] <= 1;
}

/* Names that every such file gives to the host itself. */
static bool is_host_itself(struct span s)
{
	static const char *const names[] = {
		"localhost",     "localhost.localdomain", "local",        "broadcasthost",
		"ip6-localhost", "ip6-loopback",          "ip6-localnet", "ip6-mcastprefix",
		"ip6-allnodes",  "ip6-allrouters",        "ip6-allhosts", "0.0.0.0",
	};

	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		if (span_is(s, names[i]))
			return true;
	}
	return false;
}

static const char *add_hosts(struct reading *r, struct span rest)
{
	struct span word;
	const char *why = NULL;

	while (!why && next_word(&rest, &word)) {
		if (!is_host_itself(word))
			why = add_name(r, word, NAME_LIST_ITSELF);
	}
	return why;
}

/* --- dnsmasq ------------------------------------------------------------------------ */

/* /name/name/target: a target that is an address somewhere is no entry of a list. */
static const char *add_dnsmasq(struct reading *r, struct span rest)
{
	struct span names = rest, name;
	unsigned n = 0;
	bool is_address;

	while (cut_at(&rest, '/', &name))
		n++;
	if (n < 2)
		return "expected /NAME/";
	if (span_len(rest) > 0 && !span_is(rest, "#") && !is_nowhere(rest, &is_address))
		return "names another server or address";
	while (cut_at(&names, '/', &name)) {
		const char *why = span_len(name) == 0
					  ? NULL
					  : add_name(r, name, NAME_LIST_ITSELF | NAME_LIST_BELOW);

		if (why)
			return why;
	}
	return NULL;
}

/* --- Adblock -------------------------------------------------------------------------- */

struct modifiers {
	struct name_list_condition when;
	uint8_t spared[NAME_LIST_SPARED_MAX][TERN_NAME_MAX];
	unsigned how;
	bool conditional;
};

static const char *read_spared(struct modifiers *m, struct span names)
{
	struct span name;

	for (bool more = true; more;) {
		more = cut_at(&names, '|', &name);
		if (!more)
			name = names;
		if (m->when.spared_n == NAME_LIST_SPARED_MAX)
			return "too many names in denyallow";
		uint8_t *out = m->spared[m->when.spared_n];

		if (!read_name(name, out))
			return "expected names in denyallow";
		m->when.spared[m->when.spared_n++] = out;
	}
	m->conditional = true;
	return NULL;
}

static const char *read_types(struct modifiers *m, struct span types)
{
	struct span type;

	for (bool more = true, first = true; more; first = false) {
		char text[16];
		uint16_t *out = &m->when.types[m->when.types_n];

		more = cut_at(&types, '|', &type);
		if (!more)
			type = types;
		bool other = begins(type, "~");

		type.at += other;
		if (!first && other != m->when.other_types)
			return "types and ~types in one dnstype";
		m->when.other_types = other;
		if (m->when.types_n == NAME_LIST_TYPES_MAX)
			return "too many types in dnstype";
		if (span_len(type) == 0 || span_len(type) >= sizeof text)
			return "unknown type in dnstype";
		memcpy(text, type.at, span_len(type));
		text[span_len(type)] = '\0';
		if (tern_type_from_text(text, span_len(type), out) != TERN_OK)
			return "unknown type in dnstype";
		m->when.types_n++;
	}
	m->conditional = true;
	return NULL;
}

static const char *read_modifier(struct modifiers *m, struct span s)
{
	struct span name = s, value = s;

	if (cut_at(&value, '=', &name)) {
		if (span_is(name, "denyallow"))
			return read_spared(m, value);
		if (span_is(name, "dnstype"))
			return read_types(m, value);
		return "a modifier that is not known";
	}
	if (span_is(s, "important"))
		m->how |= NAME_LIST_IMPORTANT;
	/* They speak of what a page loads, and mean the name all the same. */
	else if (!span_is(s, "all") && !span_is(s, "document") && !span_is(s, "doc") &&
		 !span_is(s, "third-party") && !span_is(s, "3p") && !span_is(s, "popup"))
		return "a modifier that is not known";
	return NULL;
}

static const char *read_modifiers(struct modifiers *m, struct span rest)
{
	struct span one;

	for (bool more = true; more;) {
		more = cut_at(&rest, ',', &one);
		const char *why = read_modifier(m, more ? one : rest);

		if (why)
			return why;
	}
	return NULL;
}

static const char *add_adblock(struct reading *r, struct span s)
{
	struct modifiers m = {.how = 0};
	struct span pattern = s, mods = s;
	uint8_t name[TERN_NAME_MAX];
	const char *why = NULL;

	if (begins(s, "/"))
		return "a regular expression";
	if (cut_at(&mods, '$', &pattern))
		why = read_modifiers(&m, mods);
	if (why)
		return why;
	if (begins(pattern, "@@")) {
		m.how |= NAME_LIST_EXCEPT;
		pattern.at += 2;
	}
	m.how |= NAME_LIST_ITSELF | (begins(pattern, "||") ? NAME_LIST_BELOW : 0u);
	pattern.at += begins(pattern, "||") ? 2 : begins(pattern, "|");
	if (begins(pattern, "*.")) {
		m.how |= NAME_LIST_BELOW;
		pattern.at += 2;
	}
	if (span_len(pattern) > 0 && pattern.end[-1] == '|')
		pattern.end--;
	if (span_len(pattern) > 0 && pattern.end[-1] == '^')
		pattern.end--;
	if (!read_name(pattern, name))
		return "expected ||NAME^";
	add(r, name, m.how, m.conditional ? &m.when : NULL);
	return NULL;
}

/* --- policy zones --------------------------------------------------------------------- */

/* The name of a trigger, without the zone's. */
static bool read_trigger(const struct reading *r, struct span s, uint8_t out[TERN_NAME_MAX],
			 unsigned *how)
{
	*how = NAME_LIST_ITSELF;
	if (begins(s, "*.")) {
		*how = NAME_LIST_BELOW;
		s.at += 2;
	}
	if (!read_name(s, out))
		return false;
	if (r->has_origin && s.end[-1] == '.' && tern_name_is_below(out, r->origin)) {
		size_t len = tern_name_len(out) - tern_name_len(r->origin);

		out[len] = 0;
	}
	return true;
}

static const char *add_policy(struct reading *r, struct span owner, struct span target)
{
	uint8_t name[TERN_NAME_MAX];
	unsigned how;

	if (has(owner, ".rpz-") || begins(owner, "rpz-"))
		return "a trigger that a list can't have";
	if (span_is(target, "rpz-passthru."))
		how = NAME_LIST_EXCEPT;
	else if (span_is(target, ".") || span_is(target, "*.") || span_is(target, "rpz-drop."))
		how = 0;
	else
		return "an action that a list can't have";
	unsigned except = how;

	if (!read_trigger(r, owner, name, &how))
		return "expected a name";
	add(r, name, how | except, NULL);
	return NULL;
}

/* "$ORIGIN name", or the owner of an SOA: what triggers are below. */
static void take_origin(struct reading *r, struct span s)
{
	if (!r->has_origin)
		r->has_origin = read_name(s, r->origin);
}

/* Is this a record of a zone file, but no trigger? Then it is passed over. */
static bool is_zone_matter(struct reading *r, struct span line)
{
	struct span rest = line, word, owner;

	if (begins(line, "$")) {
		(void)!next_word(&rest, &word);
		if (span_is(word, "$ORIGIN") && next_word(&rest, &owner))
			take_origin(r, owner);
		return true;
	}
	owner = (struct span){line.at, line.at};
	for (unsigned i = 0; i < 4 && next_word(&rest, &word); i++) {
		if (i == 0)
			owner = word;
		else if (span_is(word, "SOA")) {
			take_origin(r, owner);
			r->in_brackets = has(line, "(") && !has(line, ")");
			return true;
		} else if (span_is(word, "NS"))
			return true;
	}
	return false;
}

/* owner [ttl] [IN] CNAME target */
static bool is_policy(struct span line, struct span *owner, struct span *target)
{
	struct span rest = line, word;

	if (!next_word(&rest, owner))
		return false;
	for (unsigned i = 0; i < 3 && next_word(&rest, &word); i++) {
		if (span_is(word, "CNAME"))
			return next_word(&rest, target);
	}
	return false;
}

/* --- lines ------------------------------------------------------------------------------ */

static bool is_comment(struct span s)
{
	return s.at == s.end || *s.at == '#' || *s.at == '!' || *s.at == ';' || *s.at == '[';
}

/* Rules about the looks of pages: name##selector, and what is like it. */
static bool is_cosmetic(struct span s)
{
	if (!memchr(s.at, '#', span_len(s)))
		return false;
	return has(s, "##") || has(s, "#@#") || has(s, "#?#") || has(s, "#$#") || has(s, "#%#");
}

static struct span without_comment(struct span s)
{
	for (const char *c = s.at; c < s.end; c++) {
		if ((*c == '#' || *c == ';') && c > s.at && is_space(c[-1]))
			return trim((struct span){s.at, c});
	}
	return s;
}

static const char *add_words(struct reading *r, struct span line)
{
	struct span rest = without_comment(line), word, owner, target;
	struct span whole = rest;
	bool is_address;

	(void)!next_word(&rest, &word);
	bool nowhere = is_nowhere(word, &is_address);

	if (is_address && trim(rest).at < trim(rest).end)
		return nowhere ? add_hosts(r, rest) : "an address that leads somewhere";
	if (trim(rest).at == trim(rest).end && !is_address)
		return add_name(r, word, 0);
	if (is_policy(whole, &owner, &target))
		return add_policy(r, owner, target);
	return is_zone_matter(r, whole) ? NULL : "expected a name";
}

static void read_line(struct reading *r, struct span line)
{
	struct span s = trim(line);
	const char *why;

	if (r->in_brackets) {
		r->in_brackets = !has(s, ")");
		return;
	}
	if (is_comment(s))
		return;
	if (span_len(s) > LINE_OCTETS_MAX)
		why = "the line is too long";
	else if (begins(s, "$"))
		why = is_zone_matter(r, s) ? NULL : "expected a name";
	else if (begins(s, "address=/"))
		why = add_dnsmasq(r, (struct span){s.at + 8, s.end});
	else if (begins(s, "server=/"))
		why = add_dnsmasq(r, (struct span){s.at + 7, s.end});
	else if (begins(s, "local=/"))
		why = add_dnsmasq(r, (struct span){s.at + 6, s.end});
	else if (*s.at == '|' || *s.at == '@' || *s.at == '/' || memchr(s.at, '^', span_len(s)) ||
		 memchr(s.at, '$', span_len(s)))
		why = is_cosmetic(s) ? NULL : add_adblock(r, s);
	else if (is_cosmetic(s))
		why = NULL;
	else
		why = add_words(r, s);
	if (why)
		reject(r, s, why);
}

bool list_text_add(struct list_builder *b, const char *text, size_t len, bool excepted,
		   struct list_report *report)
{
	struct reading r = {.builder = b, .report = report, .excepted = excepted};
	const char *at = text, *end = text + len;

	*report = (struct list_report){.lines_n = 0};
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	while (at < end && !r.memory_short) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		r.line = ++report->lines_n;
		read_line(&r, (struct span){at, newline ? newline : end});
		at = newline ? newline + 1 : end;
	}
	return !r.memory_short;
}

const char *list_text_fault(const char *text, size_t len, const struct list_report *report)
{
	struct span s = trim((struct span){text, text + MIN(len, (size_t)4096)});

	while (s.at < s.end && (*s.at == '\n' || is_space(*s.at)))
		s.at++;
	if (span_len(s) >= 5 &&
	    (strncasecmp(s.at, "<html", 5) == 0 || strncasecmp(s.at, "<!doc", 5) == 0 ||
	     memcmp(s.at, "<?xml", 5) == 0))
		return "a page of HTML, not a list";
	if (memchr(text, '\0', len))
		return "has octets that no text has";
	if (report->names_n == 0 && report->rejected_n > 0)
		return "not one line of it can be read";
	return NULL;
}

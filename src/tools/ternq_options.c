/*
 * ternq_options.c - the command line: servers, names, types, classes and dashes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <tern/rr.h>

#include "tools/idn.h"
#include "tools/ternq_nearest.h"
#include "tools/ternq_options.h"

#define DEFAULT_TIMEOUT_MS 5000
#define DEFAULT_TRIES      3
#define DEFAULT_UDP_SIZE   1232

void options_init(struct options *o)
{
	*o = (struct options){
		.ipv4 = true,
		.ipv6 = true,
		.defaults =
			{
				.tries = DEFAULT_TRIES,
				.timeout_ms = DEFAULT_TIMEOUT_MS,
				.retry_badcookie = true,
				.retry_badvers = true,
				.idn_in = true,
				.ndots = -1,
				.recurse = true,
				.authentic = true,
				.id = -1,
				.edns = true,
				.udp_size = DEFAULT_UDP_SIZE,
				.cookie = true,
				.show =
					{
						.cmd = true,
						.comments = true,
						.question = true,
						.answer = true,
						.authority = true,
						.additional = true,
						.stats = true,
						.ttl = true,
						.rclass = true,
						.crypto = true,
						.idn_out = idn_is_wanted(),
					},
			},
	};
}

void options_fini(struct options *o)
{
	free(o->lookups);
	o->lookups = NULL;
	o->lookups_n = 0;
}

/* Where arguments are being read. */
struct reading {
	struct options *o;
	struct lookup *current; /* what types, classes and + options are for */
	bool type_told;         /* of the current one, not only by the defaults */
	bool class_told;
	int argc;
	char **argv;
	int at;
};

/* A copy of the defaults under @p name becomes current. */
static bool add_lookup(struct reading *r, const char *name)
{
	struct options *o = r->o;
	struct lookup *grown;

	if (o->lookups_n == LOOKUPS_MAX || strlen(name) >= NAME_ARG_MAX) {
		fprintf(stderr, "ternq: too many names, or too long a name\n");
		return false;
	}
	grown = realloc(o->lookups, (o->lookups_n + 1) * sizeof *grown);
	if (!grown) {
		fprintf(stderr, "ternq: out of memory\n");
		return false;
	}
	o->lookups = grown;
	r->current = &grown[o->lookups_n++];
	r->type_told = r->class_told = false;
	*r->current = o->defaults;
	memcpy(r->current->name, name, strlen(name) + 1);
	return true;
}

/* ---- types and classes ---- */

/* "IXFR=2026112701": the serial is that of the zone that the client has. */
static bool read_type(const char *word, uint16_t *type, uint32_t *serial)
{
	static const char ixfr[] = "ixfr=";
	char *end;

	if (strncasecmp(word, ixfr, sizeof ixfr - 1) != 0)
		return strcasecmp(word, "ixfr") != 0 &&
		       tern_type_from_text(word, strlen(word), type) == TERN_OK;
	const char *digits = word + sizeof ixfr - 1;
	unsigned long value = strtoul(digits, &end, 10);

	if (*digits < '0' || *digits > '9' || *end != '\0' || value > UINT32_MAX)
		return false;
	*type = TERN_TYPE_IXFR;
	*serial = (uint32_t)value;
	return true;
}

static bool set_type(struct reading *r, const char *word)
{
	if (!read_type(word, &r->current->type, &r->current->serial))
		return false;
	r->type_told = true;
	return true;
}

static bool set_class(struct reading *r, const char *word)
{
	if (tern_class_from_text(word, strlen(word), &r->current->rclass) != TERN_OK)
		return false;
	r->class_told = true;
	return true;
}

static bool is_type_or_class(const char *word)
{
	uint16_t number;
	uint32_t serial;

	return read_type(word, &number, &serial) ||
	       tern_class_from_text(word, strlen(word), &number) == TERN_OK;
}

/* The mnemonic that was perhaps meant, or NULL. */
static const char *nearest_type(const char *word)
{
	struct nearest nearest = nearest_begin(word, strlen(word));

	for (unsigned type = 1; type < UINT16_MAX; type++) {
		const char *mnemonic = tern_type_info((uint16_t)type)->mnemonic;

		if (mnemonic)
			nearest_offer(&nearest, mnemonic);
	}
	return nearest.name;
}

static void tell_no_type(const char *what, const char *word)
{
	const char *nearest = nearest_type(word);

	fprintf(stderr, "ternq: %s: \"%s\"", what, word);
	if (strncasecmp(word, "ixfr", 4) == 0)
		fprintf(stderr, "; IXFR has a serial: IXFR=2026112701");
	else if (nearest)
		fprintf(stderr, "; did you mean \"%s\"?", nearest);
	putc('\n', stderr);
}

/* ---- words without a sign ---- */

/*
 * Behind a name a word is rather a mistyped type than a name. What has a dot or
 * Unicode, or is followed by a type of its own, is meant as a name. So is every
 * word when the type was told before the first name.
 */
static bool is_meant_as_name(const struct reading *r, const char *word)
{
	const char *next = r->at + 1 < r->argc ? r->argv[r->at + 1] : "";

	if (r->o->defaults.type != 0 || is_type_or_class(next))
		return true;
	for (; *word; word++) {
		if (*word == '.' || (unsigned char)*word > 0x7f)
			return true;
	}
	return false;
}

/* A bare word: a type or class where one may still come, else a name. */
static bool take_word(struct reading *r, const char *word)
{
	if (!r->type_told && set_type(r, word))
		return true;
	if (!r->class_told && set_class(r, word))
		return true;
	bool bare_ixfr = strcasecmp(word, "ixfr") == 0;

	if (!bare_ixfr && (r->current == &r->o->defaults || is_meant_as_name(r, word)))
		return add_lookup(r, word);
	if (is_type_or_class(word)) {
		fprintf(stderr, "ternq: one type or class too many: \"%s\"\n", word);
		return false;
	}
	tell_no_type("neither a record type nor a class", word);
	fprintf(stderr, "ternq: to ask for that name, put a dot at its end or -q before it\n");
	return false;
}

/* ---- what a sign is before ---- */

/* For the current name and those behind it. */
static bool take_server(struct reading *r, const char *word)
{
	size_t size = strlen(word) + 1;

	if (size == 1 || size > SERVER_TEXT_MAX) {
		fprintf(stderr, "ternq: \"@%s\" is no server\n", word);
		return false;
	}
	memcpy(r->current->server, word, size);
	memcpy(r->o->defaults.server, word, size);
	return true;
}

/* For the current name and those behind it, and for those before that were told none. */
static bool set_port(struct reading *r, const char *word)
{
	struct options *o = r->o;
	char *end;
	unsigned long port = strtoul(word, &end, 10);

	if (*end != '\0' || *word < '0' || *word > '9' || port == 0 || port > UINT16_MAX)
		return false;
	r->current->port = o->defaults.port = (uint16_t)port;
	for (size_t i = 0; i < o->lookups_n; i++) {
		if (o->lookups[i].port == 0)
			o->lookups[i].port = (uint16_t)port;
	}
	return true;
}

static bool set_source(struct options *o, const char *word)
{
	if (*word == '\0' || strlen(word) >= sizeof o->source)
		return false;
	memcpy(o->source, word, strlen(word) + 1);
	return true;
}

static bool add_reverse(struct reading *r, const char *word)
{
	char name[NAME_ARG_MAX];

	if (!reverse_text(word, name) || !add_lookup(r, name))
		return false;
	if (r->current->type == 0)
		r->current->type = TERN_TYPE_PTR;
	return true;
}

/* Half a page in one form and half in another is of no use to anybody. */
static void copy_common(struct show *to, const struct show *from)
{
	to->cmd = from->cmd;
	to->brief = from->brief;
	to->json = from->json;
	to->yaml = from->yaml;
	to->multiline = from->multiline;
	to->crypto = from->crypto;
	to->comments_chosen = from->comments_chosen;
	to->rr_comments = from->rr_comments;
}

/* A + option; those that choose the form are everybody's. */
static bool take_plus(struct reading *r, const char *word)
{
	struct options *o = r->o;

	if (!plus_option(r->current, word))
		return false;
	const struct show show = r->current->show;

	copy_common(&o->defaults.show, &show);
	for (size_t i = 0; i < o->lookups_n; i++)
		copy_common(&o->lookups[i].show, &show);
	return true;
}

/* A dash option that has a value. */
static bool take_valued(struct reading *r, char option, char *value)
{
	switch (option) {
	case 'b': return set_source(r->o, value);
	case 'c': return set_class(r, value);
	case 'f': r->o->batch = value; return true;
	case 'p': return set_port(r, value);
	case 'q': return add_lookup(r, value);
	case 't': return set_type(r, value);
	case 'x': return add_reverse(r, value);
	default: return false;
	}
}

static enum options_verdict take_dash(struct reading *r, char *word)
{
	char option = word[1];
	char *value = word + 2;

	if (strcmp(word, "--help") == 0)
		return OPTIONS_HELP;
	if (strcmp(word, "--version") == 0)
		return OPTIONS_VERSION;
	if (*value == '\0') {
		switch (option) {
		case '4': r->o->ipv6 = false; return OPTIONS_RUN;
		case '6': r->o->ipv4 = false; return OPTIONS_RUN;
		case 'h': return OPTIONS_HELP;
		case 'u': r->o->microseconds = true; return OPTIONS_RUN;
		case 'v':
		case 'V': return OPTIONS_VERSION;
		default: break;
		}
	}
	if (!strchr("bcfpqtx", option) || option == '\0') {
		fprintf(stderr, "ternq: unknown option \"%s\"\n", word);
		return OPTIONS_BAD;
	}
	if (*value == '\0' && r->at + 1 < r->argc)
		value = r->argv[++r->at];
	if (*value != '\0' && take_valued(r, option, value))
		return OPTIONS_RUN;
	if (option == 't')
		tell_no_type("no record type", value);
	else
		fprintf(stderr, "ternq: bad value for \"-%c\": \"%s\"\n", option, value);
	return OPTIONS_BAD;
}

static enum options_verdict take_argument(struct reading *r, char *word)
{
	bool good;

	switch (*word) {
	case '@': good = take_server(r, word + 1); break;
	case '+': good = take_plus(r, word + 1); break;
	case '-': return take_dash(r, word);
	default: good = take_word(r, word); break;
	}
	return good ? OPTIONS_RUN : OPTIONS_BAD;
}

/* What wasn't told: "." NS without a name, A without a type, IN without a class, port 53. */
static void fill_in(struct lookup *l)
{
	if (l->type == 0)
		l->type = strcmp(l->name, ".") == 0 ? TERN_TYPE_NS : TERN_TYPE_A;
	if (l->rclass == 0)
		l->rclass = TERN_CLASS_IN;
	if (l->port == 0)
		l->port = DEFAULT_PORT;
}

enum options_verdict options_parse(struct options *o, int argc, char **argv)
{
	struct reading r = {.o = o, .current = &o->defaults, .argc = argc, .argv = argv};
	size_t before = o->lookups_n;

	for (; r.at < argc; r.at++) {
		enum options_verdict verdict = take_argument(&r, argv[r.at]);
		if (verdict != OPTIONS_RUN)
			return verdict;
	}
	if (!o->ipv4 && !o->ipv6) {
		fprintf(stderr, "ternq: -4 and -6 exclude each other\n");
		return OPTIONS_BAD;
	}
	if (o->lookups_n == before && !o->batch && !add_lookup(&r, "."))
		return OPTIONS_BAD;
	for (size_t i = before; i < o->lookups_n; i++)
		fill_in(&o->lookups[i]);
	return OPTIONS_RUN;
}

/*
 * ternq_options.c - the command line: servers, names, types, classes and dashes.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>

#include "tools/ternq_options.h"

#define DEFAULT_PORT       53
#define DEFAULT_TIMEOUT_MS 5000
#define DEFAULT_TRIES      3
#define DEFAULT_UDP_SIZE   1232

void options_init(struct options *o)
{
	*o = (struct options){
		.ipv4 = true,
		.ipv6 = true,
		.port = DEFAULT_PORT,
		.defaults =
			{
				.tries = DEFAULT_TRIES,
				.timeout_ms = DEFAULT_TIMEOUT_MS,
				.retry_badcookie = true,
				.retry_badvers = true,
				.idn_in = true,
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

bool reverse_name(const char *address, char name[NAME_ARG_MAX])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t octets[16];
	char *p = name;

	if (inet_pton(AF_INET, address, octets) == 1) {
		snprintf(name, NAME_ARG_MAX, "%u.%u.%u.%u.in-addr.arpa.", octets[3], octets[2],
			 octets[1], octets[0]);
		return true;
	}
	if (inet_pton(AF_INET6, address, octets) != 1)
		return false;
	for (unsigned i = sizeof octets; i > 0; i--) {
		*p++ = digits[octets[i - 1] & 0xf];
		*p++ = '.';
		*p++ = digits[octets[i - 1] >> 4];
		*p++ = '.';
	}
	memcpy(p, "ip6.arpa.", sizeof "ip6.arpa.");
	return true;
}

/* Where arguments are being read. */
struct reading {
	struct options *o;
	struct lookup *current; /* what types, classes and + options are for */
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
	*r->current = o->defaults;
	memcpy(r->current->name, name, strlen(name) + 1);
	return true;
}

static bool set_type(struct lookup *l, const char *word)
{
	return tern_type_from_text(word, strlen(word), &l->type) == TERN_OK;
}

static bool set_class(struct lookup *l, const char *word)
{
	return tern_class_from_text(word, strlen(word), &l->rclass) == TERN_OK;
}

/* A bare word: a type or class where one may still come, else a name. */
static bool take_word(struct reading *r, const char *word)
{
	if (r->current->type == 0 && set_type(r->current, word))
		return true;
	if (r->current->rclass == 0 && set_class(r->current, word))
		return true;
	return add_lookup(r, word);
}

static bool take_server(struct reading *r, const char *word)
{
	if (*word == '\0' || strlen(word) >= SERVER_TEXT_MAX) {
		fprintf(stderr, "ternq: \"@%s\" is no server\n", word);
		return false;
	}
	memcpy(r->current->server, word, strlen(word) + 1);
	return true;
}

static bool set_port(struct options *o, const char *word)
{
	char *end;
	unsigned long port = strtoul(word, &end, 10);

	if (*end != '\0' || end == word || port == 0 || port > UINT16_MAX)
		return false;
	o->port = (uint16_t)port;
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

	if (!reverse_name(word, name) || !add_lookup(r, name))
		return false;
	if (r->current->type == 0)
		r->current->type = TERN_TYPE_PTR;
	return true;
}

/* A + option; of these, +cmd and +short are everybody's. */
static bool take_plus(struct reading *r, const char *word)
{
	struct options *o = r->o;

	if (!plus_option(r->current, word))
		return false;
	const struct show show = r->current->show;

	o->defaults.show.cmd = show.cmd;
	o->defaults.show.brief = show.brief;
	for (size_t i = 0; i < o->lookups_n; i++) {
		o->lookups[i].show.cmd = show.cmd;
		o->lookups[i].show.brief = show.brief;
	}
	return true;
}

/* A dash option that has a value. */
static bool take_valued(struct reading *r, char option, char *value)
{
	switch (option) {
	case 'b': return set_source(r->o, value);
	case 'c': return set_class(r->current, value);
	case 'f': r->o->batch = value; return true;
	case 'p': return set_port(r->o, value);
	case 'q': return add_lookup(r, value);
	case 't': return set_type(r->current, value);
	case 'x': return add_reverse(r, value);
	default: return false;
	}
}

static enum options_verdict take_dash(struct reading *r, char *word)
{
	char option = word[1];
	char *value = word + 2;

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
	fprintf(stderr, "ternq: bad value for \"-%c\"\n", option);
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

/* What wasn't told: "." NS without a name, A without a type, IN without a class. */
static void fill_in(struct lookup *l)
{
	if (l->type == 0)
		l->type = strcmp(l->name, ".") == 0 ? TERN_TYPE_NS : TERN_TYPE_A;
	if (l->rclass == 0)
		l->rclass = TERN_CLASS_IN;
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

/*
 * ternq.c - ask DNS servers from the command line, in dig's manner.
 *
 *   arguments -> look-ups -> for each: servers -> query -> reply -> print
 *                                      |-> AXFR, IXFR: a stream of replies
 *                                      |-> +trace: from the root down
 *                                      '-> +validate: with the chain of trust
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>

#include "tools/ternq_axfr.h"
#include "tools/ternq_net.h"
#include "tools/ternq_options.h"
#include "tools/ternq_print.h"
#include "tools/ternq_search.h"
#include "tools/ternq_trace.h"
#include "tools/ternq_validate.h"

#define BATCH_LINE_MAX  4096 /* octets */
#define BATCH_WORDS_MAX 64

static void print_help(FILE *to)
{
	fprintf(to,
		"usage: ternq [option ...] [@server] [name [type] [class] [+option ...]] ...\n"
		"  @server                 name or address of the server; resolv.conf's if not "
		"told\n"
		"  -4, -6                  IPv4 only, IPv6 only\n"
		"  -b address[#port]       send from there\n"
		"  -c class                IN, CH, HS or CLASSn\n"
		"  -f file                 a question on each line; - is standard input\n"
		"  -h, --help              this\n"
		"  -p port                 of the server\n"
		"  -q name                 ask for a name that looks like a type\n"
		"  -t type                 A, AAAA, MX, AXFR, IXFR=serial, TYPEn, ...\n"
		"  -u                      times in microseconds\n"
		"  -v, -V, --version       the version\n"
		"  -x address              the name of an address, or of a network's first part\n"
		"Options before the first name hold for all, behind a name for that one.\n"
		"Those that can be switched on are switched off with +no...\n");
	plus_help(to);
}

/* What all steps of one look-up need. */
struct asking {
	struct options *o;
	const struct net *net;
	const struct lookup *lookup;
	struct servers servers;
	struct query query; /* the last one */
	struct reply *reply;
};

static enum exit_code print(const struct asking *a)
{
	const struct lookup *l = a->lookup;
	bool good = true;

	if (l->show.json)
		good = print_json(a->reply, NULL);
	else if (l->show.yaml)
		good = print_yaml(l, &a->query, a->reply, NULL);
	else
		print_reply(a->o, l, &a->query, a->reply);
	return good ? EXIT_REPLY : EXIT_INTERNAL;
}

/* Ask for one name. The reply is not printed yet. */
static enum exit_code ask_name(struct asking *a, const char *name)
{
	uint8_t qname[TERN_NAME_MAX];

	if (!query_name(name, a->lookup->idn_in, qname)) {
		fprintf(stderr, "ternq: \"%s\" is not a legal name\n", name);
		return EXIT_INTERNAL;
	}
	enum net_result result =
		net_ask(a->net, a->lookup, qname, &a->servers, &a->query, a->reply);

	print_query(a->lookup, &a->query);
	switch (result) {
	case NET_NO_REPLY:
		net_say(a->net, ";; no servers could be reached\n");
		return EXIT_NO_REPLY;
	case NET_INTERNAL: return EXIT_INTERNAL;
	case NET_REPLY: break;
	}
	return EXIT_REPLY;
}

/* A name may get too long by the domain behind it. */
static bool can_exist(const struct lookup *l, const char *name)
{
	uint8_t qname[TERN_NAME_MAX];

	return query_name(name, l->idn_in, qname);
}

/* One name after the other until one exists; the last reply is the answer. */
static enum exit_code ask(struct options *o, const struct net *net, const struct lookup *l,
			  struct reply *r)
{
	struct asking a = {.o = o, .net = net, .lookup = l, .reply = r};
	struct search search;
	enum exit_code code = EXIT_REPLY;

	if (!net_servers(o, l, &a.servers))
		return EXIT_USAGE;
	print_banner(o, l, &a.servers);
	search_names(l, &search);
	for (unsigned i = 0; i < search.n && code == EXIT_REPLY; i++) {
		bool last = i + 1 == search.n;

		if (!last && !can_exist(l, search.names[i]))
			continue;
		code = ask_name(&a, search.names[i]);
		last |= code == EXIT_REPLY && r->m.rcode != TERN_RCODE_NXDOMAIN;

		if (code == EXIT_REPLY && (last || l->show_search))
			code = print(&a);
		if (last)
			break;
	}
	return code;
}

static enum exit_code run_lookup(struct options *o, const struct net *net, const struct lookup *l,
				 struct reply *r)
{
	struct net own = *net;
	uint8_t qname[TERN_NAME_MAX];

	/* JSON is for programs, so nothing else goes where it goes. */
	own.out = print_is_for_programs(&l->show) ? stderr : stdout;
	own.odd = l->show.brief || print_is_for_programs(&l->show) ? stderr : stdout;
	own.notes = l->show.comments && !l->show.brief;

	bool transfer = l->type == TERN_TYPE_AXFR || l->type == TERN_TYPE_IXFR;

	if (!transfer && !l->validate && !l->trace)
		return ask(o, &own, l, r);
	if (!query_name(l->name, l->idn_in, qname)) {
		fprintf(stderr, "ternq: \"%s\" is not a legal name\n", l->name);
		return EXIT_INTERNAL;
	}
	if (transfer)
		return axfr_run(o, &own, l, qname, r);
	if (l->validate)
		return validate_run(o, &own, l, qname, r);
	print_banner(o, l, &(struct servers){.n = 1});
	return trace_run(o, &own, l, qname);
}

static enum exit_code worse(enum exit_code a, enum exit_code b)
{
	return a > b ? a : b;
}

/* All look-ups read so far. */
static enum exit_code run_lookups(struct options *o, const struct net *net)
{
	enum exit_code code = EXIT_REPLY;
	struct reply *r = malloc(sizeof *r);

	if (!r)
		return EXIT_INTERNAL;
	for (size_t i = 0; i < o->lookups_n; i++) {
		code = worse(code, run_lookup(o, net, &o->lookups[i], r));
		fflush(stdout);
	}
	options_fini(o);
	free(r);
	return code;
}

/* How a line of a batch file reads. False: more words than there are places. */
static bool split_line(char *line, char *words[BATCH_WORDS_MAX], int *n)
{
	char *rest;

	*n = 0;
	for (char *word = strtok_r(line, " \t\r\n", &rest); word;
	     word = strtok_r(NULL, " \t\r\n", &rest)) {
		if (*n == BATCH_WORDS_MAX)
			return false;
		words[(*n)++] = word;
	}
	if (*n > 0 && (words[0][0] == '#' || words[0][0] == ';'))
		*n = 0;
	return true;
}

/* One line of a batch file is like a command line behind the options of the real one. */
static enum exit_code run_batch_line(struct options *o, const struct net *net, char *line)
{
	struct lookup defaults = o->defaults;
	char *words[BATCH_WORDS_MAX];
	int n;

	if (!split_line(line, words, &n)) {
		fprintf(stderr, "ternq: more than %d words\n", BATCH_WORDS_MAX);
		return EXIT_USAGE;
	}
	if (n == 0)
		return EXIT_REPLY;
	enum options_verdict verdict = options_parse(o, n, words);

	o->defaults = defaults;
	if (verdict == OPTIONS_RUN && !o->batch)
		return run_lookups(o, net);
	if (verdict == OPTIONS_RUN)
		fprintf(stderr, "ternq: -f inside of a file\n");
	o->batch = NULL;
	options_fini(o);
	return EXIT_USAGE;
}

/* A line that does not fit would be two questions that nobody asked. */
static bool has_end(const char *line, FILE *file)
{
	int c;

	if (strchr(line, '\n') || feof(file))
		return true;
	do {
		c = getc(file);
	} while (c != '\n' && c != EOF);
	fprintf(stderr, "ternq: more than %d octets\n", BATCH_LINE_MAX - 2);
	return false;
}

/* Every line; those that make no sense are told and stepped over. */
static enum exit_code run_batch_lines(struct options *o, const struct net *net, const char *path,
				      FILE *file)
{
	enum exit_code code = EXIT_REPLY;
	char line[BATCH_LINE_MAX];

	for (unsigned long n = 1; fgets(line, sizeof line, file); n++) {
		enum exit_code one =
			has_end(line, file) ? run_batch_line(o, net, line) : EXIT_USAGE;

		if (one == EXIT_USAGE)
			fprintf(stderr, "ternq: %s:%lu: not asked\n", path, n);
		code = worse(code, one);
	}
	return ferror(file) ? EXIT_BATCH : code;
}

static enum exit_code run_batch(struct options *o, const struct net *net)
{
	const char *path = o->batch;
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

	if (!file) {
		fprintf(stderr, "ternq: couldn't open \"%s\"\n", path);
		return EXIT_BATCH;
	}
	o->batch = NULL;
	enum exit_code code = run_batch_lines(o, net, path, file);

	if (file != stdin)
		fclose(file);
	return code;
}

static enum exit_code run(struct options *o)
{
	struct net net;

	if (!net_init(&net, o))
		return EXIT_USAGE;
	enum exit_code code = run_lookups(o, &net);

	return o->batch ? worse(code, run_batch(o, &net)) : code;
}

int main(int argc, char **argv)
{
	struct options o;
	enum exit_code code = EXIT_REPLY;

	options_init(&o);
	o.argc = argc - 1;
	o.argv = argv + 1;
	switch (options_parse(&o, argc - 1, argv + 1)) {
	case OPTIONS_RUN: code = run(&o); break;
	case OPTIONS_HELP: print_help(stdout); break;
	case OPTIONS_VERSION: printf("ternq %s\n", TERN_VERSION); break;
	case OPTIONS_BAD:
		fprintf(stderr, "usage: ternq [@server] [name [type] [class] [+option ...]] ...\n"
				"ternq --help lists all options\n");
		code = EXIT_USAGE;
		break;
	}
	options_fini(&o);
	if (fflush(stdout) != 0 && code == EXIT_REPLY)
		code = EXIT_INTERNAL;
	return (int)code;
}

/*
 * ternq.c - ask DNS servers from the command line, in dig's manner.
 *
 *   arguments -> look-ups -> for each: servers -> query -> reply -> print
 *                                      |-> +trace: from the root down
 *                                      '-> +validate: with the chain of trust
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>

#include "tools/ternq_net.h"
#include "tools/ternq_options.h"
#include "tools/ternq_print.h"
#include "tools/ternq_trace.h"
#include "tools/ternq_validate.h"

#define BATCH_LINE_MAX  4096 /* octets */
#define BATCH_WORDS_MAX 64

static void print_usage(FILE *to)
{
	fprintf(to,
		"usage: ternq [@server] [-46hu] [-b address[#port]] [-c class] [-f file] [-p "
		"port]\n"
		"             [-q name] [-t type] [-x address] [name] [type] [class] [+option "
		"...]\n"
		"options: +[no]tcp +[no]dnssec +[no]cd +[no]ad +[no]recurse +[no]edns[=n] "
		"+bufsize=n\n"
		"         +subnet=address/bits +[no]nsid +[no]cookie[=hex] +[no]ignore +timeout=s\n"
		"         +tries=n +retry=n +[no]trace +[no]validate +anchor=file +[no]short "
		"+[no]json "
		"+[no]all +[no]comments\n"
		"         +[no]question +[no]answer +[no]authority +[no]additional +[no]stats\n"
		"         and more, see ternq(1)\n");
}

static enum exit_code ask(struct options *o, const struct net *net, const struct lookup *l,
			  const uint8_t *qname, struct reply *r)
{
	struct servers servers;
	struct query q;

	if (!net_servers(o, l->server, &servers))
		return EXIT_USAGE;
	print_banner(o, l, &servers);
	enum net_result result = net_ask(net, l, qname, &servers, &q, r);

	print_query(l, &q);
	switch (result) {
	case NET_NO_REPLY: net_say(net, ";; no servers could be reached\n"); return EXIT_NO_REPLY;
	case NET_INTERNAL: return EXIT_INTERNAL;
	case NET_REPLY: break;
	}
	if (l->show.json)
		return print_json(r, NULL) ? EXIT_REPLY : EXIT_INTERNAL;
	print_reply(o, l, &q, r);
	return EXIT_REPLY;
}

static enum exit_code run_lookup(struct options *o, const struct net *net, const struct lookup *l,
				 struct reply *r)
{
	struct net own = *net;
	uint8_t qname[TERN_NAME_MAX];

	/* JSON is for programs, so nothing else goes where it goes. */
	own.out = l->show.json ? stderr : stdout;
	own.odd = l->show.brief || l->show.json ? stderr : stdout;
	own.notes = l->show.comments && !l->show.brief;

	if (!query_name(l->name, l->idn_in, qname)) {
		fprintf(stderr, "ternq: \"%s\" is not a legal name\n", l->name);
		return EXIT_INTERNAL;
	}
	if (l->type == TERN_TYPE_AXFR || l->type == TERN_TYPE_IXFR) {
		fprintf(stderr, "ternq: zone transfers are not supported\n");
		return EXIT_USAGE;
	}
	if (l->validate)
		return validate_run(o, &own, l, qname, r);
	if (!l->trace)
		return ask(o, &own, l, qname, r);
	print_banner(o, l, &(struct servers){.n = 1});
	return trace_run(o, &own, l, qname);
}

/* All look-ups read so far; the first failure decides. */
static enum exit_code run_lookups(struct options *o, const struct net *net)
{
	enum exit_code code = EXIT_REPLY;
	struct reply *r = malloc(sizeof *r);

	if (!r)
		return EXIT_INTERNAL;
	for (size_t i = 0; i < o->lookups_n; i++) {
		enum exit_code one = run_lookup(o, net, &o->lookups[i], r);

		code = code == EXIT_REPLY ? one : code;
		fflush(stdout);
	}
	options_fini(o);
	free(r);
	return code;
}

/* One line of a batch file is like a command line behind the options of the real one. */
static enum exit_code run_batch_line(struct options *o, const struct net *net, char *line)
{
	struct lookup defaults = o->defaults;
	char *words[BATCH_WORDS_MAX];
	int n = 0;
	char *rest;

	for (char *word = strtok_r(line, " \t\r\n", &rest); word && n < BATCH_WORDS_MAX;
	     word = strtok_r(NULL, " \t\r\n", &rest))
		words[n++] = word;
	if (n == 0 || words[0][0] == '#' || words[0][0] == ';')
		return EXIT_REPLY;
	enum options_verdict verdict = options_parse(o, n, words);

	o->defaults = defaults;
	if (verdict != OPTIONS_RUN) {
		options_fini(o);
		return EXIT_USAGE;
	}
	return run_lookups(o, net);
}

static enum exit_code run_batch(struct options *o, const struct net *net)
{
	enum exit_code code = EXIT_REPLY;
	char line[BATCH_LINE_MAX];
	const char *path = o->batch;
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

	if (!file) {
		fprintf(stderr, "ternq: couldn't open \"%s\"\n", path);
		return EXIT_BATCH;
	}
	o->batch = NULL;
	while (fgets(line, sizeof line, file)) {
		enum exit_code one = run_batch_line(o, net, line);

		code = code == EXIT_REPLY ? one : code;
	}
	if (ferror(file))
		code = EXIT_BATCH;
	if (file != stdin)
		fclose(file);
	return code;
}

static enum exit_code run(struct options *o)
{
	struct net net;
	enum exit_code code;

	if (!net_init(&net, o))
		return EXIT_USAGE;
	code = run_lookups(o, &net);
	if (o->batch && code == EXIT_REPLY)
		code = run_batch(o, &net);
	return code;
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
	case OPTIONS_HELP: print_usage(stdout); break;
	case OPTIONS_VERSION: printf("ternq %s\n", TERN_VERSION); break;
	case OPTIONS_BAD:
		print_usage(stderr);
		code = EXIT_USAGE;
		break;
	}
	options_fini(&o);
	if (fflush(stdout) != 0 && code == EXIT_REPLY)
		code = EXIT_INTERNAL;
	return (int)code;
}

/*
 * main.c - ternd: from the command line to running workers, and back down.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/server.h"

#define DEFAULT_CONFIG "/etc/tern/tern.yaml"

enum exit_code { EXIT_CLEAN = 0, EXIT_RUNTIME = 1, EXIT_USAGE = 2, EXIT_CONFIG = 78 };

struct arguments {
	const char *config;
	bool test;
	bool verbose;
	bool version;
};

static int usage(FILE *to, int code)
{
	fputs("usage: ternd [-c FILE] [-t] [-v] [-V]\n"
	      "  -c FILE  configuration (default " DEFAULT_CONFIG " if there)\n"
	      "  -t       check the configuration and exit\n"
	      "  -v       log more: level debug\n"
	      "  -V       print the version and exit\n",
	      to);
	return code;
}

static bool parse_arguments(int argc, char **argv, struct arguments *out)
{
	int option;

	while ((option = getopt(argc, argv, "c:tvV")) != -1) {
		switch (option) {
		case 'c': out->config = optarg; break;
		case 't': out->test = true; break;
		case 'v': out->verbose = true; break;
		case 'V': out->version = true; break;
		default: return false;
		}
	}
	return optind == argc;
}

static const char *config_path(const struct arguments *a)
{
	if (a->config)
		return a->config;
	return access(DEFAULT_CONFIG, F_OK) == 0 ? DEFAULT_CONFIG : NULL;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {0};

	if (!parse_arguments(argc, argv, &arguments))
		return usage(stderr, EXIT_USAGE);
	if (arguments.version) {
		puts("ternd " TERN_VERSION);
		return EXIT_CLEAN;
	}
	const struct server_start start = {config_path(&arguments), arguments.test,
					   arguments.verbose};
	enum server_end end = server_run(&start);

	switch (end) {
	case SERVER_STOPPED: return EXIT_CLEAN;
	case SERVER_FAILED: return EXIT_RUNTIME;
	case SERVER_MISCONFIGURED: break;
	}
	return EXIT_CONFIG;
}

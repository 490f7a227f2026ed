/* import_main.c - `ternctl import`: arguments and exit codes; see import.h. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tools/import.h"

enum exit_code { EXIT_GOOD = 0, EXIT_BAD = 1, EXIT_USAGE = 2 };

static const char *const formats[] = {
	[IMPORT_UNBOUND] = "unbound",
	[IMPORT_DNSMASQ] = "dnsmasq",
	[IMPORT_PIHOLE] = "pihole",
	[IMPORT_ADGUARD] = "adguard",
};

#define FORMATS (sizeof formats / sizeof *formats)

static int usage(FILE *to, int code)
{
	fputs("usage: ternctl import [--from unbound|dnsmasq|pihole|adguard] [--lists-folder DIR] "
	      "FILE...\n",
	      to);
	return code;
}

static bool parse(int argc, char **argv, enum import_format *format, struct import *im)
{
	static const struct option longs[] = {{"from", required_argument, NULL, 'f'},
					      {"lists-folder", required_argument, NULL, 'l'},
					      {NULL, 0, NULL, 0}};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "f:l:", longs, NULL)) != -1) {
		if (option == 'l') {
			im->lists_folder = optarg;
			continue;
		}
		if (option != 'f')
			return false;
		for (unsigned i = IMPORT_UNBOUND; i < FORMATS; i++) {
			if (strcmp(optarg, formats[i]) == 0)
				*format = (enum import_format)i;
		}
		if (*format == IMPORT_UNKNOWN)
			return false;
	}
	return optind < argc;
}

static bool take_file(struct import *im, enum import_format format, const char *path)
{
	const struct import_place place = {path, 0, "file"};
	size_t before = im->notes.n, len = 0;
	char *text = import_read_file(im, &place, path, &len);

	if (!text) {
		fprintf(stderr, "ternctl: %s\n",
			im->notes.n > before ? im->notes.lines[before] : "out of memory");
		return false;
	}
	if (format == IMPORT_UNKNOWN)
		format = import_find_format(path, text, len);
	if (format == IMPORT_UNKNOWN)
		fprintf(stderr,
			"ternctl: %s: neither of unbound, dnsmasq, Pi-hole nor AdGuard Home; say "
			"--from\n",
			path);
	import_text(im, format, path, text, len);
	free(text);
	return format != IMPORT_UNKNOWN;
}

static ssize_t count(void *sum, const char *text, size_t len)
{
	(void)text;
	*(size_t *)sum += len;
	return (ssize_t)len;
}

/* Does ternd take as much? Tells when not. */
static bool is_small_enough(const struct import *im)
{
	size_t octets = 0;
	FILE *to = fopencookie(&octets, "w", (cookie_io_functions_t){.write = count});

	if (to)
		import_write(im, to);
	if (!to || fclose(to) != 0) {
		perror("ternctl");
		return false;
	}
	if (octets <= IMPORT_OCTETS_MAX)
		return true;
	fprintf(stderr,
		"ternctl: it would be a tern.yaml of %zu octets, and ternd takes %zu: put names "
		"into a zone file or a list\n",
		octets, IMPORT_OCTETS_MAX);
	return false;
}

int import_main(int argc, char **argv)
{
	enum import_format format = IMPORT_UNKNOWN;
	struct import im;
	bool good = import_init(&im);
	int code = EXIT_BAD;

	if (!good) {
		fputs("ternctl: out of memory\n", stderr);
	} else if (!parse(argc, argv, &format, &im)) {
		code = usage(stderr, EXIT_USAGE);
	} else {
		for (int i = optind; i < argc; i++)
			good = take_file(&im, format, argv[i]) && good;
		import_finish(&im);
		if (im.broken)
			fputs("ternctl: out of memory\n", stderr);
		else if (good && !is_small_enough(&im))
			good = false;
		else if (good)
			import_write(&im, stdout);
		if (good)
			import_notes_write(&im.notes, "", stderr);
		if (good && fflush(stdout) != 0)
			perror("ternctl: standard output");
		else if (good && !im.broken)
			code = EXIT_GOOD;
	}
	import_fini(&im);
	return code;
}

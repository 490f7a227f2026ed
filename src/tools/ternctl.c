/*
 * ternctl.c - ask the running daemon something: one request, one reply.
 *
 * The reply goes to standard output as it comes; what that does not take at
 * once (a pager) is kept here, so that the daemon never waits for a reader.
 * control/control.h describes the protocol.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/idn.h"
#include "tools/import.h"

#define DEFAULT_SOCKET "/run/tern/control.sock"
#define ARGUMENTS_MAX  3

enum exit_code { EXIT_GOOD = 0, EXIT_DAEMON = 1, EXIT_USAGE = 2, EXIT_CONNECTION = 3 };

static const struct command {
	const char *name;
	const char *arguments[ARGUMENTS_MAX + 1]; /* the request's members */
	int optional;        /* of these, how many of the last may be left out, */
	const char *initial; /* and what the last one is then; NULL: the daemon knows */
	const char *form;
	const char *help;
} commands[] = {
	{"status", {NULL}, 0, NULL, "status", "is it well?"},
	{"stats", {NULL}, 0, NULL, "stats", "what it counted since its start"},
	{"reload", {NULL}, 0, NULL, "reload", "take the configuration anew, and tell what changed"},
	{"check", {"file"}, 1, NULL, "check [FILE]", "is that a good configuration?"},
	{"flush", {"name"}, 0, NULL, "flush NAME", "forget a name, all its types"},
	{"flush-zone",
	 {"name"},
	 0,
	 NULL,
	 "flush-zone NAME",
	 "forget everything at and below a name"},
	{"dump-cache", {NULL}, 0, NULL, "dump-cache", "print all that is cached"},
	{"explain",
	 {"client", "name", "type"},
	 1,
	 "A",
	 "explain CLIENT NAME [TYPE]",
	 "why is that client answered so? Nobody is asked"},
	{"leases", {NULL}, 0, NULL, "leases", "who has which address, and under what name"},
	{"lists",
	 {NULL},
	 0,
	 NULL,
	 "lists",
	 "what lists have, how old they are, how often they decided"},
	{"lists-update", {"list"}, 1, NULL, "lists update [NAME]", "fetch lists by URL now"},
	{"local-data", {NULL}, 0, NULL, "local-data", "the records that were added here"},
	{"local-data-add",
	 {"record"},
	 0,
	 NULL,
	 "local-data add RECORD",
	 "answer by that record from here on, also after a restart"},
	{"local-data-remove",
	 {"name", "type"},
	 1,
	 NULL,
	 "local-data remove NAME [TYPE]",
	 "no longer by what was added so"},
	{"pause",
	 {"duration", "view"},
	 1,
	 NULL,
	 "pause TIME|off [VIEW]",
	 "lists say nothing for a while, for all or for a view"},
	{"views", {NULL}, 0, NULL, "views", "the views, and what they have"},
	{"discovery",
	 {NULL},
	 0,
	 NULL,
	 "discovery",
	 "what to publish, so that clients find encrypted listeners"},
	{"trace", {"name", "type"}, 1, "A", "trace NAME [TYPE]", "resolve and print every step"},
	{"log-level",
	 {"level"},
	 0,
	 NULL,
	 "log-level LEVEL",
	 "error, warning, notice, info or debug"},
	{"nta-add",
	 {"name", "duration"},
	 1,
	 NULL,
	 "nta add NAME [TIME]",
	 "do not validate below a name"},
	{"nta-list", {NULL}, 0, NULL, "nta list", "names that are not validated"},
	{"nta-remove", {"name"}, 0, NULL, "nta remove NAME", "validate below it again"},
	{"import",
	 {"file"},
	 0,
	 NULL,
	 "import FILE...",
	 "make a tern.yaml of another program's configuration"},
	{"help", {"command"}, 1, NULL, "help [COMMAND]", "print this, or how a command is used"},
};

#define COMMANDS (sizeof commands / sizeof commands[0])

struct options {
	const char *socket;
	bool json;
	bool help;
	bool version;
};

static int usage(FILE *to, int code)
{
	fputs("usage: ternctl [-s SOCKET] [--json] COMMAND [ARGUMENTS]\n"
	      "  -s SOCKET   of the daemon (default " DEFAULT_SOCKET ")\n"
	      "  -j, --json  JSON instead of text\n"
	      "  -h, -V      print this, or the version\n"
	      "commands:\n",
	      to);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-19s  %s\n", commands[i].form, commands[i].help);
	return code;
}

static bool parse_options(int argc, char **argv, struct options *out)
{
	static const struct option longs[] = {{"json", no_argument, NULL, 'j'},
					      {"socket", required_argument, NULL, 's'},
					      {"help", no_argument, NULL, 'h'},
					      {"version", no_argument, NULL, 'V'},
					      {NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "s:jhV", longs, NULL)) != -1) {
		switch (option) {
		case 's': out->socket = optarg; break;
		case 'j': out->json = true; break;
		case 'h': out->help = true; break;
		case 'V': out->version = true; break;
		default: return false;
		}
	}
	return true;
}

static bool is_of_two_words(int argc, char **argv)
{
	return argc > 1 && (strcmp(argv[0], "nta") == 0 || strcmp(argv[0], "local-data") == 0 ||
			    (strcmp(argv[0], "lists") == 0 && strcmp(argv[1], "update") == 0));
}

/* "nta add" is one command of two words; @words gets how many there were. */
static const struct command *find_command(int argc, char **argv, int *words)
{
	char name[32];

	*words = is_of_two_words(argc, argv) ? 2 : 1;
	snprintf(name, sizeof name, "%s%s%s", argv[0], *words > 1 ? "-" : "",
		 *words > 1 ? argv[1] : "");
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

/* The forms of the commands that begin with the word @p word; false when none does. */
static bool print_forms(FILE *to, const char *word)
{
	size_t len = strlen(word);
	bool found = false;

	for (size_t i = 0; i < COMMANDS; i++) {
		if (strncmp(commands[i].form, word, len) != 0 || commands[i].form[len] != ' ')
			continue;
		fprintf(to, "usage: ternctl %-19s  %s\n", commands[i].form, commands[i].help);
		found = true;
	}
	return found;
}

/* A name in Unicode as the DNS has it, anything else as it is; NULL after saying what is wrong. */
static json_t *argument_to_json(const char *member, const char *text)
{
	const char *why = "not UTF-8";
	char *dns = strcmp(member, "name") == 0 ? idn_to_dns(text, &why) : strdup(text);
	json_t *json = dns ? json_string(dns) : NULL;

	if (!json)
		fprintf(stderr, "ternctl: the %s can't be used: %s\n", member, why);
	free(dns);
	return json;
}

/* A record may be written as one word or several: these become one. NULL when memory is short. */
static char *join_words(int argc, char **argv)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return NULL;
	for (int i = 0; i < argc; i++)
		fprintf(to, "%s%s", i > 0 ? " " : "", argv[i]);
	if (fclose(to) == 0)
		return text;
	free(text);
	return NULL;
}

static bool takes_words(const struct command *c)
{
	return c->arguments[0] && strcmp(c->arguments[0], "record") == 0;
}

/* The line of a request for @c, or NULL after saying what is wrong. */
static char *make_line(const struct command *c, int argc, char **argv, bool json)
{
	json_t *request;
	char *text;
	int most = 0;

	while (c->arguments[most])
		most++;
	if (argc > most || argc < most - c->optional) {
		fprintf(stderr, "usage: ternctl %s\n", c->form);
		return NULL;
	}
	request = json_pack("{s:s,s:b}", "command", c->name, "json", (int)json);
	for (int i = 0; i < argc; i++) {
		if (json_object_set_new(request, c->arguments[i],
					argument_to_json(c->arguments[i], argv[i])) == 0)
			continue;
		json_decref(request);
		return NULL;
	}
	if (argc < most && c->initial)
		(void)json_object_set_new(request, c->arguments[most - 1], json_string(c->initial));
	text = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	return text;
}

/* The same for what was written. */
static char *make_request(int argc, char **argv, bool json)
{
	int words;
	const struct command *c = find_command(argc, argv, &words);
	char *joined, *text;

	if (!c && print_forms(stderr, argv[0]))
		return NULL;
	if (!c) {
		fprintf(stderr, "ternctl: unknown command \"%s%s%s\"; ternctl help lists all\n",
			argv[0], words > 1 ? " " : "", words > 1 ? argv[1] : "");
		return NULL;
	}
	argc -= words;
	argv += words;
	joined = takes_words(c) && argc > 1 ? join_words(argc, argv) : NULL;
	text = joined ? make_line(c, 1, &joined, json) : make_line(c, argc, argv, json);
	free(joined);
	return text;
}

static void tell_no_daemon(const char *path, int error)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		fprintf(stderr,
			"ternctl: no daemon listens at %s: ternd is not running, or has "
			"another control.socket (-s)\n",
			path);
		break;
	case EACCES:
	case EPERM:
		fprintf(stderr,
			"ternctl: you may not use %s: be root, or a member of the group "
			"that it belongs to (tern)\n",
			path);
		break;
	default: fprintf(stderr, "ternctl: can't connect to %s: %s\n", path, strerror(error));
	}
}

static int connect_to(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof a.sun_path)
		errno = ENAMETOOLONG;
	else if (fd >= 0)
		memcpy(a.sun_path, path, strlen(path));
	if (fd >= 0 && a.sun_path[0] && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	tell_no_daemon(path, errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool send_request(int fd, const char *text)
{
	size_t len = strlen(text);

	/* The daemon may refuse before it has read all: its reply says why. */
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0)
			return errno == EPIPE;
		text += n;
		len -= (size_t)n;
	}
	return shutdown(fd, SHUT_WR) == 0 || errno == ENOTCONN;
}

/* --- the reply ------------------------------------------------------------------ */

struct reply {
	bool unicode; /* names are shown so */
	char *octets;
	size_t taken;   /* of them, to be shown */
	char *shown;    /* what is on its way to standard output, */
	size_t shown_n; /* so many octets */
	size_t written; /* of these */
	size_t body_n;  /* octets before the NUL, or so far */
	size_t len;
	size_t max;
	bool body_ended;
	bool ended;
};

/* False when the connection is broken. */
static bool receive(int fd, struct reply *r)
{
	if (r->max - r->len < 65536) {
		char *octets = realloc(r->octets, 2 * r->max + 131072);

		if (!octets)
			return false;
		r->octets = octets;
		r->max = 2 * r->max + 131072;
	}
	ssize_t n = recv(fd, r->octets + r->len, r->max - r->len - 1, 0);

	if (n < 0)
		return errno == EINTR;
	const char *end = r->body_ended ? NULL : memchr(r->octets + r->len, '\0', (size_t)n);

	r->len += (size_t)n;
	r->ended = n == 0;
	if (!r->body_ended)
		r->body_n = end ? (size_t)(end - r->octets) : r->len;
	r->body_ended |= end != NULL;
	r->octets[r->len] = '\0';
	return true;
}

/* So many octets a pipe that is ready takes without blocking. */
#define WRITE_MAX 4096

/* As much of the body as can be shown now: a name is not cut in two. */
static size_t takable(const struct reply *r)
{
	size_t n = r->body_n;

	if (!r->unicode || r->body_ended || r->ended)
		return n - r->taken;
	while (n > r->taken && r->octets[n - 1] != '\n')
		n--;
	return n - r->taken;
}

/* Once all of it is written, take more; false when memory is short. */
static bool fill(struct reply *r)
{
	size_t n = takable(r);
	FILE *to;

	if (r->written < r->shown_n || n == 0)
		return true;
	free(r->shown);
	r->shown = NULL;
	r->shown_n = r->written = 0;
	to = open_memstream(&r->shown, &r->shown_n);
	if (!to)
		return false;
	if (r->unicode)
		idn_write(r->octets + r->taken, n, to);
	else
		fwrite(r->octets + r->taken, 1, n, to);
	r->taken += n;
	return fclose(to) == 0;
}

static bool write_shown(struct reply *r)
{
	size_t left = r->shown_n - r->written;
	ssize_t n = write(STDOUT_FILENO, r->shown + r->written,
			  left < WRITE_MAX ? left : (size_t)WRITE_MAX);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	r->written += (size_t)n;
	return true;
}

static bool copy_reply(int fd, struct reply *r)
{
	while (!r->ended || r->written < r->shown_n) {
		struct pollfd fds[2] = {
			{.fd = r->ended ? -1 : fd, .events = POLLIN},
			{.fd = r->written < r->shown_n ? STDOUT_FILENO : -1, .events = POLLOUT},
		};

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return false;
		if (fds[0].revents && !receive(fd, r))
			return false;
		if (fds[1].revents && !write_shown(r))
			return false;
		if (!fill(r))
			return false;
	}
	return true;
}

static int converse(int fd, const char *request, bool json)
{
	struct reply r = {.unicode = !json && idn_is_wanted()};
	int code = EXIT_DAEMON;

	if (!send_request(fd, request) || !copy_reply(fd, &r))
		fprintf(stderr, "ternctl: %s\n", strerror(errno));
	else if (!r.body_ended)
		fprintf(stderr, "ternctl: the reply is incomplete\n");
	else if (r.octets[r.body_n + 1])
		fprintf(stderr, "ternctl: %s\n", r.octets + r.body_n + 1);
	else
		code = EXIT_GOOD;
	free(r.shown);
	free(r.octets);
	return code;
}

/* --- without the daemon ------------------------------------------------------------ */

static int print_help(int argc, char **argv)
{
	int words;
	const struct command *c = argc > 0 ? find_command(argc, argv, &words) : NULL;

	if (argc == 0)
		return usage(stdout, EXIT_GOOD);
	if (c) {
		printf("usage: ternctl %s\n%s\n", c->form, c->help);
		return EXIT_GOOD;
	}
	if (print_forms(stdout, argv[0]))
		return EXIT_GOOD;
	fprintf(stderr, "ternctl: unknown command \"%s\"; ternctl help lists all\n", argv[0]);
	return EXIT_USAGE;
}

/* The daemon's own program says: the one beside this, as installed or as built, else in PATH. */
static void run_daemon(char **arguments)
{
	static const char *const places[] = {"ternd", "../sbin/ternd"};
	char self[4096], path[sizeof self + 16];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	for (size_t i = 0; slash && i < sizeof places / sizeof places[0]; i++) {
		snprintf(path, sizeof path, "%.*s/%s", (int)(slash - self), self, places[i]);
		execv(path, arguments);
	}
	execvp("ternd", arguments);
	fprintf(stderr, "ternctl: can't run ternd: %s\n", strerror(errno));
}

static int check_file(int argc, char **argv)
{
	char program[] = "ternd", test[] = "-t", config[] = "-c";
	char *with_file[] = {program, test, config, argc > 0 ? argv[0] : NULL, NULL};
	char *without[] = {program, test, NULL};
	int status = 0;
	pid_t child;

	if (argc > 1) {
		fputs("usage: ternctl check [FILE]\n", stderr);
		return EXIT_USAGE;
	}
	child = fork();
	if (child == 0) {
		run_daemon(argc > 0 ? with_file : without);
		_exit(EXIT_DAEMON);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		fprintf(stderr, "ternctl: %s\n", strerror(errno));
		return EXIT_DAEMON;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? EXIT_GOOD : EXIT_DAEMON;
}

int main(int argc, char **argv)
{
	struct options options = {.socket = DEFAULT_SOCKET};

	if (argc > 1 && strcmp(argv[1], "import") == 0) /* has options of its own */
		return import_main(argc - 1, argv + 1);
	if (!parse_options(argc, argv, &options))
		return usage(stderr, EXIT_USAGE);
	if (options.help)
		return usage(stdout, EXIT_GOOD);
	if (options.version) {
		puts("ternctl " TERN_VERSION);
		return EXIT_GOOD;
	}
	if (optind == argc)
		return usage(stderr, EXIT_USAGE);
	if (strcmp(argv[optind], "help") == 0)
		return print_help(argc - optind - 1, argv + optind + 1);
	if (strcmp(argv[optind], "check") == 0)
		return check_file(argc - optind - 1, argv + optind + 1);
	if (strcmp(argv[optind], "import") == 0)
		return import_main(argc - optind, argv + optind);
	char *request = make_request(argc - optind, argv + optind, options.json);

	if (!request)
		return EXIT_USAGE;
	int fd = connect_to(options.socket);
	int code = fd < 0 ? EXIT_CONNECTION : converse(fd, request, options.json);

	if (fd >= 0)
		close(fd);
	free(request);
	return code;
}

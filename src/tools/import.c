/* import.c - see import.h: files, formats, and what is settled at the end. */
#include "tools/import.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <tern/text.h>

#include "base/file.h"
#include "base/quantity.h"
#include "tools/import_values.h"

#define LISTENERS_MAX 64
#define DAY_S         86400

bool import_init(struct import *im)
{
	*im = (struct import){0};
	doc_init(&im->doc);
	import_map_init(&im->seen);
	im->views[0] = im->doc.root;
	im->rr = malloc(sizeof *im->rr);
	return !im->doc.broken && im->rr;
}

void import_fini(struct import *im)
{
	import_records_finish(im); /* frees what a broken import left */
	doc_fini(&im->doc);
	import_map_fini(&im->seen);
	import_notes_fini(&im->notes);
	for (unsigned i = 0; i < im->listen_n; i++)
		free(im->listen[i].text);
	free(im->listen);
	free(im->routes);
	free(im->allowed.list);
	free(im->denied.list);
	free(im->viewed.list);
	for (unsigned i = 0; i < im->root_keys_n; i++)
		free(im->root_keys[i]);
	for (unsigned i = 0; i < im->paths_n; i++)
		free(im->paths[i]);
	free(im->rr);
}

/* --- lines ------------------------------------------------------------------------------- */

char *import_line(char **at, const char *end)
{
	char *line = *at;
	char *newline;

	if (line >= end)
		return NULL;
	newline = memchr(line, '\n', (size_t)(end - line));
	*at = newline ? newline + 1 : without_const(end);
	if (newline)
		*newline = '\0';
	for (char *c = line; c < (newline ? newline : end); c++) {
		if (*c == '\0' || *c == '\r')
			*c = ' ';
	}
	return line;
}

char *import_trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len > 0 && strchr(" \t", text[len - 1]))
		text[--len] = '\0';
	return text;
}

/* --- files ------------------------------------------------------------------------------- */

char *import_path(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	char *out = NULL;

	if (*path == '/' || !slash)
		return strdup(path);
	if (asprintf(&out, "%.*s/%s", (int)(slash - file), file, path) < 0)
		return NULL;
	return out;
}

const char *import_intern(struct import *im, const char *path)
{
	for (unsigned i = 0; i < im->paths_n; i++) {
		if (strcmp(im->paths[i], path) == 0)
			return im->paths[i];
	}
	char *copy = im->paths_n < IMPORT_FILES_MAX ? strdup(path) : NULL;

	if (!copy)
		return "(file)";
	im->paths[im->paths_n++] = copy;
	return copy;
}

/* The byte order mark that some editors put before UTF-8 is no part of the text. */
static void drop_mark(char *text, size_t *len)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (strncmp(text, mark, 3) != 0)
		return;
	*len -= 3;
	memmove(text, text + 3, *len + 1);
}

/* A device or pipe has no end, or waits for whoever writes. */
char *import_read_file(struct import *im, const struct import_place *place, const char *path,
		       size_t *len)
{
	struct stat st;
	char *text = NULL;

	if (im->bare) {
		import_leave(im, place, "%s is not read", path);
		return NULL;
	}
	if (im->files_n == IMPORT_FILES_MAX) {
		import_leave(im, place, "%s is not read: at most %d files are", path,
			     IMPORT_FILES_MAX);
		return NULL;
	}
	errno = 0;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		errno = EINVAL;
	else if (errno == 0)
		text = file_read_up_to(path, IMPORT_OCTETS_MAX - im->octets + 1, len);
	if (!text) {
		import_leave(im, place, "%s can't be read: %s", path,
			     errno == EINVAL ? "not a regular file" : strerror(errno));
		return NULL;
	}
	im->files_n++;
	im->octets += *len;
	drop_mark(text, len);
	return text;
}

void import_include(struct import *im, const struct import_place *place, const char *pattern,
		    import_reader *read)
{
	char *whole = import_path(place->file, pattern);
	glob_t found = {0};
	size_t len;

	if (!whole || im->bare || im->depth == IMPORT_DEPTH_MAX ||
	    glob(whole, GLOB_NOMAGIC, NULL, &found) != 0) {
		if (im->depth == IMPORT_DEPTH_MAX)
			import_leave(im, place, "%s is not read: files include each other %d deep",
				     pattern, IMPORT_DEPTH_MAX);
		free(whole);
		return;
	}
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *text = import_read_file(im, place, found.gl_pathv[i], &len);

		im->depth++;
		if (text)
			read(im, found.gl_pathv[i], text, len);
		im->depth--;
		free(text);
	}
	globfree(&found);
	free(whole);
}

/* --- formats ----------------------------------------------------------------------------- */

static bool is_word(const char *line, const char *const words[])
{
	for (; *words; words++) {
		if (strncmp(line, *words, strlen(*words)) == 0)
			return true;
	}
	return false;
}

/* The first line that says something decides. */
static enum import_format format_of_line(const char *line)
{
	static const char *const unbound[] = {
		"server:",         "include:", "include-toplevel:", "forward-zone:",
		"stub-zone:",      "view:",    "auth-zone:",        "rpz:",
		"remote-control:", "python:",  "dnstap:",           NULL};
	static const char *const adguard[] = {
		"http:",           "users:",     "dns:",     "filters:", "bind_host:",
		"schema_version:", "filtering:", "clients:", NULL};
	static const char *const pihole[] = {"PIHOLE_",
					     "WEBPASSWORD=",
					     "DNSMASQ_LISTENING=",
					     "BLOCKING_ENABLED=",
					     "QUERY_LOGGING=",
					     "IPV4_ADDRESS=",
					     "INSTALL_",
					     "http://",
					     "https://",
					     NULL};
	size_t word = strspn(line, "abcdefghijklmnopqrstuvwxyzAN-");

	if (is_word(line, unbound))
		return IMPORT_UNBOUND;
	if (is_word(line, adguard))
		return IMPORT_ADGUARD;
	if (is_word(line, pihole))
		return IMPORT_PIHOLE;
	if (word > 2 && (line[word] == '=' || line[word + strspn(line + word, " ")] == '=' ||
			 line[word] == '\0'))
		return IMPORT_DNSMASQ;
	return IMPORT_UNKNOWN;
}

enum import_format import_find_format(const char *path, const char *text, size_t len)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	enum import_format format = IMPORT_UNKNOWN;

	/* These say nothing but addresses and names. */
	if (strcmp(name, "custom.list") == 0 || strcmp(name, "adlists.list") == 0 ||
	    strcmp(name, "setupVars.conf") == 0 || strcmp(name, "regex.list") == 0 ||
	    strncmp(name, "05-pihole-custom-cname", 22) == 0)
		return IMPORT_PIHOLE;
	for (size_t i = 0, n; i < len && format == IMPORT_UNKNOWN; i += n + 1) {
		const char *newline = memchr(text + i, '\n', len - i);
		char line[128];
		size_t at;

		n = newline ? (size_t)(newline - text) - i : len - i;
		snprintf(line, sizeof line, "%.*s", (int)(n < 127 ? n : 127), text + i);
		at = strspn(line, " \t\r");
		line[at + strcspn(line + at, "\r")] = '\0';
		if (line[at] && line[at] != '#' && line[at] != ';')
			format = format_of_line(line + at);
	}
	/* A file of nothing but comments is what it is called. */
	if (format == IMPORT_UNKNOWN && strncmp(name, "dnsmasq", 7) == 0)
		format = IMPORT_DNSMASQ;
	if (format == IMPORT_UNKNOWN && strncmp(name, "unbound", 7) == 0)
		format = IMPORT_UNBOUND;
	return format;
}

void import_text(struct import *im, enum import_format format, const char *path, char *text,
		 size_t len)
{
	switch (format) {
	case IMPORT_UNBOUND: import_unbound(im, path, text, len); break;
	case IMPORT_DNSMASQ: import_dnsmasq(im, path, text, len); break;
	case IMPORT_PIHOLE: import_pihole(im, path, text, len); break;
	case IMPORT_ADGUARD: import_adguard(im, path, text, len); break;
	case IMPORT_UNKNOWN: break;
	}
}

/* --- at the end -------------------------------------------------------------------------- */

static void write_listener(struct import *im, const struct import_listen *l)
{
	unsigned port = l->port > 0 ? l->port : im->port > 0 ? im->port : 53;
	struct doc_node *list = doc_list(&im->doc, import_section(im, "server"), "listen");
	char text[2 * ADDRESS_TEXT_MAX], key[sizeof text + 8];
	struct address a;

	if (l->is_interface) {
		snprintf(text, sizeof text, "%.60s@%u", l->text, port);
	} else if (!address_from_text(l->text, (uint16_t)port, &a)) {
		return;
	} else if (a.scope > 0) {
		snprintf(text, sizeof text, strchr(l->text, '@') ? "%.60s" : "%.60s@%u", l->text,
			 port);
	} else {
		address_to_text(&a, text);
	}
	snprintf(key, sizeof key, "a:%s", text);
	if (import_map_find(&im->seen, key))
		return;
	if (!import_map_add(&im->seen, key, 0))
		im->broken = true;
	if (doc_len(list) == LISTENERS_MAX) {
		import_leave(im, &l->place, "there are %d addresses already", LISTENERS_MAX);
	} else if (l->is_interface) {
		struct doc_node *item = doc_add_map(&im->doc, list);

		snprintf(text, sizeof text, "%u", port);
		doc_set_text(&im->doc, item, "interface", l->text);
		doc_set_word(&im->doc, item, "port", text);
	} else {
		doc_add_text(&im->doc, list, text);
	}
}

static void finish_listen(struct import *im)
{
	static const char *const everywhere[] = {"0.0.0.0", "::"}, *here[] = {"127.0.0.1", "::1"};
	unsigned n = im->no_ipv6 ? 1 : 2;

	for (unsigned i = 0; im->listen_n > 0 && i < im->listen_n; i++)
		write_listener(im, &im->listen[i]);
	if (im->listen_n > 0 || (!im->is_at_all && im->port == 0 && n == 2))
		return;
	for (unsigned i = 0; i < n; i++)
		write_listener(
			im, &(struct import_listen){
				    .text = without_const((im->is_at_all ? everywhere : here)[i])});
}

static uint64_t number_of(const char *word, uint64_t initial)
{
	return word ? strtoull(word, NULL, 10) : initial;
}

static void finish_cache(struct import *im)
{
	static const struct import_place nowhere = {"cache", 0, "min-ttl"};
	struct doc_node *cache = import_section(im, "cache");
	char text[32];

	if (im->cache_octets > 0) {
		uint64_t octets = im->cache_octets < 1 << 20 ? 1 << 20 : im->cache_octets;

		if (octets > (uint64_t)1 << 40)
			octets = (uint64_t)1 << 40;
		doc_set_word(&im->doc, cache, "size", quantity_octets_to_text(octets, text));
	}
	if (number_of(doc_get(cache, "min-ttl"), 0) <= number_of(doc_get(cache, "max-ttl"), DAY_S))
		return;
	import_leave(im, &nowhere, "left out, for it is longer than max-ttl");
	doc_remove(cache, "min-ttl");
}

static void finish_resolver(struct import *im)
{
	static const struct import_place nowhere = {"resolver", 0, "ipv4"};
	struct doc_node *resolver = import_section(im, "resolver");
	const char *ipv4 = doc_get(resolver, "ipv4"), *ipv6 = doc_get(resolver, "ipv6");

	if (!ipv4 || !ipv6 || strcmp(ipv4, "false") != 0 || strcmp(ipv6, "false") != 0)
		return;
	import_leave(im, &nowhere, "left out: without IPv4 and IPv6 no server could be asked");
	doc_remove(resolver, "ipv4");
	doc_remove(resolver, "ipv6");
}

void import_finish(struct import *im)
{
	static const struct import_place nowhere = {"access", 0, "allow"};

	finish_listen(im);
	finish_cache(im);
	finish_resolver(im);
	if (im->is_local_only) {
		import_allow(im, &nowhere, "127.0.0.0/8");
		import_allow(im, &nowhere, "::1/128");
	}
	import_access_finish(im);
	if (doc_len(doc_list(&im->doc, import_section(im, "dnssec"), "trust-anchors")) > 0) {
		for (unsigned i = 0; i < im->root_keys_n; i++)
			import_anchor(im, &nowhere, im->root_keys[i]);
	}
	import_records_finish(im);
	im->broken = im->broken || im->doc.broken;
}

void import_write(const struct import *im, FILE *to)
{
	fputs("# Made by `ternctl import`; see tern.yaml(5), and check it with `ternctl check`.\n",
	      to);
	doc_write(&im->doc, to);
	if (im->notes.n == 0)
		return;
	fputs("\n# Not taken over:\n", to);
	import_notes_write(&im->notes, "# ", to);
}

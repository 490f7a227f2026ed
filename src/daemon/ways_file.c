/* ways_file.c - see ways_file.h. */
#include "daemon/ways_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] = "# Servers that tern asks encrypted, and those that it has tried.\n";

static const char *const names[INFRA_WAYS] = {[INFRA_TLS] = "tls"};

static bool find_way(const char *name, enum infra_way *out)
{
	for (unsigned i = 0; i < INFRA_WAYS; i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		*out = (enum infra_way)i;
		return true;
	}
	return false;
}

static const char *take_line(const char *line, void *out)
{
	struct ways_kept *ways = out;
	struct way_kept w;
	char way[16], server[ADDRESS_TEXT_MAX], state[8], more;

	_Static_assert(ADDRESS_TEXT_MAX == 64, "as much as is read, and a zero");
	if (sscanf(line, "%15s %63s %7s %15" SCNd64 "%c", way, server, state, &w.at_s, &more) != 4)
		return "not understood";
	if (!find_way(way, &w.way))
		return "expected tls";
	if (!address_from_text(server, 0, &w.server) || w.server.port == 0)
		return "expected ADDRESS@PORT";
	w.works = strcmp(state, "works") == 0;
	if (!w.works && strcmp(state, "fails") != 0)
		return "expected works or fails";
	if (w.at_s <= 0)
		return "expected a time";
	if (ways->n == WAYS_KEPT_MAX)
		return "more servers than there is room for";
	ways->ways[ways->n++] = w;
	return NULL;
}

bool ways_parse(const char *text, size_t len, struct ways_kept *out, unsigned *line,
		const char **why)
{
	out->n = 0;
	return state_parse(text, len, take_line, out, line, why);
}

enum state_found ways_file_read(const char *path, struct ways_kept *out, struct log *log)
{
	out->n = 0;
	return state_read(path, take_line, out, log);
}

static void print(FILE *f, const void *from)
{
	const struct ways_kept *ways = from;
	char text[ADDRESS_TEXT_MAX];

	for (unsigned i = 0; i < ways->n; i++) {
		const struct way_kept *w = &ways->ways[i];

		fprintf(f, "%s %s %s %" PRId64 "\n", names[w->way],
			address_to_text(&w->server, text), w->works ? "works" : "fails", w->at_s);
	}
}

bool ways_file_write(const char *path, const struct ways_kept *ways)
{
	size_t len;
	char *text = state_to_text(head, print, ways, &len);

	if (!text) {
		errno = ENOMEM;
		return false;
	}
	bool good = state_write_secret(path, text, len, (uid_t)-1);
	int error = errno;

	free(text);
	errno = error;
	return good;
}

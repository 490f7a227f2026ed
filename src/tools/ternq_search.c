/*
 * ternq_search.c - search, domain and ndots of resolv.conf.
 */
#include "tools/ternq_search.h"

#include <stdlib.h>
#include <string.h>

#define RESOLV_CONF   "/etc/resolv.conf"
#define LINE_MAX_LEN  4096 /* octets of a line of it */
#define NDOTS_DEFAULT 1
#define NDOTS_MAX     15
#define BLANKS        " \t\r\n"

static void add_domain(struct search_conf *conf, const char *domain)
{
	size_t size = strlen(domain) + 1;

	if (conf->domains_n < SEARCH_DOMAINS_MAX && size <= NAME_ARG_MAX)
		memcpy(conf->domains[conf->domains_n++], domain, size);
}

/* The words behind "search" or "domain"; a later line replaces an earlier one. */
static void read_domains(char **rest, unsigned max, struct search_conf *conf)
{
	conf->domains_n = 0;
	for (char *word = strtok_r(NULL, BLANKS, rest); word && conf->domains_n < max;
	     word = strtok_r(NULL, BLANKS, rest))
		add_domain(conf, word);
}

static void read_options(char **rest, struct search_conf *conf)
{
	for (char *word = strtok_r(NULL, BLANKS, rest); word; word = strtok_r(NULL, BLANKS, rest)) {
		unsigned ndots;

		if (sscanf(word, "ndots:%2u", &ndots) == 1)
			conf->ndots = ndots > NDOTS_MAX ? NDOTS_MAX : (int)ndots;
	}
}

void search_read(FILE *file, struct search_conf *out)
{
	char line[LINE_MAX_LEN];

	*out = (struct search_conf){.ndots = NDOTS_DEFAULT};
	while (fgets(line, sizeof line, file)) {
		char *rest;
		const char *key = strtok_r(line, BLANKS, &rest);

		if (!key)
			continue;
		if (strcmp(key, "search") == 0)
			read_domains(&rest, SEARCH_DOMAINS_MAX, out);
		else if (strcmp(key, "domain") == 0)
			read_domains(&rest, 1, out);
		else if (strcmp(key, "options") == 0)
			read_options(&rest, out);
	}
}

static int count_dots(const char *name)
{
	int n = 0;

	for (; *name; name++)
		n += *name == '.';
	return n;
}

/* What gets too long can't exist and is left out. */
static void add_name(struct search *s, const char *name, const char *domain)
{
	bool is_root = strcmp(domain, ".") == 0;
	int len = snprintf(s->names[s->n], NAME_ARG_MAX, "%s.%s", name, is_root ? "" : domain);

	if (len < NAME_ARG_MAX)
		s->n++;
}

void search_order(const struct lookup *l, const struct search_conf *conf, struct search *out)
{
	size_t len = strlen(l->name);
	int ndots = l->ndots >= 0 ? l->ndots : conf->ndots;
	bool relative = l->search && len > 0 && l->name[len - 1] != '.';
	bool own_first = !relative || count_dots(l->name) >= ndots;

	out->n = 0;
	if (own_first)
		memcpy(out->names[out->n++], l->name, len + 1);
	if (!relative)
		return;
	if (l->domain)
		add_name(out, l->name, l->domain);
	for (unsigned i = 0; !l->domain && i < conf->domains_n; i++)
		add_name(out, l->name, conf->domains[i]);
	if (!own_first)
		memcpy(out->names[out->n++], l->name, len + 1);
}

void search_names(const struct lookup *l, struct search *out)
{
	struct search_conf conf = {.ndots = NDOTS_DEFAULT};
	FILE *file = l->search ? fopen(RESOLV_CONF, "re") : NULL;

	if (file) {
		search_read(file, &conf);
		fclose(file);
	}
	search_order(l, &conf, out);
}

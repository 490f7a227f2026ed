/*
 * ternq_search.h - +search: the names that a short name may stand for, resolv.conf(5).
 */
#pragma once

#include <stdio.h>

#include "tools/ternq_options.h"

#define SEARCH_DOMAINS_MAX 16 /* more in resolv.conf are not read */

/** What resolv.conf says. */
struct search_conf {
	char domains[SEARCH_DOMAINS_MAX][NAME_ARG_MAX];
	unsigned domains_n;
	int ndots;
};

/** Names in the order in which they are to be asked; at least one. */
struct search {
	char names[SEARCH_DOMAINS_MAX + 1][NAME_ARG_MAX];
	unsigned n;
};

/** Read a resolv.conf; what is no search, domain or ndots is skipped. */
void search_read(FILE *file, struct search_conf *out);

/** The names of @p l by @p conf, which +domain and +ndots outdo. Only its own without +search. */
void search_order(const struct lookup *l, const struct search_conf *conf, struct search *out);

/** The same by /etc/resolv.conf. */
void search_names(const struct lookup *l, struct search *out);

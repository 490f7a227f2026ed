/*
 * ternq_print.h - replies on standard output, as dig shows them, as JSON or as YAML.
 */
#pragma once

#include "tools/ternq_net.h"
#include "tools/ternq_options.h"
#include "tools/ternq_query.h"

/** The line with the command, once, and the number of servers. */
void print_banner(struct options *o, const struct lookup *l, const struct servers *servers);

/** The query itself, for +qr. */
void print_query(const struct lookup *l, const struct query *q);

/** A reply with all that @p l wants to see of it. */
void print_reply(const struct options *o, const struct lookup *l, const struct query *q,
		 const struct reply *r);

/** The flags that are set, each behind a space. */
void print_flags(const struct tern_message *m);

/** How much a transfer was. */
struct xfr_size {
	uint64_t records_n;
	uint64_t messages_n;
	uint64_t octets_n;
};

/** The lines behind a transfer. */
void print_transfer_stats(const struct options *o, const struct reply *r,
			  const struct xfr_size *size);

/** The records of the sections that @p show has, without headings, for +trace. */
void print_records(const struct show *show, const struct tern_message *m);

/** What +validate found. */
struct verdict {
	const char *word;   /* "secure", "insecure", "bogus", "unknown": for programs */
	const char *text;   /* "fully validated", ...: for people */
	const char *reason; /* of the last two; else NULL */
};

/** One line of JSON in the form of RFC 8427; @p verdict may be NULL. False when out of memory. */
MUST_USE bool print_json(const struct reply *r, const struct verdict *verdict);

/**
 * An item of a YAML list with the keys that dig has; @p verdict may be NULL.
 * False when out of memory.
 */
MUST_USE bool print_yaml(const struct lookup *l, const struct query *q, const struct reply *r,
			 const struct verdict *verdict);

/** @p text in YAML's single quotes, where only the quote itself means something. */
void print_quoted(const char *text);

/** The OPT of an item of print_yaml(). */
MUST_USE bool print_opt_yaml(const struct tern_message *m, const struct query *q);

/** Is the output for programs, so that nothing else may stand in it? */
bool print_is_for_programs(const struct show *show);

/** "do" and "co" and the options of an OPT, as dig's pseudo-section; @p q may be NULL. */
void print_opt(const struct tern_message *m, const struct query *q);

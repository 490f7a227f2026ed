/*
 * ternq_options.h - what the command line asks for.
 *
 * Words before the first name hold for all look-ups, words behind a name for
 * that one. A server or a port behind a name holds for later names too. -4, -6,
 * -b, -u and the options that choose the form (+cmd, +short, +json, +yaml,
 * +multiline, +crypto, +rrcomments) hold for all wherever they stand.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <tern/edns.h>
#include <tern/name.h>

#include "base/compiler.h"

#define DEFAULT_PORT    53
#define LOOKUPS_MAX     1024 /* on one command line or line of a batch file */
#define SERVER_TEXT_MAX 256  /* octets with NUL of what follows @ */
#define NAME_ARG_MAX    1025 /* octets with NUL of a name as typed */

/** dig's exit codes. Of several look-ups the highest one counts. */
enum exit_code {
	EXIT_REPLY = 0,
	EXIT_USAGE = 1,
	EXIT_BATCH = 8,
	EXIT_NO_REPLY = 9,
	EXIT_INTERNAL = 10,
	EXIT_BOGUS = 11, /* dig has none: +validate found forged or broken data */
};

/** Which parts of a reply are printed. */
struct show {
	bool cmd;
	bool comments;
	bool question;
	bool answer;
	bool authority;
	bool additional;
	bool stats;
	bool ttl;
	bool rclass;
	bool query;    /* +qr: the query too */
	bool brief;    /* +short */
	bool identify; /* +short tells who answered */
	bool json;
	bool yaml;
	bool unknown_format; /* all rdata in RFC 3597 form */
	bool idn_out;
	bool multiline;
	bool crypto;          /* keys, signatures and digests themselves */
	bool comments_chosen; /* +[no]rrcomments was told; else +multiline decides */
	bool rr_comments;
	bool one_soa; /* of a transfer */
};

/** Client subnet, RFC 7871. */
struct subnet {
	bool present;
	uint8_t family; /* 1 IPv4, 2 IPv6 */
	uint8_t bits;
	uint8_t address[16];
};

struct lookup {
	char name[NAME_ARG_MAX];      /* as typed, or as -x made it; "" none yet */
	uint16_t type;                /* 0: not told */
	uint16_t rclass;              /* 0: not told */
	uint32_t serial;              /* of IXFR: what the client has */
	char server[SERVER_TEXT_MAX]; /* "" for those of resolv.conf */
	uint16_t port;                /* 0: not told */
	bool search;                  /* try the domains of resolv.conf or +domain */
	bool show_search;             /* print each reply of the search */
	const char *domain;           /* +domain, points into argv; NULL for resolv.conf's */
	int ndots;                    /* -1: resolv.conf's */

	unsigned tries;
	unsigned timeout_ms; /* for each try */
	bool tcp;
	bool ignore_tc;
	bool retry_badcookie;
	bool retry_badvers;
	bool trace;
	bool validate;
	const char *anchors; /* +anchor: a file, points into argv; NULL for the built-in ones */
	bool idn_in;

	bool recurse;
	bool authentic; /* AD */
	bool checking_disabled;
	bool authoritative; /* AA in the query */
	bool zero_flag;     /* the bit that must be zero */
	int32_t id;         /* -1: random */

	bool edns;
	uint8_t edns_version;
	uint16_t udp_size;
	bool dnssec;
	bool compact; /* CO */
	bool nsid;
	bool keepalive;
	bool expire;
	uint16_t padding; /* block size, 0: none */
	bool cookie;
	uint8_t cookie_octets[TERN_COOKIE_MAX];
	uint8_t cookie_len; /* 0: a fresh client cookie */
	struct subnet subnet;

	struct show show;
};

struct options {
	bool ipv4;
	bool ipv6;
	bool microseconds;
	char source[SERVER_TEXT_MAX]; /* -b, "" for any */
	char *batch;                  /* -f, NULL for none; points into argv */
	bool banner_done;             /* the line with the command has been printed */
	struct lookup defaults;
	struct lookup *lookups; /* heap, options_fini() */
	size_t lookups_n;
	int argc;
	char **argv;
};

/** What to do after reading the arguments. */
enum options_verdict {
	OPTIONS_RUN,
	OPTIONS_HELP,    /* -h, --help */
	OPTIONS_VERSION, /* -V, -v, --version */
	OPTIONS_BAD,     /* told on stderr */
};

/** Everything at dig's defaults. */
void options_init(struct options *o);

/** Free the look-ups. */
void options_fini(struct options *o);

/**
 * Read arguments; look-ups are added to those already there. A command line
 * without a name asks for "." NS.
 */
MUST_USE enum options_verdict options_parse(struct options *o, int argc, char **argv);

/** One "+word", without the plus, for @p l. False (told on stderr) when unknown or malformed. */
MUST_USE bool plus_option(struct lookup *l, const char *word);

/** Every "+word" with its value and its meaning, a line each. */
void plus_help(FILE *to);

/**
 * The name of an address's PTR records. The beginning of an address gives the
 * name of the zone: "192.0.2", "192.0.2.", "2001:db8:" (whole groups). A last
 * octet such as "0/25" or "0-127" is taken as it stands (RFC 2317).
 * False for anything else.
 */
MUST_USE bool reverse_text(const char *address, char name[NAME_ARG_MAX]);

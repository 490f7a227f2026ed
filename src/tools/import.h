/*
 * import.h - other programs' configuration as a tern.yaml.
 *
 * Flow       1. each file is read and its format found by its content (import.c)
 *            2. a reader per format tells what each line says: import_unbound.c, import_dnsmasq.c,
 *               import_pihole.c, import_adguard.c
 *            3. values are checked as ternd checks them, and what ternd would refuse is left out
 *               with a reason (import_values.c, import_records.c), so that what is written is valid
 *            4. the document is written, and behind it, as comments, what was left out
 * Memory     one `struct import` owns everything; import_fini().
 * Input      any octets from anywhere; files at most IMPORT_OCTETS_MAX together.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <tern/name.h>

#include "base/address.h"
#include "base/compiler.h"
#include "tools/import_doc.h"
#include "tools/import_map.h"
#include "tools/import_notes.h"

#define IMPORT_OCTETS_MAX ((size_t)64 << 20) /* read, and written: ternd takes no more */
#define IMPORT_FILES_MAX  256
#define IMPORT_DEPTH_MAX  8 /* files that include each other */
#define IMPORT_VIEWS_MAX  31
#define IMPORT_ROOT_KEYS  4
#define IMPORT_SERVERS    48 /* of one zone */

enum import_format {
	IMPORT_UNKNOWN,
	IMPORT_UNBOUND,
	IMPORT_DNSMASQ,
	IMPORT_PIHOLE,
	IMPORT_ADGUARD,
};

/** A record that waits for all zones to be known. */
struct import_record { /* its texts are its own */
	char *text;
	uint8_t *owner; /* lower case */
	char *option;
	struct import_place place; /* its option is the one above */
	unsigned view;
	uint16_t type;
};

/** An address or interface to listen at, until the port is known. */
struct import_listen {
	char *text;
	struct import_place place;
	unsigned port; /* 0: the port of all */
	bool is_interface;
};

/** Networks that were named. */
struct import_networks {
	struct prefix *list;
	unsigned n;
};

struct import {
	struct doc doc;
	struct import_networks allowed, denied, viewed; /* viewed: clients of views */
	char *paths[IMPORT_FILES_MAX + 1];              /* of all files, for places */
	unsigned paths_n;
	unsigned depth; /* files that are being read */
	struct import_listen *listen;
	unsigned listen_n;
	unsigned port;         /* 0: none was said */
	bool is_at_all;        /* that program listens everywhere unless told */
	bool is_local_only;    /* that program answers this host only, unless told */
	bool no_ipv6;          /* it does not listen at ::1 */
	uint64_t cache_octets; /* 0: none were said */
	struct import_notes notes;
	struct import_map seen; /* names of zones, records, views, networks, files: "z:0:lan." */
	struct import_record *records;
	size_t records_n, records_room;
	struct tern_rr_text *rr;                      /* scratch */
	struct doc_node *views[IMPORT_VIEWS_MAX + 1]; /* [0] is the document: everybody */
	unsigned views_n;
	struct doc_node **routes; /* addresses of forward and stub zones */
	unsigned routes_n;
	char *root_keys[IMPORT_ROOT_KEYS]; /* of a file that follows them, RFC 5011 */
	unsigned root_keys_n;
	const char *lists_folder; /* NULL: none was named */
	size_t octets;
	unsigned files_n;
	unsigned lists_n;
	void *reader; /* the state of a reader while it follows an include */
	bool bare;    /* read no other files than those given (fuzzing) */
	bool broken;  /* memory was short */
};

/** Ready to take files; false when memory is short. */
MUST_USE bool import_init(struct import *im);
void import_fini(struct import *im);

/** What is @p text of the file @p path? */
enum import_format import_find_format(const char *path, const char *text, size_t len);

/** Take over @p text (NUL behind its @p len octets) of the file @p path. */
void import_text(struct import *im, enum import_format format, const char *path, char *text,
		 size_t len);

/** All was read: settle what contradicts itself. */
void import_finish(struct import *im);

/** Write the document and what was left out. */
void import_write(const struct import *im, FILE *to);

/** `ternctl import`: its exit code. @p argv[0] is "import". */
int import_main(int argc, char **argv);

/* --- for the readers ----------------------------------------------------------------- */

void import_unbound(struct import *im, const char *path, char *text, size_t len);
void import_dnsmasq(struct import *im, const char *path, char *text, size_t len);
void import_pihole(struct import *im, const char *path, char *text, size_t len);
void import_adguard(struct import *im, const char *path, char *text, size_t len);

typedef void import_reader(struct import *im, const char *path, char *text, size_t len);

/**
 * Have @p read take the files that @p pattern (with * and ?) names, relative to the folder of
 * @p place's file. Files that can't be read, too many and too deep ones are left out with a reason.
 */
void import_include(struct import *im, const struct import_place *place, const char *pattern,
		    import_reader *read);

/** The text of a file, to be freed; NULL after telling why it is left out. */
char *import_read_file(struct import *im, const struct import_place *place, const char *path,
		       size_t *len);

/** A copy of @p path that lives as long as the import. */
const char *import_intern(struct import *im, const char *path);

/** @p path as it is if absolute, else below the folder of @p file; to be freed. */
char *import_path(const char *file, const char *path);

/** Cut the next line out of @p *at; NULL at the end. NULs in it become blanks. */
char *import_line(char **at, const char *end);

/** Cut blanks off both ends. */
char *import_trim(char *text);

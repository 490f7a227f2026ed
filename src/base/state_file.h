/*
 * state_file.h - what outlives the daemon, in text files of lines.
 *
 *	# comment
 *	version 1
 *	...                      lines that the caller understands
 *	check 89abcdef01234567   of all octets before this line
 *
 * A file is replaced whole: written beside, synced, renamed; the one before
 * stays as FILE.old. A damaged one is told to the log and kept as FILE.damaged.
 * All of that by the descriptor of the folder (folder.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "base/log.h"

#define STATE_LINE_OCTETS 4096 /* a key of ANCHOR_RDATA_MAX octets takes 1500 */
#define STATE_PATH_OCTETS 4096

/** Takes in one line; NULL, or a static text that says what is wrong with it. */
typedef const char *state_line(const char *line, void *out);

/** Adds the lines to a file being printed. */
typedef void state_print(FILE *f, const void *from);

/**
 * Read @p text line by line. False when it is damaged, with a static @p why and
 * @p line (0 for the file as a whole); what was taken in is no use then.
 */
MUST_USE bool state_parse(const char *text, size_t len, state_line *take, void *out, unsigned *line,
			  const char **why);

/** As text, after the comment @p head; to be freed. NULL when memory is short. */
MUST_USE char *state_to_text(const char *head, state_print *print, const void *from, size_t *len);

enum state_found {
	STATE_GOOD,
	STATE_MISSING,
	STATE_DAMAGED,
	STATE_UNREADABLE, /**< it is there, but who knows what is in it */
};

/** Read the file @p path; what is wrong with it is logged, but for its absence. */
MUST_USE enum state_found state_read(const char *path, state_line *take, void *out,
				     struct log *log);

/**
 * The path of @p name in the folder that the service manager gives for what outlives the daemon
 * (STATE_DIRECTORY), to be freed; NULL when there is no such folder, or memory is short.
 */
MUST_USE char *state_path_of(const char *name);

/** FILE.@p suffix, into @p out. */
const char *state_beside(const char *path, const char *suffix, char out[STATE_PATH_OCTETS]);

/**
 * Replace @p path by @p text that nobody but the user @p uid may read, (uid_t)-1 being who we are;
 * no FILE.old is kept. False with errno when that fails: the file is as it was.
 */
MUST_USE bool state_write_secret(const char *path, const char *text, size_t len, uid_t uid);

/** Replace @p path by @p text. False with errno when that fails: the file is as it was. */
MUST_USE bool state_write(const char *path, const char *text, size_t len);

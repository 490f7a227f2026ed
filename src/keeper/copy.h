/*
 * copy.h - what was fetched, kept on the disk: a list's text, and beside it what the next
 * request says of it.
 *
 *	NAME-0123456789abcdef          the text as it was fetched last
 *	NAME-0123456789abcdef.about    see below; in the form of state_file.h
 *
 *	fetched 1795314064             when the server last said that this is it: CLOCK_REALTIME
 *	octets 123456                  of the text that the following is about
 *	etag "5f3a-1"                  as the server said it, or no such line
 *	modified Wed, 21 Oct 2026 07:28:00 GMT
 *
 * A copy is of one list and one URL: both are in its name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#define COPY_NAME_MAX   224 /* octets, with NUL */
#define COPY_HEADER_MAX 512 /* octets of a header's value, with NUL */

struct copy_about {
	int64_t fetched_s; /* 0: never */
	uint64_t octets;
	char etag[COPY_HEADER_MAX];     /* "" for none */
	char modified[COPY_HEADER_MAX]; /* "" for none */
};

/**
 * The name of the file for the list @p name from @p url: safe whatever these are, and another
 * one for another list or URL.
 */
const char *copy_name(const char *name, const char *url, char out[COPY_NAME_MAX]);

/** FOLDER/FILE, to be freed; NULL when memory is short. */
MUST_USE char *copy_path(const char *folder, const char *file);

/**
 * Keep of a response's line @p line (@p len octets, not terminated) what the next request needs;
 * all else, and what is no text, is passed over.
 */
void copy_take_header(struct copy_about *about, const char *line, size_t len);

/** Read @p text. False when it is damaged; @p out is all zero then. */
MUST_USE bool copy_about_parse(const char *text, size_t len, struct copy_about *out);

/** Read what is kept beside the copy @p path. False when it is missing or damaged: all is zero. */
MUST_USE bool copy_about_read(const char *path, struct copy_about *out);

/** Replace it. False with errno when that fails: it is as it was. */
MUST_USE bool copy_about_write(const char *path, const struct copy_about *about);

/** Remove from @p folder what belongs to none of the @p n copies @p keep. */
void copy_tidy(const char *folder, const char *const *keep, unsigned n);

/* config_include.c - see config_include.h. */
#include "config/config_include.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config_file.h"

/** A file that was opened: by whatever name, it is the same file. */
struct opened {
	dev_t device;
	ino_t inode;
	bool reading; /* it, or what it includes */
};

struct walk {
	struct config_reader *reader;
	struct report *report;
	size_t octets;   /* of all files so far */
	uint64_t end_ms; /* CLOCK_MONOTONIC: no pipe is waited for any longer */
	unsigned depth;
	unsigned patterns_n;
	unsigned files_n;
	struct opened files[CONFIG_FILES_MAX];
};

static void read_file(struct walk *w, const char *path, struct place from);

/* Where `include` stands, or nowhere for the first file. */
static void complain(struct walk *w, struct place from, const char *path, const char *why)
{
	w->report->file = from.line > 0 ? from.file : path;
	if (from.line > 0)
		report_add(w->report, from.line, "include", "%s: %s", path, why);
	else
		report_add(w->report, 0, "", "%s", why);
}

static void complain_reason(struct walk *w, struct place from, const char *path, int reason)
{
	char why[128];

	if (reason == EFBIG && w->files_n > 1)
		snprintf(why, sizeof(why), "all files together are larger than %zu MiB",
			 CONFIG_OCTETS_MAX >> 20);
	else if (reason == EFBIG || reason == ETIMEDOUT)
		snprintf(why, sizeof(why), "%s", config_file_reason(reason));
	else
		snprintf(why, sizeof(why), "cannot be read: %s", config_file_reason(reason));
	complain(w, from, path, why);
}

/* --- patterns ----------------------------------------------------------------------------- */

/* Only what stands in the file is a pattern, not the name of the folder that the file is in. */
static bool add_folder(const char *file, bool quote, char out[PATH_MAX])
{
	const char *slash = strrchr(file, '/');
	size_t n = 0;

	for (const char *p = file; slash && p <= slash; p++) {
		if (n + 3 > PATH_MAX)
			return false;
		if (quote && strchr("*?[]\\", *p))
			out[n++] = '\\';
		out[n++] = *p;
	}
	out[n] = '\0';
	return true;
}

static bool make_path(const char *file, const char *pattern, bool quote, char out[PATH_MAX])
{
	size_t n, len = strlen(pattern);

	out[0] = '\0';
	if (pattern[0] != '/' && !add_folder(file, quote, out))
		return false;
	n = strlen(out);
	if (n + len >= PATH_MAX)
		return false;
	memcpy(out + n, pattern, len + 1);
	return true;
}

/* A folder that is not there has no match. One that can't be read might have. */
static int is_fatal(const char *path, int error)
{
	(void)path;
	return error != ENOENT && error != ENOTDIR;
}

static void read_matches(struct walk *w, const char *pattern, struct place from)
{
	glob_t found;
	int end = glob(pattern, 0, is_fatal, &found);

	if (end == GLOB_ABORTED)
		complain(w, from, pattern, "a folder of that name cannot be read");
	else if (end == GLOB_NOSPACE)
		complain_reason(w, from, pattern, ENOMEM);
	for (size_t i = 0; end == 0 && i < found.gl_pathc; i++) {
		if (w->files_n == CONFIG_FILES_MAX) {
			complain(w, from, found.gl_pathv[i], "too many files are included");
			break;
		}
		read_file(w, found.gl_pathv[i], from);
	}
	globfree(&found);
}

/* False when there were enough of them: the first one too many is told, and no other is looked at.
 */
static bool count_pattern(struct walk *w, struct place from)
{
	if (w->patterns_n > CONFIG_PATTERNS_MAX)
		return false;
	if (w->patterns_n++ < CONFIG_PATTERNS_MAX)
		return true;
	w->report->file = from.file;
	report_add(w->report, from.line, "include", "expected at most %d patterns in all files",
		   CONFIG_PATTERNS_MAX);
	return false;
}

static void read_include(struct walk *w, const char *file, const struct config_include *include)
{
	bool is_pattern = strpbrk(include->path, "*?[") != NULL;
	struct place from = {file, include->line};
	char path[PATH_MAX];

	if (!count_pattern(w, from))
		return;
	if (!make_path(file, include->path, is_pattern, path))
		complain_reason(w, from, include->path, ENAMETOOLONG);
	else if (is_pattern)
		read_matches(w, path, from);
	else
		read_file(w, path, from);
}

/* --- files ---------------------------------------------------------------------------------- */

/* The place of a new file; NULL when it was read already, or may not be read. */
static struct opened *note_file(struct walk *w, int fd, const char *path, struct place from)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		complain_reason(w, from, path, errno);
		return NULL;
	}
	for (unsigned i = 0; i < w->files_n; i++) {
		const struct opened *o = &w->files[i];

		if (o->device != st.st_dev || o->inode != st.st_ino)
			continue;
		if (o->reading)
			complain(w, from, path, "a file cannot include itself");
		return NULL;
	}
	if (w->files_n == CONFIG_FILES_MAX) {
		complain(w, from, path, "too many files are included");
		return NULL;
	}
	w->files[w->files_n] = (struct opened){st.st_dev, st.st_ino, true};
	return &w->files[w->files_n++];
}

static void read_text(struct walk *w, const char *path, const char *text, size_t len)
{
	struct config_includes includes = {NULL, 0};
	const char *name = config_read_text(w->reader, path, text, len, &includes);

	for (unsigned i = 0; i < includes.n; i++) {
		if (name && !config_read_is_stopped(w->reader))
			read_include(w, name, &includes.list[i]);
		free(includes.list[i].path);
	}
	free(includes.list);
}

static void read_file(struct walk *w, const char *path, struct place from)
{
	int fd = config_file_open(path);
	struct opened *opened;
	char *text;
	size_t len;

	if (fd < 0) {
		complain_reason(w, from, path, errno);
		return;
	}
	opened = note_file(w, fd, path, from);
	if (opened && w->depth == CONFIG_INCLUDE_DEPTH_MAX) {
		complain(w, from, path, "files include each other too deeply");
	} else if (opened) {
		int reason =
			config_file_read(fd, CONFIG_OCTETS_MAX - w->octets, w->end_ms, &text, &len);

		if (reason == 0) {
			w->octets += len;
			w->depth++;
			read_text(w, path, text, len);
			w->depth--;
			free(text);
		} else {
			complain_reason(w, from, path, reason);
		}
	}
	if (opened)
		opened->reading = false;
	close(fd);
}

bool config_include_all(struct config_reader *reader, const char *path, struct report *report)
{
	struct walk *w = calloc(1, sizeof(*w));

	if (!w)
		return false;
	w->reader = reader;
	w->report = report;
	w->end_ms = config_file_deadline_ms();
	read_file(w, path, (struct place){NULL, 0});
	free(w);
	return true;
}

#include "base/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"
#include "base/hash.h"

/* --- text ---------------------------------------------------------------------- */

/* Guards against accidents: who may write the file may write the sum. */
static uint64_t checksum(const char *text, size_t len)
{
	static const struct hash_key key = {0, 0};

	return hash_bytes(&key, 0, text, len);
}

char *state_to_text(const char *head, state_print *print, const void *from, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (!f)
		return NULL;
	fprintf(f, "%sversion 1\n", head);
	print(f, from);
	if (fflush(f) == 0)
		fprintf(f, "check %016" PRIx64 "\n", checksum(text, *len));
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

/* NULL when the line is good. */
static const char *parse_line(const char *line, unsigned *version, state_line *take, void *out)
{
	if (line[0] == '#')
		return NULL;
	if (strncmp(line, "version ", 8) == 0)
		return sscanf(line, "version %u", version) == 1 && *version == 1
			       ? NULL
			       : "of a version that is not known";
	return take(line, out);
}

/* Octets before the check line, or 0 when that is missing or wrong. */
static size_t checked_len(const char *text, size_t len)
{
	char line[32];
	uint64_t sum;
	const char *last;

	if (len < 2 || text[len - 1] != '\n')
		return 0;
	last = memrchr(text, '\n', len - 1);
	if (!last)
		return 0;
	size_t checked = (size_t)(last + 1 - text), rest = MIN(len - checked, sizeof line - 1);

	/* With a zero behind it, for sscanf(). */
	memcpy(line, text + checked, rest);
	line[rest] = '\0';
	if (sscanf(line, "check %16" SCNx64, &sum) != 1)
		return 0;
	return checksum(text, checked) == sum ? checked : 0;
}

bool state_parse(const char *text, size_t len, state_line *take, void *out, unsigned *line,
		 const char **why)
{
	char copy[STATE_LINE_OCTETS];
	size_t at = 0, end = checked_len(text, len);
	unsigned version = 0;

	*line = 0;
	*why = "cut off or changed: the checksum is wrong";
	while (at < end) {
		size_t line_len =
			(size_t)((const char *)memchr(text + at, '\n', end - at) - text) - at;

		++*line;
		*why = "too long";
		if (line_len >= sizeof copy)
			return false;
		memcpy(copy, text + at, line_len);
		copy[line_len] = '\0';
		*why = parse_line(copy, &version, take, out);
		if (*why)
			return false;
		at += line_len + 1;
	}
	if (end > 0 && version == 0)
		*why = "the version is missing";
	return end > 0 && version == 1;
}

/* --- files ------------------------------------------------------------------------ */

char *state_path_of(const char *name)
{
	const char *folder = getenv("STATE_DIRECTORY");
	char *path = NULL;

	/* Of several, apart by colons, the first. */
	if (!folder || !*folder ||
	    asprintf(&path, "%.*s/%s", (int)strcspn(folder, ":"), folder, name) < 0)
		return NULL;
	return path;
}

const char *state_beside(const char *path, const char *suffix, char out[STATE_PATH_OCTETS])
{
	snprintf(out, STATE_PATH_OCTETS, "%s.%s", path, suffix);
	return out;
}

/* Both names are of one folder. */
static bool rename_aside(const char *path, const char *aside)
{
	const char *name;
	int folder = folder_open_of(path, &name);

	if (folder < 0)
		return false;
	bool good = renameat(folder, name, folder, aside + (name - path)) == 0;

	close(folder);
	return good;
}

static COLD void keep_aside(const char *path, unsigned line, const char *why, struct log *log)
{
	char aside[STATE_PATH_OCTETS];

	if (line > 0)
		log_error(log, "%s:%u: %s", path, line, why);
	else
		log_error(log, "%s: %s", path, why);
	if (rename_aside(path, state_beside(path, "damaged", aside)))
		log_notice(log, "the damaged file was kept as %s", aside);
}

static bool is_missing(const char *path)
{
	const char *name;
	struct stat st;
	int folder = folder_open_of(path, &name);
	bool missing = folder < 0 ? errno == ENOENT
				  : fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 &&
					    errno == ENOENT;

	if (folder >= 0)
		close(folder);
	return missing;
}

enum state_found state_read(const char *path, state_line *take, void *out, struct log *log)
{
	const char *why;
	unsigned line;
	size_t len;

	if (is_missing(path))
		return STATE_MISSING;
	char *text = file_read(path, &len);

	if (!text) {
		log_error(log, "%s: %s", path, strerror(errno));
		return STATE_UNREADABLE;
	}
	bool good = state_parse(text, len, take, out, &line, &why);

	free(text);
	if (good)
		return STATE_GOOD;
	keep_aside(path, line, why, log);
	return STATE_DAMAGED;
}

static bool write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return fsync(fd) == 0;
}

struct new_file {
	const char *text;
	size_t len;
	mode_t mode;
	uid_t uid; /* whose it is; (uid_t)-1: who we are */
};

/*
 * At start this may run as root in a folder of the less trusted user: the file is
 * always a new one, so that no link of that user's leads anywhere else.
 */
static bool write_new(int folder, const char *name, const struct new_file *file)
{
	(void)unlinkat(folder, name, 0);
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			file->mode);
	bool good = fd >= 0 && (file->uid == (uid_t)-1 || fchown(fd, file->uid, (gid_t)-1) == 0) &&
		    write_all(fd, file->text, file->len);
	int error = errno;

	if (fd >= 0 && close(fd) != 0)
		good = false;
	if (!good)
		(void)unlinkat(folder, name, 0);
	errno = error;
	return good;
}

/* By a second name, so that there is a good file under the first at any moment. */
static bool keep_old(int folder, const char *name, const char *old)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return true;
	(void)unlinkat(folder, old, 0);
	return linkat(folder, name, folder, old, 0) == 0;
}

static bool replace(const char *path, const struct new_file *file, bool keeps_old)
{
	char temporary[STATE_PATH_OCTETS], old[STATE_PATH_OCTETS];
	const char *name;
	int folder = folder_open_of(path, &name);

	if (folder < 0)
		return false;
	state_beside(name, "new", temporary);
	state_beside(name, "old", old);
	bool good = write_new(folder, temporary, file) &&
		    (!keeps_old || keep_old(folder, name, old)) &&
		    renameat(folder, temporary, folder, name) == 0;
	int error = errno;

	/* The new name is on the disk only with its folder. */
	if (good)
		folder_sync(folder);
	close(folder);
	errno = error;
	return good;
}

bool state_write(const char *path, const char *text, size_t len)
{
	return replace(path, &(struct new_file){text, len, 0644, (uid_t)-1}, true);
}

bool state_write_secret(const char *path, const char *text, size_t len, uid_t uid)
{
	return replace(path, &(struct new_file){text, len, 0600, uid}, false);
}

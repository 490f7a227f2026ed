/* copy.c - see copy.h. */
#include "keeper/copy.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/state_file.h"

/* --- names ---------------------------------------------------------------------- */

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

_Static_assert(3 * 63 + 17 < COPY_NAME_MAX, "the longest name of a list fits");

const char *copy_name(const char *name, const char *url, char out[COPY_NAME_MAX])
{
	/* Tells files apart, and guards against nobody: who writes the configuration chooses. */
	static const struct hash_key key = {0, 0};
	size_t len = 0;

	for (; *name && len < COPY_NAME_MAX - 21; name++)
		len += (size_t)snprintf(out + len, COPY_NAME_MAX - len,
					is_plain(*name) ? "%c" : "%%%02x", (unsigned char)*name);
	snprintf(out + len, COPY_NAME_MAX - len, "-%016" PRIx64,
		 hash_bytes(&key, 0, url, strlen(url)));
	return out;
}

char *copy_path(const char *folder, const char *file)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", folder, file) < 0 ? NULL : path;
}

/* --- headers -------------------------------------------------------------------- */

static bool is_text(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (value[i] < 0x20 || value[i] >= 0x7f)
			return false;
	}
	return true;
}

/* Into @out if @line is that header. */
static void take(const char *header, const char *line, size_t len, char out[COPY_HEADER_MAX])
{
	size_t name_len = strlen(header);

	if (len < name_len || strncasecmp(line, header, name_len) != 0)
		return;
	const char *value = line + name_len, *end = line + len;

	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (value < end && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
		end--;
	size_t n = (size_t)(end - value);

	if (n == 0 || n >= COPY_HEADER_MAX || !is_text(value, n))
		n = 0;
	memcpy(out, value, n);
	out[n] = '\0';
}

void copy_take_header(struct copy_about *about, const char *line, size_t len)
{
	take("etag:", line, len, about->etag);
	take("last-modified:", line, len, about->modified);
}

/* --- what is kept of them ----------------------------------------------------------- */

static const char *parse_line(const char *line, void *to)
{
	struct copy_about *out = to;
	const char *value = strchr(line, ' ');

	if (!value)
		return "not understood";
	value++;
	if (strncmp(line, "fetched ", 8) == 0)
		return sscanf(value, "%" SCNd64, &out->fetched_s) == 1 ? NULL : "not a time";
	if (strncmp(line, "octets ", 7) == 0)
		return sscanf(value, "%" SCNu64, &out->octets) == 1 ? NULL : "not a number";
	if (strlen(value) >= COPY_HEADER_MAX || !is_text(value, strlen(value)))
		return "not a header's value";
	if (strncmp(line, "etag ", 5) == 0)
		strcpy(out->etag, value);
	else if (strncmp(line, "modified ", 9) == 0)
		strcpy(out->modified, value);
	else
		return "not understood";
	return NULL;
}

bool copy_about_parse(const char *text, size_t len, struct copy_about *out)
{
	const char *why;
	unsigned line;

	memset(out, 0, sizeof *out);
	if (state_parse(text, len, parse_line, out, &line, &why) && out->fetched_s >= 0)
		return true;
	memset(out, 0, sizeof *out);
	return false;
}

bool copy_about_read(const char *path, struct copy_about *out)
{
	char beside[STATE_PATH_OCTETS];
	size_t len = 0;
	char *text = file_read_up_to(state_beside(path, "about", beside), 8192, &len);
	char *ended = text ? realloc(text, len + 1) : NULL;

	memset(out, 0, sizeof *out);
	if (!ended) {
		free(text);
		return false;
	}
	/* For sscanf() at the very end. */
	ended[len] = '\0';
	bool good = copy_about_parse(ended, len, out);

	free(ended);
	return good;
}

static void print_about(FILE *f, const void *from)
{
	const struct copy_about *a = from;

	fprintf(f, "fetched %" PRId64 "\noctets %" PRIu64 "\n", a->fetched_s, a->octets);
	if (a->etag[0])
		fprintf(f, "etag %s\n", a->etag);
	if (a->modified[0])
		fprintf(f, "modified %s\n", a->modified);
}

bool copy_about_write(const char *path, const struct copy_about *about)
{
	char beside[STATE_PATH_OCTETS];
	size_t len;
	char *text = state_to_text("# tern: of the copy of a list that is fetched\n", print_about,
				   about, &len);
	bool good = text && state_write(state_beside(path, "about", beside), text, len);

	free(text);
	return good;
}

/* --- what is of no list any more ---------------------------------------------------- */

static bool belongs(const char *file, const char *copy)
{
	size_t len = strlen(copy);

	return strncmp(file, copy, len) == 0 && (file[len] == '\0' || file[len] == '.');
}

void copy_tidy(const char *folder, const char *const *keep, unsigned n)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (!d && fd >= 0)
		close(fd);
	while (d && (e = readdir(d)) != NULL) {
		unsigned i = 0;

		while (i < n && !belongs(e->d_name, keep[i]))
			i++;
		/* "." and ".." are no files. */
		if (i == n)
			(void)unlinkat(fd, e->d_name, 0);
	}
	if (d)
		closedir(d);
}

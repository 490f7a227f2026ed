#include "daemon/anchor_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tern/name.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "base/hash.h"
#include "daemon/file.h"
#include "dnssec/key.h"

#define LINE_OCTETS 4096 /* a key of ANCHOR_RDATA_MAX octets takes 1500 */
#define PATH_OCTETS 4096

static const char head[] =
	"# tern: the states of trust anchors (RFC 5011). Written by ternd; to start over, stop it\n"
	"# and remove this file and the one named .old beside it.\n";

/* --- text ---------------------------------------------------------------------- */

/* Guards against accidents: who may write the file may write the sum. */
static uint64_t checksum(const char *text, size_t len)
{
	static const struct hash_key key = {0, 0};

	return hash_bytes(&key, 0, text, len);
}

static void print_zone(FILE *f, const struct rollover *r)
{
	char text[LINE_OCTETS];

	fprintf(f, "zone %s %u %u %u\n", tern_name_to_text(r->zone, text), r->seen_s, r->probe_s,
		r->retry_s);
	for (unsigned i = 0; i < r->n; i++) {
		const struct rollover_key *k = &r->keys[i];

		if (tern_rdata_to_text(TERN_TYPE_DNSKEY, k->rdata, k->rdata_len, text,
				       sizeof text) != TERN_OK)
			continue;
		fprintf(f, "key %s %u %u %s\n", key_state_text(k->state), k->since_s, k->hold_s,
			text);
	}
}

char *anchor_states_print(const struct anchor_states *states, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (!f)
		return NULL;
	fprintf(f, "%sversion 1\nclock %u\n", head, states->clock_s);
	for (unsigned i = 0; i < states->n; i++)
		print_zone(f, &states->zones[i]);
	if (fflush(f) == 0)
		fprintf(f, "check %016" PRIx64 "\n", checksum(text, *len));
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

static bool parse_zone(const char *line, struct anchor_states *out)
{
	struct rollover *r = &out->zones[out->n];
	char name[TERN_NAME_TEXT_MAX + 1];
	uint8_t wire[TERN_NAME_MAX];

	if (out->n == ROLLOVER_ZONES_MAX ||
	    sscanf(line, "zone %1023s %u %u %u", name, &r->seen_s, &r->probe_s, &r->retry_s) != 4 ||
	    tern_name_from_text(name, strlen(name), wire) != TERN_OK)
		return false;
	tern_name_lower(r->zone, wire);
	out->n++;
	return true;
}

static bool parse_key(const char *line, struct anchor_states *out)
{
	struct rollover *r = out->n > 0 ? &out->zones[out->n - 1] : NULL;
	char state[16];
	int at = 0;
	size_t len;
	struct dnskey key;

	if (!r || r->n == ROLLOVER_KEYS_MAX)
		return false;
	struct rollover_key *k = &r->keys[r->n];

	if (sscanf(line, "key %15s %u %u %n", state, &k->since_s, &k->hold_s, &at) != 3 ||
	    !key_state_from_text(state, &k->state) ||
	    tern_rdata_from_text(TERN_TYPE_DNSKEY, line + at, NULL, k->rdata, sizeof k->rdata, &len,
				 NULL) != TERN_OK ||
	    !dnskey_read(k->rdata, len, &key) || (key.flags & DNSKEY_REVOKE))
		return false;
	k->rdata_len = (uint16_t)len;
	r->n++;
	return true;
}

/* NULL when the line is good. */
static const char *parse_line(const char *line, unsigned *version, struct anchor_states *out)
{
	if (line[0] == '#')
		return NULL;
	if (strncmp(line, "version ", 8) == 0)
		return sscanf(line, "version %u", version) == 1 && *version == 1
			       ? NULL
			       : "of a version that is not known";
	if (strncmp(line, "clock ", 6) == 0)
		return sscanf(line, "clock %u", &out->clock_s) == 1 ? NULL : "not a time";
	if (strncmp(line, "zone ", 5) == 0)
		return parse_zone(line, out) ? NULL : "not a zone";
	if (strncmp(line, "key ", 4) == 0)
		return parse_key(line, out) ? NULL : "not a key";
	return "not understood";
}

/* Octets before the check line, or 0 when that is missing or wrong. */
static size_t checked_len(const char *text, size_t len)
{
	uint64_t sum;
	const char *last;

	if (len < 2 || text[len - 1] != '\n')
		return 0;
	last = memrchr(text, '\n', len - 1);
	if (!last || sscanf(last + 1, "check %16" SCNx64, &sum) != 1)
		return 0;
	size_t checked = (size_t)(last + 1 - text);

	return checksum(text, checked) == sum ? checked : 0;
}

bool anchor_states_parse(const char *text, size_t len, struct anchor_states *out, unsigned *line,
			 const char **why)
{
	char copy[LINE_OCTETS];
	size_t at = 0, end = checked_len(text, len);
	unsigned version = 0;

	memset(out, 0, sizeof *out);
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
		*why = parse_line(copy, &version, out);
		if (*why)
			return false;
		at += line_len + 1;
	}
	if (end > 0 && version == 0)
		*why = "the version is missing";
	return end > 0 && version == 1;
}

/* --- files ------------------------------------------------------------------------ */

static const char *beside(const char *path, const char *suffix, char out[PATH_OCTETS])
{
	snprintf(out, PATH_OCTETS, "%s.%s", path, suffix);
	return out;
}

static bool read_one(const char *path, struct anchor_states *out, struct log *log)
{
	char aside[PATH_OCTETS];
	const char *why;
	unsigned line;
	size_t len;

	if (access(path, F_OK) != 0)
		return false;
	char *text = file_read(path, &len, log);

	if (!text)
		return false;
	/* With its NUL, for sscanf() at the very end. */
	char *ended = realloc(text, len + 1);

	text = ended ? ended : text;
	if (ended)
		text[len] = '\0';
	bool good = ended && anchor_states_parse(text, len, out, &line, &why);

	free(text);
	if (!ended || good)
		return good;
	if (line > 0)
		log_error(log, "%s:%u: %s", path, line, why);
	else
		log_error(log, "%s: %s", path, why);
	if (rename(path, beside(path, "damaged", aside)) == 0)
		log_notice(log, "the damaged file was kept as %s", aside);
	return false;
}

bool anchor_file_read(const char *path, struct anchor_states *out, struct log *log)
{
	char old[PATH_OCTETS];

	if (read_one(path, out, log))
		return true;
	if (read_one(beside(path, "old", old), out, log)) {
		log_error(log, "%s is missing or damaged: the states in %s are used", path, old);
		return true;
	}
	memset(out, 0, sizeof *out);
	return false;
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

static bool write_beside(const char *temporary, const struct anchor_states *states)
{
	size_t len;
	char *text = anchor_states_print(states, &len);
	int fd = text ? open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
	bool good = fd >= 0 && write_all(fd, text, len);
	int error = errno;

	if (fd >= 0 && close(fd) != 0)
		good = false;
	free(text);
	errno = error;
	return good;
}

/* The new name is on the disk only with its folder. */
static void sync_folder_of(const char *path)
{
	char copy[PATH_OCTETS];

	snprintf(copy, sizeof copy, "%s", path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

bool anchor_file_write(const char *path, const struct anchor_states *states)
{
	char temporary[PATH_OCTETS], old[PATH_OCTETS];

	beside(path, "new", temporary);
	beside(path, "old", old);
	if (!write_beside(temporary, states)) {
		int error = errno;

		unlink(temporary);
		errno = error;
		return false;
	}
	/* By a second name, so that there is a good file under the first at any moment. */
	if (access(path, F_OK) == 0) {
		unlink(old);
		if (link(path, old) != 0)
			return false;
	}
	if (rename(temporary, path) != 0)
		return false;
	sync_folder_of(path);
	return true;
}

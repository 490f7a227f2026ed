/* ticket_file.c - see ticket_file.h. */
#include "daemon/ticket_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/state_file.h"

#define FILE_MAX 4096 /* octets */

static const char head[] = "# The key of TLS tickets, by which clients of tern resume sessions.\n";

bool ticket_key_is_fresh(const struct ticket_key *key, int64_t now_s)
{
	return key->made_s > 0 && key->made_s <= now_s && now_s - key->made_s < TICKET_KEY_LIFE_S;
}

/* --- text ------------------------------------------------------------------------- */

struct reading {
	struct ticket_key *key;
	bool made, octets; /* were read */
};

static bool read_octets(const char *hex, uint8_t out[TLS_TICKET_KEY_LEN])
{
	size_t len = strlen(hex);

	if (len != 2 * TLS_TICKET_KEY_LEN || strspn(hex, "0123456789abcdef") != len)
		return false;
	for (unsigned i = 0; i < TLS_TICKET_KEY_LEN; i++) {
		unsigned octet;

		if (sscanf(hex + 2 * i, "%2x", &octet) != 1)
			return false;
		out[i] = (uint8_t)octet;
	}
	return true;
}

static const char *take_line(const char *line, void *out)
{
	struct reading *r = out;

	if (strncmp(line, "made ", 5) == 0 && !r->made) {
		r->made = sscanf(line + 5, "%" SCNd64, &r->key->made_s) == 1 && r->key->made_s > 0;
		return r->made ? NULL : "expected a time";
	}
	if (strncmp(line, "key ", 4) == 0 && !r->octets) {
		r->octets = read_octets(line + 4, r->key->octets);
		return r->octets ? NULL : "expected 64 octets in hex";
	}
	return "not understood";
}

bool ticket_key_parse(const char *text, size_t len, struct ticket_key *out, const char **why)
{
	struct ticket_key key = {.made_s = 0};
	struct reading r = {.key = &key};
	unsigned line;
	bool good = state_parse(text, len, take_line, &r, &line, why);

	if (good && !(r.made && r.octets)) {
		*why = "a line is missing";
		good = false;
	}
	if (good)
		*out = key;
	explicit_bzero(&key, sizeof key);
	return good;
}

static void print_key(FILE *f, const void *from)
{
	const struct ticket_key *key = from;

	fprintf(f, "made %" PRId64 "\nkey ", key->made_s);
	for (unsigned i = 0; i < TLS_TICKET_KEY_LEN; i++)
		fprintf(f, "%02x", key->octets[i]);
	fputc('\n', f);
}

/* --- files ------------------------------------------------------------------------ */

static void forget(char *text, size_t len)
{
	if (text)
		explicit_bzero(text, len);
	free(text);
}

bool ticket_file_read(const char *path, struct ticket_key *out, const char **why)
{
	size_t len = 0;
	char *text = file_read_up_to(path, FILE_MAX, &len);

	*why = "";
	out->made_s = 0;
	if (!text) {
		*why = errno == ENOENT ? "" : strerror(errno);
		return **why == '\0';
	}
	bool good = ticket_key_parse(text, len, out, why);

	forget(text, len);
	return good;
}

bool ticket_file_write(const char *path, const struct ticket_key *key, uid_t uid)
{
	size_t len = 0;
	char *text = state_to_text(head, print_key, key, &len);
	bool good = text && state_write_secret(path, text, len, uid);
	int error = errno;

	forget(text, len);
	errno = error;
	return good;
}

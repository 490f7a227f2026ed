/* hosts.c - see hosts.h. */
#include "zone/hosts.h"

#include <arpa/inet.h>
#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "zone/store.h"

/* A line without its comment; words are taken from its begin. */
struct words {
	const char *at;
	const char *end;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static bool next_word(struct words *w, const char **word, size_t *len)
{
	while (w->at < w->end && is_space(*w->at))
		w->at++;
	*word = w->at;
	while (w->at < w->end && !is_space(*w->at))
		w->at++;
	*len = (size_t)(w->at - *word);
	return *len > 0;
}

/* Octets of the address; 0 when it is none. */
static uint16_t read_address(const char *word, size_t len, uint8_t out[16])
{
	char text[INET6_ADDRSTRLEN];

	if (len >= sizeof text || memchr(word, '\0', len))
		return 0;
	memcpy(text, word, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, out) == 1)
		return 4;
	return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

/* An asterisk would stand for other names, and a file of hosts means none. */
static bool read_name(const char *word, size_t len, uint8_t out[TERN_NAME_MAX])
{
	for (size_t i = 0; i < len; i++) {
		if (word[i] < 0x21 || word[i] > 0x7e || word[i] == '\\')
			return false;
	}
	return tern_name_from_text(word, len, out) == TERN_OK && *out != 0 &&
	       !tern_name_is_wildcard(out);
}

static void blame(struct hosts_report *r, unsigned line, const char *why)
{
	if (r->bad_n < HOSTS_TOLD_MAX) {
		r->bad[r->bad_n].line = line;
		r->bad[r->bad_n].why = why;
	}
	r->bad_n++;
}

/* False when memory is short. */
static bool add_line(struct zone_store *store, struct words w, unsigned line, uint32_t source,
		     struct hosts_report *r)
{
	uint8_t address[16], name[TERN_NAME_MAX];
	const char *word;
	size_t len;

	if (!next_word(&w, &word, &len))
		return true;
	/* An address of one link only is no answer for anybody behind another one. */
	if (memchr(word, '%', len))
		return true;
	uint16_t address_len = read_address(word, len, address);
	uint16_t type = address_len == 4 ? TERN_TYPE_A : TERN_TYPE_AAAA;

	if (address_len == 0 || !next_word(&w, &word, &len)) {
		blame(r, line, address_len == 0 ? "expected an address" : "expected a name");
		return true;
	}
	source |= ZONE_SOURCE_HOSTS;
	do {
		if (!read_name(word, len, name)) {
			blame(r, line, "expected a name");
			return true;
		}
		if (!zone_store_add_rdata(store, name, type, HOSTS_TTL_S, address, address_len,
					  source))
			return false;
		r->names_n++;
		source |= ZONE_SOURCE_ALIAS;
	} while (next_word(&w, &word, &len));
	return true;
}

bool hosts_add(struct zone_store *store, const char *text, size_t len, uint32_t *lines_n,
	       struct hosts_report *report)
{
	const char *at = text, *end = text + len;
	unsigned line = 0;

	*report = (struct hosts_report){.names_n = 0};
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *behind = newline ? newline : end;
		const char *comment = memchr(at, '#', (size_t)(behind - at));
		struct words w = {at, comment ? comment : behind};

		if (++*lines_n >= HOSTS_LINES_MAX || !add_line(store, w, ++line, *lines_n, report))
			return false;
		at = newline ? newline + 1 : end;
	}
	return true;
}

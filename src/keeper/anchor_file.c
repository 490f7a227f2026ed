#include "keeper/anchor_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "base/file.h"

#include "dnssec/key.h"

static const char head[] =
	"# tern: the states of trust anchors (RFC 5011). Written by ternd; to start over, stop it\n"
	"# and remove this file and the one named .old beside it.\n";

/* --- text ---------------------------------------------------------------------- */

static void print_zone(FILE *f, const struct rollover *r)
{
	char text[STATE_LINE_OCTETS];

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

static void print_states(FILE *f, const void *from)
{
	const struct anchor_states *states = from;

	fprintf(f, "clock %u\n", states->clock_s);
	for (unsigned i = 0; i < states->n; i++)
		print_zone(f, &states->zones[i]);
}

char *anchor_states_print(const struct anchor_states *states, size_t *len)
{
	return state_to_text(head, print_states, states, len);
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

static const char *parse_line(const char *line, void *to)
{
	struct anchor_states *out = to;

	if (strncmp(line, "clock ", 6) == 0)
		return sscanf(line, "clock %u", &out->clock_s) == 1 ? NULL : "not a time";
	if (strncmp(line, "zone ", 5) == 0)
		return parse_zone(line, out) ? NULL : "not a zone";
	if (strncmp(line, "key ", 4) == 0)
		return parse_key(line, out) ? NULL : "not a key";
	return "not understood";
}

bool anchor_states_parse(const char *text, size_t len, struct anchor_states *out, unsigned *line,
			 const char **why)
{
	memset(out, 0, sizeof *out);
	return state_parse(text, len, parse_line, out, line, why);
}

/* --- files ------------------------------------------------------------------------ */

static enum state_found read_one(const char *path, struct anchor_states *out, struct log *log)
{
	memset(out, 0, sizeof *out);
	enum state_found found = state_read(path, parse_line, out, log);

	if (found != STATE_GOOD)
		memset(out, 0, sizeof *out);
	return found;
}

enum state_found anchor_file_read(const char *path, struct anchor_states *out, struct log *log)
{
	char old[STATE_PATH_OCTETS];
	enum state_found first = read_one(path, out, log);

	if (first == STATE_GOOD || first == STATE_UNREADABLE)
		return first;
	enum state_found second = read_one(state_beside(path, "old", old), out, log);

	if (second == STATE_GOOD)
		log_error(log, "%s is missing or damaged: the states in %s are used", path, old);
	return second == STATE_MISSING ? first : second;
}

enum state_found anchor_file_look(const char *path, char *why, size_t why_max)
{
	struct anchor_states *states = calloc(1, sizeof *states);
	enum state_found found = STATE_GOOD;
	const char *reason = "out of memory";
	unsigned line = 0;
	size_t len = 0;
	char *text = file_read(path, &len);

	if (!text) {
		found = errno == ENOENT ? STATE_MISSING : STATE_UNREADABLE;
		snprintf(why, why_max, "%s: %s", path, strerror(errno));
	}
	/* With its NUL, for sscanf() at the very end. */
	char *ended = text ? realloc(text, len + 1) : NULL;

	if (ended)
		ended[len] = '\0';
	if (text &&
	    (!ended || !states || !anchor_states_parse(ended, len, states, &line, &reason))) {
		found = STATE_DAMAGED;
		if (line > 0)
			snprintf(why, why_max, "%s:%u: %s", path, line, reason);
		else
			snprintf(why, why_max, "%s: %s", path, reason);
	}
	free(ended ? ended : text);
	free(states);
	return found;
}

bool anchor_file_write(const char *path, const struct anchor_states *states)
{
	size_t len;
	char *text = anchor_states_print(states, &len);
	bool good = text && state_write(path, text, len);

	free(text);
	return good;
}

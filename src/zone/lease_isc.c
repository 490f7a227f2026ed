/*
 * lease_isc.c - dhcpd.leases(5) and dhcpd6.leases of ISC's DHCP server: a log, in which the last
 * entry of an address counts.
 *
 *	lease 192.168.1.10 {
 *	  starts 4 2023/11/16 12:00:00;            (or: epoch 1700000000; # Thu Nov 16 ...)
 *	  ends 4 2023/11/16 13:00:00;              (or: never;)
 *	  binding state active;
 *	  hardware ethernet 02:00:00:00:00:01;
 *	  uid "\001\002\000\000\000\000\001";
 *	  client-hostname "host";
 *	}
 *	ia-na "\001\000\000\000\000\001\000\001..." {  (identity, 4 octets, then the DUID)
 *	  cltt 4 2023/11/16 12:00:00;
 *	  iaaddr fd00::10 {
 *	    binding state active;
 *	    ends 4 2023/11/16 13:00:00;
 *	    set ddns-fwd-name = "host.lan";
 *	  }
 *	}
 *
 * All else is passed over. An entry that is cut off counts as bad; one without an end is over.
 */
#include "zone/lease_private.h"

#include <string.h>
#include <time.h>

#define IAID_LEN      4
#define STATEMENT_MAX 8 /* words of a statement that are looked at */

enum token { TOKEN_END, TOKEN_WORD, TOKEN_STRING, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_STOP };

struct reading {
	struct lease_list *list;
	struct lease_text rest;
	unsigned line;
	struct lease_text word; /* of the token; of a string what is between its quotes */
	struct lease_text words[STATEMENT_MAX];
	unsigned words_n;
};

/* --- tokens ------------------------------------------------------------------------- */

static void skip_blanks(struct reading *r)
{
	struct lease_text *t = &r->rest;

	while (t->at < t->end) {
		char c = *t->at;

		if (c == '#') {
			while (t->at < t->end && *t->at != '\n')
				t->at++;
			continue;
		}
		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return;
		r->line += c == '\n';
		t->at++;
	}
}

/* A string that is not closed has no end but that of the file. */
static enum token take_string(struct reading *r)
{
	struct lease_text *t = &r->rest;

	r->word.at = ++t->at;
	for (; t->at < t->end; t->at++) {
		r->line += *t->at == '\n';
		if (*t->at == '"') {
			r->word.end = t->at++;
			return TOKEN_STRING;
		}
		if (*t->at == '\\' && t->at + 1 < t->end)
			t->at++;
	}
	return TOKEN_END;
}

static enum token next(struct reading *r)
{
	struct lease_text *t = &r->rest;

	skip_blanks(r);
	if (t->at == t->end)
		return TOKEN_END;
	switch (*t->at) {
	case '{': t->at++; return TOKEN_OPEN;
	case '}': t->at++; return TOKEN_CLOSE;
	case ';': t->at++; return TOKEN_STOP;
	case '"': return take_string(r);
	default: break;
	}
	r->word.at = t->at;
	while (t->at < t->end && !memchr(" \t\r\n{};\"#", *t->at, 9))
		t->at++;
	r->word.end = t->at;
	return TOKEN_WORD;
}

/* The words up to what ends the statement, which is returned: a brace or a semicolon. */
static enum token take_statement(struct reading *r)
{
	enum token token;

	r->words_n = 0;
	while ((token = next(r)) == TOKEN_WORD || token == TOKEN_STRING) {
		if (r->words_n < STATEMENT_MAX)
			r->words[r->words_n++] = r->word;
	}
	return token;
}

static bool is_word(const struct reading *r, unsigned i, const char *text)
{
	return i < r->words_n && lease_text_is(r->words[i], text);
}

/* The rest of a block that nobody wants; false at the end of the file. */
static bool skip_block(struct reading *r)
{
	unsigned depth = 1;

	while (depth > 0) {
		enum token token = next(r);

		if (token == TOKEN_END)
			return false;
		if (token == TOKEN_OPEN)
			depth++;
		else if (token == TOKEN_CLOSE)
			depth--;
	}
	return true;
}

/* --- values ------------------------------------------------------------------------- */

/* Octets of a string with its escapes undone: \001 in octal, and \x for any other x. */
static size_t unescape(struct lease_text t, uint8_t *out, size_t max)
{
	size_t n = 0;

	while (t.at < t.end && n < max) {
		unsigned value = 0, digits = 0;

		if (*t.at != '\\' || t.at + 1 == t.end) {
			out[n++] = (uint8_t)*t.at++;
			continue;
		}
		t.at++;
		while (digits < 3 && t.at < t.end && *t.at >= '0' && *t.at <= '7') {
			value = value << 3 | (unsigned)(*t.at++ - '0');
			digits++;
		}
		out[n++] = digits > 0 ? (uint8_t)value : (uint8_t)*t.at++;
	}
	return n;
}

/* "YYYY/MM/DD" and "HH:MM:SS", in UTC */
static bool read_date(struct lease_text day, struct lease_text hour, int64_t *out)
{
	char text[32];
	struct tm tm;

	if (lease_text_len(day) + lease_text_len(hour) + 2 > sizeof text)
		return false;
	memcpy(text, day.at, lease_text_len(day));
	text[lease_text_len(day)] = ' ';
	memcpy(text + lease_text_len(day) + 1, hour.at, lease_text_len(hour));
	text[lease_text_len(day) + 1 + lease_text_len(hour)] = '\0';
	memset(&tm, 0, sizeof tm);
	const char *rest = strptime(text, "%Y/%m/%d %H:%M:%S", &tm);

	if (!rest || *rest)
		return false;
	*out = timegm(&tm);
	return true;
}

/* What stands behind "ends": never, epoch N, or W YYYY/MM/DD HH:MM:SS. */
static void take_time(struct reading *r, int64_t *out)
{
	if (is_word(r, 1, "never")) {
		*out = LEASE_FOR_EVER;
		return;
	}
	if (is_word(r, 1, "epoch") ? r->words_n > 2 && lease_take_number(r->words[2], out)
				   : r->words_n > 3 && read_date(r->words[2], r->words[3], out))
		return;
	lease_list_blame(r->list, r->line, "expected a time");
}

static bool take_name(struct reading *r, struct lease_text text, struct lease *l)
{
	uint8_t name[LEASE_HOSTNAME_MAX];

	return lease_set_hostname(r->list, name, unescape(text, name, sizeof name), l);
}

/* One statement of a lease or an address; false when memory is short. */
static bool take_part(struct reading *r, struct lease *l)
{
	uint8_t id[LEASE_ID_MAX];

	if (is_word(r, 0, "ends"))
		take_time(r, &l->until_s);
	else if (is_word(r, 0, "starts") || is_word(r, 0, "cltt"))
		take_time(r, &l->since_s);
	else if (is_word(r, 0, "binding") && is_word(r, 1, "state") && r->words_n > 2)
		l->ended = !is_word(r, 2, "active");
	else if (is_word(r, 0, "abandoned"))
		l->ended = true;
	else if (is_word(r, 0, "hardware") && r->words_n > 2)
		lease_take_mac(r->words[2], l);
	else if (is_word(r, 0, "uid") && r->words_n > 1)
		return lease_set_id(r->list, id, unescape(r->words[1], id, sizeof id), l);
	else if ((is_word(r, 0, "client-hostname") || is_word(r, 0, "hostname")) && r->words_n > 1)
		return take_name(r, r->words[1], l);
	else if (is_word(r, 0, "set") && is_word(r, 1, "ddns-fwd-name") && r->words_n > 3 &&
		 l->hostname_len == 0)
		return take_name(r, r->words[3], l);
	return true;
}

/* --- entries ------------------------------------------------------------------------ */

enum done { DONE, CUT_OFF, NO_MEMORY };

/* What stands between the braces behind "lease ADDRESS" or "iaaddr ADDRESS". */
static enum done read_lease(struct reading *r, struct lease_text address, struct lease *l)
{
	bool good = lease_take_address(address, l);
	enum token token;

	if (!good)
		lease_list_blame(r->list, r->line, "expected an address");
	while ((token = take_statement(r)) != TOKEN_CLOSE) {
		if (token == TOKEN_END || (token == TOKEN_OPEN && !skip_block(r)))
			return CUT_OFF;
		if (token == TOKEN_STOP && !take_part(r, l))
			return NO_MEMORY;
	}
	return !good || lease_list_add(r->list, l) ? DONE : NO_MEMORY;
}

/* The addresses of an identity; prefixes are in others. */
static enum done read_identity(struct reading *r)
{
	uint8_t id[LEASE_ID_MAX];
	size_t len = r->words_n > 1 ? unescape(r->words[1], id, sizeof id) : 0;
	struct lease common = {.until_s = 0};
	enum token token;

	if (len > IAID_LEN && !lease_set_id(r->list, id + IAID_LEN, len - IAID_LEN, &common))
		return NO_MEMORY;
	while ((token = take_statement(r)) != TOKEN_CLOSE) {
		struct lease l = common;
		enum done done = DONE;

		if (token == TOKEN_END)
			return CUT_OFF;
		if (token == TOKEN_STOP && !take_part(r, &common))
			return NO_MEMORY;
		if (token != TOKEN_OPEN)
			continue;
		if (is_word(r, 0, "iaaddr") && r->words_n > 1)
			done = read_lease(r, r->words[1], &l);
		else if (!skip_block(r))
			done = CUT_OFF;
		if (done != DONE)
			return done;
	}
	return DONE;
}

static enum done read_block(struct reading *r)
{
	struct lease l = {.until_s = 0};

	if (is_word(r, 0, "lease") && r->words_n > 1)
		return read_lease(r, r->words[1], &l);
	if (is_word(r, 0, "ia-na") || is_word(r, 0, "ia-ta"))
		return read_identity(r);
	return skip_block(r) ? DONE : CUT_OFF;
}

bool lease_read_isc(struct lease_list *list, struct lease_text t, const struct lease_clock *now)
{
	struct reading r = {.list = list, .rest = t, .line = 1};
	enum token token;

	(void)now;
	while ((token = take_statement(&r)) != TOKEN_END || r.words_n > 0) {
		unsigned began = r.line;
		enum done done = DONE;

		if (token == TOKEN_OPEN)
			done = read_block(&r);
		else if (token != TOKEN_STOP)
			lease_list_blame(list, r.line, "expected a statement");
		if (done == NO_MEMORY)
			return false;
		if (done == CUT_OFF)
			lease_list_blame(list, began, "the entry has no end");
		if (done == CUT_OFF || token == TOKEN_END)
			break;
	}
	return true;
}

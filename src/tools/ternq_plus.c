/*
 * ternq_plus.c - the options that begin with a plus: "+tcp", "+norec", "+bufsize=512".
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ternq_options.h"

#define TIMEOUT_MAX_S 3600 /* seconds */
#define TRIES_MAX     1000
#define UDP_SIZE      1232 /* octets, DNS flag day 2020 */

/* One option: a bool of struct lookup, or a function for all that is more than that. */
struct plus {
	const char *name;
	size_t offset; /* of the bool, when there is no function */
	bool (*apply)(struct lookup *l, bool on, const char *value);
	bool implies_edns;
};

static bool number(const char *value, unsigned long max, unsigned long *out)
{
	char *end;

	if (!value || *value < '0' || *value > '9')
		return false;
	*out = strtoul(value, &end, 0);
	return *end == '\0' && *out <= max;
}

static bool set_all(struct lookup *l, bool on, const char *value)
{
	struct show *s = &l->show;

	s->cmd = s->comments = s->question = s->answer = s->authority = s->additional = s->stats =
		on;
	return !value;
}

static bool set_bufsize(struct lookup *l, bool on, const char *value)
{
	unsigned long size = UDP_SIZE;

	if (on && !number(value, UINT16_MAX, &size))
		return false;
	l->udp_size = (uint16_t)size;
	return true;
}

static bool set_edns(struct lookup *l, bool on, const char *value)
{
	unsigned long version = 0;

	if (value && !number(value, UINT8_MAX, &version))
		return false;
	l->edns = on;
	l->edns_version = (uint8_t)version;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool set_cookie(struct lookup *l, bool on, const char *value)
{
	size_t digits = value ? strlen(value) : 0;

	l->cookie = on;
	l->cookie_len = 0;
	if (digits % 2 != 0 || digits > 2 * TERN_COOKIE_MAX)
		return false;
	for (size_t i = 0; i < digits; i += 2) {
		int high = hex_digit(value[i]);
		int low = hex_digit(value[i + 1]);

		if (high < 0 || low < 0)
			return false;
		l->cookie_octets[i / 2] = (uint8_t)(high << 4 | low);
	}
	l->cookie_len = (uint8_t)(digits / 2);
	return true;
}

/* Bits behind the prefix are not sent, RFC 7871 6. */
static void clear_host_bits(struct subnet *s)
{
	for (unsigned i = 0; i < sizeof s->address; i++) {
		unsigned bits = s->bits > 8 * i ? s->bits - 8 * i : 0;

		if (bits < 8)
			s->address[i] &= (uint8_t)(0xff00u >> bits);
	}
}

/* "192.0.2.0/24", "2001:db8::/56", "0/0" or "0". */
static bool set_subnet(struct lookup *l, bool on, const char *value)
{
	struct subnet s = {.present = on};
	char address[INET6_ADDRSTRLEN];
	unsigned long bits;

	l->subnet = s;
	if (!on)
		return !value;
	if (!value)
		return false;
	size_t len = strcspn(value, "/");

	if (len >= sizeof address)
		return false;
	memcpy(address, value, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, strcmp(address, "0") == 0 ? "0.0.0.0" : address, s.address) == 1)
		s.family = 1;
	else if (inet_pton(AF_INET6, address, s.address) == 1)
		s.family = 2;
	else
		return false;
	bits = s.family == 2 ? 128 : strcmp(address, "0") == 0 ? 0 : 32;
	if (value[len] == '/' && !number(value + len + 1, s.family == 2 ? 128 : 32, &bits))
		return false;
	s.bits = (uint8_t)bits;
	clear_host_bits(&s);
	l->subnet = s;
	return true;
}

static bool set_timeout(struct lookup *l, bool on, const char *value)
{
	unsigned long seconds;

	if (!on || !number(value, TIMEOUT_MAX_S, &seconds))
		return false;
	l->timeout_ms = seconds == 0 ? 1000 : (unsigned)seconds * 1000;
	return true;
}

static bool set_tries(struct lookup *l, bool on, const char *value)
{
	unsigned long tries;

	if (!on || !number(value, TRIES_MAX, &tries))
		return false;
	l->tries = tries == 0 ? 1 : (unsigned)tries;
	return true;
}

static bool set_retry(struct lookup *l, bool on, const char *value)
{
	unsigned long retries;

	if (!on || !number(value, TRIES_MAX, &retries))
		return false;
	l->tries = (unsigned)retries + 1;
	return true;
}

static bool set_id(struct lookup *l, bool on, const char *value)
{
	unsigned long id = 0;

	if (on && !number(value, UINT16_MAX, &id))
		return false;
	l->id = on ? (int32_t)id : -1;
	return true;
}

static bool set_padding(struct lookup *l, bool on, const char *value)
{
	unsigned long block = 0;

	if (on && !number(value, 512, &block))
		return false;
	l->padding = (uint16_t)block;
	return true;
}

/* As dig: no recursion, signatures, and only what the servers say. */
static bool set_trace(struct lookup *l, bool on, const char *value)
{
	struct show *s = &l->show;

	l->trace = on;
	l->recurse = !on;
	l->dnssec = on;
	s->comments = s->question = s->additional = s->stats = !on;
	return !value;
}

/* Other anchors are of use to +validate only. */
static bool set_anchor(struct lookup *l, bool on, const char *value)
{
	l->anchors = on ? value : NULL;
	l->validate |= on;
	return on == (value != NULL);
}

#define BOOL(word, field)                                                                          \
	{                                                                                          \
		.name = word, .offset = offsetof(struct lookup, field)                             \
	}
#define EDNS(word, field)                                                                          \
	{                                                                                          \
		.name = word, .offset = offsetof(struct lookup, field), .implies_edns = true       \
	}
#define CALL(word, function)                                                                       \
	{                                                                                          \
		.name = word, .apply = function                                                    \
	}

/* An exact name wins; else the first name that begins with the word, so order matters. */
static const struct plus plus_table[] = {
	BOOL("aaflag", authoritative),
	BOOL("aaonly", authoritative),
	BOOL("additional", show.additional),
	BOOL("ad", authentic),
	BOOL("adflag", authentic),
	CALL("all", set_all),
	BOOL("answer", show.answer),
	CALL("anchor", set_anchor),
	BOOL("authority", show.authority),
	BOOL("badcookie", retry_badcookie),
	CALL("bufsize", set_bufsize),
	BOOL("cd", checking_disabled),
	BOOL("cdflag", checking_disabled),
	BOOL("class", show.rclass),
	BOOL("cmd", show.cmd),
	EDNS("co", compact),
	EDNS("coflag", compact),
	BOOL("comments", show.comments),
	{.name = "cookie", .apply = set_cookie, .implies_edns = true},
	EDNS("dnssec", dnssec),
	EDNS("do", dnssec),
	CALL("edns", set_edns),
	BOOL("ednsnegotiation", retry_badvers),
	EDNS("expire", expire),
	BOOL("identify", show.identify),
	BOOL("idnin", idn_in),
	BOOL("idnout", show.idn_out),
	BOOL("ignore", ignore_tc),
	BOOL("json", show.json),
	EDNS("keepalive", keepalive),
	EDNS("nsid", nsid),
	{.name = "padding", .apply = set_padding, .implies_edns = true},
	CALL("qid", set_id),
	BOOL("qr", show.query),
	BOOL("question", show.question),
	BOOL("rdflag", recurse),
	BOOL("recurse", recurse),
	CALL("retry", set_retry),
	BOOL("short", show.brief),
	BOOL("stats", show.stats),
	{.name = "subnet", .apply = set_subnet, .implies_edns = true},
	BOOL("tcp", tcp),
	CALL("timeout", set_timeout),
	CALL("trace", set_trace),
	CALL("tries", set_tries),
	BOOL("ttlid", show.ttl),
	BOOL("unknownformat", show.unknown_format),
	BOOL("vc", tcp),
	BOOL("validate", validate),
	BOOL("zflag", zero_flag),
};

/* The option that @p word names or abbreviates. */
static const struct plus *find_plus(const char *word, size_t len)
{
	const struct plus *found = NULL;

	for (size_t i = 0; i < ARRAY_LEN(plus_table); i++) {
		const struct plus *p = &plus_table[i];

		if (len == 0 || strncmp(p->name, word, len) != 0)
			continue;
		if (p->name[len] == '\0')
			return p;
		if (!found)
			found = p;
	}
	return found;
}

static bool apply(struct lookup *l, const struct plus *p, bool on, const char *value)
{
	if (p->implies_edns && on)
		l->edns = true;
	if (p->apply)
		return p->apply(l, on, value);
	if (value)
		return false;
	*(bool *)(void *)((char *)l + p->offset) = on;
	return true;
}

bool plus_option(struct lookup *l, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct plus *p = find_plus(word, len);
	bool on = true;

	if (!p && len > 2 && strncmp(word, "no", 2) == 0) {
		p = find_plus(word + 2, len - 2);
		on = false;
	}
	if (!p) {
		fprintf(stderr, "ternq: unknown option \"+%s\"\n", word);
		return false;
	}
	if (!apply(l, p, on, equals ? equals + 1 : NULL)) {
		fprintf(stderr, "ternq: bad value in \"+%s\"\n", word);
		return false;
	}
	return true;
}

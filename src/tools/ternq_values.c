/*
 * ternq_values.c - the values of the options that begin with a plus.
 */
#include "tools/ternq_values.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MAX_S 3600 /* seconds */
#define TRIES_MAX     1000
#define NDOTS_MAX     15   /* as resolv.conf allows */
#define UDP_SIZE      1232 /* octets, DNS flag day 2020 */

static bool number(const char *value, unsigned long max, unsigned long *out)
{
	char *end;

	if (!value || *value < '0' || *value > '9')
		return false;
	*out = strtoul(value, &end, 0);
	return *end == '\0' && *out <= max;
}

bool set_all(struct lookup *l, bool on, const char *value)
{
	struct show *s = &l->show;

	s->cmd = s->comments = s->question = s->answer = s->authority = s->additional = s->stats =
		on;
	return !value;
}

bool set_bufsize(struct lookup *l, bool on, const char *value)
{
	unsigned long size = UDP_SIZE;

	if (on && !number(value, UINT16_MAX, &size))
		return false;
	l->udp_size = (uint16_t)size;
	return true;
}

bool set_edns(struct lookup *l, bool on, const char *value)
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

bool set_cookie(struct lookup *l, bool on, const char *value)
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
bool set_subnet(struct lookup *l, bool on, const char *value)
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

bool set_timeout(struct lookup *l, bool on, const char *value)
{
	unsigned long seconds;

	if (!on || !number(value, TIMEOUT_MAX_S, &seconds))
		return false;
	l->timeout_ms = seconds == 0 ? 1000 : (unsigned)seconds * 1000;
	return true;
}

bool set_tries(struct lookup *l, bool on, const char *value)
{
	unsigned long tries;

	if (!on || !number(value, TRIES_MAX, &tries))
		return false;
	l->tries = tries == 0 ? 1 : (unsigned)tries;
	return true;
}

bool set_retry(struct lookup *l, bool on, const char *value)
{
	unsigned long retries;

	if (!on || !number(value, TRIES_MAX, &retries))
		return false;
	l->tries = (unsigned)retries + 1;
	return true;
}

bool set_id(struct lookup *l, bool on, const char *value)
{
	unsigned long id = 0;

	if (on && !number(value, UINT16_MAX, &id))
		return false;
	l->id = on ? (int32_t)id : -1;
	return true;
}

bool set_padding(struct lookup *l, bool on, const char *value)
{
	unsigned long block = 0;

	if (on && !number(value, 512, &block))
		return false;
	l->padding = (uint16_t)block;
	return true;
}

/* As dig: no recursion, signatures, and only what the servers say. */
bool set_trace(struct lookup *l, bool on, const char *value)
{
	struct show *s = &l->show;

	l->trace = on;
	l->recurse = !on;
	l->dnssec = on;
	s->comments = s->question = s->additional = s->stats = !on;
	return !value;
}

/* Other anchors are of use to +validate only. */
bool set_anchor(struct lookup *l, bool on, const char *value)
{
	l->anchors = on ? value : NULL;
	l->validate |= on;
	return on == (value != NULL);
}

bool set_domain(struct lookup *l, bool on, const char *value)
{
	l->domain = on ? value : NULL;
	l->search = on;
	return on == (value != NULL);
}

bool set_ndots(struct lookup *l, bool on, const char *value)
{
	unsigned long dots = 0;

	if (on && !number(value, NDOTS_MAX, &dots))
		return false;
	l->ndots = on ? (int)dots : -1;
	return true;
}

/* Whoever wants to see the search wants the search. */
bool set_show_search(struct lookup *l, bool on, const char *value)
{
	l->show_search = on;
	l->search |= on;
	return !value;
}

bool set_rr_comments(struct lookup *l, bool on, const char *value)
{
	l->show.comments_chosen = true;
	l->show.rr_comments = on;
	return !value;
}

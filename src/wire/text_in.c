/*
 * text_in.c - tokens of a record line, and the simple things they stand for.
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "wire/name_private.h"
#include "wire/text_private.h"

bool text_fail(struct text_in *in, enum tern_status status, const char *expected)
{
	if (in->status == TERN_OK) {
		in->status = status;
		in->error = expected;
	}
	return false;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Behind the opening quote. */
static bool quoted_token(struct text_in *in, struct token *t)
{
	const char *p = ++in->at;

	while (p < in->end && *p != '"')
		p += *p == '\\' && p + 1 < in->end ? 2 : 1;
	if (p >= in->end)
		return text_fail(in, TERN_ETEXT, "a closing quote");
	*t = (struct token){in->at, (size_t)(p - in->at), true};
	in->at = p + 1;
	return true;
}

bool in_token(struct text_in *in, struct token *t)
{
	while (in->at < in->end && is_space(*in->at))
		in->at++;
	if (in->at == in->end || *in->at == ';')
		return false;
	if (*in->at == '"')
		return quoted_token(in, t);
	const char *p = in->at;

	while (p < in->end && !is_space(*p) && !strchr(";\"()", *p))
		p += *p == '\\' && p + 1 < in->end ? 2 : 1;
	if (p == in->at)
		return text_fail(in, TERN_ETEXT, "no parentheses");
	*t = (struct token){in->at, (size_t)(p - in->at), false};
	in->at = p;
	return true;
}

bool in_need(struct text_in *in, struct token *t, const char *expected)
{
	return in_token(in, t) || text_fail(in, TERN_ETEXT, expected);
}

bool token_is(const struct token *t, const char *word)
{
	return !t->quoted && strlen(word) == t->len && strncasecmp(t->at, word, t->len) == 0;
}

bool put_wire(struct text_in *in, const void *octets, size_t len)
{
	if (in->out_max - in->out_n < len)
		return text_fail(in, TERN_ESPACE, "shorter data");
	if (len > 0)
		memcpy(in->out + in->out_n, octets, len);
	in->out_n += len;
	return true;
}

bool put_number(struct text_in *in, uint64_t value, unsigned width)
{
	uint8_t octets[8];

	for (unsigned i = 0; i < width; i++)
		octets[i] = (uint8_t)(value >> 8 * (width - 1 - i));
	return put_wire(in, octets, width);
}

bool token_number(const struct token *t, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;

	for (size_t i = 0; i < t->len; i++) {
		if (t->at[i] < '0' || t->at[i] > '9')
			return false;
		uint64_t digit = (uint64_t)(t->at[i] - '0');

		if (digit > max || v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*value = v;
	return t->len > 0 && !t->quoted;
}

static uint64_t unit_seconds(char unit)
{
	switch (unit) {
	case 's':
	case 'S': return 1;
	case 'm':
	case 'M': return 60;
	case 'h':
	case 'H': return 3600;
	case 'd':
	case 'D': return 86400;
	case 'w':
	case 'W': return 604800;
	default: return 0;
	}
}

bool token_period(const struct token *t, uint32_t *seconds)
{
	uint64_t total = 0;
	uint64_t part;
	size_t i = 0;

	if (token_number(t, UINT32_MAX, &part)) {
		*seconds = (uint32_t)part;
		return true;
	}
	while (i < t->len) {
		struct token digits = {t->at + i, 0, t->quoted};

		while (i < t->len && t->at[i] >= '0' && t->at[i] <= '9')
			digits.len++, i++;
		if (i == t->len || !token_number(&digits, UINT32_MAX, &part) ||
		    unit_seconds(t->at[i]) == 0)
			return false;
		total += part * unit_seconds(t->at[i++]);
		if (total > UINT32_MAX)
			return false;
	}
	*seconds = (uint32_t)total;
	return t->len > 0;
}

bool token_address(const struct token *t, int family, uint8_t *octets)
{
	char text[INET6_ADDRSTRLEN];

	if (t->quoted || t->len >= sizeof text)
		return false;
	memcpy(text, t->at, t->len);
	text[t->len] = '\0';
	return inet_pton(family, text, octets) == 1;
}

bool token_name(struct text_in *in, const struct token *t, uint8_t name[TERN_NAME_MAX])
{
	const uint8_t *origin = in->origin ? in->origin : tern_name_root;
	bool absolute;

	if (t->len == 1 && *t->at == '@' && !t->quoted) {
		tern_name_copy(name, origin);
		return true;
	}
	enum tern_status st = name_from_text(t->at, t->len, name, &absolute);

	if (st == TERN_OK && !absolute)
		st = tern_name_replace_suffix(name, tern_name_root, origin, name);
	return st == TERN_OK || text_fail(in, st, "a domain name");
}

bool in_number(struct text_in *in, unsigned width)
{
	static const char *const expected[] = {
		[1] = "a number from 0 to 255",
		[2] = "a number from 0 to 65535",
		[4] = "a number from 0 to 4294967295",
		[8] = "a number from 0 to 18446744073709551615",
	};
	struct token t;
	uint64_t value;

	if (!in_need(in, &t, expected[width]))
		return false;
	if (!token_number(&t, UINT64_MAX >> (64 - 8 * width), &value))
		return text_fail(in, TERN_ETEXT, expected[width]);
	return put_number(in, value, width);
}

bool in_name(struct text_in *in)
{
	uint8_t name[TERN_NAME_MAX];
	struct token t;

	return in_need(in, &t, "a domain name") && token_name(in, &t, name) &&
	       put_wire(in, name, tern_name_len(name));
}

bool in_address(struct text_in *in, int family)
{
	const char *expected = family == AF_INET ? "an IPv4 address" : "an IPv6 address";
	uint8_t octets[16];
	struct token t;

	if (!in_need(in, &t, expected))
		return false;
	if (!token_address(&t, family, octets))
		return text_fail(in, TERN_ETEXT, expected);
	return put_wire(in, octets, family == AF_INET ? 4 : 16);
}

bool put_token_octets(struct text_in *in, const struct token *t, size_t max)
{
	const char *p = t->at;
	const char *end = p + t->len;
	uint8_t octet;

	for (size_t n = 0; p < end; n++) {
		if (!text_octet(&p, end, &octet))
			return text_fail(in, TERN_ETEXT, "\\DDD or \\X after a backslash");
		if (n == max)
			return text_fail(in, TERN_ETEXT, "at most 255 octets in a string");
		if (!put_wire(in, &octet, 1))
			return false;
	}
	return true;
}

/*
 * text_svc.c - SvcParams of SVCB and HTTPS, RFC 9460 2.1 and appendix A.
 *
 * Text gives them in any order, each with a value or without; on the wire
 * they ascend. A list's commas are escaped below the escapes of the string
 * around it, so a literal comma inside an alpn id is written "\\,".
 */
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "wire/text_private.h"

#define PARAM_HEADER 4      /* octets: key, length */
#define KEY_INVALID  0xffff /* RFC 9460 14.3.2 */

static const char *const key_names[] = {
	[SVC_MANDATORY] = "mandatory",
	[SVC_ALPN] = "alpn",
	[SVC_NO_DEFAULT_ALPN] = "no-default-alpn",
	[SVC_PORT] = "port",
	[SVC_IPV4HINT] = "ipv4hint",
	[SVC_ECH] = "ech",
	[SVC_IPV6HINT] = "ipv6hint",
	[SVC_DOHPATH] = "dohpath",
	[SVC_OHTTP] = "ohttp",
};

/* The value of @p key among @p len octets of parameters, or NULL. */
static const uint8_t *find_param(const uint8_t *params, size_t len, uint16_t key, size_t *value_len)
{
	for (size_t at = 0; at < len; at += PARAM_HEADER + *value_len) {
		*value_len = get_u16(params + at + 2);
		if (get_u16(params + at) == key)
			return params + at + PARAM_HEADER;
	}
	return NULL;
}

/* RFC 9460 2.4.3, 8 and 14.3.2: what a zone must not say though the wire could. */
static bool is_consistent(const uint8_t *params, size_t len)
{
	size_t keys_len;
	size_t unused;
	const uint8_t *keys = find_param(params, len, SVC_MANDATORY, &keys_len);

	for (size_t i = 0; keys && i < keys_len; i += 2) {
		if (!find_param(params, len, get_u16(keys + i), &unused))
			return false;
	}
	if (find_param(params, len, SVC_NO_DEFAULT_ALPN, &unused) &&
	    !find_param(params, len, SVC_ALPN, &unused))
		return false;
	return !find_param(params, len, KEY_INVALID, &unused);
}

/* ---- writing ---- */

static void write_key(struct text_out *o, uint16_t key)
{
	if (key < ARRAY_LEN(key_names))
		out_text(o, key_names[key]);
	else
		out_format(o, "key%u", key);
}

static void write_keys(struct text_out *o, const uint8_t *value, size_t len)
{
	for (size_t i = 0; i < len; i += 2) {
		if (i > 0)
			out_char(o, ',');
		write_key(o, get_u16(value + i));
	}
}

static void write_alpn(struct text_out *o, const uint8_t *value, size_t len)
{
	out_char(o, '"');
	for (size_t i = 0; i < len; i += 1u + value[i]) {
		if (i > 0)
			out_char(o, ',');
		for (unsigned j = 1; j <= value[i]; j++) {
			uint8_t octet = value[i + j];

			if (octet == ',' || octet == '\\')
				out_text(o, "\\\\");
			out_quoted_octet(o, octet);
		}
	}
	out_char(o, '"');
}

static void write_hints(struct text_out *o, int family, const uint8_t *value, size_t len)
{
	size_t width = family == AF_INET ? 4 : 16;

	for (size_t i = 0; i < len; i += width) {
		if (i > 0)
			out_char(o, ',');
		out_address(o, family, value + i);
	}
}

static void write_value(struct text_out *o, uint16_t key, const uint8_t *value, size_t len)
{
	switch (key) {
	case SVC_MANDATORY: write_keys(o, value, len); break;
	case SVC_ALPN: write_alpn(o, value, len); break;
	case SVC_PORT: out_format(o, "%u", get_u16(value)); break;
	case SVC_IPV4HINT: write_hints(o, AF_INET, value, len); break;
	case SVC_ECH: out_base64(o, value, len); break;
	case SVC_IPV6HINT: write_hints(o, AF_INET6, value, len); break;
	default: out_quoted(o, value, len); break;
	}
}

void write_svc_params(struct text_out *o, const struct piece *p)
{
	const uint8_t *end = p->at + p->len;

	o->unfit = o->unfit || !is_consistent(p->at, p->len);
	for (const uint8_t *at = p->at; at < end;) {
		uint16_t key = get_u16(at);
		size_t len = get_u16(at + 2);

		if (at > p->at)
			out_char(o, ' ');
		write_key(o, key);
		if (len > 0) {
			out_char(o, '=');
			write_value(o, key, at + PARAM_HEADER, len);
		}
		at += PARAM_HEADER + len;
	}
}

/* ---- reading ---- */

static bool key_from_text(const char *text, size_t len, uint16_t *key)
{
	struct token digits = {text + 3, len - 3, false};
	uint64_t number;

	for (unsigned i = 0; i < ARRAY_LEN(key_names); i++) {
		if (strlen(key_names[i]) == len && memcmp(text, key_names[i], len) == 0) {
			*key = (uint16_t)i;
			return true;
		}
	}
	if (len < 4 || len > 8 || memcmp(text, "key", 3) != 0 || (len > 4 && text[3] == '0') ||
	    !token_number(&digits, KEY_INVALID - 1, &number))
		return false;
	*key = (uint16_t)number;
	return true;
}

/* The items of a comma-separated list; `more` while another one must follow. */
struct list {
	const char *at;
	const char *end;
	bool more;
};

/*
 * Next item, at most @p max octets. A comma ends it unless "\\" is before it
 * once the escapes of the string around it are resolved.
 */
static bool next_item(struct list *l, uint8_t *item, size_t max, size_t *len)
{
	size_t n = 0;
	uint8_t octet;

	l->more = false;
	while (l->at < l->end) {
		if (!text_octet(&l->at, l->end, &octet))
			return false;
		l->more = octet == ',';
		if (l->more)
			break;
		if (octet == '\\' && (l->at == l->end || !text_octet(&l->at, l->end, &octet)))
			return false;
		if (n == max)
			return false;
		item[n++] = octet;
	}
	*len = n;
	return n > 0;
}

static bool read_keys(struct text_in *in, struct list l)
{
	uint8_t *first = in->out + in->out_n;
	uint8_t item[16];
	size_t len;
	size_t n = 0;
	uint16_t key;

	do {
		if (!next_item(&l, item, sizeof item, &len) ||
		    !key_from_text((const char *)item, len, &key))
			return text_fail(in, TERN_ETEXT, "mandatory=KEY[,KEY...]");
		if (!put_number(in, key, 2))
			return false;
		/* Insert where it belongs; doubled ones are found by the check of the value. */
		for (size_t i = n++; i > 0 && get_u16(first + 2 * i - 2) > key; i--) {
			memcpy(first + 2 * i, first + 2 * i - 2, 2);
			put_u16(first + 2 * i - 2, key);
		}
	} while (l.more);
	return true;
}

static bool read_alpn(struct text_in *in, struct list l)
{
	uint8_t id[UINT8_MAX];
	size_t len;

	do {
		if (!next_item(&l, id, sizeof id, &len))
			return text_fail(in, TERN_ETEXT, "alpn=ID[,ID...], 1 to 255 octets each");
		if (!put_number(in, len, 1) || !put_wire(in, id, len))
			return false;
	} while (l.more);
	return true;
}

static bool read_hints(struct text_in *in, struct list l, int family)
{
	uint8_t text[64];
	uint8_t address[16];
	size_t len = 0;

	do {
		bool good = next_item(&l, text, sizeof text, &len);
		struct token t = {(const char *)text, len, false};

		if (!good || !token_address(&t, family, address))
			return text_fail(in, TERN_ETEXT, "addresses with commas between them");
		if (!put_wire(in, address, family == AF_INET ? 4 : 16))
			return false;
	} while (l.more);
	return true;
}

static bool read_port(struct text_in *in, const struct token *t)
{
	uint64_t port;

	if (!token_number(t, UINT16_MAX, &port))
		return text_fail(in, TERN_ETEXT, "port=0 to 65535");
	return put_number(in, port, 2);
}

static bool read_value(struct text_in *in, uint16_t key, const struct token *t)
{
	struct list l = {t->at, t->at + t->len, false};

	switch (key) {
	case SVC_MANDATORY: return read_keys(in, l);
	case SVC_ALPN: return read_alpn(in, l);
	case SVC_PORT: return read_port(in, t);
	case SVC_IPV4HINT: return read_hints(in, l, AF_INET);
	case SVC_ECH: return put_token_base64(in, t);
	case SVC_IPV6HINT: return read_hints(in, l, AF_INET6);
	default: return put_token_octets(in, t, SIZE_MAX);
	}
}

static void reverse(uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len / 2; i++) {
		uint8_t swapped = octets[i];

		octets[i] = octets[len - 1 - i];
		octets[len - 1 - i] = swapped;
	}
}

/* Move the last parameter, which begins at @p last, to where its key belongs. */
static bool sort_in(struct text_in *in, size_t first, size_t last)
{
	uint8_t *octets = in->out;
	uint16_t key = get_u16(octets + last);
	size_t to = first;

	while (to < last && get_u16(octets + to) < key)
		to += PARAM_HEADER + get_u16(octets + to + 2);
	if (to < last && get_u16(octets + to) == key)
		return text_fail(in, TERN_ETEXT, "each key only once");
	reverse(octets + to, last - to);
	reverse(octets + last, in->out_n - last);
	reverse(octets + to, in->out_n - to);
	return true;
}

/* Split "key" or "key=value" at the sign; a quoted value is a token of its own. */
static bool split_param(struct text_in *in, const struct token *t, size_t *key_len,
			struct token *value)
{
	const char *equals = memchr(t->at, '=', t->len);

	*key_len = equals ? (size_t)(equals - t->at) : t->len;
	*value = (struct token){t->at + t->len, 0, false};
	if (!equals)
		return true;
	*value = (struct token){equals + 1, t->len - *key_len - 1, false};
	if (value->len == 0 && in->at < in->end && *in->at == '"') {
		if (!in_token(in, value))
			return false;
		value->quoted = false;
	}
	return true;
}

static bool read_param(struct text_in *in, const struct token *t, size_t first)
{
	size_t last = in->out_n;
	size_t key_len;
	uint16_t key;
	struct token value;

	if (!split_param(in, t, &key_len, &value))
		return false;
	if (t->quoted || !key_from_text(t->at, key_len, &key))
		return text_fail(in, TERN_ETEXT, "a SvcParamKey");
	if (!put_number(in, key, 2) || !put_number(in, 0, 2))
		return false;
	/* "key3=..." gives the octets as they are, "port=..." what they mean. */
	bool is_raw = key_len > 3 && memcmp(t->at, "key", 3) == 0;

	if (is_raw && !put_token_octets(in, &value, SIZE_MAX))
		return false;
	if (!is_raw && value.len > 0 && !read_value(in, key, &value))
		return false;
	size_t len = in->out_n - last - PARAM_HEADER;

	if (!svc_value_is_valid(key, in->out + last + PARAM_HEADER, len))
		return text_fail(in, TERN_ETEXT, "a value of the key's form");
	put_u16(in->out + last + 2, (uint16_t)len);
	return sort_in(in, first, last);
}

bool read_svc_params(struct text_in *in)
{
	size_t first = in->out_n;
	struct token t;

	while (in_token(in, &t)) {
		if (!read_param(in, &t, first))
			return false;
	}
	if (in->status != TERN_OK)
		return false;
	return is_consistent(in->out + first, in->out_n - first) ||
	       text_fail(in, TERN_ETEXT, "every mandatory key, and alpn beside no-default-alpn");
}

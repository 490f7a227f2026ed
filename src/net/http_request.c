/* http_request.c - what one request says, whichever version brought it (RFC 8484 4.1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/message.h>
#include <tern/rr.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "net/http_private.h"

#define FIRST_ROOM 512 /* octets: most queries are shorter */

struct http_query *http_query_new(uint32_t tag)
{
	struct http_query *q = calloc(1, sizeof *q);

	if (q) {
		q->tag = tag;
		CDS_INIT_LIST_HEAD(&q->node);
	}
	return q;
}

static void drop_message(struct http_stream *h, struct http_query *q)
{
	h->held -= q->len;
	free(q->message);
	q->message = NULL;
	q->len = q->room = 0;
}

void http_query_free(struct http_stream *h, struct http_query *q)
{
	cds_list_del(&q->node);
	drop_message(h, q);
	free(q->answer);
	free(q);
}

static void blame(struct http_query *q, unsigned status)
{
	if (q->status == 0)
		q->status = (uint16_t)status;
}

/* Room for @p n octets more; false and a status when there can't be. */
static bool make_room(struct http_stream *h, struct http_query *q, size_t n)
{
	size_t wanted = q->len + n;
	uint8_t *more;

	if (wanted > HTTP_BODY_MAX) {
		blame(q, 413);
		return false;
	}
	if (h->held + n > HTTP_HELD_MAX) {
		blame(q, 503);
		return false;
	}
	if (wanted <= q->room)
		return true;
	wanted = MAX(MAX(wanted, (size_t)FIRST_ROOM), MIN(2 * (size_t)q->room, (size_t)65535));
	more = realloc(q->message, wanted);
	if (!more) {
		blame(q, 503);
		return false;
	}
	q->message = more;
	q->room = (uint32_t)wanted;
	return true;
}

static void put(struct http_stream *h, struct http_query *q, const uint8_t *octets, size_t n)
{
	memcpy(q->message + q->len, octets, n);
	q->len += (uint32_t)n;
	h->held += (uint32_t)n;
}

void http_query_method(struct http_query *q, const char *text, size_t len)
{
	q->method = len == 3 && memcmp(text, "GET", 3) == 0    ? HTTP_GET
		    : len == 4 && memcmp(text, "POST", 4) == 0 ? HTTP_POST
		    : len == 4 && memcmp(text, "HEAD", 4) == 0 ? HTTP_HEAD
							       : HTTP_OTHER;
}

/* Without "=" at the end (RFC 8484 6), but who adds it is understood. False for anything else. */
static bool decode(struct http_stream *h, struct http_query *q, const char *text, size_t len)
{
	uint32_t bits = 0;
	unsigned bits_n = 0;

	while (len > 0 && text[len - 1] == '=')
		len--;
	if (len % 4 == 1)
		return false;
	if (!make_room(h, q, len / 4 * 3 + 2))
		return true; /* there is a status */
	for (size_t i = 0; i < len; i++) {
		int value = base64_value(text[i], '-', '_');
		uint8_t octet;

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		bits_n += 6;
		if (bits_n < 8)
			continue;
		bits_n -= 8;
		octet = (uint8_t)(bits >> bits_n);
		put(h, q, &octet, 1);
	}
	return (bits & ((1u << bits_n) - 1)) == 0;
}

static void read_parameters(struct http_stream *h, struct http_query *q, const char *text,
			    size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *next = memchr(text, '&', (size_t)(end - text));
		size_t n = (size_t)((next ? next : end) - text);

		if (n > 4 && memcmp(text, "dns=", 4) == 0 && !q->in_path) {
			q->in_path = true;
			if (!decode(h, q, text + 4, n - 4))
				blame(q, 400);
		}
		text += n + 1;
	}
}

void http_query_target(struct http_stream *h, struct http_query *q, const char *text, size_t len)
{
	const char *mark = memchr(text, '?', len);
	size_t path_len = mark ? (size_t)(mark - text) : len;

	q->path_good =
		path_len == strlen(h->front->path) && memcmp(text, h->front->path, path_len) == 0;
	if (q->path_good && mark)
		read_parameters(h, q, mark + 1, len - path_len - 1);
}

static bool is_called(const char *name, size_t len, const char *what)
{
	return len == strlen(what) && strncasecmp(name, what, len) == 0;
}

/* Parameters behind ";" change nothing. */
static bool is_dns_message(const char *value, size_t len)
{
	static const char type[] = "application/dns-message";
	size_t n = sizeof type - 1;

	return len >= n && strncasecmp(value, type, n) == 0 &&
	       (len == n || value[n] == ';' || value[n] == ' ');
}

/* The last one is what the proxy that we trust has seen; those before are somebody's word. */
static void read_forwarded(struct http_query *q, const char *value, size_t len)
{
	char text[ADDRESS_TEXT_MAX];
	const char *comma = memrchr(value, ',', len);
	const char *at = comma ? comma + 1 : value;
	const char *end = value + len;

	while (at < end && *at == ' ')
		at++;
	/* Some add a port, and then IPv6 has brackets. */
	if (at < end && *at == '[') {
		const char *bracket = memrchr(at, ']', (size_t)(end - at));

		at++;
		end = bracket ? bracket : end;
	} else if (at < end) {
		const char *colon = memchr(at, ':', (size_t)(end - at));

		if (colon && colon == memrchr(at, ':', (size_t)(end - at)))
			end = colon;
	}
	if ((size_t)(end - at) >= sizeof text)
		return;
	memcpy(text, at, (size_t)(end - at));
	text[end - at] = '\0';
	if (!address_from_text(text, 65535, &q->behind))
		q->behind.family = 0;
}

void http_query_header(const struct http_stream *h, struct http_query *q, const char *name,
		       size_t name_len, const char *value, size_t value_len)
{
	if (is_called(name, name_len, "content-type"))
		q->type_good = is_dns_message(value, value_len);
	else if (h->trusted && is_called(name, name_len, "x-forwarded-for"))
		read_forwarded(q, value, value_len);
}

void http_query_field(struct http_stream *h, struct http_query *q, const char *name,
		      size_t name_len, const char *value, size_t value_len)
{
	q->headers += (uint32_t)(name_len + value_len) + 32; /* as RFC 9113 6.5.2 counts them */
	if (q->headers > HTTP_HEADERS_MAX) {
		if (q->status == 0)
			q->status = 431;
		q->path_good = true; /* that is the reason, whatever else is wrong */
		return;
	}
	if (name_len == 7 && memcmp(name, ":method", 7) == 0)
		http_query_method(q, value, value_len);
	else if (name_len == 5 && memcmp(name, ":path", 5) == 0)
		http_query_target(h, q, value, value_len);
	else
		http_query_header(h, q, name, name_len, value, value_len);
}

void http_query_body(struct http_stream *h, struct http_query *q, const uint8_t *octets, size_t n)
{
	if (q->method != HTTP_POST || q->status)
		return;
	if (q->in_path) {
		drop_message(h, q);
		q->in_path = false;
	}
	if (n > 0 && make_room(h, q, n))
		put(h, q, octets, n);
}

/* What nobody would answer by UDP is no query: too short, or an answer. */
static bool is_query(const struct http_query *q)
{
	return q->len >= TERN_HEADER_LEN && !(q->message[2] & 0x80);
}

unsigned http_query_end(struct http_stream *h, struct http_query *q)
{
	q->whole = true;
	h->front->requests++;
	if (!q->path_good)
		return 404;
	if (q->method == HTTP_OTHER || q->method == HTTP_HEAD)
		return 405;
	if (q->status)
		return q->status;
	if (q->method == HTTP_POST && !q->type_good)
		return 415;
	if (q->method == HTTP_GET && !q->in_path)
		return 400;
	return is_query(q) ? 200 : 400;
}

bool http_query_deliver(struct http_stream *h, struct http_query *q)
{
	struct stream *s = h->stream;
	uint8_t *message = q->message;
	uint32_t len = q->len;
	const struct address behind = q->behind;

	/* Who takes it may close the stream, and everything here with it. */
	h->held -= len;
	q->message = NULL;
	q->len = q->room = 0;
	s->behind = behind.family ? &behind : NULL;
	bool open = stream_deliver(s, q->tag, message, len);

	s->behind = NULL;
	free(message);
	return open;
}

/* Behind a proxy nobody but the proxy would hear of the port. */
bool http_alternative(const struct http_stream *h, char out[HTTP_ALTERNATIVE_MAX])
{
	if (h->front->http3_port == 0 || !h->stream->codec)
		return false;
	snprintf(out, HTTP_ALTERNATIVE_MAX, "h3=\":%u\"; ma=86400", h->front->http3_port);
	return true;
}

const char *http_reason(unsigned status)
{
	switch (status) {
	case 200: return "OK";
	case 400: return "Bad Request";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 413: return "Content Too Large";
	case 415: return "Unsupported Media Type";
	case 431: return "Request Header Fields Too Large";
	case 501: return "Not Implemented";
	case 503: return "Service Unavailable";
	case 505: return "HTTP Version Not Supported";
	default: return "Error";
	}
}

/* Of one record; false when there is none. */
static bool read_ttl(const uint8_t *octets, size_t len, size_t *at, uint16_t *type, uint32_t *ttl_s)
{
	if (tern_name_skip(octets, len, *at, at) != TERN_OK || len - *at < 10)
		return false;
	*type = get_u16(octets + *at);
	*ttl_s = get_u32(octets + *at + 4);
	*at += 10 + (size_t)get_u16(octets + *at + 8);
	return *at <= len;
}

uint32_t http_max_age(const uint8_t *answer, size_t len)
{
	unsigned rcode = answer[3] & 0x0f;
	unsigned records = (unsigned)get_u16(answer + 6) + get_u16(answer + 8);
	uint32_t least_s = UINT32_MAX, ttl_s;
	size_t at = TERN_HEADER_LEN;
	uint16_t type;

	if (rcode != TERN_RCODE_NOERROR && rcode != TERN_RCODE_NXDOMAIN)
		return 0;
	for (unsigned i = get_u16(answer + 4); i > 0; i--) {
		if (tern_name_skip(answer, len, at, &at) != TERN_OK || len - at < 4)
			return 0;
		at += 4;
	}
	for (unsigned i = 0; i < records; i++) {
		if (!read_ttl(answer, len, &at, &type, &ttl_s))
			return 0;
		least_s = MIN(least_s, ttl_s);
	}
	return records > 0 ? least_s : 0;
}

/* --- answers of HTTP/2 and 3 --------------------------------------------------------------- */

static void add_field(struct http_head *h, const char *name, const char *value, bool unique)
{
	h->fields[h->n++] = (struct http_field){name, value, unique};
}

void http_head_fill(struct http_head *out, const struct http_stream *h, unsigned status,
		    const uint8_t *body, size_t len)
{
	bool dns = status == 200;

	out->n = 0;
	snprintf(out->code, sizeof out->code, "%u", status);
	snprintf(out->length, sizeof out->length, "%zu", len);
	add_field(out, ":status", out->code, false);
	add_field(out, "content-type", dns ? "application/dns-message" : "text/plain", false);
	add_field(out, "content-length", out->length, true);
	if (dns) {
		snprintf(out->age, sizeof out->age, "max-age=%u", http_max_age(body, len));
		add_field(out, "cache-control", out->age, true);
	}
	if (status == 405)
		add_field(out, "allow", "GET, POST", false);
	if (http_alternative(h, out->elsewhere))
		add_field(out, "alt-svc", out->elsewhere, false);
}

bool http_query_answer(struct http_query *q, const uint8_t *body, size_t len)
{
	q->answer = malloc(len + 1);
	if (!q->answer)
		return false;
	memcpy(q->answer, body, len);
	q->answer_len = (uint32_t)len;
	q->answered = true;
	return true;
}

/*
 * http1.c - HTTP/1.1 (RFC 9112): one request after another.
 *
 * Answers come in the order of requests, so the next request is read when the one before has its
 * answer. Whatever could be read in two ways is refused, and the connection ends: a length given
 * twice, folded lines, blanks before a colon.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_private.h"

#define ANSWER_HEAD_MAX 256 /* octets */
#define EMPTY_LINES_MAX 4   /* before a request */

enum http1_state {
	HTTP1_REQUEST_LINE,
	HTTP1_HEADERS,
	HTTP1_BODY,       /* of a length that is known */
	HTTP1_CHUNK_LINE, /* its length */
	HTTP1_CHUNK,
	HTTP1_CHUNK_END, /* the empty line behind it */
	HTTP1_TRAILER,
	HTTP1_ANSWERING, /* nothing is read */
	HTTP1_ENDING,    /* nor after that */
};

struct http1 {
	enum http1_state state;
	struct http_query *query; /* NULL between requests */
	uint32_t tag;             /* of the last one */
	uint32_t line_n;
	uint32_t empty_n; /* lines before this request */
	uint32_t left;    /* octets of the body or chunk to come */
	bool has_length;
	bool chunked;
	bool close;     /* after the answer */
	uint8_t *later; /* octets behind the request that is being answered */
	uint32_t later_n;
	char line[HTTP_HEADERS_MAX];
};

static void drop_query(struct http_stream *h, struct http1 *x)
{
	if (x->query)
		http_query_free(h, x->query);
	x->query = NULL;
}

static bool write_answer(struct http_stream *h, struct http1 *x, unsigned status,
			 const uint8_t *body, size_t len)
{
	bool dns = status == 200;
	char head[ANSWER_HEAD_MAX], age[48] = "", elsewhere[HTTP_ALTERNATIVE_MAX] = "";
	bool told = http_alternative(h, elsewhere);

	if (dns)
		snprintf(age, sizeof age, "cache-control: max-age=%u\r\n", http_max_age(body, len));
	int n = snprintf(
		head, sizeof head,
		"HTTP/1.1 %u %s\r\ncontent-type: %s\r\ncontent-length: %zu\r\n%s%s%s%s%s%s\r\n",
		status, http_reason(status), dns ? "application/dns-message" : "text/plain", len,
		age, status == 405 ? "allow: GET, POST\r\n" : "",
		x->close ? "connection: close\r\n" : "", told ? "alt-svc: " : "", elsewhere,
		told ? "\r\n" : "");
	struct iovec iov[2] = {{head, (size_t)n}, {without_const(body), len}};

	/* RFC 9110 9.3.2: what stood behind would be taken for the next answer. */
	return stream_put(h->stream, iov, x->query->method == HTTP_HEAD ? 1 : 2);
}

/* The request has its answer: on to the next one, or to the end. */
static void conclude(struct http_stream *h, struct http1 *x)
{
	drop_query(h, x);
	h->stream->rx_n = 0;
	if (x->close) {
		x->state = HTTP1_ENDING;
		stream_hear_no_more(h->stream);
		return;
	}
	x->state = HTTP1_REQUEST_LINE;
}

/* Answer with a status and its words. */
static bool refuse(struct http_stream *h, struct http1 *x, unsigned status)
{
	const char *words = http_reason(status);

	h->front->errors++;
	if (!write_answer(h, x, status, (const uint8_t *)words, strlen(words)))
		return false;
	conclude(h, x);
	return true;
}

/* What comes behind that can't be told apart any more. */
static bool refuse_all(struct http_stream *h, struct http1 *x, unsigned status)
{
	x->close = true;
	return refuse(h, x, status);
}

/* --- a request ------------------------------------------------------------------------ */

static bool read_request_line(struct http_stream *h, struct http1 *x, size_t len)
{
	char *target = memchr(x->line, ' ', len);
	char *version =
		target ? memchr(target + 1, ' ', len - (size_t)(target + 1 - x->line)) : NULL;

	/* RFC 9112 2.2: empty lines before it are passed over. */
	if (len == 0 && x->empty_n++ < EMPTY_LINES_MAX)
		return true;
	x->empty_n = 0;
	x->close = x->has_length = x->chunked = false;
	x->left = 0;
	x->query = http_query_new(++x->tag);
	if (!x->query)
		return false;
	if (!version)
		return refuse_all(h, x, 400);
	size_t version_len = len - (size_t)(version + 1 - x->line);

	if (version_len != 8 || memcmp(version + 1, "HTTP/1.", 7) != 0)
		return refuse_all(h, x, 505);
	x->close = version[8] == '0';
	http_query_method(x->query, x->line, (size_t)(target - x->line));
	http_query_target(h, x->query, target + 1, (size_t)(version - target - 1));
	x->query->headers = (uint32_t)len;
	x->state = HTTP1_HEADERS;
	return true;
}

static bool is_token(const char *value, size_t len, const char *what)
{
	return len == strlen(what) && strncasecmp(value, what, len) == 0;
}

static bool read_length(struct http1 *x, const char *value, size_t len)
{
	uint32_t n = 0;

	if (len == 0 || len > 8 || x->has_length)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return false;
		n = n * 10 + (uint32_t)(value[i] - '0');
	}
	x->left = n;
	x->has_length = true;
	return true;
}

/* False when it makes the request mean two things. */
static bool read_framing(struct http1 *x, const char *name, size_t name_len, const char *value,
			 size_t len)
{
	if (is_token(name, name_len, "content-length"))
		return read_length(x, value, len);
	if (is_token(name, name_len, "transfer-encoding")) {
		bool again = x->chunked;

		x->chunked = is_token(value, len, "chunked");
		return x->chunked && !again;
	}
	if (is_token(name, name_len, "connection") && is_token(value, len, "close"))
		x->close = true;
	return true;
}

/* RFC 9110 5.6.2: a token. */
static bool is_name(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && !(c >= '0' && c <= '9') && (!c || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return len > 0;
}

static bool read_header(struct http_stream *h, struct http1 *x, size_t len)
{
	const char *colon = memchr(x->line, ':', len);
	size_t name_len = colon ? (size_t)(colon - x->line) : 0;

	if (!is_name(x->line, name_len))
		return refuse_all(h, x, 400);
	const char *value = colon + 1, *end = x->line + len;

	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (!read_framing(x, x->line, name_len, value, (size_t)(end - value)) ||
	    (x->has_length && x->chunked))
		return refuse_all(h, x, 400);
	if (is_token(x->line, name_len, "expect") &&
	    is_token(value, (size_t)(end - value), "100-continue")) {
		static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
		struct iovec iov = {without_const(go_on), sizeof go_on - 1};

		return stream_put(h->stream, &iov, 1);
	}
	http_query_header(h, x->query, x->line, name_len, value, (size_t)(end - value));
	return true;
}

/* All of the request is there: deliver it, or say why not. */
static bool end_request(struct http_stream *h, struct http1 *x)
{
	struct stream *s = h->stream;
	unsigned status = http_query_end(h, x->query);
	uint32_t tag = x->tag;

	if (status != 200)
		return refuse(h, x, status);
	x->state = HTTP1_ANSWERING;
	s->rx_n = 0;
	if (!http_query_deliver(h, x->query))
		return true; /* the stream has been closed, and all this with it */
	if (x->state == HTTP1_ANSWERING && x->tag == tag)
		stream_want(s, true, false);
	return true;
}

static bool end_headers(struct http_stream *h, struct http1 *x)
{
	if (x->left > HTTP_BODY_MAX)
		return refuse_all(h, x, 413);
	if (x->chunked) {
		x->state = HTTP1_CHUNK_LINE;
		return true;
	}
	x->state = HTTP1_BODY;
	return x->left > 0 || end_request(h, x);
}

static bool read_chunk_line(struct http_stream *h, struct http1 *x, size_t len)
{
	size_t at = 0;

	x->left = 0;
	for (; at < len; at++) {
		char c = x->line[at];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			break;
		x->left = x->left * 16 + (uint32_t)digit;
		if (x->left > HTTP_BODY_MAX)
			return refuse_all(h, x, 413);
	}
	if (at == 0 || (at < len && x->line[at] != ';' && x->line[at] != ' '))
		return refuse_all(h, x, 400);
	x->state = x->left > 0 ? HTTP1_CHUNK : HTTP1_TRAILER;
	return true;
}

static bool read_line(struct http_stream *h, struct http1 *x, size_t len)
{
	if (x->state == HTTP1_REQUEST_LINE)
		return read_request_line(h, x, len);
	/* Behind its first line there is a request. */
	if (!x->query)
		return false;
	if ((x->query->headers += (uint32_t)len + 2) > HTTP_HEADERS_MAX)
		return refuse_all(h, x, 431);
	switch (x->state) {
	case HTTP1_HEADERS: return len == 0 ? end_headers(h, x) : read_header(h, x, len);
	case HTTP1_CHUNK_LINE: return read_chunk_line(h, x, len);
	case HTTP1_CHUNK_END: x->state = HTTP1_CHUNK_LINE; return len == 0 || refuse_all(h, x, 400);
	case HTTP1_TRAILER: return len > 0 || end_request(h, x);
	case HTTP1_REQUEST_LINE:
	case HTTP1_BODY:
	case HTTP1_CHUNK:
	case HTTP1_ANSWERING:
	case HTTP1_ENDING: break;
	}
	return false;
}

/* A line that can't be read at all, maybe the first one of a request. */
static bool refuse_line(struct http_stream *h, struct http1 *x, unsigned status)
{
	if (!x->query)
		x->query = http_query_new(++x->tag);
	return x->query && refuse_all(h, x, status);
}

/* RFC 9112 2.2: with anything else others may see its end elsewhere. */
static bool is_one_line(const char *line, size_t len)
{
	return len > 0 && line[len - 1] == '\r' && !memchr(line, '\r', len - 1) &&
	       !memchr(line, '\0', len);
}

/* Octets up to the end of a line, or all that there are; how many were used. */
static size_t take_line(struct http_stream *h, struct http1 *x, const uint8_t *octets, size_t n,
			bool *good)
{
	const uint8_t *end = memchr(octets, '\n', n);
	size_t used = end ? (size_t)(end - octets) : n, len;

	if (x->line_n + used > sizeof x->line) {
		*good = refuse_line(h, x, 431);
		return n;
	}
	memcpy(x->line + x->line_n, octets, used);
	x->line_n += (uint32_t)used;
	if (!end)
		return n;
	len = x->line_n;
	x->line_n = 0;
	*good = is_one_line(x->line, len) ? read_line(h, x, len - 1) : refuse_line(h, x, 400);
	return used + 1;
}

static size_t take_body(struct http_stream *h, struct http1 *x, const uint8_t *octets, size_t n,
			bool *good)
{
	size_t used = MIN(n, (size_t)x->left);

	http_query_body(h, x->query, octets, used);
	x->left -= (uint32_t)used;
	if (x->left > 0)
		return used;
	if (x->state == HTTP1_BODY)
		*good = end_request(h, x);
	else
		x->state = HTTP1_CHUNK_END;
	return used;
}

static bool keep_later(struct http1 *x, const uint8_t *octets, size_t n)
{
	uint8_t *more = realloc(x->later, x->later_n + n);

	if (!more)
		return false;
	memcpy(more + x->later_n, octets, n);
	x->later = more;
	x->later_n += (uint32_t)n;
	return true;
}

/* --- the version ---------------------------------------------------------------------- */

static bool take(struct http_stream *h, const uint8_t *octets, size_t n)
{
	struct stream *s = h->stream;
	struct http1 *x = h->state;
	bool good = true;

	h->taking = true;
	while (n > 0 && good && x->state < HTTP1_ANSWERING) {
		bool body = x->state == HTTP1_BODY || x->state == HTTP1_CHUNK;
		size_t used = body ? take_body(h, x, octets, n, &good)
				   : take_line(h, x, octets, n, &good);

		octets += used;
		n -= used;
		if (s->closed)
			return true;
	}
	h->taking = false;
	/* A request that was begun must be whole in time. */
	if (x->state < HTTP1_ANSWERING)
		s->rx_n = x->state != HTTP1_REQUEST_LINE || x->line_n > 0;
	if (good && n > 0 && x->state == HTTP1_ANSWERING)
		return keep_later(x, octets, n);
	return good;
}

static bool go_on(struct http_stream *h)
{
	struct http1 *x = h->state;
	uint8_t *later = x->later;
	uint32_t n = x->later_n;

	x->later = NULL;
	x->later_n = 0;
	bool good = take(h, later, n);

	free(later);
	return good;
}

static bool send_answer(struct http_stream *h, uint32_t tag, const uint8_t *octets, size_t len)
{
	struct http1 *x = h->state;

	if (x->state != HTTP1_ANSWERING || x->tag != tag)
		return true;
	if (!write_answer(h, x, 200, octets, len))
		return false;
	conclude(h, x);
	/* What came behind is read in the next turn: whoever answers is not to be asked meanwhile.
	 */
	if (x->state != HTTP1_ENDING && !h->taking)
		stream_want(h->stream, false, x->later_n > 0);
	return true;
}

/* Silence is no answer in HTTP: the connection ends. */
static void settle(struct http_stream *h, uint32_t tag)
{
	struct http1 *x = h->state;

	if (x->state != HTTP1_ANSWERING || x->tag != tag)
		return;
	x->close = true;
	conclude(h, x);
}

static void end(struct http_stream *h)
{
	struct http1 *x = h->state;

	drop_query(h, x);
	free(x->later);
	free(x);
}

static const struct http_version version = {
	.take = take, .go_on = go_on, .send = send_answer, .settle = settle, .close = end};

bool http1_begin(struct http_stream *h)
{
	struct http1 *x = calloc(1, sizeof *x);

	if (!x)
		return false;
	h->version = &version;
	h->state = x;
	return true;
}

/* http3_control.c - frames of a client's stream of control that nghttp3 must not see. */
#include "net/http3_control.h"

#include "base/compiler.h"

#define STREAM_CONTROL   0x00    /* RFC 9114 6.2.1 */
#define PRIORITY_UPDATE  0xf0700 /* RFC 9218 7.2: of a request, */
#define PRIORITY_OF_PUSH 0xf0701 /* and of a push */

/* A number (RFC 9000 16) at @p at; false when it is not whole. */
static bool read_number(const uint8_t *octets, size_t n, size_t *at, uint64_t *out)
{
	if (*at >= n)
		return false;
	size_t size = (size_t)1 << (octets[*at] >> 6);

	if (n - *at < size)
		return false;
	*out = octets[*at] & 0x3f;
	for (size_t i = 1; i < size; i++)
		*out = *out << 8 | octets[*at + i];
	*at += size;
	return true;
}

/* True when what is held is whole, and decided on. */
static bool decide(struct http3_control *k)
{
	uint64_t type;
	size_t at = 0;

	if (!read_number(k->held, k->held_n, &at, &type))
		return false;
	if (k->reading == HTTP3_TYPE) {
		k->reading = type == STREAM_CONTROL ? HTTP3_HEADER : HTTP3_ANY;
		return true;
	}
	if (!read_number(k->held, k->held_n, &at, &k->left))
		return false;
	/* The first one has to be SETTINGS: nghttp3 sees to that. */
	k->skipping = k->begun && (type == PRIORITY_UPDATE || type == PRIORITY_OF_PUSH);
	k->begun = true;
	k->reading = k->left > 0 ? HTTP3_BODY : HTTP3_HEADER;
	return true;
}

static size_t read_header(struct http3_control *k, const uint8_t *octets, size_t n,
			  struct http3_part *out)
{
	size_t used = 0;

	while (used < n) {
		k->held[k->held_n++] = octets[used++];
		if (!decide(k))
			continue;
		if (!k->skipping) {
			out->held = k->held;
			out->held_n = k->held_n;
		}
		k->held_n = 0;
		break;
	}
	return used;
}

size_t http3_control_read(struct http3_control *k, const uint8_t *octets, size_t n,
			  struct http3_part *out)
{
	*out = (struct http3_part){0};
	if (k->reading == HTTP3_TYPE || k->reading == HTTP3_HEADER)
		return read_header(k, octets, n, out);
	if (k->reading == HTTP3_BODY) {
		n = (size_t)MIN((uint64_t)n, k->left);
		k->left -= n;
		if (k->left == 0)
			k->reading = HTTP3_HEADER;
	}
	if (!k->skipping) {
		out->octets = octets;
		out->n = n;
	}
	return n;
}

/*
 * fuzz_http.c - HTTP from a client in any octets: no overrun, no message that is none, and answers
 * to requests that are gone harm nobody.
 *
 * The first octet says in how large pieces the rest comes; each message is answered at once, by and
 * by, or never, as its own octets have it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/compiler.h"
#include "net/http.h"
#include "peer.h"

#define LATER_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stream stream;
static struct stream_gather gather;
static struct http_front front = {.path = "/dns-query"};
static uint32_t later[LATER_MAX];
static unsigned later_n;

static const uint8_t answer[] = {0, 0, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1};

static bool on_message(struct stream *s, const uint8_t *octets, size_t len)
{
	check_always(len >= 12 && len <= UINT16_MAX && !(octets[2] & 0x80));
	if (octets[0] & 1)
		(void)stream_send(s, s->tag, answer, sizeof answer);
	else if (octets[0] & 2)
		stream_settle(s, s->tag);
	else if (later_n < LATER_MAX)
		later[later_n++] = s->tag;
	if (octets[1] != 0xff)
		return true;
	stream_close(s);
	return false;
}

static void on_ended(struct stream *s, enum stream_end why)
{
	(void)s;
	(void)why;
}

static void answer_later(void)
{
	for (unsigned i = 0; i < later_n && !stream.closed; i++) {
		if (i % 3 == 2)
			stream_settle(&stream, later[i]);
		else if (!stream_send(&stream, later[i], answer, sizeof answer))
			stream_close(&stream);
	}
	later_n = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{

	if (size < 2)
		return 0;
	later_n = 0;
	stream = (struct stream){.message = on_message, .ended = on_ended};
	int peer = peer_connect(&stream);

	stream.gather = data[0] & 4 ? &gather : NULL;
	check_always(http_serve(&stream, &front, data[0] & 1));
	size_t step = 1 + (size_t)data[0] * (size_t)data[0];

	for (size_t at = 1; at < size && !stream.closed; at += step) {
		(void)!send(peer, data + at, MIN(step, size - at), MSG_NOSIGNAL);
		peer_turn(peer);
		if (data[0] & 2)
			answer_later();
	}
	answer_later();
	for (unsigned i = 0; i < 4 && !stream.closed; i++)
		peer_turn(peer);
	stream_close(&stream);
	close(peer);
	return 0;
}

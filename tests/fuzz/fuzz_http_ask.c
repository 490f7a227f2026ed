/*
 * fuzz_http_ask.c - HTTP/2 from a server in any octets: no overrun, and no message longer than one
 * can be.
 *
 * The first octet says how many questions are open, and in how large pieces the rest comes.
 */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/compiler.h"
#include "net/http_ask.h"
#include "peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stream stream;

static const uint8_t query[] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1};

static bool on_message(struct stream *s, const uint8_t *octets, size_t len)
{
	check_always(len <= UINT16_MAX);
	if (len < 2 || octets[1] != 0xff)
		return true;
	stream_close(s);
	return false;
}

static void on_ended(struct stream *s, enum stream_end why)
{
	(void)s;
	(void)why;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[160] = "";

	if (size < 2)
		return 0;
	stream = (struct stream){.message = on_message, .ended = on_ended};
	int peer = peer_connect(&stream);

	check_always(http_ask(&stream, "a.test", "/dns-query", why, sizeof why));
	for (unsigned i = 0; i < (data[0] & 15u); i++)
		(void)stream_send(&stream, 0, query, sizeof query);
	size_t step = 1 + (size_t)data[0] * (size_t)data[0];

	for (size_t at = 1; at < size && !stream.closed; at += step) {
		(void)!send(peer, data + at, MIN(step, size - at), MSG_NOSIGNAL);
		peer_turn(peer);
	}
	stream_close(&stream);
	check_always(strnlen(why, sizeof why) < sizeof why);
	close(peer);
	return 0;
}

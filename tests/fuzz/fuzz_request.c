/*
 * fuzz_request.c - what clients may send: read, and answered with whatever was understood of it.
 *
 * The first octet says how it came: 1 by TCP, 2 while networks of clients are told to servers.
 */
#include <stdlib.h>
#include <string.h>

#include <tern/message.h>

#include "base/bytes.h"
#include "base/check.h"
#include "worker/render.h"
#include "worker/request.h"

#define WALL_S 1700000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct hash_key secret = {3, 4};
static const struct address client = {.octets = {192, 0, 2, 9}, .port = 4444, .family = 4};
static uint8_t out[TERN_MESSAGE_MAX];
static struct tern_rr_ref rrs[64];

static void check_request(const struct request *r)
{
	check_always(r->name_len <= TERN_NAME_MAX && r->limit >= 512);
	check_always(r->cookie_len == 0 || r->cookie_len == TERN_COOKIE_CLIENT);
	check_always(r->subnet_len <= REQUEST_SUBNET_MAX && (r->edns || r->subnet_len == 0));
	if (r->subnet_len > 0)
		check_always(r->subnet_len == REQUEST_SUBNET_HEAD + (r->subnet[2] + 7u) / 8);
}

static void answer(const struct request *r, bool verdict_is_error)
{
	const struct render_context context = {&secret, &client, WALL_S, 10000, "tern"};
	const struct result result = {
		.rcode = TERN_RCODE_NXDOMAIN, .ede = TERN_EDE_NONE, .by_network = true};
	size_t len = verdict_is_error ? render_error(r, r->rcode, TERN_EDE_OTHER, "text", &context,
						     out, sizeof out)
				      : render_result(r, &result, &context, out, sizeof out);
	struct tern_message m;

	check_always(len >= TERN_HEADER_LEN && len <= r->limit);
	if (r->name_len == 0)
		return;
	enum tern_status status = tern_message_parse(out, len, rrs, ARRAY_LEN(rrs), &m);

	check_always(status == TERN_OK || status == TERN_EOPCODE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t how = size > 0 ? data[0] : 0;
	size_t len = size > 0 ? size - 1 : 0;
	const struct request_context context = {.cookie_secret = &secret,
						.client = &client,
						.wall_s = WALL_S,
						.tcp = how & 1,
						.subnets = how & 2};
	uint8_t *exact = malloc(len > 0 ? len : 1);
	struct request request;

	check_always(exact);
	if (len > 0)
		memcpy(exact, data + 1, len);
	enum request_verdict verdict = request_parse(exact, len, &context, &request);

	free(exact);
	if (verdict == REQUEST_DROP)
		return 0;
	check_request(&request);
	answer(&request, verdict == REQUEST_ERROR);
	return 0;
}

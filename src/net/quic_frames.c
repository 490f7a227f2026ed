/* quic_frames.c - frames that ngtcp2 must not see as they are (RFC 9000 19); see quic.h. */
#include "net/quic_private.h"

#include <string.h>

enum frame {
	FRAME_PADDING = 0x00,
	FRAME_PING = 0x01,
	FRAME_ACK = 0x02,
	FRAME_ACK_ECN = 0x03,
	FRAME_RESET_STREAM = 0x04,
	FRAME_STOP_SENDING = 0x05,
	FRAME_CRYPTO = 0x06,
	FRAME_NEW_TOKEN = 0x07,
	FRAME_STREAM = 0x08,
	FRAME_STREAM_LAST = 0x0f,
	FRAME_MAX_DATA = 0x10,
	FRAME_MAX_STREAM_DATA = 0x11,
	FRAME_MAX_STREAMS_BIDI = 0x12,
	FRAME_MAX_STREAMS_UNI = 0x13,
	FRAME_DATA_BLOCKED = 0x14,
	FRAME_STREAM_DATA_BLOCKED = 0x15,
	FRAME_STREAMS_BLOCKED_BIDI = 0x16,
	FRAME_STREAMS_BLOCKED_UNI = 0x17,
	FRAME_NEW_CONNECTION_ID = 0x18,
	FRAME_RETIRE_CONNECTION_ID = 0x19,
	FRAME_PATH_CHALLENGE = 0x1a,
	FRAME_PATH_RESPONSE = 0x1b,
	FRAME_CLOSE = 0x1c,
	FRAME_CLOSE_BY_APP = 0x1d,
	FRAME_DONE = 0x1e,
};

#define STREAM_HAS_OFFSET 0x04
#define STREAM_HAS_LENGTH 0x02
#define PATH_DATA_LEN     8

struct frames {
	uint8_t *at;
	uint8_t *end;
	bool over; /* the octets end within a frame, or nothing is known of it: so ngtcp2 finds */
};

static void skip(struct frames *f, uint64_t n)
{
	if (n > (uint64_t)(f->end - f->at)) {
		f->over = true;
		f->at = f->end;
		return;
	}
	f->at += n;
}

/* RFC 9000 16. */
static uint64_t take_number(struct frames *f)
{
	if (f->at == f->end) {
		f->over = true;
		return 0;
	}
	uint8_t *at = f->at;
	size_t len = (size_t)1 << (*at >> 6);
	uint64_t value = *at & 0x3f;

	skip(f, len);
	for (size_t i = 1; !f->over && i < len; i++)
		value = value << 8 | at[i];
	return f->over ? 0 : value;
}

static void skip_numbers(struct frames *f, uint64_t n)
{
	for (uint64_t i = 0; i < n && !f->over; i++)
		(void)take_number(f);
}

static void skip_ack(struct frames *f, bool ecn)
{
	skip_numbers(f, 2);
	uint64_t ranges = take_number(f);

	skip_numbers(f, 1);
	for (uint64_t i = 0; i < ranges && !f->over; i++)
		skip_numbers(f, 2);
	skip_numbers(f, ecn ? 3 : 0);
}

static void skip_stream(struct frames *f, unsigned flags)
{
	skip_numbers(f, flags & STREAM_HAS_OFFSET ? 2 : 1);
	skip(f, flags & STREAM_HAS_LENGTH ? take_number(f) : (uint64_t)(f->end - f->at));
}

/* The number keeps its length, and becomes 0. */
static void clear_number(struct frames *f)
{
	uint8_t *at = f->at;

	skip_numbers(f, 1);
	if (f->over)
		return;
	*at &= 0xc0;
	memset(at + 1, 0, (size_t)(f->at - at) - 1);
}

static void take_id(struct frames *f)
{
	skip_numbers(f, 1);
	clear_number(f);
	if (f->at == f->end)
		f->over = true;
	else
		skip(f, 1 + (uint64_t)*f->at + NGTCP2_STATELESS_RESET_TOKENLEN);
}

static void take_frame(struct frames *f)
{
	unsigned kind = *f->at++;

	switch (kind) {
	case FRAME_PADDING:
	case FRAME_PING:
	case FRAME_DONE: return;
	case FRAME_ACK:
	case FRAME_ACK_ECN: skip_ack(f, kind == FRAME_ACK_ECN); return;
	case FRAME_RESET_STREAM: skip_numbers(f, 3); return;
	case FRAME_CRYPTO:
		skip_numbers(f, 1);
		skip(f, take_number(f));
		return;
	case FRAME_NEW_TOKEN: skip(f, take_number(f)); return;
	case FRAME_STOP_SENDING:
	case FRAME_MAX_STREAM_DATA:
	case FRAME_STREAM_DATA_BLOCKED: skip_numbers(f, 2); return;
	case FRAME_MAX_DATA:
	case FRAME_MAX_STREAMS_BIDI:
	case FRAME_MAX_STREAMS_UNI:
	case FRAME_DATA_BLOCKED:
	case FRAME_STREAMS_BLOCKED_BIDI:
	case FRAME_STREAMS_BLOCKED_UNI:
	case FRAME_RETIRE_CONNECTION_ID: skip_numbers(f, 1); return;
	case FRAME_NEW_CONNECTION_ID: take_id(f); return;
	case FRAME_PATH_CHALLENGE:
	case FRAME_PATH_RESPONSE: skip(f, PATH_DATA_LEN); return;
	case FRAME_CLOSE:
		skip_numbers(f, 2);
		skip(f, take_number(f));
		return;
	case FRAME_CLOSE_BY_APP:
		skip_numbers(f, 1);
		skip(f, take_number(f));
		return;
	default:
		if (kind >= FRAME_STREAM && kind <= FRAME_STREAM_LAST)
			skip_stream(f, kind - FRAME_STREAM);
		else
			f->over = true;
		return;
	}
}

void quic_retire_nothing(uint8_t *payload, size_t len)
{
	struct frames f = {.at = payload, .end = payload + len};

	/* Nearly all packets have none. */
	if (!memchr(payload, FRAME_NEW_CONNECTION_ID, len))
		return;
	while (f.at < f.end && !f.over)
		take_frame(&f);
}

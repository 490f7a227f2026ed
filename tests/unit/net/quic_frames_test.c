/* quic_frames_test.c - NEW_CONNECTION_ID frames behind all others, whole and cut. */
#include "helpers.h"

#include <stdlib.h>

#include "net/quic_private.h"

#define ID_TAIL 4, 'i', 'd', 'i', 'd', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0

static const uint8_t asks[] = {0x18, 0x09, 0x40, 0x07, ID_TAIL};
static const uint8_t asks_nothing[] = {0x18, 0x09, 0x40, 0x00, ID_TAIL};
static const uint8_t asks_long[] = {0x18, 0x09, 0xc0, 0, 0, 0, 0, 0, 0, 0x18, ID_TAIL};
static const uint8_t asks_nothing_long[] = {0x18, 0x09, 0xc0, 0, 0, 0, 0, 0, 0, 0, ID_TAIL};

static const struct {
	uint8_t octets[16];
	size_t len;
} before[] = {
	{{0x00, 0x00, 0x01, 0x1e}, 4},
	{{0x02, 0x05, 0x00, 0x02, 0x18, 0x18, 0x00, 0x40, 0x18, 0x01}, 10},
	{{0x03, 0x05, 0x18, 0x00, 0x01, 0x01, 0x18, 0x40, 0x18}, 9},
	{{0x04, 0x18, 0x00, 0x18}, 4},
	{{0x05, 0x18, 0x00}, 3},
	{{0x06, 0x18, 0x03, 0x18, 0x18, 0x18}, 6},
	{{0x07, 0x02, 0x18, 0x18}, 4},
	{{0x0a, 0x00, 0x02, 0x18, 0x00}, 5},
	{{0x0f, 0x04, 0x18, 0x01, 0x18}, 5},
	{{0x10, 0x40, 0x18}, 3},
	{{0x11, 0x00, 0x18}, 3},
	{{0x12, 0x18}, 2},
	{{0x13, 0x18}, 2},
	{{0x14, 0x18}, 2},
	{{0x15, 0x00, 0x18}, 3},
	{{0x16, 0x18}, 2},
	{{0x17, 0x18}, 2},
	{{0x19, 0x18}, 2},
	{{0x1a, 0x18, 0, 0, 0, 0, 0, 0, 0}, 9},
	{{0x1b, 0, 0, 0, 0, 0, 0, 0, 0x18}, 9},
	{{0x1c, 0x18, 0x18, 0x01, 0x18}, 5},
	{{0x1d, 0x18, 0x01, 0x18}, 4},
};

/* Of @p octets with @p frame behind them, in a block of their size. */
static uint8_t *join(const uint8_t *octets, size_t n, const uint8_t *frame, size_t frame_len)
{
	uint8_t *out = malloc(n + frame_len);

	assert_non_null(out);
	memcpy(out, octets, n);
	memcpy(out + n, frame, frame_len);
	return out;
}

static void nothing_is_retired(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(before); i++) {
		size_t n = before[i].len;
		uint8_t *payload = join(before[i].octets, n, asks, sizeof asks);

		quic_retire_nothing(payload, n + sizeof asks);
		assert_memory_equal(payload, before[i].octets, n);
		assert_memory_equal(payload + n, asks_nothing, sizeof asks);
		free(payload);
		payload = join(before[i].octets, n, asks_long, sizeof asks_long);
		quic_retire_nothing(payload, n + sizeof asks_long);
		assert_memory_equal(payload + n, asks_nothing_long, sizeof asks_long);
		free(payload);
	}
}

static void two_of_them(void **state)
{
	uint8_t *payload = join(asks, sizeof asks, asks_long, sizeof asks_long);

	(void)state;
	quic_retire_nothing(payload, sizeof asks + sizeof asks_long);
	assert_memory_equal(payload, asks_nothing, sizeof asks);
	assert_memory_equal(payload + sizeof asks, asks_nothing_long, sizeof asks_long);
	free(payload);
}

/* What is not whole is ngtcp2's to refuse; nothing is read behind it. */
static void cut_ones(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(before); i++) {
		uint8_t *whole = join(before[i].octets, before[i].len, asks_long, sizeof asks_long);

		for (size_t n = 0; n <= before[i].len + sizeof asks_long; n++) {
			uint8_t *payload = join(whole, n, asks, 0);

			quic_retire_nothing(payload, n);
			assert_memory_equal(payload, whole, MIN(n, before[i].len));
			free(payload);
		}
		free(whole);
	}
}

/* A stream's data without a length goes on to the end, and so does what nobody knows. */
static void no_frame_of_that_kind(void **state)
{
	static const uint8_t firsts[][2] = {{0x08, 0x00}, {0x30, 0x18}, {0x1f, 0x18}, {0xff, 0x00}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
		uint8_t *payload = join(firsts[i], 2, asks, sizeof asks);

		quic_retire_nothing(payload, 2 + sizeof asks);
		assert_memory_equal(payload + 2, asks, sizeof asks);
		free(payload);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_retired),
		cmocka_unit_test(two_of_them),
		cmocka_unit_test(cut_ones),
		cmocka_unit_test(no_frame_of_that_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

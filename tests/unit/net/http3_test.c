/* http3_test.c - what nghttp3 hears of a client's streams one way, whatever pieces they come in. */
#include "helpers.h"

#include "net/http3_control.h"

/* Types and lengths in one to eight octets. */
#define SETTINGS       "\x04\x02\x21\x05"
#define RESERVED       "\x40\x21\x03\x80\x0f\x07"
#define EMPTY          "\x40\x21\x00"
#define UPDATE         "\x80\x0f\x07\x00\x05\x00u=1,"
#define UPDATE_LONG    "\xc0\x00\x00\x00\x00\x0f\x07\x00\xc0\x00\x00\x00\x00\x00\x00\x03\x04\x02\x21"
#define UPDATE_EMPTY   "\x80\x0f\x07\x00\x00"
#define UPDATE_OF_PUSH "\x80\x0f\x07\x01\x40\x02\x00u"
#define GOAWAY         "\x07\x01\x00"

#define OCTETS(text) (const uint8_t *)(text), sizeof(text) - 1

static const struct {
	const uint8_t *said;
	size_t said_n;
	const uint8_t *heard;
	size_t heard_n;
} cases[] = {
	{OCTETS("\0" SETTINGS UPDATE GOAWAY), OCTETS("\0" SETTINGS GOAWAY)},
	{OCTETS("\0" SETTINGS RESERVED UPDATE UPDATE_LONG UPDATE_EMPTY EMPTY UPDATE_OF_PUSH GOAWAY),
	 OCTETS("\0" SETTINGS RESERVED EMPTY GOAWAY)},
	/* A type of more octets than it needs. */
	{OCTETS("\x80\0\0\0" SETTINGS UPDATE_EMPTY), OCTETS("\x80\0\0\0" SETTINGS)},
	/* Not behind SETTINGS: that is an error, which nghttp3 tells. */
	{OCTETS("\0" UPDATE SETTINGS UPDATE), OCTETS("\0" UPDATE SETTINGS)},
	/* Other streams have no frames. */
	{OCTETS("\2" SETTINGS UPDATE UPDATE), OCTETS("\2" SETTINGS UPDATE UPDATE)},
	{OCTETS("\x40\x21" UPDATE UPDATE), OCTETS("\x40\x21" UPDATE UPDATE)},
	/* What is not decided on is not heard. */
	{OCTETS("\x40"), OCTETS("")},
	{OCTETS("\0" SETTINGS "\x80\x0f\x07"), OCTETS("\0" SETTINGS)},
	{OCTETS("\0" SETTINGS "\x80\x0f\x07\x00\x40"), OCTETS("\0" SETTINGS)},
	/* Frames that are longer than any that comes whole. */
	{OCTETS("\0" SETTINGS "\x40\x21\xff\xff\xff\xff\xff\xff\xff\xff" UPDATE),
	 OCTETS("\0" SETTINGS "\x40\x21\xff\xff\xff\xff\xff\xff\xff\xff" UPDATE)},
	{OCTETS("\0" SETTINGS "\x80\x0f\x07\x00\xff\xff\xff\xff\xff\xff\xff\xff" GOAWAY),
	 OCTETS("\0" SETTINGS)},
};

static void hear(struct http3_control *k, const uint8_t *octets, size_t n, uint8_t *heard,
		 size_t *heard_n)
{
	while (n > 0) {
		struct http3_part part;
		size_t used = http3_control_read(k, octets, n, &part);

		assert_in_range(used, 1, n);
		octets += used;
		n -= used;
		assert_in_range(*heard_n + part.held_n + part.n, 0, 200);
		if (part.held_n > 0)
			memcpy(heard + *heard_n, part.held, part.held_n);
		*heard_n += part.held_n;
		if (part.n > 0)
			memcpy(heard + *heard_n, part.octets, part.n);
		*heard_n += part.n;
	}
}

static void test_in_any_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t piece = 1; piece <= cases[i].said_n; piece++) {
			struct http3_control k = {0};
			uint8_t heard[200];
			size_t heard_n = 0;

			for (size_t at = 0; at < cases[i].said_n; at += piece)
				hear(&k, cases[i].said + at, MIN(piece, cases[i].said_n - at),
				     heard, &heard_n);
			assert_int_equal(heard_n, cases[i].heard_n);
			assert_memory_equal(heard, cases[i].heard, heard_n);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_any_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

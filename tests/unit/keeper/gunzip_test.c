/*
 * gunzip_test.c - bodies octet by octet, several in a row, cut off, and broken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "keeper/gunzip.h"

#define TEXT_OCTETS 300000

static char text[TEXT_OCTETS], packed[TEXT_OCTETS], got[2 * TEXT_OCTETS];
static size_t packed_len, got_len, got_max;

static int pack(void **state)
{
	z_stream s = {.next_in = (Bytef *)text, .avail_in = TEXT_OCTETS};

	(void)state;
	for (size_t i = 0; i < TEXT_OCTETS; i++)
		text[i] = (char)('a' + i * i / 97 % 23);
	assert_int_equal(deflateInit2(&s, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	s.next_out = (Bytef *)packed;
	s.avail_out = sizeof packed;
	assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
	packed_len = s.total_out;
	return deflateEnd(&s);
}

static bool take(void *context, const char *octets, size_t len)
{
	(void)context;
	if (got_len + len > got_max)
		return false;
	memcpy(got + got_len, octets, len);
	got_len += len;
	return true;
}

/* @n octets of it @times times, in pieces of @piece; false when that was refused. */
static bool feed(struct gunzip *g, size_t n, unsigned times, size_t piece)
{
	got_len = 0;
	assert_true(gunzip_begin(g));
	for (unsigned t = 0; t < times; t++) {
		for (size_t at = 0; at < n; at += piece) {
			if (!gunzip_feed(g, packed + at, n - at < piece ? n - at : piece, take,
					 NULL))
				return false;
		}
	}
	return true;
}

static void whole(void **state)
{
	static const size_t pieces[] = {1, 7, 65536, TEXT_OCTETS};
	struct gunzip g;

	(void)state;
	got_max = sizeof got;
	for (unsigned i = 0; i < 4; i++) {
		for (unsigned times = 1; times <= 2; times++) {
			assert_true(feed(&g, packed_len, times, pieces[i]));
			assert_true(g.whole);
			assert_int_equal(got_len, times * TEXT_OCTETS);
			assert_memory_equal(got, text, TEXT_OCTETS);
			assert_memory_equal(got + got_len - TEXT_OCTETS, text, TEXT_OCTETS);
			gunzip_end(&g);
		}
	}
}

static void cut_off(void **state)
{
	struct gunzip g;

	(void)state;
	got_max = sizeof got;
	for (size_t n = 0; n < packed_len; n += n < 20 || n > packed_len - 20 ? 1 : 37) {
		assert_true(feed(&g, n, 1, 64));
		assert_false(g.whole);
		gunzip_end(&g);
	}
}

static void broken(void **state)
{
	struct gunzip g;

	(void)state;
	got_max = sizeof got;
	for (size_t at = 0; at < packed_len; at += 101) {
		char was = packed[at];

		packed[at] = (char)(was ^ 0x55);
		if (feed(&g, packed_len, 1, packed_len) && g.whole && at >= 10)
			fail_msg("octet %zu", at);
		gunzip_end(&g);
		packed[at] = was;
	}
}

static void stopped(void **state)
{
	struct gunzip g;

	(void)state;
	got_max = TEXT_OCTETS - 1;
	assert_false(feed(&g, packed_len, 1, packed_len));
	gunzip_end(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(broken),
		cmocka_unit_test(stopped),
	};

	return cmocka_run_group_tests(tests, pack, NULL);
}

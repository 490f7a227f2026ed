/*
 * helpers.h - what the tests of the worker share.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tern/builder.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "worker/worker.h"

/*
 * The order between a grace period and the free that follows it is made inside
 * liburcu, which is not instrumented.
 */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "called_from_lib:liburcu-qsbr\n"
	       "race:free_batch_after_grace\n"
	       "race:cache_destroy\n";
}

/* There when the program was built with a sanitizer: then everything takes longer. */
void __asan_init(void) __attribute__((weak));
void __tsan_init(void) __attribute__((weak));

static inline bool is_sanitized(void)
{
	return __asan_init || __tsan_init;
}

/** splitmix64: the same cases on every run. */
static inline uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/** Wire form of a name that must be good. */
static inline const uint8_t *wire_name(uint8_t out[TERN_NAME_MAX], const char *text)
{
	assert_int_equal(tern_name_from_text(text, strlen(text), out), TERN_OK);
	return out;
}

#define NAME(text) wire_name((uint8_t[TERN_NAME_MAX]){0}, text)

/** An address that must be good. */
static inline struct address address(const char *text)
{
	struct address a;

	assert_true(address_from_text(text, 53, &a));
	return a;
}

#define PATIENCE_MS 5000

static inline bool is_readable(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, ms) == 1;
}

/*
 * names.h - names and addresses out of text, for the tests of every layer that knows them.
 */
#pragma once

#include "test.h"

#include <string.h>

#include <tern/name.h>

#include "base/address.h"

/** Wire form of a name that must be good. */
static inline const uint8_t *wire_name(uint8_t out[TERN_NAME_MAX], const char *text)
{
	assert_int_equal(tern_name_from_text(text, strlen(text), out), TERN_OK);
	return out;
}

/** The same in a buffer of the block where it stands. */
#define NAME(text) wire_name((uint8_t[TERN_NAME_MAX]){0}, text)

/** An address that must be good. */
static inline struct address address(const char *text)
{
	struct address a;

	assert_true(address_from_text(text, 53, &a));
	return a;
}

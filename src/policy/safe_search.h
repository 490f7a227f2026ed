/*
 * safe_search.h - search engines that leave out what is not for children when they are asked by
 * another name.
 *
 * Each engine documents that name for operators of networks: theirs is to be an alias of it.
 */
#pragma once

#include <stdint.h>

#include "base/compiler.h"

#define SAFE_SEARCH_TTL_S 300 /* of the alias */

enum safe_search {
	SAFE_SEARCH_OFF,
	SAFE_SEARCH_ON,
	SAFE_SEARCH_MODERATE, /* the same, but for YouTube, which is less strict */
};

/**
 * What @p name (lower case) is to be an alias of: presentation format without final dot. NULL when
 * it is no search engine's.
 */
MUST_USE const char *safe_search_target(enum safe_search how, const uint8_t *name);

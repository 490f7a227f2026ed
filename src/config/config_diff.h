/*
 * config_diff.h - what two configurations say differently.
 */
#pragma once

#include "config/config.h"

/**
 * Call @p visit with the path of each key that differs, in the order of the schema:
 * "cache.size". A list, of zones too, is one key.
 */
void config_diff(const struct config *a, const struct config *b,
		 void (*visit)(void *context, const char *path), void *context);

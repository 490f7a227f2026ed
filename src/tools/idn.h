/*
 * idn.h - names in Unicode, as a person reads them (IDNA 2008, RFC 5891).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/compiler.h"

/** Is standard output a terminal that knows UTF-8, and nobody against it (IDN_DISABLE)? */
bool idn_is_wanted(void);

/**
 * Write @p len octets of text to @p to, with the names in Unicode that are IDN. Only what IDNA maps
 * back to the same name: punycode can hide control characters. Quoted strings stay as they are.
 */
void idn_write(const char *text, size_t len, FILE *to);

/**
 * The name @p text as the DNS has it, to be freed; what is ASCII already stays as it is, for it may
 * have escapes. NULL with @p why, which is static.
 */
MUST_USE char *idn_to_dns(const char *text, const char **why);

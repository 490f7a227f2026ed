/*
 * file.h - small files, whole.
 */
#pragma once

#include <stddef.h>

#include "base/compiler.h"
#include "base/log.h"

#define FILE_OCTETS_MAX (16u << 20)

/** The contents of @p path, to be freed; NULL after telling @p log what is wrong. */
MUST_USE char *file_read(const char *path, size_t *len, struct log *log);

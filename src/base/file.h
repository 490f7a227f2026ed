/*
 * file.h - small files, whole.
 */
#pragma once

#include <stddef.h>

#include "base/compiler.h"

#define FILE_OCTETS_MAX (16u << 20)

/**
 * The contents of @p path, to be freed; NULL with errno. No symbolic link is followed
 * that a less trusted user can have made (folder.h).
 */
MUST_USE char *file_read(const char *path, size_t *len);

/** The same of a file of at most @p max octets, which is rounded up to a power of two. */
MUST_USE char *file_read_most(const char *path, size_t max, size_t *len);

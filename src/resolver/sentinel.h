/*
 * sentinel.h - does this resolver trust a root key? (RFC 8509)
 */
#pragma once

#include <stdbool.h>

#include "resolver/job.h"

/**
 * Must a secure answer to @p q be withheld (SERVFAIL) because its first label
 * is root-key-sentinel-is-ta-NNNNN of a key that is not trusted, or -not-ta- of
 * one that is?
 */
bool sentinel_withholds(const struct trust_anchors *anchors, const struct question *q);

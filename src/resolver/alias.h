/*
 * alias.h - CNAME and DNAME: one name's question becomes another's.
 *
 * Standards  RFC 1034 3.6.2, RFC 6672 3.1.
 */
#pragma once

#include "base/compiler.h"
#include "resolver/believe.h"

/** Go on with @p target in place of the frame's question; false when there have been too many. */
MUST_USE bool follow_alias(struct job *job, struct frame *f, const uint8_t *target);

/**
 * Keep the CNAME that the kept @p dname implies for the frame's question, with
 * the same TTL, and follow it, unless it is what was asked for.
 */
enum believed synthesize_cname(struct job *job, struct frame *f, struct kept *dname);

/*
 * check.h - what to do about a programmer's error.
 *
 * check_always() stops every build, check_debug() debug builds only. Neither is
 * for bad input: that has a status.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"

/** Print where and abort. */
static inline COLD _Noreturn void check_abort(const char *what, const char *file, int line)
{
	fprintf(stderr, "tern: %s:%d: broken invariant: %s\n", file, line, what);
	abort();
}

#define check_always(x) (likely(x) ? (void)0 : check_abort(#x, __FILE__, __LINE__))

#ifdef TERN_DEBUG
#define check_debug(x) check_always(x)
#else
#define check_debug(x) ((void)sizeof(x))
#endif

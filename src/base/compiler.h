/*
 * compiler.h - the few compiler features tern relies on; the only #if here.
 */
#pragma once

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define MUST_USE       __attribute__((warn_unused_result))
#define COLD           __attribute__((cold))
#define PRINTF(f, a)   __attribute__((format(printf, f, a)))
#define CACHE_LINE     64 /* octets, x86-64 and most arm64 */
#define ALIGNED(n)     __attribute__((aligned(n)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/** The struct that contains @p member at @p ptr. */
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

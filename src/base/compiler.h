/*
 * compiler.h - the few compiler features tern relies on; the only #if here.
 */
#pragma once

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define MUST_USE     __attribute__((warn_unused_result))
#define MAYBE_UNUSED __attribute__((unused))
#define COLD         __attribute__((cold))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define CACHE_LINE   64 /* octets, x86-64 and most arm64 */
#define ALIGNED(n)   __attribute__((aligned(n)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Somebody looks for it by its name: no copy under another one, which only gcc makes. */
#if __has_attribute(noclone)
#define NOCLONE __attribute__((noclone))
#else
#define NOCLONE
#endif

/** The struct that contains @p member at @p ptr. */
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/*
 * Tell ThreadSanitizer about an ordering that it can't see: everything before
 * the release happens before everything after the acquire of the same object.
 */
#ifdef __SANITIZE_THREAD__
void __tsan_acquire(void *object);
void __tsan_release(void *object);
#define ORDER_RELEASE(object) __tsan_release(object)
#define ORDER_ACQUIRE(object) __tsan_acquire(object)
#else
#define ORDER_RELEASE(object) ((void)(object))
#define ORDER_ACQUIRE(object) ((void)(object))
#endif

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/** For interfaces that take a plain pointer and leave alone what it points to, or free it. */
static inline void *without_const(const void *pointer)
{
	union {
		const void *from;
		void *to;
	} both = {.from = pointer};

	return both.to;
}

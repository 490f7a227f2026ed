/*
 * allocations.h - count allocations, of this thread or of all others, make the nth
 * one of this thread fail, and tell how many have not been freed.
 *
 * Include it in one file of a test program: it puts malloc() and its like in
 * front of the allocator, be it libc's or a sanitizer's shared library.
 */
#pragma once

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* A sanitizer's own start-up comes through here, before it can be asked anything. */
#define BARE __attribute__((no_sanitize("address", "thread", "undefined")))

/** Of the calling thread. */
static __thread struct {
	bool counting;
	uint64_t n;       /* allocations since counting was switched on */
	uint64_t fail_at; /* this one (1 for the first) and no other fails; 0 none */
	bool is_observer; /* watches the others */
} allocations;

static _Atomic int64_t allocations_alive; /* by all threads, since the start */
static _Atomic bool allocations_of_others_count;
static _Atomic uint64_t allocations_of_others_n;

/* Counts the call; true when it has to fail. */
BARE static bool allocation_fails(void)
{
	if (atomic_load_explicit(&allocations_of_others_count, memory_order_relaxed) &&
	    !allocations.is_observer)
		atomic_fetch_add_explicit(&allocations_of_others_n, 1, memory_order_relaxed);
	if (!allocations.counting)
		return false;
	return ++allocations.n == allocations.fail_at;
}

/* The next definition of @p name behind this program's; looked up once. */
BARE static void *next_function(void **place, const char *name)
{
	if (!*place)
		*place = dlsym(RTLD_NEXT, name);
	return *place;
}

BARE static void *note_alive(void *p)
{
	atomic_fetch_add_explicit(&allocations_alive, p != NULL, memory_order_relaxed);
	return p;
}

BARE void *malloc(size_t size)
{
	static void *next;
	void *(*real)(size_t);

	*(void **)&real = next_function(&next, "malloc");
	return allocation_fails() ? NULL : note_alive(real(size));
}

BARE void *calloc(size_t n, size_t size)
{
	static void *next;
	void *(*real)(size_t, size_t);

	*(void **)&real = next_function(&next, "calloc");
	return allocation_fails() ? NULL : note_alive(real(n, size));
}

BARE void *realloc(void *old, size_t size)
{
	static void *next;
	void *(*real)(void *, size_t);

	*(void **)&real = next_function(&next, "realloc");
	if (allocation_fails())
		return NULL;
	return old ? real(old, size) : note_alive(real(old, size));
}

/* Sanitizers look for leaks by themselves, and free before anybody may ask where they do it. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
BARE void free(void *p)
{
	static void *next;
	void (*real)(void *);

	*(void **)&real = next_function(&next, "free");
	atomic_fetch_sub_explicit(&allocations_alive, p != NULL, memory_order_relaxed);
	real(p);
}
#endif

BARE void *aligned_alloc(size_t alignment, size_t size)
{
	static void *next;
	void *(*real)(size_t, size_t);

	*(void **)&real = next_function(&next, "aligned_alloc");
	return allocation_fails() ? NULL : note_alive(real(alignment, size));
}

/** Count from 0, and let allocation @p fail_at fail. */
static inline void allocations_watch(uint64_t fail_at)
{
	allocations.n = 0;
	allocations.fail_at = fail_at;
	allocations.counting = true;
}

/** Stop; returns how many there were. */
static inline uint64_t allocations_seen(void)
{
	allocations.counting = false;
	return allocations.n;
}

/** How many were not freed; of interest is only what this changes by. Not beside a sanitizer. */
static inline int64_t allocations_left(void)
{
	return atomic_load(&allocations_alive);
}

/** From here on count what all other threads allocate. */
static inline void allocations_watch_others(void)
{
	allocations.is_observer = true;
	atomic_store(&allocations_of_others_n, 0);
	atomic_store(&allocations_of_others_count, true);
}

/** Stop; returns how many there were. */
static inline uint64_t allocations_seen_of_others(void)
{
	atomic_store(&allocations_of_others_count, false);
	return atomic_load(&allocations_of_others_n);
}

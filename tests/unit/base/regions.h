/*
 * regions.h - put what is allocated where a test can make it read-only.
 *
 * While a thread has chosen regions, its small allocations come from one and its
 * large ones from another, so that neither shares a page with anything else.
 * What is freed of them is not used again. Include it in one file of a test
 * program: it puts malloc() and its like in front of the allocator, be it libc's
 * or a sanitizer's shared library. Not together with allocations.h.
 */
#pragma once

#include <dlfcn.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define REGION_OCTETS (UINT64_C(64) << 20)
#define REGIONS_MAX   16
#define REGION_LARGE  65536u /* octets: from here on an allocation is large */
#define REGION_HEAD   16     /* octets before each allocation, with its size */

/* A sanitizer's own start-up comes through here, before it can be asked anything. */
#define BARE __attribute__((no_sanitize("address", "thread", "undefined")))

static uint8_t *regions;                 /* one mapping, zero and resident only where used */
static size_t regions_used[REGIONS_MAX]; /* octets */
static unsigned regions_n[REGIONS_MAX];  /* allocations so far */

/** Of the calling thread. */
static __thread struct {
	bool in_use;
	unsigned small;
	unsigned large;
} region_choice;

BARE static bool is_in_region(const void *at)
{
	return regions && (const uint8_t *)at >= regions &&
	       (const uint8_t *)at < regions + REGIONS_MAX * REGION_OCTETS;
}

BARE static void *region_take(size_t alignment, size_t size)
{
	unsigned region = size < REGION_LARGE ? region_choice.small : region_choice.large;
	size_t at = (regions_used[region] + REGION_HEAD + alignment - 1) & ~(alignment - 1);

	if (size > REGION_OCTETS || at + size > REGION_OCTETS)
		return NULL;
	uint8_t *start = regions + region * REGION_OCTETS + at;

	*(size_t *)(void *)(start - REGION_HEAD) = size;
	regions_used[region] = at + size;
	regions_n[region]++;
	return start;
}

BARE static size_t region_size(const void *start)
{
	return *(const size_t *)(const void *)((const uint8_t *)start - REGION_HEAD);
}

/* The next definition of @p name behind this program's; looked up once. */
BARE static void *next_function(void **place, const char *name)
{
	if (!*place)
		*place = dlsym(RTLD_NEXT, name);
	return *place;
}

BARE void *malloc(size_t size)
{
	static void *next;
	void *(*real)(size_t);

	if (region_choice.in_use)
		return region_take(REGION_HEAD, size);
	*(void **)&real = next_function(&next, "malloc");
	return real(size);
}

BARE void *calloc(size_t n, size_t size)
{
	static void *next;
	void *(*real)(size_t, size_t);

	if (region_choice.in_use)
		return region_take(REGION_HEAD, n * size);
	*(void **)&real = next_function(&next, "calloc");
	return real(n, size);
}

BARE void *aligned_alloc(size_t alignment, size_t size)
{
	static void *next;
	void *(*real)(size_t, size_t);

	if (region_choice.in_use)
		return region_take(alignment, size);
	*(void **)&real = next_function(&next, "aligned_alloc");
	return real(alignment, size);
}

BARE void *realloc(void *old, size_t size)
{
	static void *next;
	void *(*real)(void *, size_t);

	if (is_in_region(old) || (!old && region_choice.in_use)) {
		void *fresh = malloc(size);
		size_t kept = old ? region_size(old) : 0;

		return fresh && old ? memcpy(fresh, old, kept < size ? kept : size) : fresh;
	}
	*(void **)&real = next_function(&next, "realloc");
	return real(old, size);
}

BARE void free(void *old)
{
	/* dlsym() frees, too, which gcc doesn't believe of it; what it gives is lost. */
	static __thread volatile bool looking;
	static void *next;
	void (*real)(void *);

	if (is_in_region(old) || looking)
		return;
	looking = true;
	*(void **)&real = next_function(&next, "free");
	looking = false;
	real(old);
}

BARE size_t malloc_usable_size(void *at)
{
	static void *next;
	size_t (*real)(void *);

	if (is_in_region(at))
		return region_size(at);
	*(void **)&real = next_function(&next, "malloc_usable_size");
	return real(at);
}

/** What this thread allocates from here on comes from regions @p small and @p large. */
static inline void regions_choose(unsigned small, unsigned large)
{
	if (!regions) {
		void *all = mmap(NULL, REGIONS_MAX * REGION_OCTETS, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		regions = all == MAP_FAILED ? NULL : all;
	}
	region_choice.small = small;
	region_choice.large = large;
	region_choice.in_use = regions;
}

/** What it allocates is ordinary again. */
static inline void regions_leave(void)
{
	region_choice.in_use = false;
}

/** Where region @p i begins; it has REGION_OCTETS. */
static inline uint8_t *region_start(unsigned i)
{
	return regions + i * REGION_OCTETS;
}

/** Is @p at in region @p i? */
static inline bool region_has(unsigned i, const void *at)
{
	const uint8_t *octet = at;

	return octet >= region_start(i) && octet < region_start(i) + REGION_OCTETS;
}

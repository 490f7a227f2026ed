/*
 * histogram.h - times counted in buckets no wider than 1/64 of their value.
 */
#pragma once

#include <stdint.h>

#define HISTOGRAM_SHIFT   6 /* 64 buckets for each power of two */
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_SHIFT + 1) << HISTOGRAM_SHIFT)

struct histogram {
	uint64_t counted;
	uint64_t max; /* greatest value seen */
	uint64_t in[HISTOGRAM_BUCKETS];
};

static inline void histogram_add(struct histogram *h, uint64_t value)
{
	unsigned bucket = (unsigned)value;

	if (value >> HISTOGRAM_SHIFT) {
		unsigned down = 63 - (unsigned)__builtin_clzll(value) - HISTOGRAM_SHIFT;
		unsigned below = (unsigned)(value >> down) & ((1u << HISTOGRAM_SHIFT) - 1);
		bucket = ((down + 1) << HISTOGRAM_SHIFT) + below;
	}
	h->in[bucket]++;
	h->counted++;
	if (value > h->max)
		h->max = value;
}

/** The value that a share of @p part of all do not exceed; 0 when nothing was counted. */
static inline uint64_t histogram_quantile(const struct histogram *h, double part)
{
	uint64_t wanted = (uint64_t)(part * (double)h->counted);
	uint64_t seen = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->in[i];
		if (seen <= wanted || h->in[i] == 0)
			continue;
		if (i < 1u << HISTOGRAM_SHIFT)
			return i;
		unsigned down = (i >> HISTOGRAM_SHIFT) - 1;
		uint64_t low = (1u << HISTOGRAM_SHIFT) + (i & ((1u << HISTOGRAM_SHIFT) - 1));
		return low << down;
	}
	return h->max;
}

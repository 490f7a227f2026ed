/*
 * micro.h - how the programs behind bench/micro measure: ns per operation.
 *
 *	static void parse(void *context, uint64_t n)  (do it n times)
 *	int main(int argc, char **argv)
 *	{
 *		micro_start(argc, argv);
 *		micro_run("name: parse", parse, &context);
 *		return 0;
 *	}
 *
 * Each measurement finds out how often the operation fits MICRO_RUN_NS, repeats
 * that MICRO_RUNS times and prints a line: name, tab, median, tab, least.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>

#include "base/clock.h"

#define MICRO_RUNS     9
#define MICRO_RUNS_MAX 101
#define MICRO_RUN_NS   (20 * NS_PER_MS)

typedef void micro_operation(void *context, uint64_t n);

static unsigned micro_runs = MICRO_RUNS;

/** Keep the compiler from leaving out what computes @p value. */
static inline void micro_use(uint64_t value)
{
	__asm__ volatile("" : : "r"(value) : "memory");
}

/** Stop with a message unless a benchmark's own preparation worked. */
static inline void micro_need(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "preparation failed: %s\n", what);
	exit(1);
}

/** Options: -r RUNS. */
static inline void micro_start(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "-r") == 0)
		micro_runs = (unsigned)strtoul(argv[2], NULL, 10);
	if ((argc == 1 || argc == 3) && micro_runs > 0 && micro_runs <= MICRO_RUNS_MAX)
		return;
	fprintf(stderr, "%s [-r RUNS]: print name, median and least ns per operation (%d runs)\n",
		argv[0], MICRO_RUNS);
	exit(2);
}

static inline int micro_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline uint64_t micro_time(micro_operation *operation, void *context, uint64_t n)
{
	uint64_t start = clock_ns(CLOCK_MONOTONIC);

	operation(context, n);
	return clock_ns(CLOCK_MONOTONIC) - start;
}

/** Measure and print. */
static inline void micro_run(const char *name, micro_operation *operation, void *context)
{
	double ns[MICRO_RUNS_MAX];
	uint64_t n = 16;

	while (micro_time(operation, context, n) < MICRO_RUN_NS)
		n *= 2;
	for (unsigned i = 0; i < micro_runs; i++)
		ns[i] = (double)micro_time(operation, context, n) / (double)n;
	qsort(ns, micro_runs, sizeof ns[0], micro_compare);
	printf("%s\t%.1f\t%.1f\n", name, ns[micro_runs / 2], ns[0]);
}

/** Wire form of a name that must be good. */
static inline const uint8_t *micro_name(uint8_t out[TERN_NAME_MAX], const char *text)
{
	micro_need(tern_name_from_text(text, strlen(text), out) == TERN_OK, text);
	return out;
}

/** splitmix64: the same order of accesses on every run. */
static inline uint64_t micro_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

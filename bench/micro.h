/*
 * micro.h - how the programs behind bench/micro measure: ns and instructions per operation.
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
 * that MICRO_RUNS times and prints a line: name, tab, median ns, tab, least ns, tab,
 * instructions. Those are the processor's count of what ran outside the kernel,
 * "-" where it can't be had (most virtual machines).
 *
 * With -c nothing is timed: each operation is run once more by micro_counted(),
 * for callgrind to count, and a line is: name, tab, how often.
 */
#pragma once

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <tern/name.h>

#include "base/clock.h"
#include "base/compiler.h"

#define MICRO_RUNS     9
#define MICRO_RUNS_MAX 101
#define MICRO_RUN_NS   (20 * NS_PER_MS)

typedef void micro_operation(void *context, uint64_t n);

static unsigned micro_runs = MICRO_RUNS;
static bool micro_counts; /* under callgrind: leave out what only differs in time */
static int micro_counter = -1;

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

/* This thread's instructions from here on; -1 when the processor doesn't tell. */
static inline int micro_open_counter(void)
{
	struct perf_event_attr what = {.type = PERF_TYPE_HARDWARE,
				       .size = sizeof what,
				       .config = PERF_COUNT_HW_INSTRUCTIONS,
				       .exclude_kernel = 1,
				       .exclude_hv = 1};

	return (int)syscall(SYS_perf_event_open, &what, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static inline uint64_t micro_instructions(void)
{
	uint64_t n = 0;

	if (micro_counter >= 0 && read(micro_counter, &n, sizeof n) != sizeof n)
		return 0;
	return n;
}

/** Options: -r RUNS, or -c. */
static inline void micro_start(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "-r") == 0)
		micro_runs = (unsigned)strtoul(argv[2], NULL, 10);
	micro_counts = argc == 2 && strcmp(argv[1], "-c") == 0;
	micro_counter = micro_open_counter();
	if ((argc == 1 || argc == 3 || micro_counts) && micro_runs > 0 &&
	    micro_runs <= MICRO_RUNS_MAX)
		return;
	fprintf(stderr,
		"%s [-r RUNS]: print name, median and least ns and instructions per operation "
		"(%d runs)\n%s -c: run each operation for callgrind, print name and how often\n",
		argv[0], MICRO_RUNS, argv[0]);
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

/** What callgrind is told to count, call by call: the name must stay. */
NOCLONE __attribute__((noinline, used)) static void micro_counted(micro_operation *operation,
								  void *context, uint64_t n)
{
	operation(context, n);
}

/** Measure and print. */
static inline void micro_run(const char *name, micro_operation *operation, void *context)
{
	double ns[MICRO_RUNS_MAX], instructions[MICRO_RUNS_MAX];
	uint64_t n = 16;

	while (micro_time(operation, context, n) < MICRO_RUN_NS)
		n *= 2;
	if (micro_counts) {
		micro_counted(operation, context, n);
		printf("%s\t%llu\n", name, (unsigned long long)n);
		return;
	}
	for (unsigned i = 0; i < micro_runs; i++) {
		uint64_t before = micro_instructions();
		ns[i] = (double)micro_time(operation, context, n) / (double)n;
		instructions[i] = (double)(micro_instructions() - before) / (double)n;
	}
	qsort(ns, micro_runs, sizeof ns[0], micro_compare);
	qsort(instructions, micro_runs, sizeof instructions[0], micro_compare);
	printf("%s\t%.1f\t%.1f\t", name, ns[micro_runs / 2], ns[0]);
	if (instructions[micro_runs / 2] > 0)
		printf("%.0f\n", instructions[micro_runs / 2]);
	else
		printf("-\n");
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

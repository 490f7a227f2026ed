/* scheduling.c - see scheduling.h. */
#include "worker/scheduling.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLICE_NS 100000 /* the least that Linux gives */

/* As Linux has it in its first version: <linux/sched/types.h> can't be read beside <sched.h>. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
};

/*
 * Begin on a CPU of its own, but stay free to leave: the scheduler moves a thread
 * only when its CPU is busy with others, and then it must move it.
 */
static void begin_on(int cpu)
{
	cpu_set_t all, one;

	if (cpu < 0 || pthread_getaffinity_np(pthread_self(), sizeof all, &all) != 0)
		return;
	CPU_ZERO(&one);
	CPU_SET((size_t)cpu, &one);
	/* Only a wish: it works on any CPU. */
	if (pthread_setaffinity_np(pthread_self(), sizeof one, &one) == 0)
		(void)pthread_setaffinity_np(pthread_self(), sizeof all, &all);
}

/*
 * A thread with a shorter slice takes the CPU from others as soon as it wakes, and gets no more of
 * it in all: an answer does not wait for what else the machine computes, a reload among it. Linux
 * knows this from 6.12 on; before that, nothing changes.
 */
static void want_short_slices(void)
{
	struct attributes a = {.size = sizeof a};

	if (syscall(SYS_sched_getattr, 0, &a, sizeof a, 0) != 0 || a.policy != SCHED_OTHER)
		return;
	a.runtime_ns = SLICE_NS;
	(void)syscall(SYS_sched_setattr, 0, &a, 0);
}

void scheduling_begin(int cpu)
{
	begin_on(cpu);
	want_short_slices();
}

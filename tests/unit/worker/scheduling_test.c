/*
 * scheduling_test.c - a thread begins on the CPU that it is given, and stays free to leave.
 */
#include "../test.h"

#include <sched.h>

#include "worker/scheduling.h"

#define TRIES 20 /* the scheduler may move it away at once, on a busy machine */

/* On how many tries it was there afterwards. */
static unsigned begun_on(int cpu, int from)
{
	unsigned n = 0;

	for (unsigned i = 0; i < TRIES; i++) {
		scheduling_begin(from);
		scheduling_begin(cpu);
		n += sched_getcpu() == cpu;
	}
	return n;
}

static void it_begins_where_it_is_told(void **state)
{
	cpu_set_t ours, after;
	int cpus[2], n = 0;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof ours, &ours), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE && n < 2; cpu++) {
		if (CPU_ISSET((size_t)cpu, &ours))
			cpus[n++] = cpu;
	}
	if (n < 2)
		skip();
	for (unsigned i = 0; i < 2; i++)
		assert_true(begun_on(cpus[i], cpus[!i]) > TRIES / 2);
	/* None is meant by a negative one, and of one that is not there nothing comes. */
	scheduling_begin(-1);
	scheduling_begin(CPU_SETSIZE - 1);
	assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
	assert_true(CPU_EQUAL(&ours, &after));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(it_begins_where_it_is_told)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* memory_test.c - the memory that there is, out of a machine's files made for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/memory.h"

#define MIB ((uint64_t)1 << 20)

static char root[32];

static void put(const char *path, const char *text)
{
	char command[512];

	snprintf(command, sizeof command,
		 "f='%s/%s' && mkdir -p \"${f%%/*}\" && printf '%s' >\"$f\"", root, path, text);
	assert_int_equal(system(command), 0);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(root, "/tmp/tern-memory-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", root);
	return system(command);
}

static void test_machine(void **state)
{
	bool of_group = true;

	(void)state;
	assert_int_equal(memory_limit(root, &of_group), 0);
	put("proc/meminfo", "MemFree: 5 kB\\nMemTotal:   2097152 kB\\n");
	assert_int_equal(memory_limit(root, &of_group), 2048 * MIB);
	assert_false(of_group);
	assert_true(memory_limit("", &of_group) > MIB);
}

static void test_group(void **state)
{
	bool of_group = false;

	(void)state;
	put("proc/meminfo", "MemTotal: 2097152 kB\\n");
	put("proc/self/cgroup", "0::/system.slice/tern.service\\n");
	put("sys/fs/cgroup/system.slice/tern.service/memory.max", "max\\n");
	assert_int_equal(memory_limit(root, &of_group), 2048 * MIB);
	assert_false(of_group);
	put("sys/fs/cgroup/system.slice/memory.max", "536870912\\n");
	assert_int_equal(memory_limit(root, &of_group), 512 * MIB);
	assert_true(of_group);
	put("sys/fs/cgroup/system.slice/tern.service/memory.max", "268435456\\n");
	assert_int_equal(memory_limit(root, &of_group), 256 * MIB);
}

static void test_group_of_version_1(void **state)
{
	bool of_group = false;

	(void)state;
	put("proc/meminfo", "MemTotal: 2097152 kB\\n");
	put("proc/self/cgroup", "3:cpu:/x\\n2:memory:/docker/a\\n0::/x\\n");
	put("sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes", "134217728\\n");
	assert_int_equal(memory_limit(root, &of_group), 128 * MIB);
	assert_true(of_group);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_machine),
		TEST(test_group),
		TEST(test_group_of_version_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

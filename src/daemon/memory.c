/* memory.c - see memory.h. */
#include "daemon/memory.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define LINE_OCTETS 4096 /* of a line of proc; the path of a group is at most so long */

/* The number that @p path begins with; UINT64_MAX when there is none ("max"). */
static uint64_t read_number(const char *path)
{
	uint64_t n = UINT64_MAX;
	FILE *f = fopen(path, "re");

	if (!f)
		return UINT64_MAX;
	if (fscanf(f, "%" SCNu64, &n) != 1)
		n = UINT64_MAX;
	fclose(f);
	return n;
}

static uint64_t read_machine(const char *root)
{
	char path[PATH_MAX], line[LINE_OCTETS];
	uint64_t kilo = 0;

	snprintf(path, sizeof path, "%s/proc/meminfo", root);
	FILE *f = fopen(path, "re");

	while (f && kilo == 0 && fgets(line, sizeof line, f))
		(void)sscanf(line, "MemTotal: %" SCNu64 " kB", &kilo);
	if (f)
		fclose(f);
	return kilo > 0 ? kilo * 1024 : UINT64_MAX;
}

/* A group may use what each group that it is in may use. */
static uint64_t read_groups(const char *mount, char *group, const char *file)
{
	uint64_t least = UINT64_MAX;
	char path[PATH_MAX];

	for (;;) {
		char *slash = strrchr(group, '/');
		int n = snprintf(path, sizeof path, "%s%s/%s", mount, group, file);
		uint64_t limit = n < (int)sizeof path ? read_number(path) : UINT64_MAX;

		least = limit < least ? limit : least;
		if (!slash)
			return least;
		*slash = '\0';
	}
}

/* "0::/group" is of v2, "9:memory:/group" of v1. */
static uint64_t read_line(const char *root, char *line)
{
	char *first = strchr(line, ':'), *second = first ? strchr(first + 1, ':') : NULL;
	char mount[PATH_MAX];

	if (!second)
		return UINT64_MAX;
	*second = '\0';
	second[1 + strcspn(second + 1, "\n")] = '\0';
	if (strcmp(first, ":") == 0) {
		snprintf(mount, sizeof mount, "%s/sys/fs/cgroup", root);
		return read_groups(mount, second + 1, "memory.max");
	}
	if (strcmp(first, ":memory") != 0)
		return UINT64_MAX;
	snprintf(mount, sizeof mount, "%s/sys/fs/cgroup/memory", root);
	return read_groups(mount, second + 1, "memory.limit_in_bytes");
}

uint64_t memory_limit(const char *root, bool *of_group)
{
	uint64_t machine = read_machine(root), group = UINT64_MAX;
	char path[PATH_MAX], line[LINE_OCTETS];

	snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof line, f)) {
		uint64_t limit = read_line(root, line);

		group = limit < group ? limit : group;
	}
	if (f)
		fclose(f);
	*of_group = group < machine;
	machine = *of_group ? group : machine;
	return machine == UINT64_MAX ? 0 : machine;
}

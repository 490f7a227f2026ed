/*
 * clock.c - preloaded, stops a program's CLOCK_REALTIME and CLOCK_BOOTTIME at the
 * second that the file WORLD_CLOCK holds as an 8-octet integer.
 *
 * Time stands still until somebody writes another second into the file. So two runs
 * of the same questions see the same times to live, however busy the machine is.
 * CLOCK_MONOTONIC stays as it is: timers of the network run on it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The boot was this long before the first second of every world. */
#define BOOT_S 1799990000

static const volatile int64_t *second;

static __attribute__((constructor)) void find_file(void)
{
	const char *path = getenv("WORLD_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	void *at = mmap(NULL, sizeof *second, PROT_READ, MAP_SHARED, fd, 0);

	if (at != MAP_FAILED)
		second = at;
	close(fd);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	if (!second || (id != CLOCK_REALTIME && id != CLOCK_BOOTTIME))
		return (int)syscall(SYS_clock_gettime, id, t);
	t->tv_sec = *second - (id == CLOCK_BOOTTIME ? BOOT_S : 0);
	t->tv_nsec = 0;
	return 0;
}

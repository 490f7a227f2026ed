/*
 * clock.c - preloaded, moves a program's CLOCK_REALTIME by the seconds that the
 * file CLOCK_FILE holds as an 8-octet integer; the file may change at any time.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset_s;

static __attribute__((constructor)) void find_file(void)
{
	const char *path = getenv("CLOCK_FILE");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	void *at = mmap(NULL, sizeof *offset_s, PROT_READ, MAP_SHARED, fd, 0);

	if (at != MAP_FAILED)
		offset_s = at;
	close(fd);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	int result = (int)syscall(SYS_clock_gettime, id, t);

	if (result == 0 && id == CLOCK_REALTIME && offset_s)
		t->tv_sec += *offset_s;
	return result;
}

/*
 * turns.c - preloaded, writes the CPU time of the longest turn of an event loop,
 * from one epoll_wait() to the next, into the file TURNS_FILE: nanoseconds, an
 * 8-octet integer. Whoever reads it may write 0.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *longest_ns;
static __thread int64_t since_ns;

static __attribute__((constructor)) void find_file(void)
{
	const char *path = getenv("TURNS_FILE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	void *at = mmap(NULL, sizeof *longest_ns, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at != MAP_FAILED)
		longest_ns = at;
	close(fd);
}

static int64_t cpu_ns(void)
{
	struct timespec t;

	syscall(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
	int64_t turn_ns = since_ns ? cpu_ns() - since_ns : 0;

	if (longest_ns && turn_ns > *longest_ns)
		*longest_ns = turn_ns;
	int n = (int)syscall(SYS_epoll_pwait, fd, events, max, timeout_ms, NULL, 8);

	since_ns = cpu_ns();
	return n;
}

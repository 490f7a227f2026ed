/*
 * spin.c - preloaded into ternd: while SPIN_FILE holds a number of milliseconds, the
 * next recvmmsg() uses so much CPU first, once.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

static int64_t *wanted_ms;

__attribute__((constructor)) static void open_file(void)
{
	const char *path = getenv("SPIN_FILE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd >= 0)
		wanted_ms =
			mmap(NULL, sizeof *wanted_ms, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

static int64_t cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags, struct timespec *timeout)
{
	static int (*real)(int, struct mmsghdr *, unsigned, int, struct timespec *);
	int64_t ms = wanted_ms ? __atomic_exchange_n(wanted_ms, 0, __ATOMIC_RELAXED) : 0;
	int64_t until_ms = ms ? cpu_ms() + ms : 0;

	while (ms && cpu_ms() < until_ms)
		;
	if (!real)
		real = (int (*)(int, struct mmsghdr *, unsigned, int, struct timespec *))dlsym(
			RTLD_NEXT, "recvmmsg");
	return real(fd, messages, n, flags, timeout);
}

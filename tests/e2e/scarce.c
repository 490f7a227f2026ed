/*
 * scarce.c - preloaded into ternd: SCARCE_FILE says what the system refuses once. A number above
 * zero: the call of that number, from then on, by which the main thread makes an internet socket;
 * one below zero: the call that makes a thread.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static int64_t *countdown;

__attribute__((constructor)) static void open_file(void)
{
	const char *path = getenv("SCARCE_FILE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd >= 0)
		countdown =
			mmap(NULL, sizeof *countdown, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

int socket(int domain, int type, int protocol)
{
	static int (*real)(int, int, int);

	if (!real)
		real = (int (*)(int, int, int))dlsym(RTLD_NEXT, "socket");
	if (countdown && *countdown > 0 && gettid() == getpid() &&
	    (domain == AF_INET || domain == AF_INET6) && --*countdown == 0) {
		errno = ENFILE;
		return -1;
	}
	return real(domain, type, protocol);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
		   void *argument)
{
	static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (!real)
		real = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *),
				void *))dlsym(RTLD_NEXT, "pthread_create");
	if (countdown && *countdown < 0 && ++*countdown == 0)
		return EAGAIN;
	return real(thread, attributes, run, argument);
}

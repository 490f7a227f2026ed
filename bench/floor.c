/*
 * floor.c - the least a UDP answer can cost: batches, no look-up, no cache.
 *
 * Every query gets its own question back with one A record, as large as a
 * typical answer. What a resolver needs more than this is its own work; what
 * this needs is the kernel's. With as many workers as CPUs each is pinned to
 * one, as ternd does it.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.h"

#define BATCH         64
#define MESSAGE_MAX   512 /* octets */
#define WORKERS_MAX   64
#define HEADER_OCTETS 12
#define SOCKET_OCTETS (4 << 20)

/* The question's name, A, IN, 86400 s, 192.0.2.1 */
static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 1, 0x51, 0x80, 0, 4, 192, 0, 2, 1};

static const char usage_text[] = "floor [-a ADDR] [-p PORT] [-w WORKERS]: answer every UDP query "
				 "with one A record (127.0.0.1, 53, 1)\n";

struct batch {
	struct mmsghdr messages[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_storage from[BATCH];
	uint8_t octets[BATCH][MESSAGE_MAX];
};

/* Make the answer in place; returns its length, 0 for what is no query. */
static size_t answer(uint8_t *m, size_t len)
{
	size_t at = HEADER_OCTETS;

	if (len < HEADER_OCTETS || (m[2] & 0x80))
		return 0;
	while (at < len && m[at])
		at += 1u + m[at];
	at += 5; /* the root label, type, class */
	if (at > len || at + sizeof record > MESSAGE_MAX)
		return 0;
	m[2] |= 0x80; /* QR */
	m[3] = 0x80;  /* RA */
	memset(m + 6, 0, 6);
	m[7] = 1; /* one answer */
	memcpy(m + at, record, sizeof record);
	return at + sizeof record;
}

static void reset(struct batch *b)
{
	for (unsigned i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){b->octets[i], MESSAGE_MAX};
		b->messages[i].msg_hdr = (struct msghdr){.msg_name = &b->from[i],
							 .msg_namelen = sizeof b->from[i],
							 .msg_iov = &b->iov[i],
							 .msg_iovlen = 1};
	}
}

/* One batch in, its answers out; the answers take the places of the first queries. */
static void turn(int fd, struct batch *b)
{
	struct mmsghdr out[BATCH];
	unsigned answers = 0;

	reset(b);
	int n = recvmmsg(fd, b->messages, BATCH, MSG_WAITFORONE, NULL);
	for (int i = 0; i < n; i++) {
		size_t len = answer(b->octets[i], b->messages[i].msg_len);
		if (len == 0)
			continue;
		b->iov[i].iov_len = len;
		out[answers++] = b->messages[i];
	}
	for (unsigned done = 0; done < answers;) {
		int sent = sendmmsg(fd, out + done, answers - done, 0);
		done += sent > 0 ? (unsigned)sent : 1;
	}
}

struct worker {
	int fd;
	int cpu; /* -1: any */
};

static void *work(void *argument)
{
	const struct worker *w = argument;
	struct batch *b = calloc(1, sizeof *b);
	cpu_set_t set;

	if (w->cpu >= 0) {
		CPU_ZERO(&set);
		CPU_SET((size_t)w->cpu, &set);
		(void)pthread_setaffinity_np(pthread_self(), sizeof set, &set);
	}
	while (b)
		turn(w->fd, b);
	return NULL;
}

static void place(struct worker *workers, unsigned n)
{
	cpu_set_t set;
	unsigned next = 0;

	for (unsigned i = 0; i < n; i++)
		workers[i].cpu = -1;
	if (sched_getaffinity(0, sizeof set, &set) != 0 || (unsigned)CPU_COUNT(&set) != n)
		return;
	for (int cpu = 0; cpu < CPU_SETSIZE && next < n; cpu++) {
		if (CPU_ISSET((size_t)cpu, &set))
			workers[next++].cpu = cpu;
	}
}

static int open_socket(const struct address *at)
{
	struct sockaddr_storage sa;
	socklen_t len = address_to_sockaddr(at, &sa);
	int one = 1, octets = SOCKET_OCTETS;
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets);
	if (bind(fd, (struct sockaddr *)&sa, len) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool parse_options(int argc, char **argv, struct address *at, unsigned *workers)
{
	const char *where = "127.0.0.1";
	unsigned long port = 53;
	int letter;

	while ((letter = getopt(argc, argv, "a:p:w:h")) != -1) {
		switch (letter) {
		case 'a': where = optarg; break;
		case 'p': port = strtoul(optarg, NULL, 10); break;
		case 'w': *workers = (unsigned)strtoul(optarg, NULL, 10); break;
		default: return false;
		}
	}
	return optind == argc && port - 1 < 65535 && *workers - 1 < WORKERS_MAX &&
	       address_from_text(where, (uint16_t)port, at);
}

int main(int argc, char **argv)
{
	static struct worker workers[WORKERS_MAX];
	struct address at;
	unsigned workers_n = 1;
	pthread_t thread;

	if (!parse_options(argc, argv, &at, &workers_n)) {
		fputs(usage_text, stderr);
		return 2;
	}
	place(workers, workers_n);
	for (unsigned i = 0; i < workers_n; i++) {
		workers[i].fd = open_socket(&at);
		if (workers[i].fd < 0) {
			fprintf(stderr, "floor: %s\n", strerror(errno));
			return 1;
		}
	}
	for (unsigned i = 1; i < workers_n; i++) {
		if (pthread_create(&thread, NULL, work, &workers[i]) != 0)
			return 1;
	}
	work(&workers[0]);
	return 0;
}

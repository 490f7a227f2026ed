#include "net/udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whole cache lines. */
#define ROUND_UP(octets) (((octets) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE)

struct udp_batch {
	int fd;
	bool wildcard;
	unsigned tx_n;
	size_t tx_used; /* octets of tx_octets */
	uint64_t dropped;
	struct mmsghdr rx[UDP_BATCH];
	struct mmsghdr tx[UDP_BATCH];
	struct iovec rx_iov[UDP_BATCH];
	struct iovec tx_iov[UDP_BATCH];
	struct udp_peer rx_peer[UDP_BATCH];
	struct udp_peer tx_peer[UDP_BATCH];
	uint8_t rx_octets[UDP_BATCH][UDP_QUERY_MAX];
	/* One behind the other: most are small, and then few pages and lines serve for all. */
	uint8_t tx_octets[UDP_BATCH * ROUND_UP(UDP_ANSWER_MAX)] ALIGNED(CACHE_LINE);
} ALIGNED(CACHE_LINE); /* written all the time: no line of it may be another thread's */

struct udp_batch *udp_batch_create(int fd, bool wildcard)
{
	struct udp_batch *b = aligned_alloc(CACHE_LINE, sizeof *b);

	if (!b)
		return NULL;
	memset(b, 0, offsetof(struct udp_batch, rx_octets)); /* buffers are written first */
	b->fd = fd;
	b->wildcard = wildcard;
	for (unsigned i = 0; i < UDP_BATCH; i++) {
		b->rx_iov[i] = (struct iovec){b->rx_octets[i], UDP_QUERY_MAX};
		b->rx[i].msg_hdr.msg_iov = &b->rx_iov[i];
		b->tx[i].msg_hdr.msg_iov = &b->tx_iov[i];
		b->rx[i].msg_hdr.msg_iovlen = 1;
		b->tx[i].msg_hdr.msg_iovlen = 1;
		b->rx[i].msg_hdr.msg_name = &b->rx_peer[i].addr;
		b->rx[i].msg_hdr.msg_namelen = sizeof b->rx_peer[i].addr;
	}
	return b;
}

void udp_batch_destroy(struct udp_batch *b)
{
	free(b);
}

unsigned udp_receive(struct udp_batch *b)
{
	if (b->wildcard) {
		for (unsigned i = 0; i < UDP_BATCH; i++) {
			b->rx[i].msg_hdr.msg_control = b->rx_peer[i].control;
			b->rx[i].msg_hdr.msg_controllen = UDP_CONTROL_MAX;
		}
	}
	int n = recvmmsg(b->fd, b->rx, UDP_BATCH, MSG_DONTWAIT, NULL);

	return n > 0 ? (unsigned)n : 0;
}

/* The received control message is sent back as it is, but for the interface: routing decides. */
static void note_control(struct udp_peer *peer, struct msghdr *h)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(h);

	peer->control_len = 0;
	if (!c)
		return;
	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo *info = (void *)CMSG_DATA(c);

		info->ipi_spec_dst = info->ipi_addr;
		info->ipi_ifindex = 0;
		peer->control_len = CMSG_SPACE(sizeof *info);
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo *info = (void *)CMSG_DATA(c);

		/* A link-local address means nothing without its interface. */
		if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
			info->ipi6_ifindex = 0;
		peer->control_len = CMSG_SPACE(sizeof *info);
	}
}

struct datagram udp_received(struct udp_batch *b, unsigned i)
{
	struct msghdr *h = &b->rx[i].msg_hdr;
	struct udp_peer *peer = &b->rx_peer[i];

	peer->addr_len = h->msg_namelen;
	h->msg_namelen = sizeof peer->addr;
	peer->control_len = 0;
	if (b->wildcard)
		note_control(peer, h);
	return (struct datagram){b->rx_octets[i], b->rx[i].msg_len, peer};
}

uint8_t *udp_answer_buffer(struct udp_batch *b)
{
	if (b->tx_n == UDP_BATCH)
		udp_flush(b);
	return b->tx_octets + b->tx_used;
}

void udp_answer(struct udp_batch *b, size_t len, const struct udp_peer *peer)
{
	struct msghdr *h = &b->tx[b->tx_n].msg_hdr;
	struct udp_peer *to = &b->tx_peer[b->tx_n];

	to->addr = peer->addr;
	h->msg_name = &to->addr;
	h->msg_namelen = peer->addr_len;
	h->msg_control = NULL;
	h->msg_controllen = 0;
	if (peer->control_len) {
		memcpy(to->control, peer->control, peer->control_len);
		h->msg_control = to->control;
		h->msg_controllen = peer->control_len;
	}
	b->tx_iov[b->tx_n] = (struct iovec){b->tx_octets + b->tx_used, len};
	b->tx_used += ROUND_UP(len);
	b->tx_n++;
}

void udp_flush(struct udp_batch *b)
{
	unsigned sent = 0;

	while (sent < b->tx_n) {
		int n = sendmmsg(b->fd, b->tx + sent, b->tx_n - sent, MSG_DONTWAIT);

		if (n > 0) {
			sent += (unsigned)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		b->dropped++; /* this one can't be sent; the others may */
		sent++;
	}
	b->tx_n = 0;
	b->tx_used = 0;
}

uint64_t udp_dropped(const struct udp_batch *b)
{
	return b->dropped;
}

static void set_int(int fd, int level, int option, int value)
{
	(void)setsockopt(fd, level, option, &value, sizeof value);
}

static bool is_unspecified(const struct address *a)
{
	static const uint8_t zeros[16];

	return memcmp(a->octets, zeros, sizeof zeros) == 0;
}

bool udp_note_wildcard(int fd, const struct address *local)
{
	if (!is_unspecified(local))
		return false;
	if (local->family == 6)
		set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	else
		set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);
	return true;
}

#define SOCKET_BUFFER (4 << 20) /* octets asked for; the kernel grants what rmem_max says */

int udp_listen(const struct address *at, bool *wildcard)
{
	struct sockaddr_storage sa;
	socklen_t len = address_to_sockaddr(at, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	*wildcard = udp_note_wildcard(fd, at);
	set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	set_int(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
	set_int(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
	set_int(fd, IPPROTO_IP, IP_FREEBIND, 1);
	if (at->family == 6) {
		set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
		set_int(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
	} else {
		set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
	}
	if (bind(fd, (struct sockaddr *)&sa, len) == 0)
		return fd;
	int error = errno;

	close(fd);
	errno = error;
	return -1;
}

#define PORT_FIRST 1024
#define PORT_TRIES 32 /* random ports tried; so many in use means that all are */

#define PORT_DISCARD 9 /* nobody asks from there */

bool udp_turn_away(int fd, const struct address *at)
{
	struct address peer = {.family = at->family, .port = PORT_DISCARD};
	struct sockaddr_storage sa;
	socklen_t len;

	/* A connected socket takes what its peer sends, and nothing else. */
	if (at->family == 4)
		peer.octets[0] = 127;
	peer.octets[at->family == 4 ? 3 : 15] = 1;
	len = address_to_sockaddr(&peer, &sa);
	return connect(fd, (struct sockaddr *)&sa, len) == 0;
}

static bool bind_random_port(int fd, const struct address *server, struct random *random)
{
	for (unsigned i = 0; i < PORT_TRIES; i++) {
		uint16_t port = (uint16_t)(PORT_FIRST + random_below(random, 65536 - PORT_FIRST));
		struct address any = {.family = server->family, .port = port};
		struct sockaddr_storage sa;
		socklen_t len = address_to_sockaddr(&any, &sa);

		if (bind(fd, (struct sockaddr *)&sa, len) == 0)
			return true;
		if (errno != EADDRINUSE)
			return false;
	}
	return false;
}

int udp_ask_socket(const struct address *server, struct random *random)
{
	struct sockaddr_storage sa;
	socklen_t len = address_to_sockaddr(server, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (server->family == 6)
		set_int(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
	else
		set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
	if (bind_random_port(fd, server, random) && connect(fd, (struct sockaddr *)&sa, len) == 0)
		return fd;
	int error = errno;

	close(fd);
	errno = error;
	return -1;
}

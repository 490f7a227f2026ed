/* interfaces.c - see interfaces.h. */
#include "daemon/interfaces.h"

#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compiler.h"

/* A network that is wider than that is a mistake, or a tunnel to everywhere. */
#define BITS_MIN_V4 8
#define BITS_MIN_V6 16

struct interfaces {
	int fd; /* of netlink; -1 for none */
	uint64_t looked_ms;
};

static int open_netlink(void)
{
	struct sockaddr_nl local = {.nl_family = AF_NETLINK,
				    .nl_groups =
					    RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&local, sizeof local) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

struct interfaces *interfaces_create(void)
{
	struct interfaces *n = calloc(1, sizeof *n);

	if (n)
		n->fd = open_netlink();
	return n;
}

void interfaces_destroy(struct interfaces *n)
{
	if (!n)
		return;
	if (n->fd >= 0)
		close(n->fd);
	free(n);
}

int interfaces_fd(const struct interfaces *n)
{
	return n->fd;
}

/* --- what there is ------------------------------------------------------------------ */

/* False for a mask with holes. */
static bool count_bits(const struct address *mask, uint8_t *bits)
{
	unsigned len = mask->family == 4 ? 4 : 16, n = 0;

	while (n < 8 * len && (mask->octets[n / 8] & 0x80u >> n % 8))
		n++;
	for (unsigned i = n; i < 8 * len; i++) {
		if (mask->octets[i / 8] & 0x80u >> i % 8)
			return false;
	}
	*bits = (uint8_t)n;
	return true;
}

/* That an interface has, if it is up. */
static bool address_of(const struct ifaddrs *i, struct address *out)
{
	return i->ifa_addr && (i->ifa_flags & IFF_UP) && address_from_sockaddr(i->ifa_addr, out);
}

static bool network_of(const struct ifaddrs *i, struct prefix *out)
{
	struct address mask;

	if (!i->ifa_netmask || !address_of(i, &out->base))
		return false;
	/* Some systems leave the mask's family out. */
	i->ifa_netmask->sa_family = i->ifa_addr->sa_family;
	if (!address_from_sockaddr(i->ifa_netmask, &mask) || mask.family != out->base.family ||
	    !count_bits(&mask, &out->bits) ||
	    out->bits < (mask.family == 4 ? BITS_MIN_V4 : BITS_MIN_V6))
		return false;
	for (unsigned b = 0; b < 16; b++)
		out->base.octets[b] &= mask.octets[b];
	out->base.port = 0;
	out->base.scope = 0;
	return true;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct prefix));
}

/* Sorted, without doubles, so that they can be compared. */
static unsigned list_networks(struct prefix out[NETWORKS_MAX])
{
	struct ifaddrs *all = NULL;
	unsigned n = 0, kept = 0;

	memset(out, 0, NETWORKS_MAX * sizeof *out);
	if (getifaddrs(&all) != 0)
		return 0;
	for (const struct ifaddrs *i = all; i && n < NETWORKS_MAX; i = i->ifa_next)
		n += network_of(i, &out[n]);
	freeifaddrs(all);
	qsort(out, n, sizeof *out, compare);
	for (unsigned i = 0; i < n; i++) {
		if (kept == 0 || compare(&out[kept - 1], &out[i]) != 0)
			out[kept++] = out[i];
	}
	return kept;
}

static bool wants_them(const struct rules *rules)
{
	for (unsigned i = 0; i < rules->access.allow_n; i++) {
		if (prefix_is_connected(&rules->access.allow[i]))
			return true;
	}
	return false;
}

static bool put(struct rules *rules, const struct prefix *networks, unsigned n)
{
	struct prefix *copy = calloc(n + 1u, sizeof *copy);

	if (!copy)
		return false;
	memcpy(copy, networks, n * sizeof *copy);
	if (!rules_set_part(rules, RULES_NETWORKS, copy, free))
		return false;
	rules->access.near = copy;
	rules->access.near_n = n;
	return true;
}

bool interfaces_fill(struct interfaces *n, struct rules *rules)
{
	struct prefix networks[NETWORKS_MAX];

	n->looked_ms = clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
	return put(rules, networks, wants_them(rules) ? list_networks(networks) : 0);
}

static void drain(int fd)
{
	char rest[8192];

	while (fd >= 0 && recv(fd, rest, sizeof rest, MSG_DONTWAIT) > 0)
		;
}

bool interfaces_changed(struct interfaces *n, bool told)
{
	uint64_t now_ms = clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;

	if (told)
		drain(n->fd);
	if (!told && now_ms - n->looked_ms < NETWORKS_LOOK_MS)
		return false;
	n->looked_ms = now_ms;
	return true;
}

void interfaces_follow(struct interfaces *n, struct rulebook *book)
{
	const struct rules *now = rulebook_current(book);
	struct prefix networks[NETWORKS_MAX];
	struct rules *fresh;

	(void)n;
	if (!wants_them(now))
		return;
	unsigned networks_n = list_networks(networks);

	if (networks_n == now->access.near_n &&
	    memcmp(networks, now->access.near, networks_n * sizeof *networks) == 0)
		return;
	fresh = rules_derive(now);
	if (fresh && put(fresh, networks, networks_n))
		rulebook_publish(book, fresh, RULES_CHANGE_SERVING);
	else
		rules_destroy(fresh);
}

/* --- where to listen ------------------------------------------------------------------ */

struct endpoints {
	struct endpoint *at;
	unsigned n; /* may be more than max */
	unsigned max;
};

static void add(struct endpoints *e, const struct endpoint *at)
{
	for (unsigned i = 0; i < MIN(e->n, e->max); i++) {
		if (endpoint_equal(&e->at[i], at))
			return;
	}
	if (e->n < e->max)
		e->at[e->n] = *at;
	e->n++;
}

static void add_addresses(struct endpoints *e, const struct listen_options *o,
			  const struct ifaddrs *all)
{
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct endpoint at = o->at;

		if (strcmp(i->ifa_name, o->interface) != 0 || !address_of(i, &at.address))
			continue;
		at.address.port = (uint16_t)o->port;
		add(e, &at);
	}
}

unsigned interfaces_endpoints(const struct listen_options *options, unsigned n,
			      struct endpoint *out, unsigned max)
{
	struct endpoints e = {.at = out, .max = max};
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all) != 0)
		all = NULL;
	for (unsigned i = 0; i < n; i++) {
		if (*options[i].interface)
			add_addresses(&e, &options[i], all);
		else
			add(&e, &options[i].at);
	}
	freeifaddrs(all);
	return e.n;
}

static bool is_any(const struct address *a)
{
	static const uint8_t zero[sizeof a->octets];

	return a->family != 0 && memcmp(a->octets, zero, sizeof zero) == 0;
}

/* All that @at stands for; only loopback, or all but that. */
static bool add_reached(struct endpoints *e, const struct endpoint *at, const struct ifaddrs *all,
			bool loopback)
{
	unsigned before = e->n;

	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct endpoint one = *at;

		if (!address_of(i, &one.address) || one.address.family != at->address.family ||
		    address_is_link_local(&one.address) ||
		    address_is_loopback(&one.address) != loopback)
			continue;
		one.address.port = at->address.port;
		one.address.scope = 0;
		add(e, &one);
	}
	return e->n > before;
}

unsigned interfaces_reached(const struct listen_options *options, unsigned n, struct endpoint *out,
			    unsigned max)
{
	struct endpoints e = {.at = out, .max = max};
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all) != 0)
		all = NULL;
	for (unsigned i = 0; i < n; i++) {
		if (*options[i].interface)
			add_addresses(&e, &options[i], all);
		else if (!is_any(&options[i].at.address))
			add(&e, &options[i].at);
		else if (!add_reached(&e, &options[i].at, all, false))
			(void)add_reached(&e, &options[i].at, all, true);
	}
	freeifaddrs(all);
	return e.n;
}

bool interfaces_are_listened_on(const struct config *config)
{
	for (unsigned i = 0; i < config->server.listen_n; i++) {
		if (*config->server.listen[i].interface)
			return true;
	}
	return false;
}

/*
 * udp.h - datagrams in batches: one recvmmsg(2) and one sendmmsg(2) for many.
 *
 * Buffers and headers are built once. A batch belongs to one listening socket
 * and one thread.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/address.h"
#include "base/compiler.h"
#include "base/random.h"

#define UDP_BATCH 64
/**
 * Octets received of a query, more than we say we take; longer ones are cut and malformed.
 * An odd number of cache lines: the heads of a batch must not all want the same few lines.
 */
#define UDP_QUERY_MAX 1344

/** Octets sent, whatever the client says it takes (limits.md row 36). */
#define UDP_ANSWER_MAX 1232

/** Room for one IP_PKTINFO or IPV6_PKTINFO message. */
#define UDP_CONTROL_MAX CMSG_SPACE(sizeof(struct in6_pktinfo))

/** Where a datagram came from and which of our addresses it asked. */
struct udp_peer {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} addr;
	socklen_t addr_len;
	uint32_t control_len; /* octets of @c control that send the answer from there; 0 none */
	uint8_t control[UDP_CONTROL_MAX] ALIGNED(8);
};

/** A received datagram. */
struct datagram {
	const uint8_t *octets;
	size_t len;
	const struct udp_peer *peer;
};

struct udp_batch; /* body in udp.c */

/** Buffers for @p fd; @p wildcard: note and use the address that was asked. NULL: no memory. */
MUST_USE struct udp_batch *udp_batch_create(int fd, bool wildcard);
void udp_batch_destroy(struct udp_batch *b);

/** Receive up to UDP_BATCH datagrams; returns how many. Does not block. */
unsigned udp_receive(struct udp_batch *b);

/** Datagram @p i of the last udp_receive(). */
struct datagram udp_received(struct udp_batch *b, unsigned i);

/**
 * A buffer of UDP_ANSWER_MAX octets to write an answer into, right behind the one
 * before; sends what is pending first when UDP_BATCH answers are.
 */
uint8_t *udp_answer_buffer(struct udp_batch *b);

/** Queue the first @p len octets of the last udp_answer_buffer() for @p peer. */
void udp_answer(struct udp_batch *b, size_t len, const struct udp_peer *peer);

/** Send what is queued; what the kernel doesn't take is dropped, as UDP may. */
void udp_flush(struct udp_batch *b);

/** Datagrams that the kernel did not take. */
uint64_t udp_dropped(const struct udp_batch *b);

/**
 * A listening UDP socket with SO_REUSEPORT, or -1 and errno.
 * IP_FREEBIND: an address that isn't up yet is no error.
 */
MUST_USE int udp_listen(const struct address *at, bool *wildcard);

/** Ready an inherited UDP socket bound to @p local for pktinfo; is it a wildcard one? */
bool udp_note_wildcard(int fd, const struct address *local);

/**
 * Let the listening socket @p fd, bound to @p at, take nothing any more: what comes goes to
 * another socket of the port, if there is one. What has come in can still be read, and answers
 * can be sent. False when the socket goes on as before: @p at is no address of the host any more,
 * so nothing comes in, until it is one again.
 */
MUST_USE bool udp_turn_away(int fd, const struct address *at);

/**
 * A fresh socket for one question: random source port over the whole range,
 * connected to @p server, ICMP fragmentation hints ignored. -1 and errno.
 */
MUST_USE int udp_ask_socket(const struct address *server, struct random *random);

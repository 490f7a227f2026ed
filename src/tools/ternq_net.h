/*
 * ternq_net.h - send a query, wait for its reply, over UDP and TCP.
 *
 * Blocks up to tries x timeout. What goes wrong on the way is told in lines
 * that begin with ";;".
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "tools/ternq_options.h"
#include "tools/ternq_query.h"

#define SERVERS_MAX 16 /* addresses of one look-up */

struct server {
	struct sockaddr_storage address;
	socklen_t len;
	char asked[SERVER_TEXT_MAX]; /* as the user named it */
};

struct servers {
	struct server at[SERVERS_MAX];
	unsigned n;
};

/** What holds for all queries. */
struct net {
	struct sockaddr_storage source; /* family 0: any */
	socklen_t source_len;
	FILE *out;  /* where to tell what goes wrong; NULL nowhere */
	FILE *odd;  /* where to tell what is wrong with a reply; NULL nowhere */
	bool notes; /* also tell why a query is sent again */
};

enum net_result {
	NET_REPLY,
	NET_NO_REPLY, /* no server answered in all tries */
	NET_INTERNAL, /* no randomness or no socket */
};

/** Resolve -b. False (told on stderr) when it's no address. */
MUST_USE bool net_init(struct net *net, const struct options *o);

/**
 * The addresses of @p l's server (a name or an address), or those of
 * /etc/resolv.conf when no server was told; @p o says which family.
 * False (told on stderr) when there is none.
 */
MUST_USE bool net_servers(const struct options *o, const struct lookup *l, struct servers *out);

/** Ask @p servers one after the other until one replies; @p q and @p r are filled. */
enum net_result net_ask(const struct net *net, const struct lookup *l, const uint8_t *qname,
			const struct servers *servers, struct query *q, struct reply *r);

/** Who takes the messages of a stream. */
struct net_sink {
	/** The message of @p len octets in the reply: is that enough? */
	bool (*take)(struct net_sink *sink, size_t len);
};

/**
 * Ask @p servers by TCP, and give each message that comes back to @p sink until
 * @p sink has enough. Each message may take the look-up's time-out; @p limit_ms
 * is for all of them. Another server is asked only while no message came.
 *
 * @return NET_NO_REPLY also when the stream ended too early (told)
 */
enum net_result net_stream(const struct net *net, const struct lookup *l, const uint8_t *qname,
			   const struct servers *servers, struct query *q, struct reply *r,
			   struct net_sink *sink, uint64_t limit_ms);

/** "192.0.2.1#53" into @p out; returns @p out. */
char *net_server_text(const struct server *s, char out[SERVER_TEXT_MAX]);

/** A line to net->out. */
void net_say(const struct net *net, const char *format, ...) PRINTF(2, 3);

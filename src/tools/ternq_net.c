/*
 * ternq_net.c - one query at a time over UDP, and over TCP when that is not enough.
 *
 *   for each try, for each server:
 *     UDP -> a reply that matches?  no: wait on until the time is over
 *            truncated: the same over TCP
 *            BADCOOKIE, BADVERS: once more with what the server gave
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <tern/edns.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "tools/ternq_net.h"

#define BETTER_MAX 2 /* times a query is sent again as the server wishes: cookie, version */

/* How one attempt over one transport ended. */
enum attempt {
	ATTEMPT_REPLY,
	ATTEMPT_TRUNCATED,
	ATTEMPT_FAILED, /* told */
};

/* One query to one server. */
struct exchange {
	const struct net *net;
	const struct lookup *lookup;
	const struct server *server;
	const struct query *query;
	struct reply *reply;
	uint64_t start_us;
	uint64_t deadline_us;
	int fd;
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void net_say(const struct net *net, const char *format, ...)
{
	va_list arguments;

	if (!net->out)
		return;
	va_start(arguments, format);
	vfprintf(net->out, format, arguments);
	va_end(arguments);
	putc('\n', net->out);
}

static void tell_retry(const struct net *net, const char *why)
{
	if (net->notes)
		net_say(net, ";; %s", why);
}

static enum attempt fail(const struct exchange *x, const char *why)
{
	char server[SERVER_TEXT_MAX];

	net_say(x->net, ";; communications error to %s: %s", net_server_text(x->server, server),
		why);
	return ATTEMPT_FAILED;
}

/* Wait for @p events until the deadline. */
static bool wait_for(const struct exchange *x, short events)
{
	struct pollfd p = {.fd = x->fd, .events = events};

	for (;;) {
		uint64_t now = now_us();

		if (now >= x->deadline_us)
			return false;
		int n = poll(&p, 1, (int)((x->deadline_us - now) / 1000) + 1);

		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
	}
}

static bool open_socket(struct exchange *x, int type)
{
	int family = x->server->address.ss_family;

	x->start_us = now_us();
	x->deadline_us = x->start_us + (uint64_t)x->lookup->timeout_ms * 1000;
	x->fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (x->fd < 0)
		return false;
	if (x->net->source_len > 0 && x->net->source.ss_family == family &&
	    bind(x->fd, (const struct sockaddr *)&x->net->source, x->net->source_len) != 0)
		return false;
	return connect(x->fd, (const struct sockaddr *)&x->server->address, x->server->len) == 0 ||
	       errno == EINPROGRESS;
}

/* Tell what came instead of the reply. */
static void tell_mismatch(const struct exchange *x, enum match match, size_t len)
{
	char name[TERN_NAME_TEXT_MAX];

	switch (match) {
	case MATCH_REPLY:
	case MATCH_TRUNCATED: break;
	case MATCH_TOO_SHORT:
		net_say(x->net, ";; Warning: %zu octets that are no message", len);
		break;
	case MATCH_WRONG_ID:
		net_say(x->net, ";; Warning: ID mismatch: expected ID %u, got %u", x->query->id,
			get_u16(x->reply->octets));
		break;
	case MATCH_WRONG_QUESTION:
		net_say(x->net, ";; Question section mismatch: got %s",
			tern_name_to_text(x->reply->m.qname, name));
		break;
	}
}

/* Each fault of the reply on a line. */
static void tell_odd(const struct exchange *x)
{
	const struct odd *odd = &x->reply->odd;

	if (!x->net->odd)
		return;
	for (unsigned i = 0; i < odd->n; i++)
		fprintf(x->net->odd, ";; WARNING: %s\n", odd->lines[i]);
	if (odd->more > 0)
		fprintf(x->net->odd, ";; WARNING: and %u faults more\n", odd->more);
}

/* The reply has its @p len octets: is it what we wait for? */
static bool take(struct exchange *x, size_t len, enum attempt *out)
{
	bool ignore_tc = x->lookup->ignore_tc || x->reply->tcp;
	enum match match = query_match(x->query, x->reply, len, ignore_tc);

	tell_mismatch(x, match, len);
	if (match != MATCH_REPLY && match != MATCH_TRUNCATED)
		return false;
	if (match == MATCH_REPLY)
		tell_odd(x);
	*out = match == MATCH_REPLY ? ATTEMPT_REPLY : ATTEMPT_TRUNCATED;
	x->reply->elapsed_us = now_us() - x->start_us;
	return true;
}

static enum attempt receive_datagrams(struct exchange *x)
{
	enum attempt out;

	while (wait_for(x, POLLIN)) {
		ssize_t n = recv(x->fd, x->reply->octets, sizeof x->reply->octets, 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0)
			return fail(x, strerror(errno));
		if (take(x, (size_t)n, &out))
			return out;
	}
	return fail(x, "timed out");
}

static enum attempt ask_udp(struct exchange *x)
{
	x->reply->tcp = false;
	if (!open_socket(x, SOCK_DGRAM) ||
	    send(x->fd, x->query->octets, x->query->len, 0) != (ssize_t)x->query->len)
		return fail(x, strerror(errno));
	return receive_datagrams(x);
}

/* Write or read exactly @p len octets; NULL or what went wrong. */
static const char *write_all(struct exchange *x, const uint8_t *octets, size_t len)
{
	while (len > 0) {
		if (!wait_for(x, POLLOUT))
			return "timed out";
		ssize_t n = send(x->fd, octets, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return strerror(errno);
		if (n > 0) {
			octets += n;
			len -= (size_t)n;
		}
	}
	return NULL;
}

static const char *read_all(struct exchange *x, uint8_t *octets, size_t len)
{
	while (len > 0) {
		if (!wait_for(x, POLLIN))
			return "timed out";
		ssize_t n = recv(x->fd, octets, len, 0);

		if (n == 0)
			return "end of file";
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return strerror(errno);
		if (n > 0) {
			octets += n;
			len -= (size_t)n;
		}
	}
	return NULL;
}

/* One message into the reply; NULL or what went wrong. */
static const char *read_message(struct exchange *x, size_t *len)
{
	uint8_t prefix[2];
	const char *error = read_all(x, prefix, sizeof prefix);

	*len = error ? 0 : get_u16(prefix);
	return error ? error : read_all(x, x->reply->octets, *len);
}

static enum attempt receive_stream(struct exchange *x)
{
	enum attempt out;
	size_t len;

	for (;;) {
		const char *error = read_message(x, &len);

		if (error)
			return fail(x, error);
		if (take(x, len, &out))
			return out;
	}
}

/* Connect and send the query; NULL or what went wrong. */
static const char *send_tcp(struct exchange *x)
{
	uint8_t framed[2 + QUERY_MAX];

	x->reply->tcp = true;
	if (!open_socket(x, SOCK_STREAM))
		return strerror(errno);
	put_u16(framed, (uint16_t)x->query->len);
	memcpy(framed + 2, x->query->octets, x->query->len);
	return write_all(x, framed, 2 + x->query->len);
}

static enum attempt ask_tcp(struct exchange *x)
{
	const char *error = send_tcp(x);

	return error ? fail(x, error) : receive_stream(x);
}

static enum attempt run(struct exchange *x, enum attempt (*ask)(struct exchange *))
{
	x->fd = -1;
	enum attempt attempt = ask(x);

	if (x->fd >= 0)
		close(x->fd);
	return attempt;
}

/* UDP first unless told otherwise, TCP when the answer was cut. */
static enum attempt ask_server(struct exchange *x)
{
	if (!x->lookup->tcp) {
		enum attempt attempt = run(x, ask_udp);

		if (attempt != ATTEMPT_TRUNCATED)
			return attempt;
		tell_retry(x->net, "Truncated, retrying in TCP mode.");
	}
	return run(x, ask_tcp);
}

/* Did the server refuse our cookie and give a better one? It is put into @p l. */
static bool better_cookie(const struct net *net, const struct query *q, const struct reply *r,
			  struct lookup *l)
{
	struct tern_edns_option cookie;

	if (!l->retry_badcookie || r->m.rcode != TERN_RCODE_BADCOOKIE || q->cookie_len == 0)
		return false;
	if (!tern_edns_find(r->octets, &r->m.edns, TERN_EDNS_COOKIE, &cookie) ||
	    cookie.len <= TERN_COOKIE_CLIENT || cookie.len > TERN_COOKIE_MAX ||
	    memcmp(cookie.data, q->cookie, TERN_COOKIE_CLIENT) != 0)
		return false;
	memcpy(l->cookie_octets, cookie.data, cookie.len);
	l->cookie_len = (uint8_t)cookie.len;
	tell_retry(net, "BADCOOKIE, retrying.");
	return true;
}

/* Does the server know only an older EDNS? RFC 6891 6.1.3. */
static bool better_version(const struct net *net, const struct reply *r, struct lookup *l)
{
	if (!l->retry_badvers || r->m.rcode != TERN_RCODE_BADVERS || !l->edns ||
	    r->m.edns.version >= l->edns_version)
		return false;
	l->edns_version = r->m.edns.version;
	tell_retry(net, "BADVERS, retrying with an older EDNS.");
	return true;
}

/* @p own is the look-up of @p x, which the server may improve. */
static enum net_result ask_one(struct exchange *x, struct lookup *own, const uint8_t *qname,
			       struct query *q)
{
	net_server_text(x->server, x->reply->server);
	snprintf(x->reply->asked, sizeof x->reply->asked, "%s", x->server->asked);
	for (unsigned left = BETTER_MAX;; left--) {
		if (!query_build(own, qname, q))
			return NET_INTERNAL;
		if (ask_server(x) != ATTEMPT_REPLY)
			return NET_NO_REPLY;
		bool better = better_cookie(x->net, q, x->reply, own) ||
			      better_version(x->net, x->reply, own);

		if (left == 0 || !better)
			return NET_REPLY;
	}
}

enum net_result net_ask(const struct net *net, const struct lookup *l, const uint8_t *qname,
			const struct servers *servers, struct query *q, struct reply *r)
{
	for (unsigned try = 0; try < l->tries; try++) {
		for (unsigned i = 0; i < servers->n; i++) {
			struct lookup own = *l;
			struct exchange x = {
				.net = net,
				.lookup = &own,
				.server = &servers->at[i],
				.query = q,
				.reply = r,
			};
			enum net_result result = ask_one(&x, &own, qname, q);

			if (result != NET_NO_REPLY)
				return result;
		}
	}
	return NET_NO_REPLY;
}

/* Messages until the sink has enough; NULL or what went wrong. @p messages_n counts them. */
static const char *read_stream(struct exchange *x, struct net_sink *sink, uint64_t end_us,
			       unsigned *messages_n)
{
	for (;; ++*messages_n) {
		uint64_t now = now_us();
		size_t len;

		if (now >= end_us)
			return "it takes too long";
		x->deadline_us = now + (uint64_t)x->lookup->timeout_ms * 1000;
		if (x->deadline_us > end_us)
			x->deadline_us = end_us;
		const char *error = read_message(x, &len);

		if (error)
			return error;
		if (sink->take(sink, len))
			break;
	}
	x->reply->elapsed_us = now_us() - x->start_us;
	return NULL;
}

/* One server. True when another one is not worth a try. */
static bool stream_from(struct exchange *x, struct net_sink *sink, uint64_t limit_ms,
			enum net_result *result)
{
	unsigned messages_n = 0;

	net_server_text(x->server, x->reply->server);
	snprintf(x->reply->asked, sizeof x->reply->asked, "%s", x->server->asked);
	x->fd = -1;
	const char *error = send_tcp(x);

	if (!error)
		error = read_stream(x, sink, x->start_us + limit_ms * 1000, &messages_n);
	if (error)
		(void)fail(x, error);
	if (x->fd >= 0)
		close(x->fd);
	*result = error ? NET_NO_REPLY : NET_REPLY;
	return !error || messages_n > 0;
}

enum net_result net_stream(const struct net *net, const struct lookup *l, const uint8_t *qname,
			   const struct servers *servers, struct query *q, struct reply *r,
			   struct net_sink *sink, uint64_t limit_ms)
{
	enum net_result result = NET_NO_REPLY;

	if (!query_build(l, qname, q))
		return NET_INTERNAL;
	for (unsigned try = 0; try < l->tries; try++) {
		for (unsigned i = 0; i < servers->n; i++) {
			struct exchange x = {
				.net = net,
				.lookup = l,
				.server = &servers->at[i],
				.query = q,
				.reply = r,
			};

			if (stream_from(&x, sink, limit_ms, &result))
				return result;
		}
	}
	return result;
}

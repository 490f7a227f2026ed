/*
 * talk.h - a whole conversation in one thread: clients, a worker, and the forwarder
 * that it asks. The worker's turns are taken by the test, so that all that happens
 * is seen in between, in its counters and places, too.
 *
 *	ask(&c, 1, "www.test.");              a client's question
 *	struct asked a = take();              what the forwarder was asked for it
 *	reply(&a, "192.0.2.1");
 *	assert_answer(&c, 1, NOERROR, "192.0.2.1");
 */
#pragma once

#include "../base/allocations.h"
#include "base/readers.h"
#include "worker/upstream_private.h"

#include "worker/worker.c"

#include "helpers.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <tern/message.h>
#include <tern/rdata.h>

#define MESSAGE_MAX 2048
#define NOBODY      (-1)

static struct listener_fds listeners[2];
static int forwarder_udp, forwarder_tcp;
static struct address forwarder_at;
static struct route_server forwarder;
static struct route forward_all;

/** What the forwarder was asked: by UDP, or on a connection. */
struct asked {
	uint8_t octets[MESSAGE_MAX];
	size_t len;
	int connection; /* NOBODY: by UDP */
	struct sockaddr_storage from;
	socklen_t from_len;
	struct tern_message m;
};

/* --- turns ------------------------------------------------------------------------- */

static uint64_t leapt_ms; /* what the workers' clocks are ahead of the system's */

/** For the workers so much time goes by at once, from the next turn on. */
static inline void leap_ms(uint64_t ms)
{
	leapt_ms += ms;
}

static inline void turn(void)
{
	for (unsigned i = 0; i < shared.workers_n; i++) {
		struct moment *now = &workers[i]->loop.now;

		loop_wait(&workers[i]->loop, 0);
		now->mono_ns += leapt_ms * NS_PER_MS;
		now->boot_ms += leapt_ms;
		now->boot_s = (uint32_t)(now->boot_ms / 1000);
		take_turn(workers[i]);
	}
}

static inline uint64_t clock_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
}

/* However busy the machine is, letters and answers need some turns to get around. */
#define TURNS_MIN 8

/** Take turns until @p fd is readable; false after @p ms. */
static inline bool await_fd(int fd, unsigned ms)
{
	uint64_t end_ms = clock_ms() + ms;
	unsigned turns = 0;

	do {
		turn();
		if (is_readable(fd, 1))
			return true;
	} while (++turns < TURNS_MIN || clock_ms() < end_ms);
	return false;
}

/** Take turns for @p ms, whatever happens. */
static inline void pass(unsigned ms)
{
	uint64_t end_ms = clock_ms() + ms;
	unsigned turns = 0;

	do {
		turn();
		usleep(1000);
	} while (++turns < TURNS_MIN || clock_ms() < end_ms);
}

/* --- the world ---------------------------------------------------------------------- */

static inline void open_forwarder(void)
{
	struct address at = address("127.0.0.1@0");
	bool wildcard;

	/* The same port for both. */
	for (unsigned i = 0;; i++) {
		assert_true(i < 100);
		forwarder_udp = udp_listen(&at, &wildcard);
		forwarder_at = local_address(forwarder_udp);
		forwarder_tcp = stream_listen(&forwarder_at);
		if (forwarder_tcp >= 0)
			break;
		close(forwarder_udp);
	}
	fcntl(forwarder_tcp, F_SETFL, fcntl(forwarder_tcp, F_GETFL) | O_NONBLOCK);
}

static int64_t allocations_before;

static inline void *do_nothing(void *context)
{
	return context;
}

/* What libraries make for themselves is there after the first time. */
static inline void warm_up(void)
{
	static bool is_warm;
	pthread_t thread;

	if (is_warm)
		return;
	is_warm = true;
	shared_open(1 << 20, 1);
	workers[0] = worker_create(&shared, 0, NULL, 0);
	assert_non_null(workers[0]);
	readers_enter();
	put_answer(1);
	put_answer(1); /* replaced, it waits for its readers: there is a thread for that */
	readers_leave();
	workers_end();
	shared_close();
	assert_int_equal(pthread_create(&thread, NULL, do_nothing, NULL), 0);
	pthread_join(thread, NULL);
	log_error(&(struct log){.fd = NOBODY}, "nobody reads this");
	usleep(20000); /* that thread may have something to free */
}

/** @p workers_n workers with a listener each, which ask the forwarder about everything. */
static inline void open_world(unsigned workers_n)
{
	warm_up();
	allocations_before = allocations_left();
	leapt_ms = 0;
	shared_open(1 << 20, workers_n);
	open_forwarder();
	rules.resolver = (struct resolver_options){
		.ipv4 = true, .max_ttl_s = 86400, .max_negative_ttl_s = 3600, .serve_stale = true};
	rules.serve.stale_wait_ms = 1800;
	forwarder = (struct route_server){.address = forwarder_at};
	forward_all = (struct route){.zone = (const uint8_t *)"",
				     .servers = &forwarder,
				     .servers_n = 1,
				     .kind = ROUTE_FORWARD};
	rules.routes = (struct routes){.routes = &forward_all, .n = 1};
	for (unsigned i = 0; i < workers_n; i++) {
		listeners[i] = listen_somewhere();
		workers[i] = worker_create(&shared, i, &listeners[i], 1);
		assert_non_null(workers[i]);
	}
	readers_enter();
	turn();
}

/** All places have been given back when everything has ended. */
static inline void close_world(void)
{
	for (unsigned i = 0; i < shared.workers_n; i++) {
		struct worker *w = workers[i];

		client_abandon_all(w);
		tcp_finish_all(w);
		upstream_finish_all(w);
		assert_int_equal(w->task_shares.taken_n, 0);
		assert_int_equal(w->waiter_shares.taken_n, 0);
		assert_int_equal(w->client_shares.taken_n, 0);
		assert_int_equal(w->connection_shares.taken_n, 0);
		assert_true(cds_list_empty(&w->idle));
		assert_true(cds_list_empty(&w->yielded));
		for (unsigned z = 0; z < ZONE_LOADS; z++)
			assert_int_equal(w->zones[z].outstanding, 0);
	}
	workers_end();
	close(forwarder_udp);
	close(forwarder_tcp);
	readers_leave();
	shared_close();
}

/** All memory has been given back as well: since open_world(), and what a test took besides. */
static inline void assert_nothing_left(void)
{
	if (is_sanitized()) /* they look themselves */
		return;
	/* What waited for readers is freed by another thread. */
	for (unsigned i = 0; i < PATIENCE_MS && allocations_left() > allocations_before; i++)
		usleep(1000);
	assert_in_range(allocations_left(), 0, allocations_before);
}

/* --- a world for each test, with one client by UDP ------------------------------------- */

static int c;

static inline int open_one(void **state)
{
	(void)state;
	open_world(1);
	c = client_of(listeners[0].udp);
	return 0;
}

static inline int open_two(void **state)
{
	(void)state;
	open_world(2);
	c = client_of(listeners[0].udp);
	return 0;
}

static inline int close_all(void **state)
{
	(void)state;
	close(c);
	close_world();
	return 0;
}

static inline int close_checked(void **state)
{
	close_all(state);
	assert_nothing_left();
	return 0;
}

#define TEST(f)        cmocka_unit_test_setup_teardown(f, open_one, close_checked)
#define TEST_OF_TWO(f) cmocka_unit_test_setup_teardown(f, open_two, close_checked)

/** What the first worker has counted. */
static inline struct tally *tally(void)
{
	return &workers[0]->tally;
}

/* --- clients --------------------------------------------------------------------------- */

/** Send a question of type A with these flags; over TCP with its length. */
static inline void ask_with(int fd, uint16_t id, const char *name, uint16_t flags, bool tcp)
{
	uint8_t query[2 + QUERY_MAX];
	struct tern_builder b = begin_query(query + 2, id, name);
	size_t len;

	assert_int_equal(tern_builder_opt(&b, 1232, 0, 0, 0), TERN_OK);
	len = tern_builder_finish(&b);
	put_u16(query, (uint16_t)len);
	put_u16(query + 4, flags);
	if (tcp)
		assert_int_equal(send(fd, query, len + 2, 0), len + 2);
	else
		assert_int_equal(send(fd, query + 2, len, 0), len);
}

static inline void ask(int fd, uint16_t id, const char *name)
{
	ask_with(fd, id, name, TERN_FLAG_RD, false);
}

static inline void ask_tcp(int fd, uint16_t id, const char *name)
{
	ask_with(fd, id, name, TERN_FLAG_RD, true);
}

static inline void receive_whole(int fd, uint8_t *to, size_t len)
{
	for (size_t at = 0; at < len;) {
		assert_true(await_fd(fd, PATIENCE_MS));
		ssize_t n = recv(fd, to + at, len - at, 0);

		assert_true(n > 0);
		at += (size_t)n;
	}
}

/** The next message that comes to @p fd. */
static inline size_t receive(int fd, bool tcp, uint8_t *to)
{
	uint8_t head[2];

	if (!tcp) {
		assert_true(await_fd(fd, PATIENCE_MS));
		ssize_t n = recv(fd, to, MESSAGE_MAX, 0);

		assert_true(n >= TERN_HEADER_LEN);
		return (size_t)n;
	}
	receive_whole(fd, head, 2);
	assert_true(get_u16(head) <= MESSAGE_MAX);
	receive_whole(fd, to, get_u16(head));
	return get_u16(head);
}

/** An answer with this id, rcode and last octet of its first address (0: without one). */
static inline void expect_from(int fd, bool tcp, uint16_t id, unsigned rcode, uint8_t last)
{
	static struct tern_rr_ref rrs[16];
	uint8_t octets[MESSAGE_MAX];
	struct tern_message m;
	size_t len = receive(fd, tcp, octets);

	assert_int_equal(tern_message_parse(octets, len, rrs, ARRAY_LEN(rrs), &m), TERN_OK);
	assert_int_equal(m.id, id);
	assert_int_equal(m.flags & 15, rcode);
	assert_int_equal(get_u16(octets + 6) > 0, last > 0);
	if (last > 0)
		assert_non_null(memmem(octets, len, (uint8_t[]){0, 4, 192, 0, 2, last}, 6));
}

static inline void expect(int fd, uint16_t id, unsigned rcode, uint8_t last)
{
	expect_from(fd, false, id, rcode, last);
}

static inline void expect_tcp(int fd, uint16_t id, unsigned rcode, uint8_t last)
{
	expect_from(fd, true, id, rcode, last);
}

static inline int tcp_client_of(unsigned worker)
{
	struct address at = local_address(listeners[worker].tcp);

	return connected(SOCK_STREAM, &at);
}

/** Nothing comes to @p fd for @p ms. */
static inline void expect_silence(int fd, unsigned ms)
{
	assert_false(await_fd(fd, ms));
}

/* --- the forwarder ------------------------------------------------------------------------ */

/** The question that is there, by UDP. */
static inline struct asked read_question(void)
{
	struct asked a = {.connection = NOBODY, .from_len = sizeof a.from};
	ssize_t n = recvfrom(forwarder_udp, a.octets, sizeof a.octets, 0,
			     (struct sockaddr *)&a.from, &a.from_len);

	assert_true(n > 0);
	a.len = (size_t)n;
	assert_int_equal(tern_message_parse(a.octets, a.len, NULL, 0, &a.m), TERN_OK);
	return a;
}

/** The next question by UDP. */
static inline struct asked take(void)
{
	assert_true(await_fd(forwarder_udp, PATIENCE_MS));
	return read_question();
}

/** The next connection. */
static inline int take_connection(void)
{
	assert_true(await_fd(forwarder_tcp, PATIENCE_MS));
	int fd = accept(forwarder_tcp, NULL, NULL);

	assert_true(fd >= 0);
	return fd;
}

/** The next question on a connection. */
static inline struct asked take_on(int connection)
{
	struct asked a = {.connection = connection};

	a.len = receive(connection, true, a.octets);
	assert_int_equal(tern_message_parse(a.octets, a.len, NULL, 0, &a.m), TERN_OK);
	return a;
}

static inline void send_back(const struct asked *a, const uint8_t *octets, size_t len)
{
	uint8_t framed[MESSAGE_MAX + 2];

	if (a->connection == NOBODY) {
		assert_int_equal(sendto(forwarder_udp, octets, len, 0,
					(const struct sockaddr *)&a->from, a->from_len),
				 len);
		return;
	}
	put_u16(framed, (uint16_t)len);
	memcpy(framed + 2, octets, len);
	assert_int_equal(send(a->connection, framed, len + 2, MSG_NOSIGNAL), len + 2);
}

/** Header and question as they were asked, with these flags, and an address if @p last. */
static inline size_t build_reply(const struct asked *a, uint16_t flags, uint8_t last,
				 uint32_t ttl_s, uint8_t *to)
{
	uint8_t name[TERN_NAME_MAX + 1], rdata[4] = {192, 0, 2, last};
	struct tern_builder b;

	memcpy(name, a->m.qname, a->m.qname_len);
	tern_builder_init(&b, to, MESSAGE_MAX, MESSAGE_MAX);
	tern_builder_header(&b, a->m.id, flags & 0xfff0, flags & 15);
	assert_int_equal(tern_builder_question(&b, name, a->m.qtype, TERN_CLASS_IN), TERN_OK);
	if (last)
		assert_int_equal(tern_builder_rr(&b, TERN_ANSWER, name, a->m.qtype, TERN_CLASS_IN,
						 ttl_s, rdata, 4),
				 TERN_OK);
	if (a->m.edns.present)
		assert_int_equal(tern_builder_opt(&b, 1232, 0, 0, 0), TERN_OK);
	return tern_builder_finish(&b);
}

#define REPLY_FLAGS (TERN_FLAG_QR | TERN_FLAG_RD | TERN_FLAG_RA)

static inline void reply_ttl(const struct asked *a, uint8_t last, uint32_t ttl_s)
{
	uint8_t octets[MESSAGE_MAX];

	send_back(a, octets, build_reply(a, REPLY_FLAGS, last, ttl_s, octets));
}

static inline void reply(const struct asked *a, uint8_t last)
{
	reply_ttl(a, last, 3600);
}

static inline void reply_rcode(const struct asked *a, uint16_t rcode)
{
	uint8_t octets[MESSAGE_MAX];

	send_back(a, octets, build_reply(a, (uint16_t)(REPLY_FLAGS | rcode), 0, 0, octets));
}

static inline void reply_truncated(const struct asked *a)
{
	uint8_t octets[MESSAGE_MAX];

	send_back(a, octets, build_reply(a, REPLY_FLAGS | TERN_FLAG_TC, 0, 0, octets));
}

/** Nobody asks it anything for @p ms. */
static inline void expect_no_question(unsigned ms)
{
	assert_false(await_fd(forwarder_udp, ms));
}

static inline uint64_t counted(const tally_count *count)
{
	return atomic_load(count);
}

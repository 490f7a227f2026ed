/*
 * alloc_test.c - a million cache hits through a running worker, and not a single
 * allocation.
 *
 * The worker is a real one on a port of the loopback; its cache is filled
 * beforehand. The test asks by UDP, a batch at a time.
 */
#include "helpers.h"

#include <pthread.h>

#include "../base/allocations.h"
#include "base/readers.h"
#include "net/udp.h"

#define NAMES     1000
#define BATCH     64
#define HITS      1000000
#define HITS_SLOW 50000 /* under a sanitizer */
#define WARM_UP   2000  /* first use of what libc and liburcu set up lazily */

static int client_fd;

/* --- the worker --------------------------------------------------------------------- */

static int start_worker(void **state)
{
	struct listener_fds fds = listen_somewhere();

	(void)state;
	shared_open(16 << 20, 1);
	readers_enter();
	for (unsigned i = 0; i < NAMES; i++)
		put_answer(i);
	readers_sleep();
	client_fd = client_of(fds.udp);
	workers[0] = worker_create(&shared, 0, &fds, 1);
	assert_non_null(workers[0]);
	assert_true(worker_start(workers[0], -1));
	return 0;
}

static int stop_worker(void **state)
{
	(void)state;
	workers_end();
	close(client_fd);
	readers_wake();
	readers_leave();
	shared_close();
	return 0;
}

/* --- the client ------------------------------------------------------------------------ */

static uint8_t octets[BATCH][QUERY_MAX];
static uint8_t answers[BATCH][UDP_ANSWER_MAX];
static struct iovec out[BATCH], in[BATCH];
static struct mmsghdr tx[BATCH], rx[BATCH];

/* Of four kinds: plain, with OPT, with DO and a cookie, in capitals. */
static size_t write_query(uint8_t *to, unsigned i)
{
	static const uint8_t cookie[8] = "cookie!";
	char text[32];

	snprintf(text, sizeof text, i % 4 == 3 ? "NAME%u.Example." : "name%u.example.", i % NAMES);
	struct tern_builder b = begin_query(to, (uint16_t)i, text);

	if (i % 4 == 1 || i % 4 == 2)
		assert_int_equal(tern_builder_opt(&b, 1232, 0, 0, i % 4 == 2 ? 0x8000 : 0),
				 TERN_OK);
	if (i % 4 == 2)
		assert_int_equal(tern_builder_option(&b, TERN_EDNS_COOKIE, cookie, 8), TERN_OK);
	return tern_builder_finish(&b);
}

static void check_answer(const uint8_t *answer, size_t len, unsigned first)
{
	unsigned i = get_u16(answer);
	const uint8_t *query = octets[(i - first) % BATCH];
	size_t question_len = tern_name_len(query + TERN_HEADER_LEN) + 4;

	assert_true(len > TERN_HEADER_LEN + question_len);
	assert_int_equal(get_u16(query), i); /* one of this batch */
	assert_int_equal(answer[3] & 0x0f, TERN_RCODE_NOERROR);
	assert_int_equal(get_u16(answer + 6), 1);
	/* The question comes back letter for letter. */
	assert_memory_equal(answer + TERN_HEADER_LEN, query + TERN_HEADER_LEN, question_len);
	assert_int_equal(get_u16(answer + 10), get_u16(query + 10)); /* OPT for OPT */
}

static void ask_batch(unsigned first)
{
	unsigned got = 0;

	for (unsigned k = 0; k < BATCH; k++) {
		out[k] = (struct iovec){octets[k], write_query(octets[k], first + k)};
		in[k] = (struct iovec){answers[k], sizeof answers[k]};
		tx[k].msg_hdr = (struct msghdr){.msg_iov = &out[k], .msg_iovlen = 1};
		rx[k].msg_hdr = (struct msghdr){.msg_iov = &in[k], .msg_iovlen = 1};
	}
	assert_int_equal(sendmmsg(client_fd, tx, BATCH, 0), BATCH);
	while (got < BATCH) {
		assert_true(is_readable(client_fd, PATIENCE_MS));
		int n = recvmmsg(client_fd, rx, BATCH - got, MSG_DONTWAIT, NULL);

		assert_true(n > 0);
		for (int k = 0; k < n; k++)
			check_answer(answers[k], rx[k].msg_len, first);
		got += (unsigned)n;
	}
}

static uint64_t hits(void)
{
	return atomic_load(&worker_tally(workers[0])->hits);
}

static void a_million_hits_allocate_nothing(void **state)
{
	unsigned wanted = is_sanitized() ? HITS_SLOW : HITS, asked = 0;

	(void)state;
	for (; asked < WARM_UP; asked += BATCH)
		ask_batch(asked);
	uint64_t before = hits();

	allocations_watch_others();
	for (asked = 0; asked < wanted; asked += BATCH)
		ask_batch(asked);
	uint64_t allocated = allocations_seen_of_others();

	assert_int_equal(hits() - before, asked);
	assert_int_equal(atomic_load(&worker_tally(workers[0])->misses), 0);
	printf("%u hits, %llu allocations\n", asked, (unsigned long long)allocated);
	assert_int_equal(allocated, 0);
}

static void *allocate_in_a_thread(void *unused)
{
	void *volatile seen = malloc(100); /* not to be optimised away */

	(void)unused;
	free(seen);
	return NULL;
}

static void the_counter_counts(void **state)
{
	pthread_t thread;

	(void)state;
	allocations_watch_others();
	allocate_in_a_thread(NULL); /* ours does not count */
	uint64_t idle = atomic_load(&allocations_of_others_n);

	assert_int_equal(pthread_create(&thread, NULL, allocate_in_a_thread, NULL), 0);
	pthread_join(thread, NULL);
	assert_true(allocations_seen_of_others() > idle);
	assert_int_equal(idle, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_counter_counts),
		cmocka_unit_test_setup_teardown(a_million_hits_allocate_nothing, start_worker,
						stop_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

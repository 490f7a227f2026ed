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
#include "net/stream.h"
#include "net/udp.h"

#define NAMES     1000
#define BATCH     64
#define HITS      1000000
#define HITS_SLOW 50000 /* under a sanitizer */
#define WARM_UP   2000  /* first use of what libc and liburcu set up lazily */
#define QUERY_MAX 100

static struct worker_shared shared;
static struct worker *workers[1];
static struct log logger;
static struct prefix everybody;
static int client_fd;

/* --- the worker --------------------------------------------------------------------- */

static void put_answer(unsigned i)
{
	uint8_t rdata[4] = {192, 0, 2, (uint8_t)i}, message[512];
	uint16_t ttl_at[ANSWER_TTLS_MAX];
	struct tern_builder b;
	char text[32];

	snprintf(text, sizeof text, "name%u.example.", i);
	const uint8_t *name = NAME(text);

	tern_builder_init(&b, message, sizeof message, sizeof message);
	tern_builder_record_ttls(&b, ttl_at, ANSWER_TTLS_MAX);
	tern_builder_header(&b, 0, TERN_FLAG_QR | TERN_FLAG_RA, 0);
	assert_int_equal(tern_builder_question(&b, name, TERN_TYPE_A, TERN_CLASS_IN), TERN_OK);
	assert_int_equal(
		tern_builder_rr(&b, TERN_ANSWER, name, TERN_TYPE_A, TERN_CLASS_IN, 36000, rdata, 4),
		TERN_OK);
	struct answer a = {.key = {.name = name,
				   .name_len = (uint16_t)tern_name_len(name),
				   .type = TERN_TYPE_A},
			   .message = message,
			   .message_len = (uint16_t)tern_builder_finish(&b),
			   .ttl_at = ttl_at,
			   .ttl_n = 1,
			   .ttl_s = 36000,
			   .life_s = 36000};
	struct moment now;

	clock_read(&now);
	for (uint8_t variant = 0; variant < 2; variant++) { /* without and with DO */
		a.key.variant = variant ? ANSWER_DO : 0;
		cache_put_answer(shared.cache, &a, now.boot_s);
	}
}

static void fill_shared(void)
{
	struct cache_options options = {.size = 16 << 20};
	struct hash_key key = {1, 2};

	assert_true(prefix_from_text("127.0.0.0/8", &everybody));
	log_init(&logger, LOG_LEVEL_ERROR);
	shared = (struct worker_shared){
		.log = &logger,
		.cache = cache_create(&options, &key),
		.infra = infra_create(&key),
		.inflight = inflight_create(),
		.hash_key = key,
		.cookie_secret = {3, 4},
		.access = {.allow = &everybody, .allow_n = 1},
		.prefetch = true,
		.identity = "",
		.version = "",
		.workers = workers,
		.workers_n = 1,
	};
	root_hints_builtin(&shared.hints);
	assert_true(shared.cache && shared.infra && shared.inflight);
}

static int start_worker(void **state)
{
	struct address at = address("127.0.0.1@0");
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;
	struct listener_fds fds;

	(void)state;
	fill_shared();
	cache_thread_enter();
	for (unsigned i = 0; i < NAMES; i++)
		put_answer(i);
	cache_sleep();
	fds.udp = udp_listen(&at, &fds.wildcard);
	fds.tcp = stream_listen(&at);
	assert_true(fds.udp >= 0 && fds.tcp >= 0);
	assert_int_equal(getsockname(fds.udp, (struct sockaddr *)&sa, &len), 0);
	client_fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(connect(client_fd, (struct sockaddr *)&sa, len), 0);
	workers[0] = worker_create(&shared, 0, &fds, 1);
	assert_non_null(workers[0]);
	assert_true(worker_start(workers[0], -1));
	return 0;
}

static int stop_worker(void **state)
{
	(void)state;
	worker_stop(workers[0]);
	worker_join(workers[0]);
	worker_destroy(workers[0]);
	close(client_fd);
	cache_wake();
	cache_thread_leave();
	inflight_destroy(shared.inflight);
	infra_destroy(shared.infra);
	cache_destroy(shared.cache);
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
	struct tern_builder b;
	char text[32];

	snprintf(text, sizeof text, i % 4 == 3 ? "NAME%u.Example." : "name%u.example.", i % NAMES);
	tern_builder_init(&b, to, QUERY_MAX, QUERY_MAX);
	tern_builder_header(&b, (uint16_t)i, TERN_FLAG_RD, 0);
	assert_int_equal(tern_builder_question(&b, NAME(text), TERN_TYPE_A, TERN_CLASS_IN),
			 TERN_OK);
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

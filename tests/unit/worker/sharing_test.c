/*
 * sharing_test.c - a cache hit writes no memory that workers share.
 *
 * Shown by the processor: eight real workers, each on a port of the loopback,
 * answer from one cache while everything is read-only but the stacks and what
 * belongs to each of them alone: its own struct worker and its buffers of
 * datagrams. Read-only are the cache (struct, shards, buckets, entries), the
 * server table, the in-flight table, every small allocation of the workers, all
 * static data of the program, and the grace-period counter of liburcu. A write
 * there faults; the fault is noted and the page opened, so that the test goes on
 * and counts. The one write that a hit may do, the mark of an entry that was not
 * asked since the last sweep, shows that this works.
 *
 * Then one worker runs alone while the other seven's own memory is read-only too.
 *
 * What is not seen: memory of the kernel and of other libraries than liburcu.
 */
#include "helpers.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "../base/regions.h"
#include "base/readers.h"
#include "cache/cache_private.h"
#include "net/udp.h"

#define WORKERS TEST_WORKERS_MAX
#define NAMES   400
#define BATCH   (2 * NAMES) /* each name without and with DO */
#define ROUNDS  50
#define PAGE    4096u
#define DO      0x8000u

/* Regions: what workers share, then each worker's own. */
#define SHARED 0
#define OWN(i) (1 + (i))

static int clients[WORKERS]; /* sockets connected to each worker */

/* --- read-only memory ------------------------------------------------------------------- */

struct range {
	uint8_t *start;
	size_t len;
};

/* In a page of its own: it is written while static data can't be. */
struct faults {
	_Atomic unsigned n;
	_Atomic(uint8_t *) last;
};

static struct faults *faults;
static struct range closed[8 + WORKERS];
static unsigned closed_n;
static struct sigaction handler_before;

static void set_access(int access)
{
	for (unsigned i = 0; i < closed_n; i++) {
		if (mprotect(closed[i].start, closed[i].len, access) != 0)
			abort();
	}
}

static void open_page(int number, siginfo_t *info, void *context)
{
	uint8_t *at = info->si_addr, *page = at - (uintptr_t)at % PAGE;

	(void)context;
	for (unsigned i = 0; i < closed_n; i++) {
		if (at < closed[i].start || at >= closed[i].start + closed[i].len)
			continue;
		atomic_fetch_add(&faults->n, 1);
		atomic_store(&faults->last, at);
		if (mprotect(page, PAGE, PROT_READ | PROT_WRITE) == 0)
			return;
	}
	(void)signal(number, SIG_DFL); /* not ours: it happens again */
}

/* cmocka has a handler of its own, set anew for each test; so has the thread sanitizer, for good.
 */
static void close_all(void)
{
	const struct sigaction action = {.sa_sigaction = open_page, .sa_flags = SA_SIGINFO};

	if (__tsan_init)
		skip();
	assert_int_equal(sigaction(SIGSEGV, &action, &handler_before), 0);
	set_access(PROT_READ);
}

static void open_all(void)
{
	set_access(PROT_READ | PROT_WRITE);
	assert_int_equal(sigaction(SIGSEGV, &handler_before, NULL), 0);
}

static void will_close(void *start, size_t len)
{
	uint8_t *first = start;
	uintptr_t before = (uintptr_t)first % PAGE;

	assert_true(closed_n < ARRAY_LEN(closed));
	closed[closed_n++] =
		(struct range){first - before, (before + len + PAGE - 1) & ~(size_t)(PAGE - 1)};
}

/* --- what is shared ---------------------------------------------------------------------- */

static void fill_shared(void)
{
	shared_open(64 << 20, WORKERS); /* sixteen shards */
	for (unsigned i = 0; i < NAMES; i++)
		put_answer(i);
}

static size_t buckets_n(const struct cache *c)
{
	return (size_t)1 << (c->bucket_bits + c->shard_bits);
}

/* All that the cache consists of lies in what will be closed. */
static void check_that_all_is_there(void)
{
	const struct cache *c = rules.cache;
	unsigned entries = 0;

	assert_true(region_has(SHARED, c) && region_has(SHARED, c->shards));
	assert_true(region_has(SHARED, shared.infra) && region_has(SHARED, shared.inflight));
	for (size_t b = 0; b < buckets_n(c); b++) {
		for (const struct entry *e = link_get(&c->buckets[b]); e; e = link_get(&e->next)) {
			assert_true(region_has(SHARED, e));
			entries++;
		}
	}
	assert_int_equal(entries, 2 * NAMES);
}

/* There when the program counts what it runs, in static data. */
void __gcov_init(void *) __attribute__((weak));

static void choose_what_to_close(void)
{
	extern uint8_t __data_start[], _end[]; /* the linker's: static data */

	closed_n = 0;
	will_close(region_start(SHARED), REGION_OCTETS);
	will_close(rules.cache->buckets, buckets_n(rules.cache) * sizeof(entry_link));
	if (!__gcov_init)
		will_close(__data_start, (size_t)(_end - __data_start));
	void *counter = dlsym(RTLD_DEFAULT, "urcu_qsbr_gp");

	assert_non_null(counter);
	will_close(counter, sizeof(uint64_t));
}

/* --- the workers ------------------------------------------------------------------------ */

static void make_worker(unsigned i)
{
	struct listener_fds fds = listen_somewhere();

	clients[i] = client_of(fds.udp);
	unsigned before = regions_n[OWN(i)];

	regions_choose(SHARED, OWN(i));
	workers[i] = worker_create(&shared, i, &fds, 1);
	regions_leave();
	assert_true(workers[i] && region_has(OWN(i), workers[i]));
	/* What is large and may be written: the struct worker, the buffers of the socket, and who
	 * has connections: by host, by party. */
	assert_int_equal(regions_n[OWN(i)] - before, 4);
}

static int start(unsigned n)
{
	faults = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(faults != MAP_FAILED);
	readers_enter();
	regions_choose(SHARED, SHARED);
	fill_shared();
	regions_leave();
	readers_sleep();
	check_that_all_is_there();
	for (unsigned i = 0; i < WORKERS; i++)
		make_worker(i);
	choose_what_to_close();
	for (unsigned i = 0; i < n; i++)
		assert_true(worker_start(workers[i], -1));
	return 0;
}

static int start_all(void **state)
{
	(void)state;
	return start(WORKERS);
}

static int start_one(void **state)
{
	(void)state;
	return start(1);
}

static int stop(void **state)
{
	(void)state;
	set_access(PROT_READ | PROT_WRITE); /* a test may have failed in between */
	workers_end();
	for (unsigned i = 0; i < WORKERS; i++)
		close(clients[i]);
	readers_wake();
	readers_leave();
	shared_close();
	munmap(faults, PAGE);
	return 0;
}

/* --- the client --------------------------------------------------------------------------- */

static size_t write_query(uint8_t *to, unsigned i)
{
	char text[32];

	snprintf(text, sizeof text, "Name%u.example.", i / 2);
	struct tern_builder b = begin_query(to, (uint16_t)i, text);

	assert_int_equal(tern_builder_opt(&b, 1232, 0, 0, (uint16_t)(i % 2 * DO)), TERN_OK);
	return tern_builder_finish(&b);
}

static void ask(int fd, unsigned i)
{
	uint8_t query[QUERY_MAX];

	assert_true(send(fd, query, write_query(query, i), 0) > 0);
}

static void take_answer(int fd)
{
	uint8_t answer[UDP_ANSWER_MAX];

	assert_true(is_readable(fd, PATIENCE_MS));
	assert_true(recv(fd, answer, sizeof answer, 0) > TERN_HEADER_LEN);
	assert_int_equal(answer[3] & 0x0f, TERN_RCODE_NOERROR);
	assert_int_equal(get_u16(answer + 6), 1);
}

/* Every question to each of the first @p n workers; few at a time, all workers at once. */
static void ask_everything(unsigned n)
{
	for (unsigned i = 0; i < BATCH; i += 8) {
		for (unsigned k = 0; k < 8 * n; k++)
			ask(clients[k / 8], i + k % 8);
		for (unsigned k = 0; k < 8 * n; k++)
			take_answer(clients[k / 8]);
	}
}

static uint64_t hits_of(unsigned i)
{
	return atomic_load(&worker_tally(workers[i])->hits);
}

/* Ask @p n workers, closed; nothing faults, all are hits. */
static void ask_closed(unsigned n)
{
	uint64_t before[WORKERS], total = 0;

	for (unsigned i = 0; i < n; i++)
		before[i] = hits_of(i);
	close_all();
	for (unsigned round = 0; round < ROUNDS; round++)
		ask_everything(n);
	open_all();
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(hits_of(i) - before[i], ROUNDS * BATCH);
		total += hits_of(i) - before[i];
	}
	printf("%llu hits of %u workers, %u faults\n", (unsigned long long)total, n,
	       atomic_load(&faults->n));
	if (atomic_load(&faults->n))
		printf("the last one at %p\n", (void *)atomic_load(&faults->last));
	assert_int_equal(atomic_load(&faults->n), 0);
}

/* --- tests ---------------------------------------------------------------------------------- */

/* The first hit of an entry marks it, and that is the one write there is. */
static void the_mark_of_an_entry_faults(void **state)
{
	(void)state;
	/* Whatever a worker sets up at its first answers, but not the last name. */
	for (unsigned k = 0; k < 100 * WORKERS; k++) {
		ask(clients[k % WORKERS], k % (BATCH - 2));
		take_answer(clients[k % WORKERS]);
	}
	close_all();
	ask(clients[3], BATCH - 1);
	take_answer(clients[3]);
	unsigned first = atomic_load(&faults->n);
	const uint8_t *at = atomic_load(&faults->last);

	set_access(PROT_READ); /* the page that was opened */
	ask(clients[5], BATCH - 1);
	take_answer(clients[5]);
	unsigned second = atomic_load(&faults->n);

	open_all();
	assert_int_equal(first, 1);
	assert_int_equal(second, 1);
	struct answer_key key = {.name = NAME("name399.example."),
				 .name_len = 17,
				 .type = TERN_TYPE_A,
				 .variant = ANSWER_DO};
	readers_wake();
	const struct entry *e =
		cache_find(rules.cache, key.name, key.name_len,
			   TAG_ANSWER(TERN_TYPE_A, ANSWER_DO, 0), answer_hash(rules.cache, &key));

	assert_non_null(e);
	assert_ptr_equal(at, &e->lives);
	readers_sleep();
}

static void hits_write_nothing_shared(void **state)
{
	(void)state;
	ask_everything(WORKERS); /* marks every entry */
	ask_closed(WORKERS);
}

static void a_worker_writes_nothing_of_another(void **state)
{
	(void)state;
	ask_everything(1);
	for (unsigned i = 1; i < WORKERS; i++)
		will_close(region_start(OWN(i)), REGION_OCTETS);
	ask_closed(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_mark_of_an_entry_faults, start_all, stop),
		cmocka_unit_test_setup_teardown(hits_write_nothing_shared, start_all, stop),
		cmocka_unit_test_setup_teardown(a_worker_writes_nothing_of_another, start_one,
						stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

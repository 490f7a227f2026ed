/*
 * waiter_test.c - who waits for a task: known again by hash, their places shared
 * fairly, and what is saved up for strangers is small.
 */
#include "worker/worker_private.h"

#include "helpers.h"

static struct task one, other;

static int make_worker(void **state)
{
	(void)state;
	shared_open(1 << 20, 1);
	workers[0] = worker_create(&shared, 0, NULL, 0);
	assert_non_null(workers[0]);
	one = (struct task){.worker = workers[0], .hash = 1};
	other = (struct task){.worker = workers[0], .hash = 2};
	CDS_INIT_LIST_HEAD(&one.waiters);
	CDS_INIT_LIST_HEAD(&other.waiters);
	return 0;
}

static void free_all(struct task *t)
{
	while (!cds_list_empty(&t->waiters))
		waiter_free(workers[0], cds_list_first_entry(&t->waiters, struct waiter, node));
}

static int end_worker(void **state)
{
	(void)state;
	free_all(&one);
	free_all(&other);
	assert_int_equal(workers[0]->waiter_shares.taken_n, 0);
	workers_end();
	shared_close();
	return 0;
}

static enum waiter_added add(struct task *t, const char *client, uint16_t id)
{
	struct request r = {.id = id, .name_len = 20, .edns = true, .limit = 1232};
	struct route_back back = {.client = address(client)};

	return waiter_add(workers[0], t, &r, &back);
}

static struct waiter *newest(const struct task *t)
{
	return cds_list_first_entry(&t->waiters, struct waiter, node);
}

static void a_retransmission_is_known(void **state)
{
	(void)state;
	assert_int_equal(add(&one, "10.0.0.1@1000", 7), ADDED);
	assert_int_equal(add(&one, "10.0.0.1@1000", 7), ADDED_ALREADY);
	assert_int_equal(add(&one, "10.0.0.1@1000", 8), ADDED);
	assert_int_equal(add(&one, "10.0.0.1@1001", 7), ADDED);
	assert_int_equal(add(&one, "10.0.0.2@1000", 7), ADDED);
	assert_int_equal(add(&other, "10.0.0.1@1000", 7), ADDED);
	free_all(&one);
	assert_int_equal(add(&one, "10.0.0.1@1000", 7), ADDED);
}

static bool is_from(const struct task *t, const char *client)
{
	struct address a = address(client);

	return waiter_is_from(workers[0], t, &a);
}

static void a_host_is_known_by_any_of_its_ports(void **state)
{
	(void)state;
	add(&one, "10.0.0.1@1000", 7);
	add(&one, "10.0.0.1@1001", 7);
	assert_true(is_from(&one, "10.0.0.1@53"));
	assert_false(is_from(&one, "10.0.0.2@1000"));
	assert_false(is_from(&other, "10.0.0.1@1000"));
	free_all(&one);
	assert_false(is_from(&one, "10.0.0.1@1000"));
}

static void a_network_gets_half_of_the_places(void **state)
{
	unsigned n = 0;

	(void)state;
	while (n < WAITERS_MAX && add(&one, "192.0.2.1@1000", (uint16_t)n) == ADDED)
		n++;
	assert_int_equal(n, WAITERS_MAX / 2);
	assert_int_equal(add(&one, "192.0.2.77@1000", 1), ADDED_NOT); /* the same network */
	assert_int_equal(add(&one, "198.51.100.1@1000", 1), ADDED);
}

static void what_is_saved_up_for_strangers_is_small(void **state)
{
	unsigned whole = 0;

	(void)state;
	for (uint16_t i = 0; i < 100; i++) {
		add(&one, "192.0.2.1@1000", i);
		whole += newest(&one)->request.limit == 1232;
		add(&one, "10.0.0.1@1000", i);
		assert_int_equal(newest(&one)->request.limit, 1232);
	}
	assert_int_equal(whole, PULSE_FREE);
}

/* Who is known to be no victim gets answers of any size; others hardly more than they sent. */
static void strangers_are_who_could_be_victims(void **state)
{
	static const struct {
		bool tcp, cookie, edns;
		uint16_t limit;
	} cases[] = {{true, false, true, 1232},
		     {false, true, true, 1232},
		     {false, false, true, 5 * (12 + 20 + 4 + 11)},
		     {false, false, false, 5 * (12 + 20 + 4)}};

	(void)state;
	for (uint16_t i = 0; i < PULSE_FREE; i++)
		add(&one, "192.0.2.1@1000", i);
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct request r = {.id = (uint16_t)(100 + i),
				    .name_len = 20,
				    .edns = cases[i].edns,
				    .cookie_valid = cases[i].cookie,
				    .limit = 1232};
		struct route_back back = {
			.client = address("192.0.2.9@1000"), .tcp = cases[i].tcp, .worker = 9};

		assert_int_equal(waiter_add(workers[0], &one, &r, &back), ADDED);
		assert_int_equal(newest(&one)->request.limit, cases[i].limit);
	}
}

/* By TCP each question is owed an answer, whatever it looks like. */
static void a_connection_asks_twice_if_it_likes(void **state)
{
	struct request r = {.id = 7, .name_len = 20, .limit = 1232};
	struct route_back back = {.client = address("10.0.0.1@1000"), .tcp = true, .worker = 9};

	(void)state;
	assert_int_equal(waiter_add(workers[0], &one, &r, &back), ADDED);
	assert_int_equal(waiter_add(workers[0], &one, &r, &back), ADDED);
	assert_int_equal(workers[0]->waiter_shares.taken_n, 2);
}

static uint64_t cpu_ns_of_adding(unsigned n)
{
	uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(add(&one, "10.0.0.1@1000", (uint16_t)i), ADDED);
	before = clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
	free_all(&one);
	return before;
}

/* Ten times as many cost about ten times as much, not a hundred times. */
static void thousands_are_not_walked(void **state)
{
	uint64_t few = UINT64_MAX, many = UINT64_MAX;

	(void)state;
	cpu_ns_of_adding(WAITERS_MAX / 2); /* the memory is there afterwards */
	for (unsigned i = 0; i < 5; i++) {
		few = MIN(few, cpu_ns_of_adding(WAITERS_MAX / 20));
		many = MIN(many, cpu_ns_of_adding(WAITERS_MAX / 2));
	}
	assert_true(many < 30 * few);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_worker, end_worker)
	const struct CMUnitTest tests[] = {
		TEST(a_retransmission_is_known),
		TEST(a_host_is_known_by_any_of_its_ports),
		TEST(a_network_gets_half_of_the_places),
		TEST(what_is_saved_up_for_strangers_is_small),
		TEST(strangers_are_who_could_be_victims),
		TEST(a_connection_asks_twice_if_it_likes),
		TEST(thousands_are_not_walked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

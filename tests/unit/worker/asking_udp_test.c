/*
 * asking_udp_test.c - questions by UDP: what comes back to their sockets, and what becomes of them
 * when the system has none for us, or the network no way.
 */
#include "asking.h"

#include <sys/resource.h>

/* --- what comes back -------------------------------------------------------------------------- */

static void nobody_listens_there(void **state)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct address at = address("127.0.0.1@0");
	struct sockaddr_storage sa;
	socklen_t len = address_to_sockaddr(&at, &sa);

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	q.to.address = local_address(fd);
	close(fd);
	ask_of(a);
	await_told(a, 1, 0);
	assert_told(a, UPSTREAM_UNREACHABLE, false);
	assert_int_equal(a->reply.transport, TRANSPORT_UDP);
	assert_int_equal(workers[0]->exchanges.taken_n, 0);
}

/** The octets of an answer to @p question, to be changed and sent. */
static size_t answer_octets(const struct asked *question, uint8_t *octets)
{
	struct asked plain = *question;

	plain.m.edns.present = false;
	return build_reply(&plain, REPLY_FLAGS, 9, 3600, octets);
}

/* A server that changes letters can't be told from a forger who does not know them. */
static void letters_in_other_case_are_no_answer(void **state)
{
	uint8_t octets[MESSAGE_MAX];

	(void)state;
	q.random_case = true;
	ask_of(a);
	struct asked question = take();
	size_t len = answer_octets(&question, octets);

	octets[TERN_HEADER_LEN + 1] ^= 'a' ^ 'A';
	send_back(&question, octets, len);
	await_told(a, 1, 0);
	assert_told(a, UPSTREAM_CASE, false);
}

/* What is sent in mixed case is told in lower case, and that it was mixed. */
static void an_answer_tells_how_it_was_asked(void **state)
{
	bool mixed = false;

	(void)state;
	q.random_case = true;
	for (unsigned i = 0; i < 20 && !mixed; i++) {
		struct wanting *x = &wanting[i];

		ask_of(x);
		mixed = x->asker.live->exchange->mixed;
		struct asked question = take();

		answer(&question, 9);
		await_told(x, 1, 0);
		assert_told(x, UPSTREAM_ANSWERED, false);
		assert_int_equal(x->reply.mixed, mixed);
		assert_int_equal(x->reply.transport, TRANSPORT_UDP);
		assert_memory_equal(workers[0]->reply + TERN_HEADER_LEN, "\3www\4test", 10);
	}
	assert_true(mixed);
}

static void guesses_make_it_suspect(void **state)
{
	uint8_t octets[MESSAGE_MAX];

	(void)state;
	ask_of(a);
	struct asked question = take();
	size_t len = answer_octets(&question, octets);

	/* Not even replies to a question: they count for nothing. */
	octets[1] ^= 1;
	octets[5] = 2;
	for (unsigned i = 0; i < 2 * MISMATCHES_MAX; i++)
		send_back(&question, octets, len);
	send_back(&question, octets, TERN_HEADER_LEN);
	octets[5] = 1;
	send_back(&question, octets, TERN_HEADER_LEN);
	pass(5);
	assert_int_equal(a->answered_n, 0);
	for (unsigned i = 0; i < MISMATCHES_MAX; i++) {
		assert_int_equal(a->answered_n, 0);
		send_back(&question, octets, len);
		pass(5);
	}
	await_told(a, 1, 0);
	assert_told(a, UPSTREAM_SUSPECT, false);
	assert_int_equal(counted(&tally()->upstream_mismatched), 3 * MISMATCHES_MAX + 2);
}

static void more_than_was_wanted_is_counted(void **state)
{
	static uint8_t octets[UPSTREAM_UDP_SIZE + 1];

	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		struct wanting *x = &wanting[more];

		ask_of(x);
		struct asked question = take();

		memset(octets, 0, sizeof octets);
		(void)answer_octets(&question, octets);
		send_back(&question, octets, UPSTREAM_UDP_SIZE + more);
		await_told(x, 1, 0);
		assert_int_equal(x->reply.len, UPSTREAM_UDP_SIZE + more);
		assert_int_equal(counted(&tally()->upstream_oversized), more);
	}
}

/* --- who listens --------------------------------------------------------------------------------
 */

/* The one that was asked least lately is given up, whichever was begun first. */
static void one_that_is_asked_again_is_not_the_oldest(void **state)
{
	struct asked asked[ASKS_MAX];

	(void)state;
	for (unsigned i = 0; i < ASKS_MAX; i++) {
		q.name = numbered(i);
		workers[0]->loop.now.mono_ns += NS_PER_MS;
		ask_of(a);
		asked[i] = take();
		time_out(a);
	}
	workers[0]->loop.now.mono_ns += NS_PER_MS;
	q.name = numbered(0);
	ask_of(a);
	(void)take();
	time_out(a);
	q.name = numbered(ASKS_MAX);
	ask_of(a);
	answer(&asked[1], 1);
	pass(5);
	assert_int_equal(a->late_n, 0);
	answer(&asked[0], 2);
	await_told(a, ASKS_MAX + 1, 1);
	assert_int_equal(a->octet, 2);
}

/* Whoever has no use for it any more when its time is up ends it with that. */
static void told_of_its_time_it_leaves(void **state)
{
	(void)state;
	a->leaves = true;
	ask_of(a);
	ask_of(b);
	(void)take();
	time_out(a);
	assert_int_equal(a->answered_n, 1);
	assert_int_equal(workers[0]->exchanges.taken_n, 1); /* the other one listens */
	upstream_leave(&b->asker);
	assert_int_equal(workers[0]->exchanges.taken_n, 0);
	ask_of(a);
	time_out(a);
	assert_int_equal(workers[0]->exchanges.taken_n, 0);
	assert_true(cds_list_empty(&workers[0]->idle));
}

/* --- what can't be sent -------------------------------------------------------------------------
 */

static void without_a_way_it_is_the_servers(void **state)
{
	(void)state;
	q.to.address = address("255.255.255.255@53");
	assert_int_equal(refusal_of(a), UPSTREAM_UNREACHABLE);
	assert_int_equal(workers[0]->exchanges.taken_n, 0);
	assert_int_equal(counted(&tally()->upstream_udp), 0);
}

static struct rlimit before;

/* No descriptor is to be had but for those that are closed from here on. */
static void allow_no_descriptor(void)
{
	struct rlimit none;
	int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(lowest >= 0);
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)lowest;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static void without_descriptors_it_is_ours(void **state)
{
	(void)state;
	allow_no_descriptor();
	enum upstream_event event = refusal_of(a);

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(event, UPSTREAM_NO_RESOURCE);
	assert_int_equal(workers[0]->exchanges.taken_n, 0);
	ask_of(a);
}

/* Who asks now is worth more than what is only listened to. */
static void the_oldest_idle_gives_its_descriptor(void **state)
{
	enum upstream_event event;

	(void)state;
	ask_many(0, 2);
	(void)take();
	(void)take();
	time_out(&wanting[1]);
	time_out(&wanting[0]);
	/* The lowest ones are in use, so that one that is freed is below the limit. */
	allow_no_descriptor();
	q.name = numbered(2);
	bool asked = upstream_ask(&wanting[2].asker, &q, &event);

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(asked);
	assert_int_equal(workers[0]->exchanges.taken_n, 2);
	assert_null(wanting[1].asker.asks[0].exchange); /* it was idle first */
	assert_non_null(wanting[0].asker.asks[0].exchange);
	struct asked question = take();

	answer(&question, 5);
	await_told(&wanting[2], 1, 0);
	assert_int_equal(wanting[2].octet, 5);
}

/* Asked again, the network says that there is no way any more. */
static void asked_again_without_a_way(void **state)
{
	(void)state;
	ask_of(a);
	(void)take();
	time_out(a);
	struct exchange *x = a->asker.asks[0].exchange;
	int broken = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(dup3(broken, x->watch.fd, O_CLOEXEC) >= 0);
	close(broken);
	assert_int_equal(refusal_of(a), UPSTREAM_UNREACHABLE);
	assert_int_equal(counted(&tally()->upstream_udp), 1);
	assert_false(x->resent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ASKING(nobody_listens_there),
		ASKING(letters_in_other_case_are_no_answer),
		ASKING(an_answer_tells_how_it_was_asked),
		ASKING(guesses_make_it_suspect),
		ASKING(more_than_was_wanted_is_counted),
		ASKING(one_that_is_asked_again_is_not_the_oldest),
		ASKING(told_of_its_time_it_leaves),
		ASKING(without_a_way_it_is_the_servers),
		ASKING(without_descriptors_it_is_ours),
		ASKING(the_oldest_idle_gives_its_descriptor),
		ASKING(asked_again_without_a_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * turns_test.c - who goes first in a worker's turn: what came in, then the jobs that
 * gave way, in their order, and all of them with one share of signatures.
 *
 * The worker is a real one on a port of the loopback, but its turns are taken by the
 * test. Its cache has signed records that nobody has checked, so a question for one
 * is a job that needs signatures and no server. A check by P-384 is a whole share.
 */
#include "base/readers.h"
#include "worker/worker_private.h"

/* What a turn does is seen at the moment when it comes to those that gave way. */
static void watch_run_yielded(struct worker *w);
#define client_run_yielded watch_run_yielded
#include "worker/worker.c"
#undef client_run_yielded

#include "helpers.h"

#include "../dnssec/signer.h"

#define ZONE "zone."

static struct signer signer;
static struct trust_anchors anchors;
static int client_fd;
static bool answered_before; /* those that gave way had CPU in the last turn */

static void watch_run_yielded(struct worker *w)
{
	answered_before = is_readable(client_fd, 0);
	client_run_yielded(w);
}

/* --- the world ---------------------------------------------------------------------------- */

static uint32_t wall_s(void)
{
	return (uint32_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);
}

static void put(const struct packed *p, enum cache_security security)
{
	struct moment now;

	clock_read(&now);
	cache_put(rules.cache, &p->set, CACHE_RANK_AUTH_ANSWER, security, now.boot_s);
}

/* "<letter>.zone. A" in the cache, unchecked, with these signatures (pack_signatures()). */
static void put_signed(char letter, const char *signatures)
{
	static struct packed p;
	char name[] = "?." ZONE;

	name[0] = letter;
	pack_one(&p, name, TERN_TYPE_A, "192.0.2.1");
	pack_signatures(&p, &signer, wire(ZONE), wall_s(), signatures);
	put(&p, CACHE_UNCHECKED);
}

static void put_good(const char *letters)
{
	for (; *letters; letters++)
		put_signed(*letters, "g");
}

/* The key is an anchor and was checked before: only what is asked for costs something. */
static void put_key(void)
{
	static struct packed p;
	struct trust_anchor *a = &anchors.anchors[0];

	pack_begin(&p, ZONE, TERN_TYPE_DNSKEY);
	pack_octets(&p, signer.key.rdata, signer.key.rdata_len);
	pack_signatures(&p, &signer, wire(ZONE), wall_s(), "g");
	put(&p, CACHE_SECURE);
	a->type = TERN_TYPE_DNSKEY;
	a->rdata_len = signer.key.rdata_len;
	memcpy(a->rdata, signer.key.rdata, signer.key.rdata_len);
	tern_name_copy(a->zone, wire(ZONE));
	anchors.n = 1;
}

static int open_with(uint8_t algorithm)
{
	struct listener_fds fds = listen_somewhere();

	shared_open(1 << 20, 1);
	rules.resolver = (struct resolver_options){
		.ipv4 = true, .max_ttl_s = 86400, .validation = VALIDATION_ON};
	rules.serve.stale_wait_ms = 1000;
	rules.anchors = &anchors;
	client_fd = client_of(fds.udp);
	workers[0] = worker_create(&shared, 0, &fds, 1);
	assert_non_null(workers[0]);
	readers_enter();
	signer_init(&signer, algorithm);
	put_key();
	return 0;
}

static int open_fast(void **state)
{
	(void)state;
	return open_with(DNSSEC_ECDSAP256);
}

static int open_slow(void **state)
{
	(void)state;
	return open_with(DNSSEC_ECDSAP384);
}

static int close_all(void **state)
{
	(void)state;
	client_abandon_all(workers[0]);
	signer_fini(&signer);
	workers_end();
	close(client_fd);
	readers_leave();
	shared_close();
	return 0;
}

/* --- asking -------------------------------------------------------------------------------- */

/* The answer has the question's number. */
static void ask(char number, const char *name)
{
	uint8_t query[QUERY_MAX];
	struct tern_builder b = begin_query(query, (uint8_t)number, name);

	assert_true(send(client_fd, query, tern_builder_finish(&b), 0) > 0);
}

/* What put_signed() put, each with its letter for a number. */
static void ask_all(const char *letters)
{
	char name[] = "?." ZONE;

	for (; *letters; letters++) {
		name[0] = *letters;
		ask(*letters, name);
	}
}

/* A turn of the worker: the numbers of what it answered, in order, as letters. */
static const char *turn(void)
{
	static char numbers[100];
	uint8_t answer[UDP_ANSWER_MAX];
	size_t n = 0;

	loop_wait(&workers[0]->loop, 0);
	take_turn(workers[0]);
	while (is_readable(client_fd, 0)) {
		assert_true(recv(client_fd, answer, sizeof answer, 0) > TERN_HEADER_LEN);
		assert_int_equal(answer[3] & 0x0f, TERN_RCODE_NOERROR);
		assert_int_equal(get_u16(answer + 6), 1);
		assert_true(n < sizeof numbers - 1);
		numbers[n++] = (char)get_u16(answer);
	}
	numbers[n] = '\0';
	return numbers;
}

static bool queue_is_empty(void)
{
	return cds_list_empty(&workers[0]->yielded);
}

/* --- tests --------------------------------------------------------------------------------- */

static void in_the_order_they_gave_way(void **state)
{
	(void)state;
	put_good("abcd");
	ask_all("abcd");
	/* The first did not give way: the share was there. */
	assert_string_equal(turn(), "a");
	assert_string_equal(turn(), "b");
	assert_string_equal(turn(), "c");
	assert_string_equal(turn(), "d");
	assert_true(queue_is_empty());
}

static void one_that_gives_way_again_goes_behind(void **state)
{
	(void)state;
	put_signed('a', "wwg");
	put_signed('b', "g");
	put_signed('c', "wg");
	ask_all("abc");
	assert_string_equal(turn(), ""); /* a, for the first time */
	assert_string_equal(turn(), ""); /* a again: it was the first to give way */
	assert_string_equal(turn(), "b");
	assert_string_equal(turn(), ""); /* c */
	assert_string_equal(turn(), "a");
	assert_string_equal(turn(), "c");
	assert_true(queue_is_empty());
}

/* What can be answered at once does not wait for signatures of those in the queue. */
static void a_hit_goes_before_signatures(void **state)
{
	(void)state;
	put_answer(1);
	put_signed('a', "wwg");
	put_signed('b', "g");
	ask_all("ab");
	assert_string_equal(turn(), "");
	assert_false(answered_before);
	ask('1', "name1.example.");
	assert_string_equal(turn(), "1");
	assert_true(answered_before);
	ask('2', "name1.example.");
	assert_string_equal(turn(), "2b");
	assert_true(answered_before);
	ask('3', "name1.example.");
	assert_string_equal(turn(), "3a");
	assert_true(answered_before);
	assert_true(queue_is_empty());
}

/* Who comes while there is a queue goes behind it; without one, it has the turn's share. */
static void who_comes_later_waits_for_the_queue(void **state)
{
	(void)state;
	put_good("abcd");
	ask_all("ab");
	assert_string_equal(turn(), "a");
	ask_all("c");
	assert_string_equal(turn(), "b");
	assert_string_equal(turn(), "c");
	assert_true(queue_is_empty());
	ask_all("d");
	assert_string_equal(turn(), "d");
}

/* However many want signatures, before the queue or in it. */
static void a_turn_has_one_share(void **state)
{
	(void)state;
	_Static_assert(CRYPTO_EFFORT_MAX == 8, "so many letters are answered in a turn");
	put_good("abcdefghijklmnopqrstuvwx");
	ask_all("abcdefghijklmnopqrs");
	assert_string_equal(turn(), "abcdefgh");
	ask_all("tuvwx");
	assert_string_equal(turn(), "ijklmnop");
	assert_string_equal(turn(), "qrstuvwx");
	assert_true(queue_is_empty());
}

#define SLOW_TEST(f) cmocka_unit_test_setup_teardown(f, open_slow, close_all)
#define FAST_TEST(f) cmocka_unit_test_setup_teardown(f, open_fast, close_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SLOW_TEST(in_the_order_they_gave_way),
		SLOW_TEST(one_that_gives_way_again_goes_behind),
		SLOW_TEST(a_hit_goes_before_signatures),
		SLOW_TEST(who_comes_later_waits_for_the_queue),
		FAST_TEST(a_turn_has_one_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

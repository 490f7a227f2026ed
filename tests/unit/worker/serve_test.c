/*
 * serve_test.c - queries that need nobody else: who may ask, other classes, errors, and
 * what is counted of them.
 */
#include "worker/serve.c"

#include "talk.h"

#include "net/udp.h"

static struct tern_rr_ref rrs[16];
static struct tern_message m;
static uint8_t octets[MESSAGE_MAX];

/** Send a query of this kind, with an OPT, from @p fd. */
static void query(int fd, const char *name, uint16_t type, uint16_t rclass)
{
	uint8_t wire[QUERY_MAX];
	struct tern_builder b;

	tern_builder_init(&b, wire, sizeof wire, sizeof wire);
	tern_builder_header(&b, 7, TERN_FLAG_RD, 0);
	assert_int_equal(tern_builder_question(&b, NAME(name), type, rclass), TERN_OK);
	assert_int_equal(tern_builder_opt(&b, 1232, 0, 0, 0), TERN_OK);
	assert_true(send(fd, wire, tern_builder_finish(&b), 0) > 0);
}

/** The rcode of the next answer, which is in m. */
static unsigned answer_from(int fd)
{
	size_t len = receive(fd, false, octets);

	assert_int_equal(tern_message_parse(octets, len, rrs, ARRAY_LEN(rrs), &m), TERN_OK);
	assert_int_equal(m.id, 7);
	return m.flags & 15;
}

static unsigned ede(void)
{
	struct tern_edns_option o;

	return tern_edns_find(octets, &m.edns, TERN_EDNS_EDE, &o) ? get_u16(o.data) : TERN_EDE_NONE;
}

/* --- who may ask ------------------------------------------------------------------------- */

static void strangers_are_refused_or_hear_nothing(void **state)
{
	(void)state;
	put_answer(1);
	rules.access.allow_n = 0;
	query(c, "name1.example.", TERN_TYPE_A, TERN_CLASS_IN);
	assert_int_equal(answer_from(c), TERN_RCODE_REFUSED);
	assert_int_equal(ede(), TERN_EDE_PROHIBITED);
	assert_int_equal(counted(&tally()->refused), 1);
	assert_int_equal(counted(&tally()->rcodes[TERN_RCODE_REFUSED]), 1);
	rules.access.drop = true;
	query(c, "name1.example.", TERN_TYPE_A, TERN_CLASS_IN);
	expect_silence(c, 10);
	assert_int_equal(counted(&tally()->refused), 2);
	assert_int_equal(counted(&tally()->rcodes[TERN_RCODE_REFUSED]), 1);
	assert_int_equal(counted(&tally()->hits), 0);
	rules.access.drop = false;
	rules.access.allow_n = 1;
}

/* --- other classes ------------------------------------------------------------------------ */

static void assert_text(const char *name, uint16_t type, const char *text)
{
	query(c, name, type, TERN_CLASS_CH);
	assert_int_equal(answer_from(c), TERN_RCODE_NOERROR);
	assert_int_equal(get_u16(octets + 6), 1);
	assert_non_null(memmem(octets, sizeof octets, text, strlen(text)));
}

static void assert_refused(const char *name, uint16_t type, uint16_t rclass)
{
	query(c, name, type, rclass);
	assert_int_equal(answer_from(c), TERN_RCODE_REFUSED);
	assert_int_equal(ede(), TERN_EDE_NOT_SUPPORTED);
	assert_int_equal(get_u16(octets + 6), 0);
}

static void what_it_tells_about_itself(void **state)
{
	static char this_one[] = "this-one", today[] = "tern-of-today";

	(void)state;
	assert_refused("id.server.", TERN_TYPE_TXT, TERN_CLASS_CH);
	assert_refused("version.bind.", TERN_TYPE_TXT, TERN_CLASS_CH);
	rules.serve.identity = this_one;
	rules.serve.version = today;
	assert_text("id.server.", TERN_TYPE_TXT, "\x08this-one");
	assert_text("ID.Server.", TERN_TYPE_ANY, "\x08this-one");
	assert_text("version.bind.", TERN_TYPE_TXT, "\x0dtern-of-today");
	assert_refused("id.server.", TERN_TYPE_A, TERN_CLASS_CH);
	assert_refused("id.server.", TERN_TYPE_TXT, 4);
	assert_refused("other.server.", TERN_TYPE_TXT, TERN_CLASS_CH);
	assert_refused("www.test.", TERN_TYPE_A, 4);
	/* The class of the Internet is served as ever. */
	put_answer(1);
	query(c, "name1.example.", TERN_TYPE_A, TERN_CLASS_IN);
	assert_int_equal(answer_from(c), TERN_RCODE_NOERROR);
	expect_no_question(5);
}

/* --- errors ---------------------------------------------------------------------------------- */

/* A query with a TSIG of a key that nobody knows here (RFC 8945 5.2.1). */
static void an_unknown_key_is_told_so(void **state)
{
	static const uint8_t rdata[] = "\3hm1\0"
				       "\0\0\1\2\3\4\1\54"
				       "\0\4mac!"
				       "\0\7\0\0\0\0";
	uint8_t wire[QUERY_MAX];
	struct tern_builder b = begin_query(wire, 7, "www.test.");

	(void)state;
	assert_int_equal(tern_builder_rr(&b, TERN_ADDITIONAL, NAME("key."), TERN_TYPE_TSIG,
					 TERN_CLASS_ANY, 0, rdata, sizeof rdata - 1),
			 TERN_OK);
	size_t len = tern_builder_finish(&b);

	assert_int_equal(send(c, wire, len, 0), len);
	assert_int_equal(answer_from(c), TERN_RCODE_NOTAUTH);
	/* Time and fudge are the query's; no MAC, its id, BADKEY. */
	static const uint8_t expected[] = "\3key\0\0\xfa\0\xff\0\0\0\0\0\x15\3hm1\0"
					  "\0\0\1\2\3\4\1\54"
					  "\0\0\0\7\0\x11\0\0";
	size_t at = TERN_HEADER_LEN + 10 + 4;

	assert_memory_equal(octets + at, expected, sizeof expected - 1);
	assert_int_equal(get_u16(octets + 10), 1);
	assert_int_equal(m.flags & TERN_FLAG_RD, TERN_FLAG_RD);
	assert_int_equal(counted(&tally()->rcodes[TERN_RCODE_NOTAUTH]), 1);
}

static void what_is_no_question_is_dropped_and_counted(void **state)
{
	static const uint8_t response[12] = {0, 1, 0x80};

	(void)state;
	assert_int_equal(send(c, response, 12, 0), 12);
	assert_int_equal(send(c, response, 5, 0), 5);
	expect_silence(c, 10);
	assert_int_equal(counted(&tally()->dropped), 2);
	assert_int_equal(counted(&tally()->queries_udp), 0);
}

/* --- counting -----------------------------------------------------------------------------------
 */

static void queries_are_counted_by_type(void **state)
{
	int t = tcp_client_of(0);

	(void)state;
	put_answer(1);
	for (unsigned i = 0; i < 3; i++) {
		query(c, "name1.example.", TERN_TYPE_A, TERN_CLASS_IN);
		answer_from(c);
	}
	query(c, "a.", TALLY_TYPES - 1, TERN_CLASS_CH);
	answer_from(c);
	query(c, "a.", TALLY_TYPES, TERN_CLASS_CH);
	answer_from(c);
	query(c, "a.", 65000, TERN_CLASS_CH);
	answer_from(c);
	ask_tcp(t, 9, "name1.example.");
	expect_tcp(t, 9, TERN_RCODE_NOERROR, 1);
	assert_int_equal(counted(&tally()->types[TERN_TYPE_A]), 4);
	assert_int_equal(counted(&tally()->types[TALLY_TYPES - 1]), 1);
	assert_int_equal(counted(&tally()->types[0]), 2);
	assert_int_equal(counted(&tally()->queries_udp), 6);
	assert_int_equal(counted(&tally()->queries_tcp), 1);
	assert_int_equal(counted(&tally()->queries_ipv6), 0);
	assert_int_equal(counted(&tally()->rcodes[TERN_RCODE_NOERROR]), 4);
	assert_int_equal(counted(&tally()->rcodes[TERN_RCODE_REFUSED]), 3);
	close(t);
}

/* CD: the client sees to security, so it is not counted. */
static void hits_without_checking_count_for_nothing(void **state)
{
	(void)state;
	rules.resolver.validation = VALIDATION_ON;
	ask_with(c, 1, "www.test.", TERN_FLAG_RD | TERN_FLAG_CD, false);
	struct asked a = take();

	reply(&a, 1);
	for (unsigned i = 1;; i++) {
		expect(c, (uint16_t)i, TERN_RCODE_NOERROR, 1);
		if (i == 4)
			break;
		ask_with(c, (uint16_t)(i + 1), "www.test.", TERN_FLAG_RD | TERN_FLAG_CD, false);
	}
	assert_true(counted(&tally()->hits) >= 2);
	assert_int_equal(counted(&tally()->insecure), 0);
	assert_int_equal(counted(&tally()->secure), 0);
}

static void queries_by_ipv6_are_counted(void **state)
{
	struct served s = {.parsed = REQUEST_ERROR, .client = address("2001:db8::1")};
	uint8_t out[UDP_ANSWER_MAX];

	(void)state;
	assert_int_equal(serve(workers[0], &s, out, sizeof out), VERDICT_ANSWERED);
	assert_int_equal(counted(&tally()->queries_ipv6), 1);
	assert_int_equal(counted(&tally()->queries_udp), 1);
}

/* By a connection as by UDP, and that goes on. */
static void what_is_no_question_owes_no_answer(void **state)
{
	static const uint8_t response[14] = {0, 12, 0, 1, 0x80};
	int t = tcp_client_of(0);

	(void)state;
	put_answer(1);
	assert_int_equal(send(t, response, 14, 0), 14);
	ask_tcp(t, 2, "name1.example.");
	expect_tcp(t, 2, TERN_RCODE_NOERROR, 1);
	assert_int_equal(counted(&tally()->dropped), 1);
	assert_true(cds_list_empty(&workers[0]->clients_owed));
	close(t);
}

/* --- which address comes first ------------------------------------------------------------ */

#define NEAR 2

/* Two addresses, 192.0.2.1 and 192.0.2.2; the first of the next answer. */
static uint8_t first_address(uint16_t id)
{
	size_t len;

	ask(c, id, "www.test.");
	len = receive(c, false, octets);
	assert_int_equal(tern_message_parse(octets, len, rrs, ARRAY_LEN(rrs), &m), TERN_OK);
	assert_int_equal(m.section_n[TERN_ANSWER], 2);
	return octets[m.rrs[0].rdata_at + 3];
}

static void put_two(void)
{
	static const uint8_t rdata[] = {0, 4, 192, 0, 2, 1, 0, 4, 192, 0, 2, NEAR};
	struct tern_rrset set = {.owner = (const uint8_t *)"\3www\4test",
				 .rdata = rdata,
				 .rdata_len = sizeof rdata,
				 .ttl_s = 3600,
				 .type = TERN_TYPE_A,
				 .rclass = TERN_CLASS_IN,
				 .rr_n = 2};

	cache_put(rules.cache, &set, CACHE_RANK_AUTH_ANSWER, CACHE_UNCHECKED,
		  workers[0]->loop.now.boot_s);
	(void)first_address(0); /* it is kept rendered by this */
}

static void each_answer_has_another_one_first(void **state)
{
	(void)state;
	put_two();
	uint8_t always = first_address(0);

	assert_int_equal(first_address(1), always);
	rules.serve.rotate = true;
	assert_int_equal(first_address(2), first_address(4));
	assert_int_not_equal(first_address(2), first_address(3));
	assert_int_equal(counted(&tally()->hits), 6);
}

static void what_is_near_comes_first_whatever_its_turn(void **state)
{
	static struct prefix clients, prefer;
	static struct sort_rule rule = {&clients, 1, &prefer, 1};

	(void)state;
	assert_true(prefix_from_text("127.0.0.0/8", &clients));
	assert_true(prefix_from_text("192.0.2.2/32", &prefer));
	put_two();
	rules.serve.rotate = true;
	rules.serve.sortlist = &rule;
	rules.serve.sortlist_n = 1;
	for (uint16_t id = 0; id < 4; id++)
		assert_int_equal(first_address(id), NEAR);
	assert_int_equal(counted(&tally()->hits), 4);
}

/* --- batches and listeners
 * ------------------------------------------------------------------------- */

/* More than one batch waits, and all are answered. */
static void more_than_one_batch(void **state)
{
	unsigned n = UDP_BATCH * 2 + 1;

	(void)state;
	put_answer(1);
	for (unsigned i = 0; i < n; i++)
		query(c, "name1.example.", TERN_TYPE_A, TERN_CLASS_IN);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(answer_from(c), TERN_RCODE_NOERROR);
	expect_silence(c, 5);
	assert_int_equal(counted(&tally()->hits), n);
}

#define LISTENERS 3

static struct listener_fds several[LISTENERS];

static int open_several(void **state)
{
	open_one(state);
	for (unsigned i = 0; i < LISTENERS; i++)
		several[i] = listen_somewhere();
	shared.workers_n = 2;
	workers[1] = worker_create(&shared, 1, several, LISTENERS);
	assert_non_null(workers[1]);
	return 0;
}

/* Each is answered from where it asked, also when the answer comes later. */
static void every_listener_is_served(void **state)
{
	int clients[LISTENERS], connections[LISTENERS];

	(void)state;
	put_answer(1);
	for (unsigned i = 0; i < LISTENERS; i++) {
		clients[i] = client_of(several[i].udp);
		struct address at = local_address(several[i].tcp);

		connections[i] = connected(SOCK_STREAM, &at);
		ask(clients[i], (uint16_t)i, "name1.example.");
		expect(clients[i], (uint16_t)i, TERN_RCODE_NOERROR, 1);
		ask_tcp(connections[i], (uint16_t)i, "name1.example.");
		expect_tcp(connections[i], (uint16_t)i, TERN_RCODE_NOERROR, 1);
		ask(clients[i], (uint16_t)(i + 10), "www.test.");
		pass(5);
	}
	struct asked a = take();

	reply(&a, 7);
	for (unsigned i = 0; i < LISTENERS; i++) {
		expect(clients[i], (uint16_t)(i + 10), TERN_RCODE_NOERROR, 7);
		close(clients[i]);
		close(connections[i]);
	}
}

/* Our answer to one of our own sockets would be a question to ourselves (limits row 62). */
static void what_claims_to_be_ourselves_is_dropped(void **state)
{
	struct address at = local_address(several[2].udp);
	int other = several[0].udp;
	struct sockaddr_storage sa;
	socklen_t len = address_to_sockaddr(&at, &sa);
	uint8_t wire[QUERY_MAX];
	struct tern_builder b = begin_query(wire, 7, "name1.example.");
	size_t wire_len = tern_builder_finish(&b);
	const struct tally *theirs = &workers[1]->tally;

	(void)state;
	put_answer(1);
	/* From one listener to another: the ports differ. */
	assert_int_equal(sendto(other, wire, wire_len, 0, (struct sockaddr *)&sa, len), wire_len);
	pass(10);
	assert_int_equal(counted(&theirs->queries_udp), 1);
	assert_true(counted(&theirs->dropped) >= 1); /* the answer to it, which is no question */
	uint64_t dropped = counted(&theirs->dropped);

	/* From a listener to itself. */
	assert_int_equal(sendto(several[2].udp, wire, wire_len, 0, (struct sockaddr *)&sa, len),
			 wire_len);
	pass(10);
	assert_int_equal(counted(&theirs->queries_udp), 1);
	assert_int_equal(counted(&theirs->dropped), dropped + 1);
}

/* Behind a wildcard the loopback is ours; other hosts may ask from the same port. */
static void whom_we_take_for_ourselves(void **state)
{
	struct listener *l = &workers[1]->listeners[1];
	struct address theirs = local_address(several[2].udp), loopback = theirs,
		       host = address("192.0.2.1@53");

	(void)state;
	loopback.octets[3] = 7;
	assert_true(is_ourselves(l, &theirs));
	assert_false(is_ourselves(l, &loopback));
	memset(l->at.address.octets, 0, sizeof l->at.address.octets);
	assert_true(is_ourselves(l, &loopback));
	assert_false(is_ourselves(l, &host));
	l->at.address.octets[15] = 1;
	assert_false(is_ourselves(l, &loopback));
}

int main(void)
{
#define SEVERAL(f) cmocka_unit_test_setup_teardown(f, open_several, close_checked)
	const struct CMUnitTest tests[] = {
		TEST(strangers_are_refused_or_hear_nothing),
		TEST(what_it_tells_about_itself),
		TEST(an_unknown_key_is_told_so),
		TEST(what_is_no_question_is_dropped_and_counted),
		TEST(queries_are_counted_by_type),
		TEST(hits_without_checking_count_for_nothing),
		TEST(queries_by_ipv6_are_counted),
		TEST(what_is_no_question_owes_no_answer),
		TEST(each_answer_has_another_one_first),
		TEST(what_is_near_comes_first_whatever_its_turn),
		TEST(more_than_one_batch),
		SEVERAL(every_listener_is_served),
		SEVERAL(whom_we_take_for_ourselves),
		SEVERAL(what_claims_to_be_ourselves_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

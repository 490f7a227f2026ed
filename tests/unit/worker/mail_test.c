/*
 * mail_test.c - an answer for another worker's connection gets there, also when
 * that worker's mailbox is full or memory is short; what an errand hears; and nothing
 * of letters is left.
 */
#include "base/readers.h"
#include "worker/worker_private.h"

#include "helpers.h"

#include <fcntl.h>
#include <malloc.h>

static struct tcp_client *client;

static int make_workers(void **state)
{
	(void)state;
	shared_open(1 << 20, 2);
	rules.resolver = (struct resolver_options){
		.qmin = QMIN_OFF, .ipv4 = true, .max_ttl_s = 100, .do_not_query_localhost = true};
	/* The only root server is one that may not be asked: every question fails at once. */
	hints = (struct root_hints){.servers_n = 1};
	memcpy(hints.servers[0].name, NAME("ns.root."), 9);
	hints.servers[0].addresses[0] = address("127.0.0.1");
	hints.servers[0].addresses_n = 1;
	for (unsigned i = 0; i < 2; i++) {
		workers[i] = worker_create(&shared, i, NULL, 0);
		assert_non_null(workers[i]);
	}
	readers_enter();
	return 0;
}

static int end_workers(void **state)
{
	(void)state;
	workers_end();
	readers_leave();
	shared_close();
	return 0;
}

/* A connection of worker 0 that is owed one answer. Nothing is sent: it is closed already. */
static struct route_back owed(void)
{
	struct worker *w = workers[0];

	client = pool_take(&w->tcp_clients);
	memset(client, 0, sizeof *client);
	client->worker = w;
	client->serial = 7;
	client->stream.closed = true;
	client->stream.owed = 1;
	cds_list_add_tail(&client->node, &w->clients_owed);
	shares_take(&w->client_shares, 0);
	return (struct route_back){.tcp = true, .tcp_client = client, .tcp_serial = 7};
}

static void hand_over(const struct route_back *back)
{
	struct request r = {.id = 1,
			    .name_len = 9,
			    .type = TERN_TYPE_A,
			    .rclass = TERN_CLASS_IN,
			    .flags = TERN_FLAG_RD,
			    .limit = TERN_MESSAGE_MAX,
			    .tcp = true};

	memcpy(r.name, NAME("ns.root."), 9);
	assert_true(mail_query(workers[0], 1, &r, back));
}

static void fill(struct mailbox *m)
{
	for (;;) {
		struct query_letter_head {
			struct letter letter;
		} *l = malloc(sizeof *l);

		l->letter.kind = LETTER_QUERY;
		if (!mailbox_send(m, &l->letter)) {
			free(l);
			return;
		}
	}
}

/* The last letter of worker 0's box, the others thrown away. */
static struct letter *last_letter(void)
{
	struct letter *l, *last = NULL;

	while ((l = mailbox_take(&workers[0]->mailbox)) != NULL) {
		free(last);
		last = l;
	}
	return last;
}

static void an_answer_comes_back(void **state)
{
	struct route_back back = owed();

	(void)state;
	hand_over(&back);
	mail_ready(&workers[1]->mail_watch, 0);
	mail_ready(&workers[0]->mail_watch, 0);
	/* It could not be sent any more, which ends the connection. */
	assert_int_equal(client->serial, 0);
}

static void also_into_a_full_box(void **state)
{
	struct route_back back = owed();

	(void)state;
	fill(&workers[0]->mailbox);
	hand_over(&back);
	mail_ready(&workers[1]->mail_watch, 0);
	struct letter *l = last_letter();

	assert_non_null(l);
	assert_int_equal(l->kind, LETTER_ANSWER);
	mailbox_send_back(&workers[0]->mailbox, l);
	mail_ready(&workers[0]->mail_watch, 0);
	assert_int_equal(client->serial, 0);
}

/* Too much for the receiver: who asked by UDP asks again, and the sender resolves it itself. */
static void a_full_box_takes_no_query(void **state)
{
	struct route_back back = {0};
	struct request r = {.name_len = 1, .type = TERN_TYPE_A};

	(void)state;
	fill(&workers[1]->mailbox);
	assert_false(mail_query(workers[0], 1, &r, &back));
	assert_int_equal(atomic_load(&workers[1]->mailbox.waiting), MAILBOX_MAX);
}

/* --- what is left ----------------------------------------------------------------------------- */

static size_t heap_octets(void)
{
	return mallinfo2().uordblks;
}

/* Queries by UDP and TCP, with their answers, and letters that nobody reads. */
static void exchange_letters(void)
{
	struct route_back by_udp = {0};
	struct route_back by_tcp = owed();
	int ends[2];

	hand_over(&by_tcp);
	mail_ready(&workers[1]->mail_watch, 0);
	mail_ready(&workers[0]->mail_watch, 0);
	assert_int_equal(client->serial, 0);
	hand_over(&by_udp);
	mail_ready(&workers[1]->mail_watch, 0);
	by_tcp = owed();
	hand_over(&by_tcp);
	mail_ready(&workers[1]->mail_watch, 0);
	mail_finish_all(workers[0]);
	tcp_settle(&by_tcp);
	tcp_finish_all(workers[0]);
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	assert_true(worker_trace(workers[0], &(struct question){.type = TERN_TYPE_A}, ends[1]));
	mail_ready(&workers[0]->mail_watch, 0);
	assert_int_equal(fcntl(ends[1], F_GETFD), -1);
	close(ends[0]);
	assert_true(worker_stop_listening(workers[0], 3));
	mail_ready(&workers[0]->mail_watch, 0);
	assert_true(worker_stop_listening(workers[0], 3));
	mail_finish_all(workers[0]);
}

static void letters_leave_no_memory_behind(void **state)
{
	(void)state;
	if (is_sanitized())
		skip();     /* the sanitizer looks itself */
	exchange_letters(); /* what is kept for next time is there */
	size_t before = heap_octets();

	for (unsigned i = 0; i < 20; i++)
		exchange_letters();
	assert_in_range(heap_octets(), 0, before + 4096);
}

/* --- errands --------------------------------------------------------------------------------- */

static struct errand_found found;
static struct errand_letter letter;
static struct result result;
static struct kept sets[2];

/* The answer: an alias with one address set of @p n addresses of @p len octets. */
static void find(uint16_t type, uint16_t len, unsigned n)
{
	static uint8_t rdata[20 * 18];

	for (unsigned i = 0; i < n; i++) {
		put_u16(rdata + i * (len + 2u), len);
		memset(rdata + i * (len + 2u) + 2, (int)i + 1, len);
	}
	sets[0] = (struct kept){.next = &sets[1],
				.set = {.type = TERN_TYPE_CNAME, .rclass = TERN_CLASS_IN}};
	sets[1] = (struct kept){.set = {.type = type,
					.rclass = TERN_CLASS_IN,
					.rdata = rdata,
					.rdata_len = n * (len + 2u),
					.rr_n = (uint16_t)n}};
	memset(&found, 0, sizeof found);
	letter = (struct errand_letter){.errand = {.question = {.type = type}, .found = &found}};
	result = (struct result){.answer = {&sets[0], &sets[1], 2}};
	mail_errand_note(&letter, &result);
}

static void an_errand_is_told_addresses(void **state)
{
	(void)state;
	find(TERN_TYPE_A, 4, 2);
	assert_int_equal(found.n, 2);
	assert_int_equal(found.rcode, TERN_RCODE_NOERROR);
	assert_string_equal(found.why, "");
	struct address second = address("2.2.2.2@0");

	assert_true(address_equal(&found.addresses[1], &second));
	find(TERN_TYPE_AAAA, 16, 1);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.addresses[0].family, 6);
	assert_int_equal(found.addresses[0].octets[15], 1);
	/* Not more than there is room for, nor what is no address. */
	find(TERN_TYPE_A, 4, ERRAND_ADDRESSES_MAX + 3);
	assert_int_equal(found.n, ERRAND_ADDRESSES_MAX);
	find(TERN_TYPE_A, 5, 2);
	assert_int_equal(found.n, 0);
	find(TERN_TYPE_TXT, 4, 2);
	assert_int_equal(found.n, 0);
	/* Sets of another type are beside it. */
	find(TERN_TYPE_AAAA, 16, 2);
	memset(&found, 0, sizeof found);
	letter.errand.question.type = TERN_TYPE_A;
	mail_errand_note(&letter, &result);
	assert_int_equal(found.n, 0);
	letter.errand.found = NULL; /* who wants to hear of nothing */
	mail_errand_note(&letter, &result);
}

static void an_errand_is_told_why_not(void **state)
{
	(void)state;
	find(TERN_TYPE_A, 4, 2);
	memset(&found, 0, sizeof found);
	result.rcode = TERN_RCODE_SERVFAIL;
	strcpy(result.text, "nobody answers");
	mail_errand_note(&letter, &result);
	assert_int_equal(found.n, 0);
	assert_int_equal(found.rcode, TERN_RCODE_SERVFAIL);
	assert_string_equal(found.why, "nobody answers");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_answer_comes_back, make_workers, end_workers),
		cmocka_unit_test_setup_teardown(also_into_a_full_box, make_workers, end_workers),
		cmocka_unit_test_setup_teardown(a_full_box_takes_no_query, make_workers,
						end_workers),
		cmocka_unit_test_setup_teardown(letters_leave_no_memory_behind, make_workers,
						end_workers),
		cmocka_unit_test(an_errand_is_told_addresses),
		cmocka_unit_test(an_errand_is_told_why_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

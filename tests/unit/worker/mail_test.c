/*
 * mail_test.c - an answer for another worker's connection gets there, also when
 * that worker's mailbox is full or memory is short.
 */
#include "base/readers.h"
#include "worker/worker_private.h"

#include "helpers.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_answer_comes_back, make_workers, end_workers),
		cmocka_unit_test_setup_teardown(also_into_a_full_box, make_workers, end_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

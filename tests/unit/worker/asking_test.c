/*
 * asking_test.c - what those who ask servers are told: of questions that others ask too,
 * of silence and late answers, and of a zone that is asked too much.
 */
#include "worker/upstream.c"

#include "asking.h"

/* --- equal questions -------------------------------------------------------------------- */

static void equal_questions_share_an_exchange(void **state)
{
	(void)state;
	ask_of(a);
	ask_of(b);
	q.zone = (const uint8_t *)"";
	q.name = (const uint8_t *)"\3www\4test";
	ask_of(&wanting[2]);
	assert_int_equal(counted(&tally()->upstream_joined), 2);
	struct asked first = take();

	expect_no_question(5);
	assert_int_equal(counted(&tally()->upstream_udp), 1);
	answer(&first, 9);
	for (unsigned i = 0; i < 3; i++) {
		await_told(&wanting[i], 1, 0);
		assert_told(&wanting[i], UPSTREAM_ANSWERED, false);
		assert_int_equal(wanting[i].octet, 9);
		assert_null(wanting[i].asker.live);
	}
	assert_int_equal(workers[0]->exchanges.taken_n, 0);
	/* One that is over is joined no more. */
	ask_of(a);
	(void)take();
}

/* Each of these makes another question of it. */
static void whatever_differs_is_asked_by_itself(void **state)
{
	struct upstream_query base = q;
	struct address other = forwarder_at;
	unsigned n = 1;

	(void)state;
	ask_of(a);
	other.octets[3] = 2; /* 127.0.0.2, where nobody listens: it is sent all the same */
	for (unsigned i = 0; i < 8; i++) {
		q = base;
		switch (i) {
		case 0: q.recurse = true; break;
		case 1: q.checking_disabled = true; break;
		case 2: q.edns = false; break;
		case 3: q.type = TERN_TYPE_AAAA; break;
		case 4: q.name = (const uint8_t *)"\3ww2\4test"; break;
		case 5: q.to.address = other; break;
		case 6: q.to.transport = TRANSPORT_TCP; break;
		case 7: q.subnet = (struct prefix){address("192.0.2.0"), 24}; break;
		}
		ask_of(&wanting[i + 1]);
		assert_int_equal(workers[0]->exchanges.taken_n, ++n);
	}
	assert_int_equal(counted(&tally()->upstream_joined), 0);
	assert_int_equal(counted(&tally()->upstream_udp), 8);
	/* Each of them is joined by its equal. */
	for (unsigned i = 0; i < 2; i++) {
		q = base;
		q.recurse = i == 0;
		q.checking_disabled = i == 1;
		ask_of(&wanting[i + 20]);
		assert_int_equal(workers[0]->exchanges.taken_n, n);
	}
	q = base;
	/* How it is written and for which zone makes no difference. */
	q.udp_size = 512;
	q.cookie_len = 8;
	q.zone = (const uint8_t *)"\5other\4test";
	ask_of(&wanting[10]);
	assert_int_equal(counted(&tally()->upstream_joined), 3);
}

static void nobody_left_ends_it(void **state)
{
	(void)state;
	ask_of(a);
	ask_of(b);
	upstream_leave(&a->asker);
	assert_null(a->asker.live);
	assert_int_equal(workers[0]->exchanges.taken_n, 1);
	struct asked first = take();

	upstream_leave(&b->asker);
	assert_int_equal(workers[0]->exchanges.taken_n, 0);
	answer(&first, 9);
	pass(5);
	assert_int_equal(a->answered_n + b->answered_n, 0);
}

/* The server is measured by it. */
static void the_time_it_took_is_told(void **state)
{
	(void)state;
	ask_of(a);
	struct asked first = take();

	leap_ms(2000);
	answer(&first, 9);
	await_told(a, 1, 0);
	assert_in_range(a->reply.rtt_ms, 2000, 2000 + PATIENCE_MS);
	ask_of(a);
	workers[0]->loop.now.mono_ns += 300 * NS_PER_MS;
	time_out(a);
	assert_in_range(a->reply.rtt_ms, 300, 300 + PATIENCE_MS);
	assert_int_equal(a->reply.event, UPSTREAM_TIMED_OUT);
}

/* --- late ---------------------------------------------------------------------------------- */

static void after_its_time_an_answer_still_counts(void **state)
{
	(void)state;
	ask_of(a);
	ask_of(b);
	struct asked first = take();

	b->awaits = false;
	time_out(a);
	assert_int_equal(a->answered_n, 1);
	assert_told(a, UPSTREAM_TIMED_OUT, false);
	assert_int_equal(b->answered_n, 1);
	assert_int_equal(counted(&tally()->upstream_timeouts), 1);
	assert_false(cds_list_empty(&workers[0]->idle));
	answer(&first, 9);
	await_told(a, 1, 1);
	assert_int_equal(a->reply.event, UPSTREAM_ANSWERED);
	assert_int_equal(a->octet, 9);
	assert_int_equal(b->late_n, 0); /* it has no use for it */
	assert_int_equal(counted(&tally()->upstream_late), 1);
	assert_true(cds_list_empty(&workers[0]->idle));
	assert_int_equal(workers[0]->exchanges.taken_n, 0);
}

/* It went on to another name; the first answer takes the place of what it waits for. */
static void an_answer_that_overtakes(void **state)
{
	(void)state;
	ask_of(a);
	struct asked first = take();

	time_out(a);
	q.name = numbered(1);
	ask_of(a);
	struct asked second = take();

	answer(&first, 9);
	await_told(a, 1, 1);
	assert_null(a->asker.live);
	/* What it has turned away from comes late, too. */
	answer(&second, 8);
	await_told(a, 1, 2);
	assert_int_equal(a->octet, 8);
}

/* It goes on without what it awaits no more. */
static void an_answer_of_no_use_disturbs_nobody(void **state)
{
	(void)state;
	ask_of(a);
	struct asked first = take();

	time_out(a);
	q.name = numbered(1);
	ask_of(a);
	struct asked second = take();

	a->awaits = false;
	answer(&first, 9);
	pass(5);
	assert_int_equal(a->late_n, 0);
	assert_non_null(a->asker.live);
	assert_int_equal(counted(&tally()->upstream_late), 0);
	answer(&second, 8);
	await_told(a, 2, 0);
	assert_int_equal(a->octet, 8);
}

/* Nothing came and nothing will: no news for one that went on. */
static void a_refusal_that_comes_late_is_no_news(void **state)
{
	(void)state;
	ask_of(a);
	(void)take();
	struct exchange *x = a->asker.live->exchange;

	time_out(a);
	upstream_end_with(x, UPSTREAM_UNREACHABLE);
	assert_int_equal(a->late_n, 0);
	assert_int_equal(a->answered_n, 1);
	ask_of(a);
	upstream_end_with(a->asker.live->exchange, UPSTREAM_UNREACHABLE);
	assert_int_equal(a->answered_n, 2);
	assert_told(a, UPSTREAM_UNREACHABLE, false);
}

/* What differs is tried: the same exchange is sent again in another form. */
static void asked_again_in_another_form(void **state)
{
	(void)state;
	ask_of(a);
	struct asked first = take();

	time_out(a);
	q.edns = false;
	ask_of(a);
	struct asked second = take();

	assert_true(first.m.edns.present);
	assert_false(second.m.edns.present);
	assert_int_equal(first.m.id, second.m.id);
	assert_int_equal(port_of(&first), port_of(&second));
	assert_int_equal(counted(&tally()->upstream_udp), 2);
	assert_true(cds_list_empty(&workers[0]->idle));
	answer(&first, 9);
	await_told(a, 2, 0);
	assert_told(a, UPSTREAM_ANSWERED, true);
}

/* Another path through the network may be the better one. */
static void asked_again_from_a_fresh_socket(void **state)
{
	(void)state;
	ask_of(a);
	struct asked first = take();

	time_out(a);
	q.fresh = true;
	ask_of(a);
	struct asked second = take();

	assert_int_not_equal(port_of(&first), port_of(&second));
	assert_int_equal(workers[0]->exchanges.taken_n, 2);
	answer(&first, 9);
	await_told(a, 1, 1);
	/* While its time lasts it is joined, fresh or not. */
	ask_of(b);
	assert_int_equal(counted(&tally()->upstream_joined), 1);
}

/* --- listening ------------------------------------------------------------------------------- */

static void with_nobody_left_it_listens(void **state)
{
	(void)state;
	q.listen = true;
	assert_int_equal(refusal_of(a), UPSTREAM_TIMED_OUT); /* to nothing */
	q.listen = false;
	ask_of(a);
	struct asked first = take();

	time_out(a);
	q.listen = true;
	a->awaits = false;
	assert_int_equal(refusal_of(a), UPSTREAM_TIMED_OUT);
	a->awaits = true;
	ask_of(a);
	expect_no_question(5);
	assert_non_null(a->asker.live);
	assert_non_null(a->asker.live->exchange->load);
	/* It says whose answer it was. */
	answer(&first, 9);
	await_told(a, 1, 1);
	/* And when that time is over, too. */
	q.listen = false;
	ask_of(a);
	(void)take();
	time_out(a);
	q.listen = true;
	ask_of(a);
	time_out(a);
	await_told(a, 3, 1);
	assert_told(a, UPSTREAM_TIMED_OUT, false);
}

/* Of more than some it hears the newest. */
static void only_the_last_few_are_listened_to(void **state)
{
	struct asked asked[ASKS_MAX + 1];

	(void)state;
	for (unsigned i = 0; i <= ASKS_MAX; i++) {
		q.name = numbered(i);
		workers[0]->loop.now.mono_ns += NS_PER_MS; /* each is later than the last one */
		ask_of(a);
		asked[i] = take();
		time_out(a);
	}
	assert_int_equal(workers[0]->exchanges.taken_n, ASKS_MAX);
	answer(&asked[0], 1);
	pass(5);
	assert_int_equal(a->late_n, 0);
	for (unsigned i = 1; i <= ASKS_MAX; i++) {
		answer(&asked[i], (uint8_t)i);
		await_told(a, ASKS_MAX + 1, i);
		assert_int_equal(a->octet, i);
	}
}

/* --- places ------------------------------------------------------------------------------- */

static void the_oldest_that_is_only_listened_to_gives_way(void **state)
{
	(void)state;
	struct pool *pool = &workers[0]->exchanges;

	for (unsigned i = 0; i < 2; i++) {
		q.name = numbered(i);
		ask_of(&wanting[i]);
		(void)take();
	}
	pool->max = pool->fresh;
	q.name = numbered(3);
	assert_int_equal(refusal_of(&wanting[3]), UPSTREAM_NO_RESOURCE);
	time_out(b);
	time_out(a);
	ask_of(&wanting[3]);
	struct asked third = take();

	assert_int_equal(pool->taken_n, 2);
	assert_null(b->asker.asks[0].exchange);
	assert_non_null(a->asker.asks[0].exchange);
	answer(&third, 3);
	await_told(&wanting[3], 1, 0);
	pool->max = EXCHANGES_MAX;
}

/* --- a zone that is asked too much --------------------------------------------------------------
 */

static void a_zone_is_asked_only_so_much_at_once(void **state)
{
	(void)state;
	ask_many(0, ZONE_OUTSTANDING_MAX);
	q.name = numbered(ZONE_OUTSTANDING_MAX);
	assert_int_equal(refusal_of(&wanting[ZONE_OUTSTANDING_MAX]), UPSTREAM_CROWDED);
	assert_int_equal(counted(&tally()->zone_limited), 1);
	/* What is asked already is joined. */
	q.name = numbered(0);
	ask_of(&wanting[ZONE_OUTSTANDING_MAX]);
	/* Other zones are not concerned, nor forwarders, nor those that serve everybody. */
	q.name = numbered(ZONE_OUTSTANDING_MAX + 1);
	q.zone = (const uint8_t *)"\5other\4test";
	ask_of(&wanting[ZONE_OUTSTANDING_MAX + 1]);
	q.zone = (const uint8_t *)"\4zone\4test";
	q.recurse = true;
	q.name = numbered(ZONE_OUTSTANDING_MAX + 2);
	ask_of(&wanting[ZONE_OUTSTANDING_MAX + 2]);
	q.recurse = false;
	upstream_leave(&wanting[ZONE_OUTSTANDING_MAX + 2].asker);
	/* One ended, and one more may be asked. */
	upstream_leave(&wanting[5].asker);
	q.name = numbered(ZONE_OUTSTANDING_MAX + 3);
	ask_of(&wanting[ZONE_OUTSTANDING_MAX + 3]);
	assert_int_equal(counted(&tally()->zone_limited), 1);
}

static void a_top_level_zone_has_no_limit(void **state)
{
	(void)state;
	q.zone = (const uint8_t *)"\4test";
	ask_many(0, ZONE_OUTSTANDING_MAX + 10);
	assert_int_equal(counted(&tally()->zone_limited), 0);
}

/* As if so many questions to the zone had ended so. */
static void let_end(enum upstream_event event, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		note_outcome(load_of(workers[0], q.zone), event);
}

/* How many questions the zone takes at once; they are taken back. */
static unsigned room(void)
{
	enum upstream_event event;
	unsigned n = 0;

	while (n < WANTING_MAX) {
		q.name = numbered(n);
		if (!upstream_ask(&wanting[n].asker, &q, &event))
			break;
		n++;
	}
	for (unsigned i = 0; i < n; i++)
		upstream_leave(&wanting[i].asker);
	return n;
}

static void a_zone_that_is_mostly_silent_gets_less(void **state)
{
	(void)state;
	let_end(UPSTREAM_TIMED_OUT, ZONE_TIMEOUTS_MIN - 1);
	assert_int_equal(room(), ZONE_OUTSTANDING_MAX); /* no evidence yet */
	let_end(UPSTREAM_UNREACHABLE, 50);
	assert_int_equal(room(), ZONE_OUTSTANDING_MAX); /* which is no silence */
	let_end(UPSTREAM_TIMED_OUT, 1);
	assert_int_equal(room(), ZONE_OUTSTANDING_BAD);
	let_end(UPSTREAM_ANSWERED, ZONE_TIMEOUTS_MIN - 1);
	assert_int_equal(room(), ZONE_OUTSTANDING_BAD);
	let_end(UPSTREAM_ANSWERED, 1);
	assert_int_equal(room(), ZONE_OUTSTANDING_MAX);
	assert_int_equal(counted(&tally()->zone_limited), 5);
}

/* What was long ago counts less and less. */
static void outcomes_are_forgotten_by_halves(void **state)
{
	struct zone_load *load = load_of(workers[0], q.zone);

	(void)state;
	let_end(UPSTREAM_TIMED_OUT, 155);
	let_end(UPSTREAM_ANSWERED, ZONE_OUTCOMES_MAX - 156);
	assert_int_equal(load->timed_out, 155);
	assert_int_equal(load->answered, 100);
	let_end(UPSTREAM_ANSWERED, 1);
	assert_int_equal(load->timed_out, 77);
	assert_int_equal(load->answered, 50);
}

/* Timeouts and answers count for the zone that was asked, late ones too. */
static void what_happens_is_noted_for_its_zone(void **state)
{
	struct zone_load *load = load_of(workers[0], q.zone);

	(void)state;
	ask_of(a);
	assert_int_equal(load->outstanding, 1);
	struct asked first = take();

	time_out(a);
	assert_int_equal(load->outstanding, 0);
	assert_int_equal(load->timed_out, 1);
	answer(&first, 1);
	await_told(a, 1, 1);
	assert_int_equal(load->answered, 1);
	ask_of(a);
	first = take();
	answer(&first, 1);
	await_told(a, 2, 1);
	assert_int_equal(load->answered, 2);
	assert_int_equal(load->timed_out, 1);
	assert_int_equal(load->outstanding, 0);
	/* Another zone in its place begins anew, once nothing is outstanding. */
	load->hash++;
	load = load_of(workers[0], q.zone);
	assert_int_equal(load->answered + load->timed_out, 0);
	load->hash++;
	load->outstanding = 1;
	assert_int_not_equal(load_of(workers[0], q.zone)->hash,
			     hash_bytes(&shared.hash_key, 7, q.zone, 11));
	load->outstanding = 0;
}

/* A crowded zone's server is not asked again what it was asked already. */
static void a_crowded_zone_is_listened_to(void **state)
{
	(void)state;
	ask_of(a);
	struct asked first = take();

	time_out(a);
	load_of(workers[0], q.zone)->outstanding += ZONE_OUTSTANDING_MAX;
	ask_of(a);
	load_of(workers[0], q.zone)->outstanding -= ZONE_OUTSTANDING_MAX;
	expect_no_question(5);
	assert_int_equal(counted(&tally()->upstream_udp), 1);
	answer(&first, 9);
	await_told(a, 2, 0);
	assert_told(a, UPSTREAM_ANSWERED, false);
}

/* --- loops
 * ---------------------------------------------------------------------------------------- */

static enum loop_kind loop_of(const struct address *client, const char *name, uint16_t type,
			      uint16_t id)
{
	struct question question = {.type = type};

	memcpy(question.name, name, strlen(name) + 1);
	return upstream_find_loop(workers[0], client, &question, id);
}

#define WWW "\3www\4test"

static void our_own_question_is_known(void **state)
{
	struct address from;

	(void)state;
	ask_of(a);
	struct asked first = take();

	assert_true(address_from_sockaddr((struct sockaddr *)&first.from, &from));
	assert_int_equal(loop_of(&from, WWW, TERN_TYPE_A, first.m.id), LOOP_OF_OURS);
	assert_int_equal(loop_of(&from, WWW, TERN_TYPE_AAAA, first.m.id), LOOP_NONE);
	assert_int_equal(loop_of(&from, "\3ww2\4test", TERN_TYPE_A, first.m.id), LOOP_NONE);
	/* Other programs of this host may ask the same. */
	assert_int_equal(loop_of(&from, WWW, TERN_TYPE_A, (uint16_t)(first.m.id + 1)), LOOP_NONE);
	from.port++;
	assert_int_equal(loop_of(&from, WWW, TERN_TYPE_A, first.m.id), LOOP_NONE);
	from.port--;
	time_out(a);
	assert_int_equal(loop_of(&from, WWW, TERN_TYPE_A, first.m.id), LOOP_NONE);
}

/* The server's host asks us what we ask it. */
static void a_server_that_asks_us_back_is_known(void **state)
{
	struct address server = address("192.0.2.1@53"), client = address("192.0.2.1@4444");
	struct address other = address("192.0.2.2@4444");

	(void)state;
	ask_of(a);
	struct exchange *x = a->asker.live->exchange;

	/* As if it had been sent there. */
	cds_hlist_del(&x->same_hash);
	x->to.address = server;
	x->hash = hash_exchange(workers[0], &server, q.name);
	cds_hlist_add_head(&x->same_hash, bucket_of(workers[0], x->hash));
	assert_int_equal(loop_of(&client, WWW, TERN_TYPE_A, 1), LOOP_OF_OTHERS);
	assert_int_equal(loop_of(&other, WWW, TERN_TYPE_A, 1), LOOP_NONE);
	assert_int_equal(loop_of(&client, WWW, TERN_TYPE_AAAA, 1), LOOP_NONE);
	assert_int_equal(loop_of(&client, "\3ww2\4test", TERN_TYPE_A, 1), LOOP_NONE);
	time_out(a);
	assert_int_equal(loop_of(&client, WWW, TERN_TYPE_A, 1), LOOP_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ASKING(equal_questions_share_an_exchange),
		ASKING(whatever_differs_is_asked_by_itself),
		ASKING(nobody_left_ends_it),
		ASKING(the_time_it_took_is_told),
		ASKING(after_its_time_an_answer_still_counts),
		ASKING(an_answer_that_overtakes),
		ASKING(an_answer_of_no_use_disturbs_nobody),
		ASKING(a_refusal_that_comes_late_is_no_news),
		ASKING(asked_again_in_another_form),
		ASKING(asked_again_from_a_fresh_socket),
		ASKING(with_nobody_left_it_listens),
		ASKING(only_the_last_few_are_listened_to),
		ASKING(the_oldest_that_is_only_listened_to_gives_way),
		ASKING(a_zone_is_asked_only_so_much_at_once),
		ASKING(a_top_level_zone_has_no_limit),
		ASKING(a_zone_that_is_mostly_silent_gets_less),
		ASKING(outcomes_are_forgotten_by_halves),
		ASKING(what_happens_is_noted_for_its_zone),
		ASKING(a_crowded_zone_is_listened_to),
		ASKING(our_own_question_is_known),
		ASKING(a_server_that_asks_us_back_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

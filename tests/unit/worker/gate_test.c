/*
 * gate_test.c - answers that wait until their addresses are in sets of the packet filter.
 */
#include "worker/gate.c"

#include "talk.h"

#include "policy/nft_sets.h"
#include "worker/gate.h"

static struct mailbox firewall;
static struct worker *w;

static int open_guarded(void **state)
{
	static uint8_t test[] = "\4test";
	static uint8_t *names[] = {test};
	static char table[] = "inet t", four[] = "four", none[] = "";
	static const struct nft_set set = {names, 1, table, four, none, 0};

	open_one(state);
	mailbox_init_silent(&firewall);
	shared.firewall = &firewall;
	w = workers[0];
	return nft_sets_make(&rules.nft, &set, 1) ? 0 : -1;
}

static int close_guarded(void **state)
{
	close_all(state);
	nft_sets_end(&rules.nft);
	shared.firewall = NULL;
	assert_nothing_left();
	return 0;
}

#define GUARDED(f) cmocka_unit_test_setup_teardown(f, open_guarded, close_guarded)

static struct gate_letter *letter_for(uint8_t last)
{
	struct letter *letter = NULL;

	for (unsigned i = 0; i < 1000 && !letter; i++) {
		turn();
		letter = mailbox_take(&firewall);
	}
	assert_non_null(letter);
	struct gate_letter *g = CONTAINER_OF(letter, struct gate_letter, letter);

	assert_int_equal(g->n, 1);
	assert_int_equal(g->addresses[0].octets[3], last);
	assert_string_equal(g->set->ipv4, "four");
	return g;
}

static struct gate_letter *learn(uint16_t id, const char *name, uint8_t last)
{
	ask(c, id, name);
	struct asked a = take();

	reply(&a, last);
	return letter_for(last);
}

static void the_answer_comes_behind_the_letter(void **state)
{
	(void)state;
	struct gate_letter *g = learn(1, "a.test.", 7);

	expect_silence(c, 5);
	ask(c, 2, "A.test."); /* joins it */
	expect_silence(c, 5);
	mailbox_send_back(g->back, &g->letter);
	expect(c, 2, TERN_RCODE_NOERROR, 7);
	expect(c, 1, TERN_RCODE_NOERROR, 7);
}

static void nobody_waits_for_ever(void **state)
{
	(void)state;
	struct gate_letter *g = learn(1, "a.test.", 7);

	leap_ms(GATE_WAIT_MS + 50);
	expect(c, 1, TERN_RCODE_NOERROR, 7);
	/* Late, it finds nobody. */
	mailbox_send_back(g->back, &g->letter);
	pass(5);
}

static void other_names_do_not_wait(void **state)
{
	(void)state;
	ask(c, 1, "a.other.");
	struct asked a = take();

	reply(&a, 7);
	expect(c, 1, TERN_RCODE_NOERROR, 7);
	assert_null(mailbox_take(&firewall));
}

static void at_the_end_it_is_answered(void **state)
{
	(void)state;
	struct gate_letter *g = learn(1, "a.test.", 7);

	client_abandon_all(w);
	listen_flush_all(w);
	expect(c, 1, TERN_RCODE_NOERROR, 7);
	mailbox_send_back(g->back, &g->letter);
	/* It is thrown away with the worker's other letters. */
}

static void without_memory_or_place_it_does_not_wait(void **state)
{
	struct letter filler[MAILBOX_MAX];

	(void)state;
	for (unsigned i = 0; i < MAILBOX_MAX; i++)
		assert_true(mailbox_send(&firewall, &filler[i]));
	ask(c, 1, "a.test.");
	struct asked a = take();

	reply(&a, 7);
	expect(c, 1, TERN_RCODE_NOERROR, 7);
	while (mailbox_take(&firewall))
		;
}

/* --- which addresses, and for whom ----------------------------------------------------------- */

static struct task task;
static struct kept answers[3];
static struct waiter waiter;

/* A finished task with an alias and @p n addresses of each family, and somebody waiting. */
static void finish_with(unsigned n)
{
	static uint8_t rdata[2][100 * 18];

	for (unsigned i = 0; i < 2; i++) {
		uint16_t len = i ? 16 : 4;

		for (unsigned k = 0; k < n; k++) {
			put_u16(rdata[i] + k * (len + 2u), len);
			memset(rdata[i] + k * (len + 2u) + 2, (int)k, len);
		}
		answers[i + 1] = (struct kept){.set = {.type = i ? TERN_TYPE_AAAA : TERN_TYPE_A,
						       .rdata = rdata[i],
						       .rdata_len = n * (len + 2u),
						       .rr_n = (uint16_t)n}};
	}
	answers[0] = (struct kept){
		.next = &answers[1],
		.set = {.type = TERN_TYPE_CNAME, .rdata = rdata[0], .rdata_len = 6, .rr_n = 1}};
	answers[1].next = &answers[2];
	memset(&task, 0, sizeof task);
	timer_init(&task.timer, NULL);
	CDS_INIT_LIST_HEAD(&task.waiters);
	cds_list_add(&waiter.node, &task.waiters);
	task.job.rules = &rules;
	task.job.question = (struct question){.name = "\1a\4test", .type = TERN_TYPE_A};
	task.job.result.answer = (struct kept_list){&answers[0], &answers[2], 3};
}

/* How many addresses wait for the sets; 0: the answer does not. */
static unsigned held(void)
{
	unsigned n = 0;

	if (gate_hold(w, &task)) {
		struct letter *l = mailbox_take(&firewall);

		assert_true(task.gated);
		assert_ptr_equal(CONTAINER_OF(l, struct gate_letter, letter), task.gate);
		n = task.gate->n;
		timer_cancel(&w->loop.wheel, &task.timer);
		assert_ptr_equal(gate_open(task.gate), &task);
		assert_null(task.gate);
	}
	assert_null(mailbox_take(&firewall));
	return n;
}

static unsigned held_with(unsigned n)
{
	finish_with(n);
	return held();
}

static void addresses_of_the_sets_families(void **state)
{
	(void)state;
	assert_int_equal(held_with(2), 2); /* there is a set for IPv4 only */
	assert_int_equal(held_with(0), 0);
	assert_int_equal(held_with(GATE_ADDRESSES_MAX + 1), GATE_ADDRESSES_MAX);
}

static void some_answers_never_wait(void **state)
{
	(void)state;
	finish_with(1);
	task.gated = true; /* it has */
	assert_int_equal(held(), 0);
	finish_with(1);
	cds_list_del_init(&waiter.node); /* nobody would use it now */
	assert_int_equal(held(), 0);
	finish_with(1);
	task.job.result.rcode = TERN_RCODE_NXDOMAIN;
	assert_int_equal(held(), 0);
	finish_with(1);
	shared.firewall = NULL; /* nobody fills sets */
	assert_int_equal(held(), 0);
	shared.firewall = &firewall;
	finish_with(1);
	assert_int_equal(held(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		GUARDED(the_answer_comes_behind_the_letter),
		GUARDED(nobody_waits_for_ever),
		GUARDED(other_names_do_not_wait),
		GUARDED(at_the_end_it_is_answered),
		GUARDED(addresses_of_the_sets_families),
		GUARDED(some_answers_never_wait),
		GUARDED(without_memory_or_place_it_does_not_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

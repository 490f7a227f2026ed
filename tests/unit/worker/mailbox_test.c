/*
 * mailbox_test.c - letters from several threads: none lost, each sender's in
 * order, never more than the box holds.
 */
#include "helpers.h"

#include <pthread.h>
#include <sched.h>

#include "worker/mailbox.h"

#define SENDERS      3
#define LETTERS      100000 /* of each sender */
#define LETTERS_SLOW 10000

struct note {
	struct letter letter;
	unsigned sender;
	unsigned number;
};

static struct mailbox box;
static unsigned letters_n;

static struct note *make_note(unsigned sender, unsigned number)
{
	struct note *n = malloc(sizeof *n);

	assert_non_null(n);
	n->letter.kind = LETTER_QUERY;
	n->sender = sender;
	n->number = number;
	return n;
}

static int open_box(void **state)
{
	(void)state;
	letters_n = is_sanitized() ? LETTERS_SLOW : LETTERS;
	assert_true(mailbox_init(&box));
	return 0;
}

static int close_box(void **state)
{
	(void)state;
	assert_null(mailbox_take(&box));
	mailbox_fini(&box);
	return 0;
}

static void one_after_the_other(void **state)
{
	(void)state;
	assert_null(mailbox_take(&box));
	assert_false(is_readable(box.event_fd, 0));
	for (unsigned i = 0; i < 3; i++)
		assert_true(mailbox_send(&box, &make_note(0, i)->letter));
	assert_true(is_readable(box.event_fd, 0));
	mailbox_open(&box);
	assert_false(is_readable(box.event_fd, 0));
	for (unsigned i = 0; i < 3; i++) {
		struct note *n = CONTAINER_OF(mailbox_take(&box), struct note, letter);

		assert_int_equal(n->number, i);
		free(n);
	}
	assert_null(mailbox_take(&box));
	/* After it was emptied the next one rings again. */
	assert_true(mailbox_send(&box, &make_note(0, 9)->letter));
	assert_true(is_readable(box.event_fd, 0));
	free(CONTAINER_OF(mailbox_take(&box), struct note, letter));
}

static void a_ring_without_a_letter(void **state)
{
	(void)state;
	mailbox_ring(&box);
	assert_true(is_readable(box.event_fd, 0));
	mailbox_open(&box);
	mailbox_open(&box); /* does not block */
	assert_null(mailbox_take(&box));
}

static void a_full_box_refuses(void **state)
{
	struct note *more = make_note(0, MAILBOX_MAX);
	struct letter *letter;

	(void)state;
	for (unsigned i = 0; i < MAILBOX_MAX; i++)
		assert_true(mailbox_send(&box, &make_note(0, i)->letter));
	assert_false(mailbox_send(&box, &more->letter));
	assert_false(mailbox_send(&box, &more->letter));
	free(CONTAINER_OF(mailbox_take(&box), struct note, letter));
	assert_true(mailbox_send(&box, &more->letter)); /* a place was free again */
	for (unsigned i = 1; i <= MAILBOX_MAX; i++) {
		letter = mailbox_take(&box);
		assert_int_equal(CONTAINER_OF(letter, struct note, letter)->number, i);
		free(CONTAINER_OF(letter, struct note, letter));
	}
}

static void *send_all(void *argument)
{
	unsigned sender = (unsigned)(uintptr_t)argument;

	for (unsigned i = 0; i < letters_n; i++) {
		struct note *n = make_note(sender, i);

		while (!mailbox_send(&box, &n->letter))
			sched_yield();
	}
	return NULL;
}

/* As a worker does: sleep until it rings, open, then take all. */
static void many_senders(void **state)
{
	pthread_t threads[SENDERS];
	unsigned next[SENDERS] = {0}, got = 0;
	struct letter *letter;

	(void)state;
	for (uintptr_t i = 0; i < SENDERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, send_all, (void *)i), 0);
	while (got < SENDERS * letters_n) {
		/* A ring must never get lost: that would wait for ever. */
		assert_true(is_readable(box.event_fd, PATIENCE_MS));
		mailbox_open(&box);
		while ((letter = mailbox_take(&box)) != NULL) {
			struct note *n = CONTAINER_OF(letter, struct note, letter);

			assert_int_equal(n->number, next[n->sender]);
			next[n->sender]++;
			got++;
			free(n);
		}
	}
	for (unsigned i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&box.waiting), 0);
}

#define BOX_TEST(f) cmocka_unit_test_setup_teardown(f, open_box, close_box)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOX_TEST(one_after_the_other),
		BOX_TEST(a_ring_without_a_letter),
		BOX_TEST(a_full_box_refuses),
		BOX_TEST(many_senders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

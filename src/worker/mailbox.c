#include "worker/mailbox.h"

#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

void mailbox_init_silent(struct mailbox *m)
{
	cds_wfcq_init(&m->head, &m->tail);
	atomic_init(&m->waiting, 0);
	m->event_fd = -1;
}

bool mailbox_init(struct mailbox *m)
{
	mailbox_init_silent(m);
	m->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return m->event_fd >= 0;
}

void mailbox_fini(struct mailbox *m)
{
	if (m->event_fd >= 0)
		close(m->event_fd);
	cds_wfcq_destroy(&m->head, &m->tail);
}

static void ring(int event_fd)
{
	uint64_t one = 1;
	ssize_t n = write(event_fd, &one, sizeof one);

	(void)n; /* a full counter is readable all the same */
}

void mailbox_ring(struct mailbox *m)
{
	ring(m->event_fd);
}

static void put(struct mailbox *m, struct letter *letter)
{
	/* Whoever takes the last letter may end the box: nothing of it is touched after that. */
	int event_fd = m->event_fd;

	cds_wfcq_node_init(&letter->node);
	ORDER_RELEASE(m);
	/* Only the first letter of a row needs to wake the reader. */
	if (!cds_wfcq_enqueue(&m->head, &m->tail, &letter->node) && event_fd >= 0)
		ring(event_fd);
}

bool mailbox_send(struct mailbox *m, struct letter *letter)
{
	if (atomic_fetch_add_explicit(&m->waiting, 1, memory_order_relaxed) >= MAILBOX_MAX) {
		atomic_fetch_sub_explicit(&m->waiting, 1, memory_order_relaxed);
		return false;
	}
	put(m, letter);
	return true;
}

void mailbox_send_back(struct mailbox *m, struct letter *letter)
{
	atomic_fetch_add_explicit(&m->waiting, 1, memory_order_relaxed);
	put(m, letter);
}

void mailbox_open(struct mailbox *m)
{
	uint64_t count;
	ssize_t n = read(m->event_fd, &count, sizeof count);

	(void)n;
}

struct letter *mailbox_take(struct mailbox *m)
{
	struct cds_wfcq_node *node = __cds_wfcq_dequeue_blocking(&m->head, &m->tail);

	if (!node)
		return NULL;
	ORDER_ACQUIRE(m);
	atomic_fetch_sub_explicit(&m->waiting, 1, memory_order_relaxed);
	return CONTAINER_OF(node, struct letter, node);
}

/* ending.c - see ending.h. */
#include "worker/ending.h"

#include "worker/worker_private.h"

/* What comes in there waits in the kernel for the next daemon that the service manager starts. */
static void leave_passed_sockets(struct worker *w)
{
	for (unsigned i = 0; i < w->listeners_n; i++) {
		if (!w->listeners[i].used || !w->listeners[i].shared)
			continue;
		listen_rest(w, i);
		listen_stop_accepting(w, i);
	}
}

static bool waits_since_before(const struct task *t, uint64_t ns)
{
	struct waiter *waiter;

	cds_list_for_each_entry(waiter, &t->waiters, node)
	{
		if (waiter->since_ns <= ns)
			return true;
	}
	return false;
}

/* Somebody always waits on a busy day: only those count that did when the end began. */
static bool is_owing(const struct worker *w)
{
	struct task *t;

	for (unsigned i = 0; i < TASK_BUCKETS; i++) {
		cds_hlist_for_each_entry_2(t, &w->task_buckets[i], same_hash)
		{
			if (waits_since_before(t, w->ending_since_ns))
				return true;
		}
	}
	return false;
}

void ending_take_turn(struct worker *w)
{
	if (w->ending_since_ns == 0) {
		leave_passed_sockets(w);
		w->ending_since_ns = w->loop.now.mono_ns;
	}
	if (!is_owing(w))
		atomic_store_explicit(&w->drained, true, memory_order_release);
}

void ending_finish(struct worker *w)
{
	client_abandon_all(w);
	quic_flush_all(w);
	tcp_finish_all(w);
	listen_flush_all(w);
	upstream_finish_all(w);
}

#include "base/wheel.h"

#include <string.h>

#define SLOT(ms) ((uint32_t)((ms) & (WHEEL_SLOTS - 1)))

void wheel_init(struct wheel *w, uint64_t now_ms)
{
	memset(w, 0, sizeof *w);
	w->now_ms = now_ms;
}

void timer_init(struct timer *t, void (*fire)(struct timer *timer))
{
	*t = (struct timer){.fire = fire};
}

static void link_into(struct wheel *w, struct timer *t, uint32_t slot)
{
	t->next = w->slots[slot];
	if (t->next)
		t->next->prev = &t->next;
	t->prev = &w->slots[slot];
	w->slots[slot] = t;
	w->used[slot / 64] |= 1ull << (slot % 64);
	w->timers_n++;
}

void timer_set(struct wheel *w, struct timer *t, uint64_t at_ms)
{
	timer_cancel(w, t);
	/* The slot of now_ms has been run already: what is due goes into the next one. */
	t->at_ms = MAX(at_ms, w->now_ms + 1);
	link_into(w, t, SLOT(t->at_ms));
}

void timer_cancel(struct wheel *w, struct timer *t)
{
	if (!t->prev)
		return;
	*t->prev = t->next;
	if (t->next)
		t->next->prev = t->prev;
	t->prev = NULL;
	w->timers_n--;
	uint32_t slot = SLOT(t->at_ms);

	if (!w->slots[slot])
		w->used[slot / 64] &= ~(1ull << (slot % 64));
}

/* The list is moved to a head of its own first, because a callback may cancel its neighbours. */
static void run_slot(struct wheel *w, uint32_t slot, uint64_t now_ms)
{
	struct timer *due = NULL;
	struct timer *t = w->slots[slot];

	while (t) {
		struct timer *next = t->next;

		if (t->at_ms <= now_ms) {
			timer_cancel(w, t);
			t->next = due;
			if (due)
				due->prev = &t->next;
			t->prev = &due;
			due = t;
			w->timers_n++;
		}
		t = next;
	}
	while ((t = due) != NULL) {
		due = t->next;
		if (due)
			due->prev = &due;
		t->prev = NULL;
		w->timers_n--;
		t->fire(t);
	}
}

void wheel_run(struct wheel *w, uint64_t now_ms)
{
	if (now_ms <= w->now_ms)
		return;
	uint64_t from = w->now_ms + 1;
	/* After a long pause one turn over every slot is enough. */
	uint64_t steps = MIN(now_ms - w->now_ms, (uint64_t)WHEEL_SLOTS);

	w->now_ms = now_ms;
	for (uint64_t i = 0; i < steps && w->timers_n > 0; i++) {
		uint32_t slot = SLOT(from + i);

		if (w->used[slot / 64] & 1ull << (slot % 64))
			run_slot(w, slot, now_ms);
	}
}

uint32_t wheel_wait_ms(const struct wheel *w, uint64_t now_ms, uint32_t max_ms)
{
	if (w->timers_n == 0)
		return max_ms;
	uint64_t behind = now_ms > w->now_ms ? now_ms - w->now_ms : 0;
	uint32_t start = SLOT(w->now_ms + 1);

	for (uint32_t ahead = 0; ahead < WHEEL_SLOTS;) {
		uint32_t slot = (start + ahead) & (WHEEL_SLOTS - 1);
		uint64_t bits = w->used[slot / 64] >> (slot % 64);

		if (bits) {
			uint64_t ms = ahead + (uint32_t)__builtin_ctzll(bits) + 1;

			ms = ms > behind ? ms - behind : 0;
			return (uint32_t)MIN(ms, (uint64_t)max_ms);
		}
		ahead += 64 - slot % 64;
	}
	return max_ms;
}

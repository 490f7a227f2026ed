/* crowd.c - see crowd.h. */
#include "base/crowd.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/shares.h"

#define EXACT_MAX   32u /* places held up to which each number is a level of its own */
#define EXACT_BITS  5
#define STEPS_BITS  4 /* of a doubling, above */
#define NO_LEVEL    0 /* where nobody is who has an idle member: he holds one place at least */
#define WORD(level) ((level) / 64)
#define BIT(level)  (1ull << (level) % 64)

struct crowd_party {
	struct cds_list_head idle; /* zero before the first use */
	struct cds_list_head node; /* of its level */
	uint32_t level;            /* NO_LEVEL: no member is idle */
};

/* The number's leading bits: as a floating point number has them. */
static uint32_t level_of(uint32_t held)
{
	if (held < EXACT_MAX)
		return MAX(held, 1u);
	unsigned top = 31 - (unsigned)__builtin_clz(held);
	uint32_t step = held >> (top - STEPS_BITS) & ((1u << STEPS_BITS) - 1);

	return MIN(EXACT_MAX + ((top - EXACT_BITS) << STEPS_BITS) + step, CROWD_LEVELS - 1u);
}

bool crowd_init(struct crowd *c)
{
	for (unsigned i = 0; i < CROWD_LEVELS; i++)
		CDS_INIT_LIST_HEAD(&c->levels[i]);
	for (unsigned i = 0; i < ARRAY_LEN(c->used); i++)
		c->used[i] = 0;
	c->parties = calloc(SHARES_SLOTS, sizeof *c->parties);
	return c->parties != NULL;
}

void crowd_fini(struct crowd *c)
{
	free(c->parties);
	c->parties = NULL;
}

static void leave_level(struct crowd *c, struct crowd_party *p)
{
	if (p->level == NO_LEVEL)
		return;
	cds_list_del(&p->node);
	if (cds_list_empty(&c->levels[p->level]))
		c->used[WORD(p->level)] &= ~BIT(p->level);
	p->level = NO_LEVEL;
}

static void enter_level(struct crowd *c, struct crowd_party *p, uint32_t level)
{
	leave_level(c, p);
	cds_list_add_tail(&p->node, &c->levels[level]);
	c->used[WORD(level)] |= BIT(level);
	p->level = level;
}

void crowd_rest(struct crowd *c, uint16_t party, uint32_t held, struct cds_list_head *member)
{
	struct crowd_party *p = &c->parties[party];

	if (!p->idle.next)
		CDS_INIT_LIST_HEAD(&p->idle);
	cds_list_add_tail(member, &p->idle);
	enter_level(c, p, level_of(held));
}

void crowd_rise(struct crowd *c, uint16_t party, struct cds_list_head *member)
{
	struct crowd_party *p = &c->parties[party];

	cds_list_del(member);
	if (cds_list_empty(&p->idle))
		leave_level(c, p);
}

void crowd_note(struct crowd *c, uint16_t party, uint32_t held)
{
	struct crowd_party *p = &c->parties[party];

	if (p->level != NO_LEVEL && p->level != level_of(held))
		enter_level(c, p, level_of(held));
}

struct cds_list_head *crowd_idlest(const struct crowd *c)
{
	for (unsigned i = ARRAY_LEN(c->used); i-- > 0;) {
		if (c->used[i] == 0)
			continue;
		unsigned level = i * 64 + 63 - (unsigned)__builtin_clzll(c->used[i]);
		const struct crowd_party *p =
			cds_list_first_entry(&c->levels[level], struct crowd_party, node);

		return p->idle.next;
	}
	return NULL;
}

struct cds_list_head *crowd_idlest_of(const struct crowd *c, uint16_t party)
{
	const struct crowd_party *p = &c->parties[party];

	return p->level == NO_LEVEL ? NULL : p->idle.next;
}

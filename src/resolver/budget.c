#include "resolver/budget.h"

#include <stddef.h>

void budget_init(struct budget *b)
{
	b->left[BUDGET_SEND] = BUDGET_SEND_MAX;
	b->left[BUDGET_TCP] = BUDGET_TCP_MAX;
	b->left[BUDGET_OCTETS] = BUDGET_OCTETS_MAX;
	b->left[BUDGET_SUBQUERY] = BUDGET_SUBQUERY_MAX;
	b->left[BUDGET_ALIAS] = BUDGET_ALIAS_MAX;
	b->left[BUDGET_VERIFY] = BUDGET_VERIFY_MAX;
	b->left[BUDGET_WRONG] = BUDGET_WRONG_MAX;
	b->left[BUDGET_HASH] = BUDGET_HASH_MAX;
	b->left[BUDGET_MAKE] = BUDGET_MAKE_MAX;
	b->exhausted = 0;
}

bool budget_spend(struct budget *b, enum budget_kind kind, uint32_t n)
{
	if (b->left[kind] < n) {
		if (b->exhausted == 0)
			b->exhausted = (uint8_t)(1 + kind);
		return false;
	}
	b->left[kind] -= n;
	return true;
}

void budget_overdraw(struct budget *b, enum budget_kind kind)
{
	(void)budget_spend(b, kind, b->left[kind] + 1);
}

const char *budget_exhausted_text(const struct budget *b)
{
	static const char *const texts[BUDGET_KINDS] = {
		[BUDGET_SEND] = "too many upstream queries",
		[BUDGET_TCP] = "too many TCP attempts",
		[BUDGET_OCTETS] = "too many octets received",
		[BUDGET_SUBQUERY] = "too many server names to look up",
		[BUDGET_ALIAS] = "too many aliases",
		[BUDGET_VERIFY] = "too many signatures to check",
		[BUDGET_WRONG] = "too many wrong signatures",
		[BUDGET_HASH] = "too many NSEC3 hashes",
		[BUDGET_MAKE] = "too many NSEC3 hashes",
	};

	return b->exhausted ? texts[b->exhausted - 1] : NULL;
}

#include "resolver/qmin.h"

unsigned qmin_next_labels(unsigned known, unsigned full, unsigned steps)
{
	if (known >= full || steps >= QMIN_STEPS_MAX)
		return full;
	if (steps < QMIN_STEPS_ONE)
		return known + 1;
	/* The rest is spread over the steps that are left. */
	unsigned left = QMIN_STEPS_MAX - steps;
	unsigned add = (full - known + left - 1) / left;

	return known + add;
}

/*
 * fuzz_schedule.c - schedule_read() and view_client_read() on any text: one that is taken is within
 * its bounds and can be asked, one that is refused has a reason.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "policy/schedule.h"
#include "policy/view_client.h"

#define AT 1795000000 /* a time like any other */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_schedule(const char *text)
{
	struct schedule_range r = {.days = 0};
	char why[SCHEDULE_WHY_MAX] = "";

	if (!schedule_read(text, &r, why)) {
		check_always(*why && r.days == 0);
		return;
	}
	check_always(r.days > 0 && r.days < 0x80 && r.from_min < 1440 && r.to_min <= 1440);
	check_always(r.from_min != r.to_min && schedule_ranges_overlap(&r, &r));

	const struct schedule s = {&r, 1};
	time_t at = schedule_change(&s, AT);

	if (at != 0)
		check_always(at > AT && schedule_applies(&s, at) != schedule_applies(&s, AT) &&
			     schedule_applies(&s, at - 1) == schedule_applies(&s, AT));
}

static void try_client(const char *text)
{
	struct view_client c = {.kind = VIEW_NETWORK}, again = {.kind = VIEW_NETWORK};
	char out[VIEW_TEXT_MAX];

	if (!view_client_read(text, &c))
		return;
	check_always(view_client_read(view_client_text(&c, out), &again));
	check_always(view_client_compare(&c, &again) == 0);
	view_client_free(&c);
	view_client_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	try_schedule(text);
	try_client(text);
	free(text);
	return 0;
}

/*
 * schedule.h - days and hours of the week at which something applies, in local time.
 *
 * Purpose    ranges like "mon-fri 20:00-07:00". One over midnight belongs to the day it begins.
 * What counts is what a clock on the wall shows: an hour that exists twice (the end of
 *            daylight-saving time) applies twice, one that does not exist never.
 * Threads    pure but for the time zone, which is that of the process (tzset()).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/compiler.h"

#define SCHEDULE_RANGES_MAX 64 /* of one schedule */
#define SCHEDULE_WHY_MAX    128
#define WEEK_MINUTES        10080

struct schedule_range {
	uint16_t days;     /* bit 0 is Monday */
	uint16_t from_min; /* of the day, 0 .. 1439 */
	uint16_t to_min;   /* 0 .. 1440; when it is not above from_min, of the day after */
};

/** Several; the caller owns the array. None: always. */
struct schedule {
	const struct schedule_range *ranges;
	unsigned n;
};

/**
 * Read "DAYS HH:MM-HH:MM": days as "mon", "mon-fri" or several of these with commas between.
 * Without days it is every day; without hours the whole day. False with @p why.
 */
MUST_USE bool schedule_read(const char *text, struct schedule_range *out,
			    char why[SCHEDULE_WHY_MAX]);

/** Is there a minute of the week in both? */
bool schedule_ranges_overlap(const struct schedule_range *a, const struct schedule_range *b);

/** Does it apply at @p at? */
bool schedule_applies(const struct schedule *s, time_t at);

/** When that is otherwise for the first time behind @p at; 0 for never. */
time_t schedule_change(const struct schedule *s, time_t at);

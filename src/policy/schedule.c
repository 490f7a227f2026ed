/* schedule.c - see schedule.h. */
#include "policy/schedule.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DAY_MINUTES 1440
#define DAYS        7
#define EVERY_DAY   0x7f
#define QUARTER_S   900         /* clocks are put forward and back at quarters of an hour only */
#define LOOK_S      (9 * 86400) /* a week, and the day on which the clock is changed */

/* --- reading ---------------------------------------------------------------------------- */

struct text {
	const char *at;
	char *why;
};

static bool refuse(struct text *t, const char *format, const char *what, size_t len)
{
	snprintf(t->why, SCHEDULE_WHY_MAX, format, (int)(len < 16 ? len : 16), what);
	return false;
}

static size_t word_len(const char *at, const char *ends)
{
	return strcspn(at, ends);
}

static bool read_day(struct text *t, unsigned *day)
{
	static const char names[DAYS][4] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
	size_t len = word_len(t->at, " ,-");

	for (*day = 0; *day < DAYS; ++*day) {
		if (len == 3 && strncasecmp(t->at, names[*day], 3) == 0) {
			t->at += 3;
			return true;
		}
	}
	return refuse(t, "no day is called \"%.*s\": mon, tue, wed, thu, fri, sat, sun", t->at,
		      len);
}

/* "mon-fri,sun"; from Friday to Monday is over the weekend. */
static bool read_days(struct text *t, uint16_t *days)
{
	for (;;) {
		unsigned first, last;

		if (!read_day(t, &first))
			return false;
		last = first;
		if (*t->at == '-') {
			t->at++;
			if (!read_day(t, &last))
				return false;
		}
		for (unsigned day = first;; day = (day + 1) % DAYS) {
			*days |= (uint16_t)(1u << day);
			if (day == last)
				break;
		}
		if (*t->at != ',')
			return true;
		t->at++;
	}
}

static bool read_time(struct text *t, const char *ends, unsigned most, uint16_t *minute)
{
	size_t len = word_len(t->at, ends);
	const char *start = t->at, *colon = memchr(start, ':', len);
	size_t hour_n = colon ? (size_t)(colon - start) : 0;
	unsigned hour = 0, rest = 0;

	if (hour_n < 1 || hour_n > 2 || len - hour_n != 3)
		return refuse(t, "expected HH:MM, found \"%.*s\"", start, len);
	for (size_t i = 0; i < len; i++) {
		if (i == hour_n)
			continue;
		if (!isdigit((unsigned char)start[i]))
			return refuse(t, "expected HH:MM, found \"%.*s\"", start, len);
		unsigned *part = i < hour_n ? &hour : &rest;

		*part = *part * 10 + (unsigned)(start[i] - '0');
	}
	if (rest > 59 || hour * 60 + rest > most)
		return refuse(t, "there is no time %.*s there", start, len);
	*minute = (uint16_t)(hour * 60 + rest);
	t->at += len;
	return true;
}

static bool read_hours(struct text *t, struct schedule_range *r)
{
	const char *start = t->at;

	if (!read_time(t, "-", DAY_MINUTES - 1, &r->from_min))
		return false;
	if (*t->at != '-')
		return refuse(t, "expected HH:MM-HH:MM, found \"%.*s\"", start, strlen(start));
	t->at++;
	if (!read_time(t, "", DAY_MINUTES, &r->to_min))
		return false;
	if (r->from_min == r->to_min)
		return refuse(t, "%.*s is an empty range; a whole day is 00:00-24:00", start,
			      strlen(start));
	return true;
}

bool schedule_read(const char *text, struct schedule_range *out, char why[SCHEDULE_WHY_MAX])
{
	struct schedule_range r = {.days = 0, .from_min = 0, .to_min = DAY_MINUTES};
	struct text t = {text, why};

	if (isdigit((unsigned char)*text))
		r.days = EVERY_DAY;
	else if (!read_days(&t, &r.days))
		return false;
	if (r.days && t.at > text && *t.at != ' ' && *t.at != '\0')
		return refuse(&t, "unexpected \"%.*s\" behind the days", t.at, strlen(t.at));
	while (*t.at == ' ')
		t.at++;
	if ((*t.at || t.at == text) && !read_hours(&t, &r))
		return false;
	*out = r;
	return true;
}

/* --- asking ----------------------------------------------------------------------------- */

static unsigned length_of(const struct schedule_range *r)
{
	return r->to_min > r->from_min ? (unsigned)r->to_min - r->from_min
				       : r->to_min + DAY_MINUTES - (unsigned)r->from_min;
}

static unsigned start_of(const struct schedule_range *r, unsigned day)
{
	return day * DAY_MINUTES + r->from_min;
}

/* Minutes from @from on to @to, round the week. */
static unsigned way(unsigned from, unsigned to)
{
	return (to + WEEK_MINUTES - from) % WEEK_MINUTES;
}

static bool range_has(const struct schedule_range *r, unsigned minute)
{
	for (unsigned day = 0; day < DAYS; day++) {
		if (r->days >> day & 1 && way(start_of(r, day), minute) < length_of(r))
			return true;
	}
	return false;
}

bool schedule_ranges_overlap(const struct schedule_range *a, const struct schedule_range *b)
{
	for (unsigned day = 0; day < DAYS; day++) {
		if ((a->days >> day & 1 && range_has(b, start_of(a, day))) ||
		    (b->days >> day & 1 && range_has(a, start_of(b, day))))
			return true;
	}
	return false;
}

/* The minute of the week, from Monday 00:00 on, that a clock on the wall shows. */
static unsigned wall_minute(time_t at, unsigned *second)
{
	struct tm tm = {.tm_wday = 1};

	(void)localtime_r(&at, &tm);
	*second = (unsigned)tm.tm_sec;
	return (unsigned)((tm.tm_wday + 6) % DAYS * DAY_MINUTES + tm.tm_hour * 60 + tm.tm_min);
}

static bool has_minute(const struct schedule *s, unsigned minute)
{
	for (unsigned i = 0; i < s->n; i++) {
		if (range_has(&s->ranges[i], minute))
			return true;
	}
	return s->n == 0;
}

bool schedule_applies(const struct schedule *s, time_t at)
{
	unsigned second;

	return s->n == 0 || has_minute(s, wall_minute(at, &second));
}

/* Minutes to the next begin or end, unless the clock is changed before. */
static unsigned next_border(const struct schedule *s, unsigned minute)
{
	unsigned least = WEEK_MINUTES;

	for (unsigned i = 0; i < s->n; i++) {
		const struct schedule_range *r = &s->ranges[i];

		for (unsigned day = 0; day < DAYS; day++) {
			unsigned to_start = way(minute, start_of(r, day));
			unsigned to_end =
				way(minute, (start_of(r, day) + length_of(r)) % WEEK_MINUTES);

			if (!(r->days >> day & 1))
				continue;
			least = to_start > 0 && to_start < least ? to_start : least;
			least = to_end > 0 && to_end < least ? to_end : least;
		}
	}
	return least;
}

time_t schedule_change(const struct schedule *s, time_t at)
{
	bool applies = schedule_applies(s, at);

	for (time_t t = at; s->n > 0 && t < at + LOOK_S;) {
		unsigned second, minute = wall_minute(t, &second);
		time_t border = t - (time_t)second + 60 * (time_t)next_border(s, minute);
		time_t quarter = (t / QUARTER_S + 1) * QUARTER_S;

		t = border > t && border < quarter ? border : quarter;
		if (schedule_applies(s, t) != applies)
			return t;
	}
	return 0;
}

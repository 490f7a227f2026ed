/*
 * schedule_test.c - schedules as they are written, asked at each minute of a week, and at the hours
 * that daylight-saving time makes twice or leaves out.
 */
#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "policy/schedule.h"

static char why[SCHEDULE_WHY_MAX];

static struct schedule_range range(const char *text)
{
	struct schedule_range r;

	if (!schedule_read(text, &r, why))
		fail_msg("%s: %s", text, why);
	return r;
}

static void zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

/* @text is local time: "2026-11-23 08:00:00". @dst says which of two hours, -1 for either. */
static time_t at(const char *text, int dst)
{
	struct tm tm = {0};

	assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
	tm.tm_isdst = dst;
	return mktime(&tm);
}

static bool applies(const char *schedule, const char *when)
{
	const struct schedule_range r = range(schedule);

	return schedule_applies(&(struct schedule){&r, 1}, at(when, -1));
}

static void what_is_written(void **state)
{
	static const struct {
		const char *text;
		unsigned days, from, to;
	} good[] = {
		{"mon-fri 20:00-07:00", 0x1f, 1200, 420},
		{"sat,sun 22:00-08:00", 0x60, 1320, 480},
		{"Fri-Mon 8:05-9:00", 0x71, 485, 540},
		{"mon,wed-thu,sun 00:00-24:00", 0x4d, 0, 1440},
		{"08:00-12:00", 0x7f, 480, 720},
		{"sun", 0x40, 0, 1440},
		{"mon   23:59-0:00", 0x01, 1439, 0},
	};
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"", "no day is called \"\""},
		{"mo 20:00-22:00", "no day is called \"mo\""},
		{"monday 20:00-22:00", "no day is called \"monday\""},
		{"mon-xxx 20:00-22:00", "no day is called \"xxx\""},
		{"mon, 20:00-22:00", "no day is called \"\""},
		{"mon- 20:00-22:00", "no day is called \"\""},
		{"mon-tue-wed 20:00-22:00", "unexpected \"-wed 20:00-22:00\" behind the days"},
		{"mon 25:00-26:00", "there is no time 25:00 there"},
		{"mon 20:60-22:00", "there is no time 20:60 there"},
		{"mon 24:00-08:00", "there is no time 24:00 there"},
		{"mon 20:00-24:01", "there is no time 24:01 there"},
		{"mon 20:00-20:00", "20:00-20:00 is an empty range"},
		{"mon 20:00", "expected HH:MM-HH:MM"},
		{"mon 20-22", "expected HH:MM, found \"20\""},
		{"mon 20:0-22:00", "expected HH:MM, found \"20:0\""},
		{"mon 020:00-22:00", "expected HH:MM"},
		{"mon 20:00-22:00x", "expected HH:MM, found \"22:00x\""},
		{"mon 20:00-22:00 23:00-24:00", "expected HH:MM"},
		{"mon -1:00-22:00", "expected HH:MM"},
		{"mon 2a:00-22:00", "expected HH:MM"},
		{"20:00", "expected HH:MM-HH:MM"},
	};
	struct schedule_range r = {.days = 0xff};

	(void)state;
	for (unsigned i = 0; i < sizeof good / sizeof *good; i++) {
		r = range(good[i].text);
		assert_int_equal(r.days, good[i].days);
		assert_int_equal(r.from_min, good[i].from);
		assert_int_equal(r.to_min, good[i].to);
	}
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(schedule_read(bad[i].text, &r, why));
		if (!strstr(why, bad[i].why))
			fail_msg("%s: %s", bad[i].text, why);
	}
}

/* 2026-11-23 is a Monday. */
static void over_midnight(void **state)
{
	(void)state;
	zone("UTC");
	assert_false(applies("mon-fri 20:00-07:00", "2026-11-23 06:59:59"));
	assert_false(applies("mon-fri 20:00-07:00", "2026-11-23 19:59:59"));
	assert_true(applies("mon-fri 20:00-07:00", "2026-11-23 20:00:00"));
	assert_true(applies("mon-fri 20:00-07:00", "2026-11-24 06:59:59"));
	assert_false(applies("mon-fri 20:00-07:00", "2026-11-24 07:00:00"));
	assert_true(applies("mon-fri 20:00-07:00", "2026-11-28 06:59:00")); /* of Friday */
	assert_false(applies("mon-fri 20:00-07:00", "2026-11-28 20:00:00"));
	assert_true(applies("sun 22:00-08:00", "2026-11-23 07:59:00")); /* round the week */
	assert_false(applies("sun 22:00-08:00", "2026-11-22 07:59:00"));
	assert_true(applies("sun", "2026-11-22 23:59:59"));
	assert_false(applies("sun", "2026-11-23 00:00:00"));
	assert_true(schedule_applies(&(struct schedule){NULL, 0}, at("2026-11-23 00:00:00", -1)));
}

static bool overlap(const char *a, const char *b)
{
	const struct schedule_range x = range(a), y = range(b);

	assert_int_equal(schedule_ranges_overlap(&x, &y), schedule_ranges_overlap(&y, &x));
	return schedule_ranges_overlap(&x, &y);
}

static void overlaps(void **state)
{
	(void)state;
	assert_true(overlap("mon 20:00-22:00", "mon 21:00-23:00"));
	assert_true(overlap("mon 20:00-22:00", "mon 20:30-21:00"));
	assert_true(overlap("mon 20:00-22:00", "mon 20:00-22:00"));
	assert_false(overlap("mon 20:00-22:00", "mon 22:00-23:00"));
	assert_false(overlap("mon 20:00-22:00", "tue 20:00-22:00"));
	assert_true(overlap("sun 22:00-08:00", "mon 07:00-09:00"));
	assert_false(overlap("sun 22:00-08:00", "mon 08:00-09:00"));
	assert_true(overlap("mon-fri", "wed 12:00-13:00"));
	assert_false(overlap("mon 22:00-00:00", "tue 00:00-01:00"));
}

/* Whatever schedule_change() leaps over is looked at minute by minute. */
static void assert_changes(const char *const *texts, unsigned n, time_t from, time_t to)
{
	struct schedule_range ranges[4];
	const struct schedule s = {ranges, n};
	time_t next;
	bool was;

	for (unsigned i = 0; i < n; i++)
		ranges[i] = range(texts[i]);
	next = schedule_change(&s, from);
	was = schedule_applies(&s, from);
	for (time_t t = from + 1; t < to; t++) {
		bool is = schedule_applies(&s, t);

		if ((is != was) != (t == next))
			fail_msg("at %lld, change said at %lld", (long long)t, (long long)next);
		if (is != was)
			next = schedule_change(&s, t);
		was = is;
	}
}

static void changes(void **state)
{
	static const char *const texts[] = {"mon-fri 20:00-07:00", "sat,sun 22:00-08:01",
					    "wed 12:07-12:08"};
	static const char *const night[] = {"02:30-02:45", "sun 03:10-04:00"};
	static const char *const always[] = {"mon-sun"};
	const struct schedule_range whole = range("mon-sun");

	(void)state;
	zone("UTC");
	assert_changes(texts, 3, at("2026-11-23 00:00:17", -1), at("2026-12-02 00:00:00", -1));
	assert_changes(always, 1, at("2026-11-23 00:00:17", -1), at("2026-11-24 00:00:00", -1));
	assert_int_equal(schedule_change(&(struct schedule){&whole, 1}, 1800000000), 0);
	assert_int_equal(schedule_change(&(struct schedule){NULL, 0}, 1800000000), 0);
	zone("Europe/Berlin");
	assert_changes(night, 2, at("2026-03-28 12:00:00", -1), at("2026-03-30 12:00:00", -1));
	assert_changes(night, 2, at("2026-10-24 12:00:00", -1), at("2026-10-26 12:00:00", -1));
	zone("Australia/Lord_Howe");
	assert_changes(night, 2, at("2026-04-04 12:00:00", -1), at("2026-04-06 12:00:00", -1));
	zone("Asia/Kathmandu");
	assert_changes(texts, 3, at("2026-11-23 00:00:59", -1), at("2026-11-27 00:00:00", -1));
}

static void daylight_saving(void **state)
{
	const struct schedule_range r = range("02:30-02:45");
	const struct schedule s = {&r, 1};
	unsigned minutes = 0;

	(void)state;
	zone("Europe/Berlin");
	/* 02:00 to 03:00 is twice. */
	assert_true(schedule_applies(&s, at("2026-10-25 02:30:00", 1)));
	assert_false(schedule_applies(&s, at("2026-10-25 02:45:00", 1)));
	assert_true(schedule_applies(&s, at("2026-10-25 02:30:00", 0)));
	assert_int_equal(at("2026-10-25 02:30:00", 0) - at("2026-10-25 02:30:00", 1), 3600);
	/* and is not there in spring. */
	for (time_t t = at("2026-03-29 00:00:00", -1); t < at("2026-03-30 00:00:00", -1); t += 60)
		minutes += schedule_applies(&s, t);
	assert_int_equal(minutes, 0);
	/* What begins there begins with the hour after. */
	assert_false(applies("sun 02:30-05:00", "2026-03-29 01:59:59"));
	assert_true(applies("sun 02:30-05:00", "2026-03-29 03:00:00"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written), cmocka_unit_test(over_midnight),
		cmocka_unit_test(overlaps),        cmocka_unit_test(changes),
		cmocka_unit_test(daylight_saving),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * text_time.c - dates of RRSIGs, YYYYMMDDHHmmSS in UTC, RFC 4034 3.2.
 */
#include <time.h>

#include "base/bytes.h"
#include "wire/text_private.h"

#define DATE_DIGITS 14

void write_time(struct text_out *o, const struct piece *p)
{
	time_t seconds = get_u32(p->at);
	struct tm date;

	if (!gmtime_r(&seconds, &date)) {
		o->unfit = true;
		return;
	}
	out_format(o, "%04d%02d%02d%02d%02d%02d", date.tm_year + 1900, date.tm_mon + 1,
		   date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec);
}

/* @p n decimal digits. */
static int digits(const char *text, unsigned n)
{
	int value = 0;

	for (; n > 0; n--)
		value = value * 10 + (*text++ - '0');
	return value;
}

/* A date that timegm() has to correct, like the 31st of June, is no date. */
static bool date_seconds(const char *text, uint32_t *seconds)
{
	struct tm date = {
		.tm_year = digits(text, 4) - 1900,
		.tm_mon = digits(text + 4, 2) - 1,
		.tm_mday = digits(text + 6, 2),
		.tm_hour = digits(text + 8, 2),
		.tm_min = digits(text + 10, 2),
		.tm_sec = digits(text + 12, 2),
	};
	struct tm normal = date;
	time_t t = timegm(&normal);

	if (t < 0 || t > UINT32_MAX || normal.tm_mon != date.tm_mon ||
	    normal.tm_mday != date.tm_mday || normal.tm_hour != date.tm_hour ||
	    normal.tm_min != date.tm_min || normal.tm_sec != date.tm_sec)
		return false;
	*seconds = (uint32_t)t;
	return true;
}

bool read_time(struct text_in *in)
{
	static const char expected[] = "a date as YYYYMMDDHHmmSS or seconds since 1970";
	uint64_t number;
	uint32_t seconds;
	struct token t;

	if (!in_need(in, &t, expected))
		return false;
	if (!token_number(&t, UINT64_C(99999999999999), &number))
		return text_fail(in, TERN_ETEXT, expected);
	if (t.len == DATE_DIGITS) {
		if (!date_seconds(t.at, &seconds))
			return text_fail(in, TERN_ETEXT, expected);
		return put_number(in, seconds, 4);
	}
	if (number > UINT32_MAX)
		return text_fail(in, TERN_ETEXT, expected);
	return put_number(in, number, 4);
}

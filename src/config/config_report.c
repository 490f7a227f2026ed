/* config_report.c - see config_report.h. */
#include "config/config_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REPORT_LINE_MAX 1024 /* octets; longer ones are cut */
#define REPORT_TAIL_MAX 32   /* "\nand 4294967295 more" and NUL, kept free */

void report_init(struct report *r, const char *file, char *text, size_t max)
{
	*r = (struct report){.file = file, .text = text, .max = max};
	if (max > 0)
		text[0] = '\0';
}

static size_t at_most(int printed, size_t max)
{
	return printed < 0 ? 0 : MIN((size_t)printed, max - 1);
}

void report_add(struct report *r, unsigned line, const char *key, const char *format, ...)
{
	char text[REPORT_LINE_MAX];
	char number[16] = "";
	va_list args;

	if (line > 0)
		snprintf(number, sizeof(number), ":%u", line);
	size_t n = at_most(snprintf(text, sizeof(text), "%s%s%s: %s%s", r->lines_n > 0 ? "\n" : "",
				    r->file, number, key, key[0] ? ": " : ""),
			   sizeof(text));
	va_start(args, format);
	n += at_most(vsnprintf(text + n, sizeof(text) - n, format, args), sizeof(text) - n);
	va_end(args);

	r->lines_n++;
	if (r->hidden_n > 0 || r->len + n + REPORT_TAIL_MAX > r->max) {
		r->hidden_n++;
		return;
	}
	memcpy(r->text + r->len, text, n + 1);
	r->len += n;
}

void report_finish(struct report *r)
{
	if (r->hidden_n > 0 && r->max > r->len)
		snprintf(r->text + r->len, r->max - r->len, "%sand %u more", r->len > 0 ? "\n" : "",
			 r->hidden_n);
}

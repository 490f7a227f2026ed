/*
 * tsan.h - what the thread sanitizer can't see; to be included once in a program.
 */
#pragma once

/*
 * The order between a grace period and the free that follows it is made inside
 * liburcu, which is not instrumented.
 */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "called_from_lib:liburcu-qsbr\n"
	       "race:free_batch_after_grace\n"
	       "race:cache_destroy\n";
}

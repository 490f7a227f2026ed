/*
 * ternq_nearest.c - the distance of words: letters put in, left out, changed or swapped.
 */
#include "tools/ternq_nearest.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#define WORD_MAX 24 /* octets; longer words are near to nothing */

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Row by row: what it costs to make the first i letters of @p a the first j of @p b. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned cost[WORD_MAX + 1][WORD_MAX + 1];

	for (unsigned i = 0; i <= a_len; i++)
		cost[i][0] = i;
	for (unsigned j = 0; j <= b_len; j++)
		cost[0][j] = j;
	for (unsigned i = 1; i <= a_len; i++) {
		for (unsigned j = 1; j <= b_len; j++) {
			unsigned change = same(a[i - 1], b[j - 1]) ? 0 : 1;
			unsigned best = least(cost[i - 1][j], cost[i][j - 1]) + 1;

			best = least(best, cost[i - 1][j - 1] + change);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				best = least(best, cost[i - 2][j - 2] + 1);
			cost[i][j] = best;
		}
	}
	return cost[a_len][b_len];
}

struct nearest nearest_begin(const char *word, size_t len)
{
	return (struct nearest){.word = word, .len = len, .distance = UINT_MAX};
}

void nearest_offer(struct nearest *n, const char *name)
{
	size_t name_len = strlen(name);

	if (n->len == 0 || n->len > WORD_MAX || name_len > WORD_MAX)
		return;
	unsigned d = distance(n->word, n->len, name, name_len);

	/* A third of the letters may be wrong, else every word is near to every other. */
	if (d > (n->len + 2) / 3 || d >= n->distance)
		return;
	n->distance = d;
	n->name = name;
}

/*
 * fuzz_idn.c - idn_write() on any octets: no overrun, and no control character that was not there.
 *
 * The buffer has its exact size, so an overrun of one octet is seen.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "tools/idn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count_controls(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += (unsigned char)text[i] < 0x20 || text[i] == 0x7f;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size > 0 ? size : 1), *shown = NULL;
	size_t shown_len = 0;
	FILE *to = open_memstream(&shown, &shown_len);

	check_always(text && to);
	if (size > 0)
		memcpy(text, data, size);
	idn_write(text, size, to);
	fclose(to);
	check_always(count_controls(shown, shown_len) == count_controls(text, size));
	free(shown);
	free(text);
	return 0;
}

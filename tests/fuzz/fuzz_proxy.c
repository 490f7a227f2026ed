/*
 * fuzz_proxy.c - headers of the PROXY protocol in any octets: no overrun, a length that does not
 * change when more octets come, and a client only out of a whole header.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/compiler.h"
#include "net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct address client = {0};
	size_t last = 0;

	for (size_t n = 0; n <= MIN(size, (size_t)PROXY_HEADER_MAX + 1); n++) {
		uint8_t *exact = malloc(n ? n : 1);

		check_always(exact);
		if (n > 0)
			memcpy(exact, data, n);
		size_t len = proxy_read(exact, n, &client);

		free(exact);
		check_always(len <= PROXY_HEADER_MAX);
		check_always(n < len || len == 0 || n >= PROXY_HEADER_MIN);
		/* It may turn out to be none; otherwise it only becomes longer. */
		check_always(len == 0 || len >= last);
		check_always(client.family == 0 || (len > 0 && n >= len));
		if (len == 0 || n >= len)
			break;
		last = len;
	}
	return 0;
}

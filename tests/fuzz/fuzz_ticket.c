/* fuzz_ticket.c - a state file with the key of TLS tickets. */
#include <stdint.h>

#include "base/check.h"
#include "daemon/ticket_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ticket_key key = {.made_s = 0};
	const char *why = NULL;

	bool good = ticket_key_parse((const char *)data, size, &key, &why);

	check_always(good ? key.made_s > 0 : why && key.made_s == 0);
	return 0;
}

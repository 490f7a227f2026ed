/*
 * fuzz_ways.c - a state file with servers that answer encrypted: as it comes, and with the
 * checksum that it would need, or nothing else would ever be read.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "daemon/ways_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ways_kept kept;

static void read_one(const char *text, size_t len)
{
	const char *why = NULL;
	unsigned line;
	bool good = ways_parse(text, len, &kept, &line, &why);

	check_always(good || why);
	check_always(kept.n <= WAYS_KEPT_MAX);
	for (unsigned i = 0; i < kept.n; i++) {
		const struct way_kept *w = &kept.ways[i];

		check_always(w->at_s > 0 && w->server.port != 0 && (unsigned)w->way < INFRA_WAYS);
		check_always(w->server.family == 4 || w->server.family == 6);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct hash_key key;
	static const char begin[] = "version 1\n";
	char *text = malloc(size + sizeof begin + 32);

	check_always(text != NULL);
	read_one((const char *)data, size);
	memcpy(text, begin, sizeof begin - 1);
	memcpy(text + sizeof begin - 1, data, size);
	size_t len = sizeof begin - 1 + size;

	text[len++] = '\n';
	len += (size_t)sprintf(text + len, "check %016" PRIx64 "\n",
			       hash_bytes(&key, 0, text, len));
	read_one(text, len);
	free(text);
	return 0;
}

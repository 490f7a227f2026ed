/*
 * hash_bench.c - the keyed hash behind every table.
 */
#include "base/hash.h"
#include "micro.h"

struct input {
	struct hash_key key;
	uint8_t octets[256];
	size_t len;
};

static void hash(void *context, uint64_t n)
{
	struct input *s = context;

	for (uint64_t i = 0; i < n; i++)
		micro_use(hash_bytes(&s->key, i, s->octets, s->len));
}

int main(int argc, char **argv)
{
	static struct input s = {.key = {1, 2}};
	static const size_t lens[] = {16, 26, 64, 255};

	micro_start(argc, argv);
	for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
		char name[64];
		s.len = lens[i];
		snprintf(name, sizeof name, "hash: %zu octets", s.len);
		micro_run(name, hash, &s);
	}
	return 0;
}

#include "base/random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/check.h"

void random_init(struct random *r)
{
	r->at = RANDOM_BLOCK;
}

static void refill(struct random *r)
{
	size_t got = 0;

	while (got < RANDOM_BLOCK) {
		ssize_t n = getrandom(r->block + got, RANDOM_BLOCK - got, 0);

		check_always(n > 0 || errno == EINTR);
		if (n > 0)
			got += (size_t)n;
	}
	r->at = 0;
}

void random_bytes(struct random *r, void *out, size_t len)
{
	uint8_t *to = out;

	while (len > 0) {
		if (r->at == RANDOM_BLOCK)
			refill(r);
		size_t n = MIN(len, (size_t)(RANDOM_BLOCK - r->at));

		memcpy(to, r->block + r->at, n);
		memset(r->block + r->at, 0, n);
		r->at += (uint32_t)n;
		to += n;
		len -= n;
	}
}

uint16_t random_u16(struct random *r)
{
	uint16_t v;

	random_bytes(r, &v, sizeof v);
	return v;
}

uint32_t random_u32(struct random *r)
{
	uint32_t v;

	random_bytes(r, &v, sizeof v);
	return v;
}

uint64_t random_u64(struct random *r)
{
	uint64_t v;

	random_bytes(r, &v, sizeof v);
	return v;
}

uint32_t random_below(struct random *r, uint32_t n)
{
	/* Drawing again below 2^32 mod n takes the bias away. */
	uint32_t floor = (uint32_t)(-n) % n;
	uint32_t v;

	do {
		v = random_u32(r);
	} while (v < floor);
	return v % n;
}

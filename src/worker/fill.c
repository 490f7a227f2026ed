/* fill.c - see fill.h. */
#include "worker/fill.h"

#include "base/compiler.h"

static void begin_minute(struct fill *f, uint32_t minute)
{
	uint32_t before = atomic_exchange_explicit(&f->minute, minute, memory_order_relaxed);

	for (unsigned i = 0; before != minute && i < SHARES_SLOTS; i++)
		atomic_store_explicit(&f->kib[i], 0, memory_order_relaxed);
}

void fill_note(struct fill *f, uint16_t party, uint32_t octets, uint32_t now_s)
{
	/* In the cache a set takes some more than on the wire. */
	uint32_t kib = (octets + 1023) / 1024;

	if (party == PARTY_OURSELF || octets == 0)
		return;
	if (atomic_load_explicit(&f->minute, memory_order_relaxed) != now_s / 60)
		begin_minute(f, now_s / 60);
	atomic_fetch_add_explicit(&f->kib[party], kib, memory_order_relaxed);
}

bool fill_is_over(const struct fill *f, uint16_t party, uint64_t cache_octets, uint32_t now_s)
{
	uint64_t most = cache_octets / FILL_SHARE / 1024;

	return party != PARTY_OURSELF &&
	       atomic_load_explicit(&f->minute, memory_order_relaxed) == now_s / 60 &&
	       atomic_load_explicit(&f->kib[party], memory_order_relaxed) >= most;
}

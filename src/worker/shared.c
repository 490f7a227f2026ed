/* shared.c - what all workers share, seen from the main thread; see worker.h. */
#include "worker/worker.h"

#include "cache/cache.h"

void shared_each_cache(const struct worker_shared *shared,
		       void (*visit)(void *context, struct cache *cache), void *context)
{
	const struct rules *rules = rulebook_current(&shared->rules);

	visit(context, rules->cache);
	for (unsigned class = 1; rules->views && class <= rules->views->classes_n; class ++) {
		struct cache *own = rules_view_cache(rules, class);

		if (own)
			visit(context, own);
	}
}

struct flushing {
	const uint8_t *name;
	size_t n;
};

static void flush_name(void *context, struct cache *cache)
{
	struct flushing *f = context;

	f->n += cache_flush_name(cache, f->name);
}

static void flush_zone(void *context, struct cache *cache)
{
	struct flushing *f = context;

	f->n += cache_flush_zone(cache, f->name);
}

size_t shared_flush_name(const struct worker_shared *shared, const uint8_t *name)
{
	struct flushing f = {name, 0};

	shared_each_cache(shared, flush_name, &f);
	return f.n;
}

size_t shared_flush_zone(const struct worker_shared *shared, const uint8_t *zone)
{
	struct flushing f = {zone, 0};

	shared_each_cache(shared, flush_zone, &f);
	return f.n;
}

#include "base/pool.h"

#include <string.h>
#include <sys/mman.h>

#include "base/check.h"

bool pool_init(struct pool *p, size_t size, uint32_t max)
{
	size_t rounded = (MAX(size, sizeof(void *)) + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
	void *objects = mmap(NULL, rounded * max, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (objects == MAP_FAILED)
		return false;
	*p = (struct pool){.objects = objects, .size = rounded, .max = max};
	return true;
}

void *pool_take(struct pool *p)
{
	void *object = p->free;

	if (object)
		memcpy(&p->free, object, sizeof p->free);
	else if (p->fresh < p->max)
		object = p->objects + p->size * p->fresh++;
	else
		return NULL;
	p->taken_n++;
	return object;
}

void pool_give(struct pool *p, void *object)
{
	check_debug((uint8_t *)object >= p->objects &&
		    (uint8_t *)object < p->objects + p->size * p->fresh);
	memcpy(object, &p->free, sizeof p->free);
	p->free = object;
	p->taken_n--;
}

void pool_fini(struct pool *p)
{
	if (p->objects)
		munmap(p->objects, p->size * p->max);
	p->objects = NULL;
}

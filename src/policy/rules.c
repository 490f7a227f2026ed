/* rules.c - see rules.h. */
#include "policy/rules.h"

#include <stdlib.h>

#include "base/readers.h"

struct shared_part {
	void *what;
	void (*end)(void *what);
	unsigned users;
};

static void let_go(struct shared_part *part)
{
	if (!part || --part->users > 0)
		return;
	part->end(part->what);
	free(part);
}

static struct rules *with_count(struct rules *r)
{
	if (r)
		r->holders = calloc(1, sizeof *r->holders);
	if (!r || r->holders)
		return r;
	free(r);
	return NULL;
}

struct rules *rules_create(void)
{
	return with_count(calloc(1, sizeof(struct rules)));
}

/* For the rules of views. */
static bool make_room(struct rules *r)
{
	free(r->of_views);
	r->of_views = NULL;
	if (!r->views || r->views->classes_n == 0)
		return true;
	r->of_views = calloc(r->views->classes_n, sizeof *r->of_views);
	return r->of_views != NULL;
}

struct rules *rules_derive(const struct rules *from)
{
	struct rules *r = rules_create();
	_Atomic uint32_t *holders;

	if (!r)
		return NULL;
	holders = r->holders;
	*r = *from;
	r->holders = holders;
	r->older = NULL;
	r->of_views = NULL;
	if (!make_room(r)) {
		free(r->holders);
		free(r);
		return NULL;
	}
	for (unsigned i = 0; i < RULES_PARTS_N; i++) {
		if (r->parts[i])
			r->parts[i]->users++;
	}
	return r;
}

void rules_destroy(struct rules *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < RULES_PARTS_N; i++)
		let_go(r->parts[i]);
	free(r->of_views);
	free(r->holders);
	free(r);
}

bool rules_set_part(struct rules *r, unsigned part, void *what, void (*end)(void *what))
{
	struct shared_part *p = malloc(sizeof *p);

	if (!p) {
		end(what);
		return false;
	}
	*p = (struct shared_part){what, end, 1};
	let_go(r->parts[part]);
	r->parts[part] = p;
	return true;
}

void rules_drop_part(struct rules *r, unsigned part)
{
	let_go(r->parts[part]);
	r->parts[part] = NULL;
}

bool rules_set_views(struct rules *r, struct view_set *views, void (*end)(void *what))
{
	if (!views)
		rules_drop_part(r, RULES_VIEWS);
	else if (!rules_set_part(r, RULES_VIEWS, views, end))
		return false;
	r->views = views;
	return make_room(r);
}

struct cache *rules_view_cache(const struct rules *r, unsigned class)
{
	const struct shared_part *part = r->parts[RULES_VIEW_CACHES + class - 1];

	return part ? part->what : NULL;
}

/* What is different for the clients of @v. */
static void make_rules_of(struct rules *r, const struct view *v)
{
	struct rules *own = &r->of_views[v->class - 1];
	struct cache *cache = rules_view_cache(r, v->class);

	*own = *r;
	own->views = NULL;
	own->of_views = NULL;
	own->view = v->class;
	own->view_zones = v->zones;
	own->changes = v->changes;
	own->shares_cache = !cache;
	if (cache)
		own->cache = cache;
	if (v->has_access)
		own->access = v->access;
	if (v->has_routes)
		own->routes = v->routes;
	if (v->has_policies)
		own->rpz_asked = v->policies_asked;
	if (v->has_rates) {
		own->rates.client_rate = v->rates.client_rate;
		own->rates.client_slip = v->rates.client_slip;
		own->rates.exempt = v->rates.exempt;
		own->rates.exempt_n = v->rates.exempt_n;
	}
	if (v->has_lists)
		own->lists_asked = v->lists_asked;
}

/* Jobs use the caches and the leases that are in force, and no client's view: however many old rule
 * sets are held, they cost little. */
static void let_go_of_large(struct rules *before)
{
	rules_drop_part(before, RULES_CACHE);
	rules_drop_part(before, RULES_LEASES);
	rules_drop_part(before, RULES_VIEW_CLIENTS);
	for (unsigned i = 0; i < VIEWS_MAX; i++)
		rules_drop_part(before, RULES_VIEW_CACHES + i);
	before->cache = NULL;
	before->leases = NULL;
	before->view_clients = NULL;
	for (unsigned i = 0; before->views && i < before->views->classes_n; i++) {
		before->of_views[i].cache = NULL;
		before->of_views[i].leases = NULL;
		before->of_views[i].view_clients = NULL;
	}
}

void rulebook_publish(struct rulebook *book, struct rules *fresh, enum rules_change change)
{
	struct rules *before = atomic_load_explicit(&book->current, memory_order_relaxed);

	fresh->generation = before ? before->generation + (change != RULES_CHANGE_NONE) : 1;
	fresh->answers = before ? before->answers + (change != RULES_CHANGE_SERVING) : 1;
	fresh->fetched = before ? before->fetched + (change == RULES_CHANGE_ANSWERS ||
						     change == RULES_CHANGE_NONE)
				: 1;
	fresh->older = before;
	for (unsigned i = 0; fresh->views && i < fresh->views->n; i++)
		make_rules_of(fresh, &fresh->views->views[i]);
	atomic_store_explicit(&book->current, fresh, memory_order_release);
	if (before) {
		readers_wait();
		let_go_of_large(before);
	}
	(void)rulebook_tidy(book);
}

bool rulebook_publish_again(struct rulebook *book)
{
	struct rules *same = rules_derive(rulebook_current(book));

	if (same)
		rulebook_publish(book, same, RULES_CHANGE_NONE);
	return same != NULL;
}

unsigned rulebook_tidy(struct rulebook *book)
{
	struct rules *r = atomic_load_explicit(&book->current, memory_order_relaxed);
	unsigned held = 0;

	while (r && r->older) {
		struct rules *old = r->older;

		/* Jobs that take hold of it are none any more: the count can only fall. */
		if (atomic_load_explicit(old->holders, memory_order_acquire) > 0) {
			held++;
			r = old;
			continue;
		}
		r->older = old->older;
		rules_destroy(old);
	}
	return held;
}

void rulebook_end(struct rulebook *book)
{
	struct rules *r = atomic_exchange(&book->current, NULL);

	while (r) {
		struct rules *older = r->older;

		rules_destroy(r);
		r = older;
	}
}

/* sources.c - see sources.h. */
#include "keeper/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/url.h"
#include "keeper/copy.h"
#include "keeper/fetch.h"
#include "keeper/inquiry.h"

struct source {
	char name[LIST_NAME_MAX];
	char *url;
	char *ca;
	char copy[COPY_NAME_MAX];
	uint32_t refresh_s;
	int64_t fetched_s;
	uint64_t due_s; /* CLOCK_BOOTTIME */
	unsigned failures;
	char error[FETCH_WHY_MAX];
	bool changed;
	bool listed; /* in the configuration; one that is not ends with its fetch */
	bool busy;
};

enum doing { DOING_NOTHING, DOING_LOOKUP, DOING_FETCH };

/** A fetch under way. */
struct errand_slot {
	enum doing doing;
	struct source *source;
	char url[URL_MAX + 1]; /* where it has been sent to */
	bool was_tls;          /* and it was encrypted on the way */
	unsigned redirections;
	struct inquiry a;
	struct inquiry aaaa;
	struct fetch *fetch;
};

struct sources {
	struct worker_shared *shared;
	const char *folder;
	bool temporary;
	bool stopping;
	struct random random;
	unsigned n;
	struct source *all[2 * LISTS_MAX]; /* of the configuration, and those that end */
	struct errand_slot slots[SOURCES_AT_ONCE];
};

static uint64_t boot_s(void)
{
	return clock_ns(CLOCK_BOOTTIME) / NS_PER_S;
}

static int64_t wall_s(void)
{
	return (int64_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);
}

uint32_t sources_pause_s(uint32_t refresh_s, unsigned failures, uint32_t any)
{
	if (failures == 0)
		return refresh_s - any % (refresh_s / 10 + 1);
	uint32_t pause_s = SOURCES_RETRY_S << MIN(failures - 1, 6u);

	pause_s = MIN(pause_s, SOURCES_RETRY_MAX_S);
	return pause_s + any % (pause_s / 4);
}

static uint32_t any_number(struct sources *s)
{
	uint32_t n;

	random_bytes(&s->random, &n, sizeof n);
	return n;
}

/* --- which there are ------------------------------------------------------------------ */

static void free_source(struct source *o)
{
	free(o->url);
	free(o->ca);
	free(o);
}

static struct source *find(const struct sources *s, const char *name, const char *url)
{
	for (unsigned i = 0; i < s->n; i++) {
		struct source *o = s->all[i];

		if (strcmp(o->name, name) == 0 && (url ? strcmp(o->url, url) == 0 : o->listed))
			return o;
	}
	return NULL;
}

/* What an earlier daemon fetched counts as ours. */
static void take_copy(struct sources *s, struct source *o)
{
	char *path = copy_path(s->folder, o->copy);
	int64_t now_s = wall_s();
	struct copy_about about;
	struct stat st;

	o->due_s = boot_s();
	if (path && stat(path, &st) == 0 && copy_about_read(path, &about)) {
		int64_t age_s = now_s - about.fetched_s;

		o->fetched_s = about.fetched_s;
		/* By a clock that was set back nothing can be told. */
		if (age_s >= 0 && age_s < o->refresh_s)
			o->due_s += o->refresh_s - (uint64_t)age_s;
	}
	free(path);
}

static struct source *add(struct sources *s, const struct list_options *l)
{
	struct source *o = s->n < ARRAY_LEN(s->all) ? calloc(1, sizeof *o) : NULL;

	if (!o)
		return NULL;
	snprintf(o->name, sizeof o->name, "%s", l->name);
	copy_name(l->name, l->url, o->copy);
	o->refresh_s = l->refresh_s;
	o->url = strdup(l->url);
	o->ca = strdup(l->ca);
	if (!o->url || !o->ca) {
		free_source(o);
		return NULL;
	}
	take_copy(s, o);
	s->all[s->n++] = o;
	return o;
}

static bool renew(struct sources *s, struct source *o, const struct list_options *l)
{
	if (strcmp(o->ca, l->ca) != 0) {
		char *ca = strdup(l->ca);

		if (!ca)
			return false;
		free(o->ca);
		o->ca = ca;
		/* What failed by the other one may be good. */
		if (o->failures > 0)
			o->due_s = boot_s();
	}
	if (o->refresh_s != l->refresh_s && o->failures == 0 && o->fetched_s > 0) {
		o->refresh_s = l->refresh_s;
		take_copy(s, o);
	}
	o->refresh_s = l->refresh_s;
	return true;
}

static void tidy(const struct sources *s)
{
	const char *keep[2 * LISTS_MAX];

	for (unsigned i = 0; i < s->n; i++)
		keep[i] = s->all[i]->copy;
	copy_tidy(s->folder, keep, s->n);
}

static void drop_unlisted(struct sources *s)
{
	for (unsigned i = 0; i < s->n;) {
		if (s->all[i]->listed || s->all[i]->busy) {
			i++;
			continue;
		}
		free_source(s->all[i]);
		s->all[i] = s->all[--s->n];
	}
	tidy(s);
}

bool sources_take(struct sources *s, const struct list_options *options, unsigned n)
{
	bool good = true;

	for (unsigned i = 0; i < s->n; i++)
		s->all[i]->listed = false;
	for (unsigned i = 0; i < n; i++) {
		if (!*options[i].url)
			continue;
		struct source *o = find(s, options[i].name, options[i].url);

		if (o)
			good &= renew(s, o, &options[i]);
		else
			o = add(s, &options[i]);
		if (o)
			o->listed = true;
		else
			good = false;
	}
	for (unsigned i = 0; i < SOURCES_AT_ONCE; i++) {
		if (s->slots[i].fetch && !s->slots[i].source->listed)
			fetch_break_off(s->slots[i].fetch);
	}
	drop_unlisted(s);
	return good;
}

/* --- one fetch after the other ------------------------------------------------------------ */

static void end_slot(struct sources *s, struct errand_slot *slot)
{
	slot->doing = DOING_NOTHING;
	slot->source->busy = false;
	if (!slot->source->listed)
		drop_unlisted(s);
	slot->source = NULL;
}

static void end_failed(struct sources *s, struct errand_slot *slot, const char *why)
{
	struct source *o = slot->source;
	uint32_t pause_s = sources_pause_s(o->refresh_s, ++o->failures, any_number(s));

	snprintf(o->error, sizeof o->error, "%s", why);
	o->changed = false;
	o->due_s = boot_s() + pause_s;
	if (o->listed && !s->stopping)
		log_warning(s->shared->log, "list %s: %s: %s; next try in %u s", o->name, slot->url,
			    o->error, pause_s);
	end_slot(s, slot);
}

static void end_good(struct sources *s, struct errand_slot *slot, bool changed)
{
	struct source *o = slot->source;

	o->failures = 0;
	o->error[0] = '\0';
	o->changed = changed;
	o->fetched_s = wall_s();
	o->due_s = boot_s() + sources_pause_s(o->refresh_s, 0, any_number(s));
	log_info(s->shared->log, "list %s: %s: %s", o->name, slot->url,
		 changed ? "fetched" : "the same as before");
	end_slot(s, slot);
}

static void start_fetch(struct sources *s, struct errand_slot *slot, const struct address *at,
			unsigned n)
{
	const struct fetch_order order = {.url = slot->url,
					  .addresses = at,
					  .addresses_n = n,
					  .ca = slot->source->ca,
					  .folder = s->folder,
					  .copy = slot->source->copy};

	slot->fetch = fetch_start(&order);
	slot->doing = DOING_FETCH;
	if (!slot->fetch)
		end_failed(s, slot, "out of memory or threads");
}

static bool ask(struct sources *s, struct inquiry *q, const uint8_t *name, uint16_t type)
{
	return inquiry_start(q, s->shared, name, type, 0,
			     rulebook_current(&s->shared->rules)->anchors);
}

/* Go where the slot's URL says. */
static void start_lookup(struct sources *s, struct errand_slot *slot)
{
	uint8_t name[TERN_NAME_MAX];
	const char *why;
	struct url url;

	if (!url_read(slot->url, &url, &why)) {
		end_failed(s, slot, why);
	} else if (slot->was_tls && !url.tls) {
		end_failed(s, slot, "a redirection from https to http");
	} else if (url.address.family) {
		slot->was_tls = url.tls;
		start_fetch(s, slot, NULL, 0);
	} else if (tern_name_from_text(url.host, strlen(url.host), name) != TERN_OK) {
		end_failed(s, slot, "the host is no domain name");
	} else {
		slot->was_tls = url.tls;
		slot->doing = DOING_LOOKUP;
		/* One of them is enough. */
		bool a = ask(s, &slot->a, name, TERN_TYPE_A);
		bool aaaa = ask(s, &slot->aaaa, name, TERN_TYPE_AAAA);

		if (!a && !aaaa)
			end_failed(s, slot, "the workers are too busy to look up the host");
	}
}

static unsigned gather(const struct inquiry *q, struct address *out, unsigned n)
{
	for (unsigned i = 0; q->started && i < q->found.n; i++) {
		struct address a = q->found.addresses[i];

		a.port = 443;
		if (n < FETCH_ADDRESSES_MAX && !address_is_unusable(&a))
			out[n++] = a;
	}
	return n;
}

static const char *rcode_text(const struct inquiry *q)
{
	switch (q->found.rcode) {
	case TERN_RCODE_NOERROR: return "has no addresses";
	case TERN_RCODE_NXDOMAIN: return "does not exist";
	default: return "can't be resolved";
	}
}

static void end_lookup(struct sources *s, struct errand_slot *slot)
{
	struct address at[FETCH_ADDRESSES_MAX];
	const struct inquiry *told = slot->a.started ? &slot->a : &slot->aaaa;
	char why[FETCH_WHY_MAX];
	unsigned n;

	if ((slot->a.started && !inquiry_is_done(&slot->a)) ||
	    (slot->aaaa.started && !inquiry_is_done(&slot->aaaa)))
		return;
	n = gather(&slot->aaaa, at, gather(&slot->a, at, 0));
	snprintf(why, sizeof why, "the host %s%s%.100s", rcode_text(told),
		 told->found.why[0] ? ": " : "", told->found.why);
	inquiry_finish(&slot->a);
	inquiry_finish(&slot->aaaa);
	if (n > 0)
		start_fetch(s, slot, at, n);
	else
		end_failed(s, slot, why);
}

static void go_on(struct sources *s, struct errand_slot *slot, const char *location)
{
	if (++slot->redirections > SOURCES_REDIRECTIONS) {
		end_failed(s, slot, "too many redirections");
		return;
	}
	snprintf(slot->url, sizeof slot->url, "%s", location);
	start_lookup(s, slot);
}

/* True when a copy is another one. */
static bool end_fetch(struct sources *s, struct errand_slot *slot)
{
	struct fetch_result result;

	if (!fetch_is_done(slot->fetch))
		return false;
	fetch_finish(slot->fetch, &result);
	slot->fetch = NULL;
	switch (result.outcome) {
	case FETCH_TAKEN: end_good(s, slot, true); return true;
	case FETCH_SAME: end_good(s, slot, false); break;
	case FETCH_MOVED: go_on(s, slot, result.location); break;
	case FETCH_FAILED: end_failed(s, slot, result.why); break;
	}
	return false;
}

static bool is_due(const struct source *o)
{
	return o->listed && !o->busy && boot_s() >= o->due_s;
}

static void start_slot(struct sources *s, struct errand_slot *slot)
{
	for (unsigned i = 0; i < s->n; i++) {
		struct source *o = s->all[i];

		if (!is_due(o))
			continue;
		memset(slot, 0, sizeof *slot);
		slot->source = o;
		o->busy = true;
		snprintf(slot->url, sizeof slot->url, "%s", o->url);
		start_lookup(s, slot);
		return;
	}
}

bool sources_tick(struct sources *s)
{
	bool changed = false;

	for (unsigned i = 0; i < SOURCES_AT_ONCE; i++) {
		struct errand_slot *slot = &s->slots[i];

		switch (slot->doing) {
		case DOING_LOOKUP: end_lookup(s, slot); break;
		case DOING_FETCH: changed |= end_fetch(s, slot); break;
		case DOING_NOTHING: start_slot(s, slot); break;
		}
	}
	return changed;
}

/* --- what is told ------------------------------------------------------------------------ */

bool sources_state(const struct sources *s, const char *name, struct source_state *out)
{
	const struct source *o = find(s, name, NULL);
	uint64_t now_s = boot_s();

	if (!o)
		return false;
	*out = (struct source_state){
		.url = o->url,
		.fetched_s = o->fetched_s,
		.next_in_s = o->busy || o->due_s <= now_s ? 0 : (int64_t)(o->due_s - now_s),
		.error = o->error,
		.changed = o->changed,
		.failures = o->failures,
	};
	return true;
}

static bool is_meant(const struct source *o, const char *name)
{
	return o->listed && (!name || strcmp(o->name, name) == 0);
}

bool sources_update(struct sources *s, const char *name)
{
	bool any = false;

	for (unsigned i = 0; i < s->n; i++) {
		if (!is_meant(s->all[i], name))
			continue;
		any = true;
		s->all[i]->due_s = boot_s();
	}
	return any;
}

bool sources_are_busy(const struct sources *s, const char *name)
{
	for (unsigned i = 0; i < s->n; i++) {
		if (is_meant(s->all[i], name) && (s->all[i]->busy || is_due(s->all[i])))
			return true;
	}
	return false;
}

/* --- from start to end --------------------------------------------------------------------- */

struct sources *sources_create(struct worker_shared *shared, const char *folder, bool temporary)
{
	struct sources *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->shared = shared;
	s->folder = folder;
	s->temporary = temporary;
	random_init(&s->random);
	return s;
}

void sources_stop(struct sources *s)
{
	if (!s)
		return;
	s->stopping = true;
	for (unsigned i = 0; i < SOURCES_AT_ONCE; i++) {
		if (s->slots[i].fetch)
			fetch_break_off(s->slots[i].fetch);
	}
}

void sources_destroy(struct sources *s)
{
	if (!s)
		return;
	sources_stop(s);
	for (unsigned i = 0; i < SOURCES_AT_ONCE; i++) {
		struct errand_slot *slot = &s->slots[i];

		inquiry_finish(&slot->a);
		inquiry_finish(&slot->aaaa);
		if (slot->fetch)
			fetch_finish(slot->fetch, NULL);
	}
	for (unsigned i = 0; i < s->n; i++)
		free_source(s->all[i]);
	s->n = 0;
	if (s->temporary) {
		tidy(s);
		(void)rmdir(s->folder);
	}
	free(s);
}

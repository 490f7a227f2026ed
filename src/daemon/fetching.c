/* fetching.c - lists that are fetched: where their copies are, and what is told of them. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/state_file.h"
#include "daemon/list_shelf.h"
#include "daemon/server_private.h"
#include "policy/lists.h"

bool fetching_prepare(struct server *s)
{
	struct list_shelf *shelf = followed_lists(s->followed);
	struct random random;
	uint64_t any;

	s->copies = state_path_of("lists");
	if (!s->copies) {
		/* A name that nobody can foresee, made when something is fetched. */
		random_init(&random);
		random_bytes(&random, &any, sizeof any);
		s->copies_temporary = true;
		if (asprintf(&s->copies, "/tmp/tern-lists-%016llx", (unsigned long long)any) < 0)
			s->copies = NULL;
	}
	if (!shelf || !s->copies)
		return false;
	list_shelf_set_copies(shelf, s->copies);
	s->sources = sources_create(&s->shared, s->copies, s->copies_temporary);
	return s->sources != NULL;
}

void fetching_take(struct server *s)
{
	const struct config *c = server_config(s);

	if (!sources_take(s->sources, c->lists, c->lists_n))
		log_error(&s->log, "lists: out of memory: not all of them are fetched");
}

void fetching_tick(struct server *s)
{
	if (sources_tick(s->sources))
		loader_ask_files(s->loader, LOAD_LISTS);
}

static int64_t age_s(const struct source_state *state)
{
	int64_t age = (int64_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S) - state->fetched_s;

	return state->fetched_s == 0 ? -1 : MAX(age, (int64_t)0);
}

void fetching_add(const struct server *s, const char *name, json_t *list)
{
	struct source_state state;

	if (!sources_state(s->sources, name, &state))
		return;
	json_t *more = json_pack("{s:s,s:I,s:I,s:b,s:i,s:s}", "url", state.url, "fetched_s",
				 (json_int_t)age_s(&state), "next_s", (json_int_t)state.next_in_s,
				 "changed", (int)state.changed, "failures", (int)state.failures,
				 "fetch_error", state.error);

	(void)json_object_update(list, more);
	json_decref(more);
}

/* "120000 names in 3 lists, the oldest fetched 3600s ago, 1 with an error" */
json_t *fetching_status(const struct server *s)
{
	const struct list_set *set = rulebook_current(&s->shared.rules)->lists;
	struct source_state state;
	unsigned wrong = 0, fetched = 0, never = 0;
	int64_t oldest_s = 0;
	size_t names = 0;
	char text[200], oldest[64] = "", missing[64] = "";

	for (unsigned i = 0; set && i < set->n; i++) {
		const struct listed *l = &set->lists[i];
		bool has_url = sources_state(s->sources, l->name, &state);

		names += l->names ? name_list_count(l->names) : 0;
		wrong += l->state.error[0] || (has_url && *state.error);
		never += has_url && state.fetched_s == 0;
		fetched += has_url && state.fetched_s != 0;
		if (has_url)
			oldest_s = MAX(oldest_s, age_s(&state));
	}
	if (fetched > 0)
		snprintf(oldest, sizeof oldest, ", the oldest fetched %llds ago",
			 (long long)oldest_s);
	if (never > 0)
		snprintf(missing, sizeof missing, ", %u never fetched", never);
	snprintf(text, sizeof text, "%zu names in %u list%s%s%s, %u with an error", names,
		 set ? set->n : 0, set && set->n == 1 ? "" : "s", oldest, missing, wrong);
	return json_string(text);
}

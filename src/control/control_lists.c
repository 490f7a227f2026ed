/* control_lists.c - lists: what each has, what was rejected, how old, how often it decided. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "control/control_private.h"
#include "policy/lists.h"
#include "policy/rules.h"

static const char *action_text(enum list_action action)
{
	switch (action) {
	case LIST_NXDOMAIN: return "nxdomain";
	case LIST_NODATA: return "nodata";
	case LIST_NULL: return "null";
	case LIST_ADDRESS: return "address";
	case LIST_REFUSE: return "refuse";
	case LIST_DROP: return "drop";
	}
	return "?";
}

static void print_list(struct client *k, const struct listed *l, long long age_s)
{
	const struct list_report *r = &l->state.report;

	unsent_print(
		&k->unsent,
		"%s: %zu entries, %s, %llu hits, read %llds ago, %zu octets, %u lines rejected\n",
		l->name, l->names ? name_list_count(l->names) : 0,
		l->allow ? "exceptions" : action_text(l->action),
		(unsigned long long)(l->names ? name_list_hits(l->names) : 0), age_s,
		l->names ? name_list_octets(l->names) : 0, r->rejected_n);
	for (unsigned i = 0; i < MIN(r->rejected_n, (uint32_t)LIST_EXAMPLES_MAX); i++)
		unsent_print(&k->unsent, "  line %u: %s: %s\n", r->examples[i].line,
			     r->examples[i].why, r->examples[i].text);
	if (l->state.error[0])
		unsent_print(&k->unsent, "  not read again: %s\n", l->state.error);
}

static void print_list_json(struct client *k, const struct listed *l, long long age_s)
{
	const struct list_report *r = &l->state.report;
	json_t *examples = json_array();

	for (unsigned i = 0; i < MIN(r->rejected_n, (uint32_t)LIST_EXAMPLES_MAX); i++)
		(void)json_array_append_new(examples, json_pack("{s:i,s:s,s:s}", "line",
								(int)r->examples[i].line, "why",
								r->examples[i].why, "text",
								r->examples[i].text));
	unsent_add_json_line(&k->unsent,
			     json_pack("{s:s,s:I,s:s,s:b,s:I,s:I,s:I,s:I,s:s,s:o}", "name", l->name,
				       "entries",
				       (json_int_t)(l->names ? name_list_count(l->names) : 0),
				       "action", action_text(l->action), "allow", l->allow, "hits",
				       (json_int_t)(l->names ? name_list_hits(l->names) : 0),
				       "age_s", (json_int_t)age_s, "octets",
				       (json_int_t)(l->names ? name_list_octets(l->names) : 0),
				       "rejected", (json_int_t)r->rejected_n, "error",
				       l->state.error, "examples", examples));
}

void lists_print(struct control *c, struct client *k)
{
	const struct list_set *set = rulebook_current(&c->shared->rules)->lists;
	long long now_s = (long long)time(NULL);

	if (!set || set->n == 0) {
		reply_error(k, "no lists are configured");
		return;
	}
	for (unsigned i = 0; i < set->n; i++) {
		const struct listed *l = &set->lists[i];
		long long age_s = l->state.read_at ? now_s - l->state.read_at : -1;

		if (k->json)
			print_list_json(k, l, age_s);
		else
			print_list(k, l, age_s);
	}
	reply_end(k);
}

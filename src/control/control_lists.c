/*
 * control_lists.c - lists: what each has, what was rejected, how old, how often it decided; and
 * fetching them now.
 */
#include <stdio.h>
#include <stdlib.h>
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

/* What is told of its URL, or an empty object; NULL when memory is short. */
static json_t *source_of(const struct control *c, const char *list)
{
	json_t *source = json_object();

	if (source)
		c->host->add_source(c->host->context, list, source);
	return source;
}

static long long number_of(const json_t *source, const char *key)
{
	return (long long)json_integer_value(json_object_get(source, key));
}

static void print_source(struct client *k, const json_t *source)
{
	const char *error = json_string_value(json_object_get(source, "fetch_error"));
	long long ago_s = number_of(source, "fetched_s");

	if (!error)
		return;
	unsent_print(&k->unsent, "  %s: ", json_string_value(json_object_get(source, "url")));
	if (ago_s < 0)
		unsent_print(&k->unsent, "never fetched");
	else
		unsent_print(&k->unsent, "fetched %llds ago", ago_s);
	unsent_print(&k->unsent, ", next in %llds\n", number_of(source, "next_s"));
	if (*error)
		unsent_print(&k->unsent, "  not fetched, %lld times in a row: %s\n",
			     number_of(source, "failures"), error);
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

static void print_list_json(struct client *k, const struct listed *l, long long age_s,
			    json_t *source)
{
	const struct list_report *r = &l->state.report;
	json_t *examples = json_array();

	for (unsigned i = 0; i < MIN(r->rejected_n, (uint32_t)LIST_EXAMPLES_MAX); i++)
		(void)json_array_append_new(examples, json_pack("{s:i,s:s,s:s}", "line",
								(int)r->examples[i].line, "why",
								r->examples[i].why, "text",
								r->examples[i].text));
	json_t *list = json_pack(
		"{s:s,s:I,s:s,s:b,s:I,s:I,s:I,s:I,s:s,s:o}", "name", l->name, "entries",
		(json_int_t)(l->names ? name_list_count(l->names) : 0), "action",
		action_text(l->action), "allow", l->allow, "hits",
		(json_int_t)(l->names ? name_list_hits(l->names) : 0), "age_s", (json_int_t)age_s,
		"octets", (json_int_t)(l->names ? name_list_octets(l->names) : 0), "rejected",
		(json_int_t)r->rejected_n, "error", l->state.error, "examples", examples);

	if (list)
		(void)json_object_update(list, source);
	unsent_add_json_line(&k->unsent, list);
}

static void print_any(struct control *c, struct client *k, const struct listed *l)
{
	long long age_s = l->state.read_at ? (long long)time(NULL) - l->state.read_at : -1;
	json_t *source = source_of(c, l->name);

	if (k->json) {
		print_list_json(k, l, age_s, source);
	} else {
		print_list(k, l, age_s);
		print_source(k, source);
	}
	json_decref(source);
}

void lists_print(struct control *c, struct client *k)
{
	const struct list_set *set = rulebook_current(&c->shared->rules)->lists;

	if (!set || set->n == 0) {
		reply_error(k, "no lists are configured");
		return;
	}
	for (unsigned i = 0; i < set->n; i++)
		print_any(c, k, &set->lists[i]);
	reply_end(k);
}

/* --- fetching them now ------------------------------------------------------------------- */

void lists_update(struct control *c, struct client *k, const char *list)
{
	snprintf(k->list, sizeof k->list, "%s", list ? list : "");
	if (control_count(c, WORK_LISTS) >= CONTROL_UPDATES_MAX)
		reply_error(k, "lists update: %d wait for lists already", CONTROL_UPDATES_MAX);
	else if (list && (strlen(list) >= sizeof k->list || !*list ||
			  !c->host->update_lists(c->host->context, list)))
		reply_error(k, "%s: no list with a url has that name", list);
	else if (!list && !c->host->update_lists(c->host->context, NULL))
		reply_error(k, "no list has a url");
	else
		k->work = WORK_LISTS;
}

/* One line of what came of it; an error goes to @p errors. */
static void tell_update(struct control *c, struct client *k, const struct listed *l, FILE *errors)
{
	json_t *source = source_of(c, l->name);
	const char *error = json_string_value(json_object_get(source, "fetch_error"));
	bool changed = json_is_true(json_object_get(source, "changed"));

	if (error && !*error && *l->state.error)
		error = l->state.error;
	if (error && *error)
		fprintf(errors, "%s%s: %s", ftell(errors) > 0 ? "\n" : "", l->name, error);
	else if (error && k->json)
		print_any(c, k, l);
	else if (error)
		unsent_print(&k->unsent, "%s: %s, %zu entries\n", l->name,
			     changed ? "fetched" : "the same as before",
			     l->names ? name_list_count(l->names) : 0);
	json_decref(source);
}

void lists_look(struct control *c, struct client *k)
{
	const struct list_set *set = rulebook_current(&c->shared->rules)->lists;
	char *text = NULL;
	size_t len = 0;

	if (!c->host->lists_are_updated(c->host->context, *k->list ? k->list : NULL))
		return;
	k->work = WORK_NONE;
	FILE *errors = open_memstream(&text, &len);
	bool found = !*k->list;

	for (unsigned i = 0; errors && set && i < set->n; i++) {
		if (*k->list && strcmp(k->list, set->lists[i].name) != 0)
			continue;
		found = true;
		tell_update(c, k, &set->lists[i], errors);
	}
	if (errors && !found)
		fprintf(errors, "%s: the list is gone", k->list);
	if (!errors || fclose(errors) != 0)
		reply_error(k, "out of memory");
	else if (len > 0)
		reply_error(k, "%s", text);
	else
		reply_end(k);
	free(text);
}

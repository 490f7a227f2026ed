/* host.c - what the control socket is told of the daemon, and may make it do. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/explain.h"
#include "daemon/server_private.h"
#include "zone/added.h"
#include "zone/leases.h"

static char *time_to_text(time_t at, char out[32])
{
	struct tm tm;

	out[0] = '\0';
	if (gmtime_r(&at, &tm))
		strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}

static void add_configuration(const struct server *s, json_t *status)
{
	const struct rules *rules = rulebook_current(&s->shared.rules);
	const char *path = s->start->path;
	char when[32];

	(void)json_object_set_new(status, "configuration",
				  json_pack("{s:I,s:s,s:s}", "generation",
					    (json_int_t)rules->generation, "since",
					    time_to_text(s->loaded_at, when), "file",
					    path ? path : "none, the defaults"));
}

/* "12 names in 1 file, changed 2026-11-20T10:00:00Z, 2 lines passed over" */
static json_t *names_to_json(unsigned names, unsigned files, unsigned unread, time_t at,
			     unsigned bad)
{
	char when[32], text[200], wrong[64] = "";

	if (unread > 0)
		snprintf(wrong, sizeof wrong, ", %u not to be read", unread);
	snprintf(text, sizeof text, "%u name%s in %u file%s%s, changed %s, %u line%s passed over",
		 names, names == 1 ? "" : "s", files, files == 1 ? "" : "s", wrong,
		 time_to_text(at, when), bad, bad == 1 ? "" : "s");
	return json_string(text);
}

static void add_names(const struct server *s, json_t *status)
{
	const struct rules *rules = rulebook_current(&s->shared.rules);
	const struct leases *leases = rules->leases;
	unsigned bad = 0, unread = 0;

	if (rules->config->hosts_n > 0)
		(void)json_object_set_new(status, "hosts",
					  names_to_json(s->names.hosts, rules->config->hosts_n,
							s->names.hosts_unread, s->names.hosts_at,
							s->names.hosts_bad));
	if (rules->config->lists_n > 0)
		(void)json_object_set_new(status, "lists", fetching_status(s));
	if (!leases)
		return;
	for (unsigned i = 0; i < leases_files(leases); i++) {
		bad += leases_file(leases, i)->bad_n;
		unread += leases_file(leases, i)->wrong != NULL;
	}
	(void)json_object_set_new(status, "leases",
				  names_to_json(leases_named(leases), leases_files(leases), unread,
						s->names.leases_at, bad));
}

static unsigned workers(void *context)
{
	const struct server *s = context;

	return s->sockets->workers_n;
}

/* What memory is too short for is missing. */
static void add_status(void *context, json_t *status)
{
	const struct server *s = context;

	(void)json_object_set_new(status, "listen", json_string(s->sockets->text));
	add_configuration(s, status);
	add_names(s, status);
	if (rulebook_current(&s->shared.rules)->tls)
		(void)json_object_set_new(status, "certificates", certificates_to_json(s));
	(void)json_object_set_new(status, "trust_anchors", keeper_anchors_to_json(s->keeper));
	(void)json_object_set_new(status, "negative_trust_anchors",
				  keeper_exceptions_to_json(s->keeper));
}

static json_t *exceptions(void *context)
{
	struct server *s = context;

	return keeper_exceptions_to_json(s->keeper);
}

static bool add_exception(void *context, const uint8_t *name, uint32_t life_s, const char **why)
{
	struct server *s = context;

	return keeper_add_exception(s->keeper, name, life_s, why);
}

static bool remove_exception(void *context, const uint8_t *name, const char **why)
{
	struct server *s = context;

	return keeper_remove_exception(s->keeper, name, why);
}

static void explain_answer(void *context, const struct address *client, const uint8_t *name,
			   uint16_t type, void (*tell)(void *to, json_t *line), void *to)
{
	explain(context, client, name, type, tell, to);
}

static unsigned reload(void *context)
{
	struct server *s = context;

	return loader_ask(s->loader);
}

static bool pause_for(void *context, const char *view, uint32_t seconds, const char **why)
{
	return pause_lists(context, view, seconds, why);
}

static json_t *views(void *context)
{
	return views_to_json(context);
}

static json_t *discovery(void *context)
{
	return discovered_to_json(context);
}

static json_t *local_data(void *context)
{
	return local_data_to_json(context);
}

static bool add_local(void *context, const char *record, bool *kept, const char **why)
{
	struct server *s = context;

	*kept = added_are_kept(s->added);
	return local_data_add(s, record, why);
}

static unsigned remove_local(void *context, const uint8_t *name, uint16_t type, const char **why)
{
	return local_data_remove(context, name, type, why);
}

static enum control_progress look_at_local(void *context)
{
	return local_data_look(context);
}

static void add_source(void *context, const char *list, json_t *to)
{
	fetching_add(context, list, to);
}

static bool update_lists(void *context, const char *list)
{
	struct server *s = context;

	return sources_update(s->sources, list);
}

/* Also what was fetched is in force by then. */
static bool lists_are_updated(void *context, const char *list)
{
	const struct server *s = context;

	return !sources_are_busy(s->sources, list) && !loader_is_busy(s->loader);
}

struct control_host host_of(struct server *s)
{
	return (struct control_host){.context = s,
				     .workers = workers,
				     .add_status = add_status,
				     .exceptions = exceptions,
				     .add_exception = add_exception,
				     .remove_exception = remove_exception,
				     .explain = explain_answer,
				     .reload = reload,
				     .pause = pause_for,
				     .views = views,
				     .discovery = discovery,
				     .local_data = local_data,
				     .add_local = add_local,
				     .remove_local = remove_local,
				     .look_at_local = look_at_local,
				     .add_source = add_source,
				     .update_lists = update_lists,
				     .lists_are_updated = lists_are_updated};
}

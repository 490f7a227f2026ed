/*
 * control_command.c - a request: read strictly, then answered or begun.
 *
 * A member that nobody knows is an error, as is one that the command does not
 * take: what was meant is better asked than guessed.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "base/clock.h"
#include "base/quantity.h"
#include "control/control_private.h"
#include "policy/options.h"

/** A request's members; NULL when absent. */
struct request_members {
	const char *command;
	const char *name;
	const char *type;
	const char *level;
	const char *duration;
	const char *client;
	const char *list;
	const char *view;
	const char *record;
};

/** The same, understood. */
struct order {
	struct question question;
	enum log_level level;
	uint32_t duration_s;
	struct address client;
	const char *list; /* NULL: all */
	const char *view; /* NULL: everybody */
	const char *record;
};

enum {
	NEEDS_NAME = 1,
	NEEDS_TYPE = 2,
	NEEDS_LEVEL = 4,
	MAY_HAVE_DURATION = 8,
	NEEDS_CLIENT = 16,
	MAY_HAVE_LIST = 32,
	MAY_HAVE_VIEW = 64,
	NEEDS_DURATION = 128,
	NEEDS_RECORD = 256,
	MAY_HAVE_TYPE = 512,
};

struct command {
	const char *name;
	unsigned needs;
	void (*run)(struct control *c, struct client *k, const struct order *o);
};

uint32_t control_now_s(void)
{
	return (uint32_t)(clock_ns(CLOCK_BOOTTIME) / NS_PER_S);
}

static const char *level_text(enum log_level level)
{
	static const char *const words[] = {
		[LOG_LEVEL_ERROR] = "error",   [LOG_LEVEL_WARNING] = "warning",
		[LOG_LEVEL_NOTICE] = "notice", [LOG_LEVEL_INFO] = "info",
		[LOG_LEVEL_DEBUG] = "debug",
	};

	return words[level];
}

#define FAILURES_TELLING 10 /* in a row: one zone whose servers are down is asked less often */

static void add_health(const struct control *c, json_t *status)
{
	uint64_t failed;
	uint64_t resolved = metrics_outcomes(c->shared, &failed);
	char text[128];

	failed = resolved == c->resolved ? failed - c->unresolved : 0;
	if (failed < FAILURES_TELLING)
		return;
	snprintf(text, sizeof text,
		 "nothing resolves: the last %llu answers for which servers had "
		 "to be asked failed",
		 (unsigned long long)failed);
	(void)json_object_set_new(status, "warning", json_string(text));
}

static void run_status(struct control *c, struct client *k, const struct order *o)
{
	const struct worker_shared *s = c->shared;
	uint64_t up_ms = clock_ns(CLOCK_BOOTTIME) / NS_PER_MS - c->started_ms;
	struct cache_counts counts;

	(void)o;
	cache_count(shared_cache(s), &counts);
	uint64_t percent = counts.limit ? counts.octets * 100 / counts.limit : 0;

	json_t *status = json_pack(
		"{s:s,s:i,s:I,s:i,s:s,s:{s:I,s:I,s:I,s:I}}", "version", TERN_VERSION, "pid",
		(int)getpid(), "uptime_s", (json_int_t)(up_ms / 1000), "workers",
		(int)c->host->workers(c->host->context), "log_level", level_text(s->log->level),
		"cache", "entries", (json_int_t)counts.entries, "octets", (json_int_t)counts.octets,
		"limit", (json_int_t)counts.limit, "percent", (json_int_t)percent);

	if (status)
		add_health(c, status);
	if (status)
		c->host->add_status(c->host->context, status);
	reply_object(k, status);
}

static void run_stats(struct control *c, struct client *k, const struct order *o)
{
	struct metrics m;

	(void)o;
	metrics_collect(c->shared, &m);
	reply_object(k, metrics_to_json(&m));
}

static void run_flush(struct control *c, struct client *k, const struct order *o)
{
	size_t n = shared_flush_name(c->shared, o->question.name);

	/* What was made of it during the walk is not kept either. */
	(void)!rulebook_publish_again(&c->shared->rules);
	reply_object(k, json_pack("{s:I}", "flushed", (json_int_t)n));
}

static void run_flush_zone(struct control *c, struct client *k, const struct order *o)
{
	size_t n = shared_flush_zone(c->shared, o->question.name);

	(void)!rulebook_publish_again(&c->shared->rules);
	/* Whoever flushes wants it asked again, of servers that were silent or lame, too. */
	infra_forgive(c->shared->infra);
	infra_forgive_ways(c->shared->infra);
	reply_object(k, json_pack("{s:I}", "flushed", (json_int_t)n));
}

static void run_dump_cache(struct control *c, struct client *k, const struct order *o)
{
	(void)o;
	k->work = WORK_DUMP;
	dump_slice(c, k);
}

static void run_trace(struct control *c, struct client *k, const struct order *o)
{
	trace_start(c, k, &o->question);
}

static void run_log_level(struct control *c, struct client *k, const struct order *o)
{
	struct log *log = c->shared->log;

	log_set_level(log, o->level);
	log_notice(log, "log level set to %s", level_text(o->level));
	reply_object(k, json_pack("{s:s}", "log_level", level_text(o->level)));
}

static void run_nta_add(struct control *c, struct client *k, const struct order *o)
{
	char name[TERN_NAME_TEXT_MAX];
	const char *why;

	tern_name_to_text(o->question.name, name);
	if (o->duration_s == 0) {
		reply_error(k, "duration: expected how long");
		return;
	}
	if (!c->host->add_exception(c->host->context, o->question.name, o->duration_s, &why)) {
		reply_error(k, "%s: %s", name, why);
		return;
	}
	log_notice(c->shared->log, "negative trust anchor %s: for %u s", name, o->duration_s);
	json_t *reply = json_pack("{s:s,s:I}", "name", name, "left_s", (json_int_t)o->duration_s);

	if (o->question.name[0] == 0) {
		log_warning(c->shared->log, "negative trust anchor .: nothing is validated");
		(void)json_object_set_new(reply, "warning",
					  json_string("every name is excepted: nothing is "
						      "validated until it ends"));
	}
	reply_object(k, reply);
}

static void run_nta_list(struct control *c, struct client *k, const struct order *o)
{
	(void)o;
	reply_object(k, json_pack("{s:o}", "negative_trust_anchors",
				  c->host->exceptions(c->host->context)));
}

static void run_nta_remove(struct control *c, struct client *k, const struct order *o)
{
	char name[TERN_NAME_TEXT_MAX];
	const char *why;

	tern_name_to_text(o->question.name, name);
	if (c->host->remove_exception(c->host->context, o->question.name, &why))
		reply_object(k, json_pack("{s:s}", "removed", name));
	else
		reply_error(k, "%s: %s", name, why);
}

static void run_reload(struct control *c, struct client *k, const struct order *o)
{
	(void)o;
	k->work = WORK_RELOAD;
	k->load = c->host->reload(c->host->context);
}

static void run_leases(struct control *c, struct client *k, const struct order *o)
{
	(void)o;
	leases_start(c, k);
}

static void run_lists(struct control *c, struct client *k, const struct order *o)
{
	(void)o;
	lists_print(c, k);
}

static void tell_step(void *to, json_t *line)
{
	struct client *k = to;

	if (k->json) {
		unsent_add_json_line(&k->unsent, line);
		return;
	}
	unsent_print(&k->unsent, "%-8s %s\n", json_string_value(json_object_get(line, "step")),
		     json_string_value(json_object_get(line, "text")));
	json_decref(line);
}

static void run_explain(struct control *c, struct client *k, const struct order *o)
{
	c->host->explain(c->host->context, &o->client, o->question.name, o->question.type,
			 tell_step, k);
	reply_end(k);
}

static void run_lists_update(struct control *c, struct client *k, const struct order *o)
{
	lists_update(c, k, o->list);
}

static void run_pause(struct control *c, struct client *k, const struct order *o)
{
	const char *why;

	if (!c->host->pause(c->host->context, o->view, o->duration_s, &why))
		reply_error(k, "%s", why);
	else
		reply_object(k, json_pack("{s:I}", "paused_s", (json_int_t)o->duration_s));
}

static void print_clients(struct client *k, const json_t *clients)
{
	json_t *client, *address;
	size_t i, n;

	json_array_foreach(clients, i, client)
	{
		const json_t *addresses = json_object_get(client, "addresses");

		unsent_print(&k->unsent, "  %s:%s",
			     json_string_value(json_object_get(client, "client")),
			     json_array_size(addresses) > 0 ? "" : " not found");
		json_array_foreach(addresses, n, address)
			unsent_print(&k->unsent, " %s", json_string_value(address));
		if (json_is_true(json_object_get(client, "claimed_by_several")))
			unsent_print(&k->unsent, ", claimed by several devices");
		unsent_print(&k->unsent, "\n");
	}
}

static void print_view(struct client *k, json_t *view)
{
	const char *name = json_string_value(json_object_get(view, "name"));
	const json_t *applies = json_object_get(view, "applies");
	const char *until = json_string_value(json_object_get(view, "until"));
	int own = json_is_true(json_object_get(view, "own_cache"));
	long long paused_s = json_integer_value(json_object_get(view, "paused_s"));

	unsent_print(&k->unsent, "%s: %lld networks, %lld lists, %lld zones of its own", name,
		     json_integer_value(json_object_get(view, "networks")),
		     json_integer_value(json_object_get(view, "lists")),
		     json_integer_value(json_object_get(view, "zones")));
	if (own)
		unsent_print(&k->unsent, ", %lld entries in a cache of its own",
			     json_integer_value(json_object_get(view, "cached")));
	if (paused_s > 0)
		unsent_print(&k->unsent, ", lists pause for %llds", paused_s);
	if (applies)
		unsent_print(&k->unsent, ", %s%s%s",
			     json_is_true(applies) ? "applies" : "passed over",
			     until && *until ? " " : "", until ? until : "");
	unsent_print(&k->unsent, "\n");
	print_clients(k, json_object_get(view, "clients"));
}

static void run_views(struct control *c, struct client *k, const struct order *o)
{
	json_t *views = c->host->views(c->host->context), *view;
	size_t i;

	(void)o;
	json_array_foreach(views, i, view)
	{
		if (k->json)
			unsent_add_json_line(&k->unsent, json_incref(view));
		else
			print_view(k, view);
	}
	json_decref(views);
	reply_end(k);
}

static void run_discovery(struct control *c, struct client *k, const struct order *o)
{
	(void)o;
	discovery_print(c, k);
}

static void run_local_data(struct control *c, struct client *k, const struct order *o)
{
	(void)o;
	records_print(c, k);
}

static void run_local_data_add(struct control *c, struct client *k, const struct order *o)
{
	records_add(c, k, o->record);
}

static void run_local_data_remove(struct control *c, struct client *k, const struct order *o)
{
	records_remove(c, k, o->question.name, o->question.type);
}

static const struct command commands[] = {
	{"status", 0, run_status},
	{"stats", 0, run_stats},
	{"flush", NEEDS_NAME, run_flush},
	{"flush-zone", NEEDS_NAME, run_flush_zone},
	{"dump-cache", 0, run_dump_cache},
	{"trace", NEEDS_NAME | NEEDS_TYPE, run_trace},
	{"log-level", NEEDS_LEVEL, run_log_level},
	{"nta-add", NEEDS_NAME | MAY_HAVE_DURATION, run_nta_add},
	{"nta-list", 0, run_nta_list},
	{"nta-remove", NEEDS_NAME, run_nta_remove},
	{"reload", 0, run_reload},
	{"explain", NEEDS_CLIENT | NEEDS_NAME | NEEDS_TYPE, run_explain},
	{"leases", 0, run_leases},
	{"lists", 0, run_lists},
	{"pause", NEEDS_DURATION | MAY_HAVE_VIEW, run_pause},
	{"views", 0, run_views},
	{"discovery", 0, run_discovery},
	{"lists-update", MAY_HAVE_LIST, run_lists_update},
	{"local-data", 0, run_local_data},
	{"local-data-add", NEEDS_RECORD, run_local_data_add},
	{"local-data-remove", NEEDS_NAME | MAY_HAVE_TYPE, run_local_data_remove},
};

/* --- reading the request ------------------------------------------------------- */

static const char **member_place(struct request_members *m, const char *key)
{
	if (strcmp(key, "command") == 0)
		return &m->command;
	if (strcmp(key, "name") == 0)
		return &m->name;
	if (strcmp(key, "type") == 0)
		return &m->type;
	if (strcmp(key, "duration") == 0)
		return &m->duration;
	if (strcmp(key, "view") == 0)
		return &m->view;
	if (strcmp(key, "client") == 0)
		return &m->client;
	if (strcmp(key, "list") == 0)
		return &m->list;
	if (strcmp(key, "record") == 0)
		return &m->record;
	return strcmp(key, "level") == 0 ? &m->level : NULL;
}

/* False when an error was replied. */
static bool read_member(struct client *k, struct request_members *m, const char *key,
			const json_t *value)
{
	const char **place = member_place(m, key);

	if (strcmp(key, "json") == 0 && json_is_boolean(value)) {
		k->json = json_is_true(value);
		return true;
	}
	if (place && json_is_string(value)) {
		*place = json_string_value(value);
		return true;
	}
	if (place || strcmp(key, "json") == 0)
		reply_error(k, "member \"%s\" must be a %s", key, place ? "string" : "boolean");
	else
		reply_error(k, "unknown member \"%s\"", key);
	return false;
}

static bool read_members(struct client *k, json_t *root, struct request_members *m)
{
	const char *key;
	json_t *value;

	if (!json_is_object(root)) {
		reply_error(k, "the request must be an object");
		return false;
	}
	json_object_foreach(root, key, value)
	{
		if (!read_member(k, m, key, value))
			return false;
	}
	if (!m->command)
		reply_error(k, "member \"command\" is missing");
	return m->command != NULL;
}

static bool has_what_it_needs(struct client *k, const struct command *command,
			      const struct request_members *m)
{
	const struct {
		const char *name, *value;
		unsigned needed, optional;
	} members[] = {
		{"name", m->name, NEEDS_NAME, 0},
		{"type", m->type, NEEDS_TYPE, MAY_HAVE_TYPE},
		{"level", m->level, NEEDS_LEVEL, 0},
		{"duration", m->duration, NEEDS_DURATION, MAY_HAVE_DURATION},
		{"view", m->view, 0, MAY_HAVE_VIEW},
		{"client", m->client, NEEDS_CLIENT, 0},
		{"list", m->list, 0, MAY_HAVE_LIST},
		{"record", m->record, NEEDS_RECORD, 0},
	};

	for (unsigned i = 0; i < ARRAY_LEN(members); i++) {
		bool needed = command->needs & members[i].needed;

		if (needed == (members[i].value != NULL) || (command->needs & members[i].optional))
			continue;
		reply_error(k,
			    needed ? "command \"%s\" needs a \"%s\""
				   : "command \"%s\" takes no \"%s\"",
			    command->name, members[i].name);
		return false;
	}
	return true;
}

static bool understand_duration(struct client *k, const char *text, struct order *o)
{
	uint64_t ms;

	o->duration_s = EXCEPTION_LIFE_S;
	if (text && strcmp(text, "off") == 0) {
		o->duration_s = 0;
		return true;
	}
	if (!text)
		return true;
	if (quantity_ms(text, &ms) && ms >= 1000 && ms % 1000 == 0 &&
	    ms / 1000 <= EXCEPTION_LIFE_MAX_S) {
		o->duration_s = (uint32_t)(ms / 1000);
		return true;
	}
	reply_error(k,
		    "duration: expected a duration of whole seconds from 1s to %us (number with "
		    "ms, s, m, h or d), found \"%s\"",
		    EXCEPTION_LIFE_MAX_S, text);
	return false;
}

static bool understand(struct client *k, const struct request_members *m, struct order *o)
{
	enum tern_status status = TERN_OK;

	if (m->name)
		status = tern_name_from_text(m->name, strlen(m->name), o->question.name);
	if (status != TERN_OK) {
		reply_error(k, "\"%s\" is not a domain name: %s", m->name,
			    tern_status_text(status));
		return false;
	}
	tern_name_lower(o->question.name, o->question.name);
	if (m->type &&
	    tern_type_from_text(m->type, strlen(m->type), &o->question.type) != TERN_OK) {
		reply_error(k, "\"%s\" is not a record type", m->type);
		return false;
	}
	if (m->level && !log_level_from_text(m->level, &o->level)) {
		reply_error(k, "\"%s\" is not a log level: error, warning, notice, info or debug",
			    m->level);
		return false;
	}
	if (m->client && !address_from_text(m->client, 0, &o->client)) {
		reply_error(k, "\"%s\" is not an address", m->client);
		return false;
	}
	o->list = m->list;
	o->view = m->view;
	o->record = m->record;
	return understand_duration(k, m->duration, o);
}

static void run_members(struct control *c, struct client *k, const struct request_members *m)
{
	struct order o = {.question.name = {0}};

	for (unsigned i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, m->command) != 0)
			continue;
		if (has_what_it_needs(k, &commands[i], m) && understand(k, m, &o))
			commands[i].run(c, k, &o);
		return;
	}
	reply_error(k, "unknown command \"%s\"", m->command);
}

void command_run(struct control *c, struct client *k, size_t len)
{
	struct request_members m = {0};
	json_error_t error;
	json_t *root = json_loadb(k->request, len, JSON_REJECT_DUPLICATES, &error);

	if (!root)
		reply_error(k, "the request is not JSON: %s at octet %d", error.text,
			    error.position);
	else if (read_members(k, root, &m))
		run_members(c, k, &m);
	json_decref(root);
}

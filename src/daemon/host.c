/* host.c - what the control socket is told of the daemon, and may make it do. */
#include <time.h>

#include "daemon/server_private.h"

static void add_configuration(const struct server *s, json_t *status)
{
	const struct rules *rules = rulebook_current(&s->shared.rules);
	const char *path = s->start->path;
	char when[32] = "";
	struct tm tm;

	if (gmtime_r(&s->loaded_at, &tm))
		strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	(void)json_object_set_new(status, "configuration",
				  json_pack("{s:I,s:s,s:s}", "generation",
					    (json_int_t)rules->generation, "since", when, "file",
					    path ? path : "none, the defaults"));
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

static unsigned reload(void *context)
{
	struct server *s = context;

	return loader_ask(s->loader);
}

struct control_host host_of(struct server *s)
{
	return (struct control_host){.context = s,
				     .workers = workers,
				     .add_status = add_status,
				     .exceptions = exceptions,
				     .add_exception = add_exception,
				     .remove_exception = remove_exception,
				     .reload = reload};
}

/* load_policies.c - policy zones; see load_private.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>

#include "daemon/followed.h"
#include "daemon/load_private.h"
#include "policy/rpz.h"
#include "zone/zone_text.h"

struct policy_load {
	struct followed *followed;
	struct rpz_zone *zone;
};

static bool take(void *context, const struct zone_record *r, const char **why)
{
	struct policy_load *x = context;

	return rpz_add(x->zone, r->owner, r->type, r->ttl_s, r->rdata, r->rdata_len, why);
}

static const char *read_file(void *context, const char *path, size_t *len, const char **why)
{
	struct policy_load *x = context;

	return followed_read(x->followed, FOLLOWED_POLICIES, path, len, why);
}

/* What was read before is no longer kept here: one that can't be read is a fault. */
static bool read_zone(struct policy_load *x, const struct policy_zone_options *o,
		      struct zone_text_fault *fault)
{
	const struct zone_text reader = {take, read_file, x};
	const char *why;
	size_t len;
	const char *text = read_file(x, o->file, &len, &why);

	snprintf(fault->file, sizeof fault->file, "%s", o->file);
	fault->line = 0;
	if (!text || why) {
		snprintf(fault->why, sizeof fault->why, "%s", why);
		return false;
	}
	if (!zone_text_read(&reader, o->file, text, len, o->name, fault))
		return false;
	snprintf(fault->why, sizeof fault->why, "out of memory");
	return rpz_seal(x->zone);
}

static void add_zone(struct load *l, const struct config *c, unsigned index,
		     struct followed *followed, char why[LOAD_WHY_MAX])
{
	const struct policy_zone_options *o = &c->policies[index];
	struct zone_text_fault *fault = malloc(sizeof *fault);
	struct policy_load x = {followed, fault ? rpz_create(o->name, o->action) : NULL};
	char text[TERN_NAME_TEXT_MAX], key[48], where[LOAD_KEY_MAX];
	unsigned n = l->policies->n;

	snprintf(key, sizeof key, "response-policy-zones[%u].file", index);
	if (!x.zone) {
		load_add_reason(why, "response-policy-zones: out of memory");
	} else if (!read_zone(&x, o, fault)) {
		if (fault->line > 0)
			load_add_reason(why, "%s:%u: %s", fault->file, fault->line, fault->why);
		else
			load_add_reason(why, "%s%s: %s", load_say_key(c, key, where), fault->file,
					fault->why);
		rpz_destroy(x.zone);
	} else {
		snprintf(l->policies->zones[n].name, RPZ_NAME_MAX, "%s",
			 tern_name_to_text(o->name, text));
		l->policies->zones[n].zone = x.zone;
		l->policies->n++;
	}
	free(fault);
}

void load_policies(struct load *l, const struct load_ground *g, struct followed *given,
		   char why[LOAD_WHY_MAX])
{
	const struct config *c = g->config;
	struct followed *followed = given ? given : followed_create();

	if (c->policies_n > 0)
		l->policies = calloc(1, sizeof *l->policies);
	if (!followed || (c->policies_n > 0 && !l->policies)) {
		load_add_reason(why, "response-policy-zones: out of memory");
	} else {
		followed_begin(followed, FOLLOWED_POLICIES);
		for (unsigned i = 0; i < c->policies_n; i++)
			add_zone(l, c, i, followed, why);
		followed_end(followed, FOLLOWED_POLICIES);
	}
	if (l->policies)
		rpz_set_finish(l->policies);
	if (!given)
		followed_destroy(followed);
}

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
	bool as_before; /* the texts that were good last */
};

static bool take(void *context, const struct zone_record *r, const char **why)
{
	struct policy_load *x = context;

	return rpz_add(x->zone, r->owner, r->type, r->ttl_s, r->rdata, r->rdata_len, why);
}

static const char *read_file(void *context, const char *path, size_t *len, const char **why)
{
	struct policy_load *x = context;

	*why = NULL;
	return x->as_before ? followed_read_good(x->followed, FOLLOWED_POLICIES, path, len)
			    : followed_read(x->followed, FOLLOWED_POLICIES, path, len, why);
}

static bool read_text(struct policy_load *x, const struct policy_zone_options *o, bool may_be_empty,
		      struct zone_text_fault *fault)
{
	const struct zone_text reader = {take, read_file, x};
	const char *why;
	size_t len;
	const char *text = read_file(x, o->file, &len, &why);

	snprintf(fault->file, sizeof fault->file, "%s", o->file);
	fault->line = 0;
	if (!text || why) {
		snprintf(fault->why, sizeof fault->why, "%s",
			 why ? why : "it was never good before");
		return false;
	}
	/* Whoever empties it fills it again, or the disk is full: without rules it has an SOA. */
	if (len == 0 && !may_be_empty) {
		snprintf(fault->why, sizeof fault->why, "it is empty");
		return false;
	}
	if (!zone_text_read(&reader, o->file, text, len, o->name, fault))
		return false;
	snprintf(fault->why, sizeof fault->why, "out of memory");
	return rpz_seal(x->zone);
}

/* NULL with @why when it is broken. */
static struct rpz_zone *read_zone(const struct load_ground *g, unsigned index,
				  struct followed *followed, bool as_before, char why[LOAD_WHY_MAX])
{
	const struct policy_zone_options *o = &g->config->policies[index];
	struct zone_text_fault *fault = malloc(sizeof *fault);
	struct policy_load x = {followed, fault ? rpz_create(o->name, o->action) : NULL, as_before};
	char key[48], where[LOAD_KEY_MAX];

	snprintf(key, sizeof key, "response-policy-zones[%u].file", index);
	if (!x.zone) {
		load_add_reason(why, "response-policy-zones: out of memory");
	} else if (!read_text(&x, o, !g->each || as_before, fault)) {
		if (fault->line > 0)
			load_add_reason(why, "%s:%u: %s", fault->file, fault->line, fault->why);
		else
			load_add_reason(why, "%s%s: %s", load_say_key(g->config, key, where),
					fault->file, fault->why);
		rpz_destroy(x.zone);
		x.zone = NULL;
	}
	free(fault);
	return x.zone;
}

/* Each stands for itself: one that is broken is taken as it was good last, and is a note. */
static struct rpz_zone *read_each(struct load *l, const struct load_ground *g, unsigned index,
				  struct followed *followed, char why[LOAD_WHY_MAX])
{
	char wrong[LOAD_WHY_MAX] = "", again[LOAD_WHY_MAX] = "";
	unsigned group = followed_group(followed);
	struct rpz_zone *zone = read_zone(g, index, followed, false, wrong);

	if (zone)
		return zone;
	followed_hold(followed, group);
	if (g->each)
		zone = read_zone(g, index, followed, true, again);
	if (zone)
		load_add_note(l, "%s; what was read before stays", wrong);
	else
		load_add_reason(why, "%s", wrong);
	return zone;
}

static void add_zone(struct load *l, const struct load_ground *g, unsigned index,
		     struct followed *followed, char why[LOAD_WHY_MAX])
{
	struct rpz_zone *zone = read_each(l, g, index, followed, why);
	char text[TERN_NAME_TEXT_MAX];
	unsigned n = l->policies->n;

	if (zone) {
		snprintf(l->policies->zones[n].name, RPZ_NAME_MAX, "%s",
			 tern_name_to_text(g->config->policies[index].name, text));
		l->policies->zones[n].zone = zone;
		l->policies->n++;
	}
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
			add_zone(l, g, i, followed, why);
		followed_settle(followed, FOLLOWED_POLICIES);
		/* What a load that comes to nothing did not read may be needed by the next one. */
		if (!why[0])
			followed_end(followed, FOLLOWED_POLICIES);
	}
	if (l->policies)
		rpz_set_finish(l->policies);
	if (!given)
		followed_destroy(followed);
}

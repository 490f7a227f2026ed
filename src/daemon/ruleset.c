/* ruleset.c - see ruleset.h. */
#include "daemon/ruleset.h"

#include <stdlib.h>
#include <string.h>

#include <tern/name.h>

#include "base/clock.h"
#include "daemon/peers.h"
#include "daemon/view_clients.h"
#include "dnssec/anchor.h"
#include "net/tls.h"
#include "policy/lists.h"
#include "policy/rpz.h"
#include "resolver/hints.h"
#include "zone/leases.h"
#include "zone/store.h"

/** The part RULES_CONFIG. */
struct config_part {
	struct config *config;
	struct route *routes;
	struct name_index *routes_index;
	struct nft_sets nft;
};

static void end_config(void *what)
{
	struct config_part *part = what;

	name_index_destroy(part->routes_index);
	nft_sets_end(&part->nft);
	free(part->routes);
	config_destroy(part->config);
	free(part);
}

static struct rules *begin(const struct rules *before)
{
	return before ? rules_derive(before) : rules_create();
}

/* Hints that say the same stay the same. */
static bool take_hints(struct rules *r, struct load *load)
{
	struct root_hints *fresh = load->hints;

	load->hints = NULL;
	if (r->hints && memcmp(r->hints, fresh, sizeof *fresh) == 0) {
		free(fresh);
		return true;
	}
	if (!rules_set_part(r, RULES_HINTS, fresh, free))
		return false;
	r->hints = fresh;
	return true;
}

static void end_policies(void *what)
{
	rpz_set_destroy(what);
}

/* Policy zones that say the same stay the same. */
static bool take_policies(struct rules *r, struct load *load)
{
	struct rpz_set *policies = load->policies;

	load->policies = NULL;
	if (!policies) {
		rules_drop_part(r, RULES_RPZ);
		r->rpz = NULL;
		return true;
	}
	if (r->rpz && rpz_set_equal(r->rpz, policies)) {
		rpz_set_destroy(policies);
		return true;
	}
	if (!rules_set_part(r, RULES_RPZ, policies, end_policies))
		return false;
	r->rpz = policies;
	return true;
}

/* Those that are asked where no view chooses. */
static uint64_t lists_of_everybody(const struct config *c)
{
	uint64_t asked = 0;

	for (unsigned i = 0; i < c->lists_n; i++)
		asked |= (uint64_t)c->lists[i].of_everybody << i;
	return asked;
}

static uint32_t policies_of_everybody(const struct config *c)
{
	uint32_t asked = 0;

	for (unsigned i = 0; i < c->policies_n; i++)
		asked |= (uint32_t)c->policies[i].of_everybody << i;
	return asked;
}

static bool take_config(struct rules *r, struct load *load)
{
	struct config_part *part = calloc(1, sizeof *part);

	if (!part)
		return false;
	*part = (struct config_part){load->config, load->routes, load->routes_index, load->nft};
	load->config = NULL;
	load->routes = NULL;
	load->routes_index = NULL;
	load->nft = (struct nft_sets){0};
	if (!rules_set_part(r, RULES_CONFIG, part, end_config))
		return false;
	r->config = part->config;
	r->access = part->config->access;
	r->routes = (struct routes){part->routes, load->routes_n, part->routes_index};
	r->nft = part->nft;
	r->resolver = part->config->resolver;
	r->serve = part->config->serve;
	r->listen = part->config->server.listen;
	r->listen_n = part->config->server.listen_n;
	r->rates = part->config->rates;
	r->changes = part->config->changes;
	r->lists_asked = lists_of_everybody(part->config);
	r->rpz_asked = policies_of_everybody(part->config);
	return true;
}

static void end_zones(void *what)
{
	zone_store_destroy(what);
}

/* Names that say the same stay the same. */
static bool take_zones(struct rules *r, struct load *load)
{
	struct zone_store *zones = load->zones;

	load->zones = NULL;
	if (r->zones && zone_store_equal(r->zones, zones)) {
		zone_store_destroy(zones);
		return true;
	}
	if (!rules_set_part(r, RULES_ZONES, zones, end_zones))
		return false;
	r->zones = zones;
	return true;
}

static void end_leases(void *what)
{
	leases_destroy(what);
}

/* Leases that say the same stay the same. */
static bool take_leases(struct rules *r, struct load *load)
{
	struct leases *leases = load->leases;

	load->leases = NULL;
	if (!leases && !r->leases)
		return true;
	if (leases && r->leases && leases_equal(r->leases, leases)) {
		leases_destroy(leases);
		return true;
	}
	if (!rules_set_part(r, RULES_LEASES, leases, end_leases))
		return false;
	r->leases = leases;
	return true;
}

static void end_lists(void *what)
{
	list_set_destroy(what);
}

/* Lists that say the same stay the same. */
static bool take_lists(struct rules *r, struct load *load)
{
	struct list_set *lists = load->lists;

	load->lists = NULL;
	if (r->lists && list_set_equal(r->lists, lists)) {
		list_set_destroy(lists);
		return true;
	}
	if (!rules_set_part(r, RULES_LISTS, lists, end_lists))
		return false;
	r->lists = lists;
	return true;
}

static void end_tls(void *what)
{
	tls_service_release(what);
}

static bool is_same_tls(const struct tls_service *a, const struct tls_service *b)
{
	return tls_service_equal(a, b) &&
	       memcmp(tls_service_ticket_key(a), tls_service_ticket_key(b), TLS_TICKET_KEY_LEN) ==
		       0;
}

static bool has_ended(const struct tls_service *tls)
{
	return tls_service_ends_s(tls) < (int64_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);
}

/*
 * Certificates that say the same stay the same. Those that have ended don't take the place of
 * some that have not. Tickets outlive certificates, unless files say by which key they are made.
 */
static bool take_tls(struct rules *r, struct load *load)
{
	struct tls_service *tls = load->tls, *before = r->tls;

	load->tls = NULL;
	if (!tls) {
		rules_drop_part(r, RULES_TLS);
		r->tls = NULL;
		return true;
	}
	if (before && tls_service_ticket_made_s(tls) == 0)
		tls_service_set_ticket_key(tls, tls_service_ticket_key(before),
					   tls_service_ticket_made_s(before));
	if (before && (is_same_tls(before, tls) || (has_ended(tls) && !has_ended(before)))) {
		tls_service_release(tls);
		return true;
	}
	if (!rules_set_part(r, RULES_TLS, tls, end_tls))
		return false;
	r->tls = tls;
	return true;
}

/* --- views ------------------------------------------------------------------------- */

static const struct view *find_view(const struct view_set *set, const char *name)
{
	for (unsigned i = 0; set && i < set->n; i++) {
		if (strcmp(set->views[i].name, name) == 0)
			return &set->views[i];
	}
	return NULL;
}

static bool has_class(const struct view_set *set, unsigned class)
{
	for (unsigned i = 0; set && i < set->n; i++) {
		if (set->views[i].class == class)
			return true;
	}
	return false;
}

/* The next one behind @given that nobody has, nor had before if that can be. Jobs of views that are
 * gone may go on, so those that were in use lately come last. */
static uint8_t free_class(const struct view_set *set, const struct view_set *before, unsigned given)
{
	for (unsigned either = 0; either < 2; either++) {
		for (unsigned i = 0; i < VIEWS_MAX; i++) {
			unsigned class = (given + i) % VIEWS_MAX + 1;

			if (!has_class(set, class) && (either || !has_class(before, class)))
				return (uint8_t) class;
		}
	}
	return VIEWS_MAX;
}

static void give_classes(struct view_set *set, const struct view_set *before, uint8_t *given)
{
	for (unsigned i = 0; i < set->n; i++) {
		const struct view *old = find_view(before, set->views[i].name);

		if (old)
			set->views[i].class = old->class;
	}
	for (unsigned i = 0; i < set->n; i++) {
		struct view *v = &set->views[i];

		if (v->class == 0)
			v->class = *given = free_class(set, before, *given);
		set->classes_n = MAX(set->classes_n, (unsigned)v->class);
	}
}

static bool take_views(struct rules *r, struct load *load, const struct rules *before)
{
	struct view_set *views = load->views;

	load->views = NULL;
	if (views)
		give_classes(views, before ? before->views : NULL, &r->class_given);
	return rules_set_views(r, views, load_views_free);
}

static bool take_clients(struct rules *r)
{
	return view_clients_fill(r, (int64_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S));
}

static struct rules *end_making(struct rules *r, struct load *load, bool good)
{
	load_free(load);
	if (good)
		return r;
	rules_destroy(r);
	return NULL;
}

struct rules *ruleset_make(struct load *load, const struct rules *before)
{
	struct rules *r = begin(before);

	if (before)
		peers_share(load->config, before->config);
	bool good = r && take_hints(r, load) && take_zones(r, load) && take_leases(r, load) &&
		    take_lists(r, load) && take_policies(r, load) && take_views(r, load, before) &&
		    take_tls(r, load) && take_config(r, load) && take_clients(r);

	return end_making(r, load, good);
}

struct rules *ruleset_refresh(struct load *load, const struct rules *before)
{
	struct rules *r = begin(before);
	bool good = r && (!(load->what & LOAD_HOSTS) || take_zones(r, load)) &&
		    (!(load->what & LOAD_LEASES) || take_leases(r, load)) &&
		    (!(load->what & LOAD_LISTS) || take_lists(r, load)) &&
		    (!(load->what & LOAD_POLICIES) || take_policies(r, load)) &&
		    (!(load->what & LOAD_TLS) || take_tls(r, load)) && take_clients(r);

	return end_making(r, load, good);
}

const struct config *ruleset_config(const struct rules *rules)
{
	return rules->config;
}

/* --- what has changed ----------------------------------------------------------- */

static bool routes_are_equal(const struct route *a, const struct route *b)
{
	if (a->kind != b->kind || a->first != b->first || a->policy != b->policy ||
	    a->transport != b->transport || a->validate != b->validate ||
	    a->servers_n != b->servers_n)
		return false;
	/* What was believed because of somebody's signature is not when that one is trusted no
	 * more. */
	for (unsigned i = 0; i < a->servers_n; i++) {
		if (!address_equal(&a->servers[i].address, &b->servers[i].address) ||
		    !tls_peer_same(a->servers[i].peer, b->servers[i].peer))
			return false;
	}
	return true;
}

static const struct route *find_route(const struct routes *routes, const uint8_t *zone)
{
	const struct route *r = route_find(routes, zone);

	return r && tern_name_equal(r->zone, zone) ? r : NULL;
}

static void note_any(void *context, const uint8_t *zone)
{
	(void)zone;
	*(bool *)context = true;
}

struct visitor {
	void (*visit)(void *context, const uint8_t *zone);
	void *context;
};

/* Those of @a that are not in @b: for a change it takes both directions. */
static void visit_routes(const struct routes *a, const struct routes *b, bool changed_too,
			 const struct visitor *v)
{
	for (unsigned i = 0; i < a->n; i++) {
		const struct route *other = find_route(b, a->routes[i].zone);

		if (!other || (changed_too && !routes_are_equal(&a->routes[i], other)))
			v->visit(v->context, a->routes[i].zone);
	}
}

bool ruleset_routes_are_equal(const struct routes *a, const struct routes *b)
{
	bool differ = false;
	const struct visitor v = {note_any, &differ};

	visit_routes(a, b, true, &v);
	visit_routes(b, a, false, &v);
	return !differ;
}

static bool has_anchor(const struct trust_anchors *t, const struct trust_anchor *a)
{
	for (unsigned i = 0; i < t->n; i++) {
		const struct trust_anchor *b = &t->anchors[i];

		if (a->type == b->type && a->rdata_len == b->rdata_len &&
		    tern_name_equal(a->zone, b->zone) &&
		    memcmp(a->rdata, b->rdata, a->rdata_len) == 0)
			return true;
	}
	return false;
}

static bool has_negative(const struct trust_anchors *t, const uint8_t *name)
{
	for (unsigned i = 0; i < t->negative_n; i++) {
		if (tern_name_equal(t->negative[i], name))
			return true;
	}
	return false;
}

static void visit_trust(const struct trust_anchors *a, const struct trust_anchors *b,
			const struct visitor *v)
{
	for (unsigned i = 0; i < a->n; i++) {
		if (!has_anchor(b, &a->anchors[i]))
			v->visit(v->context, a->anchors[i].zone);
	}
	for (unsigned i = 0; i < a->negative_n; i++) {
		if (!has_negative(b, a->negative[i]))
			v->visit(v->context, a->negative[i]);
	}
}

/* By other keys, another clock, or from another root on, everything may be different. */
static bool begins_alike(const struct rules *a, const struct rules *b)
{
	return a->resolver.validation == b->resolver.validation &&
	       a->resolver.sha1 == b->resolver.sha1 && a->wall == b->wall && a->hints == b->hints;
}

void ruleset_outdated(const struct rules *before, const struct rules *after,
		      void (*visit)(void *context, const uint8_t *zone), void *context)
{
	const struct visitor v = {visit, context};

	if (!begins_alike(before, after)) {
		visit(context, tern_name_root);
		return;
	}
	visit_routes(&before->routes, &after->routes, true, &v);
	visit_routes(&after->routes, &before->routes, false, &v);
	if (after->resolver.validation == VALIDATION_OFF)
		return;
	visit_trust(before->anchors, after->anchors, &v);
	visit_trust(after->anchors, before->anchors, &v);
}

bool ruleset_changes_names(const struct rules *before, const struct rules *after)
{
	return before->zones != after->zones || before->lists != after->lists ||
	       before->rpz != after->rpz || before->rpz_asked != after->rpz_asked ||
	       before->lists_asked != after->lists_asked ||
	       (before->leases != after->leases && leases_differ(before->leases, after->leases));
}

static bool ttl_rules_equal(const struct resolver_options *a, const struct resolver_options *b)
{
	if (a->ttl_rules_n != b->ttl_rules_n)
		return false;
	for (unsigned i = 0; i < a->ttl_rules_n; i++) {
		if (!tern_name_equal(a->ttl_rules[i].zone, b->ttl_rules[i].zone) ||
		    a->ttl_rules[i].min_s != b->ttl_rules[i].min_s ||
		    a->ttl_rules[i].max_s != b->ttl_rules[i].max_s)
			return false;
	}
	return true;
}

static bool names_equal(uint8_t *const *a, uint8_t *const *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (!tern_name_equal(a[i], b[i]))
			return false;
	}
	return true;
}

static bool resolver_equal(const struct resolver_options *a, const struct resolver_options *b)
{
	struct resolver_options plain_a = *a, plain_b = *b;

	plain_a.ttl_rules = plain_b.ttl_rules = NULL;
	plain_a.subnet.zones = plain_b.subnet.zones = NULL;
	/* By which way something came makes it no other thing. */
	memset(&plain_a.encryption, 0, sizeof plain_a.encryption);
	memset(&plain_b.encryption, 0, sizeof plain_b.encryption);
	return memcmp(&plain_a, &plain_b, sizeof plain_a) == 0 && ttl_rules_equal(a, b) &&
	       names_equal(a->subnet.zones, b->subnet.zones, a->subnet.zones_n);
}

bool ruleset_changes_answers(const struct rules *before, const struct rules *after)
{
	bool outdated = false;

	ruleset_outdated(before, after, note_any, &outdated);
	return outdated || before->views != after->views ||
	       !changes_are_equal(&before->changes, &after->changes) ||
	       ruleset_changes_names(before, after) ||
	       !resolver_equal(&before->resolver, &after->resolver) ||
	       !nft_sets_equal(&before->nft, &after->nft);
}

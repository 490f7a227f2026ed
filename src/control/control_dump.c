/*
 * control_dump.c - the cache as text: RRsets as in a zone file, the rest as comments.
 *
 * Entries are shown as the hash puts them. What is stored or evicted while a
 * dump goes on may be in it or not.
 */
#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "base/clock.h"
#include "control/control_private.h"
#include "resolver/zonecut.h"

#define SLICE_BUCKETS 64
#define CUT_MEMORY    65536           /* octets: a delegation unpacked */
#define SLICE_NS      (4 * NS_PER_MS) /* the main thread's other duties wait no longer */

struct dump {
	struct client *client;
	struct arena arena; /* of one item */
	char name[TERN_NAME_TEXT_MAX];
	char type[16];
};

/* The main thread's alone, and too large for its stack. */
static char rdata_text[TERN_RDATA_TEXT_MAX];

static const char *text_of(uint16_t type, const struct tern_rdata *rdata)
{
	/* Always large enough: every rdata has a text of at most TERN_RDATA_TEXT_MAX. */
	if (tern_rdata_to_text(type, rdata->octets, rdata->len, rdata_text, sizeof rdata_text) !=
	    TERN_OK)
		return "";
	return rdata_text;
}

static const char *kind_text(const struct cache_item *item)
{
	switch (item->kind) {
	case CACHE_ITEM_RRSET: return "rrset";
	case CACHE_ITEM_NODATA: return "nodata";
	case CACHE_ITEM_NXDOMAIN: return "nxdomain";
	case CACHE_ITEM_FAILURE: return "failure";
	case CACHE_ITEM_DELEGATION: return "delegation";
	case CACHE_ITEM_ANSWER: break;
	}
	return "answer";
}

static const char *security_text(const struct cache_item *item)
{
	static const char *const words[] = {
		[CACHE_UNCHECKED] = "unchecked",
		[CACHE_INSECURE] = "insecure",
		[CACHE_SECURE] = "secure",
		[CACHE_BOGUS] = "bogus",
	};

	return words[item->security];
}

static bool is_validated(const struct cache_item *item)
{
	return item->kind == CACHE_ITEM_RRSET || item->kind == CACHE_ITEM_NODATA ||
	       item->kind == CACHE_ITEM_NXDOMAIN;
}

static bool has_type(const struct cache_item *item)
{
	return item->kind != CACHE_ITEM_NXDOMAIN && item->kind != CACHE_ITEM_DELEGATION;
}

/* --- text ----------------------------------------------------------------------- */

static void print_records(struct dump *d, const struct cache_item *item, struct tern_rdata_iter it,
			  uint16_t type)
{
	struct tern_rdata rdata;
	char mnemonic[16];

	while (tern_rdata_next(&it, &rdata))
		unsent_print(&d->client->unsent, "%s\t%u\tIN\t%s\t%s ; %s%s\n", d->name,
			     item->ttl_s, tern_type_to_text(type, mnemonic, sizeof mnemonic),
			     text_of(type, &rdata), security_text(item),
			     item->stale ? ", stale" : "");
}

/* As the parent said it: server names, and their glue. */
static void print_delegation(struct dump *d, const struct cache_item *item)
{
	const struct zone_cut *cut = zone_cut_unpack(&d->arena, &item->delegation);
	char name[TERN_NAME_TEXT_MAX], address[ADDRESS_TEXT_MAX];

	for (unsigned i = 0; cut && i < cut->ns_n; i++)
		unsent_print(&d->client->unsent, "; %s\t%u\tdelegation\tNS\t%s\n", d->name,
			     item->ttl_s, tern_name_to_text(cut->ns[i].name, name));
	for (unsigned i = 0; cut && i < cut->servers_n; i++) {
		const struct cut_server *s = &cut->servers[i];

		unsent_print(&d->client->unsent, "; %s\t%u\tdelegation\tglue\t%s\t%s\n", d->name,
			     item->ttl_s, tern_name_to_text(cut->ns[s->ns].name, name),
			     address_to_text(&s->addr, address));
	}
}

static void print_item(struct dump *d, const struct cache_item *item)
{
	const struct cache_failure *failure = &item->failure;

	if (item->kind == CACHE_ITEM_DELEGATION) {
		print_delegation(d, item);
		return;
	}
	if (item->kind == CACHE_ITEM_FAILURE) {
		unsent_print(&d->client->unsent, "; %s\t%u\t%s\tfailure%s\tEDE %u\t%.*s\n", d->name,
			     item->ttl_s, d->type, item->stale ? " stale" : "", failure->ede,
			     (int)failure->text_len, failure->text);
		return;
	}
	if (item->kind == CACHE_ITEM_RRSET) {
		print_records(d, item, tern_rrset_rdatas(&item->set), item->type);
		print_records(d, item, tern_rrset_sigs(&item->set), TERN_TYPE_RRSIG);
		return;
	}
	unsent_print(&d->client->unsent, "; %s\t%u\t%s%s%s%s%s%s\n", d->name, item->ttl_s,
		     has_type(item) ? d->type : "", has_type(item) ? "\t" : "", kind_text(item),
		     item->stale ? " stale" : "", is_validated(item) ? " " : "",
		     is_validated(item) ? security_text(item) : "");
}

/* --- JSON ----------------------------------------------------------------------- */

static json_t *records_to_json(struct tern_rdata_iter it, uint16_t type)
{
	json_t *array = json_array();
	struct tern_rdata rdata;

	while (tern_rdata_next(&it, &rdata))
		(void)json_array_append_new(array, json_string(text_of(type, &rdata)));
	return array;
}

static json_t *servers_to_json(struct dump *d, const struct cache_item *item)
{
	const struct zone_cut *cut = zone_cut_unpack(&d->arena, &item->delegation);
	char name[TERN_NAME_TEXT_MAX], address[ADDRESS_TEXT_MAX];
	json_t *servers = json_object();

	for (unsigned i = 0; cut && i < cut->ns_n; i++)
		(void)json_object_set_new(servers, tern_name_to_text(cut->ns[i].name, name),
					  json_array());
	for (unsigned i = 0; cut && i < cut->servers_n; i++) {
		const struct cut_server *s = &cut->servers[i];
		json_t *of = json_object_get(servers, tern_name_to_text(cut->ns[s->ns].name, name));

		(void)json_array_append_new(of, json_string(address_to_text(&s->addr, address)));
	}
	return servers;
}

static void print_item_json(struct dump *d, const struct cache_item *item)
{
	json_t *object = json_pack("{s:s,s:s,s:i,s:b}", "kind", kind_text(item), "name", d->name,
				   "ttl", (int)item->ttl_s, "stale", (int)item->stale);

	if (has_type(item))
		(void)json_object_set_new(object, "type", json_string(d->type));
	if (is_validated(item))
		(void)json_object_set_new(object, "security", json_string(security_text(item)));
	if (item->kind == CACHE_ITEM_DELEGATION)
		(void)json_object_set_new(object, "servers", servers_to_json(d, item));
	if (item->kind == CACHE_ITEM_FAILURE) {
		(void)json_object_set_new(object, "ede", json_integer(item->failure.ede));
		(void)json_object_set_new(object, "reason",
					  json_stringn(item->failure.text, item->failure.text_len));
	}
	if (item->kind == CACHE_ITEM_RRSET) {
		(void)json_object_set_new(
			object, "rdata",
			records_to_json(tern_rrset_rdatas(&item->set), item->type));
		(void)json_object_set_new(
			object, "rrsig",
			records_to_json(tern_rrset_sigs(&item->set), TERN_TYPE_RRSIG));
	}
	unsent_add_json_line(&d->client->unsent, object);
}

static void visit(void *context, const struct cache_item *item)
{
	struct dump *d = context;

	arena_init(&d->arena, CUT_MEMORY);
	tern_name_to_text(item->name, d->name);
	tern_type_to_text(item->type, d->type, sizeof d->type);
	if (d->client->json)
		print_item_json(d, item);
	else
		print_item(d, item);
	arena_reset(&d->arena);
}

void dump_slice(struct control *c, struct client *k)
{
	struct dump d = {.client = k};
	uint64_t until_ns = clock_ns(CLOCK_MONOTONIC) + SLICE_NS;
	uint32_t now_s = control_now_s();

	while (unsent_left(&k->unsent) < UNSENT_ENOUGH && !k->unsent.broken) {
		if (!cache_walk(shared_cache(c->shared), &k->dump_at, SLICE_BUCKETS, now_s, visit,
				&d)) {
			reply_end(k);
			return;
		}
		if (clock_ns(CLOCK_MONOTONIC) >= until_ns)
			return;
	}
}

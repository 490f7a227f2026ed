/*
 * rpz.c - see rpz.h.
 *
 * A rule is a name or a network, with the records that stand there. While the zone is read,
 * records are chained to their rule; sealed, the records of a rule are sets.
 */
#include "policy/rpz.h"

#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "policy/client_map.h"
#include "policy/rpz_names.h"

struct record {
	struct record *next;
	uint32_t ttl_s;
	uint16_t type;
	uint16_t rr_n; /* sealed: of the set; 0: it is in another one */
	uint32_t rdata_len;
	const uint8_t *rdata; /* packed as an RRset's */
};

struct rule {
	const uint8_t *owner; /* whole, lower case */
	const uint8_t *name;  /* that is looked at, without the wildcard's label; NULL for none */
	struct record *records;
	uint32_t ttl_s;
	uint16_t records_n;
	uint8_t action;
	uint8_t trigger;
};

/** Networks of one trigger. */
struct networks {
	struct client_network *list; /* to places in rules */
	uint32_t *rules;
	unsigned n;
	struct client_map map;
};

struct rpz_zone {
	const uint8_t *apex;
	size_t apex_len;
	enum rpz_action override;
	struct arena arena;
	struct name_index *owners; /* to rules, by whole owner */
	struct rule *rules;
	unsigned rules_n;
	struct rpz_names names[RPZ_TRIGGERS]; /* of those that look at names */
	struct networks networks[RPZ_TRIGGERS];
	uint64_t digest; /* of all that was added, in order */
};

static bool is_of_names(enum rpz_trigger t)
{
	return t == RPZ_QNAME || t == RPZ_NSDNAME;
}

struct rpz_zone *rpz_create(const uint8_t *apex, enum rpz_action override)
{
	struct rpz_zone *z = calloc(1, sizeof *z);
	bool good = z != NULL;

	if (!z)
		return NULL;
	arena_init(&z->arena, SIZE_MAX);
	z->override = override;
	z->apex_len = tern_name_len(apex);
	z->owners = name_index_create();
	good = z->owners != NULL;
	for (unsigned t = 0; t < RPZ_TRIGGERS; t++) {
		if (is_of_names(t))
			good = rpz_names_begin(&z->names[t]) && good;
	}
	uint8_t *copy = arena_take(&z->arena, z->apex_len);

	if (copy)
		tern_name_lower(copy, apex);
	z->apex = copy;
	if (good && copy)
		return z;
	rpz_destroy(z);
	return NULL;
}

void rpz_destroy(struct rpz_zone *z)
{
	if (!z)
		return;
	for (unsigned t = 0; t < RPZ_TRIGGERS; t++) {
		rpz_names_end(&z->names[t]);
		free(z->networks[t].list);
		free(z->networks[t].rules);
		client_map_free(&z->networks[t].map);
	}
	name_index_destroy(z->owners);
	arena_reset(&z->arena);
	free(z->rules);
	free(z);
}

/* --- what an owner means ------------------------------------------------------------ */

static bool label_is(const uint8_t *label, const char *text)
{
	return *label == strlen(text) && memcmp(label + 1, text, *label) == 0;
}

/* The last label of the trigger says what it looks at; @len octets before it are the rest. */
static enum rpz_trigger trigger_of(const uint8_t *relative, size_t *len)
{
	static const struct {
		const char *label;
		enum rpz_trigger trigger;
	} words[] = {{"rpz-client-ip", RPZ_CLIENT_IP},
		     {"rpz-ip", RPZ_IP},
		     {"rpz-nsip", RPZ_NSIP},
		     {"rpz-nsdname", RPZ_NSDNAME}};
	const uint8_t *at = relative, *last = relative;

	while (*at) {
		last = at;
		at += *at + 1;
	}
	*len = (size_t)(at - relative);
	for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
		if (!label_is(last, words[i].label))
			continue;
		*len = (size_t)(last - relative);
		return words[i].trigger;
	}
	return RPZ_QNAME;
}

static bool read_number(const uint8_t *label, unsigned base, unsigned max, unsigned *out)
{
	*out = 0;
	if (*label == 0 || *label > 4)
		return false;
	for (unsigned i = 1; i <= *label; i++) {
		uint8_t c = label[i];
		unsigned digit = 99;

		if (c >= '0' && c <= '9')
			digit = c - (unsigned)'0';
		else if (c >= 'a' && c <= 'f')
			digit = c - (unsigned)'a' + 10;

		if (digit >= base)
			return false;
		*out = *out * base + digit;
	}
	return *out <= max;
}

/* "24.0.2.0.192": the length, then the octets from the last one on. */
static bool read_ipv4(const uint8_t *const labels[], struct prefix *out)
{
	unsigned number;

	out->base.family = 4;
	for (unsigned i = 0; i < 4; i++) {
		if (!read_number(labels[i + 1], 10, 255, &number))
			return false;
		out->base.octets[3 - i] = (uint8_t)number;
	}
	return true;
}

/* "48.zz.1.db8.2001": words of 16 bits, "zz" for those that are zero. */
static bool read_ipv6(const uint8_t *const labels[], unsigned n, struct prefix *out)
{
	unsigned at = 8, number;
	bool gap = false;

	out->base.family = 6;
	for (unsigned i = 1; i < n; i++) {
		if (label_is(labels[i], "zz")) {
			if (gap || n - 1 > 8)
				return false;
			gap = true;
			at -= 8 - (n - 2);
			continue;
		}
		if (at == 0 || !read_number(labels[i], 16, 0xffff, &number))
			return false;
		put_u16(out->base.octets + 2 * --at, (uint16_t)number);
	}
	return at == 0;
}

/* Host bits are zero: else the rule would never say what its author meant. */
static bool has_host_bits(const struct prefix *p, unsigned width)
{
	for (unsigned bit = p->bits; bit < width; bit++) {
		if (p->base.octets[bit / 8] >> (7 - bit % 8) & 1)
			return true;
	}
	return false;
}

static bool read_network(const uint8_t *relative, size_t len, struct prefix *out)
{
	const uint8_t *labels[10];
	unsigned n = 0, bits;

	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < len; i += relative[i] + 1u) {
		if (n == ARRAY_LEN(labels))
			return false;
		labels[n++] = relative + i;
	}
	if (n < 2 || !read_number(labels[0], 10, 128, &bits))
		return false;
	bool ipv4 = n == 5 && !label_is(labels[1], "zz") && !label_is(labels[2], "zz") &&
		    !label_is(labels[3], "zz") && !label_is(labels[4], "zz");

	if (ipv4 ? !read_ipv4(labels, out) : !read_ipv6(labels, n, out))
		return false;
	out->bits = (uint8_t)bits;
	return bits <= (ipv4 ? 32u : 128u) && !has_host_bits(out, ipv4 ? 32 : 128);
}

/* --- filling -------------------------------------------------------------------------- */

/* Capacities are powers of two, so nobody has to keep them. */
static void *grow(void *items, unsigned n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return items;
	return reallocarray(items, n > 0 ? 2 * (size_t)n : 1, size);
}

static const uint8_t *copy_name(struct rpz_zone *z, const uint8_t *octets, size_t len)
{
	uint8_t *copy = arena_take(&z->arena, len + 1);

	if (!copy)
		return NULL;
	memcpy(copy, octets, len);
	copy[len] = 0;
	return copy;
}

static bool add_network(struct rpz_zone *z, enum rpz_trigger t, const struct prefix *p,
			uint32_t rule)
{
	struct networks *n = &z->networks[t];
	struct client_network *list = grow(n->list, n->n, sizeof *list);
	uint32_t *rules;

	if (!list)
		return false;
	n->list = list;
	rules = grow(n->rules, n->n, sizeof *rules);
	if (!rules)
		return false;
	n->rules = rules;
	n->list[n->n] = (struct client_network){*p, n->n, 0};
	n->rules[n->n++] = rule;
	return true;
}

/* Find out what the rule looks at, and how it is found. */
static const char *place(struct rpz_zone *z, uint32_t number, const uint8_t *owner)
{
	struct rule *rule = &z->rules[number];
	uint8_t relative[TERN_NAME_MAX];
	size_t len = tern_name_len(owner) - z->apex_len;
	struct prefix prefix;

	memcpy(relative, owner, len);
	relative[len] = 0;
	enum rpz_trigger t = trigger_of(relative, &len);

	rule->trigger = (uint8_t)t;
	if (!is_of_names(t)) {
		if (!read_network(relative, len, &prefix))
			return "expected a network before it, as 24.0.2.0.192";
		return add_network(z, t, &prefix, number) ? NULL : "out of memory";
	}
	bool wildcard = len >= 2 && relative[0] == 1 && relative[1] == '*';

	rule->name = copy_name(z, relative + (wildcard ? 2 : 0), len - (wildcard ? 2 : 0));
	if (!rule->name || !rpz_names_add(&z->names[t], rule->name, wildcard, number))
		return "out of memory";
	return NULL;
}

static struct rule *rule_of(struct rpz_zone *z, const uint8_t *owner, const char **why)
{
	uint32_t number = name_index_get(z->owners, owner);
	struct rule *rules;

	if (number != NAME_INDEX_NONE)
		return &z->rules[number];
	*why = "too many rules";
	if (z->rules_n == RPZ_RULES_MAX)
		return NULL;
	*why = "out of memory";
	rules = grow(z->rules, z->rules_n, sizeof *rules);
	if (!rules)
		return NULL;
	z->rules = rules;
	const uint8_t *copy = copy_name(z, owner, tern_name_len(owner) - 1);

	if (!copy || !name_index_add(z->owners, copy, z->rules_n))
		return NULL;
	rules[z->rules_n] = (struct rule){.owner = copy, .action = RPZ_DATA};
	*why = place(z, z->rules_n, owner);
	if (*why)
		return NULL;
	return &rules[z->rules_n++];
}

/* What the target of the alias says. */
static enum rpz_action action_of(const uint8_t *target)
{
	static const struct {
		const char *label;
		enum rpz_action action;
	} words[] = {{"*", RPZ_NODATA},
		     {"rpz-passthru", RPZ_PASSTHRU},
		     {"rpz-drop", RPZ_DROP},
		     {"rpz-tcp-only", RPZ_TCP_ONLY}};

	if (*target == 0)
		return RPZ_NXDOMAIN;
	for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
		if (target[*target + 1] == 0 && label_is(target, words[i].label))
			return words[i].action;
	}
	return RPZ_CNAME;
}

static bool add_record(struct rpz_zone *z, struct rule *rule, uint16_t type, uint32_t ttl_s,
		       const uint8_t *rdata, uint16_t len)
{
	struct record *r = arena_take(&z->arena, sizeof *r);
	uint8_t *packed = arena_take(&z->arena, len + 2u);

	if (!r || !packed)
		return false;
	put_u16(packed, len);
	memcpy(packed + 2, rdata, len);
	*r = (struct record){rule->records, ttl_s, type, 1, len + 2u, packed};
	rule->records = r;
	return true;
}

static void digest(struct rpz_zone *z, const void *octets, size_t len)
{
	static const struct hash_key key = {0x72707a, 0x7a7072};

	z->digest = hash_bytes(&key, z->digest, octets, len);
}

bool rpz_add(struct rpz_zone *z, const uint8_t *owner, uint16_t type, uint32_t ttl_s,
	     const uint8_t *rdata, uint16_t len, const char **why)
{
	uint8_t target[TERN_NAME_MAX];
	struct rule *rule;

	*why = NULL;
	if (!tern_name_is_below_or_equal(owner, z->apex)) {
		*why = "the name is outside of the zone";
		return false;
	}
	if (tern_name_equal(owner, z->apex))
		return true;
	rule = rule_of(z, owner, why);
	if (!rule)
		return false;
	*why = NULL;
	digest(z, owner, tern_name_len(owner));
	digest(z, &type, sizeof type);
	digest(z, &ttl_s, sizeof ttl_s);
	digest(z, rdata, len);
	if (rule->records && (type == TERN_TYPE_CNAME || rule->action != RPZ_DATA)) {
		*why = "an alias stands alone";
		return false;
	}
	if (type == TERN_TYPE_CNAME) {
		tern_name_lower(target, rdata);
		rule->action = (uint8_t)action_of(target);
	}
	if (rule->records_n == RPZ_RECORDS_MAX) {
		*why = "too many records of one name";
		return false;
	}
	rule->records_n++;
	rule->ttl_s = ttl_s;
	if (!add_record(z, rule, type, ttl_s, rdata, len))
		*why = "out of memory";
	return !*why;
}

/* --- sealing --------------------------------------------------------------------------- */

/* Records of one type become one set, in the first of them. */
static bool join_sets(struct rpz_zone *z, struct rule *rule)
{
	for (struct record *r = rule->records; r; r = r->next) {
		size_t len = r->rdata_len;
		unsigned n = 1;

		if (r->rr_n == 0)
			continue;
		for (struct record *o = r->next; o; o = o->next) {
			if (o->type == r->type && o->rr_n > 0) {
				len += o->rdata_len;
				n++;
			}
		}
		if (n == 1)
			continue;
		uint8_t *all = arena_take(&z->arena, len);
		size_t at = r->rdata_len;

		if (!all)
			return false;
		memcpy(all, r->rdata, r->rdata_len);
		for (struct record *o = r->next; o; o = o->next) {
			if (o->type != r->type || o->rr_n == 0)
				continue;
			memcpy(all + at, o->rdata, o->rdata_len);
			at += o->rdata_len;
			r->ttl_s = MIN(r->ttl_s, o->ttl_s);
			o->rr_n = 0;
		}
		r->rdata = all;
		r->rdata_len = (uint32_t)len;
		r->rr_n = (uint16_t)n;
	}
	return true;
}

bool rpz_seal(struct rpz_zone *z)
{
	for (unsigned i = 0; i < z->rules_n; i++) {
		struct rule *rule = &z->rules[i];

		if (!join_sets(z, rule) ||
		    (rule->name && !rpz_names_settle(&z->names[rule->trigger], rule->name)))
			return false;
	}
	for (unsigned t = 0; t < RPZ_TRIGGERS; t++) {
		struct networks *n = &z->networks[t];

		if (!client_map_make(&n->map, n->list, n->n))
			return false;
	}
	return true;
}

unsigned rpz_rules_n(const struct rpz_zone *z)
{
	return z->rules_n;
}

bool rpz_has(const struct rpz_zone *z, enum rpz_trigger t)
{
	for (unsigned i = 0; is_of_names(t) && i < z->rules_n; i++) {
		if (z->rules[i].trigger == t)
			return true;
	}
	return z->networks[t].n > 0;
}

bool rpz_equal(const struct rpz_zone *a, const struct rpz_zone *b)
{
	return a->rules_n == b->rules_n && a->digest == b->digest && a->override == b->override &&
	       tern_name_equal(a->apex, b->apex);
}

/* --- asking ------------------------------------------------------------------------------ */

static bool give(const struct rpz_zone *z, uint32_t number, struct rpz_rule *out)
{
	const struct rule *rule = &z->rules[number];

	*out = (struct rpz_rule){.action = z->override != RPZ_GIVEN ? z->override
								    : (enum rpz_action)rule->action,
				 .trigger = (enum rpz_trigger)rule->trigger,
				 .ttl_s = rule->ttl_s,
				 .owner = rule->owner,
				 .records = rule->records};
	return true;
}

bool rpz_find_name(const struct rpz_zone *z, enum rpz_trigger t, const uint8_t *name,
		   struct rpz_rule *out)
{
	uint32_t number = rpz_names_find(&z->names[t], name);

	return number != NAME_INDEX_NONE && give(z, number, out);
}

bool rpz_find_address(const struct rpz_zone *z, enum rpz_trigger t, const struct address *a,
		      struct rpz_rule *out)
{
	uint32_t at =
		z->networks[t].n > 0 ? client_map_find(&z->networks[t].map, a) : CLIENT_MAP_NONE;

	return at != CLIENT_MAP_NONE && give(z, z->networks[t].rules[at], out);
}

bool rpz_set(const struct rpz_rule *rule, const uint8_t *name, uint16_t type,
	     struct tern_rrset *out)
{
	for (const struct record *r = rule->records; r; r = r->next) {
		if (r->rr_n == 0 || (r->type != type && type != TERN_TYPE_ANY))
			continue;
		*out = (struct tern_rrset){.owner = name,
					   .rdata = r->rdata,
					   .rdata_len = r->rdata_len,
					   .ttl_s = r->ttl_s,
					   .type = r->type,
					   .rclass = TERN_CLASS_IN,
					   .rr_n = r->rr_n};
		return true;
	}
	return false;
}

bool rpz_alias(const struct rpz_rule *rule, const uint8_t *name, uint8_t out[TERN_NAME_MAX])
{
	const struct record *r = rule->records;
	const uint8_t *target = r->rdata + 2;
	size_t name_len = tern_name_len(name) - 1;

	if (!tern_name_is_wildcard(target)) {
		tern_name_lower(out, target);
		return true;
	}
	if (name_len + tern_name_len(target + 2) > TERN_NAME_MAX)
		return false;
	memcpy(out, name, name_len);
	tern_name_lower(out + name_len, target + 2);
	return true;
}

void rpz_set_finish(struct rpz_set *set)
{
	for (unsigned i = 0; i < set->n; i++) {
		for (unsigned t = 0; t < RPZ_TRIGGERS; t++)
			set->has[t] |= rpz_has(set->zones[i].zone, t);
	}
}

void rpz_set_destroy(struct rpz_set *set)
{
	if (!set)
		return;
	for (unsigned i = 0; i < set->n; i++)
		rpz_destroy(set->zones[i].zone);
	free(set);
}

bool rpz_set_equal(const struct rpz_set *a, const struct rpz_set *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++) {
		if (strcmp(a->zones[i].name, b->zones[i].name) != 0 ||
		    !rpz_equal(a->zones[i].zone, b->zones[i].zone))
			return false;
	}
	return true;
}

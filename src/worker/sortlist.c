/* sortlist.c - see sortlist.h. */
#include "worker/sortlist.h"

#include <string.h>

#include <tern/message.h>
#include <tern/rr.h>

#include "base/compiler.h"

#define SORTED_MAX 64 /* addresses of one answer; what comes behind stays there */

static bool holds(const struct prefix *prefixes, unsigned n, const struct address *a)
{
	for (unsigned i = 0; i < n; i++) {
		if (prefix_holds(&prefixes[i], a))
			return true;
	}
	return false;
}

static const struct sort_rule *rule_for(const struct sort_rule *rules, unsigned n,
					const struct address *client)
{
	for (unsigned i = 0; i < n; i++) {
		if (holds(rules[i].clients, rules[i].clients_n, client))
			return &rules[i];
	}
	return NULL;
}

/* How far down in the order; as many as there are prefixes: in none of them. */
static unsigned rank_of(const struct sort_rule *rule, const struct address *a)
{
	unsigned i = 0;

	while (i < rule->prefer_n && !prefix_holds(&rule->prefer[i], a))
		i++;
	return i;
}

struct ranked {
	struct address address;
	unsigned rank;
};

static bool read_address(const uint8_t *rdata, size_t len, uint16_t type, struct ranked *out)
{
	if (len != (type == TERN_TYPE_A ? 4u : 16u))
		return false;
	out->address = (struct address){.family = type == TERN_TYPE_A ? 4 : 6};
	memcpy(out->address.octets, rdata, len);
	return true;
}

/* By insertion: there are few, and those of one rank keep their order. */
static void insert(struct ranked *sorted, unsigned n, const struct ranked *one)
{
	while (n > 0 && sorted[n - 1].rank > one->rank) {
		sorted[n] = sorted[n - 1];
		n--;
	}
	sorted[n] = *one;
}

static void sort_type(const struct sort_rule *rule, const struct tern_message *m, uint16_t type,
		      uint8_t *out)
{
	struct ranked sorted[SORTED_MAX];
	uint16_t at[SORTED_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < m->section_n[TERN_ANSWER] && n < SORTED_MAX; i++) {
		const struct tern_rr_ref *rr = tern_message_rr(m, TERN_ANSWER, i);
		struct ranked one;

		if (rr->type != type ||
		    !read_address(out + rr->rdata_at, rr->rdata_len, type, &one))
			continue;
		one.rank = rank_of(rule, &one.address);
		at[n] = rr->rdata_at;
		insert(sorted, n++, &one);
	}
	for (unsigned i = 0; i < n; i++)
		memcpy(out + at[i], sorted[i].address.octets, type == TERN_TYPE_A ? 4 : 16);
}

void sortlist_apply(const struct sort_rule *rules, unsigned n, const struct address *client,
		    uint8_t *out, size_t len)
{
	const struct sort_rule *rule = rule_for(rules, n, client);
	struct tern_rr_ref rrs[SORTLIST_RRS_MAX];
	struct tern_message m;

	if (!rule || tern_message_parse(out, len, rrs, ARRAY_LEN(rrs), &m) != TERN_OK)
		return;
	sort_type(rule, &m, TERN_TYPE_A, out);
	sort_type(rule, &m, TERN_TYPE_AAAA, out);
}

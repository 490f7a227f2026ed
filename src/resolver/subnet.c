/* subnet.c - see subnet.h. */
#include "resolver/subnet.h"

#include <string.h>

#include <tern/edns.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "resolver/machine.h"

#define OPTION_HEAD 4 /* octets: family, source and scope prefix lengths */
#define IANA_IPV4   1
#define IANA_IPV6   2

static const struct prefix everywhere; /* of no family: never a client's */

/* Addresses, and what leads to them. */
static bool is_type_for(uint16_t type)
{
	return type == TERN_TYPE_A || type == TERN_TYPE_AAAA || type == TERN_TYPE_HTTPS ||
	       type == TERN_TYPE_SVCB || type == TERN_TYPE_CNAME;
}

bool subnet_applies(const struct job *job, const struct frame *f, const uint8_t *name,
		    uint16_t type)
{
	return unlikely(job->subnet.base.family != 0) && subnet_is_listed(job, f, name, type);
}

/* An alias that is met by a question of another type was not asked for with a network. */
static bool is_listed(const struct job *job, uint16_t asked, const uint8_t *name, uint16_t type)
{
	const struct resolver_options *o = &job->rules->resolver;

	if (likely(o->subnet.zones_n == 0) || !is_type_for(asked) || !is_type_for(type) ||
	    tern_name_len(name) + CACHE_SCOPE_OCTETS > TERN_NAME_MAX)
		return false;
	for (unsigned i = 0; i < o->subnet.zones_n; i++) {
		if (tern_name_is_below_or_equal(name, o->subnet.zones[i]))
			return true;
	}
	return false;
}

bool subnet_is_listed(const struct job *job, const struct frame *f, const uint8_t *name,
		      uint16_t type)
{
	return f->purpose == FRAME_CLIENT && is_listed(job, f->question.type, name, type);
}

static bool get_set(struct job *job, const uint8_t *name, uint16_t type, uint32_t now_s, bool stale,
		    struct cache_hit *out)
{
	const struct prefix *networks[] = {&job->subnet, &everywhere};
	struct cache *cache = job->resolver->cache;
	uint8_t key[TERN_NAME_MAX];

	for (unsigned i = 0; i < ARRAY_LEN(networks); i++) {
		if (cache_scoped_name(cache, networks[i], name, key) &&
		    cache_get(cache, key, type, now_s, stale, out) == CACHE_POSITIVE) {
			out->set.owner = name;
			return true;
		}
	}
	return false;
}

bool subnet_get_set(struct job *job, const uint8_t *name, uint16_t type, struct cache_hit *out)
{
	return get_set(job, name, type, job->now->boot_s, false, out);
}

enum cache_found subnet_get_stale(struct job *job, uint16_t asked, const uint8_t *name,
				  uint16_t type, uint32_t now_s, struct cache_hit *out,
				  bool *by_network)
{
	bool listed = is_listed(job, asked, name, type);
	bool scoped = listed && job->subnet.base.family != 0;

	*by_network |= listed;
	if (unlikely(scoped) && get_set(job, name, type, now_s, true, out))
		return CACHE_POSITIVE;
	enum cache_found found = cache_get(job->resolver->cache, name, type, now_s, true, out);

	/* What is there was asked for without a network. */
	return scoped && found == CACHE_POSITIVE ? CACHE_MISS : found;
}

const uint8_t *subnet_key(const struct job *job, const struct kept *k, uint8_t out[TERN_NAME_MAX])
{
	const struct prefix *network = k->for_all ? &everywhere : &job->subnet;
	const uint8_t *owner = k->set.owner;

	return cache_scoped_name(job->resolver->cache, network, owner, out) ? out : owner;
}

enum subnet_said subnet_read_reply(const struct job *job, struct frame *f,
				   const struct tern_message *m)
{
	const struct prefix *sent = &job->outbox.subnet;
	size_t octets = (sent->bits + 7u) / 8;
	struct tern_edns_option o;

	/* Asked without a network, after silence: that is no word about everybody. */
	f->try.for_network = sent->base.family == 0 && !f->try.subnet_off;
	if (sent->base.family == 0)
		return SUBNET_SAID;
	if (!tern_edns_find(m->octets, &m->edns, TERN_EDNS_CLIENT_SUBNET, &o))
		return SUBNET_UNSAID;
	/* RFC 7871 7.3: what does not say the same as the question is dropped. */
	if (o.len != OPTION_HEAD + octets ||
	    get_u16(o.data) != (sent->base.family == 4 ? IANA_IPV4 : IANA_IPV6) ||
	    o.data[2] != sent->bits || memcmp(o.data + OPTION_HEAD, sent->base.octets, octets) != 0)
		return SUBNET_UNASKED;
	f->try.for_network = o.data[3] > 0;
	return SUBNET_SAID;
}

/*
 * stale.c - expired data for a client that would otherwise get nothing (RFC 8767).
 */
#include <stdio.h>

#include <tern/name.h>

#include "resolver/machine.h"

#define STALE_TTL_S 30 /* RFC 8767 4 */

/* Follow the cached alias path from the client's own question. */
static bool collect(struct job *job, const struct moment *now, struct result *out)
{
	struct question q = job->question;
	struct cache *cache = job->resolver->cache;
	struct cache_hit hit;

	for (unsigned step = 0; step <= BUDGET_ALIAS_MAX; step++) {
		switch (cache_get(cache, q.name, q.type, now->boot_s, true, &hit)) {
		case CACHE_POSITIVE:
			out->stale |= hit.stale;
			hit.set.ttl_s = hit.stale ? STALE_TTL_S : hit.set.ttl_s;
			out->rcode = TERN_RCODE_NOERROR;
			return keep(job, &out->answer, &hit.set);
		case CACHE_NXDOMAIN:
		case CACHE_NODATA: return false;
		case CACHE_MISS: break;
		}
		struct tern_rdata target;

		if (cache_get(cache, q.name, TERN_TYPE_CNAME, now->boot_s, true, &hit) !=
		    CACHE_POSITIVE)
			return false;
		out->stale |= hit.stale;
		hit.set.ttl_s = hit.stale ? STALE_TTL_S : hit.set.ttl_s;
		struct tern_rdata_iter it = tern_rrset_rdatas(&hit.set);

		if (!keep(job, &out->answer, &hit.set) || !tern_rdata_next(&it, &target))
			return false;
		tern_name_lower(q.name, target.octets);
	}
	return false;
}

bool job_stale_result(struct job *job, const struct moment *now, struct result *out)
{
	struct result stale = {.ede = TERN_EDE_STALE_ANSWER, .uncacheable = true};

	if (!job->resolver->options.serve_stale || (job->flags & JOB_NO_SERVE) ||
	    !collect(job, now, &stale))
		return false;
	if (!stale.stale)
		stale.ede = TERN_EDE_NONE;
	snprintf(stale.text, sizeof stale.text, "%s", job->why);
	*out = stale;
	return true;
}

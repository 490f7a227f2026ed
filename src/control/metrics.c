#include "control/metrics.h"

#include <stdio.h>
#include <string.h>

#include <tern/edns.h>
#include <tern/rr.h>

#include "base/clock.h"
#include "base/compiler.h"

/* A tally is nothing but counters, so it is summed as an array of them. */
#define TALLY_COUNTS (sizeof(struct tally) / sizeof(tally_count))
_Static_assert(sizeof(struct tally) % sizeof(tally_count) == 0, "counters only");

static uint64_t read_count(const tally_count *count)
{
	return atomic_load_explicit(count, memory_order_relaxed);
}

static void add_tally(struct tally *sum, const struct tally *t)
{
	tally_count *to = (tally_count *)sum;
	const tally_count *from = (const tally_count *)t;

	for (size_t i = 0; i < TALLY_COUNTS; i++)
		atomic_store_explicit(&to[i], read_count(&to[i]) + read_count(&from[i]),
				      memory_order_relaxed);
}

static void count_way(void *context, const struct infra_way_record *record)
{
	struct metrics *m = context;

	if (record->works)
		m->encrypted_n++;
	else
		m->damped_n++;
}

void metrics_collect(const struct worker_shared *shared, struct metrics *out)
{
	memset(out, 0, sizeof *out);
	for (unsigned i = 0; i < shared->workers_n; i++)
		add_tally(&out->tally, worker_tally(shared->workers[i]));
	cache_count(shared_cache(shared), &out->cache);
	out->servers_n = infra_count(shared->infra);
	infra_each_way(shared->infra, clock_ns(CLOCK_MONOTONIC) / NS_PER_MS, count_way, out);
}

uint64_t metrics_outcomes(const struct worker_shared *shared, uint64_t *unresolved)
{
	uint64_t resolved = 0;

	*unresolved = 0;
	for (unsigned i = 0; i < shared->workers_n; i++) {
		resolved += read_count(&worker_tally(shared->workers[i])->resolved);
		*unresolved += read_count(&worker_tally(shared->workers[i])->unresolved);
	}
	return resolved;
}

/* --- as JSON ------------------------------------------------------------------ */

struct named_count {
	const char *name;
	size_t at; /* offset in struct tally */
};

#define COUNT(member)                                                                              \
	{                                                                                          \
#member, offsetof(struct tally, member)                                            \
	}

static const struct named_count queries[] = {
	{"udp", offsetof(struct tally, queries_udp)},
	{"tcp", offsetof(struct tally, queries_tcp)},
	{"tls", offsetof(struct tally, queries_tls)},
	{"https", offsetof(struct tally, queries_https)},
	{"quic", offsetof(struct tally, queries_quic)},
	{"ipv6", offsetof(struct tally, queries_ipv6)},
	COUNT(dropped),
	COUNT(refused),
	COUNT(hits),
	COUNT(hits_rrset),
	COUNT(misses),
	COUNT(joined),
	COUNT(stale),
	COUNT(prefetches),
	COUNT(reports),
	COUNT(pool_empty),
	COUNT(client_limited),
	COUNT(rate_limited),
	COUNT(zone_limited),
	COUNT(budget_exhausted),
	COUNT(expired),
	COUNT(resolved),
	COUNT(unresolved),
	COUNT(mailed),
};

static const struct named_count upstream[] = {
	{"udp", offsetof(struct tally, upstream_udp)},
	{"tcp", offsetof(struct tally, upstream_tcp)},
	{"tls", offsetof(struct tally, upstream_tls)},
	{"https", offsetof(struct tally, upstream_https)},
	{"quic", offsetof(struct tally, upstream_quic)},
	{"joined", offsetof(struct tally, upstream_joined)},
	{"answered", offsetof(struct tally, upstream_answered)},
	{"timeouts", offsetof(struct tally, upstream_timeouts)},
	{"late", offsetof(struct tally, upstream_late)},
	{"oversized", offsetof(struct tally, upstream_oversized)},
	{"mismatched", offsetof(struct tally, upstream_mismatched)},
};

static const struct named_count authorities[] = {
	{"plain", offsetof(struct tally, authority_plain)},
	{"encrypted", offsetof(struct tally, authority_encrypted)},
	{"unencrypted_after_all", offsetof(struct tally, authority_unencrypted)},
	COUNT(probes),
	COUNT(probes_good),
	COUNT(probes_failed),
};

static const struct named_count tcp[] = {
	{"accepted", offsetof(struct tally, tcp_accepted)},
	{"refused", offsetof(struct tally, tcp_refused)},
};

static const struct named_count tls[] = {
	{"handshakes", offsetof(struct tally, tls_handshakes)},
	{"resumed", offsetof(struct tally, tls_resumed)},
	{"failed", offsetof(struct tally, tls_failed)},
	{"upstream_handshakes", offsetof(struct tally, tls_upstream_handshakes)},
	{"upstream_resumed", offsetof(struct tally, tls_upstream_resumed)},
	{"upstream_failed", offsetof(struct tally, tls_upstream_failed)},
};

static const struct named_count quic[] = {
	{"retries", offsetof(struct tally, quic_retries)},
	{"refused", offsetof(struct tally, quic_refused)},
	{"dropped", offsetof(struct tally, quic_dropped)},
};

static const struct named_count http[] = {
	{"requests", offsetof(struct tally, http_requests)},
	{"errors", offsetof(struct tally, http_errors)},
	{"abuses", offsetof(struct tally, http_abuses)},
};

static void set_count(json_t *object, const char *name, uint64_t n)
{
	/* A failure shows in the member that is missing; memory is that short then. */
	(void)json_object_set_new(object, name, json_integer((json_int_t)n));
}

static json_t *counts_to_json(const struct tally *t, const struct named_count *list, size_t n)
{
	json_t *object = json_object();

	for (size_t i = 0; i < n; i++) {
		const void *at = (const uint8_t *)t + list[i].at;

		set_count(object, list[i].name, read_count(at));
	}
	return object;
}

static json_t *dnssec_to_json(const struct tally *t)
{
	uint64_t bogus = 0;
	json_t *object = json_object();

	for (unsigned i = 0; i < TALLY_EDES; i++)
		bogus += read_count(&t->bogus[i]);
	set_count(object, "secure", read_count(&t->secure));
	set_count(object, "insecure", read_count(&t->insecure));
	set_count(object, "bogus", bogus);
	set_count(object, "let_through", read_count(&t->let_through));
	set_count(object, "signatures", read_count(&t->signatures));
	return object;
}

static json_t *bogus_to_json(const struct tally *t)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < TALLY_EDES; i++) {
		uint64_t n = read_count(&t->bogus[i]);

		if (n > 0)
			set_count(object, tern_ede_text((uint16_t)i), n);
	}
	return object;
}

static json_t *types_to_json(const struct tally *t)
{
	json_t *object = json_object();
	char name[16];

	for (unsigned i = 0; i < TALLY_TYPES; i++) {
		uint64_t n = read_count(&t->types[i]);

		if (n > 0)
			set_count(object,
				  i ? tern_type_to_text((uint16_t)i, name, sizeof name) : "other",
				  n);
	}
	return object;
}

static json_t *rcodes_to_json(const struct tally *t)
{
	json_t *object = json_object();
	char name[16];

	for (unsigned i = 0; i < TALLY_RCODES; i++) {
		uint64_t n = read_count(&t->rcodes[i]);

		if (n > 0)
			set_count(object, tern_rcode_to_text(i, name, sizeof name), n);
	}
	return object;
}

static json_t *latency_to_json(const struct tally *t)
{
	json_t *object = json_object();
	char name[24];

	for (unsigned i = 0; i < TALLY_LATENCIES; i++) {
		uint64_t n = read_count(&t->latency[i]);

		snprintf(name, sizeof name, "%llu", 64ull << i);
		if (n > 0)
			set_count(object, i + 1 < TALLY_LATENCIES ? name : "more", n);
	}
	return object;
}

/* The upper bound of the bucket that so many of a hundred answers reach; the last has none. */
static uint64_t percentile(const struct tally *t, uint64_t total, unsigned percent)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < TALLY_LATENCIES; i++) {
		seen += read_count(&t->latency[i]);
		if (seen * 100 >= total * percent)
			return 64ull << i;
	}
	return 64ull << TALLY_LATENCIES;
}

static json_t *percentiles_to_json(const struct tally *t)
{
	json_t *object = json_object();
	uint64_t total = 0;

	for (unsigned i = 0; i < TALLY_LATENCIES; i++)
		total += read_count(&t->latency[i]);
	if (total > 0) {
		set_count(object, "p50", percentile(t, total, 50));
		set_count(object, "p90", percentile(t, total, 90));
		set_count(object, "p99", percentile(t, total, 99));
	}
	return object;
}

static json_t *cache_to_json(const struct cache_counts *c)
{
	json_t *object = json_object();

	set_count(object, "entries", c->entries);
	set_count(object, "octets", c->octets);
	set_count(object, "limit", c->limit);
	set_count(object, "percent", c->limit ? c->octets * 100 / c->limit : 0);
	set_count(object, "inserted", c->inserted);
	set_count(object, "replaced", c->replaced);
	set_count(object, "evicted", c->evicted);
	set_count(object, "refused", c->refused);
	set_count(object, "retired", c->retired);
	return object;
}

static json_t *authorities_to_json(const struct metrics *m)
{
	json_t *object = counts_to_json(&m->tally, authorities, ARRAY_LEN(authorities));

	set_count(object, "servers_encrypted", m->encrypted_n);
	set_count(object, "servers_plain", m->damped_n);
	return object;
}

json_t *metrics_to_json(const struct metrics *m)
{
	const struct tally *t = &m->tally;

	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:I}", "queries",
			 counts_to_json(t, queries, ARRAY_LEN(queries)), "upstream",
			 counts_to_json(t, upstream, ARRAY_LEN(upstream)), "authorities",
			 authorities_to_json(m), "tcp", counts_to_json(t, tcp, ARRAY_LEN(tcp)),
			 "tls", counts_to_json(t, tls, ARRAY_LEN(tls)), "http",
			 counts_to_json(t, http, ARRAY_LEN(http)), "quic",
			 counts_to_json(t, quic, ARRAY_LEN(quic)), "dnssec", dnssec_to_json(t),
			 "bogus", bogus_to_json(t), "types", types_to_json(t), "rcodes",
			 rcodes_to_json(t), "latency_us", latency_to_json(t),
			 "latency_percentiles_us", percentiles_to_json(t), "cache",
			 cache_to_json(&m->cache), "servers", (json_int_t)m->servers_n);
}

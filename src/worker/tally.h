/*
 * tally.h - what a worker counts, without sharing.
 *
 * One writer (the worker), any reader: single relaxed stores, so counting costs
 * an ordinary addition and reading never stops anybody. daemon/metrics sums.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#define TALLY_TYPES     260 /* query types below this are counted one by one, the rest as 0 */
#define TALLY_RCODES    24
#define TALLY_EDES      34 /* extended errors below this are counted one by one */
#define TALLY_LATENCIES 20 /* bucket i: up to 2^i * 64 microseconds */

typedef _Atomic uint64_t tally_count;

struct tally {
	tally_count queries_udp;
	tally_count queries_tcp;
	tally_count queries_tls;   /* of them, over TLS, */
	tally_count queries_https; /* and by HTTP, also behind a proxy that does the TLS */
	tally_count queries_quic;
	tally_count queries_ipv6;
	tally_count dropped;    /* no answer: malformed beyond an answer, or not for us */
	tally_count refused;    /* by the access list */
	tally_count hits;       /* answered from rendered answers */
	tally_count hits_rrset; /* answered from cached RRsets */
	tally_count misses;     /* needed the network */
	tally_count joined;     /* waited for a question already in flight */
	tally_count stale;      /* answered with expired data */
	tally_count prefetches;
	tally_count reports;        /* of failures, to those who run the zones */
	tally_count pool_empty;     /* no job or waiter left */
	tally_count client_limited; /* a client's network had its share of the waiting answers */
	tally_count rate_limited;   /* a client asked more often than rate-limits says */
	tally_count zone_limited;   /* too many outstanding queries to one zone, or too often */
	tally_count budget_exhausted;
	tally_count expired; /* gave up at the deadline */
	tally_count upstream_udp;
	tally_count upstream_tcp;
	tally_count upstream_tls; /* of them, over TLS, */
	tally_count upstream_https;
	tally_count upstream_quic;
	tally_count authority_plain;       /* of them, those to authorities, by UDP and TCP; */
	tally_count authority_encrypted;   /* those that were answered encrypted, */
	tally_count authority_unencrypted; /* and that were asked by plain DNS for want of that */
	tally_count probes;                /* of authorities, whether they answer encrypted, too, */
	tally_count probes_good;           /* of which so many did, */
	tally_count probes_failed;         /* and so many did not */
	tally_count upstream_joined;       /* equal questions to the same server, asked once */
	tally_count upstream_answered;
	tally_count upstream_timeouts;
	tally_count upstream_late;      /* answers after that, which still counted */
	tally_count upstream_oversized; /* replies by UDP above what was advertised (limits.md 6) */
	tally_count upstream_mismatched; /* replies that did not match and were dropped */
	tally_count tcp_accepted;
	tally_count tcp_refused;             /* closed for a limit */
	tally_count tls_handshakes;          /* of clients, that were completed, */
	tally_count tls_resumed;             /* and how many of them by a ticket, */
	tally_count tls_failed;              /* and those that were not; */
	tally_count tls_upstream_handshakes; /* the same with servers */
	tally_count tls_upstream_resumed;
	tally_count tls_upstream_failed;
	tally_count quic_retries;  /* addresses of clients that were asked to show themselves, */
	tally_count quic_refused;  /* connections without a place or time, */
	tally_count quic_dropped;  /* and datagrams that were of no use */
	tally_count http_requests; /* of clients, */
	tally_count http_errors;   /* answered by a status only, */
	tally_count http_abuses;   /* and connections that were ended for what they cost */
	tally_count mailed;        /* queries handed to the worker that was on it already */
	tally_count secure;        /* answers that were validated, */
	tally_count insecure;      /* and those that have nothing to be validated by */
	tally_count let_through;   /* answers that did not validate, by `permissive` */
	tally_count signatures;    /* checked */
	tally_count bogus[TALLY_EDES]; /* answers that failed validation, by extended error */
	tally_count types[TALLY_TYPES];
	tally_count rcodes[TALLY_RCODES];
	tally_count resolved;                 /* answers that needed the network and got it, */
	tally_count unresolved;               /* and those that failed for want of an answer */
	tally_count latency[TALLY_LATENCIES]; /* of answers that needed the network */
};

/** Add @p n; only the owning worker may. */
static inline void tally_add_n(tally_count *count, uint64_t n)
{
	atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

/** It is @p n, counted elsewhere; only the owning worker may. */
static inline void tally_set(tally_count *count, uint64_t n)
{
	atomic_store_explicit(count, n, memory_order_relaxed);
}

/** Add one; only the owning worker may. */
static inline void tally_add(tally_count *count)
{
	tally_add_n(count, 1);
}

/*
 * worker_private.h - the body of a worker: what its files share.
 *
 *   serve.c     a batch of datagrams: answered from the cache, or handed on
 *   client.c    jobs started, joined, finished; task.h is one of them
 *   client_answer.c  what came of a job, told to who waits
 *   waiter.c    who waits for which job, and for how many of them there is a place
 *   keep.c      answers kept rendered
 *   upstream.c  what jobs ask of servers (upstream_private.h)
 *   probe.c     servers tried for encryption
 *   tcp.c       clients' connections
 *   quic_ready.c  those by QUIC
 *   listen.c    the sockets where clients ask
 *   mail.c      letters between workers
 *   trace.c     a resolution watched
 *   complaint.c failures, told to the operator
 *   reporting.c failures, told to those who run the zone
 *   gate.c      answers that wait for the packet filter
 *   ending.c    what is done before the thread ends
 *   scheduling.c what the kernel's scheduler is asked for
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include <urcu/hlist.h>
#include <urcu/list.h>

#include "base/crowd.h"
#include "base/hosts.h"
#include "base/pool.h"
#include "base/shares.h"
#include "dnssec/rrsig.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/quic.h"
#include "net/tls.h"
#include "net/udp.h"
#include "worker/client.h"
#include "worker/complaint.h"
#include "worker/fill.h"
#include "worker/gate.h"
#include "worker/listen.h"
#include "worker/mail.h"
#include "worker/mailbox.h"
#include "worker/probe.h"
#include "worker/quic_ready.h"
#include "worker/reporting.h"
#include "worker/serve.h"
#include "worker/task.h"
#include "worker/tcp.h"
#include "worker/upstream.h"
#include "worker/waiter.h"
#include "worker/worker.h"

#define TCP_CONNECTIONS_MAX 2048 /* to servers, per worker; half for one network of clients */
#define TCP_SERVERS_MAX     (TCP_CONNECTIONS_MAX + 16) /* some come before others are gone */
#define TCP_SERVER_BUCKETS  1024
#define EXCHANGE_BUCKETS    4096
#define MADE_LATELY         4096
#define ZONE_LOADS          4096

/** Outstanding queries to one zone (row 31). */
struct zone_load {
	uint64_t hash;
	uint16_t outstanding;
	uint16_t answered; /* of the last ones, halved now and then */
	uint16_t timed_out;
};

struct listener {
	struct watch udp_watch;
	struct watch tcp_watch;
	struct worker *worker;
	struct udp_batch *batch; /* NULL for a transport without datagrams */
	struct endpoint at;      /* where it listens; all zero octets for a wildcard */
	struct timer linger;     /* closed, but answers may be owed */
	_Atomic bool open;       /* as used, for other threads */
	uint8_t index;
	bool used;   /* else the slot is free */
	bool udp_on; /* in the loop, */
	bool tcp_on; /* as this, but for a pause */
	bool accept_paused;
	bool shared;                          /* other workers have the same sockets */
	bool had_view;                        /* at any time */
	const struct listen_options *options; /* the rule set's in force; NULL for none */
	uint8_t view;                         /* class of whoever asks here; 0: the address tells */
};

struct worker {
	const struct worker_shared *shared;
	const struct rules *rules; /* in force in this turn */
	uint64_t rules_seen;       /* generation by which listeners have their options */
	struct loop loop;
	struct resolver resolver;
	struct resolver view_resolvers[VIEWS_MAX]; /* by class, from 1 on, */
	unsigned view_resolvers_n;                 /* and how many have been in use */
	struct random random;
	struct crypto *crypto;
	struct tally tally;
	struct mailbox mailbox;
	struct watch mail_watch;
	pthread_t thread;
	unsigned index;
	int cpu;
	bool started;
	_Atomic pid_t thread_id;
	_Atomic bool stopping;
	_Atomic bool draining;    /* by order */
	_Atomic bool drained;     /* done */
	uint64_t ending_since_ns; /* CLOCK_MONOTONIC; 0 before it has begun */
	_Atomic uint64_t beat;
	_Atomic uint32_t clients_n; /* connections of clients, as of the last turn */
	unsigned listeners_n;       /* slots ever used; some may be free */
	struct listener listeners[LISTENERS_MAX];
	struct pool tasks;
	struct pool waiters;
	struct pool exchanges;
	struct pool tcp_clients;
	struct pool tcp_servers;
	struct pool tcp_connections;
	struct cds_hlist_head task_buckets[TASK_BUCKETS];
	struct cds_list_head yielded; /* tasks waiting for the next turn, oldest first */
	struct cds_hlist_head exchange_buckets[EXCHANGE_BUCKETS];
	struct cds_list_head idle; /* exchanges that nobody waits for, oldest first */
	struct cds_list_head clients_idle;
	struct cds_list_head clients_owed; /* an answer at least */
	struct shares client_shares;       /* of clients' connections, */
	struct crowd clients;              /* the idle ones of them, */
	struct hosts client_hosts;         /* and who has how many */
	struct tls_turns tls;              /* of clients, */
	struct tls_turns tls_upstream;     /* and of servers: those don't wait because of these */
	struct stream_gather gather;       /* of clients' connections */
	struct http_front http;
	struct quic_front quic;          /* of clients, */
	struct quic_front quic_upstream; /* and of servers */
	uint32_t tcp_serial;
	struct cds_hlist_head tcp_server_buckets[TCP_SERVER_BUCKETS];
	struct cds_list_head tcp_servers_idle; /* without a connection, oldest first */
	struct cds_list_head idle_connections; /* to them, without a question, idlest first */
	struct shares connection_shares;
	struct probe probes[PROBES_MAX];
	uint64_t probes_until_ns; /* their rate is used up until then: CLOCK_MONOTONIC */
	struct timer accept_timer;
	struct zone_load zones[ZONE_LOADS];
	uint32_t made_lately[MADE_LATELY]; /* questions with such answers (job.h), by their hash */
	unsigned slips;                    /* answers to clients that ask too often, counted */
	struct complaints complaints;
	struct {
		uint32_t second_s; /* CLOCK_BOOTTIME */
		unsigned n;        /* begun in it */
	} reports;                 /* see reporting.h */
	struct shares task_shares;
	struct shares waiter_shares;
	struct cds_hlist_head waiters_by_query[WAITER_BUCKETS];
	struct cds_hlist_head waiters_by_host[WAITER_BUCKETS];
	struct served served[UDP_BATCH];
	struct tern_rr_ref rrs[JOB_REPLY_RRS];
	uint8_t signed_data[RRSIG_SCRATCH] ALIGNED(8);
	uint8_t scratch[TERN_MESSAGE_MAX + 1]; /* one message being rendered */
	uint8_t reply[TERN_MESSAGE_MAX + 1];   /* one UDP reply being read */
};

/*
 * worker_private.h - the parts of a worker and what its files call of each other.
 *
 *   serve.c     a batch of datagrams: answered from the cache, or handed on
 *   client.c    jobs started, joined, finished
 *   waiter.c    who waits for which job, and for how many of them there is a place
 *   keep.c      answers kept rendered
 *   upstream.c  what jobs ask of servers: exchanges; over UDP by upstream_udp.c,
 *               over TCP by upstream_tcp.c, their octets by upstream_query.c
 *   tcp.c       clients' connections
 *   mail.c      letters between workers
 *   trace.c     a resolution watched
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include <urcu/hlist.h>
#include <urcu/list.h>

#include "base/pool.h"
#include "base/shares.h"
#include "dnssec/rrsig.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/udp.h"
#include "worker/mailbox.h"
#include "worker/render.h"
#include "worker/request.h"
#include "worker/worker.h"

#define TASKS_MAX           4096 /* jobs per worker (limits.md row 31) */
#define WAITERS_MAX         8192 /* clients waiting per worker */
#define EXCHANGES_MAX       8192 /* questions to servers outstanding per worker */
#define TCP_PER_CLIENT_MAX  32   /* connections of one address or /64 */
#define TCP_IN_FLIGHT_MAX   64   /* answers owed to one connection */
#define TCP_IDLE_MS         10000
#define TCP_IDLE_BUSY_MS    2000 /* when three quarters of the connections are in use */
#define PULSE_FREE          12 /* answers owed to one /24 or /56 that may be of any size (row 35) */
#define PULSE_FACTOR        5  /* the others: so many times their question's octets, or TC */
#define TCP_CONNECTIONS_MAX 2048 /* to servers, per worker; half for one network of clients */
#define TCP_SERVERS_MAX     (TCP_CONNECTIONS_MAX + 16) /* some come before others are gone */
#define TCP_SERVER_BUCKETS  1024
#define ASKS_MAX            4 /* servers whose answer one task listens for */
#define HASH_BUCKETS        4096
#define WAITER_BUCKETS      8192
#define MADE_LATELY         4096

struct worker;

/** A client's TCP connection. */
struct tcp_client {
	struct stream stream;
	struct worker *worker;
	struct cds_list_head
		node; /* of the worker's clients_idle or clients_owed, used last at the end */
	struct address address;
	uint16_t party;  /* whose place it takes */
	uint32_t serial; /* tells a connection from the next one in the same place */
};

/** Where an answer goes. */
struct route_back {
	uint32_t tcp_serial;
	uint16_t worker;  /* whose TCP client it is */
	uint8_t listener; /* UDP: which socket */
	bool tcp;
	uint16_t keepalive_ms; /* TCP: how long the connection may be idle */
	struct tcp_client *tcp_client;
	struct query_letter *envelope; /* TCP: another worker's, with which the answer goes back */
	struct udp_peer peer;          /* UDP */
	struct address client;
};

/** One client waiting for a task. */
struct waiter {
	struct cds_list_head node;        /* of the task's */
	struct cds_hlist_node same_query; /* found by task, address, port and id; UDP only */
	struct cds_hlist_node same_host;  /* found by task and address */
	struct task *task;
	uint64_t since_ns;
	uint16_t party; /* whose place it takes */
	struct request request;
	struct route_back back;
};

/** What a task asked of a server: the live one it waits for, of the others late answers count. */
struct ask {
	struct cds_list_head node; /* of the exchange's */
	struct task *task;
	struct exchange *exchange; /* NULL: free */
	struct upstream_query query;
};

/** A job with those who wait for it. */
struct task {
	struct task *hash_next;
	struct task *yielded_next;
	struct ask *live; /* what it waits for; NULL when it waits for nothing */
	struct ask asks[ASKS_MAX];
	struct cds_list_head waiters; /* newest first */
	struct worker *worker;
	struct timer timer;
	uint64_t hash;
	uint16_t party; /* whose place it takes */
	bool checking_disabled;
	bool stale_tried;
	bool announced;       /* in the in-flight table */
	bool yielded;         /* in the worker's list of those */
	int trace_fd;         /* -1 for none */
	struct resolver *own; /* of an errand; else NULL: the worker's */
	struct job_trace trace;
	struct job job;
};

/** Outstanding queries to one zone (row 31). */
struct zone_load {
	uint64_t hash;
	uint16_t outstanding;
	uint16_t answered; /* of the last ones, halved now and then */
	uint16_t timed_out;
};

#define ZONE_LOADS 4096

/** A query of the batch being served. */
struct served {
	struct request request;
	struct address client;
	struct answer_key key; /* its name is `lower` */
	uint64_t hash;
	size_t len;            /* of the answer */
	const uint8_t *octets; /* the query, if an error is the answer */
	size_t octets_len;
	enum request_verdict parsed;
	uint16_t keepalive_ms; /* TCP */
	bool refresh;          /* answered, but about to expire */
	uint8_t lower[TERN_NAME_MAX + 1];
};

struct listener {
	struct watch udp_watch;
	struct watch tcp_watch;
	struct worker *worker;
	struct udp_batch *batch;
	struct address at; /* where it listens; all zero octets for a wildcard */
	uint8_t index;
	bool accept_paused;
};

struct worker {
	const struct worker_shared *shared;
	struct loop loop;
	struct resolver resolver;
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
	_Atomic uint64_t beat;
	unsigned listeners_n;
	struct listener listeners[LISTENERS_MAX];
	struct pool tasks;
	struct pool waiters;
	struct pool exchanges;
	struct pool tcp_clients;
	struct pool tcp_servers;
	struct pool tcp_connections;
	struct task *task_buckets[HASH_BUCKETS];
	struct task *yielded_first; /* waiting for the next turn, oldest first */
	struct task *yielded_last;
	struct exchange *exchange_buckets[HASH_BUCKETS];
	struct cds_list_head idle; /* exchanges that nobody waits for, oldest first */
	struct cds_list_head clients_idle;
	struct cds_list_head clients_owed; /* an answer at least */
	struct shares client_shares;       /* of clients' connections */
	uint32_t tcp_serial;
	struct cds_hlist_head tcp_server_buckets[TCP_SERVER_BUCKETS];
	struct cds_list_head tcp_servers_idle; /* without a connection, oldest first */
	struct cds_list_head idle_connections; /* to them, without a question, idlest first */
	struct shares connection_shares;
	struct timer accept_timer;
	struct zone_load zones[ZONE_LOADS];
	uint32_t made_lately[MADE_LATELY]; /* questions with such answers (job.h), by their hash */
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

/* serve.c */
void serve_udp_ready(struct watch *watch, uint32_t events);
/** Answer a TCP or handed-over query; returns true when an answer is owed later. */
bool serve_query(struct worker *w, const uint8_t *octets, size_t len, const struct route_back *back,
		 bool may_hand_over);

/* client.c */
/** Resolve for a client; answers at once when it can't. True: the answer comes later. */
bool client_resolve(struct worker *w, const struct request *r, const struct route_back *back,
		    bool may_hand_over);
/** Refresh what is about to expire; nobody waits. */
void client_prefetch(struct worker *w, const struct question *q, bool checking_disabled);
/** Fetch the root's list of its servers; nobody waits. */
void client_prime(struct worker *w);
/** Resolve telling every step to @p fd. */
void client_trace(struct worker *w, const struct question *q, int fd);
void client_run_errand(struct worker *w, const struct errand *errand);
/** An exchange ended (or NULL: others had their turn): go on with the task's job. */
void client_resume(struct task *t, const struct upstream_reply *reply);
/** The answer to an earlier question came, and the job takes it. */
void client_resume_late(struct task *t, const struct upstream_query *query,
			const struct upstream_reply *reply);
/** Send a finished answer; frees nothing. */
void client_send(struct worker *w, const struct route_back *back, const uint8_t *octets,
		 size_t len);
/** Say that there is no place or memory; nothing is remembered. */
void client_refuse(struct worker *w, const struct request *r, const struct route_back *back);
/** What a rendered answer depends on. */
struct render_context client_context(const struct worker *w, const struct address *client,
				     uint16_t keepalive_ms);
/** The jobs that gave way in earlier turns go on, while this one has CPU for them. */
void client_run_yielded(struct worker *w);
/** At the end: every job fails and says so. */
void client_finish_all(struct worker *w);

/* keep.c */
/** What was asked a second time is worth keeping ready to copy, as @p request wants it. */
void keep_rendered(struct worker *w, const struct task *t, const struct request *request);

/* waiter.c */
enum waiter_added {
	ADDED,
	ADDED_ALREADY, /* a retransmission: its answer comes */
	ADDED_NOT,     /* no place, or its network has its share of them */
};

/** Answer this client, too, when the task is done. */
enum waiter_added waiter_add(struct worker *w, struct task *t, const struct request *r,
			     const struct route_back *back);
/** Does somebody at this address, whatever the port, wait for the task? */
bool waiter_is_from(struct worker *w, const struct task *t, const struct address *client);
/** Take it out of its task and settle what was counted for it. */
void waiter_free(struct worker *w, struct waiter *waiter);

/* trace.c */
/** Tell every step of the task to @p fd, which is taken over. */
void trace_begin(struct task *t, int fd);
/** Tell how it ended and close. */
void trace_end(struct task *t);

/* upstream.c */

/* Header, question, OPT with a cookie. */
#define EXCHANGE_WIRE_MAX    (12 + TERN_NAME_MAX + 4 + 11 + 4 + TERN_COOKIE_MAX)
#define ZONE_OUTSTANDING_MAX 200 /* to one zone, */
#define ZONE_OUTSTANDING_BAD 20  /* when more than half time out (limits.md row 31) */
#define ZONE_TIMEOUTS_MIN    64  /* a burst at a distant server is no evidence yet */
#define ZONE_OUTCOMES_MAX    256 /* remembered; then all counts are halved */
#define MISMATCHES_MAX       3   /* then the question is asked by TCP (row 1) */

/** One question to one server, and the tasks that wait for it. */
struct exchange {
	struct watch watch; /* UDP */
	struct timer timer;
	struct worker *worker;
	struct exchange *hash_next;
	struct tcp_connection *connection; /* TCP; NULL: waits for a place on one */
	struct cds_list_head node;         /* TCP: others on the connection, or waiting */
	struct cds_list_head live;         /* asks of those who wait */
	struct cds_list_head late;         /* of those who went on, but listen */
	struct cds_list_head idle;         /* in the worker's list, when there are only those */
	struct zone_load *load;            /* while active; NULL: its time is over */
	uint64_t hash;                     /* of host and name */
	uint64_t sent_ns;                  /* last */
	struct address address;
	uint16_t party; /* for whom it was begun */
	uint16_t id;
	uint16_t type;
	uint16_t wire_len;
	uint16_t question_len; /* octets behind the header */
	uint8_t mismatches;
	bool tcp;
	bool edns;
	bool recurse;
	bool checking_disabled;
	bool mixed; /* the question has letters in upper case */
	bool resent;
	bool closed; /* its end is being told */
	bool held;   /* not to be freed right now */
	uint8_t wire[EXCHANGE_WIRE_MAX];
};

/** The exchange is over; its tasks go on. Frees it. */
void upstream_end(struct exchange *x, const struct upstream_reply *reply);
/** The same without a message. */
void upstream_end_with(struct exchange *x, enum upstream_event event);
/** Since it was sent last. */
uint32_t upstream_elapsed_ms(const struct exchange *x);
/** Ask what the task's outbox says. False when it can't be asked now (@p event says why). */
bool upstream_ask(struct task *t, enum upstream_event *event);
/** The task wants nothing any more of what it asked. */
void upstream_leave(struct task *t);
enum loop_kind {
	LOOP_NONE,
	LOOP_OF_OURS,   /* our own question came back to us: we are our own server */
	LOOP_OF_OTHERS, /* we are asking the client's host the same right now */
};

/** Is this question to the host @p client outstanding, and not late? (limits.md rows 26 and 62) */
enum loop_kind upstream_find_loop(const struct worker *w, const struct address *client,
				  const struct question *q, uint16_t id);
void upstream_finish_all(struct worker *w);

/* upstream_query.c */
/** Write the question into the exchange, with a random id; false when it does not fit. */
MUST_USE bool upstream_write(struct worker *w, struct exchange *x, const struct upstream_query *q);
/**
 * Write it anew in the form that @p q wants, with the same id and letters: what answers
 * the first form answers this one. False when it does not fit.
 */
MUST_USE bool upstream_rewrite(struct exchange *x, const struct upstream_query *q);
/** Does @p octets answer @p x? Counts and ignores what does not. */
enum reply_match { REPLY_MATCHES, REPLY_IS_FOREIGN, REPLY_OTHER_CASE };
enum reply_match upstream_match(const struct exchange *x, const uint8_t *octets, size_t len);
/** Lower the letters of the question in a reply, which matches. */
void upstream_undo_case(const struct exchange *x, uint8_t *octets, size_t len);

/* upstream_udp.c */
/** Send @p x from a socket of its own; false when it can't be sent (@p event says why). */
MUST_USE bool upstream_udp_ask(struct exchange *x, enum upstream_event *event);
/** Send it once more, in the form that @p q wants; false when the network refuses it. */
MUST_USE bool upstream_udp_again(struct exchange *x, const struct upstream_query *q);

/* upstream_tcp.c */
/**
 * Send @p x over a connection to its server, a new one if need be; with all of
 * them full, as soon as there is a place. False when there can't be any.
 */
bool upstream_tcp_ask(struct exchange *x);
/** The time of @p x went by: if nothing was heard since, its connection is asked no more. */
void upstream_tcp_time_out(struct exchange *x);
/** @p x does not wait for its connection, or for one, any more. */
void upstream_tcp_leave(struct exchange *x);
void upstream_tcp_finish_all(struct worker *w);
/** Octets of a server's and of a connection's record, for the pools. */
size_t tcp_server_size(void);
size_t tcp_connection_size(void);

/* tcp.c */
void tcp_accept_ready(struct watch *watch, uint32_t events);
void tcp_resume_accepting(struct timer *timer);
/** Send an answer to a connection unless it is gone. */
void tcp_answer(struct tcp_client *c, uint32_t serial, const uint8_t *octets, size_t len);
/** An answer that was owed is no longer. */
void tcp_settle(struct tcp_client *c, uint32_t serial);
void tcp_finish_all(struct worker *w);

/* mail.c */
void mail_ready(struct watch *watch, uint32_t events);
/**
 * Hand a query to the worker that is resolving it; false when its mailbox is full. One by TCP must
 * be answered then, exactly once, for its connection waits for that.
 */
MUST_USE bool mail_query(struct worker *w, unsigned to, const struct request *r,
			 const struct route_back *back);
/** Send an answer to the worker that owns the TCP client; it gets there whatever happens. */
void mail_answer(struct worker *w, const struct route_back *back, const uint8_t *octets,
		 size_t len);
/** Throw letters away that nobody will read. */
void mail_finish_all(struct worker *w);

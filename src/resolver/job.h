/*
 * job.h - one client question (or a prefetch) being answered.
 *
 * Purpose    The resolver without I/O. A job runs until it needs something from
 *            the network, leaves the query in its outbox and parks; the worker
 *            resumes it with what came back.
 * Memory     jobs come from the worker's pool; a fixed stack of frames, an arena
 *            that is reset at the end, no other heap.
 * Threads    a job belongs to one worker.
 * Standards  RFC 1034 5.3.3, RFC 2181, RFC 2308, RFC 4035, RFC 6672, RFC 8482,
 *            RFC 8767, RFC 9156, RFC 9520.
 *
 *	struct job *job = pool_take(&jobs);
 *	bool done = job_start(job, resolver, &question, 0, &now);
 *	while (!done) {
 *		send(&job->outbox);                     (returns to the loop ...)
 *		done = job_resume(job, &reply, &now);   (... and comes back)
 *	}
 *	render(&job->result);
 *	job_end(job);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/edns.h>
#include <tern/message.h>
#include <tern/name.h>
#include <tern/rr.h>
#include <tern/rrset.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "cache/cache.h"
#include "cache/infra.h"
#include "dnssec/anchor.h"
#include "dnssec/crypto.h"
#include "dnssec/walltime.h"
#include "policy/rules.h"
#include "resolver/budget.h"
#include "resolver/upstream.h"
#include "resolver/zonecut.h"

#define JOB_DEPTH_MAX         8
#define JOB_TURNS_MAX         1500 /* far above what the budget allows: stops what nobody thought of */
#define JOB_MEMORY_MAX        524288 /* octets of arena */
#define JOB_REPLY_RRS         6000   /* records of one reply: 64 KiB hold at most 5957 */
#define JOB_DEADLINE_MS       3800   /* every client has its answer within 4 s */
#define JOB_STALE_WAIT_MAX_MS 3500   /* stale data is of use before that only */
#define JOB_PROBES_MAX        4      /* servers that one question may have tried for encryption */
#define JOB_ANY_SETS_MAX      16     /* types kept of a reply to ANY */
#define JOB_AVOID_MAX         8      /* servers remembered for bogus data */
#define JOB_TEXT_MAX          160    /* octets of an extended error's text, with NUL */

/** Name in lower case and type; the class is IN. */
struct question {
	uint8_t name[TERN_NAME_MAX + 1];
	uint16_t type;
};

/** Whose data it is: enum kept_origin decides what may become of it on its way out. */
enum kept_origin {
	KEPT_PUBLIC,      /* somebody else's, */
	KEPT_OWN,         /* a name of our own, */
	KEPT_LISTED,      /* what a list gives, */
	KEPT_SYNTHESIZED, /* or public, for NAT64 */
};

/** An RRset kept in the arena for the answer. */
struct kept {
	struct kept *next;
	struct tern_rrset set;
	enum cache_security security;
	uint16_t links;           /* of the answer's chain that it came for, a bit each: kept.h */
	bool proven;              /* security is a verdict, not just "unchecked" */
	bool cached;              /* came out of the cache with its verdict */
	bool needed;              /* a proof relies on it */
	bool own;                 /* it was decided here: own.h */
	bool for_all;             /* whoever is asking, and from where: subnet.h */
	uint8_t origin;           /* enum kept_origin */
	uint16_t ede;             /* why it is insecure: enum tern_ede; TERN_EDE_NONE for none */
	const struct kept *dname; /* of a CNAME that was made: out of this set; else NULL */
	uint8_t wildcard;         /* labels behind the asterisk it came from, 0xff for none */
};

struct kept_list {
	struct kept *first;
	struct kept *last;
	uint16_t n;
};

/** What a job found; points into its arena. */
struct result {
	struct kept_list answer;     /* in order: aliases first */
	struct kept_list authority;  /* SOA and proofs of a negative answer */
	struct kept_list additional; /* left out where there is no room: additional.h */
	uint32_t additional_ttl_s;   /* the least TTL in that one */
	uint16_t rcode;
	uint16_t ede; /* enum tern_ede; TERN_EDE_NONE for none */
	enum cache_security security;
	bool stale;
	bool bogus;       /* SERVFAIL because validation failed */
	bool by_network;  /* other clients may get another one: subnet.h */
	bool let_through; /* validation failed, and is permissive: the job's `why` says how */
	bool compact;     /* NXDOMAIN, proven by an NSEC at that name (RFC 9824) */
	bool cached;      /* nothing was sent for it */
	bool made;        /* out of a wildcard or of ranges: any name could be asked like this */
	bool uncacheable; /* has TTL 0 data, or ANY: not to be kept rendered */
	bool dropped;     /* nothing is to be answered */
	bool informs;     /* the operator wants to hear of whoever asks */
	bool tcp_only;    /* and by UDP nothing but that TCP would do */
	bool rebound;     /* an address inside was held back: `text` says which */
	uint32_t ttl_s;   /* the least TTL in it */
	uint32_t life_s;  /* what that TTL was when new */
	char text[JOB_TEXT_MAX]; /* why, for the extended error */
};

/** Whether one address family works from here: dead servers can't be told from a dead link else. */
struct link_health {
	uint64_t answer_ms;  /* last reply from anybody, CLOCK_MONOTONIC */
	uint32_t timeouts_n; /* since then */
};

/**
 * A server has answered by plain DNS: would it the same encrypted, too? Whoever resumed the job
 * tries that, tells the server table, and takes the wish back (encryption.h).
 */
struct probe_wish {
	bool wanted;
	struct address server; /* as the server table knows it: infra_claim_way() was called */
	struct endpoint to;    /* its peer is the rule set's */
	uint8_t name[TERN_NAME_MAX + 1];
	uint16_t type;
	uint16_t flags;  /* of the answer, with its RCODE; */
	bool has_answer; /* and did it have records in its answer section? */
};

/** What the jobs of one worker share; filled by the worker, outlives its jobs. */
#define IMPOSTORS_MAX 3 /* one may be broken, three are somebody on the way */

struct resolver {
	const struct rules *rules; /* in force: new jobs work by it */
	struct cache *cache;
	struct infra *infra;
	struct random *random;
	struct crypto *crypto;
	uint8_t *scratch;             /* RRSIG_SCRATCH octets: signed data in canonical form */
	struct tern_rr_ref *rrs;      /* JOB_REPLY_RRS places: index of the reply being read */
	struct link_health health[2]; /* by family, 0: IPv4 */
	uint64_t prime_ms;            /* no priming before then, CLOCK_MONOTONIC */
	struct address impostors[IMPOSTORS_MAX]; /* root servers that answered as a cache does */
	unsigned impostors_n;
	struct probe_wish probe;
	bool prime_wanted; /* the hints are in use: somebody should start a JOB_PRIME */
};

/** Somebody of @p family answered. */
void link_answered(struct resolver *resolver, uint8_t family, uint64_t now_ms);

/**
 * The root server @p a answered as a recursive server does, which no root server is. With
 * IMPOSTORS_MAX of them port 53 is intercepted on the way.
 */
void link_suspect(struct resolver *resolver, const struct address *a);

/** Is nobody at all answering us? Then silence says nothing about a server. */
bool link_is_down(const struct resolver *resolver, uint64_t now_ms);

enum stage { STAGE_LOOKUP, STAGE_PICK, STAGE_SEND, STAGE_READ, STAGE_PROVE, STAGE_COUNT };

/** How a question ended. */
enum outcome {
	OUTCOME_NONE,
	OUTCOME_ANSWER,
	OUTCOME_NODATA,
	OUTCOME_NXDOMAIN,
	OUTCOME_FAILED,
	OUTCOME_UNKNOWN, /* it is not in the cache, and nobody may be asked */
};

/** Why a job fails, the graver ones last. */
enum fault {
	FAULT_SERVERS, /* by what the servers did that were asked for the name */
	FAULT_LIMIT,   /* a limit of this question was reached: an account, its time, its memory */
	FAULT_OURS,    /* a shortage here: descriptors, places, the load of a zone */
};

enum frame_purpose {
	FRAME_CLIENT,  /* the question as asked */
	FRAME_ADDRESS, /* addresses of a server name */
	FRAME_GLUE,    /* the same, asked of the servers above the zone that the name is in */
	FRAME_KEY,     /* DNSKEY of a zone, for validation */
	FRAME_DS,      /* DS of a zone, for validation */
	FRAME_PRIME,   /* the root's own NS set, RFC 9609: of a JOB_PRIME */
};

/** What the search for one name has come to; begins anew with each alias. */
struct name_search {
	uint8_t qmin_steps;
	bool qmin_off; /* ask the full name from here on */
	bool no_route; /* the forwarders of a `first` route failed: iterate */
};

/** One zone cut whose servers are asked for a name; begins anew with each referral and alias. */
struct cut_search {
	struct zone_cut *cut; /* closest delegation known; NULL: to be looked up */
	uint8_t asked_labels; /* labels of the question's name known to exist (QNAME minimisation)
			       */
	uint8_t fruitless;    /* sends in a row that brought nothing */
	uint8_t silent_n;     /* questions open beyond their time: their answers may be late */
	bool listened;        /* for late answers, when nobody was left to ask */
	bool heard;           /* somebody sent something: not every failure was silence */
	bool once;            /* all its servers failed lately: one of them is asked, once */
};

/** One server being asked; begins anew with each. */
struct server_try {
	uint8_t server;      /* index into cut->servers: whom the outbox asks */
	uint8_t sent_labels; /* labels in the outbox */
	uint8_t learning;    /* INFRA_BIT() each: facts to learn if what is asked now is answered */
	enum transport transport;
	bool step;          /* what the outbox asks is but a step to what is wanted */
	bool counted;       /* the zone's rate knows of it: it was asked by another way before */
	bool opportunistic; /* encrypted, as it was found to answer so: encryption.h */
	bool after_silence; /* by another than UDP, because UDP brought nothing */
	bool folds;         /* it is known to find names whatever their case */
	bool confirming;    /* a denial of the name in mixed case is asked for in lower case */
	bool cookie_retry;  /* BADCOOKIE answered once */
	bool for_network;   /* what it answers is for the client's network, */
	bool subnet_off;    /* which it is told no more: it passed it over, subnet.h */
};

/** Where a denial comes from. */
enum denial_source {
	DENIAL_SENT,   /* the reply of a server */
	DENIAL_CACHED, /* the cache, with its verdict */
	DENIAL_MADE,   /* ranges out of the cache, RFC 8198 */
};

/** Verdict on a denial. */
struct denial_verdict {
	enum cache_security security; /* CACHE_UNCHECKED: none yet */
	enum denial_source source;
	uint16_t ede;  /* why it is insecure, TERN_EDE_NONE for none */
	bool by_proof; /* insecure by a proof that holds: see struct cache_negative */
	uint32_t ttl_s;
};

/** What a frame has found; begins anew after bogus data. */
struct found {
	struct kept_list answer;
	struct kept_list authority;
	struct denial_verdict denial;
	struct address answered_by; /* whose reply was believed last; family 0: the cache */
	bool yxdomain;              /* a DNAME led to a name that is too long */
	bool refused;               /* by a zone of our own, or a list; */
	bool dropped;               /* or not even that */
	uint8_t links;              /* aliases followed so far: the link being resolved */
};

struct frame {
	struct question question; /* what this frame resolves; an alias replaces it */
	enum frame_purpose purpose;
	enum stage stage;     /* where the next turn starts */
	enum outcome child;   /* how the last sub-question ended */
	enum outcome pending; /* in PROVE: how this frame ends if it holds */
	struct name_search name;
	struct cut_search at;
	struct server_try try;
	struct found found;
	uint32_t progress;    /* of the job's; changes with what is to be found out next */
	struct budget before; /* the accounts when the frame began */
	uint8_t failed_link;  /* of the answer's chain: what is being looked for, or proven */
	uint8_t child_ns;     /* index into cut->ns: whose addresses the child looks up */
	uint8_t restarts;     /* after bogus data */
	uint8_t sends;        /* for this frame */
	bool cut_dropped;     /* a cached delegation led nowhere and was forgotten once */
};

/** A listener to what a job does, for `ternctl trace`. */
struct job_trace {
	void (*step)(struct job_trace *trace, const char *line);
};

enum job_flag {
	JOB_REFRESH = 1,           /* prefetch: data in the last tenth of its life does not count */
	JOB_NO_SERVE = 2,          /* nobody waits: no stale answers */
	JOB_CHECKING_DISABLED = 4, /* the client validates by itself: CD=1 */
	JOB_NO_RECURSION = 8,      /* RD=0: what is here, or REFUSED; nobody is asked */
	JOB_UNFILTERED = 32,       /* for our own use: lists say nothing */
	JOB_AS_IT_IS =
		64, /* the client validates, and makes what NAT64 needs, by itself: CD=1, DO=1 */
	JOB_PRIME = 16, /* the question is the root's NS set: prime the delegation, RFC 9609 */
};

/** Checks of the set under way that went wrong: after a yield they are not made again. */
struct wrong_checks {
	const uint8_t *set; /* its rdata; NULL: of none */
	uint64_t digests[BUDGET_WRONG_MAX];
	uint8_t n;
	bool again; /* back from a yield, before the next check: all this was told already */
};

struct job {
	struct frame frames[JOB_DEPTH_MAX]; /* frames[depth - 1] runs */
	struct question question;           /* as the client asked it */
	struct resolver *resolver;
	const struct rules *rules; /* held from start to end */
	struct address
		client; /* of whom policy zones speak, set before the start; family 0 for none */
	struct prefix subnet; /* of the client, for servers (subnet.h); set before the start, family
				 0 for none */
	const struct moment *now;           /* of the running turn */
	struct job_trace *trace;            /* NULL for none */
	struct upstream_query outbox;       /* valid while parked */
	const struct upstream_reply *reply; /* valid in READ */
	struct budget budget;
	struct wrong_checks wrong;
	struct result result;      /* valid when finished */
	struct kept_list returned; /* the answer of the sub-question that just ended */
	uint16_t turns_left;
	uint16_t why_ede;                    /* the last failure seen, */
	char why[JOB_TEXT_MAX];              /* in words */
	struct address avoid[JOB_AVOID_MAX]; /* servers that gave bogus data */
	uint8_t avoid_n;
	bool yielded;       /* nothing to send: to be resumed after others had their turn */
	uint8_t probes;     /* that it has wished for */
	uint8_t link_sends; /* for the name, or the alias target it became, with its servers' names
			     */
	struct proven *proven;   /* what its own sub-questions found, newest first */
	enum fault fault;        /* the gravest so far: see failure.h */
	struct dns64 *dns64;     /* a second question is asked, for NAT64; NULL: not */
	struct nsec3_memo *memo; /* hashes of the message being proven; NULL before the first */
	uint8_t refetch_zone[TERN_NAME_MAX + 1];
	uint8_t link_name[TERN_NAME_MAX + 1]; /* of the link that PROVE fetches */
	uint32_t progress;                    /* counts the questions that a frame came to ask */
	uint64_t deadline_ms;                 /* CLOCK_MONOTONIC */
	uint64_t links_since_ms; /* links that anybody fetched since then are new enough for it */
	struct {
		const uint8_t *agent; /* of whom the last server asked says that he wants to hear
					 of failures; NULL for none */
		const uint8_t *zone;  /* of the client's question, as far as servers of it have been
					 heard; NULL before */
	} report;
	bool brief;         /* what it stores leaves the cache first; set before the start */
	bool past_policy;   /* policy zones have said what they had to say */
	bool known_failure; /* it failed by a failure out of the cache: nothing new to remember */
	bool refetch;       /* the keys of refetch_zone are fetched anew, */
	bool refetch_asked; /* and have been asked for */
	bool lower_case;    /* after bogus data nothing is asked in mixed case */
	bool chain_broken;  /* not this data but a link above it is bogus */
	uint8_t depth;
	uint8_t flags; /* enum job_flag */
	bool finished;
	struct arena arena;
};

/**
 * Start answering @p question. @return true when finished already: the result
 * is valid until job_end(). False: the outbox wants to be sent, or the job has
 * yielded and wants to be resumed without a reply after a crypto_rest().
 */
bool job_start(struct job *job, struct resolver *resolver, const struct question *question,
	       unsigned flags, const struct moment *now);

/** The same with a trace listener, which must outlive the job. */
bool job_start_traced(struct job *job, struct resolver *resolver, const struct question *question,
		      unsigned flags, struct job_trace *trace, const struct moment *now);

/** Go on with what the outbox led to; NULL after a yield. @return as job_start() */
bool job_resume(struct job *job, const struct upstream_reply *reply, const struct moment *now);

/** Would the answer to @p query, which was in the outbox before, still be of use? */
bool job_awaits(const struct job *job, const struct upstream_query *query);

/**
 * The answer to @p query came late: go on with it instead of what the outbox
 * says, which may be left open for its own late answer. job_awaits() must hold.
 * @return as job_start()
 */
bool job_resume_late(struct job *job, const struct upstream_query *query,
		     const struct upstream_reply *reply, const struct moment *now);

/** The client has waited long enough: give up with SERVFAIL. The job is finished. */
void job_expire(struct job *job, const struct moment *now);

/**
 * Is there stale data that answers the client's question (RFC 8767)? Fills
 * @p out from the cache into the job's arena without ending the job.
 */
bool job_stale_result(struct job *job, const struct moment *now, struct result *out);

/** Free what the job holds. */
void job_end(struct job *job);

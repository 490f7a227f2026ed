/*
 * control_private.h - the parts of the control socket.
 *
 *   control.c          the socket, its clients, who may connect
 *   control_command.c  a request read and answered, or begun
 *   control_dump.c     dump-cache, a slice of buckets at a time
 *   control_leases.c   leases, a slice at a time
 *   control_lists.c    lists of names
 *   control_records.c  local data, added and removed
 *   control_trace.c    trace, the lines as a worker writes them
 *   control_text.c     a client's unsent octets
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "control/control.h"
#include "control/metrics.h"
#include "policy/lists.h"

#define UNSENT_ENOUGH 65536     /* octets waiting for the client: more work is left for later */
#define UNSENT_MAX    (8 << 20) /* octets that one slice may reach; the largest RRset has 1 MiB */
#define TRACE_LINE    2048      /* octets; a worker writes at most 1500 at once */

/** Octets for the client. */
struct unsent {
	char *octets;
	size_t at; /* sent so far */
	size_t len;
	size_t max;
	bool broken; /* sticky: memory was short, the reply can't be completed */
};

/** Something that goes on after the request was read. */
enum work { WORK_NONE, WORK_DUMP, WORK_LEASES, WORK_TRACE, WORK_RELOAD, WORK_LISTS, WORK_RECORDS };

/** A list of leases goes on by the rule set that it began with. */
struct leases_work {
	struct rules *rules; /* a copy, or NULL */
	unsigned at;         /* the next lease */
};

struct trace_work {
	int fd; /* read end of the pipe that the worker writes to, or -1 */
	size_t line_n;
	char line[TRACE_LINE];
};

struct client {
	int fd;            /* -1: the place is free */
	uint64_t since_ms; /* last progress, CLOCK_MONOTONIC */
	enum work work;
	bool replying; /* the request was read */
	bool ended;    /* the whole reply is in unsent */
	bool json;
	size_t request_n;
	size_t dump_at; /* next bucket */
	unsigned load;  /* of the configuration, that it waits for */
	struct unsent unsent;
	struct trace_work trace;
	struct leases_work leases;
	json_t *done;             /* the reply of what is not in force yet, or NULL */
	char list[LIST_NAME_MAX]; /* that it waits for; "" for all */
	char request[CONTROL_REQUEST_MAX];
};

struct control {
	struct worker_shared *shared;
	const struct control_host *host;
	uint64_t started_ms; /* CLOCK_BOOTTIME */
	int fd;
	uint64_t device; /* of the socket's file, */
	uint64_t inode;  /* so that only our own is removed */
	uint32_t group;
	uint64_t resolved;    /* tally.resolved when it changed last, */
	uint64_t unresolved;  /* and tally.unresolved at that time */
	unsigned next_worker; /* traces go round */
	int folder;           /* that the socket is in, */
	char *name;           /* by this name */
	struct client clients[CONTROL_CLIENTS_MAX];
};

static inline size_t unsent_left(const struct unsent *u)
{
	return u->len - u->at;
}

/* control_text.c */
void unsent_add(struct unsent *u, const void *octets, size_t len);
void unsent_print(struct unsent *u, const char *format, ...) PRINTF(2, 3);
/** Add @p json compactly as one line; frees it. NULL marks the reply broken. */
void unsent_add_json_line(struct unsent *u, json_t *json);
/** What was sent is gone. */
void unsent_drop_sent(struct unsent *u);
void unsent_free(struct unsent *u);

/** The body is complete. */
void reply_end(struct client *k);
/** It ends with an error of a line or several, in which anything else not printable is escaped. */
void reply_error(struct client *k, const char *format, ...) PRINTF(2, 3);
/** The body is this object, as JSON or as lines "path.to.member  value"; frees it. */
void reply_object(struct client *k, json_t *object);

/* control_command.c */
/** Read the request of @p len octets and answer it, or begin to. */
void command_run(struct control *c, struct client *k, size_t len);
/** Seconds of CLOCK_BOOTTIME, by which the cache ages. */
uint32_t control_now_s(void);

/* control_dump.c */
/** Dump on until enough is unsent, some time has passed or all is done. */
void dump_slice(struct control *c, struct client *k);

/* control_leases.c */
void leases_start(struct control *c, struct client *k);
/** List on until enough is unsent or all is done. */
void leases_slice(struct client *k);
/** The client goes, or has it all. */
void leases_end(struct client *k);

/* control_lists.c */
void lists_print(struct control *c, struct client *k);
/** Fetch @p list, NULL for all, and wait. */
void lists_update(struct control *c, struct client *k, const char *list);
/** Tell what came of it, if it has ended. */
void lists_look(struct control *c, struct client *k);

/* control_records.c */
void records_print(struct control *c, struct client *k);

/* control_discovery.c */

/** What to publish of encrypted listeners. */
void discovery_print(struct control *c, struct client *k);

/* control_records.c, too */
void records_add(struct control *c, struct client *k, const char *record);
/** @p type 0: all types. */
void records_remove(struct control *c, struct client *k, const uint8_t *name, uint16_t type);
/** Tell what came of it, if it is in force. */
void records_look(struct control *c, struct client *k);

/* control.c */

/** How many clients have @p work under way. */
unsigned control_count(const struct control *c, enum work work);

/* control_trace.c */
void trace_start(struct control *c, struct client *k, const struct question *q);
/** Forward what the worker has written. */
void trace_read(struct client *k);
/** Stop listening; the worker ends by itself. */
void trace_close(struct client *k);

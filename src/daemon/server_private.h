/*
 * server_private.h - the parts of the daemon as a whole.
 *
 *   server.c   everything made, run, and ended in order
 *   crew.c     the workers
 *   reload.c   another configuration put in force while workers run
 *   refresh.c  data files, by the same configuration
 *   ways.c     servers that answer encrypted, over a restart
 *   fetching.c lists that are fetched
 *   filtering.c  sets of the packet filter
 *   certificates.c  certificates as time goes on
 *   discovered_tell.c  what to publish of encrypted listeners
 *   check.c    a configuration looked at, and nothing done
 *   local_data.c local data that ternctl adds
 *   view_tell.c  what is told of views
 *   host.c     what the control socket is told, and may do
 */
#pragma once

#include <jansson.h>

#include "control/control.h"
#include "daemon/followed.h"
#include "daemon/interfaces.h"
#include "daemon/loader.h"
#include "daemon/server.h"
#include "daemon/sockets.h"
#include "daemon/watchdog.h"
#include "keeper/keeper.h"
#include "keeper/sources.h"
#include "net/tls.h"
#include "worker/worker.h"

/** What is told of names in files. */
struct names_state {
	unsigned hosts;        /* names in files of hosts, */
	unsigned hosts_bad;    /* lines there that were passed over, */
	unsigned hosts_unread; /* and files that could not be read */
	uint64_t added_serial; /* of what ternctl added, in the names in force */
	time_t hosts_at;       /* when they changed last, or were loaded with all else, */
	time_t leases_at;      /* and names of leases */
	uint64_t notes_ms;     /* when it was told what is wrong with leases */
	uint64_t looked_ms;    /* when leases that have ended were looked for */
	int64_t clock_s;       /* so far CLOCK_REALTIME is ahead of CLOCK_BOOTTIME */
	bool clock_known;      /* it was looked at */
	bool jumped;           /* that has changed, and leases were not told yet */
};

/** Until when lists say nothing for one view, by its name: classes are given again. */
struct view_pause {
	char view[VIEW_NAME_MAX]; /* "" for none */
	uint64_t until_ms;        /* CLOCK_BOOTTIME */
	bool ended;               /* a pause for everybody is none for it */
};

/** What was told of certificates, and is known of what they are for. */
struct certificates_state {
	uint64_t generation; /* of the rules that were looked at; 0 for none */
	uint8_t pin[TLS_PIN_LEN];
	int64_t warned_s;  /* CLOCK_REALTIME */
	uint64_t ask_ms;   /* no sooner than then one is asked for again, CLOCK_MONOTONIC, */
	uint64_t pause_ms; /* which was put off so far */
	uint64_t names;    /* discovered_sum() when they were loaded last */
	bool differ;       /* it is another one */
};

struct server {
	const struct server_start *start;
	struct log log;
	struct worker_shared shared;
	struct worker *workers[WORKERS_MAX];
	struct sockets *sockets;
	struct control_host host;
	struct control *control;
	struct control *retired; /* its socket is another control's, but it has clients; or NULL */
	struct keeper *keeper;
	struct interfaces *interfaces;
	struct watchdog *watchdog;
	struct loader *loader;
	struct followed *followed; /* data files that the configuration names */
	struct firewall *firewall; /* fills sets; NULL while no configuration has named one */
	struct added *added;       /* local data that ternctl added */
	struct sources *sources;   /* lists that are fetched */
	char *copies;              /* folder of what is fetched */
	bool copies_temporary;     /* it ends with the daemon */
	struct names_state names;
	struct certificates_state certificates;
	struct {
		char *path; /* of what is kept of servers that answer encrypted; NULL: nothing */
		uint64_t due_ms; /* CLOCK_MONOTONIC: when it is written next, or read, */
		bool begun;      /* which it was; */
		bool failed;     /* to write it, which was told */
	} ways;
	struct {
		uint64_t all_until_ms;               /* CLOCK_BOOTTIME */
		struct view_pause of[VIEWS_MAX + 1]; /* by class */
	} pauses;
	struct hash_key cache_key;
	bool loaded;      /* in the last turn: whoever waits for that is told at once */
	time_t loaded_at; /* when the configuration in force was taken */
	uint64_t watched_ms;
	unsigned long descriptors;       /* that may be open; 0: not known */
	unsigned long descriptors_begun; /* that were open before any socket */
	unsigned long clients_told;      /* TCP clients for each worker, as logged; 0: never */
	int signal_fd;
	int cpus[WORKERS_MAX];
};

/** The configuration in force. */
const struct config *server_config(const struct server *s);

/** Open the control socket that @p config says, and give it to the daemon's user; errno. */
struct control *server_open_control(struct server *s, const struct config *config);

/** A cache as @p config says; NULL when memory is short. */
struct cache *server_make_cache(struct server *s, const struct config *config);

/** Free it, as rules_set_part() wants it. */
void server_end_cache(void *cache);

/** The level that @p config or the command line says. */
enum log_level server_log_level(const struct server *s, const struct config *config);

/** Warn of what is doubtful about @p config. */
void server_doubt(struct server *s, const struct config *config);

/** Warn of each line of @p notes, which is cut up. */
void server_tell_notes(struct server *s, char *notes);

/** Where @p config says to listen right now. Logs when these are too many. */
unsigned server_endpoints(struct server *s, const struct config *config,
			  struct endpoint out[LISTENERS_MAX]);

/* crew.c */

/** How many workers @p wanted means, 0 being one for each CPU. */
unsigned crew_count(struct server *s, unsigned wanted);

/** Count the descriptors that are open before any socket is. */
void crew_count_descriptors(struct server *s);

/**
 * Say how many connections of clients each worker may have: three quarters of the descriptors are
 * the daemon's own and its clients', the last one is for asking servers. What it needs itself is
 * told by what there is, so call it whenever that may have changed.
 */
void crew_divide_descriptors(struct server *s);

/** Log that number, if it is another one than was told last. */
void crew_tell_descriptors(struct server *s);

/** Are there descriptors for @p n workers that serve, beside those that rest? */
bool crew_fits(const struct server *s, unsigned n);

/**
 * How many of @p wanted workers there are descriptors for, when no socket is open yet and there
 * will be @p listen_n addresses. Fewer are warned of.
 */
unsigned crew_affordable(struct server *s, unsigned wanted, unsigned listen_n);

/** Make and start a worker for each row of sockets; false after logging why. */
MUST_USE bool crew_make(struct server *s);

/** Let @p n workers serve; false with @p why when only as many do as s->sockets says. */
MUST_USE bool crew_resize(struct server *s, unsigned n, char *why, size_t max);

/** Have them answer what was asked, as far as there is time for that. */
void crew_drain(struct server *s);

/** End all of them, and free them. */
void crew_stop(struct server *s);

/* filtering.c */

/** Have somebody fill the sets that @p rules name, before these are published. Logs why not. */
void filtering_begin(struct server *s, const struct rules *rules);

/* check.c */
/** Tell everything that is wrong or doubtful about the configuration, or that it is good. */
enum server_end server_check(struct server *s);

/* view_caches.c */
/** Give @p rules the caches of views; what may stay of @p before (NULL for none) does. False when
 * memory is short. */
MUST_USE bool server_make_view_caches(struct server *s, struct rules *rules,
				      const struct rules *before);

/* pause.c */
/** Lists say nothing for @p seconds, or do again with 0; @p view: a name, NULL for everybody. False
 * with a static @p why. */
bool pause_lists(struct server *s, const char *view, uint32_t seconds, const char **why);

/** A pause may have ended. */
void pause_tick(struct server *s);

/** Seconds until lists count again for @p class, 0 when they do. */
uint32_t pause_left_s(const struct server *s, unsigned class);

/* local_data.c */
/** Read what ternctl added before; false when memory is short. */
MUST_USE bool local_data_begin(struct server *s);

/** What ternctl added, an array of records. */
json_t *local_data_to_json(const struct server *s);

/** Add a record, or remove some (@p type 0: all); false or 0 with @p why. */
bool local_data_add(struct server *s, const char *record, const char **why);
unsigned local_data_remove(struct server *s, const uint8_t *name, uint16_t type, const char **why);

/** Is what was added and removed in force? */
enum control_progress local_data_look(const struct server *s);

/* view_tell.c */
/** The views, an array; what memory is too short for is missing. */
json_t *views_to_json(const struct server *s);

#define VIEW_UNTIL_MAX 48

/**
 * Until when it stays with the view's schedule as it is, in local time: "until Sun 08:00", or ""
 * for ever.
 */
char *view_until(const struct view *v, char out[VIEW_UNTIL_MAX]);

/* reload.c */
/** Put in force what the loader has read, all or data files, and tell whoever waits for it. */
void reload_take(struct server *s);

/* refresh.c */
/** Put in force what the loader has read of data files; if not @p good, tell @p why. */
void refresh_take(struct server *s, struct load *load, bool good, char *why);

/** Remember what @p load says of names, before it is emptied. */
void refresh_note_names(struct server *s, const struct load *load);

/** Some leases may have ended, or the clock was set. */
void refresh_tick(struct server *s, uint64_t now_ms);

/* certificates.c */
/** Tell what is to be told, and ask for what is due. @p interfaces: they may have changed. */
void certificates_tick(struct server *s, bool interfaces);

/** What @p load has of them is taken. */
void certificates_note(struct server *s, const struct load *load);

/** What is told of them, an array; what memory is too short for is missing. */
json_t *certificates_to_json(const struct server *s);

/* discovered_tell.c */
/** What to publish of encrypted listeners, and what is wrong with that (control.h). */
json_t *discovered_to_json(const struct server *s);

/* ways.c */
/** Read what was kept, once it is of use, and keep it now and then. */
void ways_tick(struct server *s);

/** Keep it. */
void ways_end(struct server *s);

/* fetching.c */
/** Say where copies are, before anything is loaded; false when memory is short. */
MUST_USE bool fetching_prepare(struct server *s);

/** Fetch what the configuration in force says; privileges are dropped. */
void fetching_take(struct server *s);

/** Do what is due. */
void fetching_tick(struct server *s);

/** Add to @p list what is told of the list @p name, if it is fetched. */
void fetching_add(const struct server *s, const char *name, json_t *list);

/** The line of `status`; NULL without lists, or when memory is short. */
json_t *fetching_status(const struct server *s);

/* host.c */
struct control_host host_of(struct server *s);

/*
 * control.h - the Unix socket that ternctl talks to, served by the main thread.
 *
 * Purpose    look into the running daemon and tell it things, without stopping
 *            a worker.
 * Protocol   one request per connection, one line of JSON of at most
 *            CONTROL_REQUEST_MAX octets, ended by a newline or by closing that
 *            direction:
 *
 *                {"command": "trace", "name": "example.com", "type": "MX", "json": true}
 *
 *            The reply is a body, a NUL octet, and the text of an error: empty
 *            when all went well. The body is text for people or, with "json",
 *            JSON; it never has a NUL. A reply without its NUL is incomplete.
 *
 *            command     members       body with "json"
 *            status                    one object
 *            stats                     one object
 *            flush       name          one object: the name alone, all types
 *            flush-zone  name          one object: everything at and below the name
 *            dump-cache                an object per line, one for each entry
 *            trace       name, type    an object per line, one for each step; the step "signature"
 * has members name, type, signer, key_tag, algorithm, inception, expiration and verdict log-level
 * level         one object nta-add     name          one object; "duration" may be there: "30m"
 *            nta-list                  one object
 *            nta-remove  name          one object
 *            reload                    one object, when the configuration is in force
 *            explain     client, name, type
 *                                      an object per line, one for each step of the decision
 *            leases                    an object per line: each lease, then each file
 *            pause       duration      one object; "view" may be there; the duration may be "off"
 *            views                     an object per line
 *            discovery                 one object
 *            local-data                an object per line, one for each record that was added
 *            local-data-add  record    one object, when it is in force
 *            local-data-remove  name   one object, when that is in force; "type" may be there
 *            lists                     an object per line, one for each list
 *            lists-update              the same of those that were fetched; "list" may be there:
 * its name leases                    an object per line: each lease, then each file
 *
 * Threads    main thread only, which is an online reader of the cache while
 *            control_serve() runs. Long work is done in slices.
 * Limits     CONTROL_CLIENTS_MAX clients, of them CONTROL_TRACES_MAX with a trace and
 * CONTROL_UPDATES_MAX that wait for lists; others wait in the backlog; one that neither sends nor
 * takes an octet for CONTROL_PATIENCE_MS is cut off. Access by the socket file's mode (0660), and
 * again by the peer's credentials: root, the daemon's own user, or the file's group.
 */
#pragma once

#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "worker/worker.h"

#define CONTROL_CLIENTS_MAX 8
#define CONTROL_TRACES_MAX  4 /* of them; a trace takes seconds, and nobody waits behind it */
#define CONTROL_UPDATES_MAX 3 /* that wait for lists, for minutes perhaps: nor behind these */
#define CONTROL_FDS_MAX     (1 + 2 * CONTROL_CLIENTS_MAX) /* a client has a socket and a pipe */
#define CONTROL_REQUEST_MAX 4096                          /* octets */
#define CONTROL_PATIENCE_MS 5000

struct control;

/** Something that takes a while. */
enum control_progress { CONTROL_BUSY, CONTROL_DONE, CONTROL_FAILED };

/** What the daemon tells of itself here, and does when it is told to. */
struct control_host {
	void *context; /* for the functions */
	/** Workers that serve, without those that rest. */
	unsigned (*workers)(void *context);
	/** Add what `status` shows of the daemon's other parts. */
	void (*add_status)(void *context, json_t *status);
	/** The negative trust anchors, an array; NULL when memory is short. */
	json_t *(*exceptions)(void *context);
	/** Add and end one; false with a static @p why. */
	bool (*add_exception)(void *context, const uint8_t *name, uint32_t life_s,
			      const char **why);
	bool (*remove_exception)(void *context, const uint8_t *name, const char **why);
	/** Tell @p tell, which takes the objects over, why @p client is answered as it is. */
	void (*explain)(void *context, const struct address *client, const uint8_t *name,
			uint16_t type, void (*tell)(void *to, json_t *line), void *to);
	/** Lists say nothing for so long, 0: they do again; @p view NULL: for everybody. False
	 * with a static @p why. */
	bool (*pause)(void *context, const char *view, uint32_t seconds, const char **why);
	/** The views, an array; NULL when memory is short. */
	json_t *(*views)(void *context);
	/** What to publish of encrypted listeners: "name", arrays "records", "dhcpv4", "dhcpv6",
	 * "ra", "dnsmasq", "kea" (each only if there is something) and "failing" of texts. */
	json_t *(*discovery)(void *context);
	/** Local data that was added here: an array of objects with a "record". */
	json_t *(*local_data)(void *context);
	/**
	 * Add a record in presentation format; remove those of a name and type, 0 for all types,
	 * and tell how many. False or 0 with @p why. @p kept: will it outlive the daemon?
	 */
	bool (*add_local)(void *context, const char *record, bool *kept, const char **why);
	unsigned (*remove_local)(void *context, const uint8_t *name, uint16_t type,
				 const char **why);
	/** Is all of that in force? */
	enum control_progress (*look_at_local)(void *context);
	/** Load the configuration anew; the number of the load that will have seen the file. */
	unsigned (*reload)(void *context);
	/**
	 * Add to @p to what is told of the list @p list if it has a URL: "url", "fetched_s"
	 * (seconds ago, -1 for never), "next_s" (seconds until), "changed", "failures",
	 * "fetch_error".
	 */
	void (*add_source)(void *context, const char *list, json_t *to);
	/** Fetch the list @p list now, NULL for all; false when it has no URL. */
	bool (*update_lists)(void *context, const char *list);
	/** Has that ended, and is what was fetched in force? */
	bool (*lists_are_updated)(void *context, const char *list);
};

/**
 * Listen at @p path, mode 0660. The folder is made if it is missing; the socket
 * of a daemon that is gone is replaced. @p host and @p shared outlive the control.
 *
 * @return NULL with errno when that fails: EADDRINUSE for a daemon that is
 *         there, EEXIST for a file that is no socket, ENOENT when @p path is ""
 */
MUST_USE struct control *control_create(const char *path, struct worker_shared *shared,
					const struct control_host *host);

/**
 * Give the socket to who we are going to be, so that it can still be used and removed then. Nothing
 * but the very socket is given, whatever has been put in its place. Failing is harmless.
 */
void control_hand_over(struct control *c, uid_t uid, gid_t gid);

/** Close everything and remove the socket's file; NULL is allowed. */
void control_destroy(struct control *c);

/**
 * What to poll, into CONTROL_FDS_MAX places; returns how many. 0 for NULL.
 * Places without a descriptor have -1, which poll() skips.
 */
unsigned control_poll_fds(const struct control *c, struct pollfd *fds);

/**
 * Load @p load ended: who waits for it or for an earlier one gets @p report (borrowed)
 * or, if that is NULL, @p error. NULL for @p c is allowed.
 */
void control_end_reload(struct control *c, unsigned load, json_t *report, const char *error);

/** Take no new clients: the socket's file belongs to another control, or to nobody. */
void control_retire(struct control *c);

/** Has it no client? */
bool control_is_idle(const struct control *c);

/** Serve what poll() found in the same array, and end who is too slow. Does not block. */
void control_serve(struct control *c, const struct pollfd *fds, unsigned n);

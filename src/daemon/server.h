/*
 * server.h - the daemon as a whole: everything made, running, and ended in order.
 */
#pragma once

#include <stdbool.h>

enum server_end {
	SERVER_STOPPED,       /* as asked, or the check was fine */
	SERVER_FAILED,        /* told in the log */
	SERVER_MISCONFIGURED, /* a file that the configuration names is bad */
};

/** How the daemon was started. */
struct server_start {
	const char *path; /* of the configuration; NULL for the defaults */
	bool test;        /* only check what the configuration refers to, and open nothing */
	bool verbose;     /* log as much as there is, whatever the configuration says */
};

/** Run until SIGTERM or SIGINT. */
enum server_end server_run(const struct server_start *start);

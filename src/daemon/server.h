/*
 * server.h - the daemon as a whole: everything made, running, and ended in order.
 */
#pragma once

#include <stdbool.h>

#include "daemon/config.h"

enum server_end {
	SERVER_STOPPED,       /* as asked, or the check was fine */
	SERVER_FAILED,        /* told in the log */
	SERVER_MISCONFIGURED, /* a file that the configuration names is bad */
};

/**
 * Run until SIGTERM or SIGINT. With @p test only check what the configuration
 * refers to, and open nothing.
 */
enum server_end server_run(const struct config *config, bool test);

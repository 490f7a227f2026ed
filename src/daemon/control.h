/*
 * control.h - the Unix socket that ternctl talks to, served by the main thread.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>

#include "base/compiler.h"
#include "worker/worker.h"

#define CONTROL_CLIENTS_MAX 8
#define CONTROL_FDS_MAX     (1 + CONTROL_CLIENTS_MAX)

struct control;

/** Listen at @p path, mode 0660. NULL with errno when that fails or @p path is "". */
MUST_USE struct control *control_create(const char *path, struct worker_shared *shared);

/** Close everything and remove the socket's file; NULL is allowed. */
void control_destroy(struct control *c);

/** What to poll; returns how many of CONTROL_FDS_MAX. 0 for NULL. */
unsigned control_poll_fds(const struct control *c, struct pollfd *fds);

/** Serve what poll() found. */
void control_serve(struct control *c, const struct pollfd *fds, unsigned n);

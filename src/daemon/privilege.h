/*
 * privilege.h - give away what is no longer needed once the sockets are bound.
 *
 * Order      privilege_raise_nofile(), bind, open the control socket, then
 *            privilege_drop(), then start threads: capabilities and
 *            no_new_privs belong to the calling thread and are inherited.
 * Threads    main thread only, before any other exists.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/compiler.h"

struct log;

/**
 * Become @p user with its groups and keep nothing else: no capability but CAP_NET_BIND_SERVICE, no
 * way to gain one by execve() (no_new_privs), no core files.
 *
 * @param filters  keep CAP_NET_ADMIN, too
 * @param user  "" stays who we are and still drops the rest. Without root's rights another user
 *              than ours is only warned about: a service manager has decided already.
 * @return false when the process is not what it should be; @p log says why and the caller must exit
 */
MUST_USE bool privilege_drop(const char *user, bool filters, struct log *log);

/** May this thread change the packet filter? */
bool privilege_may_filter(void);

/**
 * Who will @p user be after privilege_drop()? False when that is who we are: "" or unknown, or we
 * are not root.
 */
bool privilege_future_owner(const char *user, uid_t *uid, gid_t *gid);

/** Is there a user @p user? "", who we are, is there. */
bool privilege_is_known(const char *user);

/** Allow as many open files as the hard limit does. @return the limit now, 0 if unknown */
unsigned long privilege_raise_nofile(void);

/* privilege.c - see privilege.h. */
#include "daemon/privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/log.h"

#define CAPNG_NO_SETPCAP (-4) /* capng_apply(): the bounding set is not ours to change */

unsigned long privilege_raise_nofile(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return 0;
	rlim_t before = files.rlim_cur;
	files.rlim_cur = files.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : before;
}

/**
 * Who @p user is, if we have to become that user.
 * @return false when that can't be done; @p who NULL when there is nothing to do
 */
static bool find_user(const char *user, struct log *log, const struct passwd **who)
{
	*who = NULL;
	if (user[0] == '\0')
		return true;

	errno = 0;
	const struct passwd *entry = getpwnam(user);
	int reason = errno;
	if (geteuid() != 0) {
		if (!entry || entry->pw_uid != geteuid())
			log_warning(log, "user \"%s\" is configured but uid %u can't change to it",
				    user, (unsigned)geteuid());
		return true;
	}
	if (!entry) {
		log_error(log,
			  "server.user: no user \"%s\"%s%s; create it, or set server.user to \"\"",
			  user, reason ? ": " : "", reason ? strerror(reason) : "");
		return false;
	}
	if (entry->pw_uid != 0)
		*who = entry;
	return true;
}

/** Needs CAP_SETPCAP, so it comes before the user changes; best effort behind no_new_privs. */
static bool clear_bounding_set(struct log *log)
{
	/* Without it libcap-ng would write an error to the system's log, in our name. */
	if (capng_get_caps_process() == 0 && !capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		return true;
	capng_clear(CAPNG_SELECT_ALL);
	int result = capng_apply(CAPNG_SELECT_BOUNDS);

	if (result == 0 || result == CAPNG_NO_SETPCAP)
		return true;
	log_error(log, "can't clear the capability bounding set (libcap-ng: %d)", result);
	return false;
}

/*
 * One is kept, if it is there: addresses that the configuration gets later have port 53, too. So is
 * the one for the packet filter, where that is wanted.
 */
static bool clear_capabilities(bool filters, struct log *log)
{
	bool known = capng_get_caps_process() == 0;
	bool binds = known && capng_have_capability(CAPNG_PERMITTED, CAP_NET_BIND_SERVICE);

	filters = filters && known && capng_have_capability(CAPNG_PERMITTED, CAP_NET_ADMIN);
	capng_clear(CAPNG_SELECT_ALL);
	if (binds)
		(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
				   CAP_NET_BIND_SERVICE);
	if (filters)
		(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN);
	int result = capng_apply(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT);

	if (result == 0)
		return true;
	log_error(log, "can't drop capabilities (libcap-ng: %d)", result);
	return false;
}

static bool change_user(const struct passwd *who, struct log *log)
{
	/* For the one that is kept; the others go right after. */
	(void)prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (initgroups(who->pw_name, who->pw_gid) != 0 ||
	    setresgid(who->pw_gid, who->pw_gid, who->pw_gid) != 0 ||
	    setresuid(who->pw_uid, who->pw_uid, who->pw_uid) != 0) {
		log_error(log, "can't become user \"%s\": %s", who->pw_name, strerror(errno));
		return false;
	}
	if (setuid(0) == 0) {
		log_error(log, "dropped root for \"%s\" but could take it back", who->pw_name);
		return false;
	}
	return true;
}

bool privilege_may_filter(void)
{
	return capng_get_caps_process() == 0 &&
	       capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN);
}

bool privilege_drop(const char *user, bool filters, struct log *log)
{
	const struct passwd *who;

	if (!find_user(user, log, &who))
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		log_error(log, "can't set no_new_privs: %s", strerror(errno));
		return false;
	}
	if (!clear_bounding_set(log))
		return false;
	if (who && !change_user(who, log))
		return false;
	if (!clear_capabilities(filters, log))
		return false;
	if (setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) != 0) {
		log_error(log, "can't turn core files off: %s", strerror(errno));
		return false;
	}
	return true;
}

bool privilege_future_owner(const char *user, uid_t *uid, gid_t *gid)
{
	const struct passwd *entry = *user ? getpwnam(user) : NULL;

	if (!entry || geteuid() != 0)
		return false;
	*uid = entry->pw_uid;
	*gid = entry->pw_gid;
	return true;
}

bool privilege_is_known(const char *user)
{
	return user[0] == '\0' || getpwnam(user) != NULL;
}

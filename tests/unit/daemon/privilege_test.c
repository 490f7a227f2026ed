/*
 * privilege_test.c - what is left after privilege_drop(), each case in a child of its own.
 *
 * As root every case runs; as another user those that need root are skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cap-ng.h>
#include <cmocka.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/privilege.h"

#define OTHER_USER "nobody" /* there on every system */

static char said[4096];
static bool wrote_to_syslog;

/* Stands before libc's, so that a library that writes there by itself is noticed. */
void __syslog_chk(int priority, int flag, const char *format, ...);

void __syslog_chk(int priority, int flag, const char *format, ...)
{
	(void)priority;
	(void)flag;
	(void)format;
	wrote_to_syslog = true;
}

/** Run @p body in a child; its log is in @c said. @return its exit code */
static int in_child(int (*body)(struct log *log))
{
	int ends[2], status;

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct log log = {.fd = ends[1], .level = LOG_LEVEL_DEBUG};
		_exit(body(&log));
	}
	close(ends[1]);
	ssize_t n = read(ends[0], said, sizeof(said) - 1); /* all lines fit one read each */
	size_t len = n > 0 ? (size_t)n : 0;
	while (n > 0 && (n = read(ends[0], said + len, sizeof(said) - 1 - len)) > 0)
		len += (size_t)n;
	said[len] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/** 0 when nothing is left, else the line that was not true. */
static int nothing_is_left(void)
{
	struct rlimit core;

	if (wrote_to_syslog)
		return 9;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 10;
	if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0)
		return 11;
	capng_get_caps_process();
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		/* Later addresses are bound to port 53, too. */
		bool binds = cap == CAP_NET_BIND_SERVICE;

		if (capng_have_capability(CAPNG_INHERITABLE, (unsigned)cap))
			return 12;
		if (!binds && (capng_have_capability(CAPNG_EFFECTIVE, (unsigned)cap) ||
			       capng_have_capability(CAPNG_PERMITTED, (unsigned)cap)))
			return 12;
	}
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, (unsigned long)cap, 0, 0) == 1)
			return 13;
	}
	return 0;
}

static int drop_to_nobody(struct log *log)
{
	const struct passwd *who = getpwnam(OTHER_USER);
	uid_t ids[3];
	gid_t groups[64];

	if (!who || !privilege_drop(OTHER_USER, false, log))
		return 1;
	if (getresuid(&ids[0], &ids[1], &ids[2]) != 0 || ids[0] != who->pw_uid ||
	    ids[1] != who->pw_uid || ids[2] != who->pw_uid)
		return 2;
	if (getgid() != who->pw_gid || getegid() != who->pw_gid)
		return 3;
	int n = getgroups(ARRAY_LEN(groups), groups);
	for (int i = 0; i < n; i++) {
		if (groups[i] == 0)
			return 4; /* root's groups stayed */
	}
	if (setuid(0) == 0 || setgid(0) == 0)
		return 5;
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		if (prctl(PR_CAPBSET_READ, (unsigned long)cap, 0, 0, 0) == 1)
			return 6;
	}
	if (capng_get_caps_process() != 0 ||
	    !capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_BIND_SERVICE))
		return 7;
	return nothing_is_left();
}

static int drop_and_stay(struct log *log)
{
	uid_t before = geteuid();

	if (!privilege_drop("", false, log) || geteuid() != before)
		return 1;
	return nothing_is_left();
}

static int drop_to_missing(struct log *log)
{
	return privilege_drop("no-such-user", false, log) ? 1 : 0;
}

static int drop_to_other_without_root(struct log *log)
{
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		return 1;
	if (!privilege_drop("root", false, log))
		return 2;
	return nothing_is_left();
}

static int drop_to_self_without_root(struct log *log)
{
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		return 1;
	const struct passwd *self = getpwuid(geteuid());
	if (!privilege_drop(self ? self->pw_name : "", false, log))
		return 2;
	return nothing_is_left();
}

static int raise_nofile(struct log *log)
{
	struct rlimit files;

	(void)log;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return 1;
	files.rlim_cur = 64;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		return 2;
	if (privilege_raise_nofile() != files.rlim_max)
		return 3;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur != files.rlim_max)
		return 4;
	return 0;
}

static void test_drop_to_user(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(in_child(drop_to_nobody), 0);
	assert_string_equal(said, "");
}

static void test_drop_and_stay(void **state)
{
	(void)state;
	assert_int_equal(in_child(drop_and_stay), 0);
	assert_string_equal(said, "");
}

static void test_missing_user(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(in_child(drop_to_missing), 0);
	assert_non_null(strstr(said, "error: server.user: no user \"no-such-user\""));
}

static void test_without_root(void **state)
{
	(void)state;
	assert_int_equal(in_child(drop_to_other_without_root), 0);
	assert_non_null(strstr(said, "warning: user \"root\" is configured but uid "));
	assert_int_equal(in_child(drop_to_self_without_root), 0);
	assert_string_equal(said, "");
}

static void test_raise_nofile(void **state)
{
	(void)state;
	assert_int_equal(in_child(raise_nofile), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drop_to_user), cmocka_unit_test(test_drop_and_stay),
		cmocka_unit_test(test_missing_user), cmocka_unit_test(test_without_root),
		cmocka_unit_test(test_raise_nofile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

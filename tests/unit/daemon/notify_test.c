/* notify_test.c - the messages as a service manager receives them, and the sockets that it passes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/notify.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

static int manager; /* our end of $NOTIFY_SOCKET */

static const char *received(void)
{
	static char text[512];
	ssize_t n = recv(manager, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void test_without_manager(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	notify_ready();
	notify_stopping();
	notify_watchdog();
}

static void test_messages(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(address);
	char path[sizeof(address.sun_path) + 1] = "@";

	(void)state;
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(manager >= 0);
	/* autobind gives an abstract name, which the environment spells with '@' */
	assert_int_equal(bind(manager, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	assert_int_equal(getsockname(manager, (struct sockaddr *)&address, &len), 0);
	memcpy(path + 1, address.sun_path + 1, len - offsetof(struct sockaddr_un, sun_path) - 1);
	assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);

	notify_ready();
	assert_string_equal(received(), "READY=1");
	notify_stopping();
	assert_string_equal(received(), "STOPPING=1");
	notify_watchdog();
	assert_string_equal(received(), "WATCHDOG=1");
	unsetenv("NOTIFY_SOCKET");
	close(manager);
}

static void put_socket(int at, int family, int type, bool listening)
{
	struct sockaddr_storage any = {.ss_family = (sa_family_t)family};
	int fd = socket(family, type, 0);

	if (fd < 0 || (family != AF_UNIX && bind(fd, (struct sockaddr *)&any, sizeof(any)) != 0) ||
	    (listening && listen(fd, 1) != 0))
		_exit(90);
	if (fd != at) {
		dup2(fd, at);
		close(fd);
	}
}

static bool is_prepared(int fd)
{
	return (fcntl(fd, F_GETFL) & O_NONBLOCK) && (fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

/** In a child, because the descriptors have to have their fixed numbers. */
static int take_sockets(void)
{
	struct log log = {.fd = -1, .level = LOG_LEVEL_ERROR};
	struct notify_socket sockets[4];
	char pid[16];

	put_socket(FIRST_FD, AF_INET, SOCK_DGRAM, false);
	put_socket(FIRST_FD + 1, AF_INET, SOCK_STREAM, true);
	put_socket(FIRST_FD + 2, AF_UNIX, SOCK_DGRAM, false);  /* not ours */
	put_socket(FIRST_FD + 3, AF_INET, SOCK_STREAM, false); /* does not listen */
	put_socket(FIRST_FD + 4, AF_INET, SOCK_DGRAM, false);
	put_socket(FIRST_FD + 5, AF_INET, SOCK_DGRAM, false);
	put_socket(FIRST_FD + 6, AF_INET, SOCK_DGRAM, false); /* one too many */
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "7", 1);

	if (notify_listen_fds(sockets, ARRAY_LEN(sockets), &log) != 4)
		return 1;
	if (sockets[0].fd != FIRST_FD || sockets[0].tcp || sockets[1].fd != FIRST_FD + 1 ||
	    !sockets[1].tcp || sockets[2].fd != FIRST_FD + 4 || sockets[3].fd != FIRST_FD + 5)
		return 2;
	for (unsigned i = 0; i < 4; i++) {
		if (!is_prepared(sockets[i].fd) || sockets[i].local.family != 4 ||
		    sockets[i].local.port == 0)
			return 3;
	}
	if (fcntl(FIRST_FD + 2, F_GETFD) != -1 || fcntl(FIRST_FD + 6, F_GETFD) != -1)
		return 4;
	if (getenv("LISTEN_FDS") || notify_listen_fds(sockets, ARRAY_LEN(sockets), &log) != 0)
		return 5;
	return 0;
}

static void test_listen_fds(void **state)
{
	int status;

	(void)state;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		for (int fd = FIRST_FD; fd < 64; fd++)
			close(fd);
		_exit(take_sockets());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_no_fds(void **state)
{
	struct notify_socket one;
	struct log log = {.fd = -1};

	(void)state;
	unsetenv("LISTEN_FDS");
	assert_int_equal(notify_listen_fds(&one, 1, &log), 0);
	setenv("LISTEN_PID", "1", 1); /* meant for another process */
	setenv("LISTEN_FDS", "1", 1);
	assert_int_equal(notify_listen_fds(&one, 1, &log), 0);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_manager),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_listen_fds),
		cmocka_unit_test(test_no_fds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* holder_test.c - who has an address, read from tables as the kernel writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/holder.h"

#define HEAD                                                                                       \
	"   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "     \
	"timeout inode ref pointer drops\n"
#define TAIL " 00000000:00000000 00:00000000 00000000 "

/* 127.0.0.53 and 127.0.0.1, as a little-endian machine writes them. */
#define RESOLVED_UDP "  214: 3500007F:0035 00000000:0000 07" TAIL "  991        0 10 2 0 0\n"
#define LOOPBACK_TCP "    0: 0100007F:0035 00000000:0000 0A" TAIL "    0        0 11 1 0 100\n"
#define CLIENT_TCP   "    1: 0100007F:0035 0100007F:9C40 01" TAIL "    7        0 12 1 0 20\n"
#define ANY_UDP      "   53: 00000000:0035 00000000:0000 07" TAIL "  105        0 13 2 0 0\n"
#define ANY_UDP6                                                                                   \
	"   53: 00000000000000000000000000000000:0035 "                                            \
	"00000000000000000000000000000000:0000 07" TAIL "  106        0 14 2 0 0\n"
#define LOOPBACK_UDP6                                                                              \
	"   53: 00000000000000000000000001000000:0035 "                                            \
	"00000000000000000000000000000000:0000 07" TAIL "  107        0 15 2 0 0\n"

/** The uid of who has @p wanted by @p table, or -1. */
static int holder_of(const char *table, uint8_t family, const char *wanted)
{
	char text[1024];
	struct address address;
	struct holder holder;

	snprintf(text, sizeof text, "%s%s", HEAD, table);
	assert_true(address_from_text(wanted, 53, &address));
	FILE *file = fmemopen(text, strlen(text), "r");

	assert_non_null(file);
	bool found = holder_find(file, family, &address, &holder);

	fclose(file);
	return found ? (int)holder.uid : -1;
}

static void test_same_address(void **state)
{
	(void)state;
	assert_int_equal(holder_of(RESOLVED_UDP, 4, "127.0.0.53"), 991);
	assert_int_equal(holder_of(RESOLVED_UDP LOOPBACK_TCP, 4, "127.0.0.1"), 0);
	assert_int_equal(holder_of(RESOLVED_UDP, 4, "127.0.0.1"), -1);
	assert_int_equal(holder_of(RESOLVED_UDP, 4, "127.0.0.53@54"), -1);
	assert_int_equal(holder_of(LOOPBACK_UDP6, 6, "::1"), 107);
}

static void test_wildcards(void **state)
{
	(void)state;
	assert_int_equal(holder_of(RESOLVED_UDP, 4, "0.0.0.0"), 991);
	assert_int_equal(holder_of(ANY_UDP, 4, "192.0.2.1"), 105);
	assert_int_equal(holder_of(ANY_UDP, 4, "::1"), -1);
	assert_int_equal(holder_of(ANY_UDP6, 6, "192.0.2.1"), 106);
	assert_int_equal(holder_of(LOOPBACK_UDP6, 6, "127.0.0.1"), -1);
	assert_int_equal(holder_of(LOOPBACK_UDP6, 6, "::"), 107);
}

static void test_a_connection_holds_nothing(void **state)
{
	(void)state;
	assert_int_equal(holder_of(CLIENT_TCP, 4, "127.0.0.1"), -1);
}

static void test_lines_that_are_none(void **state)
{
	(void)state;
	assert_int_equal(holder_of("", 4, "127.0.0.1"), -1);
	assert_int_equal(holder_of("  1: 0100007F", 4, "127.0.0.1"), -1);
	assert_int_equal(holder_of("  1: 01:0035 0:0 07" TAIL "5\n", 4, "127.0.0.1"), -1);
	assert_int_equal(holder_of(ANY_UDP6, 4, "::1"), -1);
	assert_int_equal(holder_of("\n\n" LOOPBACK_TCP, 4, "127.0.0.1"), 0);
}

/* The kernel's own table, and the line that an operator gets. */
static void test_told(void **state)
{
	int ends[2], fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char said[1024] = "", uid[32];
	struct sockaddr_storage local;
	socklen_t len = sizeof local;
	struct address address;

	(void)state;
	assert_true(address_from_text("127.0.0.1@0", 0, &address));
	len = address_to_sockaddr(&address, &local);
	assert_int_equal(bind(fd, (struct sockaddr *)&local, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&local, &len), 0);
	assert_true(address_from_sockaddr((struct sockaddr *)&local, &address));
	assert_int_equal(pipe(ends), 0);
	struct log log = {.fd = ends[1], .level = LOG_LEVEL_ERROR};

	holder_tell(&log, &(struct endpoint){.address = address}, 1);
	close(fd);
	close(ends[1]);
	assert_true(read(ends[0], said, sizeof said - 1) > 0);
	close(ends[0]);
	snprintf(uid, sizeof uid, "(uid %u)", (unsigned)getuid());
	assert_non_null(strstr(said, uid));
	assert_non_null(strstr(said, "port-53.md"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_address),
		cmocka_unit_test(test_wildcards),
		cmocka_unit_test(test_a_connection_holds_nothing),
		cmocka_unit_test(test_lines_that_are_none),
		cmocka_unit_test(test_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

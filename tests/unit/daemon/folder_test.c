/*
 * folder_test.c - files by their folders: no link is followed that somebody less
 * trusted can have made, and nothing but regular files is read.
 */
#include "../test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/state_file.h"
#include "control/control.h"
#include "worker/worker.h"

#define STRANGER 65534

/* top/ is root's, top/theirs/ a stranger's, top/secret holds what is not the stranger's. */
static char top[64];

static const char *in_top(const char *rest)
{
	static char texts[4][128];
	static unsigned n;
	char *text = texts[n++ % 4];

	snprintf(text, sizeof texts[0], "%s/%s", top, rest);
	return text;
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int set_up(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can have a less trusted user */
	strcpy(top, "/tmp/tern-folder-XXXXXX");
	assert_non_null(mkdtemp(top));
	assert_int_equal(mkdir(in_top("theirs"), 0755), 0);
	assert_int_equal(chown(in_top("theirs"), STRANGER, STRANGER), 0);
	assert_int_equal(mkdir(in_top("ours"), 0755), 0);
	put(in_top("secret"), "secret");
	put(in_top("ours/file"), "mine");
	return 0;
}

static int tear_down(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", top);
	return system(command);
}

static void link_to(const char *target, const char *rest, uid_t owner)
{
	assert_int_equal(symlink(target, in_top(rest)), 0);
	assert_int_equal(lchown(in_top(rest), owner, owner), 0);
}

/* Does it hold the text? -1: it can't be opened. */
static int reads(const char *path, const char *text)
{
	char octets[64] = "";
	int fd = folder_open_file(path);

	if (fd < 0)
		return -1;
	ssize_t n = read(fd, octets, sizeof octets - 1);

	close(fd);
	return n == (ssize_t)strlen(text) && strcmp(octets, text) == 0;
}

static void plain_files_are_read(void **state)
{
	char here[256];

	(void)state;
	assert_int_equal(reads(in_top("secret"), "secret"), 1);
	assert_int_equal(reads(in_top("theirs/../ours//file"), "mine"), 1);
	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(chdir(top), 0);
	assert_int_equal(reads("secret", "secret"), 1);
	assert_int_equal(reads("./ours/file", "mine"), 1);
	assert_int_equal(chdir(here), 0);
	assert_int_equal(reads(in_top("nothing"), ""), -1);
	assert_int_equal(errno, ENOENT);
}

static void links_of_ours_are_followed(void **state)
{
	(void)state;
	link_to("ours", "to-ours", 0);
	link_to(in_top("secret"), "ours/absolute", 0);
	link_to("../secret", "ours/relative", 0);
	link_to("to-ours/relative", "twice", 0);
	assert_int_equal(reads(in_top("to-ours/file"), "mine"), 1);
	assert_int_equal(reads(in_top("to-ours/absolute"), "secret"), 1);
	assert_int_equal(reads(in_top("twice"), "secret"), 1);
}

static void links_of_others_are_not(void **state)
{
	(void)state;
	link_to("../secret", "theirs/link", STRANGER);
	assert_int_equal(reads(in_top("theirs/link"), "secret"), -1);
	assert_int_equal(errno, ELOOP);
	/* Also root's: a stranger can have renamed it to here. */
	link_to("../secret", "theirs/roots", 0);
	assert_int_equal(reads(in_top("theirs/roots"), "secret"), -1);
	/* On the way, and a stranger's in a folder of ours. */
	link_to("../ours", "theirs/folder", STRANGER);
	assert_int_equal(reads(in_top("theirs/folder/file"), "mine"), -1);
	link_to("ours", "strange", STRANGER);
	assert_int_equal(reads(in_top("strange/file"), "mine"), -1);
	/* Where everybody may write and nobody is kept from renaming. */
	link_to("../secret", "ours/link", 0);
	assert_int_equal(chmod(in_top("ours"), 0777), 0);
	assert_int_equal(reads(in_top("ours/link"), "secret"), -1);
	assert_int_equal(chmod(in_top("ours"), 01777), 0);
	assert_int_equal(reads(in_top("ours/link"), "secret"), 1);
}

static void circles_end(void **state)
{
	(void)state;
	link_to("circle", "circle", 0);
	assert_int_equal(reads(in_top("circle"), ""), -1);
	assert_int_equal(errno, ELOOP);
}

/* Opening a pipe would wait for somebody to write, for ever. */
static void what_is_no_file_is_not_opened(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(in_top("theirs/pipe"), 0666), 0);
	alarm(20);
	assert_int_equal(reads(in_top("theirs/pipe"), ""), -1);
	alarm(0);
	assert_int_equal(reads(in_top("theirs"), ""), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(reads("/dev/null", ""), -1);
}

static const char *take(const char *line, void *out)
{
	(void)line;
	(void)out;
	return NULL;
}

/* The folder of the state file is replaced by a link to where root may write. */
static void states_do_not_go_elsewhere(void **state)
{
	struct log log;

	(void)state;
	log_init(&log, LOG_LEVEL_ERROR);
	link_to("../ours", "theirs/state", STRANGER);
	assert_false(state_write(in_top("theirs/state/anchors"), "x", 1));
	assert_int_equal(errno, ELOOP);
	assert_int_not_equal(access(in_top("ours/anchors"), F_OK), 0);
	assert_int_equal(state_read(in_top("theirs/state/file"), take, NULL, &log),
			 STATE_UNREADABLE);
	assert_int_equal(access(in_top("ours/file"), F_OK), 0); /* not renamed */
	/* In the stranger's own folder it is written as ever, and a link there is replaced. */
	link_to("../secret", "theirs/anchors", STRANGER);
	assert_true(state_write(in_top("theirs/anchors"), "x", 1));
	assert_int_equal(reads(in_top("theirs/anchors"), "x"), 1);
	assert_int_equal(reads(in_top("secret"), "secret"), 1);
}

static void the_control_socket_does_not_go_elsewhere(void **state)
{
	static struct worker_shared none;
	static const struct control_host nobody = {.context = NULL};
	struct stat st;

	(void)state;
	link_to("../ours", "theirs/run", STRANGER);
	assert_null(control_create(in_top("theirs/run/socket"), &none, &nobody));
	assert_int_equal(errno, ELOOP);
	assert_int_not_equal(lstat(in_top("ours/socket"), &st), 0);
	/* A folder that is not there is made, and the socket goes away at the end. */
	struct control *c = control_create(in_top("ours/run/socket"), &none, &nobody);

	assert_non_null(c);
	assert_int_equal(lstat(in_top("ours/run/socket"), &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	control_destroy(c);
	assert_int_not_equal(lstat(in_top("ours/run/socket"), &st), 0);
}

int main(void)
{
#define FOLDER_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(plain_files_are_read),
		FOLDER_TEST(links_of_ours_are_followed),
		FOLDER_TEST(links_of_others_are_not),
		FOLDER_TEST(circles_end),
		FOLDER_TEST(what_is_no_file_is_not_opened),
		FOLDER_TEST(states_do_not_go_elsewhere),
		FOLDER_TEST(the_control_socket_does_not_go_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * folder.c - see folder.h.
 *
 *   path ─► part ─► folder: go in
 *               └─► link: of root's or our own, in a folder of theirs: its parts first
 *                   └─► of anybody else: ELOOP
 */
#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 16 /* followed on one way; a circle ends there */

/** A way being gone. */
struct way {
	int folder; /* where it has led so far */
	unsigned links;
	char rest[PATH_MAX]; /* of it, without a leading slash */
};

static bool is_trusted_user(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

/* Can nobody but root or ourselves have put this link into that folder? */
static bool is_trusted_link(const struct stat *link, const struct stat *folder)
{
	bool others_write = folder->st_mode & (S_IWGRP | S_IWOTH);

	return is_trusted_user(link->st_uid) && is_trusted_user(folder->st_uid) &&
	       (!others_write || (folder->st_mode & S_ISVTX));
}

static bool enter(struct way *way, int folder)
{
	if (folder < 0)
		return false;
	if (way->folder >= 0)
		close(way->folder);
	way->folder = folder;
	return true;
}

static bool enter_start(struct way *way, const char *path)
{
	return enter(way, open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

static bool set_rest(struct way *way, const char *first, const char *then)
{
	char joined[PATH_MAX];
	int n = snprintf(joined, sizeof joined, "%s%s%s", first, *then ? "/" : "", then);

	if (n < 0 || n >= (int)sizeof joined) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(way->rest, joined, (size_t)n + 1);
	return true;
}

/* The link's target takes the place of the part @p name. */
static bool follow(struct way *way, int link, const char *then)
{
	char target[PATH_MAX];
	struct stat is, in;
	ssize_t n = readlinkat(link, "", target, sizeof target - 1);

	if (n < 0 || fstat(link, &is) != 0 || fstat(way->folder, &in) != 0)
		return false;
	target[n] = '\0';
	if (++way->links > LINKS_MAX || !is_trusted_link(&is, &in)) {
		errno = ELOOP;
		return false;
	}
	return (*target != '/' || enter_start(way, target)) && set_rest(way, target, then);
}

/* One part further: the first of the rest. */
static bool go_on(struct way *way)
{
	char *name = way->rest + strspn(way->rest, "/");
	size_t len = strcspn(name, "/");
	const char *then = name + len + strspn(name + len, "/");
	struct stat st;

	if (len == 0)
		return set_rest(way, "", "");
	name[len] = '\0';
	int next = openat(way->folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (next < 0 || fstat(next, &st) != 0) {
		if (next >= 0)
			close(next);
		return false;
	}
	if (S_ISLNK(st.st_mode)) {
		bool good = follow(way, next, then);
		int error = errno;

		close(next);
		errno = error;
		return good;
	}
	memmove(way->rest, then, strlen(then) + 1);
	return enter(way, next);
}

/* What is at the end of the first @p len octets of @p path: a folder, or anything else. */
static int walk(const char *path, size_t len)
{
	struct way way = {.folder = -1};
	bool good = len < sizeof way.rest;

	errno = ENAMETOOLONG;
	if (good) {
		memcpy(way.rest, path, len);
		good = enter_start(&way, path);
	}
	while (good && *way.rest)
		good = go_on(&way);
	if (good)
		return way.folder;
	int error = errno;

	if (way.folder >= 0)
		close(way.folder);
	errno = error;
	return -1;
}

int folder_open_of(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');

	*name = slash ? slash + 1 : path;
	if (**name == '\0') {
		errno = EISDIR;
		return -1;
	}
	return walk(path, (size_t)(*name - path));
}

void folder_make_of(const char *path, unsigned mode)
{
	const char *slash = strrchr(path, '/');
	const char *name;
	char copy[PATH_MAX];

	if (!slash || slash == path || slash - path >= (ptrdiff_t)sizeof copy)
		return;
	snprintf(copy, sizeof copy, "%.*s", (int)(slash - path), path);
	int above = folder_open_of(copy, &name);

	if (above < 0)
		return;
	/* Whether it worked shows when the folder is opened. */
	(void)mkdirat(above, name, mode);
	close(above);
}

void folder_sync(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

/* errno of what is no regular file; 0 if it is one. */
static int error_of_kind(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return S_ISREG(st.st_mode) ? 0 : EINVAL;
}

int folder_open_file(const char *path)
{
	char again[32];
	int at = walk(path, strlen(path));

	if (at < 0)
		return -1;
	/* Of a pipe or a device the opening alone may have effects, so the kind comes first. */
	int error = error_of_kind(at);
	int fd = -1;

	snprintf(again, sizeof again, "/proc/self/fd/%d", at);
	if (error == 0) {
		/* Some files of /proc are regular, and wait for what is to come. */
		fd = open(again, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		error = errno;
	}
	close(at);
	errno = error;
	return fd;
}

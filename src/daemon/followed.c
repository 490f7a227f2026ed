/* followed.c - see followed.h. */
#include "daemon/followed.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_MOVED_FROM)

/** By which one sees that a file is another one; all zero when there is none. */
struct signature {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

struct file {
	struct file *next;
	char *text; /* NULL: it never could be read */
	size_t len;
	struct signature seen;  /* before it was read, or told */
	struct signature taken; /* of one that others read, when they did */
	bool looked;            /* they did at least once */
	bool used;              /* since the last followed_begin() */
	char path[];
};

struct followed {
	pthread_mutex_t lock; /* of the list and of what is seen */
	struct file *files;
	int inotify;
	uint64_t due_ms;  /* 0: nothing is told */
	uint64_t look_ms; /* when all are looked at */
};

struct followed *followed_create(void)
{
	struct followed *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	pthread_mutex_init(&f->lock, NULL);
	f->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	return f;
}

static void free_file(struct file *file)
{
	free(file->text);
	free(file);
}

void followed_destroy(struct followed *f)
{
	if (!f)
		return;
	while (f->files) {
		struct file *file = f->files;

		f->files = file->next;
		free_file(file);
	}
	if (f->inotify >= 0)
		close(f->inotify);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

/* --- reading ------------------------------------------------------------------- */

static struct signature look_at(const char *path)
{
	struct signature s;
	struct stat st;

	memset(&s, 0, sizeof s);
	if (stat(path, &st) != 0)
		return s;
	s.device = st.st_dev;
	s.inode = st.st_ino;
	s.size = st.st_size;
	s.changed = st.st_mtim;
	return s;
}

static bool is_same(const struct signature *a, const struct signature *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

void followed_begin(struct followed *f)
{
	for (struct file *file = f->files; file; file = file->next)
		file->used = false;
}

/* A folder that is watched already stays so; one that isn't there is looked for. */
static void watch_folder_of(struct followed *f, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	snprintf(folder, sizeof folder, "%.*s", slash ? MAX((int)(slash - path), 1) : 1,
		 slash ? path : ".");
	if (f->inotify >= 0)
		(void)inotify_add_watch(f->inotify, folder, EVENTS);
}

static struct file *find(struct followed *f, const char *path)
{
	struct file *file = f->files;

	while (file && strcmp(file->path, path) != 0)
		file = file->next;
	if (file)
		return file;
	file = calloc(1, sizeof *file + strlen(path) + 1);
	if (!file)
		return NULL;
	memcpy(file->path, path, strlen(path) + 1);
	pthread_mutex_lock(&f->lock);
	file->next = f->files;
	f->files = file;
	pthread_mutex_unlock(&f->lock);
	return file;
}

const char *followed_read(struct followed *f, const char *path, size_t *len, const char **wrong)
{
	struct file *file = find(f, path);
	size_t fresh_len;

	*wrong = NULL;
	if (!file) {
		*wrong = strerror(ENOMEM);
		return NULL;
	}
	watch_folder_of(f, path);
	/* Looked at first: what is written while it is read is another one again. */
	struct signature seen = look_at(path);
	char *fresh = file_read(path, &fresh_len);

	if (!fresh)
		*wrong = strerror(errno);
	pthread_mutex_lock(&f->lock);
	file->seen = seen;
	file->used = true;
	pthread_mutex_unlock(&f->lock);
	if (fresh) {
		free(file->text);
		file->text = fresh;
		file->len = fresh_len;
	}
	*len = file->len;
	return file->text;
}

bool followed_look(struct followed *f, const char *path)
{
	struct file *file = find(f, path);

	if (!file)
		return true;
	watch_folder_of(f, path);
	struct signature seen = look_at(path);
	bool other = !file->looked || !is_same(&seen, &file->taken);

	pthread_mutex_lock(&f->lock);
	file->seen = file->taken = seen;
	file->used = file->looked = true;
	pthread_mutex_unlock(&f->lock);
	return other;
}

void followed_end(struct followed *f)
{
	struct file **at = &f->files;

	pthread_mutex_lock(&f->lock);
	while (*at) {
		struct file *file = *at;

		if (file->used) {
			at = &file->next;
			continue;
		}
		*at = file->next;
		free_file(file);
	}
	pthread_mutex_unlock(&f->lock);
}

/* --- following ------------------------------------------------------------------ */

int followed_fd(const struct followed *f)
{
	return f->inotify;
}

static void take_events(struct followed *f)
{
	char events[4096];

	while (read(f->inotify, events, sizeof events) > 0)
		;
}

static bool look_at_all(struct followed *f)
{
	bool changed = false;

	pthread_mutex_lock(&f->lock);
	for (struct file *file = f->files; file; file = file->next) {
		struct signature s = look_at(file->path);

		if (is_same(&s, &file->seen))
			continue;
		file->seen = s;
		changed = true;
	}
	pthread_mutex_unlock(&f->lock);
	return changed;
}

bool followed_changed(struct followed *f, bool told, uint64_t now_ms)
{
	if (told) {
		take_events(f);
		if (f->due_ms == 0)
			f->due_ms = now_ms + FOLLOWED_PAUSE_MS;
	}
	if ((f->due_ms == 0 || now_ms < f->due_ms) && now_ms < f->look_ms)
		return false;
	f->due_ms = 0;
	f->look_ms = now_ms + FOLLOWED_LOOK_MS;
	return look_at_all(f);
}

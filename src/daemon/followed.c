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
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "daemon/list_shelf.h"
#include "net/self_signed.h"

#define STEPS_MS 20 /* so long a file rests when nobody is writing it */

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
	char *good; /* of it, what a load could use last: text, or one of before; NULL: none */
	size_t good_len;
	unsigned group;         /* in which it was read */
	bool fresh;             /* it was read in this load, */
	bool held;              /* in which good counts */
	struct signature seen;  /* before it was read, or told */
	struct signature taken; /* of one that others read, when they did */
	unsigned kind;
	bool looked; /* they did at least once */
	bool used;   /* since the last followed_begin() of its kind */
	char path[];
};

struct followed {
	pthread_mutex_t lock; /* of the list and of what is seen */
	struct file *files;
	int inotify;
	struct list_shelf *lists; /* made when they are asked for */
	struct added *added;      /* NULL for none */
	struct followed_certificate certificate;
	struct ticket_key ticket_key;
	uint64_t due_ms;  /* 0: nothing is told */
	uint64_t look_ms; /* when all are looked at */
	unsigned group;
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

static void free_text(struct file *file)
{
	if (file->text != file->good)
		free(file->text);
	file->text = NULL;
}

static void free_file(struct file *file)
{
	free_text(file);
	free(file->good);
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
	list_shelf_destroy(f->lists);
	self_signed_forget(f->certificate.pem, f->certificate.len);
	explicit_bzero(&f->ticket_key, sizeof f->ticket_key);
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

void followed_begin(struct followed *f, unsigned kind)
{
	for (struct file *file = f->files; file; file = file->next) {
		if (file->kind & kind)
			file->used = file->fresh = file->held = false;
	}
}

/* What is watched already stays so; a folder that isn't there is looked for. Events of the folder
 * tell of names, those of the file that somebody writes on. */
static void watch(struct followed *f, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	if (f->inotify < 0)
		return;
	snprintf(folder, sizeof folder, "%.*s", slash ? MAX((int)(slash - path), 1) : 1,
		 slash ? path : ".");
	(void)inotify_add_watch(f->inotify, folder, EVENTS | IN_MASK_ADD);
	(void)inotify_add_watch(f->inotify, path, IN_MODIFY | IN_MASK_ADD);
}

static struct file *find(struct followed *f, unsigned kind, const char *path)
{
	struct file *file = f->files;

	while (file && (file->kind != kind || strcmp(file->path, path) != 0))
		file = file->next;
	if (file)
		return file;
	file = calloc(1, sizeof *file + strlen(path) + 1);
	if (!file)
		return NULL;
	file->kind = kind;
	memcpy(file->path, path, strlen(path) + 1);
	pthread_mutex_lock(&f->lock);
	file->next = f->files;
	f->files = file;
	pthread_mutex_unlock(&f->lock);
	return file;
}

/* Most who empty a file are about to fill it again, on a busy machine not at once. */
static unsigned patience_ms(const struct signature *s, unsigned else_ms)
{
	return s->inode != 0 && s->size == 0 ? FOLLOWED_EMPTY_MS : else_ms;
}

/* Was it written so lately that more may come? A clock that was set back says nothing. */
static bool is_being_written(const struct signature *s)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	int64_t age_ms = (int64_t)(now.tv_sec - s->changed.tv_sec) * 1000 +
			 (now.tv_nsec - s->changed.tv_nsec) / 1000000;

	return age_ms >= 0 && age_ms < patience_ms(s, STEPS_MS);
}

/* Who empties a file and fills it again would seem to have nothing in it. */
static char *read_at_rest(const char *path, size_t max, struct signature *seen, size_t *len)
{
	for (unsigned waited_ms = 0;; waited_ms += STEPS_MS) {
		/* Looked at first: what is written while it is read is another one again. */
		*seen = look_at(path);
		bool last = waited_ms >= patience_ms(seen, FOLLOWED_WRITE_MS);

		if (last || !is_being_written(seen)) {
			char *text = file_read_up_to(path, max, len);
			struct signature after;

			if (!text || last)
				return text;
			after = look_at(path);
			if (is_same(&after, seen))
				return text;
			free(text);
		}
		usleep(1000 * STEPS_MS);
	}
}

const char *followed_read(struct followed *f, unsigned kind, const char *path, size_t *len,
			  const char **wrong)
{
	struct file *file = find(f, kind, path);
	struct signature seen;
	size_t fresh_len;

	*wrong = NULL;
	if (!file) {
		*wrong = strerror(ENOMEM);
		return NULL;
	}
	file->group = f->group;
	/* Whoever read it before in this load may still be at it. */
	if (file->fresh && file->text) {
		*len = file->len;
		return file->text;
	}
	watch(f, path);
	char *fresh = read_at_rest(path, FOLLOWED_OCTETS_MAX, &seen, &fresh_len);
	int error = errno;

	if (!fresh)
		*wrong = strerror(error);
	pthread_mutex_lock(&f->lock);
	file->seen = seen;
	file->used = true;
	pthread_mutex_unlock(&f->lock);
	file->fresh = true;
	if (fresh || ((kind & FOLLOWED_PASSING) && error == ENOENT)) {
		free_text(file);
		file->text = fresh;
		file->len = fresh ? fresh_len : 0;
	}
	*len = file->len;
	return file->text;
}

const char *followed_read_good(struct followed *f, unsigned kind, const char *path, size_t *len)
{
	struct file *file = find(f, kind, path);

	if (!file)
		return NULL;
	pthread_mutex_lock(&f->lock);
	file->used = true;
	pthread_mutex_unlock(&f->lock);
	*len = file->good_len;
	return file->good;
}

unsigned followed_group(struct followed *f)
{
	return ++f->group;
}

void followed_hold(struct followed *f, unsigned group)
{
	for (struct file *file = f->files; file; file = file->next)
		file->held |= file->group == group;
}

void followed_settle(struct followed *f, unsigned kind)
{
	for (struct file *file = f->files; file; file = file->next) {
		if (!(file->kind & kind) || !file->fresh || file->held || file->good == file->text)
			continue;
		free(file->good);
		file->good = file->text;
		file->good_len = file->len;
	}
}

char *followed_read_whole(const char *path, size_t max, size_t *len)
{
	struct signature seen;

	return read_at_rest(path, max, &seen, len);
}

struct list_shelf *followed_lists(struct followed *f)
{
	if (!f->lists)
		f->lists = list_shelf_create();
	return f->lists;
}

struct followed_certificate *followed_certificate(struct followed *f)
{
	return &f->certificate;
}

struct ticket_key *followed_ticket_key(struct followed *f)
{
	return &f->ticket_key;
}

void followed_set_added(struct followed *f, struct added *added)
{
	f->added = added;
}

struct added *followed_added(const struct followed *f)
{
	return f->added;
}

bool followed_look(struct followed *f, unsigned kind, const char *path)
{
	struct file *file = find(f, kind, path);

	if (!file)
		return true;
	watch(f, path);
	struct signature seen = look_at(path);
	bool other = !file->looked || !is_same(&seen, &file->taken);

	pthread_mutex_lock(&f->lock);
	file->seen = file->taken = seen;
	file->used = file->looked = true;
	pthread_mutex_unlock(&f->lock);
	return other;
}

void followed_end(struct followed *f, unsigned kind)
{
	struct file **at = &f->files;

	pthread_mutex_lock(&f->lock);
	while (*at) {
		struct file *file = *at;

		if (file->used || !(file->kind & kind)) {
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

static unsigned look_at_all(struct followed *f)
{
	unsigned changed = 0;

	pthread_mutex_lock(&f->lock);
	for (struct file *file = f->files; file; file = file->next) {
		struct signature s = look_at(file->path);

		if (is_same(&s, &file->seen))
			continue;
		file->seen = s;
		changed |= file->kind & ~(unsigned)FOLLOWED_PASSING;
	}
	pthread_mutex_unlock(&f->lock);
	return changed;
}

unsigned followed_changed(struct followed *f, bool told, uint64_t now_ms)
{
	if (told) {
		take_events(f);
		if (f->due_ms == 0)
			f->due_ms = now_ms + FOLLOWED_PAUSE_MS;
	}
	if ((f->due_ms == 0 || now_ms < f->due_ms) && now_ms < f->look_ms)
		return 0;
	f->due_ms = 0;
	f->look_ms = now_ms + FOLLOWED_LOOK_MS;
	return look_at_all(f);
}

/* loader.c - see loader.h. */
#include "daemon/loader.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/rules.h"

#define LOADER_NICE 10

struct loader {
	const char *path;
	struct followed *followed;
	struct rulebook *book;
	const struct rules *rules; /* held while data files are read by it, or NULL */
	int event_fd;
	pthread_t thread;
	unsigned number; /* of the last load of everything */
	unsigned what;   /* of the load under way */
	unsigned wanted; /* asked for while one was under way */
	bool busy;       /* from its start until it is taken */
	bool threaded;
	bool good;
	struct load load;
	char why[LOAD_WHY_MAX];
};

/* Somebody is about to write it, or something went wrong: nobody wants all defaults that way. */
static bool is_emptied(struct loader *l)
{
	struct stat st;

	if (!l->path || stat(l->path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > 0)
		return false;
	snprintf(l->why, LOAD_WHY_MAX, "%s: is empty", l->path);
	return true;
}

/* On a busy machine who asks has more of the CPU than what is read; a thread's own, by Linux. */
static void give_way(void)
{
	id_t thread = (id_t)gettid();

	(void)setpriority(PRIO_PROCESS, thread,
			  MAX(getpriority(PRIO_PROCESS, thread), LOADER_NICE));
}

static void *run(void *argument)
{
	struct loader *l = argument;

	give_way();
	if (l->what == LOAD_ALL)
		l->good = !is_emptied(l) && load_read(l->path, l->followed, &l->load, l->why);
	else
		l->good = load_read_files(l->rules, l->what, l->followed, &l->load, l->why);
	(void)!eventfd_write(l->event_fd, 1);
	return NULL;
}

static void start(struct loader *l, unsigned what)
{
	l->what = what;
	l->wanted = 0;
	l->busy = true;
	if (what == LOAD_ALL) {
		l->number++;
	} else {
		l->rules = rulebook_current(l->book);
		rules_hold(l->rules);
	}
	l->threaded = pthread_create(&l->thread, NULL, run, l) == 0;
	/* Better late than never: the main thread waits for it. */
	if (!l->threaded)
		run(l);
}

struct loader *loader_create(const char *path, struct followed *followed, struct rulebook *book)
{
	struct loader *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->path = path;
	l->followed = followed;
	l->book = book;
	l->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->event_fd >= 0)
		return l;
	free(l);
	return NULL;
}

static void join(struct loader *l)
{
	if (l->threaded)
		pthread_join(l->thread, NULL);
	l->threaded = l->busy = false;
	if (l->rules)
		rules_release(l->rules);
	l->rules = NULL;
}

void loader_destroy(struct loader *l)
{
	if (!l)
		return;
	join(l);
	load_free(&l->load);
	close(l->event_fd);
	free(l);
}

int loader_fd(const struct loader *l)
{
	return l->event_fd;
}

unsigned loader_ask(struct loader *l)
{
	if (l->busy) {
		l->wanted = LOAD_ALL;
		return l->number + 1;
	}
	start(l, LOAD_ALL);
	return l->number;
}

void loader_ask_files(struct loader *l, unsigned what)
{
	if (l->busy)
		l->wanted |= what;
	else
		start(l, what);
}

bool loader_is_busy(const struct loader *l)
{
	/* What is wanted waits for a load that is under way. */
	return l->busy;
}

bool loader_take(struct loader *l, struct load *out, unsigned *number, char why[LOAD_WHY_MAX])
{
	eventfd_t told;

	(void)!eventfd_read(l->event_fd, &told);
	join(l);
	/* Until loader_go_on() the next one waits for what becomes of this. */
	l->busy = true;
	*out = l->load;
	/* Of data files some may have been left out. */
	if (out->what == 0)
		out->what = l->what;
	*number = l->what == LOAD_ALL ? l->number : 0;
	memcpy(why, l->why, LOAD_WHY_MAX);
	l->load = (struct load){0};
	return l->good;
}

void loader_go_on(struct loader *l)
{
	l->busy = false;
	if (l->wanted)
		start(l, l->wanted);
}

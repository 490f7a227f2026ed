/*
 * refresh.c - data files taken anew while workers run: files of hosts, and of leases.
 *
 * The configuration in force stays, so that no mistake in its file is in the way, and what was
 * fetched for the cache stays good.
 */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "daemon/ruleset.h"
#include "daemon/server_private.h"
#include "zone/leases.h"

#define NOTES_PAUSE_MS 60000 /* the same file may be wrong each time it changes */
#define LOOK_PAUSE_MS  5000  /* from one look for leases that have ended to the next */
#define JUMP_S         2     /* a clock that is only being slewed moves less in a tick */

void refresh_note_names(struct server *s, const struct load *load)
{
	if (load->what & LOAD_HOSTS) {
		s->names.hosts = load->hosts_names;
		s->names.hosts_bad = load->hosts_bad;
		s->names.hosts_unread = load->hosts_unread;
		s->names.added_serial = load->added_serial;
	}
	if (load->what & LOAD_TLS)
		certificates_note(s, load);
	if (load->what == LOAD_ALL) {
		s->names.hosts_at = s->names.leases_at = time(NULL);
		s->names.notes_ms = clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
	}
}

/* Who writes leases writes often; what is wrong with them is told now and then. */
static void tell_notes(struct server *s, struct load *load)
{
	uint64_t now_ms = clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;

	if (load->what == LOAD_LEASES && now_ms - s->names.notes_ms < NOTES_PAUSE_MS)
		return;
	if (load->notes[0] && load->what == LOAD_LEASES)
		s->names.notes_ms = now_ms;
	server_tell_notes(s, load->notes);
}

static void put_in_force(struct server *s, struct rules *fresh)
{
	struct rulebook *book = &s->shared.rules;
	const struct rules *before = rulebook_current(book);
	bool hosts = fresh->zones != before->zones, leases = fresh->leases != before->leases;
	bool lists = fresh->lists != before->lists || fresh->rpz != before->rpz;
	bool tls = fresh->tls != before->tls;
	bool certificates =
		tls && !(fresh->tls && before->tls && tls_service_equal(fresh->tls, before->tls));
	bool clients = fresh->view_clients != before->view_clients;
	/* By another clock, leases have another time left than answers say. */
	bool names = s->names.jumped || ruleset_changes_names(before, fresh);

	if (!hosts && !leases && !lists && !names && !clients && !tls) {
		rules_destroy(fresh);
		return;
	}
	rulebook_publish(book, fresh, names ? RULES_CHANGE_NAMES : RULES_CHANGE_SERVING);
	s->names.jumped = false;
	if (hosts)
		s->names.hosts_at = time(NULL);
	if (leases && names)
		s->names.leases_at = time(NULL);
	unsigned long long generation = rulebook_current(book)->generation;

	if (certificates)
		log_notice(&s->log, "certificates read again: generation %llu", generation);
	if (hosts || lists)
		log_notice(&s->log, "files read again: generation %llu, changed: %s%s%s%s",
			   generation, hosts ? "hosts" : "", hosts && lists ? ", " : "",
			   lists ? "lists or policy zones" : "", leases ? ", leases" : "");
	else if (leases)
		log_debug(&s->log, "files read again: generation %llu, changed: leases",
			  generation);
}

void refresh_take(struct server *s, struct load *load, bool good, char *why)
{
	struct rules *fresh = NULL;

	if (good) {
		tell_notes(s, load);
		refresh_note_names(s, load);
		fresh = ruleset_refresh(load, rulebook_current(&s->shared.rules));
		snprintf(why, LOAD_WHY_MAX, "out of memory");
	}
	if (fresh)
		put_in_force(s, fresh);
	else
		log_error(&s->log, "files not read again: %s", why);
}

/* Has the wall clock been set since the last tick? */
static bool clock_jumps(struct server *s, int64_t wall_s)
{
	int64_t offset_s = wall_s - (int64_t)(clock_ns(CLOCK_BOOTTIME) / NS_PER_S);
	int64_t moved_s = s->names.clock_known ? offset_s - s->names.clock_s : 0;

	s->names.clock_s = offset_s;
	s->names.clock_known = true;
	return moved_s > JUMP_S || moved_s < -JUMP_S;
}

void refresh_tick(struct server *s, uint64_t now_ms)
{
	const struct leases *leases = rulebook_current(&s->shared.rules)->leases;
	int64_t wall_s = (int64_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);
	bool jumps = clock_jumps(s, wall_s);

	if (!leases)
		return;
	if (!jumps &&
	    (wall_s < leases_next_end(leases) || now_ms - s->names.looked_ms < LOOK_PAUSE_MS))
		return;
	s->names.jumped |= jumps;
	s->names.looked_ms = now_ms;
	loader_ask_files(s->loader, LOAD_LEASES);
}

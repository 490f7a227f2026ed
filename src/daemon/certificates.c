/*
 * certificates.c - certificates as time goes on: told of before they end, made anew when that is
 * ours to do, or when the names are others that they are for.
 */
#include <string.h>

#include "base/clock.h"
#include "daemon/discovered.h"
#include "daemon/server_private.h"
#include "net/self_signed.h"

#define ASK_PAUSE_MS     10000 /* from one load that came to nothing to the next, and at most */
#define ASK_PAUSE_MAX_MS 3600000
#define DAY_S            86400

static int64_t wall_s(void)
{
	return (int64_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);
}

static bool is_own(const struct server *s)
{
	return strcmp(server_config(s)->tls.certificate, TLS_SELF_SIGNED) == 0;
}

/* Clients are told the pin by hand, so it is told here. */
static void tell_pin(struct server *s, const struct tls_service *tls)
{
	char text[TLS_PIN_TEXT_MAX];
	const struct tls_shown *shown;

	if (tls_service_shown(tls, &shown) == 0 || !is_own(s) ||
	    memcmp(shown->pin, s->certificates.pin, TLS_PIN_LEN) == 0)
		return;
	memcpy(s->certificates.pin, shown->pin, TLS_PIN_LEN);
	log_notice(&s->log, "self-signed certificate of %s: pin %s", shown->name,
		   tls_pin_to_text(shown->pin, text));
}

static void warn_of_end(struct server *s, const struct tls_shown *shown, int64_t left_s)
{
	if (left_s < 0)
		log_warning(&s->log, "the certificate of %s has ended: clients refuse it",
			    shown->name);
	else
		log_warning(&s->log, "the certificate of %s ends in %lld days", shown->name,
			    (long long)(left_s / DAY_S));
}

/* The load at the start warns, too, so the first time is a day later. */
static void warn_of_ends(struct server *s, const struct tls_service *tls)
{
	const struct tls_shown *shown;
	unsigned n = tls_service_shown(tls, &shown);
	int64_t now_s = wall_s();

	if (now_s >= s->certificates.warned_s && now_s - s->certificates.warned_s < DAY_S)
		return;
	s->certificates.warned_s = now_s;
	for (unsigned i = 0; i < n; i++) {
		if (shown[i].ends_s - now_s < CERTIFICATE_WARNED_S)
			warn_of_end(s, &shown[i], shown[i].ends_s - now_s);
	}
}

json_t *certificates_to_json(const struct server *s)
{
	const struct tls_service *tls = rulebook_current(&s->shared.rules)->tls;
	const struct tls_shown *shown;
	unsigned n = tls ? tls_service_shown(tls, &shown) : 0;
	json_t *list = json_array();
	char pin[TLS_PIN_TEXT_MAX];

	for (unsigned i = 0; i < n; i++)
		(void)json_array_append_new(
			list, json_pack("{s:s,s:I,s:s}", "name", shown[i].name, "days",
					(json_int_t)((shown[i].ends_s - wall_s()) / DAY_S), "pin",
					tls_pin_to_text(shown[i].pin, pin)));
	return list;
}

/* A clock that was set may have made it one that is not valid yet. */
static bool needs_renewal(const struct server *s, const struct tls_service *tls)
{
	const struct tls_shown *shown;
	int64_t now_s = wall_s();

	return is_own(s) && tls_service_shown(tls, &shown) > 0 &&
	       (shown->begins_s > now_s || shown->ends_s - now_s <= SELF_SIGNED_RENEW_S);
}

static bool needs_ticket_key(const struct tls_service *tls)
{
	const struct ticket_key key = {.made_s = tls_service_ticket_made_s(tls)};

	return !ticket_key_is_fresh(&key, wall_s());
}

/* As long as files are broken, each try is an error in the log: less and less often. */
static void ask(struct server *s)
{
	struct certificates_state *c = &s->certificates;
	uint64_t now_ms = clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;

	if (now_ms < c->ask_ms)
		return;
	c->pause_ms = MAX(MIN(2 * c->pause_ms, (uint64_t)ASK_PAUSE_MAX_MS), (uint64_t)ASK_PAUSE_MS);
	c->ask_ms = now_ms + c->pause_ms;
	loader_ask_files(s->loader, LOAD_TLS | LOAD_HOSTS);
}

void certificates_note(struct server *s, const struct load *load)
{
	s->certificates.names = load->reached;
	s->certificates.differ = false;
}

void certificates_tick(struct server *s, bool interfaces)
{
	const struct rules *rules = rulebook_current(&s->shared.rules);

	if (!rules->tls)
		return;
	bool first = s->certificates.generation == 0;

	if (s->certificates.generation != rules->generation) {
		if (first)
			s->certificates.warned_s = wall_s();
		s->certificates.generation = rules->generation;
		tell_pin(s, rules->tls);
	}
	warn_of_ends(s, rules->tls);
	/* What changed between the load and the first look, too. */
	if (interfaces || first)
		s->certificates.differ = discovered_sum(server_config(s)) != s->certificates.names;
	if (s->certificates.differ || needs_renewal(s, rules->tls) || needs_ticket_key(rules->tls))
		ask(s);
	else
		s->certificates.ask_ms = s->certificates.pause_ms = 0;
}

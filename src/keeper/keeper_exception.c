/*
 * keeper_exception.c - names excepted from validation for a while (RFC 7646).
 *
 * An exception ends with its lifetime, by command, or as soon as a recheck, an
 * errand that does not know the exceptions, finds that the name validates. With
 * the exception goes what was cached under it. A restart ends none.
 */
#include <string.h>

#include <tern/rr.h>

#include "keeper/keeper_private.h"
#include "resolver/proof.h"

static struct exception *find(struct keeper *k, const uint8_t *name)
{
	for (unsigned i = 0; i < k->exceptions_n; i++) {
		if (tern_name_equal(k->exceptions[i].name, name))
			return &k->exceptions[i];
	}
	return NULL;
}

bool exception_is_configured(const struct keeper *k, const uint8_t *name)
{
	for (unsigned i = 0; i < k->configured.negative_n; i++) {
		if (tern_name_equal(k->configured.negative[i], name))
			return true;
	}
	return false;
}

bool exception_is_there(struct keeper *k, const uint8_t *name)
{
	return exception_is_configured(k, name) || find(k, name);
}

void exception_forget_configured(struct keeper *k)
{
	unsigned room = NEGATIVE_ANCHORS_MAX - k->configured.negative_n;
	char name[TERN_NAME_TEXT_MAX];

	for (unsigned i = 0; i < k->exceptions_n;) {
		if (exception_is_configured(k, k->exceptions[i].name))
			k->exceptions[i] = k->exceptions[--k->exceptions_n];
		else
			i++;
	}
	while (k->exceptions_n > room)
		log_warning(k->shared->log,
			    "negative trust anchor %s: ended, the configuration takes its place",
			    tern_name_to_text(k->exceptions[--k->exceptions_n].name, name));
}

/* What is cached at and below the name was judged by the rules of before. */
static bool apply(struct keeper *k, const uint8_t *name)
{
	if (!keeper_publish(k))
		return false;
	(void)shared_flush_zone(k->shared, name);
	/* Short of memory, what was made of it in between lives on for its TTL. */
	(void)!rulebook_publish_again(&k->shared->rules);
	return true;
}

bool keeper_add_exception(struct keeper *k, const uint8_t *name, uint32_t life_s, const char **why)
{
	uint32_t now_s = keeper_boot_s();
	struct exception *e = find(k, name);
	bool is_new = !e;

	*why = "it is in the configuration, where it has no end";
	if (exception_is_configured(k, name))
		return false;
	*why = "there are too many";
	if (is_new && k->configured.negative_n + k->exceptions_n == NEGATIVE_ANCHORS_MAX)
		return false;
	if (is_new)
		e = &k->exceptions[k->exceptions_n++];
	tern_name_copy(e->name, name);
	e->until_s = now_s + life_s;
	e->recheck_s = now_s + k->options->recheck_s;
	*why = "out of memory";
	if (is_new && !apply(k, name)) {
		k->exceptions_n--;
		return false;
	}
	memory_write(k);
	return true;
}

static void end(struct keeper *k, struct exception *e, const char *why)
{
	uint8_t name[TERN_NAME_MAX];
	char text[TERN_NAME_TEXT_MAX];

	tern_name_copy(name, e->name);
	*e = k->exceptions[--k->exceptions_n];
	log_notice(k->shared->log, "negative trust anchor %s: %s", tern_name_to_text(name, text),
		   why);
	/* Short of memory the workers keep it until the next change. */
	(void)apply(k, name);
	memory_write(k);
}

bool keeper_remove_exception(struct keeper *k, const uint8_t *name, const char **why)
{
	struct exception *e = find(k, name);

	*why = exception_is_configured(k, name) ? "it is in the configuration"
						: "there is none of that name";
	if (!e)
		return false;
	end(k, e, "removed");
	return true;
}

static void end_expired(struct keeper *k)
{
	uint32_t now_s = keeper_boot_s();

	for (unsigned i = 0; i < k->exceptions_n;) {
		if (now_s >= k->exceptions[i].until_s)
			end(k, &k->exceptions[i], "its time is over");
		else
			i++;
	}
}

/*
 * Heard while the servers of a `first` zone were down: the public tree proves that
 * it has no such name, which is why the exception is there.
 */
static bool is_denied_from_above(const struct keeper *k, const struct cache_hit *hit)
{
	const struct route *route =
		route_find(&rulebook_current(&k->shared->rules)->routes, k->rechecked);
	uint8_t signer[TERN_NAME_MAX];

	return route && proof_signer_of_hit(hit, signer) && tern_name_is_below(route->zone, signer);
}

static void take_recheck(struct keeper *k)
{
	struct exception *e = find(k, k->rechecked);
	struct cache_hit hit;

	/* What fails validation is not kept, so what is there is good. */
	if (e && inquiry_get(&k->recheck, &hit) != CACHE_MISS &&
	    (hit.security == CACHE_SECURE || hit.security == CACHE_INSECURE) &&
	    !is_denied_from_above(k, &hit))
		end(k, e, "it validates again");
	inquiry_finish(&k->recheck);
}

static void start_recheck(struct keeper *k)
{
	struct trust_anchors *trusted = &k->gathered;
	uint32_t now_s = keeper_boot_s();

	for (unsigned i = 0; i < k->exceptions_n && !k->recheck.started; i++) {
		struct exception *e = &k->exceptions[i];

		if (now_s < e->recheck_s)
			continue;
		e->recheck_s = now_s + k->options->recheck_s;
		tern_name_copy(k->rechecked, e->name);
		keeper_gather(k, false, trusted);
		(void)!inquiry_start(&k->recheck, k->shared, e->name, TERN_TYPE_SOA, 0, trusted);
	}
}

void exception_tick(struct keeper *k)
{
	end_expired(k);
	if (inquiry_is_done(&k->recheck))
		take_recheck(k);
	if (k->options->recheck_s > 0 && !k->recheck.started)
		start_recheck(k);
}

json_t *keeper_exceptions_to_json(const struct keeper *k)
{
	json_t *array = json_array();
	char text[TERN_NAME_TEXT_MAX];
	uint32_t now_s = keeper_boot_s();

	for (unsigned i = 0; i < k->configured.negative_n; i++)
		(void)json_array_append_new(
			array, json_pack("{s:s}", "name",
					 tern_name_to_text(k->configured.negative[i], text)));
	for (unsigned i = 0; i < k->exceptions_n; i++) {
		const struct exception *e = &k->exceptions[i];
		uint32_t left_s = e->until_s > now_s ? e->until_s - now_s : 0;

		(void)json_array_append_new(array, json_pack("{s:s,s:I}", "name",
							     tern_name_to_text(e->name, text),
							     "left_s", (json_int_t)left_s));
	}
	return array;
}

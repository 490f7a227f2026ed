/*
 * load_tls.c - certificates and their keys; see load_private.h.
 *
 * Files of keys are read and forgotten: only what GnuTLS makes of them stays.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "daemon/discovered.h"
#include "daemon/followed.h"
#include "daemon/load_private.h"
#include "net/tls.h"

#define TLS_FILE_MAX (1u << 20) /* octets */
#define DAY_S        86400

struct tls_load {
	const struct config *config;
	struct followed *followed; /* NULL: nothing is followed */
	char *why;
	struct tls_pair pairs[TLS_PAIRS_MAX];
	unsigned n;
	bool good;
};

static bool is_wanted(const struct config *c, unsigned *at)
{
	for (*at = 0; *at < c->server.listen_n; ++*at) {
		if (transport_is_encrypted(c->server.listen[*at].at.transport))
			return true;
	}
	return false;
}

/* The path of the key @p name of pair @p index. */
static const char *key_of(unsigned index, const char *name, char out[64])
{
	if (index == 0)
		snprintf(out, 64, "tls.%s", name);
	else
		snprintf(out, 64, "tls.certificates[%u].%s", index - 1, name);
	return out;
}

static const uint8_t *read_pem(struct tls_load *x, const char *name, const char *path, size_t *len)
{
	char key[64], where[LOAD_KEY_MAX];
	char *text;

	if (x->followed)
		(void)followed_look(x->followed, FOLLOWED_TLS, path);
	text = followed_read_whole(path, TLS_FILE_MAX, len);
	if (text)
		return (const uint8_t *)text;
	x->good = false;
	load_add_reason(x->why, "%s%s: %s", load_say_key(x->config, key_of(x->n, name, key), where),
			path, strerror(errno));
	return NULL;
}

static void read_pair(struct tls_load *x, const char *certificate, const char *key)
{
	struct tls_pair *pair = &x->pairs[x->n];

	pair->certificate = read_pem(x, "certificate", certificate, &pair->certificate_len);
	pair->key = read_pem(x, "key", key, &pair->key_len);
	x->n++;
}

/* The text has both; each is freed by itself. */
static void read_own(struct load *l, struct tls_load *x)
{
	struct tls_pair *pair = &x->pairs[x->n++];
	size_t len;
	char *pem = load_self_signed(l, x->config, x->followed, &len, x->why);

	x->good = pem != NULL;
	if (!pem)
		return;
	char *copy = strdup(pem);

	if (!copy)
		load_add_reason(x->why, "out of memory");
	x->good = copy != NULL;
	*pair = (struct tls_pair){(uint8_t *)copy, copy ? len : 0, (uint8_t *)pem, len};
}

static void forget_pairs(struct tls_load *x)
{
	for (unsigned i = 0; i < x->n; i++) {
		struct tls_pair *pair = &x->pairs[i];

		if (pair->key)
			explicit_bzero(without_const(pair->key), pair->key_len);
		free(without_const(pair->key));
		if (pair->certificate)
			explicit_bzero(without_const(pair->certificate), pair->certificate_len);
		free(without_const(pair->certificate));
	}
}

static const char *certificate_of(const struct config *c, unsigned index)
{
	return index == 0 ? c->tls.certificate : c->tls.more[index - 1].certificate;
}

static struct tls_service *make(struct tls_load *x)
{
	char key[64], where[LOAD_KEY_MAX];
	const char *why;
	unsigned wrong;
	struct tls_service *service = tls_service_create(x->pairs, x->n, &wrong, &why);

	if (!service)
		load_add_reason(x->why, "%s%s: with its key: %s",
				load_say_key(x->config, key_of(wrong, "certificate", key), where),
				certificate_of(x->config, wrong), why);
	return service;
}

/* Not wrong yet, or not so that nobody could be served: clients decide what they accept. */
static void doubt_end(struct load *l, const struct config *c)
{
	int64_t now_s = (int64_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);
	int64_t left_s = tls_service_ends_s(l->tls) - now_s;
	char where[LOAD_KEY_MAX];

	load_say_key(c, "tls.certificate", where);
	if (left_s < 0)
		load_add_note(l, "%sa certificate has ended: clients will refuse it", where);
	else if (left_s < CERTIFICATE_WARNED_S)
		load_add_note(l, "%sa certificate ends in %lld days", where,
			      (long long)(left_s / DAY_S));
}

static void read_all(struct load *l, struct tls_load *x)
{
	const struct config *c = x->config;

	if (strcmp(c->tls.certificate, TLS_SELF_SIGNED) == 0)
		read_own(l, x);
	else
		read_pair(x, c->tls.certificate, c->tls.key);
	for (unsigned i = 0; i < c->tls.more_n; i++)
		read_pair(x, c->tls.more[i].certificate, c->tls.more[i].key);
	if (x->good)
		l->tls = make(x);
	forget_pairs(x);
	if (l->tls && x->followed)
		load_tickets(l, c, x->followed);
	if (l->tls)
		doubt_end(l, c);
}

void load_tls(struct load *l, const struct load_ground *g, struct followed *followed,
	      char why[LOAD_WHY_MAX])
{
	const struct config *c = g->config;
	struct tls_load x = {.config = c, .followed = followed, .why = why, .good = true};
	char key[64], where[LOAD_KEY_MAX];
	unsigned at;

	l->reached = discovered_sum(c);
	if (followed)
		followed_begin(followed, FOLLOWED_TLS);
	if (*c->tls.certificate) {
		read_all(l, &x);
	} else if (is_wanted(c, &at)) {
		snprintf(key, sizeof key, "server.listen[%u].transport", at);
		load_add_reason(why, "%sneeds tls.certificate and tls.key",
				load_say_key(c, key, where));
	}
	if (followed)
		followed_end(followed, FOLLOWED_TLS);
}

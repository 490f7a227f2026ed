/* tls_service.c - certificates and keys of a service; see tls.h. */
#include "net/tls_private.h"

#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>

/*
 * TLS 1.3 first. What GnuTLS calls normal leaves out what is broken. Of the rest the client may
 * choose: to insist on another group than the one that it begins with costs a round trip.
 */
static const char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

/* No middlebox sees the handshake: there is nothing to be compatible with. */
static const char quic_priorities[] =
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:"
	"+CHACHA20-POLY1305:%DISABLE_TLS13_COMPAT_MODE";

int tls_quic_priorities(gnutls_priority_t *out)
{
	return gnutls_priority_init(out, quic_priorities, NULL);
}

static int add_pair(struct tls_service *t, const struct tls_pair *pair)
{
	gnutls_datum_t certificate = {without_const(pair->certificate),
				      (unsigned)pair->certificate_len};
	gnutls_datum_t key = {without_const(pair->key), (unsigned)pair->key_len};

	return gnutls_certificate_set_x509_key_mem(t->credentials, &certificate, &key,
						   GNUTLS_X509_FMT_PEM);
}

/*
 * What can't be read at all shows here: of such a file gnutls_certificate_set_x509_key_mem() would
 * leave memory behind.
 */
static int look_at(const struct tls_pair *pair)
{
	gnutls_datum_t certificate = {without_const(pair->certificate),
				      (unsigned)pair->certificate_len};
	gnutls_x509_crt_t *chain;
	unsigned n;
	int status = gnutls_x509_crt_list_import2(&chain, &n, &certificate, GNUTLS_X509_FMT_PEM, 0);

	if (status < 0)
		return status;
	for (unsigned i = 0; i < n; i++)
		gnutls_x509_crt_deinit(chain[i]);
	gnutls_free(chain);
	return 0;
}

static int note_shown(struct tls_service *t, unsigned index)
{
	int status = tls_shown_note(t->credentials, index, &t->shown[index]);

	if (status < 0)
		return status;
	t->ends_s = index == 0 ? t->shown[0].ends_s : MIN(t->ends_s, t->shown[index].ends_s);
	t->shown_n++;
	return 0;
}

static int note_octets(struct tls_service *t, const struct tls_pair *pairs, unsigned n)
{
	gnutls_hash_hd_t hash;
	int status = gnutls_hash_init(&hash, GNUTLS_DIG_SHA256);

	if (status < 0)
		return status;
	for (unsigned i = 0; i < n && status >= 0; i++) {
		status = gnutls_hash(hash, pairs[i].certificate, pairs[i].certificate_len);
		if (status >= 0)
			status = gnutls_hash(hash, pairs[i].key, pairs[i].key_len);
	}
	gnutls_hash_deinit(hash, t->digest);
	return status;
}

static int fill(struct tls_service *t, const struct tls_pair *pairs, unsigned n, unsigned *wrong)
{
	int status = gnutls_certificate_allocate_credentials(&t->credentials);

	if (status < 0)
		return status;
	status = gnutls_priority_init(&t->priorities, priorities, NULL);
	if (status >= 0)
		status = tls_quic_priorities(&t->quic_priorities);
	for (*wrong = 0; status >= 0 && *wrong < n; ++*wrong) {
		status = look_at(&pairs[*wrong]);
		if (status >= 0)
			status = add_pair(t, &pairs[*wrong]);
		if (status >= 0)
			status = note_shown(t, *wrong);
		if (status < 0)
			return status;
	}
	if (status >= 0)
		status = note_octets(t, pairs, n);
	if (status >= 0)
		status = gnutls_rnd(GNUTLS_RND_KEY, t->ticket_key, TLS_TICKET_KEY_LEN);
	return status;
}

struct tls_service *tls_service_create(const struct tls_pair *pairs, unsigned n, unsigned *wrong,
				       const char **why)
{
	struct tls_service *t = calloc(1, sizeof *t);
	int status;

	*why = "out of memory";
	*wrong = 0;
	if (!t)
		return NULL;
	atomic_init(&t->holders, 1);
	t->shown = calloc(n, sizeof *t->shown);
	status = t->shown ? fill(t, pairs, n, wrong) : GNUTLS_E_MEMORY_ERROR;
	if (status >= 0)
		return t;
	*why = gnutls_strerror(status);
	tls_service_release(t);
	return NULL;
}

bool tls_service_equal(const struct tls_service *a, const struct tls_service *b)
{
	return memcmp(a->digest, b->digest, TLS_DIGEST_LEN) == 0;
}

int64_t tls_service_ends_s(const struct tls_service *service)
{
	return service->ends_s;
}

void tls_service_set_ticket_key(struct tls_service *service, const uint8_t key[TLS_TICKET_KEY_LEN],
				int64_t made_s)
{
	memcpy(service->ticket_key, key, TLS_TICKET_KEY_LEN);
	service->ticket_made_s = made_s;
}

int64_t tls_service_ticket_made_s(const struct tls_service *service)
{
	return service->ticket_made_s;
}

const uint8_t *tls_service_ticket_key(const struct tls_service *service)
{
	return service->ticket_key;
}

struct tls_service *tls_service_hold(struct tls_service *service)
{
	if (service)
		atomic_fetch_add_explicit(&service->holders, 1, memory_order_relaxed);
	return service;
}

void tls_service_release(struct tls_service *service)
{
	if (!service || atomic_fetch_sub_explicit(&service->holders, 1, memory_order_acq_rel) != 1)
		return;
	if (service->priorities)
		gnutls_priority_deinit(service->priorities);
	if (service->quic_priorities)
		gnutls_priority_deinit(service->quic_priorities);
	if (service->credentials)
		gnutls_certificate_free_credentials(service->credentials);
	free(service->shown);
	explicit_bzero(service->ticket_key, sizeof service->ticket_key);
	free(service);
}

/*
 * tls_pair.h - a certificate made on the spot, a server's stream in a loop, and two kinds of
 * clients: a stream of ours in the same loop, and a session of GnuTLS that says what a test likes.
 */
#pragma once

#include "helpers.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "net/tls.h"

#define IDLE_MS     10000
#define SERVER_NAME "dns.test"

/** One side of a connection. */
struct end {
	struct stream stream;
	unsigned messages;
	size_t octets;
	uint8_t *last; /* message, */
	size_t last_len;
	bool echoes;
	struct end *closes; /* at its first message, or its end */
	int ended;          /* enum stream_end, -1 not yet */
};

struct made {
	struct tls_pair pair;
	gnutls_datum_t certificate, key;
	char ca[64]; /* a file with the certificate */
};

static struct loop loop;
static struct tls_turns turns, turns_upstream;
static struct stream_gather gather;
static struct made made;
static struct tls_service *service;
static struct tls_trust *trust;
static int listen_fd;

static void close_other(struct end *e)
{
	if (e->closes)
		stream_close(&e->closes->stream);
	e->closes = NULL;
}

static bool on_message(struct stream *s, const uint8_t *octets, size_t len)
{
	struct end *e = CONTAINER_OF(s, struct end, stream);

	e->messages++;
	e->octets += len;
	free(e->last);
	e->last = malloc(len + 1);
	assert_non_null(e->last);
	memcpy(e->last, octets, len);
	e->last_len = len;
	if (e->echoes)
		assert_true(stream_send(s, s->tag, octets, len));
	if (e->echoes)
		stream_settle(s, s->tag);
	close_other(e);
	return !s->closed;
}

static void on_ended(struct stream *s, enum stream_end why)
{
	struct end *e = CONTAINER_OF(s, struct end, stream);

	assert_int_equal(e->ended, -1);
	e->ended = (int)why;
	close_other(e);
}

static void begin_end(struct end *e)
{
	*e = (struct end){.ended = -1, .stream = {.message = on_message, .ended = on_ended}};
}

static void finish_end(struct end *e)
{
	stream_close(&e->stream);
	free(e->last);
	e->last = NULL;
}

/* Of its own key, for SERVER_NAME, and its own CA. */
static void make_certificate(void)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	int64_t now_s = (int64_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);
	int fd;

	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(
		gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
					     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
		0);
	assert_int_equal(gnutls_x509_crt_init(&crt), 0);
	assert_int_equal(gnutls_x509_crt_set_version(crt, 3), 0);
	assert_int_equal(gnutls_x509_crt_set_key(crt, key), 0);
	assert_int_equal(gnutls_x509_crt_set_serial(crt, "\1", 1), 0);
	assert_int_equal(gnutls_x509_crt_set_activation_time(crt, now_s - 60), 0);
	assert_int_equal(gnutls_x509_crt_set_expiration_time(crt, now_s + 3600), 0);
	assert_int_equal(gnutls_x509_crt_set_dn(crt, "CN=" SERVER_NAME, NULL), 0);
	assert_int_equal(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, SERVER_NAME,
							      sizeof SERVER_NAME - 1,
							      GNUTLS_FSAN_SET),
			 0);
	assert_int_equal(gnutls_x509_crt_set_basic_constraints(crt, 1, -1), 0);
	assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
	assert_int_equal(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &made.certificate), 0);
	assert_int_equal(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &made.key), 0);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	made.pair = (struct tls_pair){made.certificate.data, made.certificate.size, made.key.data,
				      made.key.size};
	strcpy(made.ca, "/tmp/tern-tls-test-XXXXXX");
	fd = mkstemp(made.ca);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, made.certificate.data, made.certificate.size),
			 made.certificate.size);
	close(fd);
}

static int set_up(void **state)
{
	struct address at = address("127.0.0.1@0");
	const char *why;
	unsigned wrong;

	(void)state;
	assert_true(loop_init(&loop));
	assert_true(tls_turns_init(&turns, &loop));
	assert_true(tls_turns_init(&turns_upstream, &loop));
	make_certificate();
	service = tls_service_create(&made.pair, 1, &wrong, &why);
	assert_non_null(service);
	trust = tls_trust_create(made.ca, NULL, &why);
	assert_non_null(trust);
	listen_fd = stream_listen(&at);
	assert_true(listen_fd >= 0);
	gather.owner = NULL;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_true(cds_list_empty(&turns.waiting));
	close(listen_fd);
	tls_trust_release(trust);
	tls_service_release(service);
	gnutls_free(made.certificate.data);
	gnutls_free(made.key.data);
	unlink(made.ca);
	tls_turns_end(&turns);
	tls_turns_end(&turns_upstream);
	loop_fini(&loop);
	return 0;
}

static void turn(void)
{
	loop_wait(&loop, 20);
	loop_dispatch(&loop);
}

#define TURN_UNTIL(condition)                                                                      \
	do {                                                                                       \
		unsigned turns_left_ = 1500;                                                       \
		while (!(condition)) {                                                             \
			assert_true(turns_left_-- > 0);                                            \
			turn();                                                                    \
		}                                                                                  \
	} while (0)

/* The next connection at listen_fd. */
static inline void accept_end(struct end *e, uint32_t idle_ms, int buffer)
{
	assert_true(is_readable(listen_fd, PATIENCE_MS));
	int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	assert_true(fd >= 0);
	if (buffer > 0)
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer), 0);
	begin_end(e);
	assert_true(stream_accept(&e->stream, &loop, fd, idle_ms));
	e->stream.gather = &gather;
	assert_true(tls_serve(&e->stream, service, &turns, TLS_DOT));
}

/* --- a client that is a session of GnuTLS ------------------------------------------------- */

struct raw {
	int fd;
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
	uint8_t *held; /* what it would send goes here while hold is set */
	size_t held_n;
	bool hold;
};

static ssize_t push_raw(gnutls_transport_ptr_t state, const void *octets, size_t n)
{
	struct raw *r = state;

	if (r->hold) {
		r->held = realloc(r->held, r->held_n + n);
		assert_non_null(r->held);
		memcpy(r->held + r->held_n, octets, n);
		r->held_n += n;
		return (ssize_t)n;
	}
	ssize_t sent = send(r->fd, octets, n, MSG_NOSIGNAL);

	if (sent < 0)
		gnutls_transport_set_errno(r->session, errno);
	return sent;
}

static ssize_t pull_raw(gnutls_transport_ptr_t state, void *to, size_t max)
{
	struct raw *r = state;
	ssize_t n = recv(r->fd, to, max, MSG_DONTWAIT);

	if (n < 0)
		gnutls_transport_set_errno(r->session, errno);
	return n;
}

static void make_raw(struct raw *r, int fd, unsigned flags, const char *priorities)
{
	*r = (struct raw){.fd = fd};
	assert_true(fd >= 0);
	assert_int_equal(gnutls_init(&r->session, flags | GNUTLS_NONBLOCK), 0);
	assert_int_equal(gnutls_certificate_allocate_credentials(&r->credentials), 0);
	assert_int_equal(gnutls_priority_set_direct(r->session, priorities, NULL), 0);
	assert_int_equal(gnutls_credentials_set(r->session, GNUTLS_CRD_CERTIFICATE, r->credentials),
			 0);
	gnutls_transport_set_ptr(r->session, r);
	gnutls_transport_set_push_function(r->session, push_raw);
	gnutls_transport_set_pull_function(r->session, pull_raw);
}

static inline void begin_raw(struct raw *r, const char *priorities, int buffer)
{
	struct address at = local_address(listen_fd);
	struct sockaddr_storage sa;
	socklen_t len = address_to_sockaddr(&at, &sa);
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (buffer > 0)
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, len), 0);
	make_raw(r, fd, GNUTLS_CLIENT, priorities);
}

/* Serves the next connection at listen_fd. */
static inline void begin_raw_server(struct raw *r, const char *priorities)
{
	assert_true(is_readable(listen_fd, PATIENCE_MS));
	make_raw(r, accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), GNUTLS_SERVER,
		 priorities);
	assert_int_equal(gnutls_certificate_set_x509_key_mem(r->credentials, &made.certificate,
							     &made.key, GNUTLS_X509_FMT_PEM),
			 0);
}

static inline void end_raw(struct raw *r)
{
	gnutls_deinit(r->session);
	gnutls_certificate_free_credentials(r->credentials);
	close(r->fd);
	free(r->held);
}

static inline bool shake_raw(struct raw *r)
{
	int status = gnutls_handshake(r->session);

	assert_true(status == 0 || !gnutls_error_is_fatal(status));
	return status == 0;
}

static inline void let_go(struct raw *r)
{
	r->hold = false;
	assert_int_equal(send(r->fd, r->held, r->held_n, MSG_NOSIGNAL), r->held_n);
	r->held_n = 0;
}

static inline void send_raw(struct raw *r, const void *octets, size_t n)
{
	assert_int_equal(gnutls_record_send(r->session, octets, n), n);
}

/*
 * tls_floor.c - the least that a handshake can cost with the library that tern uses.
 *
 * Accepts one connection after another, does the handshake with tickets, waits for the end and
 * closes. Port 53 answers whatever comes by UDP, so that bench/run sees that the program is up.
 *
 *	tls_floor ADDRESS PORT CERTIFICATE KEY
 */
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.h"

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "tls_floor: %s\n", what);
	exit(1);
}

static int bound(const char *text, uint16_t port, int type)
{
	struct sockaddr_storage sa;
	struct address a;
	int on = 1;

	if (!address_from_text(text, port, &a))
		die("bad address");
	a.port = port;
	socklen_t len = address_to_sockaddr(&a, &sa);
	int fd = socket(sa.ss_family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("no socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&sa, len) != 0)
		die("the address is in use");
	return fd;
}

static void *echo(void *argument)
{
	const int *fd = argument;
	unsigned char octets[512];
	struct sockaddr_storage peer;
	socklen_t len = sizeof peer;

	for (;;) {
		ssize_t n = recvfrom(*fd, octets, sizeof octets, 0, (struct sockaddr *)&peer, &len);

		if (n < 12)
			continue;
		octets[2] |= 0x80;
		(void)!sendto(*fd, octets, (size_t)n, 0, (struct sockaddr *)&peer, len);
		len = sizeof peer;
	}
	return NULL;
}

struct library {
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priorities;
	gnutls_datum_t tickets;
};

static void shake_hands(const struct library *l, int fd)
{
	gnutls_session_t session;
	char rest[64];
	int on = 1, status;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (gnutls_init(&session, GNUTLS_SERVER) < 0)
		die("no session");
	gnutls_priority_set(session, l->priorities);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, l->credentials);
	gnutls_session_ticket_enable_server(session, &l->tickets);
	gnutls_transport_set_int(session, fd);
	do
		status = gnutls_handshake(session);
	while (status < 0 && !gnutls_error_is_fatal(status));
	while (status >= 0 && gnutls_record_recv(session, rest, sizeof rest) > 0)
		;
	gnutls_deinit(session);
	close(fd);
}

int main(int argc, char **argv)
{
	struct library l;
	pthread_t thread;

	if (argc != 5)
		die("ADDRESS PORT CERTIFICATE KEY");
	if (gnutls_certificate_allocate_credentials(&l.credentials) < 0 ||
	    gnutls_certificate_set_x509_key_file(l.credentials, argv[3], argv[4],
						 GNUTLS_X509_FMT_PEM) < 0 ||
	    gnutls_priority_init(&l.priorities, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2",
				 NULL) < 0 ||
	    gnutls_session_ticket_key_generate(&l.tickets) < 0)
		die("no certificate");
	int udp = bound(argv[1], 53, SOCK_DGRAM);
	int tcp = bound(argv[1], (uint16_t)atoi(argv[2]), SOCK_STREAM);

	if (listen(tcp, 100) != 0 || pthread_create(&thread, NULL, echo, &udp) != 0)
		die("can't listen");
	for (;;) {
		int fd = accept4(tcp, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			shake_hands(&l, fd);
	}
}

/*
 * ternq_servers.c - which servers to ask: @server, or /etc/resolv.conf.
 */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ternq_net.h"

#define RESOLV_CONF  "/etc/resolv.conf"
#define LINE_MAX_LEN 1024 /* octets of a line of it */
#define PORT_TEXT    8    /* octets of "65535" with NUL, and to spare */

static int family_of(const struct options *o)
{
	return !o->ipv6 ? AF_INET : !o->ipv4 ? AF_INET6 : AF_UNSPEC;
}

static void add_addresses(struct servers *out, const struct addrinfo *list, const char *asked)
{
	for (; list && out->n < SERVERS_MAX; list = list->ai_next) {
		struct server *s = &out->at[out->n++];

		memcpy(&s->address, list->ai_addr, list->ai_addrlen);
		s->len = list->ai_addrlen;
		snprintf(s->asked, sizeof s->asked, "%s", asked);
	}
}

/* 0, or what getaddrinfo() says. */
static int add_host(const struct options *o, const struct lookup *l, const char *host, int flags,
		    struct servers *out)
{
	struct addrinfo hints = {
		.ai_family = family_of(o),
		.ai_socktype = SOCK_DGRAM,
		.ai_flags = flags | AI_NUMERICSERV,
	};
	struct addrinfo *list;
	char port[PORT_TEXT];

	snprintf(port, sizeof port, "%u", l->port);
	int error = getaddrinfo(host, port, &hints, &list);

	if (error == 0) {
		add_addresses(out, list, host);
		freeaddrinfo(list);
	}
	return error;
}

/* Addresses of the other family than asked for are skipped. */
static void add_resolv_conf(const struct options *o, const struct lookup *l, struct servers *out)
{
	FILE *file = fopen(RESOLV_CONF, "re");
	char line[LINE_MAX_LEN];
	char address[LINE_MAX_LEN];

	if (!file)
		return;
	while (fgets(line, sizeof line, file)) {
		if (sscanf(line, " nameserver %1023s", address) == 1)
			(void)add_host(o, l, address, AI_NUMERICHOST, out);
	}
	fclose(file);
}

bool net_servers(const struct options *o, const struct lookup *l, struct servers *out)
{
	out->n = 0;
	if (*l->server) {
		int error = add_host(o, l, l->server, 0, out);
		if (error != 0)
			fprintf(stderr, "ternq: couldn't get address for \"%s\": %s\n", l->server,
				gai_strerror(error));
		return error == 0;
	}
	add_resolv_conf(o, l, out);
	if (out->n == 0 && o->ipv4)
		(void)add_host(o, l, "127.0.0.1", AI_NUMERICHOST, out);
	if (out->n == 0)
		(void)add_host(o, l, "::1", AI_NUMERICHOST, out);
	if (out->n == 0)
		fprintf(stderr, "ternq: no server in %s\n", RESOLV_CONF);
	return out->n > 0;
}

bool net_init(struct net *net, const struct options *o)
{
	struct addrinfo hints = {.ai_family = family_of(o), .ai_flags = AI_NUMERICHOST};
	struct addrinfo *list;
	char address[SERVER_TEXT_MAX];
	char *port;

	*net = (struct net){.source_len = 0};
	if (o->source[0] == '\0')
		return true;
	snprintf(address, sizeof address, "%s", o->source);
	port = strchr(address, '#');
	if (port)
		*port++ = '\0';
	if (getaddrinfo(address, port, &hints, &list) != 0) {
		fprintf(stderr, "ternq: \"%s\" is no address to send from\n", o->source);
		return false;
	}
	memcpy(&net->source, list->ai_addr, list->ai_addrlen);
	net->source_len = list->ai_addrlen;
	freeaddrinfo(list);
	return true;
}

char *net_server_text(const struct server *s, char out[SERVER_TEXT_MAX])
{
	char host[128];
	char port[PORT_TEXT];

	if (getnameinfo((const struct sockaddr *)&s->address, s->len, host, sizeof host, port,
			sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(out, SERVER_TEXT_MAX, "?");
	else
		snprintf(out, SERVER_TEXT_MAX, "%s#%s", host, port);
	return out;
}

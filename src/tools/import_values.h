/*
 * import_values.h - what is imported, checked as ternd checks it, into the document.
 *
 * Each function takes the @p place that says something. What ternd would refuse is left out with a
 * reason, and then the function returns false, if it returns anything.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tools/import.h"

/** The reason for servers that are asked by TLS, HTTPS or QUIC. */
#define IMPORT_BY_HAND                                                                             \
	"servers that are asked by TLS, HTTPS or QUIC are written by hand: see transport in "      \
	"tern.yaml(5)"

/** The section @p section of the document. */
struct doc_node *import_section(struct import *im, const char *section);

/** Is @p text UTF-8 without control characters, of at most @p max octets? */
bool import_is_text(const char *text, size_t max);

/** A plain number of at most @p max. */
MUST_USE bool import_number(struct import *im, const struct import_place *place, const char *text,
			    uint64_t max, uint64_t *out);

/** yes or no, true or false. */
MUST_USE bool import_bool(struct import *im, const struct import_place *place, const char *text,
			  bool *out);

/** The same into a key of the document. */
void import_set_bool(struct import *im, const struct import_place *place, const char *section,
		     const char *key, const char *text);

/** Seconds; more than @p max is written as that and told. */
void import_set_seconds(struct import *im, const struct import_place *place, const char *section,
			const char *key, const char *text, uint64_t max);

/** A number; more than @p max likewise. */
void import_set_number(struct import *im, const struct import_place *place, const char *section,
		       const char *key, const char *text, uint64_t max);

/** A text of at most @p max octets. */
void import_set_text(struct import *im, const struct import_place *place, const char *section,
		     const char *key, const char *text, size_t max);

/**
 * @p path as an absolute one of at most 4079 octets, below the folder of the place's file if it is
 * relative; to be freed. NULL after telling.
 */
char *import_good_path(struct import *im, const struct import_place *place, const char *path);

/** @p text as a name with a final dot, in lower case; Unicode as IDNA has it. */
MUST_USE bool import_name(struct import *im, const struct import_place *place, const char *text,
			  char out[TERN_NAME_TEXT_MAX]);

/** @p text, ADDR or ADDR/BITS, as a network without host bits. */
MUST_USE bool import_network(const char *text, char out[ADDRESS_TEXT_MAX]);

/** Listen at the address (or ADDR@PORT), or at an interface; @p port 0: as import.port says. */
void import_listen(struct import *im, const struct import_place *place, const char *text,
		   unsigned port);

/** Answer the clients of a network. */
void import_allow(struct import *im, const struct import_place *place, const char *client);

/** Refuse, or drop, those of a network. */
void import_deny(struct import *im, const struct import_place *place, const char *network,
		 bool drop);

/** All networks are known: those that are allowed inside of denied ones are answered. */
void import_access_finish(struct import *im);

/** The number of the view @p name, made when there is none; 0 after telling why not. */
unsigned import_view(struct import *im, const struct import_place *place, const char *name);

/** The clients of the network @p client, or the one of that hardware address, belong to the view.
 */
void import_client(struct import *im, const struct import_place *place, unsigned view,
		   const char *client);

/** The same clients are told of when their network is in a denied one. */
void import_viewed(struct import *im, const char *network);

#define IMPORT_HOST_MAX 256 /* octets of a host's name, with its zero */

/** A zone that other servers are asked for, as it is read. */
struct import_route {
	struct import_place place;
	const char *list; /* "forward-zones" or "stub-zones" */
	char name[TERN_NAME_TEXT_MAX];
	char servers[IMPORT_SERVERS][ADDRESS_TEXT_MAX];
	char names[IMPORT_SERVERS][IMPORT_HOST_MAX]; /* of their certificates; "" for none */
	unsigned servers_n;
	bool tls; /* they are asked by TLS */
	unsigned view;
	bool first;
	bool ordered;
	bool parallel;
};

/** Add ADDR, ADDR@PORT or ADDR#PORT. */
void import_route_add(struct import *im, const struct import_place *place,
		      struct import_route *route, const char *text);

/** Write a zone that has a name and servers; else, or when it is there already, tell. */
void import_route_write(struct import *im, const struct import_route *route);

/** The same, but servers of a zone that is there already are asked beside those that it has. */
void import_route_join(struct import *im, const struct import_route *route);

/** Answers for records of @p type are empty. */
void import_filter_type(struct import *im, const char *type);

/** A name at and below which nothing is validated. */
void import_insecure(struct import *im, const struct import_place *place, const char *name);

/** A DS or DNSKEY record. */
void import_anchor(struct import *im, const struct import_place *place, const char *text);

/** A file of names and addresses. */
void import_hosts(struct import *im, const struct import_place *place, const char *path);

/** A name of rebinding-protection.allow. */
void import_rebinding_name(struct import *im, const struct import_place *place, const char *name);

#define IMPORT_NAT64 "64:ff9b::/96" /* the well-known prefix, RFC 6052 2.1 */

/** A prefix of dns64. */
void import_dns64(struct import *im, const struct import_place *place, const char *text);

/** A list of names; @p is_url tells what @p from is. @p action: NULL with @p allow. */
void import_list(struct import *im, const struct import_place *place, const char *name,
		 const char *from, bool is_url, const char *action);

/** A policy zone whose @p file can be read here; @p action may be NULL. */
void import_policy(struct import *im, const struct import_place *place, const char *name,
		   const char *file, const char *action);

/* --- names of our own: import_records.c ------------------------------------------------ */

/** Zone @p name with @p behaviour, a word of local-zones. */
void import_zone(struct import *im, const struct import_place *place, unsigned view,
		 const char *name, const char *behaviour);

/** The special zone @p name (canonical text) is none. */
void import_except(struct import *im, const char *name);

/** Are there more records than one tern.yaml holds? Then no more are taken. */
bool import_is_full(const struct import *im);

/** A record in presentation format. */
void import_record(struct import *im, const struct import_place *place, unsigned view,
		   const char *text);

/** The record of @p type ("A") with @p rdata at @p name; @p ttl may be NULL. */
void import_record_of(struct import *im, const struct import_place *place, const char *name,
		      const char *ttl, const char *type, const char *rdata);

/** The record A or AAAA for @p name, as @p address is. */
void import_address_of(struct import *im, const struct import_place *place, const char *name,
		       const char *ttl, const char *address);

/** The PTR of @p address to @p name. */
void import_pointer(struct import *im, const struct import_place *place, const char *address,
		    const char *ttl, const char *name);

/** Put the records into the document but for those that contradict others, and free them. */
void import_records_finish(struct import *im);

/*
 * lease.h - DHCP leases: which client has which address, and under what name.
 *
 * Purpose    a lease as one of the files of DHCP servers has it. lease_list.h reads such files,
 *            leases.h answers from what was read.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LEASE_FILES_MAX    64 /* of one configuration */
#define LEASE_MAC_MAX      20 /* octets: InfiniBand has the longest */
#define LEASE_ID_MAX       255
#define LEASE_HOSTNAME_MAX 255
#define LEASE_FOR_EVER     INT64_MAX

/** Who wrote a file. */
enum lease_format {
	LEASE_DNSMASQ,
	LEASE_ISC,
	LEASE_KEA,
	LEASE_ODHCPD,
	LEASE_NETWORKD,
};

/** One of `leases`. */
struct lease_options {
	char *file;
	enum lease_format format;
	uint8_t *domain; /* lower case; below the root */
};

/** What became of the name that a client gave itself. */
enum lease_naming {
	LEASE_NAMELESS, /* none was given */
	LEASE_NAMED,    /* the name has this address */
	LEASE_REFUSED,  /* no client may have such a name */
	LEASE_LOST,     /* the name is another client's, or this client has a later address */
};

/** An address and who has it. Pointers are of the list or the table that the lease is in. */
struct lease {
	uint8_t address[16];
	uint8_t address_len; /* 4 or 16 */
	uint8_t mac_len;     /* 0: not known */
	uint8_t mac[LEASE_MAC_MAX];
	uint8_t id_len;          /* 0: not known */
	uint8_t hostname_len;    /* 0: none */
	const uint8_t *id;       /* client identifier (RFC 2132 9.14) or DUID (RFC 8415 11) */
	const uint8_t *hostname; /* as the client gave it: any octets */
	const uint8_t *name;     /* lower case, below the domain; NULL unless named or lost */
	int64_t since_s;         /* wall clock; 0: not known */
	int64_t until_s;         /* wall clock, or LEASE_FOR_EVER */
	enum lease_naming naming;
	uint16_t file; /* number of its struct lease_options */
	bool ended;    /* given back, or not in use for another reason */
};

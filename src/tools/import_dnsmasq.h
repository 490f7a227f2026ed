/*
 * import_dnsmasq.h - what the lines of dnsmasq.conf and its records share.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/import_values.h"

#define DNSMASQ_FIELDS_MAX 1024
#define DNSMASQ_COMMA      '\1' /* stands for a comma that was quoted */

/** A file of dnsmasq's and those that it includes. */
struct dnsmasq {
	struct import *im;
	struct import_route root; /* servers for all names */
	struct import_place leases_place;
	char *leases; /* the file */
	char *domain;
	bool no_hosts, no_resolv, validates;
	bool leases_wanted; /* it gives leases */
};

/** Commas for what stands for quoted ones. */
void dnsmasq_show_commas(char *text);

/** Split @p text at @p separator, in place; what is too much stays in the last field. */
unsigned dnsmasq_split(char *text, char separator, char *fields[DNSMASQ_FIELDS_MAX]);

/** A record: host-record, cname, ptr-record, ... False when the option is none of these. */
bool dnsmasq_record(struct import *im, const struct import_place *place, char *value);

/** One line's option and value; the value is "" when there is none. */
void dnsmasq_take(struct dnsmasq *m, const struct import_place *place, char *value);

/** Read all lines of a file. */
void dnsmasq_read(struct dnsmasq *m, const char *path, char *text, size_t len);
